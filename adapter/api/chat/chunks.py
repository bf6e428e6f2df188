"""The chunks of a streamed chat completion, as a native server writes them (behaviour 3.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.api.sse import END, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

# What upstream's chunks say once for the whole answer.
_CONSTANT = ("system_fingerprint", "service_tier", "provider")
_json = json.JSONEncoder().encode
_string = json.encoder.encode_basestring_ascii


class ChunkWriter:
    """Writes the chunks of one answer; `id`, `created` and `model` are the same in all of them.

    Args:
        include_usage: Whether the caller asked for usage; then every chunk but the last says `usage: null`.
        legacy: Whether calls are written as `function_call`.
    """

    __slots__ = ("_head", "_include_usage", "_legacy", "_prefix", "_roles", "_suffix")

    def __init__(self, *, include_usage: bool, legacy: bool) -> None:
        self._include_usage = include_usage
        self._legacy = legacy
        self._head: dict[str, Any] = {}
        self._prefix = b""
        self._suffix = b', "usage": null}\n\n' if include_usage else b"}\n\n"
        self._roles = 0

    @property
    def begun(self) -> bool:
        """Whether the head is known."""
        return bool(self._head)

    def begin(self, upstream: Mapping[str, Any], *, fallback_id: str, now: float) -> None:
        """Take the head from upstream's first chunk."""
        self._head = {
            "id": upstream.get("id") or fallback_id,
            "object": "chat.completion.chunk",
            "created": upstream.get("created") or int(now),
            "model": upstream.get("model") or "",
            **{key: upstream[key] for key in _CONSTANT if upstream.get(key) is not None},
        }
        self._prefix = b"data: " + json.dumps(self._head)[:-1].encode() + b', "choices": ['

    def roles(self, index: int) -> list[bytes]:
        """The first chunks of the choices up to this one, as far as they have not been written."""
        first, self._roles = self._roles, max(self._roles, index + 1)
        return [self.delta(choice, {"role": "assistant", "content": None}) for choice in range(first, self._roles)]

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:
        """A piece of a choice."""
        text = delta.get("content")
        if logprobs is None and len(delta) == 1 and isinstance(text, str):
            return self._written(index, f'{{"content": {_string(text)}}}')
        return self._chunk({"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None})

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:
        """The beginning of a call."""
        function = {"name": name, "arguments": ""}
        if self._legacy:
            return self.delta(index, {"function_call": function})
        started = {"index": position, "id": call_id, "type": "function", "function": function}
        return self.delta(index, {"tool_calls": [started]})

    def arguments(self, index: int, position: int, text: str) -> bytes:
        """A piece of a call's arguments."""
        function = f'{{"arguments": {_string(text)}}}'
        if self._legacy:
            return self._written(index, f'{{"function_call": {function}}}')
        return self._written(index, f'{{"tool_calls": [{{"index": {position}, "function": {function}}}]}}')

    def complete(self, index: int, position: int) -> bytes:  # noqa: ARG002  # the interface's
        """Chunks do not say so."""
        return b""

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:
        """The last chunk of a choice.

        Args:
            index: The choice.
            reason: Its `finish_reason`.
            extra: What else upstream said of the choice as it ended.
        """
        return self._chunk({**extra, "index": index, "delta": {}, "logprobs": None, "finish_reason": reason})

    def alive(self, index: int) -> bytes:
        """A chunk that says nothing."""
        return self.delta(index, {})

    def error(self, body: Mapping[str, Any]) -> bytes:
        """The error as an event, after which nothing comes."""
        return encode(body)

    def end(self, usage: Any) -> bytes:
        """The end, after the chunk with the usage where that was asked for and is known."""
        if not self._include_usage or usage is None:
            return END
        return encode({**self._head, "choices": [], "usage": usage}) + END

    def _written(self, index: int, delta: str) -> bytes:
        """A chunk whose delta is JSON already: by far the most, and encoding what never changes takes most of the time."""
        choice = f'{{"index": {index}, "delta": {delta}, "logprobs": null, "finish_reason": null}}'
        return self._prefix + choice.encode() + b"]" + self._suffix

    def _chunk(self, choice: Mapping[str, Any]) -> bytes:
        return self._prefix + _json(choice).encode() + b"]" + self._suffix
