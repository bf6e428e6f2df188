"""Dialects as response templates: each is read back strictly, and the page says for each of ours if it can be said."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from adapter.dialects.registry import load, names, of_response_template
from adapter.dialects.response.executor import read_calls, read_message
from adapter.dialects.response.template import read_template
from adapter.errors import DialectError
from adapter.exporting.export import REASONING_FIELDS, export
from tests.house.pages import ROOT
from tests.support.response_templates import TEMPLATES, written
from tests.support.tiers import some_first

if TYPE_CHECKING:
    from pathlib import Path

TURN = "<|me|>"
# The dialects that no response template can say, and words of the reason.
UNSAID = {
    "apertus": "the name of a call is a key of its JSON",
    "minicpm5": "would be read as",
    "minimax-m3": "its values are elements within elements",
    "olmo-3": "its calls stand on lines",
    "smollm2": "each call stands in a list of its own",
}
SAID = [name for name in names() if name not in UNSAID]
CALLS: list[tuple[str, dict[str, Any]]] = [("look", {"text": "Oslo"}), ("note", {"text": "a\nb", "other": "c"})]


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", some_first(SAID))
def test_turns_are_read_back(name: str) -> None:
    dialect = load(name)
    template = read_template(export(dialect, TURN).template)
    for calls in ([], CALLS[:1], CALLS):
        text = dialect.assistant("", [dialect.tool_call(*call) for call in calls])
        assert read_calls(template, text) == calls


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", some_first([name for name in SAID if load(name).reasoning and load(name).syntax != "xtml"]))
def test_reasoning_and_content_stand_apart(name: str) -> None:
    dialect = load(name)
    assert dialect.reasoning
    opens, closes = dialect.reasoning  # content stands in tags too in the syntax left out
    template = read_template(export(dialect, TURN).template)
    call = dialect.assistant("", [dialect.tool_call(*CALLS[0])])
    for end in ("", *dialect.special[:1]):
        if end in (dialect.open, dialect.close):
            continue
        found = read_message(template, f"{opens}\nHm.\n{closes}\n\nThe answer.{end}")
        assert (found["reasoning_content"], found["content"]) == ("Hm.", "The answer.")
    found = read_message(template, f"{opens}\nHm.\n{closes}\n\n{call}")
    assert (found["reasoning_content"], found.get("content")) == ("Hm.", None)


@pytest.mark.parametrize(("name", "words"), UNSAID.items())
def test_what_cannot_be_said_is_told(name: str, words: str) -> None:
    with pytest.raises(DialectError) as caught:
        export(load(name), TURN)
    assert str(caught.value).startswith(f"dialect {name!r} cannot be said in a response template: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "turn"),
    [
        ("hermes", "<|im_start|>assistant\n"),
        ("gpt-oss", "<|start|>assistant"),
        ("mistral-v11", "[/INST]"),
        ("deepseek-v3.1", "<｜Assistant｜>"),
    ],
)
def test_the_turn_is_that_of_the_chat_template(name: str, turn: str) -> None:
    """Without the thinking that a chat template may begin for the model."""
    assert export(load(name)).template["start_anchor"] == turn


def test_a_dialect_without_a_chat_template_asks_for_the_turn() -> None:
    with pytest.raises(DialectError, match="no chat template here shows the beginning of its turns; give start_anchor"):
        export(load("hunyuan-a13b"))
    assert export(load("hunyuan-a13b"), "<x>").template["start_anchor"] == "<x>"


@pytest.mark.parametrize("field", REASONING_FIELDS)
def test_the_field_of_reasoning_is_chosen(field: str, tmp_path: Path) -> None:
    made = export(load("hermes"), TURN, field).template
    assert sorted(made["fields"]) == sorted({"content", "tool_calls", field})
    assert read_message(read_template(made), "<think>Hm.</think>Yes.")[field] == "Hm."
    path = tmp_path / "made.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    assert load(str(path)).reasoning == ("<think>", "</think>")


def test_what_is_read_otherwise_is_told() -> None:
    assert [len(export(load(name), TURN).notes) for name in ("hermes", "qwen3.5", "lfm2", "seed-oss")] == [2, 3, 3, 4]


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", some_first(SAID))
def test_an_exported_dialect_is_read_as_itself(name: str, tmp_path: Path) -> None:
    """The way back finds a dialect whose calls are the same."""
    dialect = load(name)
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(export(dialect, TURN).template), encoding="utf-8")
    again = load(str(path))
    assert (again.syntax, again.open, again.close) == (dialect.syntax, dialect.open, dialect.close)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_dialect_of_a_template_is_written_as_a_template(name: str, tmp_path: Path) -> None:
    dialect = load(written(tmp_path, name))
    template = read_template(export(dialect, TURN).template)
    text = dialect.assistant("", [dialect.tool_call(*call) for call in CALLS])
    assert [call for call, _ in read_calls(template, text)] == ["look", "note"]
    assert not of_response_template(written(tmp_path, name)).calls


def test_the_page_has_a_row_for_each_dialect() -> None:
    page = (ROOT / "docs" / "response-templates.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.-]+)` \| (yes|no)\b", page, re.MULTILINE))
    assert rows == {name: "no" if name in UNSAID else "yes" for name in names()}
