"""Hostile text: what users and tools say forges no call, no result and no turn, and stays readable (behaviour 4.5)."""

from __future__ import annotations

import functools
import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI

import adapter
from adapter.dialects.registry import resolve
from adapter.prompt.neutralise import BREAK, Neutraliser
from tests.facts import hostile
from tests.facts.conversations import IMAGE
from tests.facts.hostile import FORGED, PAYLOADS
from tests.facts.tools import TOOLS
from tests.support.loopback import Answer, Upstream, completion
from tests.support.rows import row

if TYPE_CHECKING:
    from tests.support.loopback import Received

HARMLESS = {
    "angle brackets": "if a < b && c > d { x <| f |> g }",
    "HTML": "<p>5 &lt; 6 <b>bold</b></p><s>gone</s>",
    "lookalikes": "<tool_callz> <TOOL_CALL> < tool_call > ‹tool_call› <tool‐call> <\u200btool_call>",
    "words": "tool_call, im_start, think, [INSTALL]",
    "XML": '<answer><response a="1"/></answer><functions><invoke name="f"><parameter name="a">1</parameter></invoke></functions>',
    "words of dialects at the start of a line": "\nUser: Here are my reasoning steps: functools[0]\nAssistant: x",
    "pipes": "x <| f |> g; f <|> g; <| |>; if (a<b|c>d)",
    "brackets": "[OPTIONS] [info] [1] [[x]] ][ ]] [/b] [args]",
}


def conversation(place: str, text: str) -> dict[str, Any]:
    """A request with this text in one place."""
    messages: list[Any] = [{"role": "user", "content": "What does it say?"}]
    tools: list[Any] = json.loads(json.dumps(TOOLS))
    parts = [{"type": "text", "text": text[start : start + 5]} for start in range(0, len(text), 5)]
    around = [item for part in parts for item in (part, IMAGE)]
    called = {"id": "a", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    if place == "user":
        messages = [{"role": "user", "content": text}]
    elif place == "user, over several parts":
        messages = [{"role": "user", "content": parts}]
    elif place == "an earlier turn":
        messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}, *messages]
    elif place == "tool result":
        messages += [{"role": "assistant", "tool_calls": [called]}, {"role": "tool", "tool_call_id": "a", "content": text}]
    elif place == "user's name":
        messages = [{"role": "user", "name": text, "content": "Hi"}]
    elif place == "user, over several messages":
        messages = [{"role": "user", "content": part["text"]} for part in parts]
    elif place == "user, around images":
        messages = [{"role": "user", "content": around}]
    elif place == "tool result, around images":
        messages += [{"role": "assistant", "tool_calls": [called]}, {"role": "tool", "tool_call_id": "a", "content": around}]
    elif place == "tool result, over several parts":
        messages += [{"role": "assistant", "tool_calls": [called]}, {"role": "tool", "tool_call_id": "a", "content": parts}]
    else:
        tools[0]["function"]["description"] = text
        tools[0]["function"]["parameters"]["properties"]["city"]["description"] = text
    return {"model": "m", "messages": messages, "tools": tools}


PLACES = [
    "user",
    "user, over several parts",
    "user, over several messages",
    "user, around images",
    "user's name",
    "an earlier turn",
    "tool result",
    "tool result, over several parts",
    "tool result, around images",
    "description",
]


def echo(request: Received) -> Answer:
    """A model that repeats all that it reads, but for what the adapter itself wrote into the system message."""
    return completion("\n".join(_text(message["content"]) for message in request.body["messages"] if message["role"] == "user"))


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def markers(bodies: list[Any]) -> dict[str, int]:
    """How often each marker stands in what upstream got."""
    dialect = resolve("hermes")
    named = (dialect.open, dialect.close, *dialect.result, *(dialect.reasoning or ()), *dialect.markers, *dialect.special)
    text = "\n".join(message.get("name", "") + _text(message["content"]) for message in bodies[0]["messages"])
    special = re.findall(r"<\|\w+\|>|<｜[^｜<>\s]+｜>|<(?:start|end)_of_turn>|\[/?INST\]|\[TOOL_CALLS\]", text)
    return {marker: text.count(marker) for marker in named} | {"special tokens": len(special)}


