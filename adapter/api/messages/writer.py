"""A streamed message: blocks that are open one at a time, each in its own events.

A block's kind never changes, and clients drop a delta of another kind than its block silently; so text, thoughts and calls each
close the block before. Calls that begin before the last one is complete wait: a call that is refused gets no end, and agents
run a call that has ended.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.api.messages.response import ending, error_object, event, new_message, usage
from adapter.api.reasoning import REASONING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PING = event("ping", {})
_NEW = {"text": {"type": "text", "text": ""}, "thinking": {"type": "thinking", "thinking": "", "signature": ""}}
_DELTAS = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking")}


@dataclass(slots=True)
class _Call:
    """A call that is being written, or that waits.

    Attributes:
        id: The id of the call.
        name: The name of the tool.
        waiting: Pieces of the arguments that have not left.
        complete: The call can stand.
    """

    id: str
    name: str
    waiting: list[str] = field(default_factory=list)
    complete: bool = False


class MessageWriter:
    """Writes a message in events; a `StreamWriter`.

    Args:
        message_id: The id of the message.
        model: The model that the caller named.
        thoughts: Reasoning is written.
        stops: The caller's stop sequences.

    Attributes:
        begun: A chunk of upstream's answer is known.
        started: The message has been announced.
    """

    def __init__(self, message_id: str, model: str, *, thoughts: bool, stops: Sequence[str]) -> None:
        self._message = new_message(message_id, model)
        self._thoughts = thoughts
        self._stops = stops
        self.begun = self.started = False
        self._index = -1  # of the last block
        self._open = ""  # the kind of the open block
        self._calls: dict[Any, _Call] = {}  # not complete, in order; the first is open
        self._called = False
        self._end: dict[str, Any] = {}

    def begin(self, upstream: Mapping[str, Any], *, fallback_id: str, now: float) -> None:  # noqa: ARG002  # the interface's
        """Take the model's name from upstream."""
        self.begun = True
        self._message["model"] = upstream.get("model") or self._message["model"]

    def roles(self, index: int) -> list[bytes]:  # noqa: ARG002
        """Announce the message."""
        return [self._announce()]

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:  # noqa: ARG002
        """Write a piece of text or of the reasoning, or a call of upstream's own."""
        if index:
            return b""  # a message has a single answer
        out = self._announce()
        if self._thoughts:
            out += self._text("thinking", delta.get(REASONING))
        out += self._text("text", delta.get("content")) + self._text("text", delta.get("refusal"))
        for call in delta.get("tool_calls") or ():
            out += self._native(call)
        return out

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:
        """Begin a call."""
        return b"" if index else self._announce() + self._begin_call(position, _Call(call_id, name))

    def arguments(self, index: int, position: int, text: str) -> bytes:
        """Write a piece of a call's arguments."""
        return b"" if index or position not in self._calls else self._piece(position, text)

    def complete(self, index: int, position: int) -> bytes:
        """End a call that is complete and can stand."""
        if index or position not in self._calls:
            return b""
        self._calls[position].complete = True
        return self._go_on()

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:
        """End the open block; a call that was cut off gets no end."""
        if index:
            return b""
        cut = reason in {"length", "content_filter"}
        out = self._announce()
        for call in self._calls.values() if not cut else ():
            call.complete = True
        out += self._go_on() if not cut else b""
        out += self._close() if not self._calls else b""
        self._end = ending(reason, called=self._called, hit=extra.get("stop_reason"), stops=self._stops)
        return out

    def alive(self, index: int) -> bytes:  # noqa: ARG002
        """Write a sign of life."""
        return self._announce() + _PING

    def silent(self) -> bytes:
        """Write a sign of life."""
        return self._announce() + _PING

    def error(self, body: Mapping[str, Any]) -> bytes:
        """End the message in an error: a stream that just ends is no error for clients."""
        error = body["error"] if isinstance(body.get("error"), dict) else {"message": str(body.get("error"))}
        code = error.get("code")
        status = code if isinstance(code, int) else 504 if code == "upstream_timeout" else 500
        return self._announce() + event("error", error_object(error, status, self._message["id"]))

    def end(self, told: Any) -> bytes:
        """End the message."""
        closing = {"delta": self._end or ending("stop", called=self._called, hit=None, stops=()), "usage": usage(told)}
        return self._announce() + event("message_delta", closing) + event("message_stop", {})

    def _announce(self) -> bytes:
        if self.started:
            return b""
        self.started = True
        return event("message_start", {"message": self._message})

    def _text(self, kind: str, text: Any) -> bytes:
        if not isinstance(text, str) or not text:
            return b""
        out = b"" if self._open == kind else self._begin(kind, _NEW[kind])
        name, key = _DELTAS[kind]
        return out + self._delta({"type": name, key: text})

    def _begin(self, kind: str, block: Mapping[str, Any]) -> bytes:
        out = self._close()
        self._open = kind
        self._index += 1
        return out + event("content_block_start", {"index": self._index, "content_block": block})

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return event("content_block_stop", {"index": self._index})

    def _delta(self, delta: Mapping[str, Any]) -> bytes:
        return event("content_block_delta", {"index": self._index, "delta": delta})

    def _begin_call(self, key: Any, call: _Call) -> bytes:
        first = not self._calls
        self._calls[key] = call
        self._called = True
        return self._begin_block(call) if first else b""

    def _begin_block(self, call: _Call) -> bytes:
        out = self._begin("tool_use", {"type": "tool_use", "id": call.id, "name": call.name, "input": {}})
        text, call.waiting = "".join(call.waiting), []
        return out + (self._delta({"type": "input_json_delta", "partial_json": text}) if text else b"")

    def _piece(self, key: Any, text: str) -> bytes:
        if key != next(iter(self._calls)):
            self._calls[key].waiting.append(text)
            return b""
        return self._delta({"type": "input_json_delta", "partial_json": text}) if text else b""

    def _go_on(self) -> bytes:
        """End the calls at the front that are complete, and begin the next."""
        out = b""
        while self._calls and (first := next(iter(self._calls.items())))[1].complete:
            del self._calls[first[0]]
            out += self._close()
            out += self._begin_block(next(iter(self._calls.values()))) if self._calls else b""
        return out

    def _native(self, call: Any) -> bytes:
        """Write a piece of a call of upstream's own; such a call ends with the answer."""
        if not isinstance(call, dict):
            return b""
        function = call.get("function") or {}
        key = ("native", call.get("index") or 0)
        out = b""
        if key not in self._calls:
            out = self._begin_call(key, _Call(call.get("id") or f"call_{self._index + 1}", function.get("name") or ""))
        text = function.get("arguments") or ""
        return out + self._piece(key, text if isinstance(text, str) else json.dumps(text, ensure_ascii=False))
