"""A block of keys and raw values while it is being read.

The reader goes from one `<` to the next. What a tag means depends on where it stands, and inside a value on what follows it as
well: then the tag is held until that is known. Nothing is looked at twice but such a tag.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.block import EagerReader
from adapter.syntax.json.call_forms import read_written
from adapter.syntax.json.end_scanner import End, is_half
from adapter.syntax.reading import Reading, Step, StepKind
from adapter.syntax.skeleton import read_skeleton
from adapter.syntax.tagged.flat_arguments import ArgumentsText
from adapter.text.buffer import BlockText

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings
    from adapter.syntax.reading import Flowing

KEY, KEY_END = "<arg_key>", "</arg_key>"
VALUE, VALUE_END = "<arg_value>", "</arg_value>"
_TAGS = (KEY, KEY_END, VALUE, VALUE_END)
_NOT_SPACE = re.compile(r"[^ \t\r\n]")
# More white space than this between two tags, and they are not neighbours.
_MOST_SPACE = 100
_NAME = re.compile(r"""[ \t\r\n]*(?P<name>[^\s<>{}\[\]"'`]+)""")
# A key and what follows it, where the end of the value before it is missing.
_NEXT_KEY = re.compile(rf"{KEY}(?P<key>[^<>]{{1,200}}){KEY_END}[ \t\r\n]{{0,{_MOST_SPACE}}}{VALUE}")
_HALF_KEY = re.compile(rf"{KEY}[^<>]{{0,200}}(?:\Z|<[^>]{{0,9}}\Z|{KEY_END}[ \t\r\n]{{0,{_MOST_SPACE}}}(?:<[^>]{{0,9}})?\Z)")
CLOSER = r"</(?!arg_)[A-Za-z_][\w.-]{0,40}\s?>"  # of another name, where the end of the block is due
_CLOSER = re.compile(CLOSER)
_HALF_CLOSER = re.compile(r"</?(?:[A-Za-z_][\w.-]{0,40}\s?)?\Z")


class _Where(Enum):
    NAME = auto()
    CALL = auto()  # outside of keys and values
    KEY = auto()
    VALUE = auto()


class ArgKeyBlock(EagerReader):
    """Reads one block, which holds one call.

    Args:
        opening: The opening marker and what stood between it and the name.
        settings: What the dialect says.

    Attributes:
        opening: As given.
        steps: What has become certain of the call.
    """

    def __init__(self, opening: str, settings: SyntaxSettings) -> None:
        self.opening = opening
        self.steps: list[Step] = []
        self._settings = settings
        self._ends = (settings.close, settings.open, *settings.tokens)
        self._where = _Where.NAME
        self._skeleton: list[str] = []
        self._text = BlockText(opening)
        self._read = 0  # characters consumed
        self._base = 0  # turns a position in the text that is being fed into an offset
        self._bounds = (0, 0)  # where the payload ends, and where the block does
        self._name = ""
        self._key: list[str] = []
        self._keyed = False  # a key stands without its value
        self._given: set[str] = set()
        self._arguments = ArgumentsText()
        self._complete = False
        self._fault = ""  # why the block holds no call
        self._oddities: list[str] = []  # what is wrong with the markup of a call that can be read

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        start, end = position, None
        self._base = self._read - start
        while position < len(text) and end is None:
            before = position, self._where
            position, end = self._step(text, position)
            if (position, self._where) == before and end is None:
                break
        self._text.take(text, start, position)
        self._read += position - start
        return position, end

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        if self._where is _Where.NAME:
            return self._begin(text, position), None
        next_tag = text.find("<", position)
        end = len(text) if next_tag < 0 else next_tag
        if end > position:
            self._run(text[position:end])
            return end, None
        if self._where is _Where.VALUE:
            return self._tag_in_value(text, position), None
        return self._tag(text, position)

    def _run(self, text: str) -> None:
        """Text without tags."""
        if self._where is _Where.VALUE:
            self._write(self._arguments.value(text))
        elif self._where is _Where.KEY:
            self._key.append(text)
        elif text.strip(" \t\r\n"):
            self._wrong("text where a tag was due")

    def _begin(self, text: str, position: int) -> int:
        """The name, which was looked at as a whole before the block began."""
        found = _NAME.match(text, position)
        if found is None:
            raise RuntimeError("a block was begun without the name of a tool")
        self._name = found["name"]
        self._where = _Where.CALL
        self.steps.append(Step(StepKind.CALL, self._name, written=self._arguments.written))
        return found.end()

    def _tag(self, text: str, position: int) -> tuple[int, End | None]:
        """A tag outside of values."""
        for literal in self._ends:
            if text.startswith(literal, position):
                return self._end(literal, position)
        tag = next((tag for tag in _TAGS if text.startswith(tag, position)), None)
        if tag is None:
            return self._no_tag(text, position)
        after = position + len(tag)
        if self._where is _Where.KEY and tag not in {KEY_END, VALUE}:
            self._key.append(tag)
            return after, None
        self._skeleton.append(tag)
        if self._where is _Where.KEY:
            self._keyed, self._where = True, _Where.CALL
        if tag == KEY:
            if self._keyed:
                self._fault = "a key without a value"
            self._key, self._where = [], _Where.KEY
        elif tag == VALUE and self._keyed:
            self._open_value()
        elif tag != KEY_END:
            self._wrong(f"{tag} where another tag was due")
        return after, None

    def _no_tag(self, text: str, position: int) -> tuple[int, End | None]:
        """A `<` that begins none of the tags, or not yet."""
        if is_half(text, position, (*_TAGS, *self._ends)):
            return position, None
        if self._where is _Where.KEY:
            self._key.append("<")
            return position + 1, None
        if found := _CLOSER.match(text, position):
            self._complete_call()
            self._bounds = (self._base + position, self._base + found.end())
            return found.end(), End.WRONG_TAG
        if _HALF_CLOSER.match(text, position):
            return position, None
        self._wrong("a tag that means nothing here")
        return position + 1, None

    def _end(self, literal: str, position: int) -> tuple[int, End]:
        """The block ends: at its closing marker, or at what stands in its place."""
        self._complete_call()
        begin = self._base + position
        if literal == self._settings.close:
            self._bounds = (begin, begin + len(literal))
            return position + len(literal), End.TAG
        self._bounds = (begin, begin)
        return position, End.OPENER if literal == self._settings.open else End.TOKEN

    def _complete_call(self) -> None:
        if self._keyed or self._where is _Where.KEY:
            self._fault = "a key without a value"
        if not self._fault:
            self._write(self._arguments.end())
            self._complete = True

    def _open_value(self) -> None:
        key = "".join(self._key).strip()
        self._given.add(key)
        self._keyed, self._where = False, _Where.VALUE
        place = self._settings.place(self._name).member(key)
        self._write(self._arguments.key(key, place, place.kinds(), padded=False))

    def _close_value(self, tag: str) -> None:
        self._skeleton.append(tag)
        self._where = _Where.CALL
        self._write(self._arguments.close())

    def _tag_in_value(self, text: str, position: int) -> int:
        """A `<` inside a value."""
        ends, own = self._ends_value(text, position, at_end=False)
        if ends is None:
            return position
        if ends:
            self._close_value(VALUE_END if own else "")
            return own or position
        self._write(self._arguments.value("<"))
        return position + 1

    def _ends_value(self, text: str, position: int, *, at_end: bool) -> tuple[bool | None, int]:
        """Whether a tag inside a value ends it, or None when more text is needed; and where its own closing tag ends, or 0.

        The value's closing tag does where a key, the end of the block or what stands in its place follows. Where it is missing,
        the key of another parameter of the tool does, and the end of the block with the next block or nothing after it.
        """
        close = self._settings.close
        if text.startswith(VALUE_END, position):
            after = position + len(VALUE_END)
            return self._followed(text, after, (KEY, *self._ends), at_end=at_end), after
        if text.startswith(close, position):
            after = position + len(close)
            return self._followed(text, after, self._ends[1:], at_end=at_end), 0
        if found := _NEXT_KEY.match(text, position):
            key = found["key"].strip()
            return key not in self._given and self._settings.types(self._name, key) is not None, 0
        if at_end:
            return False, 0
        return (None if is_half(text, position, (VALUE_END, close, KEY)) or _HALF_KEY.match(text, position) else False), 0

    def _followed(self, text: str, position: int, literals: tuple[str, ...], *, at_end: bool) -> bool | None:
        """Whether one of the literals or the end of the text follows; None when more text is needed.

        Where the end of the block may follow, another closing tag may as well, with the next block or nothing after it.
        """
        found = _NOT_SPACE.search(text, position, position + _MOST_SPACE)
        if found is None:
            if len(text) - position >= _MOST_SPACE:
                return False
            return True if at_end else None
        place = found.start()
        if any(text.startswith(literal, place) for literal in literals):
            return True
        if KEY in literals and (closer := _CLOSER.match(text, place)):
            return self._followed(text, closer.end(), self._ends[1:], at_end=at_end)
        half = is_half(text, place, literals) or (KEY in literals and _HALF_CLOSER.match(text, place))
        return None if half and not at_end else False

    def flowing(self) -> Flowing | None:
        """What may come now and passes as it is: a string value without tags."""
        return self._arguments.flowing() if self._where is _Where.VALUE else None

    def flowed(self, text: str) -> str:
        """Take text that was matched so. Returns it as JSON."""
        self._text.append(text)
        self._read += len(text)
        return self._arguments.value(text)

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        self._base = self._read
        if self._where is _Where.VALUE and tail and not cut:
            ends, own = self._ends_value(tail, 0, at_end=True)
            if ends:
                self._close_value(VALUE_END if own else "")
                rest = tail[own:].lstrip(" \t\r\n")
                if rest.startswith(self._settings.close) or _CLOSER.match(rest):
                    self._complete_call()
        self._text.append(tail)
        self._read += len(tail)
        self._bounds = (self._read, self._read)
        return End.CUT

    def go_on(self) -> None:
        """Nothing looks complete that is not."""

    def read(self, end: End) -> Reading:
        """The call of the block."""
        del end
        if self._fault or not self._complete:
            return Reading((), fault=self._fault or "the call is not complete")
        return Reading(read_written([(self._name, self._arguments.written)], self._text))

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the nesting of the tags, as lxml reads the block without its keys and values."""
        return (
            tuple(self._oddities)
            + read_skeleton(f"{self.opening}{''.join(self._skeleton)}{self._text.part(*self._bounds)}").faults
        )

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._text.split(self._bounds[1])

    def _write(self, text: str) -> None:
        if text and not self._arguments.doubtful:
            self.steps.append(Step(StepKind.TEXT, text))

    def _wrong(self, what: str) -> None:
        if what not in self._oddities:
            self._oddities.append(what)
