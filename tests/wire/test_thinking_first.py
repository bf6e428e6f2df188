"""A call begun for a model that thinks first: one request for the thinking, one for the call, and the caller sees one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from tests.facts.tools import TOOLS
from tests.support.loopback import DONE, Answer, Stream, Upstream, chunk, completion, event

if TYPE_CHECKING:
    from adapter.events import Problem
    from tests.support.loopback import Received

BEGUN = '<tool_call>\n{"name": "'
REST = 'get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'
PARIS = {"reasoning": "Hm.", "content": None, "calls": [("get_weather", '{"city": "Paris"}')]}
MODES = ["whole", "incremental", "validated"]
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def says(text: str, finish: str = "stop", **message: Any) -> Any:
    """A reply with this content and other fields of the message, streamed where it is asked to be."""

    def reply(request: Received) -> Answer | Stream:
        if not request.body.get("stream"):
            return completion(text or None, finish, **message)
        deltas = [chunk({"role": "assistant"}), *(chunk({name: value}) for name, value in message.items())]
        deltas += [chunk({"content": text[at : at + 3]}) for at in range(0, len(text), 3)]
        return Stream((*map(event, deltas), event(chunk({}, finish)), event(chunk(usage=USAGE)), DONE))

    return reply


def ask(upstream: Upstream, mode: str, options: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """What the caller gets."""
    request = {"extra_body": {"enable_thinking": True}, "tool_choice": "required", **request}
    chosen = {"enforce": "prefill", "stream_calls": "validated" if mode == "validated" else "incremental", **options}
    asked: Any = {"model": "m", "messages": [{"role": "user", "content": "Weather in Paris?"}], "tools": TOOLS, **request}
    found: Any
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
        client = adapter.wrap(plain, **chosen)
        if mode == "whole":
            found = client.chat.completions.create(**asked)
        else:
            with client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as stream:
                found = stream.get_final_completion()
    message = found.choices[0].message
    calls = [(call.function.name, call.function.arguments) for call in message.tool_calls or () if call.type == "function"]
    got = {"reasoning": getattr(message, "reasoning_content", None), "content": message.content, "calls": calls}
    return got if found.usage is None else {**got, "tokens": found.usage.completion_tokens}


FORMS = [
    pytest.param("<think>\nHm.\n", {}, {}, "<think>\nHm.\n</think>\n\n", id="stopped before the tag"),
    pytest.param("<think>\nHm.\n</think>", {}, {}, "<think>\nHm.\n</think>\n\n", id="stopped after the tag"),
    pytest.param("", {"reasoning_content": "Hm."}, {}, "<think>\nHm.\n</think>\n\n", id="in reasoning_content"),
    pytest.param("Hm.\n", {}, {"thinking_prefilled": True}, "Hm.\n</think>\n\n", id="begun by the server"),
    pytest.param(
        "", {"reasoning_content": "Hm."}, {"thinking_prefilled": True}, "Hm.\n</think>\n\n", id="begun, in reasoning_content"
    ),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("repeats", [False, True], ids=["upstream goes on", "upstream repeats the beginning"])
@pytest.mark.parametrize(("thought", "fields", "options", "beginning"), FORMS)
def test_thought_then_call(
    thought: str, fields: dict[str, Any], options: dict[str, Any], beginning: str, repeats: bool, mode: str
) -> None:
    second = beginning + BEGUN + REST if repeats else REST
    with Upstream(says(thought, **fields), says(second)) as upstream:
        got = ask(upstream, mode, options, {"max_tokens": 100, "stop": ["###"]})
        first, after = upstream.bodies
    assert got == {**PARIS, "tokens": 10}
    assert first["stop"] == ["</think>"]
    assert first["messages"][-1]["role"] == "user"
    assert after["stop"] == ["###"]
    assert after["messages"][-1] == {"role": "assistant", "content": beginning + BEGUN}
    assert (first["max_tokens"], after["max_tokens"]) == (100, 95)


@pytest.mark.parametrize("mode", MODES)
def test_a_thought_that_is_cut_is_cut(mode: str) -> None:
    with Upstream(says("<think>\nHm, th", "length")) as upstream:
        if mode == "whole":
            assert ask(upstream, mode, {}, {}) == {"reasoning": "Hm, th", "content": None, "calls": [], "tokens": 5}
        else:
            from openai import LengthFinishReasonError

            with pytest.raises(LengthFinishReasonError):
                ask(upstream, mode, {}, {})
        assert len(upstream.received) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_model_that_calls_without_thinking(mode: str) -> None:
    with Upstream(says(BEGUN + REST)) as upstream:
        assert ask(upstream, mode, {}, {}) == {**PARIS, "reasoning": None, "tokens": 5}
        assert len(upstream.received) == 1


@pytest.mark.parametrize("mode", ["whole", "validated"])
def test_a_model_that_only_talks_is_asked_again_with_the_call_begun(mode: str) -> None:
    told: list[Problem] = []
    with Upstream(says("No."), says(REST)) as upstream:
        got = ask(upstream, mode, {"on_event": told.append}, {})
        last = upstream.bodies[1]["messages"][-1]
    assert got["calls"] == PARIS["calls"]
    assert last == {"role": "assistant", "content": BEGUN}
    assert [problem.kind for problem in told] == ["reask"]


def test_several_answers_cannot_think_before_a_call_that_is_begun_and_it_is_told() -> None:
    told: list[Problem] = []
    with Upstream(completion("<think>\nHm.\n</think>\n" + BEGUN + REST)) as upstream:
        assert ask(upstream, "whole", {"on_event": told.append}, {"n": 2}) == {**PARIS, "tokens": 5}
        [sent] = upstream.bodies
    assert "stop" not in sent
    assert [problem.kind for problem in told] == ["unenforced"]
