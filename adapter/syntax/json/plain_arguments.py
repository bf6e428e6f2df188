"""A call in plain JSON, read with one look at each delta while it is written.

What models write is nearly always plain: a name and arguments, objects and lists, keys without escapes, values of the types
that the schema asks for. `PlainArguments` knows that and nothing else. It takes a delta and says which text may leave by now,
as `ArgumentsWriter` does of the tokens of a `JsonWalker`; or it says that the delta is not plain, and then those read all of
it again.

What waits for the next delta is a segment: all from the last bracket, value or end of a string on. It is read from its
beginning each time, by the one pattern for what may stand there, and is rarely longer than a key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from adapter.text.json_tokens import SCALAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.reading import Flowing

    Matcher = Callable[[str, int], re.Match[str]]  # of what matches everywhere, if only nothing

LONGEST_SEGMENT = 200
_DEEPEST = 32
_SPACE = r"[ \t\r\n]*+"
# A key or a name. What could be a tag is not plain: it may end the block.
_WORD = r'[^"\\<\x00-\x1f]*+'
_VALUE = r'(?:(["{\[])|([-\w][-+.\w]*+)|)'
_AFTER_SCALAR = frozenset(" \t\r\n,]}")
_WORDS = {"t": "boolean", "f": "boolean", "n": "null"}

# What may be missing is written `(?:…|)`, which Python's engine passes twice as fast as `(?:…)?`.
# The groups of a pattern, one behind the other: the last that matched says how far the text goes.
_CLOSE, _COMMA, _KEY, _OPEN, _SCALAR = 1, 2, 3, 4, 5


def _matcher(pattern: str) -> Matcher:
    """Matches a pattern that every text begins with, if only with nothing of it."""
    return re.compile(pattern).match  # type: ignore[return-value]  # so it always matches


def _key(key: str, then: str) -> str:
    """A pattern of a key in quotes with what follows it, or of its beginning."""
    begun = "|".join(f'"{key[:size]}' for size in range(len(key), -1, -1))
    return f'(?:"{key}"{then}|{begun}|)'


# A call up to the end of its name, with the name and its last quote; and from there to the first bracket of its arguments. Of
# text that breaks off before, all is matched.
NAME = _matcher(rf"(?:\{{{_SPACE}" + _key("name", rf'{_SPACE}(?::{_SPACE}(?:"({_WORD})(?:(")|)|)|)') + "|)")
TO_ARGUMENTS = _matcher(rf"{_SPACE}(?:,{_SPACE}" + _key("arguments", rf"{_SPACE}(?::{_SPACE}(?:(\{{)|)|)") + "|)")
QUOTES_OF_NAME = 4  # no name ends before so many
# What follows the arguments, up to the closing tag.
_TAIL = _matcher(rf"{_SPACE}(?:(\}}){_SPACE}|)")


class PlainPlace(Protocol):
    """What a schema says of a place in the arguments.

    Attributes:
        text: Whether a string may stand there, and stays as it is.
    """

    text: bool

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that a value may have there; None when nothing is known of it."""

    def lets_be(self, scalar: str) -> bool:
        """Whether a number or a word of such a type stays as it is."""

    def member(self, key: str) -> PlainPlace:
        """The place of an object's member."""

    def item(self, position: int) -> PlainPlace:
        """The place of a list's element."""


class Plain(NamedTuple):
    """What a plain call depends on.

    Attributes:
        special: Finds in a delta what makes it more than text inside a string.
        body: Matches what passes in a string, perhaps nothing.
        half: Matches what may stand after that, to pass with the next delta.
        close: The closing tag.
    """

    special: Callable[[str], re.Match[str] | None]
    body: Matcher
    half: Callable[[str, int], re.Match[str] | None]
    close: str

    @classmethod
    def of(cls, in_string: Flowing, close: str) -> Plain:
        """Calls in whose strings that may stand, up to this tag."""
        return cls(in_string.special.search, _matcher(in_string.body.pattern), in_string.half.match, close)


class Closed(NamedTuple):
    """The end of a block. Positions are counted from the beginning of the delta that has it, and may stand before it.

    Attributes:
        last: What there was of the arguments that had not left.
        end: Where they end.
        tag: Where the closing tag begins.
        after: Where it ends.
    """

    last: str
    end: int
    tag: int
    after: int


class _Container(NamedTuple):
    """What may stand in an object or in a list, as far as the text goes: after its bracket, after a value, after a string."""

    first: Matcher
    after: Matcher
    after_string: Matcher


def _container(close: str, member: str) -> _Container:
    first = rf"{_SPACE}(?:({close})|(){member})"  # an empty group where the comma will stand
    after = rf"{_SPACE}(?:({close})|(,){_SPACE}{member}|)"
    return _Container(_matcher(first), _matcher(after), _matcher(f'"{after}'))


_OBJECT = _container(r"\}", rf'(?:"({_WORD})(?:"{_SPACE}(?::{_SPACE}{_VALUE}|)|)|)')
_LIST = _container(r"\]", rf"(?:(?!)()|){_VALUE}")  # no key


