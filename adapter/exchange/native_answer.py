"""An answer to a request with its tools: text and upstream's own calls in, the parser's events out (behaviour 6.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.native_calls import CallPieces
from adapter.completion.native.parser import NativeParser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.completion.native.parser import Origin
    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.exchange.learnt import Learnt
    from adapter.options import Options


class NativeAnswer:
    """A reader of one answer, whole or in deltas.

    Args:
        rules: Rules of the request.
        options: Options of the caller.
        learnt: Told of liberties in upstream's calls.
    """

    __slots__ = ("_learnt", "_parser", "_pieces")

    def __init__(self, rules: Rules, options: Options, learnt: Learnt) -> None:
        self._parser = NativeParser(rules, options)
        self._pieces = CallPieces(rules.tools.names)
        self._learnt = learnt

    @property
    def origin(self) -> Origin:
        """Where the calls come from; final after `close`."""
        return self._parser.origin

    @property
    def refused(self) -> bool:
        """Upstream made calls though `tool_choice` is `none`."""
        return self._parser.refused

    def feed(self, text: str) -> list[Event]:
        """Read a piece of the text."""
        return self._parser.feed(text)

    def hear(self, message: Mapping[str, Any]) -> list[Event]:
        """Read the calls in a message or a delta, if any."""
        return self._parser.call(self._pieces.add(message))

    def close(self, finish_reason: str | None = "stop") -> list[Event]:
        """End the answer."""
        events = self._parser.call(self._pieces.close())
        self._learnt.mended(self._pieces.odd)
        return events + self._parser.close(finish_reason)


def without_calls(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of upstream's without its calls, which are read apart."""
    return {key: value for key, value in message.items() if key not in {"tool_calls", "function_call"}}
