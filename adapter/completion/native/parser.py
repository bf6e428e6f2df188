"""An answer of an upstream that may make calls itself: its text through the parser, its calls beside, events of both.

Upstream's own calls win. A call in the text waits for the end of the answer, and counts where upstream made none.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from adapter.completion.ends import CUT
from adapter.completion.native.calls import CallBegun, NativeCalls
from adapter.completion.parser import CompletionParser
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Markup, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapter.completion.native.calls import CallPiece
    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.options import Options

Origin = Literal["none", "native", "text"]
# Notices about a call that an answer without calls may have meant.
_MISSED = frozenset({"other_dialect", "near_call"})


class NativeParser:
    """A reader of one answer.

    Args:
        rules: Rules of the request.
        options: Options of the caller.

    Attributes:
        origin: Where the calls of the answer come from; final after `close`.
        refused: Upstream made calls though `tool_choice` is `none`.
    """

    __slots__ = ("_calls", "_held", "_left", "_may_call", "_text", "origin", "refused")

    def __init__(self, rules: Rules, options: Options) -> None:
        self._text = CompletionParser.for_rules(dataclasses.replace(rules, incremental=False), options)
        self._calls = NativeCalls(rules, options)
        self._may_call = rules.choice.mode != "none"
        self._held: list[Event] = []  # of calls in the text
        self._left: list[CallPiece] = []  # of calls that were not asked for
        self.origin: Origin = "none"
        self.refused = False

    def feed(self, text: str) -> list[Event]:
        """Read a piece of the text. Returns the events that are certain by now."""
        return self._sorted(self._text.feed(text))

    def call(self, pieces: Iterable[CallPiece]) -> list[Event]:
        """Read pieces of upstream's own calls. Returns the events that are certain by now."""
        if self._may_call:
            return _unmarked(self._calls.feed(pieces))
        self._left += pieces
        self.refused = bool(self._left)
        return []

    def close(self, finish_reason: str | None = "stop") -> list[Event]:
        """End the answer. Returns the last events; of calls in the text too, unless upstream made calls."""
        out = [*self._sorted(self._text.close(finish_reason)), *_left_out(self._left)]
        out += _unmarked(self._calls.close(cut=finish_reason in CUT))
        held, self._held = self._held, []
        made = [event for event in held if isinstance(event, CallFinished)]
        if self._calls.begun:
            self.origin = "native"
            message = "the text holds a call beside one that upstream makes itself; it was left out"
            return [*(event for event in out if not _missed(event)), *(Problem("left_out", message, call.raw) for call in made)]
        if made:
            self.origin = "text"
            names = ", ".join(repr(call.name) for call in made)
            message = f"upstream left a call of {names} in the text, where the call was read"
            held.append(Problem("wire_mended", message, made[0].raw))
        return [*out, *held]

    def _sorted(self, events: list[Event]) -> list[Event]:
        """Return the events that leave now; those of calls in the text wait."""
        out: list[Event] = []
        for event in events:
            of_call = isinstance(event, CallStarted | ArgumentsDelta | CallFinished)
            if of_call or (isinstance(event, Problem) and event.index is not None):
                self._held.append(event)
            elif isinstance(event, Problem) and event.tool and self._calls.begun:
                out.append(dataclasses.replace(event, tool=""))  # told, and no fault of an answer with calls
            else:
                out.append(event)
        return out


def _unmarked(events: list[Event]) -> list[Event]:
    """Return the events of upstream's own calls without markup, which stands for text of the completion."""
    return [event for event in events if not isinstance(event, Markup)]


def _missed(event: Event) -> bool:
    return isinstance(event, Problem) and event.kind in _MISSED


def _left_out(pieces: Iterable[CallPiece]) -> Iterator[Problem]:
    """Yield the problem of calls that were not asked for, with their names and arguments."""
    calls: dict[int, list[str]] = {}
    for piece in pieces:
        calls.setdefault(piece.key, []).append(f"{piece.name} " if isinstance(piece, CallBegun) else piece.text)
    if calls:
        names = ", ".join(dict.fromkeys(repr(parts[0].strip()) for parts in calls.values()))
        message = f"upstream made a call of {names} although tool_choice is 'none'; the call was left out"
        yield Problem("left_out", message, "\n".join("".join(parts) for parts in calls.values()))
