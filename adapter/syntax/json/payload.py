"""Payloads of JSON blocks: the calls in JSON between two markers, and the markup around the JSON."""

from __future__ import annotations

import functools
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from adapter.schema import known_place
from adapter.syntax.json.call_finder import CallFinder
from adapter.syntax.json.call_forms import ARGUMENTS, calls_at, read_calls, read_plain_call
from adapter.syntax.json.end_scanner import BlockScanner
from adapter.syntax.json.finished import read_finished
from adapter.syntax.reading import End, RawCall, Reading, moved
from adapter.syntax.skeleton import read_skeleton
from adapter.text.json_plain import in_string
from adapter.text.json_repair import repair
from adapter.text.json_spans import FENCE_END

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.delimiters import Boundaries
    from adapter.syntax.json.call_forms import Values
    from adapter.syntax.reading import Nameless, Step

SEPARATORS = FENCE_END.replace("`", "") + ";,"  # characters between calls without markers
CLOSERS = "brackets too many stand behind a call"
_NO_CLOSER = "the closing bracket of a list of calls is missing"


class Payload:
    """The payloads of one dialect.

    Args:
        bounds: The markers around a block.
        tags: Opening and closing tag of a faultless block; empty for markers that are no markup.
        separators: Characters between calls, and without meaning behind the last.
        known: Gives the place of a tool's arguments in its schema.
        key: The key of the arguments.

    Attributes:
        bounds: As given.
        inside: Patterns of strings in a block.
        known: As given.
        plain: A block ends with its closing marker only.
    """

    def __init__(
        self,
        bounds: Boundaries,
        tags: str,
        separators: str = "",
        known: Callable[[str], KnownPlace] = lambda _tool: known_place.ANYWHERE,
        key: str = ARGUMENTS,
    ) -> None:
        self.bounds = bounds
        self.inside = in_string(bounds.close)
        self.known = known
        self.plain = bool(bounds.close) and bounds.due
        self._tags = tags
        self._separators = separators
        self._key = key

    def scanner(self) -> BlockScanner:
        """Make a search for the end of a block, to be fed from the first character of the payload on."""
        return BlockScanner(self.bounds)

    def finder(self, steps: list[Step] | None = None) -> CallFinder:
        """Make a search for the calls of a payload, which adds its steps to a list."""
        return CallFinder(self.inside, self.known, steps, self._key)

    def read_inside(self, text: str, start: int, stop: int, end: End) -> Reading:
        """Read a payload inside a text: valid JSON without a copy, other payloads as `read` does.

        Args:
            text: The block.
            start: Position of the payload.
            stop: Position behind the payload.
            end: The end of the block.
        """
        while stop > start and text[stop - 1] in FENCE_END:
            stop -= 1
        call = read_plain_call(text, start, stop)
        if call is not None:
            return Reading((call,))
        try:
            calls = read_calls(text, start, stop, key=self._key)
        except ValueError:
            reading = self.read(text[start:stop], end)
            return replace(reading, calls=moved(reading.calls, start))
        return _named(tuple(calls))

    def read(self, payload: str, end: End) -> Reading:
        """Read a payload.

        Args:
            payload: The text between the markers.
            end: The end of the block. Only a block that was closed is repaired.
        """
        text = payload.rstrip(self._separators).rstrip(FENCE_END)
        try:
            calls = tuple(read_calls(text, key=self._key))
        except ValueError as error:
            if end is End.CUT:
                return finished(payload, f"not JSON: {error}", partial(calls_at, key=self._key))
            if end is End.TEXT:
                return Reading((), fault=f"not JSON: {error}")
            mended = repair(text, several=True)
            if mended is None:
                return Reading((), fault=f"not JSON, and no single structural repair makes it so: {error}")
            return _named(moved(read_calls(mended, key=self._key), None), repaired=True)
        return _named(calls)

    def markup_faults(self, opening: str, closing: str) -> tuple[str, ...]:
        """Faults of a block's tags, as lxml reads them; empty for one element of the right name."""
        return _faults(opening, closing, self._tags) if self._tags else ()


def _named(calls: tuple[RawCall | Nameless, ...], *, repaired: bool = False) -> Reading:
    """Return the reading of calls, if one of them has a name."""
    if not any(isinstance(call, RawCall) for call in calls):
        return Reading((), repaired, "no object with a name and arguments")
    return Reading(calls, repaired, mended=_mended(calls))


def _mended(calls: Sequence[RawCall | Nameless]) -> tuple[str, ...]:
    return tuple(sentence for call in calls if isinstance(call, RawCall) for sentence in call.mended)


def finished(text: str, fault: str, read: Callable[[str, int], Values] | None = None) -> Reading:
    """Return the reading of a payload without its end: the complete calls, if there are any.

    Args:
        text: The payload.
        fault: The fault of a payload without complete calls.
        read: As in `read_finished`.
    """
    found = read_finished(text, read)
    if not any(isinstance(call, RawCall) for call in found.calls):
        return Reading((), fault=fault)
    mended = () if found.unfinished else (CLOSERS if found.closers else _NO_CLOSER,)
    return Reading(tuple(found.calls), unfinished=found.unfinished, mended=(*mended, *_mended(found.calls)))


@functools.lru_cache(maxsize=64)
def _faults(opening: str, closing: str, right: str) -> tuple[str, ...]:
    found = read_skeleton(opening + closing)
    if found == read_skeleton(right):  # markers that are no markup have the same faults
        return ()
    return found.faults or (f"elements {', '.join(found.tags)} where one was due",)
