"""A completion that is read in one go is read as the parser reads it, event for event."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.whole_completion import read_at_once, read_whole
from adapter.dialects.registry import names
from adapter.options import Options, make_options
from adapter.tools.choice import ToolChoice
from adapter.tools.definitions import read_tools
from tests.facts.completions import CASES
from tests.facts.tools import WEATHER
from tests.support.rows import row

TOOLS = read_tools([WEATHER, {"type": "function", "function": {"name": "f"}}])
CALL = '<tool_call>\n{"name": "f", "arguments": {"a": "b"}}\n</tool_call>'
INVALID = '<tool_call>{"name": "get_weather", "arguments": {"town": 5}}</tool_call>'
COERCED = '<tool_call>{"name": "get_weather", "arguments": {"city": "Oslo", "days": "3"}}</tool_call>'
LONG = "Some words, and a <b>bold</b> one with a brace {. " * 200

# Completions, and whether each is read in one go.
TEXTS: list[Any] = [
    pytest.param(CALL, True, id="a call"),
    pytest.param(f"{CALL}\n{CALL} \n{CALL}", True, id="several calls"),
    pytest.param(f"{CALL}{CALL}", True, id="calls with nothing between"),
    pytest.param(f" \n{CALL}\n \n", True, id="white space around a call"),
    pytest.param(f"Words. \n\n{CALL}\n", True, id="words before a call"),
    pytest.param(f"\n Words.{CALL}", True, id="white space before the words"),
    pytest.param(f"{LONG}{CALL}", True, id="many words before a call"),
    pytest.param(f"{INVALID}{CALL}", True, id="an invalid call"),
    pytest.param(COERCED, True, id="arguments to be coerced"),
    pytest.param(CALL.replace('"f"', '"g"'), True, id="an unknown tool"),
    pytest.param("Words.", True, id="words"),
    pytest.param(" \nWords. \n", True, id="white space around words"),
    pytest.param(LONG, True, id="many words"),
    pytest.param(" \n", True, id="white space"),
    pytest.param("", True, id="nothing"),
    pytest.param("A < b, and <tool_x> is no tag.", True, id="angle brackets"),
    pytest.param(f"{CALL} Words.", False, id="words after a call"),
    pytest.param(f"{CALL}<|im_end|>", False, id="a token after a call"),
    pytest.param(f"{CALL}</tool_call>", False, id="a doubled closing tag"),
    pytest.param(f"<think>So.</think>{CALL}", False, id="thinking"),
    pytest.param(
        f"<think>\nSo.\n</think>\n\nWords. \n{CALL}\n\n{INVALID}\n{COERCED} \n", False, id="thinking, words and calls"
    ),
    pytest.param(f"<think>So {CALL}</think>{CALL}", False, id="a call in the reasoning"),
    pytest.param(f"<|im_start|>{CALL}\n{CALL}", False, id="a token before calls"),
    pytest.param(f"```json\n{' ' * 100}{CALL}", False, id="a fence and much space before a call"),
    pytest.param(f"<think>So.</think>`{CALL}", False, id="a backtick before a call"),
    pytest.param(f"<tool_{CALL}", True, id="half a tag before a call"),
    pytest.param("Words.</think>", False, id="half a thought"),
    pytest.param("Words.<|im_end|>", False, id="a token after words"),
    pytest.param("Words. <tool_", False, id="half a tag"),
    pytest.param(f"```json\n{CALL}\n```", False, id="a fence around a call"),
    pytest.param(f"Like so:\n```\n{CALL}\n```", False, id="a fence after words"),
    pytest.param("Words.\n```", False, id="a fence at the end"),
    pytest.param("The tag `<tool_call>` is a mention.", False, id="a mention"),
    pytest.param("<tool_call> is a tag.", False, id="a tag among words"),
    pytest.param('{"name": "f", "arguments": {}}', False, id="a call without tags"),
    pytest.param("[1, 2]", False, id="a list"),
    pytest.param(CALL[:-3], False, id="a call that is cut off"),
    pytest.param(CALL.replace("}}", "}"), False, id="a call with a brace too few"),
    pytest.param(CALL.replace("b", "</tool_call>"), False, id="a closing tag inside a string"),
    pytest.param(f"<tool_call>\n{CALL}", False, id="a doubled opening tag"),
    pytest.param("<tool_call>[]</tool_call>", False, id="a list of no calls"),
]
RULES: dict[str, Any] = {
    "auto": ({}, True),
    "required": ({"choice": ToolChoice("required")}, True),
    "named": ({"choice": ToolChoice("named", ("f",))}, True),
    "an id that is taken": ({"taken": frozenset({"call_0"})}, True),
    "parallel": ({"parallel": True}, True),
    "one call": ({"parallel": False}, None),
    "none": ({"choice": ToolChoice("none")}, False),
    "constrained": ({"constrained": True}, False),
    "invalid as text": ({"invalid_as_text": True}, False),
    "reply": ({"reply": "f"}, False),
    "thinking": ({"thinking": True}, False),
    "incremental": ({"incremental": True}, False),
}


def numbered(**options: Any) -> Options:
    """Options whose ids are counted, so that two readings have the same."""
    counted = iter(range(1_000_000))
    return make_options({"new_id": lambda: f"call_{next(counted)}", **options})


def parsed(text: str, rules: Rules, finish_reason: str | None = "stop", **options: Any) -> list[Any]:
    parser = CompletionParser.for_rules(rules, numbered(**options))
    return parser.feed(text) + parser.close(finish_reason)


@pytest.mark.parametrize(("text", "quick"), TEXTS)
def test_in_one_go_or_step_by_step(text: str, quick: bool) -> None:
    for name, (rules, allowed) in RULES.items():
        with row(rules=name):
            asked = Rules(**{"tools": TOOLS, "choice": ToolChoice(), **rules})
            found = read_at_once(text, asked, numbered())
            due = quick and (text.count("<tool_call>") < 2 if allowed is None else allowed)
            assert (found is not None) is due
            for reason in ("stop", "length", None):
                assert read_whole(text, reason, asked, numbered()) == parsed(text, asked, reason)


@pytest.mark.parametrize("text", [pytest.param(case.text, id=case.id) for case in CASES])
def test_every_completion_of_the_table(text: str) -> None:
    for tools in (TOOLS, read_tools(None)):
        rules = Rules(tools, ToolChoice())
        found = read_at_once(text, rules, numbered())
        assert found is None or found == parsed(text, rules)
        assert read_whole(text, "stop", rules, numbered()) == parsed(text, rules)


@pytest.mark.parametrize("dialect", names())
def test_every_dialect(dialect: str) -> None:
    rules = Rules(TOOLS, ToolChoice())
    for text in (f"Words. \n{CALL}\n", "Words. \n", CALL, LONG, f"<think>\nSo.\n</think>\n\n{CALL}\n{CALL}"):
        assert read_whole(text, "stop", rules, numbered(dialect=dialect)) == parsed(text, rules, dialect=dialect)


@pytest.mark.parametrize("options", [{"thinking_prefilled": True}, {"coerce": False}, {"recover": False}])
def test_options(options: dict[str, Any]) -> None:
    rules = Rules(TOOLS, ToolChoice())
    for text in (CALL, COERCED, "Words.", f"So.\n</think>\n\n{CALL}\n\n{CALL} \n", f"So {CALL}</think>{CALL}"):
        assert read_whole(text, "stop", rules, numbered(**options)) == parsed(text, rules, **options)


PIECES = [
    CALL, INVALID, COERCED, "Words", " ", "\n", "`", "```", "```json\n", "<tool_call>", "</tool_call>", "<think>", "</think>",
    "<|im_end|>", "<tool_response>", "{", "}", "[", '"', "<", LONG, "é", '{"name": "f", "arguments": {}}',
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_anything_put_together(pieces: list[str]) -> None:
    text = "".join(pieces)
    rules = Rules(TOOLS, ToolChoice())
    found = read_at_once(text, rules, numbered())
    assert found is None or found == parsed(text, rules)
    assert read_whole(text, "stop", rules, numbered()) == parsed(text, rules)


def test_many_put_together() -> None:
    chance, rules, quick = random.Random(8), Rules(TOOLS, ToolChoice()), 0
    for _ in range(3000):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 5)))
        found = read_at_once(text, rules, numbered())
        quick += found is not None
        assert found is None or found == parsed(text, rules)
    assert quick > 300
