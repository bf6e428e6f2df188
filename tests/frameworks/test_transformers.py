"""transformers' own executor of response templates, beside the dialects: equal on right turns, and the faults that it refuses."""

from __future__ import annotations

import importlib
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import load, names
from adapter.errors import DialectError
from adapter.exporting.export import export
from tests.support.response_templates import FAULTS, TEMPLATES, TOOLS, random_turn, turns, written

if TYPE_CHECKING:
    from pathlib import Path

transformers = pytest.importorskip("transformers", reason="pip install transformers regex")
tokenizers = importlib.import_module("tokenizers")
parsing = importlib.import_module("transformers.utils.chat_parsing")

TURNS = 120  # for each dialect
Message = tuple[str | None, str | None, list[tuple[str, Any]]]


def of(message: dict[str, Any]) -> Message:
    """Content, reasoning and calls of transformers' message."""
    calls = [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", ())]
    return message.get("content"), message.get("reasoning_content"), calls


def theirs(text: str, template: dict[str, Any]) -> Message:
    return of(parsing.parse_response(text, template, prefix="", tools=TOOLS))


def ours(text: str, dialect: str) -> Message:
    found = adapter.parse(text, TOOLS, dialect=dialect)
    calls = [(call.name, json.loads(call.arguments)) for call in found.tool_calls]
    return (found.content or "").strip() or None, (found.reasoning or "").strip() or None, calls


def said() -> list[str]:
    """Dialects that a response template can say."""
    found = []
    for name in names():
        try:
            export(load(name), "<|me|>")
        except DialectError:
            continue
        found.append(name)
    return found


SAID = said()


def test_most_dialects_can_be_said() -> None:
    assert len(SAID) >= 50


@pytest.mark.parametrize("name", SAID)
def test_right_turns_are_equal(name: str) -> None:
    """Each dialect's turns, read by the exported template and by the dialect."""
    dialect, chance = load(name), random.Random(name)
    made = export(dialect, "<|me|>")
    rows = not any("stay texts" in note for note in made.notes)
    for _ in range(TURNS):
        text, calls = random_turn(dialect, chance, rows=rows)
        found = ours(text, name)
        assert found[2] == calls, text
        assert theirs(text, made.template) == found, text


@pytest.mark.parametrize("name", SAID)
def test_turns_in_pieces_are_equal(name: str) -> None:
    dialect, chance = load(name), random.Random(name)
    template = export(dialect, "<|me|>").template
    for _ in range(5):
        text, _calls = random_turn(dialect, chance, rows=False)
        parser = parsing.ResponseParser(template, prefix="", tools=TOOLS)
        for char in text:
            parser.feed(char)
        assert of(parser.finalize()[0]) == ours(text, name), text


@pytest.mark.parametrize("name", TEMPLATES)
def test_turns_in_a_strangers_template_are_equal(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    for case, text, wanted in turns(path):
        assert theirs(text, TEMPLATES[name][0]) == wanted, case
        assert ours(text, path) == wanted, case


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_that_it_refuses_are_read_here(fault: str, tmp_path: Path) -> None:
    text, calls, content = FAULTS[fault]
    found = ours(text, written(tmp_path, "JSON between tags"))
    assert (found[2], found[0] and found[0].split()) == (calls, content and content.split())
    template = TEMPLATES["JSON between tags"][0]
    if fault == "text between two calls":
        assert theirs(text, template) == ("Done.", None, calls)  # the last piece alone
        return
    with pytest.raises(ValueError, match="could not parse region as JSON"):
        theirs(text, template)


def test_a_configuration_that_it_has_saved_is_a_dialect(tmp_path: Path) -> None:
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, eos_token="a")
    tokenizer.response_template = export(load("hermes")).template
    tokenizer.save_pretrained(tmp_path)
    text = '<think>\nHm.\n</think>\n\n<tool_call>\n{"name": "note", "arguments": {"text": "a"}}\n</tool_call><|im_end|>'
    wanted = (None, "Hm.", [("note", {"text": "a"})])
    assert ours(text, str(tmp_path / "tokenizer_config.json")) == wanted
    again = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert of(again.parse_response(text, prefix="", tools=TOOLS)) == wanted
    prompt = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n"
    assert of(again.parse_response(text.removeprefix("<think>\n"), prefix=prompt, tools=TOOLS)) == wanted
