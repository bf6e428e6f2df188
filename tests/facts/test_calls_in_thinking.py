"""A call inside reasoning: rehearsed, if the reasoning ends; the answer, if it never does, in the families that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.dialects import registry
from adapter.events import ReasoningDelta
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.facts.tools import function
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from adapter.events import Event

F = function("f", {"a": {"type": "string"}})
UNCLOSED = [
    name for name in registry.names() if registry.load(name).calls_in_thinking == "unclosed" and registry.load(name).reasoning
]
# The families whose engines end the reasoning at a call.
ENGINES = {
    "hermes", "qwen3-omni", "glm-4.5", "glm-4.7", "nemotron-3-nano", "deepseek-v3.2", "deepseek-v4", "gemma-4", "mistral-v13",
    "seed-oss", "minimax-m3",
}  # fmt: skip


def parts(name: str) -> tuple[str, str, str]:
    """The beginning of reasoning, its end, and a call."""
    dialect = registry.load(name)
    assert dialect.reasoning
    return f"{dialect.reasoning[0]}Hm, a call. ", dialect.reasoning[1], dialect.tool_call("f", {"a": "x"}).strip()


def streamed(name: str, text: str, size: int, *, incremental: bool, **options: Any) -> tuple[list[Event], list[Event]]:
    """The events before the end of the completion, and those of its end."""
    rules = Rules(read_tools([F]), incremental=incremental)
    parser = CompletionParser.for_rules(rules, make_options({"dialect": name, **options}))
    events = [event for start in range(0, len(text), size) for event in parser.feed(text[start : start + size])]
    return events, parser.close()


def said(parsed: adapter.ParsedCompletion) -> tuple[Any, ...]:
    calls = [(call.name, call.arguments) for call in parsed.tool_calls]
    return parsed.content, parsed.reasoning, calls, [problem.kind for problem in parsed.problems]


def test_the_engines_that_end_reasoning_at_a_call() -> None:
    assert set(UNCLOSED) >= ENGINES
    assert {name for name in registry.names() if registry.load(name).calls_in_thinking is True} >= {
        "kimi-k2",
        "minimax-m2",
        "qwen3.5",
    }


@pytest.mark.parametrize("name", UNCLOSED)
def test_1_9_a_call_in_reasoning_without_end_counts(name: str) -> None:
    begin, _, call = parts(name)
    parsed = adapter.parse(begin + call, [F], dialect=name)
    assert said(parsed) == (None, "Hm, a call.", [("f", '{"a": "x"}')], ["call_in_thinking"])
    assert said(adapter.parse(begin + call, [F], dialect=name, calls_in_thinking=False))[2:] == ([], [])
    assert said(adapter.parse(begin + call, [F], dialect=name, finish_reason="length"))[2:] == ([], [])


@pytest.mark.parametrize("name", UNCLOSED)
def test_1_9_a_rehearsed_call_never_runs(name: str) -> None:
    begin, end, call = parts(name)
    for text in (begin + call + end, f"{begin}{call} No, {call}\n{end}"):
        parsed = adapter.parse(text, [F], dialect=name)
        assert parsed.tool_calls == ()
        assert parsed.reasoning is not None
        assert call in parsed.reasoning
        assert parsed.problems == ()


@pytest.mark.parametrize("name", UNCLOSED)
def test_1_9_splits_change_nothing_and_nothing_of_the_call_leaves_before_the_end(name: str) -> None:
    begin, end, call = parts(name)
    for text in (begin + call, begin + call + end + "Yes.", f"{begin}{call}{end}{call}"):
        whole = said(adapter.parse(text, [F], dialect=name))
        for incremental in (False, True):
            for size in few_or_all((1, 5), (1, 2, 3, 4, 5, 7, 11)):
                before, last = streamed(name, text, size, incremental=incremental)
                assert said(assemble([*before, *last], "stop")) == whole, (size, incremental)
                if text == begin + call:
                    assert all(isinstance(event, ReasoningDelta) or not hasattr(event, "index") for event in before)
                    assert call[:8] not in "".join(event.text for event in before if isinstance(event, ReasoningDelta))


@pytest.mark.parametrize("name", few_or_all(UNCLOSED[:3], UNCLOSED))
def test_1_9_reasoning_streams_up_to_the_call_and_behind_it(name: str) -> None:
    begin, end, call = parts(name)
    before, _ = streamed(name, f"{begin}words, words {call}", 3, incremental=True)
    assert "".join(event.text for event in before if isinstance(event, ReasoningDelta)).strip() == "Hm, a call. words, words"
    before, _ = streamed(name, f"{begin}{call} words{end}", 3, incremental=True)
    assert call in "".join(event.text for event in before if isinstance(event, ReasoningDelta))


def test_1_9_a_long_rehearsal_is_read_in_linear_time() -> None:
    begin, end, call = parts("hermes")
    text = begin + call * 2000 + end + "Yes."
    before, last = streamed("hermes", text, 7, incremental=True)
    assert said(assemble([*before, *last], "stop")) == ("Yes.", "Hm, a call. " + call * 2000, [], [])
