"""What holds for any text at all: no exception, nothing lost, and no difference between whole and in pieces."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import adapter
from adapter.completion.result import assemble
from tests.facts.completions import CASES
from tests.facts.test_completions import accounted
from tests.facts.tools import TOOLS
from tests.support.tiers import few_or_all

FRAGMENTS = [
    "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>", "<|im_end|>", "</s>",
    "<|im_start|>assistant\n", "</tools>", "<tool_", "```json\n", "```", "`", "{", "}", "[", "]", '"', "'", "\\", ",", ":", " ",
    "\n", "name", '"name": "f"', '"arguments": {}', '{"name": "get_time", "arguments": {}}', '"a": 1', "NaN", "é", "😀", "\x00",
    "\ud83d", "text", "//", "1e5", "True",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=40).map("".join)
SPLICED = st.tuples(st.sampled_from([case.text for case in CASES if len(case.text) < 1000]), st.integers(0, 400), SOUP).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
)
OPTIONS = st.fixed_dictionaries(
    {"thinking_prefilled": st.booleans(), "recover": st.booleans(), "calls_in_thinking": st.booleans()}
)
FINISH = st.sampled_from(["stop", "length", None])


def outcome(pieces: list[str], finish: str | None, options: Any) -> tuple[Any, Counter[str]]:
    parser = adapter.CompletionParser(TOOLS, **options)
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish)
    parsed = assemble(events, finish)
    calls = [(call.name, call.arguments, call.valid) for call in parsed.tool_calls]
    told = [(problem.kind, problem.message, problem.raw) for problem in parsed.problems]
    return (parsed.content, parsed.reasoning, calls, told), accounted(events)


def split(text: str, cuts: list[int]) -> list[str]:
    places = sorted({cut % (len(text) + 1) for cut in cuts})
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@given(text=SOUP | SPLICED | st.text(), cuts=st.lists(st.integers(0, 10_000), max_size=8), finish=FINISH, options=OPTIONS)
def test_any_text(text: str, cuts: list[int], finish: str | None, options: Any) -> None:
    whole, characters = outcome([text], finish, options)
    assert characters == Counter(text)
    in_pieces, again = outcome(split(text, cuts), finish, options)
    assert in_pieces == whole
    assert again == Counter(text)


@given(text=SOUP | SPLICED, finish=FINISH, options=OPTIONS)
def test_any_text_character_by_character(text: str, finish: str | None, options: Any) -> None:
    assert outcome(list(text), finish, options)[0] == outcome([text], finish, options)[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = st.dictionaries(st.text(), JSON, max_size=5)


@example(calls=[{"\\ufdd0": None, "a": "\\\\ufdd0"}], text="")  # the spelling of a stand-in
@given(calls=st.lists(ARGUMENTS, min_size=1, max_size=4), text=st.sampled_from(["", "Let me see.", "a < b\n\n```x```"]))
def test_what_is_rendered_is_read_back(calls: list[dict[str, Any]], text: str) -> None:
    """Past calls written for the model in the dialect are what the parser reads as calls."""
    history: list[Any] = [
        {
            "role": "assistant",
            "content": text,
            "tool_calls": [
                {"id": str(number), "type": "function", "function": {"name": "f", "arguments": json.dumps(arguments)}}
                for number, arguments in enumerate(calls)
            ],
        },
        *({"role": "tool", "tool_call_id": str(number), "content": "ok"} for number in range(len(calls))),
    ]
    written = adapter.render(history)[0]["content"]
    parsed = adapter.parse(written)
    assert [json.loads(call.arguments) for call in parsed.tool_calls] == calls
    assert parsed.content == (text or None)
    assert parsed.problems == ()


HOSTILE = [
    pytest.param("<" * 200_000, id="opening angles"),
    pytest.param("{" * 200_000, id="braces"),
    pytest.param("<tool_call>" * 20_000, id="opening tags"),
    pytest.param("<tool_call>{" * 20_000, id="blocks that never close"),
    pytest.param('<tool_call>{"a</tool_call>' * 10_000, id="missing quotes"),
    pytest.param("<tool_call>{'</tool_call>" * 10_000, id="missing single quotes"),
    pytest.param("<tool_call>{" + "\\" * 200_000, id="backslashes"),
    pytest.param('<tool_call>{"a": "' + "\\" * 200_001, id="backslashes in a string"),
    pytest.param("<tool_call>" + " " * 200_000, id="white space after a tag"),
    pytest.param("`" * 200_000, id="backticks"),
    pytest.param("```json\n" * 20_000, id="fences"),
    pytest.param('[{"name": "f"},' * 20_000, id="a bare list"),
    pytest.param("<think>" * 20_000, id="think tags"),
    pytest.param("<tool_call>{}</tool_call><tool_response>" * 5_000, id="invented results"),
    pytest.param('<tool_call>{"name": "f", "arguments": {"a": ' + "[" * 100_000 + "}</tool_call>", id="deep nesting"),
]


@pytest.mark.both_tiers
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("size", [7, 1_000_000])
def test_hostile_text_is_accounted_for_too(text: str, size: int) -> None:
    text = text[: few_or_all(20_000, len(text))]
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    _, characters = outcome(pieces, "stop", {})
    assert characters == Counter(text)
