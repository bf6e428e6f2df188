"""Calls written without the dialect's markers, as the whole answer, in every dialect (behaviour 1.10)."""

from __future__ import annotations

from typing import Any

import pytest

from adapter import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.result import ParsedCompletion, assemble
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.support.tiers import few_positions, in_turn, some_first

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "f",
            "parameters": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        },
    }
]
CALL = '{"name": "f", "arguments": {"a": "x"}}'
OTHER = CALL.replace('"f"', '"g"')
CALLS = {
    "JSON": CALL,
    "JSON with parameters": '{"type": "function", "name": "f", "parameters": {"a": "x"}}',
    "a list": f"[{CALL}]",
    "a fence": f"```json\n{CALL}\n```",
    "Python's list": "[f(a='x')]",
    "other tags": f"<tools>\n{CALL}\n</tools>",
    "other tags around a list": f"<tools>[{CALL}]</tools>",
    "the tag of a function": f"<function>{CALL}</function>",
    "parameters in tags": "<function=f>\n<parameter=a>\nx\n</parameter>\n</function>",
    "the name in a tag": '<function=f>\n{"a": "x"}\n</function>',
}
TEXTS = {
    "JSON of no tool": OTHER,
    "JSON with words": f"{CALL} is how",
    "a list of no tool": "[g(a='x')] is how",
    "a link": "[f](https://x.y)",
    "other tags of no tool": f"<tools>{OTHER}</tools>",
    "other tags with words": f"<tools>{CALL}</tools> is how",
    "parameters in tags, of no tool": "<function=g>\n<parameter=a>\nx\n</parameter>\n</function>",
    "parameters in tags and words": "<function=f>\n<parameter=a>\nx\n</parameter>\n</function> is how",
    "markup": "<p>Hello</p>",
}


def read(dialect: str, pieces: list[str], *, incremental: bool, **options: Any) -> ParsedCompletion:
    rules = Rules(read_tools(TOOLS), incremental=incremental)
    parser = CompletionParser.for_rules(rules, make_options({"dialect": dialect, **options}))
    return assemble([event for piece in pieces for event in parser.feed(piece)] + parser.close("stop"), "stop")


def opens(text: str, dialect: str) -> bool:
    """Tell if a text begins as calls of the dialect's own do."""
    return text.startswith("<function=") and load(dialect).form.get("call") == "function"


def ways(text: str) -> list[list[str]]:
    return [[text], list(text), *([text[:at], text[at:]] for at in few_positions(text, 8))]


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", some_first(names()))
@pytest.mark.parametrize("form", CALLS)
def test_a_call_as_the_whole_answer(form: str, dialect: str) -> None:
    if form == "the name in a tag" and opens(CALLS[form], dialect):
        pytest.skip("tests/syntax/test_parameters.py has it")
    if form == "parameters in tags" and load(dialect).open.startswith("<function="):
        pytest.skip("the dialect's own marker is the tag, with JSON behind: other text is a mention")
    for turn, pieces in enumerate(ways(CALLS[form])):
        for incremental in in_turn((False, True), turn):
            found = read(dialect, pieces, incremental=incremental)
            assert [(call.name, call.arguments, call.valid) for call in found.tool_calls] == [("f", '{"a": "x"}', True)], pieces
            assert found.content is None
            own = not any(problem.kind == "recovered" for problem in found.problems)
            assert not own or read(dialect, pieces, incremental=incremental, recover=False).tool_calls


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", some_first(names()))
@pytest.mark.parametrize("form", TEXTS)
def test_any_other_answer_is_text(form: str, dialect: str) -> None:
    if opens(TEXTS[form], dialect):
        pytest.skip("tests/syntax/test_parameters.py has it")
    for turn, pieces in enumerate(ways(TEXTS[form])):
        for incremental in in_turn((False, True), turn):
            found = read(dialect, pieces, incremental=incremental)
            assert (found.tool_calls, found.content) == ((), TEXTS[form]), pieces
