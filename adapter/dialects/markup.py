"""The places in a text where a model or a parser would read protocol markup (behaviour 4.5).

One search goes through a text, for a dialect's own markers and for the special tokens of all families. The beginning and the
end of a text are looked at by themselves: a template may put the other half of a marker before or behind.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from adapter.dialects.known_tokens import FORMS, KNOWN
from adapter.errors import DialectError
from adapter.text.literal_tree import tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from adapter.dialects.registry import Dialect

_FORM = re.compile("|".join(f"{re.escape(form.first)}{form.rest}" for form in FORMS))
# The parts of a marker that a template may write without a marker before or behind, like brackets around a list of results: at
# most two characters of its beginning, or one of its end.
_SIGNS, _CLOSING = 2, frozenset("]>[=")
_LEAST_HEAD, _LEAST_TAIL = 3, 2  # characters of the other half
_SIGN = re.compile(r"[^\w\s]")
# A middle of a marker that is no word and no command: Qwen's users write `/think`.
_NO_COMMAND = re.compile(r"[^\w\s/]")
_MOST_IN_THE_MIDDLE = 64  # characters, with white space around
_WORD = re.compile(r"[\w-]*")
_LONGEST = 200  # characters of a marker that is named
_PROBE = "probe"  # a name that no template knows
_KEY = 2  # characters by which halves are looked up
# White space as Python knows it, which a template may strip.
_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


@functools.lru_cache(maxsize=64)
def markup_of(dialect: Dialect) -> Markup:
    """Return the markup of a dialect, and of all families; a dialect never changes."""
    reasoning = dialect.reasoning or ()
    own = frozenset({dialect.open, dialect.close, *dialect.result, *reasoning, *dialect.markers, *dialect.special} - {""})
    return _kept(own, writes_keys_as_tags(dialect))


@functools.lru_cache(maxsize=64)
def _kept(own: frozenset[str], keys_as_tags: bool) -> Markup:
    """Make markup once for dialects with the same markers: over a raw completion each client makes a dialect of its own."""
    return Markup(own, keys_as_tags=keys_as_tags)


@functools.lru_cache(maxsize=64)
def writes_keys_as_tags(dialect: Dialect) -> bool:
    """Tell if the name of an argument is a tag in a call, so that it stands between a `<` and a `>`."""
    try:
        return f"<{_PROBE}>" in dialect.tool_call("f", {_PROBE: "x"})
    except DialectError:  # a dialect without its macros, or one of another package at fault
        return False


class Markup:
    """Markup to look for in texts.

    Args:
        markers: Markers beside the tokens of all families.
        keys_as_tags: The names of arguments are tags in a call.
    """

    __slots__ = ("_heads", "_middles", "_own", "_search", "_tails", "keys_as_tags")

    def __init__(self, markers: Collection[str], *, keys_as_tags: bool = False) -> None:
        every = KNOWN.union(markers)
        self.keys_as_tags = keys_as_tags
        self._own = tuple(markers)
        self._search = re.compile(_pattern(every)).search
        heads, tails, self._middles = _parts(every)
        self._heads, self._tails = _by_key(heads, 0), _by_key(tails, -1)

    def starts(self, text: str) -> list[int]:
        """Return the places where markers begin; a marker may begin inside of another."""
        starts: list[int] = []
        found = self._search(text)
        while found is not None:
            starts.append(found.start())
            found = self._search(text, found.start() + 1)
        return starts

    def clean(self, text: str) -> bool:
        """Tell if no markup, and no half of a marker at an end, can stand in a text; False for some texts without either."""
        heads, tails = self._heads.get(text[:_KEY]), self._tails.get(text[-_KEY:])
        return (
            self._search(text) is None
            and (heads is None or not text.startswith(heads))
            and (tails is None or not text.endswith(tails))
            and text[:1] not in self._heads
            and text[-1:] not in self._tails
            and not self._is_middle(text)
        )

    def _is_middle(self, text: str) -> bool:
        return len(text) <= _MOST_IN_THE_MIDDLE and text.strip() in self._middles

    def free(self, text: str) -> bool:
        """Tell if neither markup nor half of a marker at an end stands in a text."""
        return self.clean(text) or (not self.starts(text) and self.head(text) is None and self.tail(text) is None)

    def is_tag(self, key: str) -> bool:
        """Tell if the name of an argument is markup as a tag. A plain word is none of another family: models must write it."""
        if not self.keys_as_tags:
            return False
        tag = f"<{key}>"
        return any(own.endswith(tag) for own in self._own) or (not _WORD.fullmatch(key) and self._search(tag) is not None)

    def head(self, text: str) -> int | None:
        """Return the place, behind white space, where a text begins with the second half of a marker, or is its middle."""
        at = len(text) - len(text.lstrip())
        halves = self._heads.get(text[at : at + _KEY]) or self._heads.get(text[at : at + 1])
        return at if (halves and text.startswith(halves, at)) or self._is_middle(text) else None

    def tail(self, text: str) -> int | None:
        """Return the place, before white space, where a text ends with the first half of a marker."""
        end = len(text.rstrip())
        halves = self._tails.get(text[max(end - _KEY, 0) : end]) or self._tails.get(text[max(end - 1, 0) : end])
        return end if halves and text.endswith(halves, 0, end) else None

    def broken_at(self, text: str, place: int) -> str:
        """Return the marker that a break at a place breaks, or the half of one that an end of a text may have; else nothing.

        Args:
            text: The text without the break.
            place: The place of the break: behind the first character of a marker, or beside half of one.
        """
        found = self._search(text[max(place - 1, 0) : place + _LONGEST])
        if place and found is not None and found.start() == 0:
            longer = (one for one in (*self._own, *KNOWN) if text.startswith(one, place - 1))
            return max([found.group(), *longer], key=len)
        before, behind = text[max(place - _LONGEST, 0) : place], text[place : place + _LONGEST]
        halves = [
            half for half in self._heads.get(behind[:_KEY]) or self._heads.get(behind[:1]) or () if behind.startswith(half)
        ]
        halves += [
            half for half in self._tails.get(before[-_KEY:]) or self._tails.get(before[-1:]) or () if before.endswith(half)
        ]
        return max(halves, key=len, default="")


def _pattern(every: frozenset[str]) -> str:
    """Return a pattern of markers: one branch for each first character, lest more than the first be looked at in prose."""
    shortest = {one for one in every if len(one) > 1}
    within = re.compile(tree(shortest)).search
    # A marker that holds another needs no branch of its own: one that begins it, or one that stands behind its first character.
    least = {
        one
        for one in every
        if _FORM.search(one) is None
        and within(one, 1) is None
        and shortest.isdisjoint(one[:size] for size in range(1, len(one)))
    }
    branches: dict[str, list[str]] = {}
    for first in sorted({one[0] for one in least}):
        branches[first] = [tree({one[1:] for one in least if one[0] == first})]
    for form in FORMS:
        branches.setdefault(form.first, []).append(form.rest)
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in branches.items())


def _parts(every: frozenset[str]) -> tuple[set[str], set[str], frozenset[str]]:
    """Return second halves, first halves and middles of markers whose other part may stand before, or behind, a text.

    The other part is white space, the end or the beginning of another marker, or a sign or two of the template. A template may
    strip the white space of a text, so no part begins or ends with white space.
    """
    ends = {one[place:] for one in every for place in range(len(one))}
    beginnings = {one[:place] for one in every for place in range(1, len(one) + 1)}
    heads: set[str] = set()
    tails: set[str] = set()
    middles: set[str] = set()
    for one in every:
        begins, stops = [], []
        for place in range(1, len(one)):
            first, second = one[:place], one[place:]
            before, behind = first.rstrip(), second.lstrip()
            if not before or first in ends or len(first) <= _SIGNS:
                begins.append(place)
                if behind and (not before or first in ends or _is_half(behind, _LEAST_HEAD)):
                    heads.add(behind)
            if not behind or second in beginnings or second in _CLOSING:
                stops.append(place)
                if before and (not behind or second in beginnings or _is_half(before, _LEAST_TAIL)):
                    tails.add(before)
        middles |= {one[begin:stop] for begin in begins for stop in stops if begin + 1 < stop}
    return heads, tails, frozenset(filter(_NO_COMMAND.search, middles))


def _is_half(text: str, least: int) -> bool:
    """Tell if ordinary text hardly begins or ends with half of a marker, which has at least so many characters."""
    return len(text) >= least and _SIGN.search(text) is not None


def _by_key(halves: Iterable[str], side: int) -> Mapping[str, tuple[str, ...]]:
    """Return halves by their two outer characters, with single characters and white space under each key that they begin."""
    keys: dict[str, set[str]] = {space: set() for space in _SPACES}
    for half in halves:
        keys.setdefault(half[:_KEY] if side == 0 else half[-_KEY:], set()).add(half)
    for key in [key for key, found in keys.items() if len(key) == 1 and found]:
        for other, found in keys.items():
            if other[side] == key:
                found.add(key)
    return {key: tuple(sorted(found)) for key, found in keys.items()}
