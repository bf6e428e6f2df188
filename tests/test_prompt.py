"""What the model reads: the guide's block, conversations of every shape as snapshots, and what a template must be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from tests.tools import TIME, TOOLS, WEATHER

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
ASK = {"role": "user", "content": "What's the weather in Paris & Rome?"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def calls(*specs: tuple[str, str, str], content: Any = None, **more: Any) -> dict[str, Any]:
    made = [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, name, arguments in specs
    ]
    return {"role": "assistant", "content": content, "tool_calls": made, **more}


def result(call_id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


PARIS = ("p", "get_weather", '{"city": "Paris"}')
ROME = ("r", "get_weather", '{"city":"Rome","days":2}')

CONVERSATIONS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "4.4 no system message": ([ASK], {}),
    "4.4 system message": ([SYSTEM, ASK], {}),
    "4.4 developer counts as system": ([{"role": "developer", "content": "Be brief."}, ASK], {}),
    "4.4 several system messages are merged": ([SYSTEM, {"role": "developer", "content": "Be brief."}, ASK], {}),
    "4.4 system message of parts": ([{"role": "system", "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]}, ASK], {}),
    "4.4 system message with a name": ([{**SYSTEM, "name": "boss"}, ASK], {}),
    "4.4 a later system message stays in place": ([ASK, SYSTEM, {"role": "user", "content": "And now?"}], {}),
    "4.6 zero tools": ([SYSTEM, ASK], {"tools": []}),
    "4.1 one call": ([ASK, calls(PARIS), result("p", "18 C")], {}),
    "4.1 call with text": ([ASK, calls(PARIS, content="Let me see."), result("p", "18 C")], {}),
    "4.1 call with empty text": ([ASK, calls(PARIS, content=""), result("p", "18 C")], {}),
    "4.1 parallel calls": ([ASK, calls(PARIS, ROME), result("p", "18 C"), result("r", "25 C")], {}),
    "4.1 results out of order": ([ASK, calls(PARIS, ROME), result("r", "25 C"), result("p", "18 C")], {}),
    "4.1 two steps": ([ASK, calls(PARIS), result("p", "18 C"), calls(ROME), result("r", "25 C"), {"role": "assistant", "content": "18 and 25."}], {}),
    "4.1 call without arguments": ([ASK, calls(("t", "get_time", "{}")), result("t", "12:00")], {}),
    "4.1 call with empty arguments": ([ASK, calls(("t", "get_time", "")), result("t", "12:00")], {}),
    "4.1 call whose arguments are no JSON": ([ASK, calls(("t", "get_time", '{"a": ')), result("t", "error")], {}),
    "4.1 arguments are not encoded twice": ([ASK, calls(("e", "echo", '{"text": "\\"<é>\\u0041"}')), result("e", "ok")], {}),
    "4.2 result of parts": ([ASK, calls(PARIS), result("p", [{"type": "text", "text": "18 "}, {"type": "text", "text": "C"}])], {}),
    "4.2 result with an image": ([ASK, calls(PARIS, ROME), result("p", [{"type": "text", "text": "see"}, IMAGE]), result("r", "25 C")], {}),
    "4.1 empty result": ([ASK, calls(PARIS), result("p", "")], {}),
    "4.2 user message of parts stays": ([{"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]}], {}),
    "4.3 reasoning is handed on": ([ASK, calls(PARIS, reasoning_content="Hm."), result("p", "18 C")], {}),
    "3.11 unknown fields stay": ([{**ASK, "name": "Ann", "x": 1}, {"role": "assistant", "content": "Hi", "y": 2}], {}),
    "unicode and markup in descriptions": ([ASK], {"tools": [{"type": "function", "function": {"name": "f", "description": "<b>Ü</b> & 'x' \"y\"\n"}}]}),
    "choice required": ([ASK], {"tool_choice": "required"}),
    "choice named": ([ASK], {"tool_choice": {"type": "function", "function": {"name": "get_time"}}}),
    "choice none": ([SYSTEM, ASK, calls(PARIS), result("p", "18 C")], {"tool_choice": "none"}),
    "parallel": ([ASK], {"parallel_tool_calls": True}),
    "not parallel": ([ASK], {"parallel_tool_calls": False}),
    "4.4 qwen2.5 without a system message": ([ASK], {"dialect": "qwen2.5"}),
    "4.4 qwen2.5 with one": ([SYSTEM, ASK], {"dialect": "qwen2.5"}),
    "4.4 qwen3-omni without a system message": ([ASK], {"dialect": "qwen3-omni"}),
    "hermes-3: tools in a system message of their own": ([SYSTEM, ASK], {"dialect": "hermes-3"}),
    "hermes-3 without a system message": ([ASK], {"dialect": "hermes-3", "tool_choice": "required"}),
    "hermes-3: words beside calls are left out": ([ASK, calls(PARIS, ROME, content="Let me see."), result("p", "18 C"), result("r", "25 C")], {"dialect": "hermes-3"}),
    "granite-4": ([SYSTEM, ASK, calls(PARIS, content="Let me see."), result("p", "18 C")], {"dialect": "granite-4", "parallel_tool_calls": False}),
}  # fmt: skip


@pytest.mark.parametrize("case", CONVERSATIONS)
def test_conversation(case: str, snapshot: SnapshotAssertion) -> None:
    messages, request = CONVERSATIONS[case]
    rendered = adapter.render(
        messages, request.get("tools", [WEATHER, TIME]), **{k: v for k, v in request.items() if k != "tools"}
    )
    shown = []
    for message in rendered:
        more = {key: value for key, value in message.items() if key not in {"role", "content"}}
        content = message["content"] if isinstance(message["content"], str) else json.dumps(message["content"], indent=1)
        shown.append(f"--- {message['role']}{' ' + json.dumps(more) if more else ''}\n{content}")
    assert "\n".join(shown) == snapshot


def test_the_guides_block() -> None:
    """The section "Pass tool information via system message", written the way the guide writes it."""
    for custom_prompt in ("You are a helpful assistant.", "Zwei\n\nAbsätze <b> & 'x'."):
        tools_content = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in TOOLS)
        expected = f"""{custom_prompt}

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools_content}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
        assert adapter.system_prompt(TOOLS, custom_prompt) == expected
        rendered = adapter.render([{"role": "system", "content": custom_prompt}], TOOLS)
        assert rendered == [{"role": "system", "content": expected}]


