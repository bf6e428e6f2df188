"""A look at an answer without calls, at its end: calls in a form that is not read (behaviour 1.15, 1.18).

    the own opening marker, and no payload behind   ──► `unreadable`
    the opening markers of another dialect          ──► `other_dialect`
    one valid call as JSON among words              ──► `near_call`

Nothing found here is run. Nearly all answers cost one search for characters of markers; the readings in other dialects follow
only where markers stand.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from adapter.completion.near_call import may_be_near, near_call
from adapter.dialects import families
from adapter.dialects.registry import resolve
from adapter.events import CallFinished, Event, Markup, Problem, TextDelta
from adapter.text.names import NAME_SIGNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from adapter.completion.request_rules import Rules
    from adapter.dialects.families import Family
    from adapter.dialects.registry import Dialect
    from adapter.options import Options
    from adapter.syntax.contract import Syntax
    from adapter.tools.definitions import ToolSet

    # Reads a text by rules and options, without a further look.
    Reader: TypeAlias = Callable[[str, Rules, Options], list[Event]]

_MOST_READINGS = 12  # other dialects in which one answer is read,
_MOST_READ = 1 << 20  # and code points in all of them together; the first is read in any case
_MOST_NAMES = 8  # in a message
_MOST_PLACES = 16  # of one marker
_BEGINNINGS, _ENDS = frozenset("[{`"), frozenset("]})`")  # of calls without markers
_LONGEST_BLOCK = 4096  # code points between a marker and the closing one, for a block that is no block
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_FIRST_WORD = re.compile(rf"\s*[{NAME_SIGNS}]+")


def missed_calls(text: str, rules: Rules, options: Options, read: Reader, *, thought: bool) -> list[Event]:
    """Return the problems of an answer without calls.

    Args:
        text: The answer as the model wrote it.
        rules: The rules of the request, with tools that may be called.
        options: The options of the caller.
        read: Reads a text.
        thought: The answer holds reasoning, which is not looked at.
    """
    dialect = resolve(options.dialect)
    marked = families.may_be_marked(text) or families.stands_in(dialect.open, text)
    alone = _first_sign(text) in _BEGINNINGS and text.rstrip()[-1:] in _ENDS
    if not (marked or alone or may_be_near(text, rules.tools, dialect)):
        return []
    plain = dataclasses.replace(rules, parallel=None, constrained=False, invalid_as_text=False, reply=None, incremental=False)
    if thought:
        text = spoken(read(text, plain, dataclasses.replace(options, calls_in_thinking=False)))
    plain = dataclasses.replace(plain, thinking=False)
    options = dataclasses.replace(options, thinking_prefilled=False, calls_in_thinking=None, on_event=None)
    look = Look(text, plain, options, dialect, read)
    out: list[Event] = [*look.unread_blocks(), *look.other_dialect()] if marked else []
    if not look.found:
        near = near_call(text, plain, options, dialect, read)
        out += [near] if near is not None else look.unmarked() if alone else []
    return out


def _first_sign(text: str) -> str:
    """Return the first character that is no white space; a copy of the text would take longer than the search for calls."""
    return next((sign for sign in text if not sign.isspace()), "")


def spoken(events: Iterable[Event]) -> str:
    """Return a completion without its reasoning."""
    return "".join(event.text for event in events if isinstance(event, TextDelta | Markup))


class Marks:
    """Opening markers of other dialects in a text.

    Attributes:
        places: The first place of each marker, less the markers that are the own dialect's too.
        families: The families of dialects with these markers.
    """

    __slots__ = ("families", "places")

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.families: list[Family] = []

    def join(self, others: Marks) -> None:
        """Take in the markers of an earlier text."""
        self.places = {**self.places, **dict.fromkeys(others.places, 0)}
        self.families += [family for family in others.families if family not in self.families]

    def told(self, said: str, text: str) -> Problem:
        """Return the problem of an answer with these markers."""
        marks = _listed(sorted(self.places, key=self.places.__getitem__))
        others = (family for family in self.families if self.places.keys() & set(family.syntax.openings))
        holds = f", but the marks of another dialect: {marks} ({_names(others)})" if marks else ""
        return Problem(
            "other_dialect", f"the answer holds no call{holds}; {said}", text[min(self.places.values(), default=0) :]
        )


def foreign_marks(text: str, dialect: Dialect) -> Marks:
    """Find the opening markers of other dialects in a text."""
    marks = Marks()
    own, own_openings = families.alike(dialect), families.syntax_for(dialect).openings
    for family in families.marked_in(text):
        if families.alike(family.dialect) == own:
            continue
        there = dict(reversed(list(_places(text, family.syntax))))
        if there:
            marks.families.append(family)
            marks.places |= {one: place for one, place in there.items() if one not in own_openings}
    return marks


class Look:
    """The look at one answer.

    Attributes:
        found: The answer holds valid calls in the form of another dialect.
    """

    def __init__(self, text: str, rules: Rules, options: Options, dialect: Dialect, read: Reader) -> None:
        self._text = text
        self._rules = rules
        self._options = options
        self._dialect = dialect
        self._read = read
        self._may_name = _may_name(text, rules.tools)
        self.found = False

    def unread_blocks(self) -> list[Problem]:
        """Return the problem of the first block whose opening marker is the dialect's own and begins no payload."""
        own = families.syntax_for(self._dialect)
        if own.has_passages:
            return []
        for opening, start in _places(self._text, own):
            if own.opening(opening, self._text, start + len(opening))[1] is not False:
                continue
            raw = self._block(start, start + len(opening))
            tool = self._rules.tools.named_in(raw)
            if tool:
                message = f"a block holds no readable call of {tool!r}: the text behind {opening!r} begins no call"
                return [Problem("unreadable", message, raw, tool=tool)]
        return []

    def _block(self, start: int, inside: int) -> str:
        """Return the text of a block: up to the closing marker, or without one the first word."""
        close = self._dialect.close
        if not close:
            word = _FIRST_WORD.match(self._text, inside)
            return self._text[start : word.end()] if word else ""
        end = self._text.find(close, inside, inside + _LONGEST_BLOCK)
        return self._text[start : end + len(close)] if end >= 0 else ""

    def other_dialect(self) -> list[Problem]:
        """Return the problem of an answer with the markers of other dialects."""
        marks = foreign_marks(self._text, self._dialect)
        said = self._said(marks.families) or ("none of them reads a valid call" if marks.places else "")
        return [marks.told(said, self._text)] if said else []

    def unmarked(self) -> list[Problem]:
        """Return the problem of an answer that is nothing but calls of a dialect without markers."""
        if not self._rules.tools.named_in(self._text):
            return []
        own = families.alike(self._dialect)
        said = self._said([family for family in families.unmarked() if families.alike(family.dialect) != own])
        return [Marks().told(said, self._text)] if said else []

    def _said(self, others: Sequence[Family]) -> str:
        """Return words about the valid calls in the answer, read as other dialects; empty without any."""
        most = min(_MOST_READINGS, max(1, _MOST_READ // max(1, len(self._text))))
        readings = [(family, names) for family in others[:most] if (names := self._calls(family))]
        self.found = self.found or bool(readings)
        return f"read as {_names(family for family, _ in readings)} it holds {_calls(readings[0][1])}" if readings else ""

    def _calls(self, family: Family) -> list[str]:
        """Return the names of the calls in the answer, read as another dialect; none unless all calls are valid."""
        if not self._may_name:
            return []
        options = dataclasses.replace(self._options, dialect=family.dialect, recover=False)
        calls = [event for event in self._read(self._text, self._rules, options) if isinstance(event, CallFinished)]
        return [call.name for call in calls] if all(call.valid for call in calls) else []


def _may_name(text: str, tools: ToolSet) -> bool:
    """Tell if a text may hold a valid call: without escapes the plain name of a tool stands in each."""
    return "\\" in text or "&" in text or any(name in text or not _PLAIN_NAME.fullmatch(name) for name in tools.names)


def _places(text: str, syntax: Syntax) -> Iterator[tuple[str, int]]:
    """Find opening markers that are no mentions, the first few of each.

    A mention stands behind a backtick. A marker that is a word begins a call only in front of a payload.
    """
    for opening in syntax.openings:
        word = opening.isalpha()
        if not word and not families.tells(opening):
            continue
        place = text.find(opening)
        for _ in range(_MOST_PLACES):
            if place < 0:
                break
            end = place + len(opening)
            if text[place - 1 : place] != "`" and (not word or syntax.opening(opening, text, end)[1]):
                yield opening, place
            place = text.find(opening, end)


def _listed(texts: Iterable[str]) -> str:
    return " and ".join(map(repr, texts))


def _calls(names: Sequence[str]) -> str:
    different = _listed(dict.fromkeys(names))
    return f"a valid call of {different}" if len(names) == 1 else f"{len(names)} valid calls, of {different}"


def _names(found: Iterable[Family]) -> str:
    names = [name for family in found for name in family.names]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(map(repr, names[:_MOST_NAMES])) + more
