"""Frames of raw values: the text that a dialect's template writes around keys and values, found by rendering."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adapter.syntax.notation import closing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Placeholders for keys and values in a rendered call: noncharacters, which no real text holds.
_KEYS, _VALUES = ("\ufdd1", "\ufdd2"), ("\ufdd3", "\ufdd4")


# A sample of each JSON type but string.
_SAMPLES: Mapping[str, Any] = {"integer": 7046029254, "number": 0.625, "boolean": True, "null": None, "object": {}, "array": []}


@dataclass(frozen=True, slots=True)
class RawFrame:
    """The text around keys and raw values.

    Attributes:
        head: Text from the opening tag up to the first argument, the tool's name included.
        key: Text before a key.
        value: Text between a key and a string value.
        end: Text after a value.
        tail: Text after the last value.
        none: Text between head and tail in a call without arguments.
        others: Text between a key and a value of another type than string, by JSON type.
        never: Closers that a string must not hold, because a reader may end the value at a closer. A space in a closer stands
            for any white space, or none.
    """

    head: str
    key: str
    value: str
    end: str
    tail: str
    none: str
    others: Mapping[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()

    @property
    def closing(self) -> str:
        """The closer at which the reader ends a value."""
        found = closing(self.never).search(self.end)
        return self.end[: found.end() if found else len(self.end)]

    @property
    def tells(self) -> bool:
        """True if the tag marks strings."""
        return self.value not in self.others.values()

    def kinds(self) -> dict[str, frozenset[str]]:
        """The JSON types of values other than strings, by the text before the value."""
        found: dict[str, frozenset[str]] = {}
        for kind, before in self.others.items():
            found[before] = found.get(before, frozenset()) | {kind}
        return found


def raw_frame(write: Callable[[Mapping[str, Any]], str], never: tuple[str, ...]) -> RawFrame | None:
    """Find the frame of raw values in a tool's calls; None if the dialect writes arguments in another form.

    Args:
        write: Renders a call with the given arguments.
        never: Closers that no string holds.
    """
    texts = [write(dict(zip(_KEYS[:count], _VALUES, strict=False))) for count in range(3)]
    found = _framed(*texts)
    if found is None:
        return None
    befores = {kind: _before(found, write({_KEYS[0]: value}), value) for kind, value in _SAMPLES.items()}
    known = befores["integer"]
    if known is None:
        return None
    # A template may leave out a value, or write a value that no reader takes for JSON: then the text before a number serves.
    others = {kind: known if before is None else before for kind, before in befores.items()}
    return replace(found, others=others, never=never)


def _before(frame: RawFrame, call: str, value: Any) -> str | None:
    """Find the text between key and value in a call with a single argument; None if the value is not written as JSON."""
    begin, end = frame.head + frame.key + _KEYS[0], json.dumps(value) + frame.end + frame.tail
    fits = call.startswith(begin) and call.endswith(end) and len(call) >= len(begin + end)
    return call[len(begin) : len(call) - len(end)] if fits else None


def _framed(none: str, one: str, two: str) -> RawFrame | None:
    """Find the frame from calls with no argument, one and two."""
    places = [two.find(mark) for mark in (_KEYS[0], _VALUES[0], _KEYS[1], _VALUES[1])]
    if -1 in places or places != sorted(places) or not one.startswith(two[: places[1]]):
        return None
    before, value, after = two[: places[0]], two[places[0] + 1 : places[1]], two[places[3] + 1 :]
    between = two[places[1] + 1 : places[2]]  # the end of one value and what precedes the next key
    # The cut with the longest end wins: a value may hold any text but its end.
    for size in range(len(between), 0, -1):
        end, key = between[:size], between[size:]
        if before.endswith(key) and after.startswith(end):
            head, tail = before[: len(before) - len(key)], after[size:]
            empty = len(none) >= len(head + tail) and none.startswith(head) and none.endswith(tail)
            if empty and two[places[2] + 1 : places[3]] == value:
                return RawFrame(head, key, value, end, tail, none[len(head) : len(none) - len(tail)])
    return None
