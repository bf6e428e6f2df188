"""Searches for tools that are unreadable, misplaced, forbidden or made again and again: the same whole and streamed, and told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest

import adapter
from tests.routing.sets import OFFICE
from tests.routing.test_search_tool import CITY, EMAIL, STREAMS, asked, call, called, replies, search, user, wrapped
from tests.support.loopback import Answer, Stream, Upstream, chunk, completion, event

if TYPE_CHECKING:
    from adapter.events import Problem
    from tests.support.loopback import Received

UNREADABLE = '<tool_call>\n{"name": "get_weather", "arguments": {"city": x y z}}\n</tool_call>'


def unreadable(arguments: str) -> str:
    return f'<tool_call>\n{{"name": "search_tools", "arguments": {arguments}}}\n</tool_call>'


# The answer, the content and the calls for the caller, and what is told.
ODD = [
    pytest.param(unreadable('{"query": NaN}'), {}, "Fine.", ["unreadable", "reask"], id="a number that is none"),
    pytest.param(unreadable('{"query": mail of x y}'), {}, "Fine.", ["unreadable", "reask"], id="no JSON"),
    pytest.param(unreadable("[" * 3000 + "]" * 3000), {}, "Fine.", ["unreadable", "reask"], id="nested too deeply"),
    pytest.param("Hm. " + unreadable('{"query": NaN}'), {}, "Fine.", ["unreadable", "reask"], id="no JSON behind words"),
    pytest.param(search("mail") + "\nLet me see.", {}, "Let me see.\n\nFine.", ["searched"], id="words behind"),
    pytest.param("Hm. " + search("mail") + "\nSo.", {}, None, ["searched"], id="words before and behind"),
    pytest.param(search("mail") + UNREADABLE, {}, "Fine.", ["unreadable", "searched"], id="an unreadable call behind"),
    pytest.param(search("mail") + UNREADABLE, {"retries": 0}, "Fine.", ["unreadable", "searched"], id="the same, the last attempt"),
    pytest.param(UNREADABLE + search("mail"), {"stream_calls": "validated"}, "Fine.", ["unreadable", "searched"], id="an unreadable call before"),
    pytest.param(call("nope", {}) + search("mail"), {}, "Fine.", ["unknown_tool", "searched", "reask"], id="behind an unknown tool"),
    pytest.param(call("search_tools", {}), {"on_invalid": "text", "retries": 0}, "Fine.", ["invalid_arguments", "searched"], id="invalid, and invalid calls are text"),
    pytest.param("<think>Which tool?</think>Hm. " + search("mail"), {}, "Hm.\n\nFine.", ["searched"], id="thinking before"),
]  # fmt: skip


@STREAMS
@pytest.mark.parametrize(("text", "options", "expected", "kinds"), ODD)
def test_odd_searches(stream: bool, text: str, options: Any, expected: str | None, kinds: list[str]) -> None:
    told: list[Problem] = []
    with Upstream(*replies((text, "Fine."), stream=stream)) as upstream, wrapped(upstream, told, **options) as client:
        message = asked(client, [user("the weather")], stream=stream)
    content = message["content"]
    if expected is None:  # words joined in either way, none lost
        assert content.split() == ["Hm.", "So.", "Fine."]
    elif stream and kinds[-1] == "reask" and text.startswith("Hm."):  # those words have left
        assert content == "Hm.Fine."
    else:
        assert content == expected
    assert called(message) == []
    assert sorted(one.kind for one in told) == sorted(kinds)
    assert all(one.raw for one in told)
    assert "tool_call" not in content


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def allowed(mode: str) -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [named("get_weather")]}}


@STREAMS
@pytest.mark.parametrize(
    "choice", [named("get_weather"), allowed("auto"), allowed("required")], ids=["named", "auto", "required"]
)
def test_no_search_finds_a_tool_that_the_choice_forbids(stream: bool, choice: Any) -> None:
    """Or the model would be told that it may call a tool, and its call be refused."""
    told: list[Problem] = []
    texts = (search("electronic mail"), call("get_weather", CITY))
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream, told) as client:
        message = asked(client, [user("the weather")], stream=stream, tool_choice=choice)
        last = json.dumps(upstream.bodies[-1])
    assert called(message) == [("get_weather", CITY)]
    assert "sendEmail" not in last
    assert "The tools that can be called in this turn are 'get_weather'" in last
    assert "the search found none, because the 'tool_choice' allows no other tools" in told[-1].message


@STREAMS
def test_thinking_before_a_search_reaches_the_caller(stream: bool) -> None:
    texts = ("<think>Which tool?</think>" + search("mail"), "<think>That one.</think>Fine.")
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream) as client:
        answer: Any = client.chat.completions.create(model="m", messages=[user("the weather")], stream=stream)
        deltas = [one.choices[0].delta for one in answer if one.choices] if stream else [answer.choices[0].message]
    thought = "".join(getattr(one, "reasoning_content", None) or "" for one in deltas)
    assert thought == "Which tool?That one."


@STREAMS
def test_prompts_grow_with_thinking_and_a_search_inside_a_turn(stream: bool) -> None:
    """The caller sends the thinking back with the call; the model reads each piece once, where it wrote it."""
    texts = (
        "<think>Which tool?</think>Hm. " + search("electronic mail"),
        "<think>That one.</think>Ah. " + call("sendEmail", EMAIL),
        "Sent.",
    )
    messages: list[Any] = [user("the weather")]
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream) as client:
        made = asked(client, messages, stream=stream) | {"reasoning_content": "Which tool?That one."}
        messages += [made, {"role": "tool", "tool_call_id": made["tool_calls"][0]["id"], "content": "done"}]
        asked(client, messages, stream=stream)
        prompts = [body["messages"] for body in upstream.bodies]
    assert prompts[2][: len(prompts[1])] == prompts[1]
    assert prompts[2][len(prompts[1])]["content"] == texts[1]


def test_a_request_that_is_made_again_begins_anew() -> None:
    """Many conversations begin with the same words: none gathers the searches of the others."""
    made = 0

    def script(_: Received) -> Any:
        nonlocal made
        made += 1
        return completion(f"Hm {made}. {search('electronic mail')}" if made % 2 else "Fine.")

    with Upstream(script) as upstream, wrapped(upstream) as client:
        answers = [asked(client, [user("hi")], stream=False) for _ in range(3)]
        messages = [user("hi"), answers[-1], user("thanks")]
        asked(client, messages, stream=False)
        bodies = [body["messages"] for body in upstream.bodies]
    assert [len(one) for one in bodies[:6]] == [len(bodies[0]), len(bodies[1])] * 3
    assert bodies[4] == bodies[2] == bodies[0]
    assert bodies[6][: len(bodies[5])] == bodies[5], "the last one is the conversation's"
    assert bodies[6][len(bodies[5])]["content"] == "Fine."


def test_the_search_of_a_request_that_failed_is_in_no_later_prompt() -> None:
    failed = Answer({"error": {"message": "busy"}}, status=500)
    with Upstream(completion(search("electronic mail")), failed, completion("Fine.")) as upstream, wrapped(upstream) as client:
        with pytest.raises(openai.InternalServerError):
            asked(client, [user("hi")], stream=False)
        answer = asked(client, [user("hi")], stream=False)
        asked(client, [user("hi"), answer, user("thanks")], stream=False)
        bodies = [body["messages"] for body in upstream.bodies]
    assert bodies[2] == bodies[0]
    assert bodies[3][: len(bodies[0])] == bodies[0]
    assert bodies[3][len(bodies[0])]["content"] == "Fine."


def test_a_search_in_the_text_before_a_call_of_upstreams_own_is_told() -> None:
    own = {"index": 0, "id": "c0", "type": "function", "function": {"name": "get_weather", "arguments": json.dumps(CITY)}}
    parts = [chunk({"content": search("electronic mail")}), chunk({"tool_calls": [own]}), chunk({}, "tool_calls")]
    told: list[Problem] = []
    first = Stream((*map(event, parts), b"data: [DONE]\n\n"), {"content-type": "text/event-stream"})
    with Upstream(first) as upstream, wrapped(upstream, told) as client:
        assert called(asked(client, [user("the weather")], stream=True)) == [("get_weather", CITY)]
    assert [(one.kind, "search_tools" in one.raw) for one in told] == [("left_out", True)]


def test_the_words_of_a_long_search_are_cut_in_the_notice() -> None:
    told: list[Problem] = []
    with Upstream(*map(completion, (search("mail " * 20_000), "Fine."))) as upstream, wrapped(upstream, told) as client:
        asked(client, [user("the weather")], stream=False)
    assert len(told[0].message) < 400
    assert len(told[0].raw) > 100_000, "the whole text is at hand"


def test_errors_of_wrong_arguments_are_short_and_say_what_to_write() -> None:
    from openai import OpenAI

    plain = OpenAI(base_url="http://127.0.0.1:1/v1", api_key="key")
    with pytest.raises(TypeError, match=r"make one: adapter\.ToolRouter\(tools\)") as caught:
        adapter.wrap(plain, router=OFFICE * 9)  # type: ignore[arg-type]  # the mistake
    assert len(str(caught.value)) < 200
    for one in (max_of, adapter.tool(max_of)):
        with pytest.raises(
            adapter.BadRequest, match=r"'tools\[1\]': expected the definition .*adapter\.tool\(function\)\.definition"
        ):
            adapter.ToolRouter([OFFICE[0], one])  # type: ignore[list-item]  # the mistake


def max_of(numbers: list[int]) -> int:
    """The largest number."""
    return max(numbers)
