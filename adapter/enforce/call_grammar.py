"""Grammars of whole answers: text or calls, calls alone, with the thinking before them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal

from adapter.enforce.gbnf import Grammar, literal
from adapter.enforce.raw_values import raw_call, raw_frame, written
from adapter.enforce.tag_schema import tag_schema
from adapter.enforce.text_until import text_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.dialects.registry import Dialect
    from adapter.tools.definitions import ToolSet

_HOLE = "\ufdd0"  # stands for the arguments while a call is rendered; no text holds this code point
_MOST_CALLS = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """What the dialect writes around the arguments of a call, tags and name included."""

    before: str
    after: str


def frame_of(dialect: Dialect, name: str) -> Frame | None:
    """The frame of a tool's calls; None where the dialect does not write arguments as one JSON object."""
    before, hole, after = written(dialect, name, {_HOLE: 0}).partition(json.dumps({_HOLE: 0}, ensure_ascii=False))
    return Frame(before, after) if hole and written(dialect, name, {}) == f"{before}{{}}{after}" else None


def beginning_of(dialect: Dialect, names: Sequence[str]) -> str:
    """What calls of these tools begin with, up to what they do not share."""
    frames = [frame_of(dialect, name) for name in names]
    if len(frames) == 1 and frames[0] is not None:
        return frames[0].before
    # Two names that share nothing, so that what is shared is the dialect's.
    one, other = (written(dialect, name, {}) for name in ("a_name", "b_name"))
    return "".join(character for character, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def has_grammar(dialect: Dialect, form: str | None) -> bool:
    """Whether a grammar of this form describes the dialect's calls: arguments as one JSON object, or keys and raw values."""
    if not dialect.open or not written(dialect, "name", {}).startswith(dialect.open):
        return False
    return frame_of(dialect, "name") is not None or (form == "gbnf" and raw_frame(dialect, "name") is not None)


def _frame(dialect: Dialect, name: str) -> Frame:
    frame = frame_of(dialect, name)
    if frame is None:
        raise ValueError(f"dialect {dialect.name!r} does not write arguments as one JSON object")
    return frame


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


def gbnf(dialect: Dialect, shape: Shape) -> Grammar:
    """The grammar for llama.cpp."""
    grammar = Grammar()
    rests = {tool.name: _rest(grammar, dialect, tool) for tool in shape.tools}
    call_rest = grammar.rule(" | ".join(rest for name, rest in rests.items() if name != shape.reply))
    call = grammar.rule(f"{literal(dialect.open)} {call_rest}")
    more = f'("\\n" {call}){{0,{_MOST_CALLS - 1}}}' if shape.several else ""
    if shape.forced or shape.reply:
        answer = f"{call} {more}".rstrip()
        if shape.reply:
            answer = grammar.rule(f"{answer} | {literal(dialect.open)} {rests[shape.reply]}")
    else:
        answer = text_until(grammar, dialect.open, f"{call_rest} {more}".rstrip(), may_end=True)
    grammar.rules["root"] = _after_thinking(grammar, dialect, answer, shape.thinking)
    return grammar


def _rest(grammar: Grammar, dialect: Dialect, tool: Any) -> str:
    """A call of one tool, after the opening tag."""
    source = tool.schema.source
    raw = raw_frame(dialect, tool.name)
    if raw is not None:
        head = literal(raw.head.removeprefix(dialect.open))
        return grammar.rule(f"{head} {raw_call(grammar, raw, source, tool.name)}")
    frame = _frame(dialect, tool.name)
    arguments = grammar.schema({"type": "object", **source}, source, f"{tool.name}: arguments")
    return grammar.rule(f"{literal(frame.before.removeprefix(dialect.open))} {grammar.rule(arguments)} {literal(frame.after)}")


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
    tags = {tool.name: _tag(dialect, tool, left) for tool in shape.tools}
    reply = None if shape.reply is None else tags.pop(shape.reply, None)
    ends = {"at_least_one": shape.forced or shape.reply is not None, "stop_after_first": not shape.several}
    form: dict[str, Any] = {"type": "triggered_tags", "triggers": [dialect.open], "tags": [*tags.values()], **ends}
    if ends["at_least_one"]:
        form = {"type": "tags_with_separator", "tags": [*tags.values()], "separator": "\n", **ends}
    if reply is not None:
        form = {"type": "or", "elements": [form, reply]} if tags else reply  # words stand alone
    return Tag({"type": "structural_tag", "format": form}, tuple(left))


def _tag(dialect: Dialect, tool: Any, left: list[str]) -> dict[str, Any]:
    """The calls of one tool."""
    frame = _frame(dialect, tool.name)
    schema = tag_schema({"type": "object", **tool.schema.source}, left, f"{tool.name}: arguments")
    content = {"type": "json_schema", "json_schema": schema}
    return {"type": "tag", "begin": frame.before, "content": content, "end": frame.after}
