"""The bytes of a request and of its whole answer, read for a record when somebody looks at them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.exchange.read_back import read_back
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_TEXT = 4  # bytes of a character in memory, where one is no ASCII
_OF_OBJECTS = 4  # times the size of their JSON: tools and parts as objects
_WITH_OBJECTS = re.compile(rb'"(?:(?:tools|response_format|json_schema|grammar|structured_outputs)":|content":\[)')


class UnreadExchange:
    """A request and its answer, one document that was read already as an answer without an error.

    Args:
        request: The JSON body sent.
        raw: The body of the answer.
        status: The HTTP status of the answer.
        called: The calls of the record are known.
    """

    __slots__ = ("_called", "_raw", "_request", "_status")

    def __init__(self, request: bytes, raw: bytes, status: int, *, called: bool) -> None:
        self._request, self._raw, self._status, self._called = request, raw, status, called

    def members(self, name: str) -> Mapping[str, Any]:
        """Return the members of a record that are read together with one of them."""
        if name == "request":
            return {"request": read_json(self._request)}
        back = read_back(self._raw, self._status)
        return {
            "raw": self._raw.decode("utf-8", "replace"),
            "completions": back.completions,
            "reasoning": back.reasoning,
            "finish_reason": back.finish_reason,
            "response_id": back.response_id,
            "response_model": back.response_model,
            "usage": back.usage,
            **({} if self._called else {"calls": back.calls}),
        }

    def weight(self) -> int:
        """Return the size in bytes, about, of the bytes and of the values that they are read into."""
        request, raw = self._request, self._raw
        objects = _WITH_OBJECTS.search(request) is not None
        read = len(request) * (_OF_OBJECTS if objects else 1 if request.isascii() else _OF_TEXT)
        return len(request) + len(raw) + read + 2 * len(raw) * (1 if raw.isascii() else _OF_TEXT)  # the text, and those in it

    def quotes(self, key: bytes) -> bool:
        """Return True where the text of the answer holds a key."""
        return key in self._raw
