"""Structural tags of xgrammar, as vLLM and SGLang take them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from adapter.enforce.call_frame import Frame, notation_of
from adapter.enforce.gbnf.answer import gbnf, marked_calls
from adapter.enforce.gbnf.calls import ONE_CALL, arguments_rule, frame_for
from adapter.enforce.gbnf.schema_rules import Grammar
from adapter.enforce.tag_schema import tag_schema
from adapter.syntax.notation import JSON

if TYPE_CHECKING:
    from adapter.dialects.registry import Dialect
    from adapter.enforce.shape import Shape


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
    """Write the constraint as a structural tag, as vLLM and SGLang accept them. The servers let thinking pass themselves."""
    left: list[str] = []
    frames = {tool.name: frame_for(dialect, tool.name) for tool in shape.tools}
    if not shape.always and not marked_calls(dialect, frames):  # nothing triggers a tag there
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
    """The form of an answer: calls, or text and calls."""
    frame = next(iter(frames.values()))
    several = shape.several and frame.between is not None
    if shape.several and not several:
        left.append(f"the answer: {ONE_CALL}")
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
    """The form of a tool's arguments: a schema for JSON, a grammar for any other notation."""
    notation = notation_of(dialect)
    if frame.raw is None and notation is JSON:
        schema = tag_schema({"type": "object", **tool.schema.source}, left, f"{tool.name}: arguments")
        return {"type": "json_schema", "json_schema": schema}
    grammar = Grammar(notation)
    grammar.rules["root"] = arguments_rule(grammar, frame, tool)
    left += grammar.unenforced
    return _grammar(grammar.text())


def _grammar(text: str) -> dict[str, Any]:
    return {"type": "grammar", "grammar": text}
