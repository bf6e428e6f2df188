"""Several processes that take requests on one socket, and one that looks after them (behaviour 9.14).

The process that was started holds the socket and answers nothing. It begins the workers and a successor for each dead worker,
hands SIGHUP on, and at SIGTERM or SIGINT waits until the workers have ended their answers.
"""

from __future__ import annotations

import dataclasses
import functools
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from adapter.gateway.reloading import FIXED
from adapter.gateway.server import Gateway, at_signals, listen, log_to_stderr, url_of
from adapter.gateway.settings import METRICS_FOLDER
from adapter.gateway.upstreams import LOG

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from adapter.gateway.config import Config

_SOON = 5.0  # seconds: a worker that ends within them has not begun to work
_MOST_DEATHS = 5  # of workers, one after the other, before any has begun to work
_LOOK = 0.5  # seconds between two looks at the signals
_LONGEST_REST = 30.0  # seconds until another worker begins where many died
_READY = "ready"  # the word of a worker that takes requests; after a reload it sends its configuration
_GRACE = 5  # seconds beyond `stop_timeout` until a worker is killed
_HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none


class _Worker:
    """A process that takes requests.

    Attributes:
        began: The time of its start, by the monotonic clock.
        ready: The process takes requests.
        rereads: SIGHUP is to be sent, once the process can hear.
        until: The time at which the successor of a dead process begins; None for a living process.
    """

    __slots__ = ("began", "process", "ready", "rereads", "told", "until")

    def __init__(self, process: SpawnProcess, told: Connection) -> None:
        self.process, self.told = process, told
        self.began = time.monotonic()
        self.ready = self.rereads = False
        self.until: float | None = None