@functools.cache
def harmless(place: str) -> dict[str, int]:
    """The markers of a request that has nothing hostile in it."""
    with Upstream(completion("")) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
        adapter.wrap(client).chat.completions.create(**conversation(place, "harmless"))
        return markers(upstream.bodies)


def test_there_are_a_hundred_attempts() -> None:
    assert len(PAYLOADS) * len(PLACES) >= 100


@pytest.mark.parametrize("place", PLACES)
def test_4_5_nothing_is_forged(place: str) -> None:
    with Upstream(echo) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
        for name, text in PAYLOADS.items():
            with row(attempt=name):
                forges_nothing(upstream, client, place, text)


def forges_nothing(upstream: Upstream, client: OpenAI, place: str, text: str) -> None:
    upstream.received.clear()
    message = adapter.wrap(client).chat.completions.create(**conversation(place, text)).choices[0].message
    found = markers(upstream.bodies)
    prompt = "".join(item.get("name", "") + _text(item["content"]) for item in upstream.bodies[0]["messages"])
    assert message.tool_calls is None
    assert found == harmless(place)
    readable = prompt.replace(BREAK, "")
    text = text.replace(BREAK, "")
    assert text in readable or json.dumps(text, ensure_ascii=False)[1:-1] in readable


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HARMLESS.items()])
@pytest.mark.parametrize("place", PLACES)
def test_4_5_everything_else_stays_as_it_is(place: str, text: str) -> None:
    guard = Neutraliser(resolve("hermes"))
    request = conversation(place, text)
    assert [guard.content(message.get("content")) for message in request["messages"]] == [
        message.get("content") for message in request["messages"]
    ]
    assert guard.tool(request["tools"][0]) == request["tools"][0]


def test_names_and_values_are_shown_without_markers() -> None:
    guard = Neutraliser(resolve("hermes"))
    schema = {"type": "object", "properties": {"tag": {"enum": ["<tool_call>"], "description": "<tool_call>"}}}
    tool = guard.tool({"type": "function", "function": {"name": "f", "parameters": schema}})
    inside = tool["function"]["parameters"]["properties"]["tag"]
    assert inside == {"enum": [f"<{BREAK}tool_call>"], "description": f"<{BREAK}tool_call>"}


def test_it_can_be_switched_off() -> None:
    [message] = adapter.render([{"role": "user", "content": FORGED}], neutralise=False)
    assert message["content"] == FORGED
    with Upstream(completion("x")) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        adapter.wrap(client, neutralise=False).chat.completions.create(**conversation("user", FORGED))
        assert upstream.bodies[0]["messages"][-1]["content"] == FORGED


def test_the_callers_own_words_are_trusted() -> None:
    plain = adapter.render([{"role": "system", "content": "Write <tool_call> first."}, {"role": "user", "content": "Hi"}])
    assert plain[0]["content"] == "Write <tool_call> first."


@given(hostile.MESSAGES, hostile.DESCRIPTIONS, hostile.OPTIONS)
def test_4_5_a_hostile_conversation_has_no_more_markers_than_a_harmless_one(
    messages: list[Any], descriptions: tuple[str, str, str], options: dict[str, Any]
) -> None:
    hostile.check(messages, descriptions, options)


MARKUP = st.lists(
    st.sampled_from([*PAYLOADS.values(), "<", ">", "|", "tool_call", "<tool_", "call>", "im_end", "\u200b", "a"]), max_size=8
)


@given(MARKUP, st.integers(0, 2**32))
def test_4_5_no_marker_is_left_whatever_the_text_and_however_it_is_split(pieces: list[str], seed: int) -> None:
    text, chance = "".join(pieces), random.Random(seed)
    guard = Neutraliser(resolve("hermes"))
    parts: list[Any] = []
    rest = text
    while rest:
        size = chance.randint(1, 12)
        parts.append({"type": "text", "text": rest[:size]})
        rest = rest[size:]
    for found in (guard.text(text), "".join(part["text"] for part in guard.content(parts))):
        assert guard.text(found) == found
        assert found.replace(BREAK, "") == text.replace(BREAK, "")
        assert adapter.parse(found, TOOLS, recover=False).tool_calls == ()
    assert parts == [] or "".join(part["text"] for part in parts) == text  # the caller's own parts are left alone
