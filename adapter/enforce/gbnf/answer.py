"""Grammars of whole answers: text or calls, calls alone, with the thinking before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.enforce.call_frame import Frame, frame_of, notation_of
from adapter.enforce.gbnf.calls import Calls
from adapter.enforce.gbnf.elements import known_names
from adapter.enforce.gbnf.schema_rules import Grammar
from adapter.enforce.gbnf.terminals import literal
from adapter.enforce.gbnf.text_or_calls import text_but_calls
from adapter.enforce.gbnf.text_until import text_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.dialects.registry import Dialect
    from adapter.enforce.shape import Shape
    from adapter.tools.definitions import ToolSet


def has_grammar(dialect: Dialect) -> bool:
    """True if a grammar describes the dialect's calls: its template and its call syntax agree."""
    return frame_of(dialect, "name") is not None


def counts_characters(dialect: Dialect) -> bool:
    """True if a grammar can bound the strings of the dialect's calls: they are plain JSON."""
    frame, notation = frame_of(dialect, "name"), notation_of(dialect)
    return frame is not None and frame.raw is None and not notation.quote and not notation.never


def no_grammar(dialect: Dialect, tools: ToolSet) -> str:
    """The reason why no grammar describes calls of the tools; empty if a grammar does."""
    if not has_grammar(dialect):
        return f"there is no grammar for the calls of dialect {dialect.name!r}"
    keys = notation_of(dialect).keys
    for tool in tools:
        if keys is not None and not known_names(tool.schema.source, keys):
            return f"there is no grammar in dialect {dialect.name!r} for the names that arguments of {tool.name!r} may have"
    return ""


def marked_calls(dialect: Dialect, frames: Mapping[str, Frame]) -> bool:
    """True if the dialect's opening marker distinguishes calls from text."""
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
    elif marked_calls(dialect, calls.frames):
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
