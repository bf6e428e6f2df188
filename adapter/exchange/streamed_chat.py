"""A chat request and the streamed answer: chunks of upstream in, chunks for the caller out, at once (behaviour 2 and 3)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api.chat.response import add_usage
from adapter.api.chunk_reader import Text
from adapter.api.upstream_events import Chunk, UpstreamFault, fault
from adapter.errors import RefusedAnswer, UpstreamFailed
from adapter.exchange.errors_on_the_wire import bad_gateway, error_of
from adapter.exchange.protocol import READ, Break, Command, Emit, Exchange, Reply, Report, Start, read
from adapter.exchange.request_plan import RequestPlan
from adapter.exchange.searching_choice import SearchingChoice
from adapter.exchange.sending import Waiting, as_success, read_all, send
from adapter.exchange.streamed_choice import StreamedChoice
from adapter.exchange.upstream_call import CUT, Begun, begin, is_stream
from adapter.exchange.watching import tell_attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import StreamWriter
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Headers
    from adapter.prompt.replay import Said

# Seconds without a chunk until an empty chunk is sent: clients give up on a stream that is silent for a minute or more.
_SILENCE = 30.0
_EMPTY = "The upstream's stream ended without a choice: there is no answer in it."
EVENTS = "text/event-stream; charset=utf-8"
_Pumping: TypeAlias = "Generator[Command, Any, bool]"


class StreamedChat:
    """A chat request whose answer is streamed.

    Args:
        request: The request.
        setting: The options for the model, and the form in which upstream gets the conversation.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
        writer: Writes the caller's answer.
        said: Earlier answers whose text is known, by the id of their first call.
        media_type: The type of what the writer writes.

    Raises:
        BadRequest: The messages are wrong.
    """

    def __init__(
        self,
        request: ChatRequest,
        setting: Setting,
        report: Report,
        clock: Callable[[], float],
        writer: StreamWriter,
        said: Mapping[str, Said] = MappingProxyType({}),
        *,
        media_type: str = EVENTS,
    ) -> None:
        self._media_type = media_type
        self._options = setting.options
        self._clock = clock
        self._plan = RequestPlan(request, setting, said)
        self._past = setting.past
        self._learnt = setting.learnt
        self._writer = writer
        self._request = request
        self._report = report
        self._choices: dict[int, StreamedChoice] = {}
        self._usage: Any = None  # of the finished attempts
        self._present_usage: Any = None  # of the present attempt, as far as upstream has told
        self._emitted = clock()
        self._started = False

    def exchange(self) -> Exchange:
        """Return the generator for the shell."""
        for problem in self._plan.notices():
            self._report(problem)
        try:
            reply, self._plan.first = yield from self._asked(self._plan.first, self._plan)
        except UpstreamFailed as error:
            if not self._started:
                raise
            yield from self._take([UpstreamFault(error.to_body())])
            return None
        if reply.status != 200:
            return (yield from self._refused((yield from read_all(reply))))
        if self._started or is_stream(reply):
            yield from self._start(reply.headers)
            yield from self._bounded(self._from_the_start(reply))
            return None
        begun = yield from self._accepted((yield from begin(reply, self._learnt)))
        if begun.items and isinstance(begun.items[0], UpstreamFault):
            return bad_gateway(begun.items[0].body)
        yield from self._start(reply.headers)
        yield from self._bounded(self._answered(begun))
        return None

    def _start(self, headers: Headers = ()) -> Iterator[Command]:
        """Begin the response, unless a sign of life has begun the response already."""
        if not self._started:
            self._started = True
            yield Start(200, _stream_headers(headers, self._media_type), self._options.alive_after)

    def _alive(self) -> Iterator[Command]:
        """Yield the commands of a sign of life while upstream sends no head: a long prompt takes minutes to read."""
        yield from self._start()
        yield Emit(self._writer.silent())

    def _refused(self, reply: Reply) -> Generator[Command, Any, Reply | None]:
        """Return upstream's error; within a response that has begun, emit the error."""
        if not self._started:
            return reply
        yield from self._take([UpstreamFault(error_of(reply))])
        return None

    def _bounded(self, answering: Generator[Command, Any, None]) -> Generator[Command, Any, None]:
        """Emit the error of an answer that broke off or is too large for its limit, and end."""
        try:
            yield from answering
        except UpstreamFailed as error:
            yield from self._take([UpstreamFault(error.to_body())])

    def _from_the_start(self, reply: Reply) -> Generator[Command, Any, None]:
        begun = yield from begin(reply, self._learnt, self._writer.silent)
        yield from self._answered((yield from self._accepted(begun)))

    def _answered(self, begun: Begun) -> Generator[Command, Any, None]:
        """Read the answer, and ask again as long as a choice needs another."""
        alive = yield from self._pump(begun)
        while alive and (choice := next((choice for choice in self._choices.values() if choice.goes_on), None)):
            alive = yield from self._ask_again(choice)
        if alive:
            yield from self._end()

    def _end(self) -> Generator[Command, Any, None]:
        """End an answer that is complete: remember its calls, and emit the last chunks."""
        if self._past is not None:
            said = [choice.said for choice in self._choices.values() if choice.said is not None]
            yield from self._past.keep([*said, *(one for choice in self._choices.values() for one in choice.searches)])
        for choice in self._choices.values():
            choice.attempts.hear_usage(self._present_usage)
        usage = add_usage(self._usage, self._present_usage)
        if self._request.include_usage:
            self._learnt.usage(usage)
        end = self._writer.end(usage)
        if end:
            yield Emit(end)

    def _asked(self, attempt: Attempt, plan: RequestPlan) -> Generator[Command, Any, tuple[Reply, Attempt]]:
        """Send an attempt; in words, if upstream refuses its tools. Returns the reply, and the attempt that was answered."""
        reply = yield from self._send(attempt)
        if reply.status == 200 or not attempt.native:
            return reply, attempt
        reply = yield from read_all(reply)
        words = plan.refused(attempt, reply)
        if words is None:
            return reply, attempt
        for problem in words.problems():
            self._report(problem)
        answered = yield from self._send(words)
        if answered.status == 200:
            self._learnt.native.refused(reply, attempt.rules.choice)
        return answered, words

    def _accepted(self, begun: Begun) -> Generator[Command, Any, Begun]:
        """Ask in words after an answer that is an error about the tools: some servers tell errors with status 200."""
        item = begun.items[0] if begun.items else None
        refusal = bad_gateway(item.body) if isinstance(item, UpstreamFault) else None
        first, words = self._plan.first, None if refusal is None else self._plan.refused(self._plan.first, refusal)
        if refusal is None or words is None:
            return begun
        reply = yield from self._send(words)
        if reply.status != 200:
            return begun
        self._plan.first = words
        self._learnt.native.refused(refusal, first.rules.choice)
        return (yield from begin(reply, self._learnt, self._writer.silent))

    def _send(self, attempt: Attempt) -> Generator[Command, Any, Reply]:
        tell_attempt(attempt)
        body = attempt.body
        if attempt.native and not self._learnt.native.proved:  # the usage tells if the tools have reached the prompt
            body = {**body, "stream_options": {"include_usage": True, **(body.get("stream_options") or {})}}
        waiting = Waiting(self._options.alive_after, self._alive)
        asked, endpoint = self._request.body, attempt.endpoint
        reply = yield from send(body, self._learnt, asked, stream=True, endpoint=endpoint, waiting=waiting)
        return as_success(reply, self._learnt)

    def _pump(self, begun: Begun, only: StreamedChoice | None = None) -> _Pumping:
        """Read upstream's answer to the end. Returns True while the answer may go on."""
        reader, items, ended = begun
        while True:
            if not (yield from self._take(items, only)):
                return False
            done = bool(items) and not isinstance(items[-1], Text | Chunk)
            if done or ended:
                break
            data: bytes | None = yield READ
            if data is None:
                yield Emit(self._writer.silent())
                data = yield from read(self._writer.silent)
            items, ended = (reader.feed(data), False) if data else (reader.close(), True)
        unfinished = [choice for choice in self._choices.values() if not choice.finished]
        if not done and (unfinished or not self._choices):
            yield Break(CUT)
        if not self._choices:
            return (yield from self._take([UpstreamFault(fault(_EMPTY, "bad_upstream_answer"))]))
        return (yield from self._take(unfinished))

    def _take(self, items: Sequence[Any], only: StreamedChoice | None = None) -> _Pumping:
        """Handle items of upstream's, and emit the chunks. Returns True while the answer may go on."""
        alive, out = self._guarded(items, only)
        if out:
            self._emitted = self._clock()
            yield Emit(out[0] if len(out) == 1 else b"".join(out))
        return alive

    def _guarded(self, items: Sequence[Any], only: StreamedChoice | None = None) -> tuple[bool, list[bytes]]:
        """Handle items of upstream's. Returns True while the answer may go on, and the chunks; an error is the last chunk.

        Args:
            items: Pieces of text, chunks, errors; or choices that upstream has left unfinished.
            only: The choice asked for again, to which all items belong; None while all choices are open.
        """
        out: list[bytes] = []
        error: dict[str, Any] | None = None
        try:
            for item in items:
                if isinstance(item, Text):
                    (only or self._choice(item.choice, out)).text(item.text, out)
                elif isinstance(item, Chunk):
                    if item.mended:
                        self._learnt.mended(item.mended)
                    self._chunk(item.body, only, out)
                elif isinstance(item, UpstreamFault):
                    error = item.body
                elif isinstance(item, StreamedChoice):
                    item.finish("stop", {}, out)
        except RefusedAnswer as refused:
            error = refused.to_body()
        if error is not None:
            out.append(self._writer.error(error))
        elif not out and items and self._writer.begun and self._clock() - self._emitted >= _SILENCE:
            out.append(self._writer.alive(only.index if only else 0))
        return error is None, out

    def _chunk(self, chunk: dict[str, Any], only: StreamedChoice | None, out: list[bytes]) -> None:
        """Handle a chunk of upstream's."""
        if not self._writer.begun:
            fallback = "chatcmpl-" + self._options.new_id().removeprefix("call_")
            named = {**chunk, "model": chunk.get("model") or self._request.body.get("model")}
            self._writer.begin(named, fallback_id=fallback, now=self._clock())
        self._present_usage = chunk.get("usage") or self._present_usage
        for part in chunk["choices"]:
            choice = only or self._choice(part["index"], out)
            choice.add(part, out)

    def _choice(self, index: int, out: list[bytes]) -> StreamedChoice:
        if index not in self._choices:
            out += self._writer.roles(index)
            for missing in range(len(self._choices), index + 1):
                kind = StreamedChoice if self._request.search is None else SearchingChoice
                self._choices[missing] = kind(missing, self._request, self._options, self._plan, self._writer, self._report)
        return self._choices[index]

    def _ask_again(self, choice: StreamedChoice) -> _Pumping:
        """Ask the model again, in the same stream."""
        attempt = choice.go_on((self._present_usage or {}).get("completion_tokens") or 0)
        self._usage, self._present_usage = add_usage(self._usage, self._present_usage), None
        reply, answered = yield from self._asked(attempt, choice.attempts.plan)
        if answered is not attempt:
            choice.attempts.present = answered
            choice.begin()
        if reply.status == 200:
            return (yield from self._pump((yield from begin(reply, self._learnt, self._writer.silent)), choice))
        whole = yield from read_all(reply)
        return (yield from self._take([UpstreamFault(error_of(whole))], choice))


def _stream_headers(given: Headers, media_type: str) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in given if name.lower() != "content-type"]
    return [*headers, ("content-type", media_type)]
