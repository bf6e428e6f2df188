"""A cursor over one JSON value that arrives delta by delta: strict, with its place in the schema, and with text that may leave.

`JsonCursor` is fed the text from the first character of an object or list on. It says which text may leave by now (a string as
it grows, a scalar when it is complete, coerced where its place asks for that), and where the value ends. The first character
that is not JSON breaks the cursor: no more text leaves, and `handover` gives the state from which a lenient reader goes on, so
that nothing is read from the beginning again.

Plain text is read by segments (text/json_plain.py): one look at each delta. Other text goes through text/json_careful.py up to
the next place where plain text may follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.text.json_careful import Careful, Due
from adapter.text.json_handover import Handover
from adapter.text.json_plain import AFTER_SCALAR, CLOSE, COMMA, KEY, LIST, LONGEST_SEGMENT, NUMBER, OBJECT, OPEN, SCALAR, START

if TYPE_CHECKING:
    import re

    from adapter.text.json_gate import Edit, ValuePlace
    from adapter.text.json_handover import Then
    from adapter.text.json_plain import Container, InString, Matcher

_MOST_BRACKETS = 4  # wait at the end of a string: as many as `InString.half` lets wait
_WORDS = {"t": "boolean", "f": "boolean", "n": "null"}


class JsonCursor:
    """Reads one JSON object or list.

    Args:
        inside: Patterns of strings in the block that holds the value.
        place: The place of the value in a schema.

    Attributes:
        special: Finds in a delta the characters that need more than this search inside a string.
        passed: Code points fed; the caller adds those of deltas that were followed.
        rest: The last characters of these, which are read again with the next delta. When `over`: what follows the value, its
            last bracket included, or the text from the first character that is not JSON on.
        in_string: The text stands in a string that leaves as it grows, and no character waits: a delta without special
            characters may leave as it is.
        over: The value is complete, or broken.
        broken: A character came that is not JSON.
        complete: The value is complete and all of it has left.
        container: The present container.
        place: Its place.
        position: The index of the present element in a list.
        stack: The containers around it.
        expected: Matches the next segment; None inside a string.
        edits: Values that left coerced.
        then: The reader of the text behind the value, for deltas that are followed.
    """

    __slots__ = (
        "_body", "_careful", "_counted", "_grown", "_half", "_left", "_slow", "_told", "_tried", "broken", "complete",
        "container", "edits", "expected", "in_string", "inside", "over", "passed", "place", "position", "rest", "special",
        "stack", "then",
    )  # fmt: skip

    def __init__(self, inside: InString, place: ValuePlace) -> None:
        self.inside = inside
        self.special, self._body, self._half = inside.special, inside.body, inside.half
        self.place = place
        self.container: Container = START
        self.position = 0
        self.stack: list[tuple[Container, ValuePlace, int]] = []
        self.expected: Matcher | None = START.first
        self.rest = ""
        self._told = 0  # code points of the rest that have left
        self._left = 0  # code points that have left, when the rest belongs to the careful reader
        self._careful: Careful | None = None
        self._slow = False  # the rest belongs to the careful reader
        self._tried: str | None = None  # a delta was read and is not plain: text of it that may leave
        self.edits: list[Edit] = []
        self._counted = self._grown = 0  # edits whose growth is known, and the growth
        self.then: Then | None = None
        self.passed = 0
        self.in_string = self.over = self.broken = self.complete = False

    @property
    def pending(self) -> bool:
        """The last delta was followed in vain: the next `feed` must get the same delta."""
        return self._tried is not None

    @property
    def sent(self) -> int:
        """Code points that have left: all but the waiting text, coerced values at their new length."""
        return self._left if self._slow and self._left >= 0 else self._passed_on()

    def _passed_on(self) -> int:
        """Return `sent` for plain text."""
        for start, end, new in self.edits[self._counted :]:
            self._grown += len(new) - (end - start)
        self._counted = len(self.edits)
        return self.passed - len(self.rest) + self._told + self._grown

    def feed(self, text: str) -> str:
        """Read a delta. Returns the text that may leave by now."""
        self.passed += len(text)
        self.then = None
        if self._tried is None:
            if self._slow:
                return self._read(self.rest + text)
            said = self.follow(text)
            if said is not None:
                return said
        said, self._tried = self._tried or "", None
        if self.over:
            self._left = self._passed_on()
            return said
        return said + self._read(self.rest)

    def follow(self, text: str) -> str | None:
        """Read a delta if it is plain and does not end the value.

        The caller counts the deltas that were followed (`passed`), and gives a delta that was not to `feed`.

        Returns:
            The text that may leave by now; None when the delta is not plain, or ends the value.
        """
        if self._slow:
            return self.then.follow(text) if self.over and self.then is not None else None
        text = self.rest + text
        at, size, expected = 0, len(text), self.expected
        while True:
            if expected is None:
                at = self._body(text, at).end()
                if at == size:
                    said, self.rest, self._told, self.in_string = text[self._told :], "", 0, True
                    return said
                if text[at] != '"':
                    return self._in_text(text, at)
                expected = self.expected = self.container.after_string
            found = expected(text, at)
            end, last = found.end(), found.lastindex
            if last == CLOSE:
                if len(self.stack) == 1:
                    return self._ended(text, end)
                self.pop()
                self.expected = self.container.after
            elif last != OPEN and end == size and size - at <= LONGEST_SEGMENT:
                break
            elif not (self._opened(text[end - 1], found) if last == OPEN else self._passed(text, end, found)):
                return self._stuck(text, at)
            at, expected = end, self.expected
        sure = end if last == KEY else at if last is None else _sure(found, last)
        said, self.rest, self._told, self.in_string = text[self._told : sure], text[at:], sure - at, False
        return said

    def handover(self) -> Handover:
        """The state for the reader that goes on: behind the last bracket, from a fault on, or at the end of the completion."""
        unread, depth, careful = self.rest, len(self.stack), self._careful
        offset = self.passed - len(unread)
        if self.over and not self.broken:
            return Handover(unread, offset, depth, False, False, None, "}")
        if self._slow and careful is not None:
            due, tag = careful.due, careful.tag
            ended = tag is not None and (due is Due.AFTER or due is Due.COLON)
            return Handover(unread, offset, depth, due is Due.STRING or due is Due.KEY, ended, tag, careful.before())
        container, expected = self.container, self.expected
        in_string = expected is None or expected is container.after_string
        before = container.bracket or "{" if expected is container.first else "}"
        return Handover(unread, offset, depth, in_string, False, None, before)

    def push(self, container: Container, place: ValuePlace) -> None:
        """Enter a container."""
        self.stack.append((self.container, self.place, self.position))
        self.container, self.place, self.position = container, place, 0

    def enter(self) -> None:
        """Enter an object whose bracket the caller has read; the text fed begins behind the bracket."""
        self.push(OBJECT, self.place)
        self.expected = OBJECT.first

    def pop(self) -> None:
        """Leave the present container."""
        self.container, self.place, self.position = self.stack.pop()

    def _in_text(self, text: str, at: int) -> str | None:
        """Read a piece of a string, up to text that must wait for more."""
        if at < len(text) and not self._half(text, at):
            least = max(at - _MOST_BRACKETS, 0)
            while at > least and text[at - 1] in "]}":  # they wait when a marker or a fault follows
                at -= 1
            return self._stuck(text, at)
        said, self.rest = text[self._told : at], text[at:]
        self._told, self.in_string = 0, at == len(text)
        return said

    def _stuck(self, text: str, at: int) -> str | None:
        """Stop at the boundary `at`, before text that is not plain."""
        self._tried = text[self._told : at]
        self.rest, self._told = text[at:], max(0, self._told - at)
        self.in_string = False
        return None

    def _ended(self, text: str, end: int) -> str | None:
        """Stop at the end of the value."""
        said, then = text[self._told : end], self.then
        self.rest, self._told = text[end - 1 :], 1
        self.over = self.complete = self._slow = True
        self.in_string = False
        if then is not None and then.behind(text[end:]):
            self.rest, self._left = self.rest[:1], -1
            return said
        self._tried, self.then = said, None
        return None

    def _opened(self, bracket: str, found: re.Match[str]) -> bool:
        """Enter a string or container; False refuses a string that is perhaps coerced."""
        key, position = found[KEY], self.position
        if key is not None:
            place = self.place.member(key)
        elif self.container is START:
            place = self.place
        else:
            position += bool(found[COMMA])
            place = self.place.item(position)
        if bracket == '"':
            if not place.text:
                return False
            self.position, self.expected = position, None
            return True
        self.position = position
        self.push(OBJECT if bracket == "{" else LIST, place)
        self.expected = self.container.first
        return True

    def _passed(self, text: str, end: int, found: re.Match[str]) -> bool:
        """Pass over a number or word that ends before `end`, if it is valid, and of a type that stays.

        The careful reader judges 5.0 as an integer.
        """
        if found.lastindex != NUMBER or end == len(text) or text[end] not in AFTER_SCALAR:
            return False
        scalar, key, comma = found.group(NUMBER, KEY, COMMA)
        if not SCALAR.fullmatch(scalar):
            return False
        position = self.position + bool(comma)
        place = self.place.member(key) if key is not None else self.place.item(position)
        kinds, kind = place.kinds(), _WORDS.get(scalar[0], "number")
        whole = kind == "number" and scalar.lstrip("-").isdecimal()
        if not ((kinds is None or kind in kinds or (whole and "integer" in kinds)) and place.lets_be(scalar)):
            return False
        self.position, self.expected = position, self.container.after
        return True

    def _read(self, text: str) -> str:
        """Read to the end of the text, in turn with care up to a boundary, and plainly."""
        careful = self._careful
        if careful is None:
            careful = self._careful = Careful(self, self.edits)
        if not self._slow:
            careful.begin(self.expected)
            self._left = self._passed_on()
        self._slow, self.rest, at = True, "", 0
        out: list[str] = []
        while True:
            said, at = careful.run(text, at)
            if self._told:
                said, self._told = said[self._told :], max(0, self._told - len(said))
            out.append(said)
            self._left += len(said)
            if at < 0:
                return "".join(out)
            self._slow, self._told = False, 0
            passed = self.follow(text[at:])
            if passed is not None:
                return "".join([*out, passed])
            self._slow = True
            out.append(self._tried or "")
            self._tried, self._left = None, self._passed_on()
            if self.over:
                return "".join(out)
            careful.begin(self.expected)
            text, self.rest, at = self.rest, "", 0


def _sure(found: re.Match[str], last: int) -> int:
    """Return the position up to which an incomplete segment may leave: no quote or comma behind a value, no part of numbers."""
    return found.start(COMMA if last == COMMA or found[KEY] is None else NUMBER)
