"""Headers of messages in harmony's format: the reader, and a quick look at plain ones that go on."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.text.names import NAME_SIGNS
from adapter.text.partial import begun, is_half

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 600  # code points of a header
CHANNELS = frozenset({"", "analysis", "commentary", "final"})  # names of channels; others are slips
_TYPES = frozenset({"json", "code", "text"})  # types of text; others are slips
_SPACE = re.compile(r"[ \t\r\n]*")
_MOST_WORDS = 200  # code points of words in a header that belong to no field
_LONG = 5  # times the longest marker: a text that is remembered as passed over, longer than a plain header


@dataclass(frozen=True, slots=True)
class Header:
    """A header.

    Attributes:
        end: Position behind the header.
        role: The writer's role; empty for the model, whose header was begun by the prompt.
        recipient: The recipient, or empty.
        channel: The channel, or empty.
        words: The header holds words that belong to no field, types of text that do not exist, or a field twice.
        empty: No message follows: the next marker ends the message, or begins another.
    """

    end: int
    role: str = ""
    recipient: str = ""
    channel: str = ""
    words: bool = False
    empty: bool = False


class _Passed(NamedTuple):
    """The text that a look at a header passed over in vain, from its second marker on, and from the marker behind that on.

    Attributes:
        texts: The two texts, up to the end of the same marker.
        due: The field that is due there.
    """

    texts: tuple[str, ...] = ()
    due: str = ""


class Headers:
    """Reads headers.

    From a marker on, a look goes the same way whatever stands in front. So a look at the next marker, or at more text, goes on
    where the look before met its last marker; a header that is found so is read once more, for its fields.

    Args:
        markers: The markers in a header, that at its end last.
        ends: Markers that end a message.
        to: The word before a recipient.
        function: The word before a function's name.

    Attributes:
        in_words: Words follow so far, where a marker is due.
    """

    def __init__(self, markers: tuple[str, ...], ends: tuple[str, ...], to: str, function: str) -> None:
        self.in_words = False
        self._markers = markers
        self._marker = re.compile("|".join(map(re.escape, markers)))
        self._due = {markers[0]: "role", markers[1]: "channel"}
        self._word = re.compile(rf"(?P<to>{re.escape(to)})?(?P<word>[@+{NAME_SIGNS}]{{1,160}})")
        self._stops = re.compile("|".join(map(re.escape, (*markers, *ends))))
        self._over = (markers[0], *ends)
        self._literals = (*markers, function)
        self._long = _LONG * max(map(len, markers))
        self._passed = {False: _Passed(), True: _Passed()}

    def repeats(self, text: str, opener: str) -> bool:
        """Tell if a text goes on behind the opener as the text that was passed over before."""
        passed = self._passed[True].texts
        return bool(passed) and text.startswith(passed, len(opener))

    def read(self, text: str, position: int, *, loose: bool) -> Header | bool | None:
        """Read the header at a position. Returns as `Channels.header` does."""
        self.in_words = False
        passed = self._passed[loose]
        found, again = self._scan(text, position, loose, passed)
        if again and isinstance(found, Header):
            found, _ = self._scan(text, position, loose, _Passed())
        return found

    def _scan(self, text: str, start: int, loose: bool, passed: _Passed) -> tuple[Header | bool | None, bool]:
        """Read the header. Returns a second value of True for a look that went on behind the text that was passed over."""
        said: dict[str, Any] = {}
        due, spare = "", False  # the field of the next word; and if a word without a field may follow, the type of the text
        position, limit = start, start + LONGEST
        first, behind, field, known = -1, start, "", ""  # the second marker; the end of the last, and the field due there
        result: Header | bool | None = False
        while position < limit:
            found = _SPACE.match(text, position, limit)
            position = found.end() if found else position
            mark = self._marker.match(text, position)
            if mark is None:
                step = self._word_at(text, position, limit, (due, spare), said, loose)
                if not isinstance(step, tuple):
                    result = step if not isinstance(step, Header) else text.startswith(self._markers, start) and step
                    break
                position, due, spare = step
                continue
            marker = mark.group()
            if marker == self._markers[-1]:
                return Header(position + len(marker), **said), bool(known)
            field = self._due.get(marker, "")
            if position > start:
                first = position if first < 0 else first
                if passed.texts and not known and text.startswith(passed.texts, position):
                    known = passed.texts[not text.startswith(passed.texts[0], position)]
                    marker, field = known, passed.due
            position += len(marker)
            due, spare, behind = field, True, position
        if 0 <= first < behind - self._long:
            second = self._marker.search(text, first + 1, behind)
            self._passed[loose] = _Passed((text[first:behind], text[second.start() if second else first : behind]), field)
        return result, bool(known)

    def _word_at(
        self, text: str, position: int, limit: int, awaited: tuple[str, bool], said: dict[str, Any], loose: bool
    ) -> tuple[int, str, bool] | Header | bool | None:
        """Read a word in a header. Returns the position and what is awaited behind, or the result of the whole look."""
        due, spare = awaited
        if position == len(text) or is_half(text, position, self._literals):
            return None
        word = self._word.match(text, position, limit)
        if word is None or not (word["to"] or due or spare):
            stop = self._words_end(text, position) if loose else -1
            if stop is None or stop < 0:
                return None if stop is None else False
            if text.startswith(self._over, stop):
                return Header(stop, **said, empty=True)
            said["words"] = True
            return stop, due, spare
        if word["to"] or due:
            field = "recipient" if word["to"] else due
            said["words"] = said.get("words", False) or said.get(field, word["word"]) != word["word"]
            said[field] = word["word"]
        else:
            spare, said["words"] = False, said.get("words", False) or word["word"] not in _TYPES
        return None if word.end() == len(text) else (word.end(), due if word["to"] else "", spare)

    def _words_end(self, text: str, position: int) -> int | None:
        """Return the position of the next marker behind words in a header; -1 without a marker, None if more text is needed."""
        found = self._stops.search(text, position, position + _MOST_WORDS)
        if found is not None:
            return found.start()
        self.in_words = len(text) - position < _MOST_WORDS
        return None if self.in_words else -1


@functools.lru_cache(maxsize=16)
def _compiled(channel: str, constrain: str, message: str, role: str, to: str, start: str) -> re.Pattern[str]:
    """Compile the pattern of a plain header without its end; one look at most deltas in a header."""
    opens, channel_, constrain_ = re.escape(start), re.escape(channel), re.escape(constrain)
    names = sorted(CHANNELS - {""})
    rest = begun([f" {to}", to, channel, f" {constrain}", constrain, message, role, " json", "json", *names])
    tool = rf"(?: ?{re.escape(to)}[{NAME_SIGNS}]{{0,128}})?"
    return re.compile(
        rf"(?:{opens}(?:{re.escape(role)})?)?{tool}(?:{channel_}(?:{'|'.join(names)})?)?{tool}"
        rf"(?: ?(?:{constrain_})? ?json)?(?: ?{constrain_})?(?:{rest})?"
    )


def going_on(form: Mapping[str, str], start: str) -> re.Pattern[str]:
    """Return a pattern of the whole of a text that begins a header, and goes on in any case."""
    to = form["recipient"] + form["namespace"]
    return _compiled(form["channel"], form["constrain"], form["message"], form["role"], to, start)
