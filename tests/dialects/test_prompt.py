"""What the model reads: the guide's block, and what a template must be. Whole conversations: `dialects/test_conversations.py`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from tests.facts.conversations import ASK, PARIS, calls, result
from tests.facts.tools import TOOLS, function

if TYPE_CHECKING:
    from pathlib import Path


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
    assert dialect.models or name == "generic"  # which is for models that no dialect names
    arguments = {"a": dialect.close, "b": [] if dialect.name == "minimax-m3" else [1, None]}  # which has no null
    tools = [function("f", {"a": {"type": "string"}, "b": {"type": "array"}})]
    found = adapter.parse(dialect.assistant("", [dialect.tool_call("f", arguments)]), tools, dialect=name).tool_calls[0]
    assert (found.name, json.loads(found.arguments)) == ("f", arguments)
