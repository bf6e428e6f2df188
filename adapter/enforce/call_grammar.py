"""Grammars of whole answers: text or calls, calls alone, with the thinking before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from adapter.enforce.call_frame import Frame, frame_of, notation_of
from adapter.enforce.elements import ElementMembers, ElementValues, known_names
from adapter.enforce.gbnf import Grammar
from adapter.enforce.members import KeywordMembers
from adapter.enforce.raw_values import RawMembers
from adapter.enforce.tag_schema import tag_schema
from adapter.enforce.terminals import in_turn, literal
from adapter.enforce.text_before import text_but_calls
from adapter.enforce.text_until import text_until
from adapter.syntax.elements_notation import ElementsNotation
from adapter.syntax.notation import JSON
from adapter.tools.raw_places import RawPlace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.dialects.registry import Dialect
    from adapter.tools.definitions import ToolSet

_MOST_CALLS = 8
_ONE_CALL = "more calls than one"  # where no frame is the same for each of them


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer may be.

    Attributes:
        tools: The tools that may be called.
        forced: Whether it must be a call.
        several: Whether it may be more than one.
        reply: The tool through which it answers in words, alone; then it is a call in every case.
        thinking: Whether the model thinks first: it may, or it is in the middle of it when its answer begins.
    """

    tools: ToolSet
    forced: bool = False
    several: bool = False
    reply: str | None = None
    thinking: Literal["no", "may", "begun"] = "no"

    @property
    def always(self) -> bool:
        """Whether the answer is a call in every case."""
        return self.forced or self.reply is not None


def has_grammar(dialect: Dialect) -> bool:
    """Whether a grammar describes the dialect's calls: its template writes them as its call syntax says."""
    return frame_of(dialect, "name") is not None


def no_grammar(dialect: Dialect, tools: ToolSet) -> str:
    """Why no grammar describes calls of these tools; empty where one does."""
    if not has_grammar(dialect):
        return f"there is no grammar for the calls of dialect {dialect.name!r}"
    keys = notation_of(dialect).keys
    for tool in tools:
        if keys is not None and not known_names(tool.schema.source, keys):
            return f"there is no grammar in dialect {dialect.name!r} for the names that arguments of {tool.name!r} may have"
    return ""


class Calls:
    """The calls of a dialect, in a grammar.

    Args:
        grammar: The grammar.
        dialect: How calls are written.
        tools: The tools that may be called.
    """

    def __init__(self, grammar: Grammar, dialect: Dialect, tools: ToolSet) -> None:
        self.grammar = grammar
        self.dialect = dialect
        self.frames = {tool.name: _frame(dialect, tool.name) for tool in tools}
        self._arguments = {tool.name: _arguments(grammar, self.frames[tool.name], tool) for tool in tools}

    def of(self, name: str, begun: str = "") -> str:
        """A call of one tool, from behind what has been written of it."""
        frame = self.frames[name]
        return in_turn(literal(frame.begin.removeprefix(begun)), self._arguments[name], literal(frame.end))

    def rest_of(self, name: str, ended: str) -> str:
        """A turn of calls, from behind what stands before the arguments of the first, which is of this tool."""
        return in_turn(self._arguments[name], literal(self.frames[name].end), ended)

    def of_any(self, names: list[str], begun: str = "") -> str:
        """A call of one of these."""
        return self.grammar.rule(" | ".join(self.of(name, begun) for name in names))

    def ended(self, names: list[str], several: bool) -> str:
        """What follows a call: others, if there may be any, and the end."""
        frame = self.frames[names[0]]
        if not several or frame.between is None:
            if several:
                self.grammar.leave("the answer", _ONE_CALL)
            return literal(frame.close)
        another = in_turn(literal(frame.between), self.of_any(names))
        return in_turn(f"({another}){{0,{_MOST_CALLS - 1}}}", literal(frame.close))

    def whole(self, names: list[str], several: bool) -> str:
        """A turn of calls."""
        return in_turn(literal(self.frames[names[0]].block), self.of_any(names), self.ended(names, several))

    def rest(self, names: list[str], several: bool) -> str:
        """A turn of calls, from behind the dialect's opening marker on."""
        block = self.frames[names[0]].block
        if block:
            return in_turn(literal(block.removeprefix(self.dialect.open)), self.of_any(names), self.ended(names, several))
        return in_turn(self.of_any(names, self.dialect.open), self.ended(names, several))


def _frame(dialect: Dialect, name: str) -> Frame:
    frame = frame_of(dialect, name)
    if frame is None:
        raise ValueError(f"the template of dialect {dialect.name!r} does not write calls as its syntax says")
    return frame


def _arguments(grammar: Grammar, frame: Frame, tool: Any) -> str:
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


def _marked(dialect: Dialect, frames: Mapping[str, Frame]) -> bool:
    """Whether calls are told from text by the dialect's opening marker."""
    return bool(dialect.open) and all(frame.before.startswith(dialect.open) for frame in frames.values())


