"""The calls of a dialect, as rules of a grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.enforce.call_frame import Frame, frame_of
from adapter.enforce.gbnf.elements import ElementMembers, ElementValues
from adapter.enforce.gbnf.members import KeywordMembers
from adapter.enforce.gbnf.raw_values import RawMembers
from adapter.enforce.gbnf.terminals import in_turn, literal
from adapter.schema.raw_place import RawPlace
from adapter.syntax.notation import JSON
from adapter.syntax.tagged.elements_notation import ElementsNotation

if TYPE_CHECKING:
    from adapter.dialects.registry import Dialect
    from adapter.enforce.gbnf.schema_rules import Grammar
    from adapter.tools.definitions import ToolSet


_MOST_CALLS = 8


ONE_CALL = "more calls than one"  # no common frame exists


class Calls:
    """Rules for the calls of a dialect.

    Args:
        grammar: The grammar that receives the rules.
        dialect: The dialect of the calls.
        tools: The tools that may be called.
    """

    def __init__(self, grammar: Grammar, dialect: Dialect, tools: ToolSet) -> None:
        self.grammar = grammar
        self.dialect = dialect
        self.frames = {tool.name: frame_for(dialect, tool.name) for tool in tools}
        self._arguments = {tool.name: arguments_rule(grammar, self.frames[tool.name], tool) for tool in tools}

    def of(self, name: str, begun: str = "") -> str:
        """A call of a tool, behind the text `begun` of its beginning that is already written."""
        frame = self.frames[name]
        return in_turn(literal(frame.begin.removeprefix(begun)), self._arguments[name], literal(frame.end))

    def rest_of(self, name: str, ended: str) -> str:
        """A turn of calls from the arguments of the first call on, a call of the tool `name`."""
        return in_turn(self._arguments[name], literal(self.frames[name].end), ended)

    def of_any(self, names: list[str], begun: str = "") -> str:
        """A call of any of the tools."""
        return self.grammar.rule(" | ".join(self.of(name, begun) for name in names))

    def ended(self, names: list[str], several: bool) -> str:
        """The rest of a turn after a call: further calls, if allowed, and the end."""
        frame = self.frames[names[0]]
        if not several or frame.between is None:
            if several:
                self.grammar.leave("the answer", ONE_CALL)
            return literal(frame.close)
        another = in_turn(literal(frame.between), self.of_any(names))
        return in_turn(f"({another}){{0,{_MOST_CALLS - 1}}}", literal(frame.close))

    def whole(self, names: list[str], several: bool) -> str:
        """A turn of calls."""
        return in_turn(literal(self.frames[names[0]].block), self.of_any(names), self.ended(names, several))

    def rest(self, names: list[str], several: bool) -> str:
        """A turn of calls, behind the dialect's opening marker."""
        block = self.frames[names[0]].block
        if block:
            return in_turn(literal(block.removeprefix(self.dialect.open)), self.of_any(names), self.ended(names, several))
        return in_turn(self.of_any(names, self.dialect.open), self.ended(names, several))


def frame_for(dialect: Dialect, name: str) -> Frame:
    """The frame of calls of one tool.

    Raises:
        ValueError: The template does not write calls as its call syntax says.
    """
    frame = frame_of(dialect, name)
    if frame is None:
        raise ValueError(f"the template of dialect {dialect.name!r} does not write calls as its syntax says")
    return frame


def arguments_rule(grammar: Grammar, frame: Frame, tool: Any) -> str:
    """A rule for the arguments of a tool."""
    source, place = tool.schema.source, f"{tool.name}: arguments"
    seen = RawPlace(source, (source,))  # as the reader sees them
    members: Any = None
    if frame.raw is not None:
        members = RawMembers(grammar, frame.raw, lambda name: seen.member(name).kinds())
    elif isinstance(grammar.notation, ElementsNotation):
        members = ElementMembers(ElementValues(grammar, grammar.notation), seen)
    elif grammar.notation.brackets != JSON.brackets:
        members = KeywordMembers(grammar)
    return grammar.rule(grammar.schema({"type": "object", **source}, source, place, members))
