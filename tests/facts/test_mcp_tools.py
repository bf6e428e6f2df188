"""Tools of MCP servers load, are shown, read, checked and forced, in every dialect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.enforce.call_frame import turn
from adapter.enforce.gbnf.answer import gbnf, has_grammar
from adapter.enforce.shape import Shape
from adapter.schema.compiled import messages
from adapter.tools.definitions import read_tools
from tests.facts.mcp_tools import MCP_TOOLS, McpTool
from tests.support.gbnf_walk import Walk
from tests.support.tiers import some_first

if TYPE_CHECKING:
    from adapter.demo.engine import Engine

TOOLS = [pytest.param(tool, id=tool.name) for tool in MCP_TOOLS]
DEFINITIONS = [tool.definition for tool in MCP_TOOLS]
DIALECTS = some_first(names())
# Dialects whose templates write values that are no strings as Python does, and whose grammars write JSON.
AS_PYTHON = frozenset({"qwen3-coder", "nemotron-3-nano", "qwen3.5", "seed-oss"})
# Calls that a notation cannot hold, or a grammar leaves out of what it could allow, by dialect.
NO_NULLS = {
    "git_log",
    "execute-sql",
    "insert_rows",
    "find",
    "browser_navigate",
    "search_messages",
    "notion/API-post-page",
    "run_workflow",
}
OWN_TAG = {"puppeteer_evaluate"}  # the value holds the closing tag of the dialect's calls
BARE_KEYS = {"find", "run_workflow"}  # keys that are no words
NOT_READ = {"minimax-m3": NO_NULLS}
NOT_ALLOWED = {
    "minimax-m3": NO_NULLS,
    **dict.fromkeys(("gemma-4", "functiongemma"), BARE_KEYS),
    **dict.fromkeys(("glm-4.5", "glm-4.7", "hunyuan-3", "qwen3.6", *AS_PYTHON), OWN_TAG),
}


def test_there_are_forty_tools() -> None:
    assert len({tool.name for tool in MCP_TOOLS}) == 40


@pytest.mark.parametrize("tool", TOOLS)
def test_arguments_are_accepted_and_refused(tool: McpTool) -> None:
    schema = read_tools([tool.definition]).by_name[tool.name].schema
    assert messages(schema.errors(tool.right)) == []
    assert tool.wrong is None or messages(schema.errors(tool.wrong)) != []


@pytest.mark.parametrize("name", DIALECTS)
def test_all_of_them_are_shown(name: str) -> None:
    shown = adapter.system_prompt(DEFINITIONS, dialect=name)
    assert [tool.name for tool in MCP_TOOLS if tool.name not in shown] == []


@pytest.mark.parametrize("name", DIALECTS)
def test_a_call_of_each_is_read(name: str) -> None:
    dialect = load(name)
    for tool in MCP_TOOLS:
        parsed = adapter.parse(turn(dialect, (tool.name, tool.right)), DEFINITIONS, dialect=name)
        read = [(call.name, json.loads(call.arguments), call.valid) for call in parsed.tool_calls]
        assert (read == [(tool.name, tool.right, True)]) == (tool.name not in NOT_READ.get(name, ())), (
            tool.name,
            read,
            parsed.problems,
        )


@pytest.mark.parametrize("name", [each for each in DIALECTS if has_grammar(load(each.values[0]))])
def test_the_grammar_of_each_allows_its_call(name: str) -> None:
    dialect = load(name)
    for tool in MCP_TOOLS:
        if name in AS_PYTHON and any(type(value) not in {str, int, float} for value in tool.right.values()):
            continue
        walk = Walk(gbnf(dialect, Shape(read_tools([tool.definition]), forced=True)).text())
        allowed = walk.allows(turn(dialect, (tool.name, tool.right)))
        assert allowed or tool.name in NOT_ALLOWED.get(name, ()), tool.name


@pytest.mark.engine
@pytest.mark.proof
@pytest.mark.xdist_group("engine")
@pytest.mark.parametrize("tool", TOOLS)
def test_the_real_engine_is_held_to_a_call(engine: Engine, tool: McpTool) -> None:
    """A small model under the tool's grammar calls the tool, and the call is valid unless the answer was cut.

    Where the grammar leaves a keyword to validation, a call may be invalid.
    """
    from openai import OpenAI

    with OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0, timeout=120) as plain:
        client = adapter.wrap(plain, enforce="grammar", server="llama.cpp", on_invalid="return", retries=0)
        request: dict[str, Any] = {
            "model": "m",
            "messages": [{"role": "user", "content": f"Call {tool.name}."}],
            "tools": [tool.definition],
            "tool_choice": "required",
            "temperature": 0.7,
            "seed": 4,
            "max_tokens": 120,
        }
        answer = client.chat.completions.create(**request)
    choice = answer.choices[0]
    left = gbnf(load("hermes"), Shape(read_tools([tool.definition]), forced=True)).unenforced
    assert choice.finish_reason in {"tool_calls", "length"}, choice
    for call in choice.message.tool_calls or ():
        assert call.type == "function"
        assert call.function.name == tool.name
        if choice.finish_reason == "tool_calls" and not left:
            schema = read_tools([tool.definition]).by_name[tool.name].schema
            assert messages(schema.errors(json.loads(call.function.arguments))) == []
