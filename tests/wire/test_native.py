"""Native where it works: eight kinds of servers, four tool choices, whole and streamed, Chat and Responses (behaviour 6.11).

Each row says what the first and the second request of a client send: `t` with tools, `w` in words.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from tests.facts.tools import TIME, function
from tests.support.loopback import Upstream
from tests.support.native_servers import (
    ARGUMENTS,
    WORDS,
    at_first,
    ignoring,
    made,
    odd,
    perfect,
    piece,
    refusing,
    unforced,
    unparsed,
)
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Script

LONG = "The weather in a city, now or in the days to come, with the temperature in degrees Celsius. " * 3
WEATHER = function("get_weather", {"city": {"type": "string"}, "days": {"type": "integer"}}, ["city"])
WEATHER["function"]["description"] = LONG
TOOLS: Any = [WEATHER, TIME]
FLAT: Any = [{"type": "function", **tool["function"]} for tool in TOOLS]
ASK: Any = [{"role": "user", "content": "Weather in Paris?"}]
CHOICES: dict[str, Any] = {
    "auto": "auto",
    "required": "required",
    "named": {"type": "function", "function": {"name": "get_weather"}},
    "none": "none",
}
MODES = ("chat", "chat stream", "responses", "responses stream")
PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0)  # making an HTTP client takes longer than a test
CALLED, SAID = ("get_weather", json.loads(ARGUMENTS)), WORDS


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    PLAIN.close()


def request_of(mode: str, choice: str) -> dict[str, Any]:
    given = {"stream": mode.endswith("stream"), "tool_choice": CHOICES[choice]}
    if mode.startswith("chat"):
        return {**given, "messages": ASK, "tools": TOOLS}
    return {
        **given,
        "input": ASK,
        "tools": FLAT,
        "tool_choice": {"type": "function", "name": "get_weather"} if choice == "named" else choice,
    }


def joined(chunks: list[Any]) -> Any:
    """The call or the words of a chat stream."""
    deltas = [one.choices[0].delta for one in chunks if one.choices]
    calls = [call.function for delta in deltas for call in delta.tool_calls or ()]
    if calls:
        return ("".join(call.name or "" for call in calls), json.loads("".join(call.arguments or "" for call in calls)))
    return "".join(delta.content or "" for delta in deltas)


def whole(answer: Any) -> Any:
    """The call or the words of a chat completion, or of a response."""
    if hasattr(answer, "choices"):
        message = answer.choices[0].message
        called = message.tool_calls and message.tool_calls[0].function
        return (called.name, json.loads(called.arguments)) if called else message.content
    called = next((item for item in answer.output if item.type == "function_call"), None)
    return (called.name, json.loads(called.arguments)) if called else answer.output_text


def ask(client: Any, mode: str, choice: str, model: str = "m") -> Any:
    request = {**request_of(mode, choice), "model": model}
    got = (client.chat.completions if mode.startswith("chat") else client.responses).create(**request)
    if not request["stream"]:
        return whole(got)
    if mode.startswith("chat"):
        return joined([*got])
    return whole([item.response for item in got if item.type == "response.completed"][-1])  # read to its end, and closed


def forms(bodies: list[dict[str, Any]]) -> str:
    return "".join("t" if "tools" in body else "w" for body in bodies)


ODD: dict[str, Script] = {
    "one whole chunk": odd([{"tool_calls": [made(index=0)]}]),
    "no index": odd([{"tool_calls": [made()]}]),
    "no index, pieces": odd(
        [{"tool_calls": [piece('{"city"', "get_weather", id="a")]}, {"tool_calls": [piece(': "Paris"}', id="a")]}],
        [made(index=None)],
    ),
    "id and name repeated": odd(
        [{"tool_calls": [piece(part, "get_weather", id="a", index=0)]} for part in ('{"ci', 'ty": ', '"Paris"}')]
    ),
    "name in pieces": odd(
        [{"tool_calls": [piece(None, part, index=0, id="a")]} for part in ("get_", "weather")]
        + [{"tool_calls": [piece(ARGUMENTS, index=0)]}]
    ),
    "arguments as an object": odd([{"tool_calls": [made(json.loads(ARGUMENTS), index=0)]}], [made(json.loads(ARGUMENTS))]),
    "arguments in a string": odd([{"tool_calls": [made(json.dumps(ARGUMENTS), index=0)]}], [made(json.dumps(ARGUMENTS))]),
    "the call with the end": odd([{"tool_calls": [made(index=0)], "content": ""}]),
    "a function_call": odd([{"function_call": {"name": "get_weather", "arguments": ARGUMENTS}}]),
    "a bracket too many": odd([{"tool_calls": [made(ARGUMENTS + "}", index=0)]}], [made(ARGUMENTS + "}")]),
}
ALWAYS_TOOLS = dict.fromkeys(CHOICES, "t|t")


def unknown_first() -> Script:
    good, turns = at_first(ARGUMENTS), itertools.count()

    def script(request: Any) -> Any:
        if "tools" in request.body and request.body.get("tool_choice") != "none" and next(turns) % 2 == 0:
            return odd([{"tool_calls": [made(name="get_wether", index=0)]}], [made(name="get_wether")])(request)
        return good(request)

    return script


# Per kind: the server, the options, and what is sent for each choice; with `whole/streamed` where the two differ.
KINDS: dict[str, tuple[Any, dict[str, Any], dict[str, str]]] = {
    "1 perfect": (lambda: perfect, {}, ALWAYS_TOOLS),
    "2 tools refused": (lambda: refusing, {}, dict.fromkeys(CHOICES, "tw|w")),
    # The usage that tells so comes behind a streamed answer.
    "3 tools ignored": (
        lambda: ignoring,
        {},
        {"auto": "tw|w/t|w", "required": "tw|w", "named": "tw|w", "none": "t|t"},
    ),
    "4 calls in the text": (lambda: unparsed("hermes"), {}, {**dict.fromkeys(CHOICES, "t|w"), "none": "t|t"}),
    "4 in another dialect": (
        lambda: unparsed("glm-4.5"),
        {"dialect": "glm-4.5"},
        {**dict.fromkeys(CHOICES, "t|w"), "none": "t|t"},
    ),
    "5 choice not held": (lambda: unforced, {}, {"auto": "t|t", "required": "tw|w", "named": "tw|w", "none": "t|t"}),
    "6 arguments no JSON": (
        lambda: at_first("city is Paris"),
        {"stream_calls": "validated"},
        {**dict.fromkeys(CHOICES, "tt|tt"), "none": "t|t"},
    ),
    "7 arguments against the schema": (
        lambda: at_first('{"town": "Paris"}'),
        {"stream_calls": "validated"},
        {**dict.fromkeys(CHOICES, "tt|tt"), "none": "t|t"},
    ),
    "7 unknown tool": (
        unknown_first,
        {"stream_calls": "validated"},
        {**dict.fromkeys(CHOICES, "tt|tt"), "none": "t|t"},
    ),
    **{f"8 {name}": ((lambda script=script: script), {}, ALWAYS_TOOLS) for name, script in ODD.items()},
}


@pytest.mark.both_tiers
@pytest.mark.parametrize("kind", KINDS)
def test_native_auto(kind: str) -> None:
    server, options, rows = KINDS[kind]
    told: list[Any] = []
    with Upstream(server()) as upstream:
        client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", on_event=told.append, **options)
        few = {"auto": rows["auto"]} if kind.startswith("8") else rows  # the form of a call has nothing to do with the choice
        for (choice, row), mode in itertools.product(few_or_all(few, rows).items(), MODES):
            if choice != "auto" and mode not in few_or_all(("chat", "chat stream"), MODES):
                continue  # a response is a chat's answer in another form, which has nothing to do with the choice either
            due = row.split("/")[-1 if mode.endswith("stream") else 0].split("|")
            place = f"{kind}, {choice}, {mode}"  # the name of the model too: what is learnt is learnt for a model
            wanted = SAID if choice == "none" else CALLED
            first = ask(client, mode, choice, place)
            sent = len(upstream.received)
            second = ask(client, mode, choice, place)
            streams_words = mode.endswith("stream") and "/" in row
            assert (first, second) == (SAID if streams_words else wanted, wanted), place
            assert [forms(upstream.bodies[:sent]), forms(upstream.bodies[sent:])] == due, place
            chosen = [problem.message for problem in told if problem.kind == "chosen"]
            assert len(chosen) == len(set(chosen)) == 1 + ("w" in due[1]), place  # the choice, and what was learnt
            assert all(message.startswith("native='auto': ") for message in chosen), place
            upstream.received.clear()
            told.clear()


def test_odd_calls_of_an_upstream_that_only_streams_are_joined() -> None:
    for name, script in ODD.items():
        with Upstream(script) as upstream:
            client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", upstream_stream="always")
            assert [ask(client, mode, "auto") for mode in ("chat", "responses")] == [CALLED, CALLED], name
            assert forms(upstream.bodies) == "tt", name
