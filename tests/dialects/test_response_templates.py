"""A tokenizer's response template read as a dialect: its turns at every kind of split, faults that its own executor refuses."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import by_model, load, of_response_template
from adapter.dialects.response.config import read_config
from adapter.dialects.response.executor import read_message
from adapter.dialects.response.strange import compiled
from adapter.errors import DialectError
from adapter.events import CallFinished, ReasoningDelta, TextDelta
from adapter.testing import check_dialect, splits
from tests.support.response_templates import FAULTS, TEMPLATES, TOOLS, turns, written
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from pathlib import Path


def streamed(path: str, deltas: list[str]) -> tuple[str | None, str | None, list[tuple[str, Any]]]:
    """What comes of a turn in pieces: content, reasoning, calls."""
    parser = adapter.CompletionParser(TOOLS, dialect=path, new_id=lambda: "id")
    events = [event for delta in deltas for event in parser.feed(delta)] + parser.close()
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    calls = [(event.name, json.loads(event.arguments)) for event in events if isinstance(event, CallFinished)]
    return text or None, thought or None, calls


@pytest.mark.parametrize("name", TEMPLATES)
def test_right_turns_are_read_at_every_split(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    assert load(path).syntax == TEMPLATES[name][1]
    for case, text, wanted in turns(path):
        for split, deltas in splits(text).items():
            found = streamed(path, deltas)
            assert (found[0] and found[0].strip(), *found[1:]) == wanted, (case, split)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_strict_reading_agrees(name: str, tmp_path: Path) -> None:
    """The executor here reads each turn as the dialect does, but for values that a schema types."""
    path = written(tmp_path, name)
    template = read_config(path).template
    for case, text, (content, reasoning, calls) in turns(path):
        message = read_message(template, text)
        assert (message.get("content"), message.get("reasoning_content")) == (content, reasoning), case
        assert [call["function"]["name"] for call in message.get("tool_calls", ())] == [call for call, _ in calls], case


@pytest.mark.proof
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_dialect_passes_the_battery(name: str, tmp_path: Path) -> None:
    report = check_dialect(written(tmp_path, name))
    assert report.ok, report


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_that_the_strict_reading_refuses_are_read(fault: str, tmp_path: Path) -> None:
    text, calls, content = FAULTS[fault]
    path = written(tmp_path, "JSON between tags")
    for split, deltas in splits(text).items():
        found = streamed(path, deltas)
        assert (found[2], found[0] and " ".join(found[0].split())) == (calls, content and " ".join(content.split())), split
    template = read_config(path).template
    if fault == "text between two calls":
        assert read_message(template, text)["content"] == "Done."
    else:
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
            read_message(template, text)


def with_calls(calls: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"start_anchor": "<|me|>", "fields": {"tool_calls": calls, **fields}}


HERMES = {
    "open_pattern": r"\s*<tool_call>\s*",
    "close_pattern": r"\s*</tool_call>\s*",
    "repeats": True,
    "content": "json",
    "transform": {"type": "function", "function": "{content}"},
}
THINK = {"open": "<think>", "close": "</think>"}
ENDS = {"close": "<|im_end|>"}
LIST = {"content": "json", "transform_each": True}
TOOL_NAME = {"type": "function", "function": {"name": "{tool_name}", "arguments": "{parameters}"}}
# Template, the dialect whose calls it reads.
KNOWN: list[Any] = [
    pytest.param(with_calls(HERMES, thinking=THINK, content=ENDS), "hermes", id="JSON in tags, and ChatML's end"),
    pytest.param(with_calls(HERMES, content={"close": "<|end_of_text|>"}), "granite-4", id="the same calls, another end"),
    pytest.param(
        with_calls({"open": "<|START_ACTION|>", "close": "<|END_ACTION|>", **LIST, "transform": TOOL_NAME}),
        "command-a",
        id="a list with keys of its own",
    ),
    pytest.param(
        with_calls(
            {
                "open_pattern": r"<tool_call>\s*<function=(?P<name>[^>]+)>\s*",
                "close_pattern": r"\s*</function>\s*</tool_call>",
                "repeats": True,
                "content": "xml-inline",
                "content_args": {"tag_pattern": r"<parameter=(?P<key>[^>]+)>\n?(?P<value>.*?)\n?</parameter>"},
                "transform": {"type": "function", "function": {"name": "{name}", "arguments": "{content}"}},
            },
            reasoning_content=THINK,
            content={"close_pattern": r"\s*<\|im_end\|>"},
        ),
        "qwen3.5",
        id="function and parameter tags",
    ),
]


def saved(folder: Path, template: Any, **config: Any) -> str:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**config, "response_template": template}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("template", "dialect"), KNOWN)
def test_calls_of_a_known_dialect_are_recognised(template: dict[str, Any], dialect: str, tmp_path: Path) -> None:
    path = saved(tmp_path, template)
    made = of_response_template(path)
    assert made.calls == dialect
    assert made.notes[0] == f"calls are those of the dialect {dialect!r}, whose words the prompt has"
    assert load(path).open == load(dialect).open
    assert by_model(path)[1].startswith(f"a dialect out of the response_template in {path}; calls are those of")


def test_the_model_s_name_chooses_among_dialects_with_the_same_calls(tmp_path: Path) -> None:
    folder = tmp_path / "Qwen2.5-7B-Instruct"
    folder.mkdir()
    assert of_response_template(saved(folder, with_calls(HERMES, content=ENDS))).calls == "qwen2.5"
    path = saved(tmp_path, with_calls(HERMES, content=ENDS), name_or_path="HuggingFaceTB/SmolLM2-1.7B-Instruct")
    assert of_response_template(path).calls != "qwen2.5"


def test_a_hub_s_cache_names_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "models--Qwen--Qwen2.5-7B-Instruct" / "snapshots" / "0123abc"
    folder.mkdir(parents=True)
    assert of_response_template(saved(folder, with_calls(HERMES, content=ENDS))).calls == "qwen2.5"


def test_keys_without_effect_are_told(tmp_path: Path) -> None:
    calls = {**HERMES, "repeats": False, "optional": False}
    template = with_calls(calls, content={**ENDS, "content_args": {"strip": False}})
    path = saved(tmp_path, {**template, "defaults": {"role": "assistant", "mood": "good"}})
    assert of_response_template(path).notes[1:] == (
        "start_anchor has no effect: a completion is read without its prompt",
        "defaults.mood = 'good' has no effect: an answer has no such default",
        "tool_calls.optional = false has no effect: an answer without it is read",
        "tool_calls.repeats is not true: every call is read all the same, not the last alone",
        "no field of reasoning: text between <think> and </think> stays content",
        "fields.content.content_args.strip = False has no effect: white space around an answer is no content",
    )


def test_a_file_of_the_template_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(with_calls(HERMES, content=ENDS)), encoding="utf-8")
    assert load(str(path)).name == "mine"
    reply = adapter.parse('<tool_call>{"name": "note", "arguments": {}}</tool_call>', TOOLS, dialect=str(path))
    assert [call.name for call in reply.tool_calls] == ["note"]


TAGS = TEMPLATES["tags alone"][0]["fields"]["tool_calls"]
# Template, words of the error.
REFUSED: list[Any] = [
    pytest.param([], "response_template = []: must be a JSON object", id="a list"),
    pytest.param({"fields": {}}, "response_template.fields = {}: write an object", id="no fields"),
    pytest.param(
        {**with_calls(HERMES), "version": 2}, "response_template.version = 2: version 1 is read", id="another version"
    ),
    pytest.param({**with_calls(HERMES), "start": "x"}, "response_template.start = 'x': an unknown key", id="an unknown key"),
    pytest.param(
        with_calls({**HERMES, "opens": "<"}), "fields.tool_calls.opens = '<': an unknown key", id="an unknown key of a field"
    ),
    pytest.param(
        with_calls({**HERMES, "content": "yaml"}), "tool_calls.content = 'yaml': no form of content", id="unknown content"
    ),
    pytest.param(
        with_calls({**HERMES, "close_pattern": "(a"}), "close_pattern = '(a': no regular expression", id="a bad pattern"
    ),
    pytest.param(with_calls({**HERMES, "close_pattern": "(a+)+$"}), "a repetition stands inside another", id="nested"),
    pytest.param(with_calls({**HERMES, "close_pattern": "(?:.?){40}x"}), "a repetition stands inside another", id="counted"),
    pytest.param(with_calls({**HERMES, "close_pattern": "(?:ab|a|b)*x"}), "alternatives that begin alike", id="alternatives"),
    pytest.param(
        with_calls({**HERMES, "close_pattern": r"(?:\w|.)+~"}), "alternatives that begin alike", id="short alternatives"
    ),
    pytest.param(with_calls({**HERMES, "close_pattern": "(a|aa)" * 99}), "99 groups of alternatives", id="many alternatives"),
    pytest.param(with_calls({**HERMES, "close_pattern": r".*\w.*\w.*\w.*~"}), "4 repetitions of almost any sign", id="wide"),
    pytest.param(with_calls({**HERMES, "close_pattern": "(?i)</A>"}), "'(?i)' begins flags", id="flags"),
    pytest.param(
        with_calls({"content": "json", "open": "<\ud800>"}), "open = '<\\ud800>': half of a surrogate pair", id="half of a pair"
    ),
    pytest.param(with_calls(HERMES, **{"x" * 999: {"open": "<x>"}}), "fields." + "x" * 60 + "…:", id="a long name"),
    pytest.param(with_calls({**HERMES, "close_pattern": ".*.*.*x"}), "repetitions follow each other, and 2 may", id="in a row"),
    pytest.param(with_calls({**HERMES, "close_pattern": "a*b" * 9}), "9 repetitions and 0 optional parts", id="many"),
    pytest.param(
        with_calls({**HERMES, "close_pattern": ".?" * 13}), "0 repetitions and 13 optional parts", id="many optional parts"
    ),
    pytest.param(with_calls({**HERMES, "open": "<a>"}), "has open and open_pattern; write one of them", id="both edges"),
    pytest.param(with_calls(HERMES, content={"close": []}), "content.close = []: must be a text", id="no literal"),
    pytest.param(
        with_calls({**HERMES, "content_args": {"quotes": 1}}),
        "content_args.quotes = 1: means nothing to content 'json'",
        id="argument",
    ),
    pytest.param(
        with_calls({**HERMES, "content_args": {"string_delims": "'"}}),
        "must be a list of pairs, a beginning and an end",
        id="quotes",
    ),
    pytest.param(
        with_calls({**HERMES, "content_args": {"unquoted_keys": 1}}), "unquoted_keys = 1: must be true or false", id="a number"
    ),
    pytest.param(with_calls(HERMES, content={"close": "a" * 201}), "64 literals of 200 characters are read at most", id="long"),
    pytest.param(
        with_calls({**HERMES, "transform": {"function": "call {content}"}}),
        "a placeholder is the whole text",
        id="a mixed placeholder",
    ),
    pytest.param(
        with_calls(HERMES, citations={"open": "<c>"}), "no part of an answer here is called 'citations'", id="another field"
    ),
    pytest.param(
        with_calls(HERMES, content={}, thinking={}), "content and thinking have no 'open'", id="two fields for the rest"
    ),
    pytest.param({"fields": {"content": ENDS}}, "no field tool_calls with a beginning", id="no calls"),
    pytest.param(
        with_calls(
            {**HERMES, "transform": {"type": "function", "function": {"name": "{content.tool}", "arguments": "{content.args}"}}}
        ),
        "JSON calls are read with the keys name or tool_name, and arguments or parameters",
        id="other keys",
    ),
    pytest.param(
        with_calls({"open": "<a>", "close": "</a>", "content": "kv-lines"}),
        "tool_calls.content = 'kv-lines': no call syntax here reads calls in this form",
        id="lines",
    ),
    pytest.param(
        with_calls({**TAGS, "content_args": {"tag_pattern": r"\[(?P<key>\w+)=(?P<value>[^\]]*)\]"}}),
        "tags are read as <WORD=NAME>",
        id="tags in square brackets",
    ),
    pytest.param(
        with_calls(HERMES, thinking={"open": "<think>", "close_pattern": r"\w+"}),
        "reasoning stands between two literal tags",
        id="words",
    ),
]


@pytest.mark.parametrize(("template", "words"), REFUSED)
def test_templates_that_cannot_be_said_are_refused(template: Any, words: str, tmp_path: Path) -> None:
    path = saved(tmp_path, template)
    with pytest.raises(DialectError) as caught:
        adapter.parse("x", TOOLS, dialect=path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


def test_a_call_that_the_template_itself_would_not_read_is_refused(tmp_path: Path) -> None:
    """The tags are spelt as the syntax spells them, but the pattern asks for a sign that no call has."""
    calls = {**TAGS, "open_pattern": r"<do=(?P<name>[^>]+)>(?=!)"}
    with pytest.raises(DialectError, match="cannot be said by a call syntax here: a call written as"):
        load(saved(tmp_path, with_calls(calls)))


JUNK: list[Any] = [
    None, True, 0, 1e308, "", "x", "<", "(a", "{content}", "{name}", "{content.x}", "\\", "[", "(?P<name>x)", "#}", "+++", "{{", "\n", "\0",
    "\ud800", "a" * 3000, [], ["a", 5], ["<a>"], {}, {"a": 1}, "$", "^", r"(?<=a)b", r"\1", r"\s*<a>\s*(?P<name>\w+)>",
]  # fmt: skip


def mutated(value: Any, chance: random.Random) -> Any:
    """Replace one value in a template by junk, or leave one key out."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: mutated(value[key], chance)}
    return chance.choice(JUNK)


