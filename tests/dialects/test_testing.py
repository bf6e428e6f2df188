"""The battery for people who add a dialect: every dialect here passes it, and it finds what is wrong with others."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import adapter
from adapter.dialects import registry
from adapter.dialects.templates import names
from adapter.testing import check_dialect, splits
from tests.cli.test_cli import call
from tests.facts.tools import TOOLS
from tests.support.tiers import some_first

EXAMPLES = Path(__file__).parents[2] / "examples" / "custom_dialect"
GOOD = """{# +++
name = "mine"
models = ["my-model*"]
syntax = "json_in_tags"
open = "<call>"
close = "</call>"
special = ["<|end|>"]
+++ #}
{% macro system(text, tools, choice, parallel) -%}
{{ text }}
{% for tool in tools %}
{{ tool | tojson }}
{% endfor %}
{{ choice.mode }} {{ parallel }}
{%- endmacro %}
{% macro tool_call(call) -%}
<call>{"name": {{ call.name | tojson }}, "arguments": {{ call.arguments | tojson }}}</call>
{%- endmacro %}
{% macro tool_results(results) -%}
{% for result in results %}
{{ result.content }}
{% endfor %}
{%- endmacro %}
"""


@pytest.mark.parametrize("name", some_first(names(), {"hermes", "qwen3-coder", "gemma-4", "llama-4"}))
def test_every_dialect_that_comes_along(name: str) -> None:
    report = check_dialect(name)
    assert report.ok, str(report)
    assert set(report.checks) == {"prompt", "choice", "round trip", "around", "several", "cut", "hostile"}


WRONG = [
    pytest.param('"arguments": {{ call.arguments | tojson }}', '"arguments": {}', "round trip", id="arguments left out"),
    pytest.param("{{ call.arguments | tojson }}", "{{ call.arguments }}", "round trip", id="Python for JSON"),
    pytest.param("{{ tool | tojson }}", "{{ tool.function.name }}", "prompt", id="a definition left out"),
    pytest.param("{{ text }}\n", "", "prompt", id="the caller's words left out"),
    pytest.param("{{ result.content }}\n", "{{ result.name }}\n", "prompt", id="results left out"),
    pytest.param(
        "{% for result in results %}", "{% for result in results | reverse %}", "prompt", id="results in another order"
    ),
    pytest.param("<call>{", "<tool>{", "round trip", id="another tag"),
    pytest.param("{{ choice.mode }}", "", "choice", id="the tool choice left out"),
    pytest.param("{{ choice.mode }}", "{{ choice.mode == 'required' }}", "choice", id="the named tool left out"),
    pytest.param("{{ parallel }}", "", "choice", id="parallel calls left out"),
]


@pytest.mark.parametrize(("old", "new", "check"), WRONG)
def test_what_is_wrong_is_found(old: str, new: str, check: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    template = tmp_path / "mine.jinja"
    template.write_text(GOOD.replace(old, new), encoding="utf-8")
    report = check_dialect(str(template))
    assert check in {finding.check for finding in report.findings}
    assert str(report).startswith("dialect 'mine': ")


IN_PYTHON = [
    pytest.param("{{ call.arguments | tojson }}", "{{ call.arguments }}", "call.arguments | tojson", id="a call"),
    pytest.param("{{ tool | tojson }}", "{{ tool }}", "tool | tojson", id="a definition"),
    pytest.param("{{ tool | tojson }}", "{{ tool.function }}", "tool | tojson", id="a function"),
]


@pytest.mark.parametrize(("old", "new", "words"), IN_PYTHON)
def test_a_missing_tojson_is_named_and_no_repair_is_blamed(old: str, new: str, words: str, tmp_path: Path) -> None:
    template = tmp_path / "mine.jinja"
    template.write_text(GOOD.replace(old, new), encoding="utf-8")
    found = [finding.message for finding in check_dialect(str(template)).findings if finding.check != "cut"]
    assert found
    assert [message for message in found if words not in message] == []


def test_the_example_that_extends_a_dialect(tmp_path: Path) -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    template = tmp_path / "terse.jinja"
    template.write_text(page.partition("```jinja\n")[2].partition("```")[0], encoding="utf-8")
    report = check_dialect(str(template))
    assert report.ok, str(report)
    shown = adapter.system_prompt([], "", dialect=str(template)), adapter.system_prompt(TOOLS, "Hi.", dialect=str(template))
    assert shown == ("", f"Answer in one sentence.\n{adapter.system_prompt(TOOLS, 'Hi.')}")


def test_the_example_template_is_sound() -> None:
    report = check_dialect(str(EXAMPLES / "token.jinja"))
    assert report.ok, str(report)


def test_a_good_one(tmp_path: Path) -> None:
    template = tmp_path / "mine.jinja"
    template.write_text(GOOD, encoding="utf-8")
    report = check_dialect(str(template))
    assert report.ok, str(report)


def test_splits_are_the_text() -> None:
    text = "a <tool_call>é🙂</tool_call> b" * 3
    found = splits(text)
    assert {"".join(pieces) for pieces in found.values()} == {text}
    assert "" in found["seed 0"] + found["seed 1"] + found["seed 2"]


class TestOffered:
    """Dialects of other packages."""

    @pytest.fixture(autouse=True)
    def packages(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        template = tmp_path / "mine.jinja"
        template.write_text(GOOD, encoding="utf-8")
        module = tmp_path / "their_package.py"
        code = f"import adapter\nPATH = {str(template)!r}\ndef made(): return adapter.Dialect\nNUMBER = 7\n"
        code += "from adapter.dialects.registry import load\nOWN = load(PATH)\n"
        code += "from dataclasses import replace\nBARE = replace(OWN, path='')\n"
        module.write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        points = {
            name: EntryPoint(name, f"their_package:{value}", "adapter.dialects")
            for name, value in (
                ("mine", "PATH"),
                ("own", "OWN"),
                ("bare", "BARE"),
                ("number", "NUMBER"),
                ("gone", "NOTHING"),
            )
        }
        monkeypatch.setattr(registry, "_offered", lambda: points)
        registry.load.cache_clear()
        registry.choose.cache_clear()
        yield
        registry.load.cache_clear()
        registry.choose.cache_clear()

    @pytest.mark.parametrize("name", ["mine", "own"])
    def test_by_name(self, name: str) -> None:
        parsed = adapter.parse('<call>{"name": "f", "arguments": {}}</call>', dialect=name)
        assert parsed.tool_calls[0].name == "f"

    @pytest.mark.parametrize(("name", "words"), [("number", "is 7; offer a Dialect"), ("gone", "cannot be loaded")])
    def test_what_is_none(self, name: str, words: str) -> None:
        with pytest.raises(adapter.DialectError, match=words):
            adapter.parse("", dialect=name)

    def test_they_are_listed(self) -> None:
        assert {"mine", "hermes"} <= set(registry.names())

    def test_the_command_line_shows_them(self) -> None:
        assert call("templates", "show", "mine") == (0, GOOD, "")
        assert call("templates", "path", "own") == (0, f"{registry.load('own').path}\n", "")
        listed = call("templates", "list")[1]
        for words in (
            r"mine +json_in_tags +chat +descriptions",
            r"gone +dialect 'gone': their_package:NOTHING cannot be loaded",
        ):
            assert re.search(words, listed), listed

    @pytest.mark.parametrize(
        ("name", "words"),
        [("bare", "dialect 'bare' has no template"), ("esperanto", "no dialect 'esperanto'; there are apertus, ")],
    )
    def test_the_command_line_on_what_it_cannot_show(self, name: str, words: str) -> None:
        code, _, told = call("templates", "show", name)
        assert code == 2
        assert words in told