class Workers:
    """Workers of a gateway, not yet running.

    Args:
        config: The configuration, with `workers` above 1.
        ready: Told of the base URL, as soon as all workers take requests.
        reread: Reads the configuration once more, in each worker; a function that can be sent to another process.

    Attributes:
        url: The base URL for callers.

    Raises:
        BadConfig: The address cannot be used.
    """

    def __init__(self, config: Config, ready: Callable[[str], None], reread: Callable[[], Config] | None = None) -> None:
        self._config, self._ready, self._reread = config, ready, reread
        self._socket = listen(config.host, config.port)
        self.url = url_of(config, self._socket)
        self._processes = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._stops = threading.Event()
        self._metrics = tempfile.mkdtemp(prefix="adapter-metrics-") if config.metrics else ""
        self._deaths = 0
        self._told_ready = self._gives_up = False

    def run(self) -> int:
        """Look after the workers until a signal comes, or `stop` is called. Returns the exit status."""
        kept = at_signals(lambda *_: self.stop())
        if _HANGUP and threading.current_thread() is threading.main_thread():
            kept[_HANGUP] = signal.signal(_HANGUP, lambda *_: self.reload())
        try:
            if self._metrics:
                os.environ[METRICS_FOLDER] = self._metrics
            self._workers = [self._begin(number) for number in range(1, self._config.workers + 1)]
            while not self._stops.is_set() and not self._gives_up:
                self._look()
        finally:
            self._end()
            self._socket.close()
            if self._metrics:
                os.environ.pop(METRICS_FOLDER, None)
                shutil.rmtree(self._metrics, ignore_errors=True)
            for number, handler in kept.items():
                signal.signal(number, handler)
        return 0 if self._told_ready and not self._gives_up else 1

    def reload(self) -> None:
        """Read the configuration once more, and have each worker do so; settings that cannot be used change nothing."""
        if self._reread is None or _HANGUP is None:
            return
        try:
            self._reread()  # what cannot be read reaches no worker
        except Exception as error:  # noqa: BLE001  # of any kind: the gateway goes on as it was
            LOG.error("reload: the old settings stay: %s", " ".join(str(error).split()) or type(error).__name__)
            return
        for worker in self._workers:
            worker.rereads = True
        self._hand_on()

    def _hand_on(self) -> None:
        """Send SIGHUP to the workers that are to read the configuration, and can hear by now."""
        for worker in self._workers:
            pid = worker.process.pid
            # The number of a dead process may be another's.
            if worker.rereads and worker.ready and worker.process.is_alive() and pid is not None and _HANGUP is not None:
                worker.rereads = False
                os.kill(pid, _HANGUP)

    def stop(self) -> None:
        """Take no new requests, and end when the running ones have ended; callable from another thread."""
        self._stops.set()

    def _begin(self, number: int) -> _Worker:
        told, tells = self._processes.Pipe(duplex=False)
        reread = None if self._reread is None else functools.partial(_reread_as, number, self._reread)
        work = functools.partial(_work, of_worker(self._config, number), self._socket, tells, reread)
        process = self._processes.Process(target=work, name="adapter-worker")
        process.start()
        tells.close()
        return _Worker(process, told)

    def _look(self) -> None:
        """Hear of workers that are ready, and begin others for those that died."""
        living = [worker for worker in self._workers if worker.until is None]
        waiting: list[Any] = [one for worker in living for one in (worker.process.sentinel, worker.told)]
        heard = wait(waiting, _LOOK)
        for worker in living:
            if worker.told in heard:
                self._hear(worker)
        self._hand_on()
        if not self._told_ready and all(worker.ready for worker in self._workers):
            self._told_ready = True
            self._ready(self.url)
        for place, worker in enumerate(self._workers):
            if not worker.process.is_alive() and not self._stops.is_set():
                self._replace(place, worker)

    def _hear(self, worker: _Worker) -> None:
        """Take the word of a worker: it takes requests, or the configuration that it could use, which new workers get."""
        try:
            word = worker.told.recv()
        except (EOFError, OSError):  # the worker ends
            return
        if word == _READY:
            worker.ready, self._deaths = True, 0
        else:
            self._config = dataclasses.replace(word, **{name: getattr(self._config, name) for name in FIXED})

    def _replace(self, place: int, worker: _Worker) -> None:
        """Begin the successor of a dead worker: at once, or later, the more workers have died without work."""
        now, code = time.monotonic(), worker.process.exitcode
        if worker.until is None:
            self._deaths += not worker.ready or now - worker.began < _SOON
            if self._deaths >= _MOST_DEATHS and not any(one.ready and one.process.is_alive() for one in self._workers):
                LOG.error("%d workers ended before they worked, the last with exit code %s: giving up", self._deaths, code)
                self._gives_up = True
                return
            rest = min(_LONGEST_REST, 2.0 ** (self._deaths - 2)) if self._deaths > 1 else 0.0
            worker.until = now + rest
            later = f" in {rest:g} s" if rest else ""
            LOG.warning("worker %s ended with exit code %s; another one begins%s", worker.process.pid, code, later)
        if now < worker.until:
            return
        worker.told.close()
        if self._metrics and worker.process.pid is not None:
            from adapter.gateway.metrics_of_workers import forget

            forget(worker.process.pid, self._metrics)
        self._workers[place] = self._begin(place + 1)

    def _end(self) -> None:
        """Stop the workers; those that do not end in time are killed."""
        for worker in self._workers:
            worker.process.terminate()
        until = time.monotonic() + self._config.stop_timeout + _GRACE
        for worker in self._workers:
            worker.process.join(max(0.0, until - time.monotonic()))
            if worker.process.is_alive():
                LOG.warning("worker %s did not end in time and was killed", worker.process.pid)
                worker.process.kill()
                worker.process.join()
            worker.told.close()


def of_worker(config: Config, number: int) -> Config:
    """Return the configuration of a worker: each writes a file of records of its own.

    Args:
        config: The configuration of the gateway.
        number: The number of the worker, from 1.
    """
    return dataclasses.replace(config, record=f"{config.record}.{number}") if config.record else config


def _reread_as(number: int, reread: Callable[[], Config]) -> Config:
    return of_worker(reread(), number)


def _work(config: Config, listening: socket.socket, tells: Connection, reread: Callable[[], Config] | None) -> None:
    """Take requests, in a process of its own, until a signal comes or the process that began it is gone."""
    log_to_stderr(config.log_level, as_json=config.log_json)
    threading.Thread(target=_watch_parent, daemon=True).start()

    def ready(_: str) -> None:
        tells.send(_READY)

    def reloaded(now: Config) -> None:
        log_to_stderr(now.log_level, as_json=config.log_json)
        tells.send(now)

    gateway = Gateway(config, ready, reread, reloaded, listening)
    raise SystemExit(gateway.run())


def _watch_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
