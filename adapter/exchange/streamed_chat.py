"""A chat request and its streamed answer: chunks in, chunks out, as they come (behaviour 2 and 3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api.chat.response import add_usage, read_completion
from adapter.api.chunk_reader import ChunkReader, Text
from adapter.api.upstream_events import Chunk, UpstreamFault
from adapter.exchange.protocol import READ, Break, Command, Emit, Exchange, Reply, Report, Start, UpstreamRequest
from adapter.exchange.request_plan import Turn
from adapter.exchange.streamed_answer import Refused
from adapter.exchange.streamed_choice import StreamedChoice
from adapter.exchange.upstream_call import is_json, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import StreamWriter
    from adapter.exchange.upstream import Upstream
    from adapter.options import Options

# Clients give up on a stream that brings no chunk for a minute or more.
_SILENCE = 30.0
_Pumping: TypeAlias = "Generator[Command, Any, bool]"


class StreamedChat:
    """A chat request whose answer is streamed.

    Args:
        request: The request.
        options: What the caller chose.
        report: Told of every repair, coercion, re-ask and refusal.
        clock: The time in seconds since the epoch.
        upstream: How the conversation is put to upstream.
        writer: Writes what the caller gets.

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
        self._turn = Turn(request, options, upstream)
        self._first = self._turn.first
        self._writer = writer
        self._request = request
        self._report = report
        self._choices: dict[int, StreamedChoice] = {}
        self._usage: Any = None  # of the attempts that are over
        self._present_usage: Any = None  # of the present one, as far as upstream has told
        self._emitted = clock()

    def exchange(self) -> Exchange:
        """The generator for the shell."""
        for problem in self._first.problems():
            self._report(problem)
        reply: Reply = yield UpstreamRequest(self._first.body, True, self._first.endpoint)
        if reply.status != 200:
            return (yield from read_all(reply))
        if is_json(reply):
            whole = yield from read_all(reply)
            completion = read_completion(whole.status, whole.body)
            if completion is None:
                return whole
            yield Start(200, _stream_headers(reply))
            alive = yield from self._whole(Chunk(_as_chunk(completion)))
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
        """Read upstream's stream to its end. Returns whether the answer may go on."""
        reader = ChunkReader()
        while True:
            data: bytes = yield READ
            items = reader.feed(data) if data else reader.close()
            alive, out = self._guarded(items, only)
            if out:
                yield self._piece(out)
            if not alive:
                return False
            done = bool(items) and not isinstance(items[-1], Text | Chunk)
            if done or not data:
                break
        unfinished = [choice for choice in self._choices.values() if not choice.finished]
        if not done and (unfinished or not self._choices):
            yield Break("the upstream's stream ended before its answer was finished")
        out = []
        for choice in unfinished:
            choice.finish("stop", {}, out)
        if out:
            yield self._piece(out)
        return True

    def _whole(self, item: Chunk | UpstreamFault, only: StreamedChoice | None = None) -> _Pumping:
        """Handle an answer that came in one. Returns whether it may go on."""
        alive, out = self._guarded([item], only)
        if out:
            yield self._piece(out)
        return alive

    def _guarded(self, items: Sequence[Any], only: StreamedChoice | None = None) -> tuple[bool, list[bytes]]:
        """Handle what upstream said. Returns whether the answer may go on, and what comes of it: at the end of it an error."""
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
        except Refused as refused:
            error = refused.body
        if error is not None:
            out.append(self._writer.error(error))
        elif not out and items and self._writer.begun and self._clock() - self._emitted >= _SILENCE:
            out.append(self._writer.alive(only.index if only else 0))
        return error is None, out

    def _piece(self, out: list[bytes]) -> Emit:
        self._emitted = self._clock()
        return Emit(out[0] if len(out) == 1 else b"".join(out))

    def _chunk(self, chunk: dict[str, Any], only: StreamedChoice | None, out: list[bytes]) -> None:
        """A chunk of upstream's."""
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
                self._choices[missing] = self._new_choice(missing)
        return self._choices[index]

    def _new_choice(self, index: int) -> StreamedChoice:
        return StreamedChoice(index, self._request, self._options, self._turn, self._first, self._writer, self._report)

    def _ask_again(self, choice: StreamedChoice) -> _Pumping:
        """Ask the model again, in the same stream."""
        used = (self._present_usage or {}).get("completion_tokens") or 0
        attempt = choice.begin_again() if choice.fault else choice.go_on(used)
        for problem in attempt.problems():
            self._report(problem)
        self._usage, self._present_usage = add_usage(self._usage, self._present_usage), None
        reply: Reply = yield UpstreamRequest(attempt.body, True, attempt.endpoint)
        if reply.status == 200 and not is_json(reply):
            return (yield from self._pump(choice))
        whole = yield from read_all(reply)
        completion = read_completion(whole.status, whole.body)
        item = UpstreamFault(_error_of(whole)) if completion is None else Chunk(_as_chunk(completion))
        return (yield from self._whole(item, choice))


def _stream_headers(reply: Reply) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in reply.headers if name.lower() != "content-type"]
    return [*headers, ("content-type", "text/event-stream; charset=utf-8")]


def _as_chunk(completion: dict[str, Any]) -> dict[str, Any]:
    """A whole completion in the form of one chunk."""
    choices = [
        {**{key: value for key, value in choice.items() if key != "message"}, "delta": choice["message"]}
        for choice in completion["choices"]
    ]
    finished = [{**choice, "finish_reason": choice.get("finish_reason") or "stop"} for choice in choices]
    return {**completion, "choices": [{"index": place, **choice} for place, choice in enumerate(finished)]}


def _error_of(reply: Reply) -> dict[str, Any]:
    """Upstream's error in the middle of a stream."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        body = None
    if isinstance(body, dict) and body.get("error"):
        return body
    message = (
        f"The upstream answered a further request with status {reply.status}: {reply.body[:200].decode('utf-8', 'replace')}"
    )
    return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}