@pytest.mark.both_tiers
def test_a_template_with_junk_in_it_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    chance = random.Random(5)
    known = [*(template for template, _ in TEMPLATES.values()), *(case.values[0] for case in KNOWN)]
    refused: list[str] = []
    for number in range(few_or_all(60, 2000)):
        template = mutated(mutated(chance.choice(known), chance), chance)
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({"response_template": template}), encoding="utf-8")
        try:
            adapter.parse("<use>{} x </use>", TOOLS, dialect=str(path))
        except DialectError as error:
            refused.append(str(error))
    assert len(refused) > 30
    assert [error for error in refused if "\n" in error or len(error) > 1000] == []


def test_a_path_is_given_as_a_text(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer_config.json"
    with pytest.raises(TypeError, match="give a path as a text, '"):
        adapter.parse("x", TOOLS, dialect=path)  # type: ignore[arg-type]


TOLD = [
    pytest.param({"open": ["<a>", "<b>"]}, "open = ['<a>', '<b>']: '<a>' is read, and no other of them", id="openings"),
    pytest.param({"close": ["</a>", "</b>"]}, "close = ['</a>', '</b>']: '</a>' is read, and no other", id="ends"),
    pytest.param({"open_pattern": "(?:<a>|<b>)"}, "open_pattern = '(?:<a>|<b>)': '<a>' is read, and no other", id="a pattern"),
    pytest.param({"content_args": {"allow_non_json": True}}, "allow_non_json has no effect", id="allow_non_json"),
]


@pytest.mark.parametrize(("change", "told"), TOLD)
def test_what_is_not_read_is_told(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    opens = {} if "open_pattern" in change else {"open": "<a>"}
    calls = {"content": "json", "repeats": True, "transform": {"type": "function", "function": "{content}"}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"fields": {"tool_calls": {**opens, "close": "</a>", **calls, **change}, "content": {}}}))
    assert any(told in note for note in of_response_template(str(path)).notes)
    untouched = {"fields": {"tool_calls": {"open": "<a>", "close": "</a>", **calls}, "content": {}}}
    other = tmp_path / "other.json"
    other.write_text(json.dumps(untouched))
    assert not any("no other of them" in note or "allow_non_json" in note for note in of_response_template(str(other)).notes)


USABLE = [
    r'"(?:\\.|[^"\\])*"', r"(?:<\|a\|>|<\|b\|>|<\|c\|>)", r"\s*(?:<a>\s*)?<b>(?P<name>[^>]+)\s*", r"(?:'[^']*'|[^'}])*\}",
    r"<p=(?P<key>[^>]+)>\n?(?P<value>.*?)\n?</p>", r"^\d{1,3}[a-z]{2}$", r"\(?\[a", "[]a]*x", "(?P<a>x+)y(?P=a)", "(?=<a>)|(?<=b)",
]  # fmt: skip


@pytest.mark.parametrize("pattern", USABLE)
def test_patterns_of_real_templates_are_read(pattern: str) -> None:
    assert compiled(pattern, "place").pattern == pattern
