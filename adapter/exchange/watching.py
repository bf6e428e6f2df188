"""Exchanges that are watched: a record for each request to upstream (behaviour 8.1).

An exchange that nobody watches runs as it is. A watched one runs inside `Watch.watched`, which sees each command and its
answer. Attempts, judgements and problems are told to the watch that is present: the one whose exchange takes its step.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.errors import AdapterError
from adapter.exchange.open_record import OpenRecord
from adapter.exchange.protocol import Break, Emit, Read, Reply, UpstreamRequest
from adapter.records import ExchangeRecord, RecordedCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapter.completion.result import ParsedCompletion
    from adapter.events import Problem
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.native_use import NativeUse
    from adapter.exchange.protocol import Command, Exchange
    from adapter.records import Outcome

# Bytes of an answer that a record keeps.
_MOST_RAW = 1 << 20
_PRESENT: ContextVar[Watch | None] = ContextVar("adapter_watch", default=None)

# Makes the watch for a caller's request, from the end of its path and its body; None while nobody listens.
Watcher: TypeAlias = "Callable[[str, dict[str, Any]], Watch | None]"


class Watch:
    """The watch over one request of the caller's.

    Args:
        hear: Called with each record, when the record is complete.
        end: Called with the watch at the end.
        clock: The time in seconds since the epoch.
        timer: Seconds, for durations.
        name: The id of the caller's request.

    Attributes:
        name: The id of the caller's request.
        path: The end of the path of the caller's request.
        model: The model in the caller's request.
        stream: The caller asked for a stream.
        dialect: The name of the dialect; empty before it is known.
        reasons: The reasons of the choices that were left to the adapter.
        records: The records, in order.
        status: The status of the caller's response.
        error: The error that the caller got, or None.
        seconds: The time of all.
    """

    def __init__(
        self,
        hear: Callable[[ExchangeRecord], None],
        end: Callable[[Watch], None],
        clock: Callable[[], float],
        timer: Callable[[], float],
        name: str,
    ) -> None:
        self._hear, self._end, self._clock, self._timer = hear, end, clock, timer
        self.name = name
        self.path = self.model = self.dialect = ""
        self.stream = False
        self._asked: dict[str, Any] | None = None
        self.reasons: tuple[str, ...] = ()
        self._native: NativeUse | None = None
        self.records: list[ExchangeRecord] = []
        self.status = 200
        self.error: AdapterError | None = None
        self.started, self._begun = clock(), timer()
        self.seconds = 0.0
        self._open: list[OpenRecord] = []
        self._number = 0
        self._attempt: Attempt | None = None  # of the request that follows
        self._before: list[Problem] = []  # told before the request that follows

    def of(self, path: str, body: dict[str, Any]) -> Watch:
        """Take the caller's request down."""
        self.path, self.model, self.stream = path, str(body.get("model") or ""), bool(body.get("stream"))
        self._asked = body
        return self

    def tell_tools(self, tools: list[Any]) -> None:
        """Take down the tools that a router has given to a chat request."""
        if self._asked is not None:
            self._asked = {**self._asked, "tools": tools}

    def opened(self, opening: Callable[[], Exchange | None]) -> Exchange | None:
        """Return an exchange that is watched; None where there is none."""
        try:
            with present(self):
                exchange = opening()
        except AdapterError as error:
            self._failed(error)
            self._over()
            raise
        return None if exchange is None else self.watched(exchange)

    def watched(self, exchange: Exchange) -> Exchange:
        """Run an exchange, and keep record of its requests."""
        answer: Any = None
        try:
            while True:
                before = _PRESENT.set(self)
                try:
                    command = exchange.throw(answer) if isinstance(answer, AdapterError) else exchange.send(answer)
                finally:
                    _PRESENT.reset(before)
                self._before_command(command)
                try:
                    answer = yield command
                except AdapterError as error:
                    answer = error
                    self._ends_in("broken", error)
                if not isinstance(command, Emit):
                    self._after_command(command, answer)
        except StopIteration as done:
            if done.value is not None:
                self._ended(done.value)
            return done.value  # type: ignore[no-any-return]  # an exchange's value
        except AdapterError as error:
            self._failed(error)
            raise
        except GeneratorExit as gone:
            exchange.close()
            self._broken(gone.__context__)
            raise
        finally:
            self._over()

    def tell_setting(self, setting: Setting) -> None:
        """Take the choices for the model down."""
        dialect: Any = setting.options.dialect
        self.dialect, self.reasons, self._native = dialect.name, setting.chosen, setting.learnt.native

    def tell_attempt(self, attempt: Attempt) -> None:
        """Take down the attempt that the request to come makes."""
        self._attempt = attempt

    def tell_document(self) -> None:
        """Take down that the answer to the last request is one JSON document, read without an error."""
        if self._open:
            self._open[-1].document = True

    def tell_answer(self, attempt: Attempt, parsed: ParsedCompletion) -> None:
        """Take down an answer as it was read."""
        found = next((one for one in reversed(self._open) if one.attempt is attempt), None)
        if found is not None:
            found.judged = True
            found.calls += [RecordedCall(call.name, call.arguments, call.valid) for call in parsed.tool_calls]

    def problem(self, problem: Problem) -> None:
        """Take a problem down."""
        (self._open[-1].problems if self._open else self._before).append(problem)
        if problem.kind in {"reask", "refused"} and self._open:
            self._open[-1].outcome = "asked_again" if problem.kind == "reask" else "refused"
            self._open[-1].error = problem.message

    def _before_command(self, command: Command) -> None:
        if isinstance(command, UpstreamRequest):
            for one in [one for one in self._open if (one.command.body.get("n") or 1) == 1]:
                if one.outcome == "answered" and one.command.method == "POST":
                    one.outcome = "continued"
                self._close(one)
            self._number += 1
            body = command.data()  # a copy
            now = self._timer()
            self._open.append(OpenRecord(command, self._number, self._attempt, body, self._clock(), now, now))
            self._open[-1].problems, self._before = self._before, []
        elif isinstance(command, Break) and self._open:
            self._open[-1].outcome, self._open[-1].error = "broken", command.message

    def _after_command(self, command: Command, answer: Any) -> None:
        if not self._open:
            return
        one, now = self._open[-1], self._timer()
        data: Any = answer if isinstance(command, Read) and isinstance(answer, bytes) else b""
        if isinstance(answer, Reply):
            one.reply, one.last, data = answer, now, answer.body
        if data:
            one.first, one.last = one.first or now, now
            one.take(data, _MOST_RAW)

    def _ends_in(self, outcome: Outcome, error: AdapterError) -> None:
        """Take down the end of the last request, whatever the exchange makes of the failure."""
        if self._open and self._open[-1].outcome == "answered":
            self._open[-1].outcome, self._open[-1].error = outcome, error.message

    def _ended(self, reply: Reply) -> None:
        self.status = reply.status

    def _failed(self, error: AdapterError) -> None:
        self.error, self.status = error, error.status
        self._ends_in("error", error)

    def _broken(self, reason: BaseException | None) -> None:
        """Take down that the exchange was left: by an error of the connection, or by the caller."""
        if not self._open or self._open[-1].outcome != "answered":
            return
        one = self._open[-1]
        of_http = type(reason).__module__.startswith("httpx")
        if not of_http and one.reply is not None and ((back := one.back()).finished or back.error):
            return  # a client leaves a stream once it has read the end, or an error
        name, one.outcome = "" if reason is None else f" ({type(reason).__name__})", "broken"
        one.error = f"{type(reason).__name__}: {reason}" if of_http else f"the caller left before the end{name}"

    def _over(self) -> None:
        for one in [*self._open]:
            self._close(one)
        self.seconds = self._timer() - self._begun
        self._end(self)

    def _close(self, one: OpenRecord) -> None:
        """Make the record of a request, and hand it out."""
        self._open.remove(one)
        known = self._facts(one)
        if one.later:
            record = ExchangeRecord.late({**known, **one.judgement()}, one.unread())
        else:
            record = ExchangeRecord(**known, **one.members())
        self.records.append(record)
        self._hear(record)

    def _facts(self, one: OpenRecord) -> dict[str, Any]:
        """Return the members of a record that are known without a look at the answer."""
        return {
            "exchange": self.name,
            "number": one.number,
            "endpoint": one.command.endpoint,
            "model": self.model,
            "stream": one.command.stream,
            "status": None if one.reply is None else one.reply.status,
            "problems": tuple(one.problems),
            "started": one.started,
            "first": None if one.first is None else one.first - one.begun,
            "seconds": one.last - one.begun,
            "dialect": self.dialect,
            "rung": one.way,
            "reasons": self._reasons(one.attempt),
            "asked": self._asked,
        }

    def _reasons(self, attempt: Attempt | None) -> tuple[str, ...]:
        """Return the reasons of the choices for an attempt."""
        if self._native is None or attempt is None or attempt.native:
            return self.reasons
        return self._native.reasons(self.reasons)


@contextmanager
def present(watch: Watch) -> Iterator[None]:
    """Make a watch the present one, during one step of its exchange."""
    before = _PRESENT.set(watch)
    try:
        yield
    finally:
        _PRESENT.reset(before)


def present_watch() -> Watch | None:
    """Return the watch over the exchange that is taking its step; None where nobody watches."""
    return _PRESENT.get()


def tell_attempt(attempt: Attempt) -> None:
    """Tell the watch that is present, if any, about the attempt that the next request makes."""
    if (watch := _PRESENT.get()) is not None:
        watch.tell_attempt(attempt)
