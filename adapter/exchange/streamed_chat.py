"""A chat request and the streamed answer: chunks of upstream in, chunks for the caller out, at once (behaviour 2 and 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api.chat.response import add_usage, read_completion
from adapter.api.chunk_reader import ChunkReader, Text
from adapter.api.upstream_events import Chunk, UpstreamFault
from adapter.errors import RefusedAnswer
from adapter.exchange.errors_on_the_wire import error_of
from adapter.exchange.protocol import READ, Break, Command, Emit, Exchange, Reply, Report, Start, UpstreamRequest
from adapter.exchange.request_plan import RequestPlan
from adapter.exchange.streamed_choice import StreamedChoice
from adapter.exchange.upstream_call import is_json, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import StreamWriter
    from adapter.exchange.upstream import Upstream
    from adapter.options import Options

# Seconds without a chunk until an empty chunk is sent: clients give up on a stream that is silent for a minute or more.
_SILENCE = 30.0
_Pumping: TypeAlias = "Generator[Command, Any, bool]"


class StreamedChat:
    """A chat request whose answer is streamed.

    Args:
        request: The request.
        options: The caller's choices.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
        upstream: The form in which upstream gets the conversation.
        writer: Writes the caller's answer.

    Raises:
        BadRequest: The messages are wrong.
    """

    def __init__(
        self,
        request: ChatRequest,
        options: Options,
        report: Report,
        clock: Callable[[], float],
        upstream: Upstream,
        writer: StreamWriter,
    ) -> None:
        self._options = options
        self._clock = clock
        self._plan = RequestPlan(request, options, upstream)
        self._writer = writer
        self._request = request
        self._report = report
        self._choices: dict[int, StreamedChoice] = {}
        self._usage: Any = None  # of the finished attempts
        self._present_usage: Any = None  # of the present attempt, as far as upstream has told
        self._emitted = clock()

    def exchange(self) -> Exchange:
        """Return the generator for the shell."""
        first = self._plan.first
        for problem in first.problems():
            self._report(problem)
        reply: Reply = yield UpstreamRequest(first.body, True, first.endpoint)
        if reply.status != 200:
            return (yield from read_all(reply))
        if is_json(reply):
            whole = yield from read_all(reply)
            completion = read_completion(whole.status, whole.body)
            if completion is None:
                return whole
            yield Start(200, _stream_headers(reply))
            alive = yield from self._take([Chunk(_as_chunk(completion))])
        else:
            yield Start(200, _stream_headers(reply))
            alive = yield from self._pump()
        while alive and (choice := next((choice for choice in self._choices.values() if choice.goes_on), None)):
            alive = yield from self._ask_again(choice)
        if alive:
            end = self._writer.end(add_usage(self._usage, self._present_usage))
            if end:
                yield Emit(end)
        return None

    def _pump(self, only: StreamedChoice | None = None) -> _Pumping:
        """Read upstream's stream to the end. Returns True while the answer may go on."""
        reader = ChunkReader()
        while True:
            data: bytes = yield READ
            items = reader.feed(data) if data else reader.close()
            if not (yield from self._take(items, only)):
                return False
            done = bool(items) and not isinstance(items[-1], Text | Chunk)
            if done or not data:
                break
        unfinished = [choice for choice in self._choices.values() if not choice.finished]
        if not done and (unfinished or not self._choices):
            yield Break("the upstream's stream ended before its answer was finished")
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
            self._writer.begin(chunk, fallback_id=fallback, now=self._clock())
        self._present_usage = chunk.get("usage") or self._present_usage
        for part in chunk["choices"]:
            choice = only or self._choice(part["index"], out)
            choice.add(part, out)

    def _choice(self, index: int, out: list[bytes]) -> StreamedChoice:
        if index not in self._choices:
            out += self._writer.roles(index)
            for missing in range(len(self._choices), index + 1):
                self._choices[missing] = StreamedChoice(
                    missing, self._request, self._options, self._plan, self._writer, self._report
                )
        return self._choices[index]

    def _ask_again(self, choice: StreamedChoice) -> _Pumping:
        """Ask the model again, in the same stream."""
        attempt = choice.go_on((self._present_usage or {}).get("completion_tokens") or 0)
        self._usage, self._present_usage = add_usage(self._usage, self._present_usage), None
        reply: Reply = yield UpstreamRequest(attempt.body, True, attempt.endpoint)
        if reply.status == 200 and not is_json(reply):
            return (yield from self._pump(choice))
        whole = yield from read_all(reply)
        completion = read_completion(whole.status, whole.body)
        item = UpstreamFault(error_of(whole)) if completion is None else Chunk(_as_chunk(completion))
        return (yield from self._take([item], choice))


def _stream_headers(reply: Reply) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in reply.headers if name.lower() != "content-type"]
    return [*headers, ("content-type", "text/event-stream; charset=utf-8")]


def _as_chunk(completion: dict[str, Any]) -> dict[str, Any]:
    """Return a whole completion in the form of a single chunk."""
    choices = [
        {**{key: value for key, value in choice.items() if key != "message"}, "delta": choice["message"]}
        for choice in completion["choices"]
    ]
    finished = [{**choice, "finish_reason": choice.get("finish_reason") or "stop"} for choice in choices]
    return {**completion, "choices": [{"index": place, **choice} for place, choice in enumerate(finished)]}