def gbnf(dialect: Dialect, shape: Shape) -> Grammar:
    """The grammar for llama.cpp."""
    grammar = Grammar(notation_of(dialect))
    calls = Calls(grammar, dialect, shape.tools)
    names = [name for name in calls.frames if name != shape.reply]
    if shape.always:
        ways = [calls.whole(names, shape.several)] if names else []
        ways += [] if shape.reply is None else [calls.whole([shape.reply], several=False)]
        answer = grammar.rule(" | ".join(ways))
    elif _marked(dialect, calls.frames):
        answer = text_until(grammar, dialect.open, calls.rest(names, shape.several), may_end=True)
    else:
        answer = text_but_calls(calls, names, several=shape.several)
    grammar.rules["root"] = _after_thinking(grammar, dialect, answer, shape.thinking)
    return grammar


def _after_thinking(grammar: Grammar, dialect: Dialect, answer: str, thinking: str) -> str:
    if thinking == "no" or dialect.reasoning is None:
        return answer
    opening, closing = dialect.reasoning
    thought = text_until(grammar, closing, f"[ \\n]{{0,4}} {grammar.rule(answer)}", may_end=False)
    return thought if thinking == "begun" else f"{literal(opening)} {thought} | {grammar.rule(answer)}"


@dataclass(frozen=True, slots=True)
class Tag:
    """A structural tag.

    Attributes:
        form: The request's `structural_tag`.
        unenforced: Which keywords, and where, are left to validation.
    """

    form: dict[str, Any]
    unenforced: tuple[str, ...]


def structural_tag(dialect: Dialect, shape: Shape) -> Tag:
    """The same for xgrammar, as vLLM and SGLang take it; thinking is theirs to let pass."""
    left: list[str] = []
    frames = {tool.name: _frame(dialect, tool.name) for tool in shape.tools}
    if not shape.always and not _marked(dialect, frames):  # nothing triggers a tag there
        grammar = gbnf(dialect, replace(shape, thinking="no"))
        return Tag({"type": "structural_tag", "format": _grammar(grammar.text())}, tuple(grammar.unenforced))
    contents = {tool.name: _content(dialect, frames[tool.name], tool, left) for tool in shape.tools}
    reply = None
    if shape.reply is not None:
        reply = _tag(frames[shape.reply].before, contents.pop(shape.reply), frames.pop(shape.reply).after)
    form = _turn(dialect, shape, frames, contents, left) if frames else reply
    if frames and reply is not None:
        form = {"type": "or", "elements": [form, reply]}  # words stand alone
    return Tag({"type": "structural_tag", "format": form}, tuple(left))


def _turn(
    dialect: Dialect, shape: Shape, frames: dict[str, Frame], contents: dict[str, Any], left: list[str]
) -> dict[str, Any]:
    """The calls of an answer, or text and calls."""
    frame = next(iter(frames.values()))
    several = shape.several and frame.between is not None
    if shape.several and not several:
        left.append(f"the answer: {_ONE_CALL}")
    if several and frame.block:  # they share a block, or more than their markers stands around them
        tags = [_tag(frames[name].begin, content, frames[name].end) for name, content in contents.items()]
        block = _tag(frame.block, _separated(tags, frame.between, several=True), frame.close)
        return block if shape.always else _triggered(dialect, [block], several=False)
    tags = [_tag(frames[name].before, content, frames[name].after) for name, content in contents.items()]
    if shape.always:
        return _separated(tags, frame.between or "", several=several)
    return _triggered(dialect, tags, several=several)


def _tag(begin: str, content: dict[str, Any], end: str) -> dict[str, Any]:
    return {"type": "tag", "begin": begin, "content": content, "end": end}


def _separated(tags: list[dict[str, Any]], separator: str | None, *, several: bool) -> dict[str, Any]:
    ends = {"at_least_one": True, "stop_after_first": not several}
    return {"type": "tags_with_separator", "tags": tags, "separator": separator, **ends}


def _triggered(dialect: Dialect, tags: list[dict[str, Any]], *, several: bool) -> dict[str, Any]:
    ends = {"at_least_one": False, "stop_after_first": not several}
    return {"type": "triggered_tags", "triggers": [dialect.open], "tags": tags, **ends}


def _content(dialect: Dialect, frame: Frame, tool: Any, left: list[str]) -> dict[str, Any]:
    """The arguments of a tool: a schema where they are JSON, a grammar where the dialect writes them in another way."""
    notation = notation_of(dialect)
    if frame.raw is None and notation is JSON:
        schema = tag_schema({"type": "object", **tool.schema.source}, left, f"{tool.name}: arguments")
        return {"type": "json_schema", "json_schema": schema}
    grammar = Grammar(notation)
    grammar.rules["root"] = _arguments(grammar, frame, tool)
    left += grammar.unenforced
    return _grammar(grammar.text())


def _grammar(text: str) -> dict[str, Any]:
    return {"type": "grammar", "grammar": text}
