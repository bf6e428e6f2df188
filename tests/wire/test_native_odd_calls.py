"""Upstream's own calls in other forms than OpenAI's: read as they were meant, or in words from then on (behaviour 6.11)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from tests.support.loopback import Upstream, completion
from tests.support.native_servers import answers
from tests.wire.test_native import ASK, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.events import Problem

PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0)


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    PLAIN.close()


PARIS, ROME = '{"city": "Paris"}', '{"city": "Rome"}'
W, T = "get_weather", "get_time"


def function(arguments: Any = PARIS, name: str = W) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


# The `tool_calls` of a whole message, and the calls that the client gets.
CALLS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "two with one id": ([{"id": "a", **function()}, {"id": "a", **function(ROME)}], [(W, PARIS), (W, ROME)]),
    "the same twice, with one id": ([{"id": "a", **function()}, {"id": "a", **function()}], [(W, PARIS), (W, PARIS)]),
    "two tools with one id": ([{"id": "a", **function()}, {"id": "a", **function("{}", T)}], [(W, PARIS), (T, "{}")]),
    "objects with one id": (
        [{"id": "a", **function({"city": "Paris"})}, {"id": "a", **function({"city": "Rome"})}],
        [(W, PARIS), (W, ROME)],
    ),
    "without ids": ([function(), function(ROME)], [(W, PARIS), (W, ROME)]),
    "a number as id": ([{"id": 5, **function()}], [(W, PARIS)]),
    "zero as id": ([{"id": 0, **function()}], [(W, PARIS)]),
    "numbers as ids": ([{"id": 1, **function()}, {"id": 2, **function(ROME)}], [(W, PARIS), (W, ROME)]),
    "flat": ([{"id": "a", "name": W, "arguments": PARIS}], [(W, PARIS)]),
    "flat, with an object": ([{"id": "a", "name": W, "arguments": {"city": "Paris"}}], [(W, PARIS)]),
    "one, and no list": ({"id": "a", **function()}, [(W, PARIS)]),
}


@pytest.mark.parametrize("native", ["auto", "always"])
@pytest.mark.parametrize("name", CALLS)
def test_calls_in_another_form(name: str, native: Any) -> None:
    given, wanted = CALLS[name]
    told: list[Problem] = []
    with Upstream(completion(None, "tool_calls", tool_calls=given)) as upstream:
        client: Any = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native=native, on_event=told.append)
        message = client.chat.completions.create(model="m", messages=ASK, tools=TOOLS).choices[0].message
    assert [(call.function.name, call.function.arguments) for call in message.tool_calls] == wanted
    assert len({call.id for call in message.tool_calls}) == len(wanted)
    assert [problem.kind for problem in told if problem.kind not in {"chosen", "wire_mended"}] == []


@pytest.mark.parametrize("name", CALLS)
def test_streamed_calls_in_another_form(name: str) -> None:
    given, wanted = CALLS[name]
    items = [given] if isinstance(given, dict) else given
    deltas = [{"tool_calls": [{**item, "index": at}]} for at, item in enumerate(items)]
    with Upstream(lambda request: answers(request, deltas=deltas)) as upstream:
        client: Any = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto")
        found: dict[int, list[str]] = {}
        for chunk in client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, stream=True):
            for call in (chunk.choices[0].delta.tool_calls or ()) if chunk.choices else ():
                kept = found.setdefault(call.index, [call.function.name or "", ""])
                kept[1] += call.function.arguments or ""
    assert [tuple(one) for one in found.values()] == wanted


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_constant_that_is_no_json_is_named(constant: str) -> None:
    wrong = f'{{"city": "Paris", "days": {constant}}}'
    told: list[Problem] = []
    with Upstream(lambda request: answers(request, calls=[{"id": "a", **function(wrong)}])) as upstream:
        client: Any = adapter.wrap(
            PLAIN.with_options(base_url=upstream.url), native="always", on_invalid="return", retries=0, on_event=told.append
        )
        client.chat.completions.create(model="m", messages=ASK, tools=TOOLS)
    [problem] = [problem for problem in told if problem.kind == "invalid_arguments"]
    assert constant.removeprefix("-") in problem.message
    assert "no JSON" in problem.message


# Text like a call that is not read in the dialect: the next request goes in words.
LIKE_CALLS = {
    "another dialect": f"[TOOL_CALLS][{json.dumps({'name': W, 'arguments': {'city': 'Paris'}})}]",
    "words and JSON": f"Sure: {json.dumps({'name': W, 'arguments': {'city': 'Paris'}})}",
    "Python": f'{W}(city="Paris")',
}


@pytest.mark.parametrize("name", LIKE_CALLS)
def test_text_like_a_call_ends_native(name: str) -> None:
    told: list[Problem] = []
    with Upstream(lambda request: answers(request, LIKE_CALLS[name])) as upstream:
        client: Any = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", on_event=told.append)
        for _ in range(2):
            client.chat.completions.create(model="m", messages=ASK, tools=TOOLS)
        assert ["tools" in body for body in upstream.bodies] == [True, False]
    assert "text like a call" in " ".join(problem.message for problem in told if problem.kind == "chosen")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_calls_that_were_not_asked_for_are_told_with_their_text(*, stream: bool) -> None:
    told: list[Problem] = []
    calls = [{"id": "a", "index": 0, **function()}, {"id": "b", "index": 1, **function("{}", T)}]
    with Upstream(lambda request: answers(request, "I may not.", calls=calls)) as upstream:
        client: Any = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", on_event=told.append)
        given: dict[str, Any] = {"messages": ASK, "tools": TOOLS, "tool_choice": "none", "stream": stream}
        got = client.chat.completions.create(model="m", **given)
        assert not stream or [*got]
    [problem] = [problem for problem in told if problem.kind == "left_out"]
    assert problem.message == f"upstream made a call of '{W}', '{T}' although tool_choice is 'none'; the call was left out"
    assert problem.raw == f"{W} {PARIS}\n{T} {{}}"


# Arguments in place of their JSON text, and the words for them.
VALUES: dict[str, tuple[Any, str]] = {
    "an object": ({"city": "Paris"}, "an object"),
    "a list": (["Paris"], "a list"),
    "a number": (5, "a number"),
    "a fraction": (5.5, "a number"),
    "true": (True, "true or false"),
}


@pytest.mark.parametrize("name", VALUES)
def test_arguments_that_are_no_text_are_named(name: str) -> None:
    value, word = VALUES[name]
    told: list[Problem] = []
    with Upstream(completion(None, "tool_calls", tool_calls=[{"id": "a", **function(value)}])) as upstream:
        client: Any = adapter.wrap(
            PLAIN.with_options(base_url=upstream.url), native="always", on_invalid="return", retries=0, on_event=told.append
        )
        client.chat.completions.create(model="m", messages=ASK, tools=TOOLS)
    mended = [problem.message for problem in told if problem.kind == "wire_mended"]
    assert f"upstream's arguments are {word} in place of its JSON text" in mended


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_invalid_call_in_the_text_is_objected_to_in_words(*, stream: bool) -> None:
    """Nothing says "in words from now on" and then sends the tools again; the record of each request has its reason."""
    told: list[Problem] = []
    kept: list[adapter.ExchangeRecord] = []
    turns = iter(['{"town": "Paris"}', PARIS])

    def script(request: Any) -> Any:
        return answers(request, f'<tool_call>\n{{"name": "{W}", "arguments": {next(turns)}}}\n</tool_call>')

    with Upstream(script) as upstream:
        url = PLAIN.with_options(base_url=upstream.url)
        client: Any = adapter.wrap(url, native="auto", stream_calls="validated", on_event=told.append, on_exchange=kept.append)
        got = client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, stream=stream)
        calls = (
            [call for one in got if one.choices for call in one.choices[0].delta.tool_calls or ()]
            if stream
            else got.choices[0].message.tool_calls
        )
        assert "".join(call.function.arguments or "" for call in calls) == PARIS
        assert ["tools" in body for body in upstream.bodies] == [True, False]
        objection = upstream.bodies[1]["messages"][-2:]
    assert objection[0]["content"].startswith("<tool_call>")
    assert "'city' is a required property" in objection[1]["content"]
    assert "tool_calls" not in objection[0]
    [again] = [problem.message for problem in told if problem.kind == "reask"]
    assert again.endswith("asked again in words")
    natively, in_words = [" ".join(record.reasons) for record in kept]
    assert "requests go upstream with their tools" in natively
    assert "requests go upstream with their tools" not in in_words
    assert "go in words for an hour, because upstream left a call in the text" in in_words
