"""Frames of calls: the text that a dialect writes around arguments, found by rendering its template.

The template renders turns of one call and of two, with placeholders as arguments. The text before, between and after the
placeholders is the frame, whatever its tags are called; so parser, prompt and grammar cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from adapter.enforce.raw_frame import RawFrame, raw_frame
from adapter.syntax import make_syntax
from adapter.syntax.contract import SyntaxSettings
from adapter.syntax.notation import JSON, between_tags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.syntax.contract import Syntax
    from adapter.syntax.notation import Notation

# Placeholder for arguments in a rendered call: printable, and a name, so that every notation writes the text unchanged.
_HOLE = "the_arguments_9f3"


@dataclass(frozen=True, slots=True)
class Frame:
    """The text around the arguments of a tool's calls.

    Attributes:
        block: Text before the first call if calls share a block, opening marker included; else empty.
        begin: Text before the arguments of each call.
        end: Text after the arguments of each call.
        between: Text between two calls; None if the dialect writes a single call, or numbers calls.
        close: Text after the last call.
        raw: The frame of keys and raw values, if arguments are written as raw values.
    """

    block: str
    begin: str
    end: str
    between: str | None
    close: str
    raw: RawFrame | None = None

    @property
    def before(self) -> str:
        """The text before the arguments of a first call."""
        return self.block + self.begin

    @property
    def after(self) -> str:
        """The text after the arguments of the last call."""
        return self.end + self.close


def turn(dialect: Dialect, *calls: tuple[str, Mapping[str, Any]]) -> str:
    """Render a turn of calls without prose, and without the line breaks that would separate prose from calls."""
    return dialect.assistant("", [dialect.tool_call(name, arguments) for name, arguments in calls]).lstrip()


def notation_of(dialect: Dialect) -> Notation:
    """The notation of values in the dialect's call syntax. JSON as a raw value shows no closing tag."""
    syntax = _syntax(dialect)
    ends = tuple(each for each in syntax.value_ends if not each.startswith("\n"))  # no line in JSON begins with a tag
    return between_tags(ends) if ends and syntax.notation is JSON else syntax.notation


def _syntax(dialect: Dialect) -> Syntax:
    return make_syntax(dialect.syntax, SyntaxSettings(dialect.open, dialect.close, form=dialect.form))


def frame_of(dialect: Dialect, name: str) -> Frame | None:
    """Find the frame of a tool's calls; None for arguments that are neither in the syntax's notation nor raw values."""
    notation = notation_of(dialect)
    hole = {_HOLE: 0}
    before, found, after = turn(dialect, (name, hole)).partition(notation.arguments(hole))
    if found and turn(dialect, (name, {})) == before + notation.arguments({}) + after:
        return _cut(before, _between(dialect, (name, hole), before, found, after), after, dialect.open)
    # A value may begin a line, so a closer that counts at the beginning of a line counts everywhere.
    ends = tuple(each.lstrip("\n") for each in _syntax(dialect).value_ends)
    raw = raw_frame(lambda arguments: turn(dialect, (name, arguments)), ends)
    if raw is None:
        return None
    given, argument = {_HOLE: _HOLE}, raw.key + _HOLE + raw.value + _HOLE + raw.end
    between = _between(dialect, (name, given), raw.head, argument, raw.tail)
    return _cut(raw.head, between, raw.tail, dialect.open, raw)


def _between(dialect: Dialect, call: tuple[str, Mapping[str, Any]], before: str, arguments: str, after: str) -> str | None:
    """Find the text between the arguments of two calls; None if the text differs before a third call: calls are numbered."""
    first, last = before + arguments, arguments + after
    two = turn(dialect, call, call)
    if len(two) < len(first) + len(last) or not two.startswith(first) or not two.endswith(last):
        return None
    between = two[len(first) : len(two) - len(last)]
    return between if turn(dialect, call, call, call) == first + between + arguments + between + last else None


def _cut(before: str, between: str | None, after: str, marker: str, raw: RawFrame | None = None) -> Frame:
    """Cut the texts before, between and after arguments into a frame: repeated text belongs to each call."""
    if between is None:
        return Frame("", before, after, None, "", raw)
    begin = _shared((before[::-1], between[::-1]))[::-1]
    if before.startswith(marker) and 0 < len(before) - len(begin) < len(marker):
        begin = before[len(marker) :]  # a marker stays in one piece
    between = between[: len(between) - len(begin)]
    end = _shared((between, after))
    return Frame(before[: len(before) - len(begin)], begin, end, between[len(end) :], after[len(end) :], raw)


def _shared(texts: Sequence[str]) -> str:
    """The longest common prefix."""
    same = takewhile(lambda characters: len(set(characters)) == 1, zip(*texts, strict=False))
    return "".join(characters[0] for characters in same)


def beginning_of(dialect: Dialect, names: Sequence[str]) -> str:
    """The longest common beginning of calls of the tools."""
    frame = frame_of(dialect, names[0]) if len(names) == 1 else None
    if frame is not None and frame.raw is None:
        return frame.before
    # Names without a common prefix: the common text is the dialect's own.
    return _shared([turn(dialect, (name, {})) for name in ("a_name", "b_name")])
