"""Listeners to exchanges: the logs, `on_event`, `on_exchange`, traces (behaviour 5.5, 8.1).

Nothing is recorded while nobody listens: without `on_exchange` or a trace, and with the loggers above their levels, an
exchange runs unwatched.
"""

from __future__ import annotations

import logging
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from adapter.exchange.watching import Watch
from adapter.records import tokens_in
from adapter.transport import telemetry

if TYPE_CHECKING:
    from adapter.events import Problem
    from adapter.exchange.protocol import Report
    from adapter.exchange.watching import Watcher
    from adapter.options import Options
    from adapter.records import ExchangeRecord
    from adapter.transport.telemetry import Trace

_LOG = logging.getLogger("adapter")
_EXCHANGES = logging.getLogger("adapter.exchange")


def reporter(options: Options) -> Report:
    """Return a function that passes each problem to the log and to the caller's `on_event`."""

    def report(problem: Problem) -> None:
        # Findings of lint are asked for by an option, and come once: they are for whoever reads the log as it is.
        level = logging.WARNING if problem.kind == "lint" else logging.DEBUG
        _LOG.log(level, "%s: %s", problem.kind, problem.message, extra={"raw": problem.raw})
        if options.on_event is not None:
            try:
                options.on_event(problem)
            except Exception:  # noqa: BLE001  # the request goes on: its answer is right, whatever a listener does
                _LOG.exception("on_event failed on a problem of kind %r", problem.kind)

    return report


def watcher(options: Options) -> Watcher:
    """Return the function that makes the watch for a request of the caller's, or no watch."""

    def watch(path: str, body: dict[str, Any]) -> Watch | None:
        trace = telemetry.begun(path, body, options.server)
        logs = _LOG.isEnabledFor(logging.INFO) or _EXCHANGES.isEnabledFor(logging.DEBUG)
        if trace is None and options.on_exchange is None and not logs:
            return None
        made = Watch(partial(_hear, options, trace), partial(_end, trace), time.time, time.perf_counter, secrets.token_hex(8))
        return made.of(path, body)

    return watch


def _hear(options: Options, trace: Trace | None, record: ExchangeRecord) -> None:
    """Pass a record to the log, to the caller's `on_exchange`, and to the trace."""
    if _EXCHANGES.isEnabledFor(logging.DEBUG):
        _EXCHANGES.debug("%s", record, extra={"exchange": record})
    for name, listener in (("on_exchange", options.on_exchange), ("a trace", None if trace is None else trace.hear)):
        if listener is not None:
            try:
                listener(record)
            except Exception:  # noqa: BLE001  # as for on_event
                _LOG.exception("%s failed on request %s of exchange %s", name, record.number, record.exchange)


def _end(trace: Trace | None, watch: Watch) -> None:
    """Log one line about a request of the caller's, and end its span."""
    if _LOG.isEnabledFor(logging.INFO):
        _LOG.info("%s", _line(watch), extra={"exchange": watch.name})
    if trace is not None:
        try:
            trace.end(watch)
        except Exception:  # noqa: BLE001
            _LOG.exception("a trace failed at the end of exchange %s", watch.name)


def _line(watch: Watch) -> str:
    """Return a line on a request of the caller's: the end, the calls, the requests it took, the time, the choices."""
    last = watch.records[-1] if watch.records else None
    calls = () if last is None else last.calls
    number = len(watch.records)
    parts = [f"{watch.path.strip('/')} {watch.model}".strip()]
    if watch.error is not None:
        parts.append(f"{watch.error.status} {watch.error.code or watch.error.type}")
    elif watch.status != 200:
        parts.append(str(watch.status))
    elif last is not None:
        parts.append(last.outcome)
    if last is not None and last.outcome == "answered":
        parts.append(f"calls {', '.join(call.name for call in calls)}" if calls else "words")
    parts.append(f"{number} {'request' if number == 1 else 'requests'} upstream")
    parts.append(f"{watch.seconds:.2f} s")
    parts += [text for record in watch.records[-1:] for text in tokens_in(record.usage)]
    parts += [" ".join(filter(None, (watch.dialect, last.rung if last else "")))] if watch.dialect else []
    told = dict.fromkeys(problem.kind for record in watch.records for problem in record.problems)
    parts += [f"told {', '.join(told)}"] if told else []
    parts += [last.error] if last is not None and last.outcome in {"refused", "error", "broken"} and last.error else []
    return "; ".join(" ".join(part.split()) for part in parts)