class PlainArguments:
    """The arguments of one call, from behind their first bracket on, and what follows them in a block.

    Args:
        plain: How the call is written.
        place: What the tool's schema says of the arguments.

    Attributes:
        rest: What was read and is read again with the next delta.
        told: How much of that may leave, and has.
        in_string: Whether the text stands inside a string and nothing waits.
        closed: The end of the block, if the last delta has it.
    """

    __slots__ = (
        "_body", "_close", "_complete", "_container", "_due", "_expected", "_half", "_place", "_position", "_stack",
         "closed", "in_string", "rest", "told",
    )  # fmt: skip

    def __init__(self, plain: Plain, place: PlainPlace) -> None:
        self._body = plain.body
        self._half = plain.half
        self._close = plain.close
        self._place = place
        self._position = 0  # in a list
        self._container = _OBJECT
        self._complete = False
        self._due = ""  # of a closing tag that has begun
        self._stack: list[tuple[_Container, PlainPlace, int]] = []
        self._expected: Matcher | None = _OBJECT.first  # None inside a string
        self.rest = ""
        self.told = 0
        self.in_string = False
        self.closed: Closed | None = None

    def feed(self, text: str, at: int = 0) -> str | None:
        """Read the next piece.

        Args:
            text: The piece.
            at: How much of it is known to be text inside the present string; only where nothing waits.

        Returns:
            What may leave by now. None if it is not plain, or closes the block: then `rest` and `told` are as they were before,
            and nothing more is to be read here.
        """
        whole = self.rest + text
        if self._expected is None:
            at = at or self._body(whole, 0).end()
            if at == len(whole) or whole[at] != '"':
                return self._in_text(whole, at)
            self._expected = self._container.after_string
        elif self._due and self._due.startswith(text) and len(text) < len(self._due):
            self.rest, self._due = whole, self._due[len(text) :]
            return ""
        return self._behind(whole, 0) if self._complete else self._walk(whole, at, self._expected)

    def _in_text(self, text: str, at: int) -> str | None:
        """A piece, or the end of one, inside a string, up to where more has to come first. What came before has left."""
        if at < len(text) and not self._half(text, at):
            return None
        text, self.rest, self.told = text[self.told : at], text[at:], 0
        self.in_string = not self.rest
        return text

    def _walk(self, text: str, at: int, expected: Matcher) -> str | None:
        """Go through a piece from there on, where this is expected: outside any string, or at the quote that ends one."""
        size = len(text)
        while True:
            found = expected(text, at)
            end, last = found.end(), found.lastindex
            if last == _OPEN:
                at = self._opened(text, found)
                if at < 0:
                    return None
                if self._expected is None:
                    if at == size or text[at] != '"':
                        return self._in_text(text, at)
                    self._expected = self._container.after_string
            elif last == _CLOSE:
                if not self._stack:
                    return self._behind(text, end)
                self._container, self._place, self._position = self._stack.pop()
                at, self._expected = end, self._container.after
            elif end == size and size - at <= LONGEST_SEGMENT:
                break
            elif end < size and last == _SCALAR and text[end] in _AFTER_SCALAR and self._fits(found):
                at, self._expected = end, self._container.after
            else:
                return None
            expected = self._expected
        sure = end if last == _KEY else at if last is None else _sure(found, last)
        text, self.rest, self.told, self.in_string = text[self.told : sure], text[at:], sure - at, False
        return text

    def _behind(self, text: str, at: int) -> str | None:
        """The arguments are complete, and what follows them stands there."""
        found = _TAIL(text, at)
        rest, braced = text[found.end() :], found[1] is not None
        if braced and rest.startswith(self._close):
            before = len(self.rest)
            tag = found.end() - before
            self.closed = Closed(text[self.told : at], at - before, tag, tag + len(self._close))
            return None
        if (rest and not (braced and self._close.startswith(rest))) or len(text) - at > LONGEST_SEGMENT:
            return None
        self._complete, self._due, self.in_string = True, self._close[len(rest) :] if rest else "", False
        text, self.rest, self.told = text[self.told : at], text[at:], 0
        return text

    def _inner(self, found: re.Match[str]) -> PlainPlace:
        """The place of the value that begins."""
        key = found[_KEY]
        if key is not None:
            return self._place.member(key)
        self._position += bool(found[_COMMA])
        return self._place.item(self._position)

    def _opened(self, text: str, found: re.Match[str]) -> int:
        """A string or a container begins. Returns how far it goes for now; -1 where it may not begin."""
        key, end = found[_KEY], found.end()
        place = self._inner(found) if key is None else self._place.member(key)
        bracket = text[end - 1]
        if bracket == '"':
            self._expected = None
            return self._body(text, end).end() if place.text else -1
        self._stack.append((self._container, self._place, self._position))
        self._container, self._place, self._position = _OBJECT if bracket == "{" else _LIST, place, 0
        self._expected = self._container.first
        return end if len(self._stack) <= _DEEPEST else -1

    def _fits(self, found: re.Match[str]) -> bool:
        """Whether a number or word is one, of a type that may stand here. Whether `5.0` is an integer is asked elsewhere."""
        scalar = found[_SCALAR]
        if not SCALAR.fullmatch(scalar):
            return False
        place, kind = self._inner(found), _WORDS.get(scalar[0], "number")
        kinds = place.kinds()
        whole = kind == "number" and scalar.lstrip("-").isdecimal()
        return (kinds is None or kind in kinds or (whole and "integer" in kinds)) and place.lets_be(scalar)


def _sure(found: re.Match[str], last: int) -> int:
    """Up to where a segment may leave that is not complete: no quote and comma after a value, and no part of a number."""
    return found.start(_COMMA if last == _COMMA or found[_KEY] is None else _SCALAR)
