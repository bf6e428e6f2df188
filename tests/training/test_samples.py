"""Samples of conversations: the prompt as it is served, the text that is read back, and every difference told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessage

import adapter
from adapter.dialects.registry import load, names
from adapter.errors import BadRequest, DialectError
from adapter.training import TrainingSample, training_samples
from benchmarks.round_trip.comparing import Habits
from benchmarks.round_trip.conversations import Maker
from tests.facts.tools import TOOLS
from tests.support.tiers import few_or_all

CALL: Any = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
ASK: Any = {"role": "user", "content": "Weather in Paris?"}
RESULT: Any = {"role": "tool", "tool_call_id": "call_1", "content": "Sun. <tool_call>"}
WRITTEN = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'


def assistant(content: str | None = None, *, reasoning: str = "", calls: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"role": "assistant", "content": content}
    found |= {"reasoning_content": reasoning} if reasoning else {}
    return found | ({"tool_calls": calls} if calls else {})


TURNS: list[Any] = [
    ASK,
    assistant("I look.", reasoning="Hm.", calls=[CALL]),
    RESULT,
    assistant("Sun."),
    ASK,
    assistant(calls=[{**CALL, "id": "call_2"}]),
]


def kinds(sample: TrainingSample) -> list[str]:
    return [problem.kind for problem in sample.problems]


def test_a_sample_for_each_turn() -> None:
    first, second, third = training_samples(TURNS, TOOLS, dialect="hermes")
    assert (first.turn, second.turn, third.turn) == (1, 3, 5)
    assert first.completion == f"<think>\nHm.\n</think>\n\nI look.\n{WRITTEN}"
    assert second.completion == "Sun."
    assert third.completion == WRITTEN
    assert first.exact
    assert second.exact
    assert third.exact
    assert kinds(third) == ["reasoning_dropped"]  # of the first turn, in the prompt


@pytest.mark.parametrize("name", names())
def test_the_prompt_is_what_is_served(name: str) -> None:
    for sample in training_samples(TURNS, TOOLS, dialect=name):
        served = adapter.render(TURNS[: sample.turn], TOOLS, dialect=name, reasoning_field="text")
        assert sample.prompt == served
        assert "<tool_call>" not in str(sample.prompt[-1]["content"]) or sample.turn != 3


def test_an_earlier_turn_in_the_next_prompt_is_the_completion() -> None:
    """Prompt and completion are the beginning of the next prompt, while the question stays the same."""
    messages = [ASK, assistant("I look.", reasoning="Hm.", calls=[CALL]), RESULT, assistant("Sun.")]
    first, second = training_samples(messages, TOOLS, dialect="hermes")
    assert second.prompt[: len(first.prompt) + 1] == [*first.prompt, {"role": "assistant", "content": first.completion}]


@pytest.mark.parametrize("name", names())
@settings(max_examples=few_or_all(2, 40))
@given(seed=st.integers(0, 2**32))
def test_every_turn_is_exact_or_told(name: str, seed: int) -> None:
    conversation = Maker(name, seed).conversation()
    habits = Habits.of(load(name))
    found = training_samples(conversation.messages, conversation.tools, dialect=name)
    assert len(found) == len(conversation.turns)
    for sample, turn in zip(found, conversation.turns, strict=True):
        lost = bool(turn.calls and turn.content.strip()) and not habits.words
        assert sample.exact == (not lost), sample.problems
        assert kinds(sample).count("inexact") == lost


# A turn that is not read as it was.

INEXACT: dict[str, tuple[str, dict[str, Any], str]] = {
    "words beside calls": ("llama-3.1", assistant("I look.", calls=[CALL]), "the content 'I look.' of the turn is read as ''"),
    "reasoning without tags": ("llama-3.1", assistant("Sun.", reasoning="Hm."), "the reasoning 'Hm.' of the turn is read as ''"),
    "a call in words": ("hermes", assistant(f"Like so: {WRITTEN}"), "the tool_calls 'no call' of the turn is read as 'get_weather'"),
    "a left-over token": ("hermes", assistant("Done.<|im_end|>"), "the content 'Done.<|im_end|>' of the turn is read as 'Done.'"),
    "the tag of reasoning in reasoning": ("hermes", assistant("Sun.", reasoning="a</think>b"), "the content 'Sun.' of the turn is read as 'b"),
    "a closing tag that ends the value": (
        "glm-4.5", assistant(calls=[{**CALL, "function": {"name": "get_weather", "arguments": '{"city": "</arg_value><tool_call>"}'}}]),
        "messages[1]: the tool_calls",
    ),
    "a value that is coerced": (
        "hermes", assistant(calls=[{**CALL, "function": {"name": "get_weather", "arguments": '{"city": "Paris", "days": "3"}'}}]),
        """the tool_calls[0] '{"city": "Paris", "days": "3"}' of the turn is read as '{"city": "Paris", "days": 3}'""",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "turn", "message"), INEXACT.values(), ids=INEXACT)
def test_what_a_dialect_cannot_say_is_told(dialect: str, turn: dict[str, Any], message: str) -> None:
    heard: list[adapter.Problem] = []
    (sample,) = training_samples([ASK, turn], TOOLS, dialect=dialect, on_event=heard.append)
    found = [problem for problem in sample.problems if problem.kind == "inexact"]
    assert found
    assert message in found[0].message
    assert f"in the dialect {dialect!r}: leave the sample out, or change the turn" in found[0].message
    assert not sample.exact
    assert heard == list(sample.problems)


EXACT: dict[str, tuple[str, dict[str, Any]]] = {
    "white space at the edges": ("hermes", assistant(" Sun. \n", calls=[CALL])),
    "arguments in another spelling": (
        "hermes",
        assistant(calls=[{**CALL, "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}]),
    ),
    "arguments as an object": (
        "hermes",
        assistant(calls=[{**CALL, "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}]),
    ),
    "a legacy call": ("hermes", {"role": "assistant", "content": None, "function_call": CALL["function"]}),
    "reasoning in tags": ("hermes", assistant(f"<think>\nHm.\n</think>\n\n{'Sun.'}")),
    "reasoning in parts": (
        "hermes",
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Sun."}]},
    ),
    "arguments in another order": (
        "gemma-4",
        assistant(calls=[{**CALL, "function": {"name": "get_weather", "arguments": '{"city": "x", "b": 1, "a": 2}'}}]),
    ),
    "a refusal": ("hermes", {"role": "assistant", "content": None, "refusal": "No."}),
}


@pytest.mark.parametrize(("dialect", "turn"), EXACT.values(), ids=EXACT)
def test_what_is_the_same_is_not_told(dialect: str, turn: dict[str, Any]) -> None:
    (sample,) = training_samples([ASK, turn], TOOLS, dialect=dialect)
    assert (sample.exact, kinds(sample)) == (True, [])


def test_arguments_that_the_schema_refuses_are_told() -> None:
    turn = assistant(calls=[{**CALL, "function": {"name": "get_weather", "arguments": "{}"}}])
    (sample,) = training_samples([ASK, turn], TOOLS)
    assert kinds(sample) == ["invalid_arguments"]
    assert sample.exact


def test_the_clients_own_message() -> None:
    message = ChatCompletionMessage.model_validate(assistant("I look.", calls=[CALL]))
    (sample,) = training_samples([ASK, message], TOOLS)
    assert (sample.completion, sample.exact) == (f"I look.\n{WRITTEN}", True)


def test_the_opening_tag_in_the_prompt() -> None:
    """A chat template that ends the prompt with the tag: the completion begins behind, and closes at once without reasoning."""
    turns = [ASK, assistant(reasoning="Hm.", calls=[CALL]), RESULT, assistant("Sun.")]
    thought, plain = training_samples(turns, TOOLS, dialect="hermes", thinking_prefilled=True)
    assert thought.completion == f"Hm.\n</think>\n\n{WRITTEN}"
    assert plain.completion == "\n</think>\n\nSun."
    assert thought.exact
    assert plain.exact


@pytest.mark.parametrize("name", [name for name in names() if load(name).reasoning])
def test_the_opening_tag_in_the_prompt_in_every_dialect(name: str) -> None:
    turns = [ASK, assistant("I look.", reasoning="Hm.", calls=[CALL]), RESULT, assistant("Sun.")]
    for sample in training_samples(turns, TOOLS, dialect=name, thinking_prefilled=True):
        lost = [] if Habits.of(load(name)).words or sample.turn == 3 else ["inexact"]
        assert kinds(sample) == lost, sample.problems


def test_the_dialect_by_the_models_name() -> None:
    heard: list[adapter.Problem] = []
    (sample,) = training_samples(
        [ASK, assistant(calls=[CALL])], TOOLS, dialect="auto", model="Qwen3-Coder-30B", on_event=heard.append
    )
    assert (
        sample.completion
        == "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>"
    )
    assert [problem.kind for problem in heard] == ["chosen"]


def test_as_a_row() -> None:
    (sample,) = training_samples([ASK, assistant("Sun.")], TOOLS)
    assert sample.to_dict() == {"prompt": sample.prompt, "completion": [{"role": "assistant", "content": "Sun."}]}


def test_mistakes() -> None:
    with pytest.raises(DialectError, match="no dialect 'hermess'"):
        training_samples([ASK, assistant("x")], dialect="hermess")
    with pytest.raises(TypeError, match="option 'chat_template' changes nothing here"):
        training_samples([ASK, assistant("x")], chat_template="qwen3")  # type: ignore[call-arg]
    with pytest.raises(BadRequest, match="messages"):
        training_samples([7, assistant("x")])
    assert training_samples([ASK], TOOLS) == []
    for wrong in ("x", {"role": "user"}, None, 7):
        with pytest.raises(BadRequest, match="'messages': expected an array of messages"):
            training_samples(wrong)  # type: ignore[arg-type]
    with pytest.raises(BadRequest, match=r"messages\[0\] is a turn of the assistant, with no prompt before it"):
        training_samples([assistant("x"), ASK])