def test_4_6_no_tools_no_block() -> None:
    assert adapter.system_prompt([], "Hi") == "Hi"
    assert adapter.system_prompt(TOOLS, "Hi", tool_choice="none") == "Hi"


def test_nothing_of_the_callers_is_changed() -> None:
    messages, _ = CONVERSATIONS["4.2 result with an image"]
    before = json.dumps([messages, TOOLS])
    adapter.render(messages, TOOLS)
    assert json.dumps([messages, TOOLS]) == before


def test_message_objects_of_the_sdk() -> None:
    from openai.types.chat import ChatCompletionMessage

    given = ChatCompletionMessage.model_validate(calls(PARIS))
    assert adapter.render([ASK, given, result("p", "18 C")]) == adapter.render([ASK, calls(PARIS), result("p", "18 C")])


GOOD = """{# +++
name = "mine"
models = []
syntax = "json_in_tags"
open = "<call>"
close = "</call>"
result = ["<r>", "</r>"]
+++ #}
{% macro system(text, tools, choice, parallel) %}{{ text }}{% endmacro %}
{% macro tool_call(call) %}<call>{{ call | tojson }}</call>{% endmacro %}
{% macro tool_results(results) %}{% for r in results %}<r>{{ r.content }}</r>{% endfor %}{% endmacro %}
"""


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(GOOD, encoding="utf-8")
    parsed = adapter.parse('Hm. <call>{"name": "f", "arguments": {}}</call>', dialect=str(path))
    assert ([call.name for call in parsed.tool_calls], parsed.content) == (["f"], "Hm.")


TURNS = [
    pytest.param("", "Hm.\n{}\n{}", id="each on lines of its own"),
    pytest.param(
        "{% macro assistant(content, calls) %}{{ content }}<all>{{ calls | join }}</all>{% endmacro %}",
        "Hm.<all>{}{}</all>",
        id="as the macro says",
    ),
]


@pytest.mark.parametrize(("macro", "form"), TURNS)
def test_a_turn_is_put_together_as_the_dialect_says(macro: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(GOOD + macro, encoding="utf-8")
    dialect = load(str(path))
    first, second = dialect.tool_call("f", {}), dialect.tool_call("g", {})
    assert dialect.assistant("Hm.", [first, second]) == form.format(first, second)


BROKEN = [
    pytest.param(lambda s: s.replace("+++", "---"), r":1: a template begins with", id="no front matter"),
    pytest.param(lambda s: s.replace('name = "mine"', "name = mine"), r"not TOML.*line 2", id="TOML error with its line"),
    pytest.param(lambda s: s.replace("models = []", "modells = []"), "unknown key 'modells'", id="unknown key"),
    pytest.param(lambda s: s.replace('open = "<call>"\n', ""), "lacks 'open'", id="missing key"),
    pytest.param(lambda s: s.replace("models = []", "models = 5"), "models = 5 must be a list", id="wrong type"),
    pytest.param(lambda s: s.replace('"<r>", ', ""), "the opening and the closing tag", id="one result tag"),
    pytest.param(lambda s: s.replace('close = "</call>"', "close = 5"), "close = 5 must be a string", id="a number for a tag"),
    pytest.param(lambda s: s.replace("result = ", 'result_role = "x"\nresult = '), "'user' or 'tool'", id="wrong role"),
    pytest.param(lambda s: s.replace("result = ", 'tools_in = "x"\nresult = '), "'system' or 'own'", id="wrong place for tools"),
    pytest.param(lambda s: s.replace("macro tool_results", "macro results"), "macro 'tool_results' is missing", id="missing macro"),
    pytest.param(lambda s: s.replace("{% endfor %}", ""), r"mine.jinja:\d+: ", id="Jinja error with its line"),
    pytest.param(lambda s: s.replace('"json_in_tags"', '"smoke"'), "no call syntax 'smoke'", id="unknown syntax"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), BROKEN)
def test_a_broken_template_is_told_with_its_place(change: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(change(GOOD), encoding="utf-8")
    with pytest.raises(adapter.DialectError, match=words) as caught:
        adapter.parse("x", dialect=str(path))
    assert str(caught.value).startswith((str(path), "no call syntax"))


def test_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(GOOD.replace("{{ text }}", "{{ tools.append(1) }}"), encoding="utf-8")
    with pytest.raises(adapter.DialectError, match="macro 'system' failed"):
        adapter.system_prompt(TOOLS, dialect=str(path))


def test_an_undefined_name_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(GOOD.replace("{{ text }}", "{{ txet }}"), encoding="utf-8")
    with pytest.raises(adapter.DialectError, match="'txet' is undefined"):
        adapter.system_prompt(TOOLS, dialect=str(path))


@pytest.mark.parametrize("name", names())
def test_every_template_that_comes_along(name: str) -> None:
    dialect = load(name)
    assert dialect.name == name
    assert dialect.models
    written = dialect.tool_call("f", {"a": "</tool_call>"})
    assert adapter.parse(written, dialect=name).tool_calls[0].arguments == '{"a": "</tool_call>"}'
