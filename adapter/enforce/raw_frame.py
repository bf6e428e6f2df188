"""What a dialect's template writes around raw values, found from what it writes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adapter.syntax.notation import closing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Stand for keys and values while a call is rendered; no text holds these code points.
_KEYS, _VALUES = ("\ufdd1", "\ufdd2"), ("\ufdd3", "\ufdd4")


# Values that are no strings, and stand for all of their type.
_SAMPLES: Mapping[str, Any] = {"integer": 7046029254, "number": 0.625, "boolean": True, "null": None, "object": {}, "array": []}


@dataclass(frozen=True, slots=True)
class RawFrame:
    """What the dialect writes around keys and values.

    Attributes:
        head: From the opening tag on, the name of the tool included.
        key: Before a key.
        value: Between a key and its value, where that is a string.
        end: After a value.
        tail: After the last one.
        none: Between head and tail where there are no arguments.
        others: What stands between a key and its value where that is no string, by JSON type.
        never: What a string does not hold, because its reader may take it for the end. A space in it stands for any white
            space, or none.
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
        """What ends a value, as much of it as the reader goes by."""
        found = closing(self.never).search(self.end)
        return self.end[: found.end() if found else len(self.end)]

    @property
    def tells(self) -> bool:
        """Whether the tag tells what is a string."""
        return self.value not in self.others.values()

    def kinds(self) -> dict[str, frozenset[str]]:
        """The JSON types of values that are no strings, by what stands before them."""
        found: dict[str, frozenset[str]] = {}
        for kind, before in self.others.items():
            found[before] = found.get(before, frozenset()) | {kind}
        return found


def raw_frame(write: Callable[[Mapping[str, Any]], str], never: tuple[str, ...]) -> RawFrame | None:
    """The frame of a tool's calls; None where the dialect writes arguments in another way.

    Args:
        write: Writes a call with these arguments.
        never: What no string holds.
    """
    texts = [write(dict(zip(_KEYS[:count], _VALUES, strict=False))) for count in range(3)]
    found = _framed(*texts)
    if found is None:
        return None
    befores = {kind: _before(found, write({_KEYS[0]: value}), value) for kind, value in _SAMPLES.items()}
    known = befores["integer"]
    if known is None:
        return None
    # A template may leave out a value, or write one in a way that no reader takes for JSON: then it is no other than a number.
    others = {kind: known if before is None else before for kind, before in befores.items()}
    return replace(found, others=others, never=never)


def _before(frame: RawFrame, call: str, value: Any) -> str | None:
    """What stands between the key and the value in a call of one argument; None where that is not written as JSON."""
    begin, end = frame.head + frame.key + _KEYS[0], json.dumps(value) + frame.end + frame.tail
    fits = call.startswith(begin) and call.endswith(end) and len(call) >= len(begin + end)
    return call[len(begin) : len(call) - len(end)] if fits else None


def _framed(none: str, one: str, two: str) -> RawFrame | None:
    """The frame in calls without arguments, with one and with two."""
    places = [two.find(mark) for mark in (_KEYS[0], _VALUES[0], _KEYS[1], _VALUES[1])]
    if -1 in places or places != sorted(places) or not one.startswith(two[: places[1]]):
        return None
    before, value, after = two[: places[0]], two[places[0] + 1 : places[1]], two[places[3] + 1 :]
    between = two[places[1] + 1 : places[2]]  # the end of one value and what precedes the next key
    # Of the ways to cut it, the one with the longest end: a value may hold all but that.
    for size in range(len(between), 0, -1):
        end, key = between[:size], between[size:]
        if before.endswith(key) and after.startswith(end):
            head, tail = before[: len(before) - len(key)], after[size:]
            empty = len(none) >= len(head + tail) and none.startswith(head) and none.endswith(tail)
            if empty and two[places[2] + 1 : places[3]] == value:
                return RawFrame(head, key, value, end, tail, none[len(head) : len(none) - len(tail)])
    return None
