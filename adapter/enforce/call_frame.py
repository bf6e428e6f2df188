"""What a dialect writes around the arguments of a call, found out from what its template writes.

A template is asked for turns of one call and of two, with arguments that no text holds. What stands before, between and after
them is the frame, whatever its tags are called.
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

# Stands for the arguments while a call is rendered: printable, and a name, so that each notation writes it as it is.
_HOLE = "the_arguments_9f3"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the arguments of a tool's calls.

    Attributes:
        block: Before the first call, where several share a block; it holds the opening marker then.
        begin: Before the arguments of each.
        end: After them.
        between: Between two calls; None where the dialect does not write two, or numbers them.
        close: After the last.
        raw: How keys and raw values are written, where the arguments are such.
    """

    block: str
    begin: str
    end: str
    between: str | None
    close: str
    raw: RawFrame | None = None

    @property
    def before(self) -> str:
        """All that stands before the arguments of a first call."""
        return self.block + self.begin

    @property
    def after(self) -> str:
        """All that stands after those of the last."""
        return self.end + self.close


def turn(dialect: Dialect, *calls: tuple[str, Mapping[str, Any]]) -> str:
    """A turn of calls and nothing else, without the line breaks that would part it from words."""
    return dialect.assistant("", [dialect.tool_call(name, arguments) for name, arguments in calls]).lstrip()


def notation_of(dialect: Dialect) -> Notation:
    """How the dialect's call syntax writes values; JSON that is a raw value shows no closing tag."""
    syntax = _syntax(dialect)
    ends = tuple(each for each in syntax.value_ends if not each.startswith("\n"))  # no line in JSON begins with a tag
    return between_tags(ends) if ends and syntax.notation is JSON else syntax.notation


def _syntax(dialect: Dialect) -> Syntax:
    return make_syntax(dialect.syntax, SyntaxSettings(dialect.open, dialect.close, form=dialect.form))


def frame_of(dialect: Dialect, name: str) -> Frame | None:
    """The frame of a tool's calls; None where the template does not write arguments as the syntax says, nor as raw values."""
    notation = notation_of(dialect)
    hole = {_HOLE: 0}
    before, found, after = turn(dialect, (name, hole)).partition(notation.arguments(hole))
    if found and turn(dialect, (name, {})) == before + notation.arguments({}) + after:
        return _cut(before, _between(dialect, (name, hole), before, found, after), after, dialect.open)
    # A value begins a line too, where its tag ends one: what counts there counts everywhere.
    ends = tuple(each.lstrip("\n") for each in _syntax(dialect).value_ends)
    raw = raw_frame(lambda arguments: turn(dialect, (name, arguments)), ends)
    if raw is None:
        return None
    given, argument = {_HOLE: _HOLE}, raw.key + _HOLE + raw.value + _HOLE + raw.end
    between = _between(dialect, (name, given), raw.head, argument, raw.tail)
    return _cut(raw.head, between, raw.tail, dialect.open, raw)


def _between(dialect: Dialect, call: tuple[str, Mapping[str, Any]], before: str, arguments: str, after: str) -> str | None:
    """What stands between the arguments of two calls; None where it is another before a third: then calls are numbered."""
    first, last = before + arguments, arguments + after
    two = turn(dialect, call, call)
    if len(two) < len(first) + len(last) or not two.startswith(first) or not two.endswith(last):
        return None
    between = two[len(first) : len(two) - len(last)]
    return between if turn(dialect, call, call, call) == first + between + arguments + between + last else None


def _cut(before: str, between: str | None, after: str, marker: str, raw: RawFrame | None = None) -> Frame:
    """The frame, from what stands before, between and after the arguments of calls: what is repeated belongs to each call."""
    if between is None:
        return Frame("", before, after, None, "", raw)
    begin = _shared((before[::-1], between[::-1]))[::-1]
    if before.startswith(marker) and 0 < len(before) - len(begin) < len(marker):
        begin = before[len(marker) :]  # a marker is not cut
    between = between[: len(between) - len(begin)]
    end = _shared((between, after))
    return Frame(before[: len(before) - len(begin)], begin, end, between[len(end) :], after[len(end) :], raw)


def _shared(texts: Sequence[str]) -> str:
    """What texts begin with."""
    same = takewhile(lambda characters: len(set(characters)) == 1, zip(*texts, strict=False))
    return "".join(characters[0] for characters in same)


def beginning_of(dialect: Dialect, names: Sequence[str]) -> str:
    """What calls of these tools begin with, up to what they do not share."""
    frame = frame_of(dialect, names[0]) if len(names) == 1 else None
    if frame is not None and frame.raw is None:
        return frame.before
    # Two names that share nothing, so that what is shared is the dialect's.
    return _shared([turn(dialect, (name, {})) for name in ("a_name", "b_name")])
