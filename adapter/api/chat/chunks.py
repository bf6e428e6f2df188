"""The chunks of a streamed chat completion, as a native server writes them (behaviour 3.3)."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from adapter.api.sse import END, encode
from adapter.tools.call_form import input_reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.text.string_member import StringMember
    from adapter.tools.call_form import CallForm

# Members of upstream's chunks that hold for the whole answer.
_CONSTANT = ("system_fingerprint", "service_tier", "provider")
_NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
_COMMENT = b": waiting\n\n"  # ignored by every reader of events
_json = json.JSONEncoder().encode
_string = json.encoder.encode_basestring_ascii


class ChunkWriter:
    """Writes the chunks of an answer; `id`, `created` and `model` are the same in all.

    Args:
        include_usage: The caller asked for usage: every chunk but the last has `usage: null`.
        legacy: Calls are written as `function_call`.
        forms: Forms of calls that are no function calls, by the name that the model knows.
    """

    __slots__ = ("_forms", "_head", "_include_usage", "_inputs", "_legacy", "_prefix", "_roles", "_suffix")

    def __init__(self, *, include_usage: bool, legacy: bool, forms: Mapping[str, CallForm] = MappingProxyType({})) -> None:
        self._forms = forms
        self._inputs: dict[tuple[int, int], StringMember] = {}  # custom calls, by choice and position
        self._include_usage = include_usage
        self._legacy = legacy
        self._head: dict[str, Any] = {}
        self._prefix = b""
        self._suffix = b', "usage": null}\n\n' if include_usage else b"}\n\n"
        self._roles = 0

    @property
    def begun(self) -> bool:
        """True once the head is known."""
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
        """Return the first chunks of the choices up to an index, as far as not written."""
        first, self._roles = self._roles, max(self._roles, index + 1)
        return [self.delta(choice, {"role": "assistant", "content": None}) for choice in range(first, self._roles)]

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:
        """Return a chunk with a piece of a choice."""
        text = delta.get("content")
        if logprobs is None and len(delta) == 1 and isinstance(text, str):
            return self._written(index, f'{{"content": {_string(text)}}}')
        return self._chunk({"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None})

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:
        """Return the chunk with the beginning of a call."""
        function = {"name": name, "arguments": ""}
        if self._legacy:
            return self.delta(index, {"function_call": function})
        if name in self._forms:
            self._inputs[index, position] = input_reader()
            custom = {"name": self._forms[name].name, "input": ""}
            return self.delta(index, {"tool_calls": [{"index": position, "id": call_id, "type": "custom", "custom": custom}]})
        started = {"index": position, "id": call_id, "type": "function", "function": function}
        return self.delta(index, {"tool_calls": [started]})

    def arguments(self, index: int, position: int, text: str) -> bytes:
        """Return a chunk with a piece of a call's arguments."""
        if self._inputs and (index, position) in self._inputs:
            return self._input(index, position, self._inputs[index, position].feed(text))
        function = f'{{"arguments": {_string(text)}}}'
        if self._legacy:
            return self._written(index, f'{{"function_call": {function}}}')
        return self._written(index, f'{{"tool_calls": [{{"index": {position}, "function": {function}}}]}}')

    def complete(self, index: int, position: int) -> bytes:
        """Return the rest of a custom call's input, if any: chunks do not mark the end of a call."""
        reader = self._inputs.pop((index, position), None)
        return b"" if reader is None else self._input(index, position, reader.close())

    def _input(self, index: int, position: int, text: str) -> bytes:
        custom = {"index": position, "custom": {"input": text}}
        return self.delta(index, {"tool_calls": [custom]}) if text else b""

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:
        """Return the last chunk of a choice.

        Args:
            index: The index of the choice.
            reason: The `finish_reason`.
            extra: Further members of the choice in upstream's last chunk.
        """
        return self._chunk({**extra, "index": index, "delta": {}, "logprobs": None, "finish_reason": reason})

    def alive(self, index: int) -> bytes:
        """Return a chunk with an empty delta."""
        return self.delta(index, {})

    def silent(self) -> bytes:
        """Return a comment."""
        return _COMMENT

    def error(self, body: Mapping[str, Any]) -> bytes:
        """Return the error as the last event."""
        return encode(body)

    def end(self, usage: Any) -> bytes:
        """Return the end, after the chunk with the usage, if asked for; zeros for an upstream that tells none."""
        if not self._include_usage:
            return END
        return encode({**self._head, "choices": [], "usage": _NO_USAGE if usage is None else usage}) + END

    def _written(self, index: int, delta: str) -> bytes:
        """Return a chunk whose delta is JSON already, by far the most frequent: the constant members are not encoded again."""
        choice = f'{{"index": {index}, "delta": {delta}, "logprobs": null, "finish_reason": null}}'
        return self._prefix + choice.encode() + b"]" + self._suffix

    def _chunk(self, choice: Mapping[str, Any]) -> bytes:
        return self._prefix + _json(choice).encode() + b"]" + self._suffix
