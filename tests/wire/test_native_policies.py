"""One policy for calls in text and for calls of upstream's own; and what `native` says of other options (behaviour 6.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import OpenAI

import adapter
from tests.facts.tools import TIME, TOOLS, function
from tests.support.loopback import Upstream
from tests.support.native_servers import ARGUMENTS, IN_TEXT, answers, made, piece
from tests.support.tiers import few_or_all
from tests.wire.test_native import CALLED, ask, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received, Reply

ASK: Any = [{"role": "user", "content": "Weather in Paris?"}]
STRICT = function("get_weather", {"city": {"type": "string"}}, ["city"])
STRICT["function"]["strict"] = True
NAMED = {"type": "function", "function": {"name": "get_weather"}}
MADE = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": ARGUMENTS}}
DONE = [*ASK, {"role": "assistant", "tool_calls": [MADE]}, {"role": "tool", "tool_call_id": "c1", "content": "18 C"}]
PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0)


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    PLAIN.close()


def text_of(arguments: str, name: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


# Calls as `(arguments, name)`, options and members of the request.
POLICIES: dict[str, tuple[list[tuple[str, str]], dict[str, Any], dict[str, Any]]] = {
    "valid": ([(ARGUMENTS, "get_weather")], {}, {}),
    "coerced": ([('{"city": "Paris", "days": "3"}', "get_weather")], {}, {}),
    "not coerced": ([('{"city": "Paris", "days": "3"}', "get_weather")], {"coerce": False}, {}),
    "repaired": ([("{'city': 'Paris', 'days': 3,}", "get_weather")], {}, {}),
    "spelling kept": ([('{"city":  "P\\u0061ris", "days": 3}', "get_weather")], {}, {}),
    "no arguments": ([("{}", "get_time")], {}, {}),
    "null for arguments": ([("null", "get_time")], {}, {}),
    "a list for arguments": ([('["Paris"]', "get_weather")], {}, {}),
    "against the schema": ([('{"town": "Paris"}', "get_weather")], {}, {}),
    "against the schema, returned": ([('{"town": "Paris"}', "get_weather")], {"on_invalid": "return"}, {}),
    "against the schema, strict": ([('{"town": "Paris"}', "get_weather")], {"on_invalid": "return"}, {"tools": [STRICT, TIME]}),
    "unknown tool": ([(ARGUMENTS, "get_wether")], {}, {}),
    "unknown tool, returned": ([(ARGUMENTS, "get_wether")], {"on_invalid": "return"}, {}),
    "another tool than named": (
        [("{}", "get_time")],
        {},
        {"tool_choice": NAMED},
    ),
    "two calls": ([(ARGUMENTS, "get_weather"), ("{}", "get_time")], {}, {}),
    "two calls where one may": ([(ARGUMENTS, "get_weather"), ("{}", "get_time")], {}, {"parallel_tool_calls": False}),
    "the second invalid": ([(ARGUMENTS, "get_weather"), ('{"town": 1}', "get_weather")], {}, {}),
    "ungrounded": ([('{"city": "Oslo"}', "get_weather")], {"grounding": "report"}, {}),
    "ungrounded, asked again in words": ([('{"city": "Oslo"}', "get_weather")], {"grounding": "reask"}, {}),
    "repeated": ([(ARGUMENTS, "get_weather")], {}, {"messages": DONE}),
    "repeated, asked again in words": ([(ARGUMENTS, "get_weather")], {"loop_guard": "reask"}, {"messages": DONE}),
    "forced again": ([(ARGUMENTS, "get_weather")], {}, {"messages": DONE, "tool_choice": NAMED}),
    "optional dropped": ([('{"city": "Paris", "days": 25}', "get_weather")], {"optional": "drop"}, {}),
    "a named choice": ([(ARGUMENTS, "get_weather")], {"named_finish_reason": "tool_calls"}, {}),
}


def outcome(client: Any, told: list[Any], *, stream: bool, more: dict[str, Any]) -> Any:
    """Calls, end and error of an answer, and the kinds of the problems."""
    told.clear()
    try:
        got = client.chat.completions.create(**{"model": "m", "messages": ASK, "tools": TOOLS, "stream": stream, **more})
        if stream:
            chunks = [chunk for chunk in got if chunk.choices]
            made = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
            calls: dict[int, list[str]] = {}
            for call in made:
                calls.setdefault(call.index, [call.function.name or "", ""])[1] += call.function.arguments or ""
            found: Any = [[*calls.values()], chunks[-1].choices[0].finish_reason]
        else:
            message = got.choices[0].message
            found = [
                [[call.function.name, call.function.arguments] for call in message.tool_calls or ()],
                got.choices[0].finish_reason,
            ]
    except openai.APIError as error:
        found = getattr(error, "code", None) or error.body
    ours = {"chosen", "wire_mended"}
    return found, sorted(problem.kind for problem in told if problem.kind not in ours)


@pytest.mark.both_tiers
@pytest.mark.parametrize("retries", few_or_all([1], [0, 1]))
def test_native_calls_fare_as_calls_in_text(retries: int) -> None:
    now: dict[str, Any] = {"calls": []}

    def script(request: Received) -> Reply:
        if "tools" in request.body:
            calls = [made(arguments, name, index=at) | {"id": f"c{at}"} for at, (arguments, name) in enumerate(now["calls"])]
            return answers(request, calls=calls)
        return answers(request, "\n".join(text_of(*call) for call in now["calls"]))

    told: list[Any] = []
    with Upstream(script) as upstream:
        plain = PLAIN.with_options(base_url=upstream.url)
        for fact, (calls, options, more) in POLICIES.items():
            now["calls"] = calls
            for stream, way in ((False, "incremental"), (True, "incremental"), (True, "validated")):
                given: dict[str, Any] = {"stream_calls": way, "retries": retries, "on_event": told.append, **options}
                native, words = (
                    outcome(adapter.wrap(plain, native=native, **given), told, stream=stream, more=more)
                    for native in ("auto", "never")
                )
                assert native == words, f"{fact}, {'streamed' if stream else 'whole'}, {way}"


def test_invalid_calls_as_text_are_the_call_as_json() -> None:
    with Upstream(lambda request: answers(request, calls=[made('{"town": "Paris"}')])) as upstream:
        client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="always", on_invalid="text", retries=0)
        shown = '{"name": "get_weather", "arguments": {"town": "Paris"}}'
        for mode in ("chat", "chat stream", "responses", "responses stream"):
            assert ask(client, mode, "auto") == shown, mode


def test_pieces_leave_as_they_come() -> None:
    parts = ['{"city": "P', "ar", 'is", "days": ', '"3"', "}"]
    deltas = [{"tool_calls": [piece("", "get_weather", index=0, id="a")]}]
    deltas += [{"tool_calls": [piece(part, index=0)]} for part in parts]
    with Upstream(lambda request: answers(request, deltas=deltas)) as upstream:
        for way, due in (("incremental", ['{"city": "P', "ar", 'is", "days": ', "3", "}"]), ("validated", None)):
            client: Any = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", stream_calls=way)  # type: ignore[arg-type]
            chunks = [*client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, stream=True)]
            calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
            assert calls[0].id == "a"
            assert [call.function.arguments for call in calls[1:]] == (due or ['{"city": "Paris", "days": 3}']), way


def test_an_invalid_call_that_has_left_ends_the_stream_with_evidence() -> None:
    with Upstream(lambda request: answers(request, calls=[made('{"town": "Paris"}')])) as upstream:
        client: Any = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto")
        with pytest.raises(openai.APIError) as caught:
            list(client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, stream=True))
    body: Any = caught.value.body
    assert body["code"] == "invalid_tool_call"
    assert body["completion"] == '{"name": "get_weather", "arguments": {"town": "Paris"}}'
    assert "native='never'" in body["message"]


def test_calls_beside_one_another() -> None:
    """Text streams until it looks like a call; a call in the text beside upstream's own is left out."""

    def script(request: Received) -> Reply:
        return answers(request, f"Let me see.\n{IN_TEXT['hermes']}", calls=[made()])

    told: list[Any] = []
    with Upstream(script) as upstream:
        client: Any = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", on_event=told.append)
        request: Any = {"model": "m", "messages": ASK, "tools": TOOLS}
        message = client.chat.completions.create(**request).choices[0].message
        chunks = [*client.chat.completions.create(**request, stream=True)]
    assert (message.content, len(message.tool_calls), message.tool_calls[0].id) == ("Let me see.", 1, "call_native")
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Let me see."
    assert joined(chunks) == CALLED
    assert [problem.kind for problem in told] == ["chosen", "left_out", "left_out"]
