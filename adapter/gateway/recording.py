"""A file of records: each request to upstream and its answer as a line of JSON, without keys (behaviour 9.13).

The lines are made and written in a thread of their own. A disk that is slow loses records, and a full one all that follow; no
request waits, and each loss is told once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from typing import TYPE_CHECKING

from adapter.gateway.config import BadConfig
from adapter.gateway.secrecy import Secrets
from adapter.gateway.upstreams import LOG
from adapter.records import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.gateway.seen import Seen

_WAITING = 256  # requests whose records are not yet written
_PATIENCE = 5.0  # seconds for those that wait at the end


class Recorder:
    """Appends the records of requests to a file.

    Args:
        path: The file; only the user can read a new one, as prompts are in it.
        most: Bytes of the file, at most.

    Attributes:
        dropped: Requests that are not in the file.

    Raises:
        BadConfig: The file cannot be written.
    """

    def __init__(self, path: str, most: int) -> None:
        self._path, self._most = path, most
        self._keys: frozenset[str] = frozenset()
        self._told: set[str] = set()
        self._waiting: queue.Queue[Seen | None] = queue.Queue(_WAITING)
        self.dropped = 0
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise BadConfig(f"record {path!r}: {error.strerror or error}; name a file that can be written") from error
        self._thread = threading.Thread(target=self._run, name="adapter-records", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Write nothing yet."""

    def hide(self, keys: Iterable[str]) -> None:
        """Show no such key in lines from now on."""
        self._keys |= frozenset(keys)

    def see(self, seen: Seen) -> None:
        """Take the records of a request."""
        if not seen.asked:
            return
        try:
            self._waiting.put_nowait(seen)
        except queue.Full:
            self._drop("the disk is slower than the requests")

    def close(self) -> None:
        """Write what waits, and close the file; what takes longer than some seconds is left."""
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=_PATIENCE)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        while (seen := self._waiting.get()) is not None:
            try:
                self._write(seen)
            except OSError as error:
                self._drop(error.strerror or str(error))
            except Exception as error:  # noqa: BLE001  # the next request may be written
                self._drop(f"{type(error).__name__}: {error}")
        os.close(self._file)

    def _write(self, seen: Seen) -> None:
        secrets = Secrets((*self._keys, seen.key))
        upstream = seen.link.member.name if seen.link is not None else ""
        lines = [secrets.without({**as_object(record), "wire": seen.wire, "upstream": upstream}) for record in seen.asked]
        data = b"".join(line + b"\n" for line in lines)
        size = os.fstat(self._file).st_size  # other workers append too
        if size + len(data) > self._most:
            self._drop(f"the file has its {self._most:,} bytes (record_limit)")
            return
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            if written and os.fstat(self._file).st_size == size + written:
                os.ftruncate(self._file, size)  # half a line would spoil the file
            raise

    def _drop(self, reason: str) -> None:
        """Count a loss, and tell of each reason once."""
        self.dropped += 1
        if reason not in self._told and len(self._told) < _WAITING:
            self._told.add(reason)
            LOG.error("record %s: a request is not recorded, and further ones may not be: %s", self._path, reason)
