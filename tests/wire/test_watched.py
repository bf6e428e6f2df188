"""Exchanges are watched: a record for each request to upstream, the logs (behaviour 8.1, 8.2)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from openai import APIError, AsyncOpenAI, OpenAI

import adapter
from adapter.transport import http_module
from tests.facts.completions import CALL
from tests.facts.tools import TIME, WEATHER
from tests.support.loopback import (
    DONE,
    Answer,
    Stream,
    Upstream,
    chunk,
    completion,
    event,
    raw_completion,
    raw_streamed,
    streamed,
)

if TYPE_CHECKING:
    from adapter.records import ExchangeRecord
    from tests.support.loopback import Received

ASK: Any = {"role": "user", "content": "Weather in Paris?"}
TOOLS: Any = [WEATHER, TIME]
INVALID = '<tool_call>\n{"name": "get_weather", "arguments": {}}\n</tool_call>'
KEY = "sk-very-secret"
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
NAMED = {"type": "function", "function": {"name": "get_weather"}}


@dataclass(frozen=True)
class Row:
    """An upstream's answers, and what the records say of each request.

    Attributes:
        replies: Texts of completions; or an error.
        expected: Of each request: outcome, rung, names and validity of the calls, kinds of the problems.
        options: Options of `wrap`.
        request: Further members of the request.
        fails: The caller gets an error.
    """

    replies: tuple[str | Answer, ...]
    expected: list[tuple[str, str, list[tuple[str, bool | None]], list[str]]]
    options: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    fails: bool = False


RIGHT: list[tuple[str, bool | None]] = [("get_weather", True)]
WRONG: list[tuple[str, bool | None]] = [("get_weather", False)]
UNKNOWN_FIELD = Answer(
    {"error": {"message": "Unknown parameter: 'grammar'", "type": "invalid_request_error", "code": 400}}, status=400
)
ROWS: dict[str, Row] = {
    "words": Row(("Hello.",), [("answered", "prompt", [], [])]),
    "a call": Row((CALL,), [("answered", "prompt", RIGHT, [])]),
    "asked again": Row((INVALID, CALL), [("asked_again", "prompt", WRONG, ["invalid_arguments", "reask"]), ("answered", "prompt", RIGHT, [])], {"stream_calls": "validated"}),
    "refused": Row((INVALID,), [("asked_again", "prompt", WRONG, ["invalid_arguments", "reask"]), ("refused", "prompt", WRONG, ["invalid_arguments", "refused"])], {"stream_calls": "validated"}, fails=True),
    "held by a grammar": Row((CALL,), [("answered", "grammar", RIGHT, [])], {"server": "llama.cpp", "enforce": "grammar"}, {"tool_choice": "required"}),
    "a field taken back": Row((UNKNOWN_FIELD, CALL), [("continued", "grammar", [], []), ("answered", "grammar", RIGHT, ["unsupported"])], {"server": "llama.cpp", "enforce": "grammar"}, {"tool_choice": "required"}),
    "upstream's error": Row((Answer({"error": {"message": "full"}}, status=507),), [("error", "prompt", [], [])], fails=True),
    "no tools": Row(("Hello.",), [("answered", "", [], [])], request={"tools": []}),
}  # fmt: skip


def replies_of(row: Row, way: str) -> list[Answer | Stream]:
    whole = way in {"whole", "async", "responses"}
    return [
        reply if isinstance(reply, Answer) else completion(reply) if whole else streamed(*(reply[n : n + 7] for n in range(0, len(reply), 7)))
        for reply in row.replies
    ]  # fmt: skip


def asked(client: Any, way: str, request: dict[str, Any]) -> None:
    if "responses" in way:
        tools = [{"type": "function", **tool["function"]} for tool in request.pop("tools", TOOLS)]
        answer = client.responses.create(model="m", input="Weather in Paris?", tools=tools, stream="streamed" in way, **request)
    else:
        answer = client.chat.completions.create(
            model="m", messages=[ASK], stream="streamed" in way, **{"tools": TOOLS, **request}
        )
    if "streamed" in way:
        list(answer)


async def asked_async(url: str, way: str, options: dict[str, Any], request: dict[str, Any]) -> None:
    async with AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        wrapped: Any = adapter.wrap(client, **options)
        answer = await wrapped.chat.completions.create(
            model="m", messages=[ASK], stream="streamed" in way, **{"tools": TOOLS, **request}
        )
        if "streamed" in way:
            _ = [chunk async for chunk in answer]


@pytest.mark.parametrize("way", ["whole", "streamed", "async", "async streamed", "responses", "responses streamed"])
def test_8_1_one_record_for_each_request(way: str) -> None:
    for fact, row in ROWS.items():
        if fact == "no tools" and "responses" in way:
            continue  # a Responses request is always answered here
        records: list[ExchangeRecord] = []
        options = {**row.options, "on_exchange": records.append}
        with Upstream(*replies_of(row, way)) as upstream:
            failed = False
            try:
                if "async" in way:
                    asyncio.run(asked_async(upstream.url, way, options, dict(row.request)))
                else:
                    with OpenAI(base_url=upstream.url, api_key=KEY, max_retries=0) as client:
                        asked(adapter.wrap(client, **options), way, dict(row.request))
            except APIError:
                failed = True
            sent = upstream.bodies
        assert failed is row.fails, fact
        found = [
            (record.outcome, record.rung, [(call.name, call.valid) for call in record.calls], [problem.kind for problem in record.problems])
            for record in records
        ]  # fmt: skip
        assert found == row.expected, fact
        assert [record.request for record in records] == sent, fact
        assert [record.number for record in records] == [*range(1, len(sent) + 1)], fact
        assert len({record.exchange for record in records}) == 1, fact
        for record, reply in zip(records, row.replies * len(records), strict=False):
            assert record.model == "m", fact
            assert record.dialect == "hermes", fact
            assert KEY not in f"{record!r}{record}", fact
            assert record.prompt.endswith("Weather in Paris?") or record.number > 1 or record.rung == "", fact
            assert 0 <= (record.first or 0) <= record.seconds < 60, fact
            if isinstance(reply, Answer):
                assert (record.status, record.usage, bool(record.error)) == (reply.status, None, True), fact
            else:
                assert (record.status, record.finish_reason) == (200, "stop"), fact
                # A stream that is refused is read no further, to the chunk with the usage.
                assert record.usage == (None if record.outcome == "refused" and "streamed" in way else USAGE), fact
        texts = [reply for reply in row.replies if isinstance(reply, str)]
        assert [record.completion for record in records if record.status == 200][: len(texts)] == texts, fact


def test_8_1_raw_completions_and_reasoning() -> None:
    records: list[ExchangeRecord] = []
    for reply, stream in ((raw_completion(CALL), False), (raw_streamed(CALL[:9], CALL[9:]), True)):
        with Upstream(reply) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
            wrapped = adapter.wrap(client, upstream="completions", chat_template="chatml", on_exchange=records.append)
            asked(wrapped, "streamed" if stream else "whole", {})
            assert records[-1].prompt == upstream.bodies[0]["prompt"]
        assert (records[-1].endpoint, records[-1].completion, len(records[-1].calls)) == ("/completions", CALL, 1)
    thinking = completion("Hello.", reasoning_content="Hm.")
    with Upstream(thinking) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client, on_exchange=records.append), "whole", {})
    assert (records[-1].reasoning, records[-1].completion) == ("Hm.", "Hello.")


def test_8_1_calls_in_upstreams_own_form() -> None:
    records: list[ExchangeRecord] = []
    own = completion(
        None, "tool_calls", tool_calls=[{"id": "a", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}]
    )
    with Upstream(own) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client, on_exchange=records.append), "whole", {})
    assert records[0].calls == (adapter.RecordedCall("get_time", "{}", None),)


def test_8_1_several_choices_with_a_re_ask_between() -> None:
    def answer(request: Received) -> Answer:
        both = completion(INVALID)
        if request.body.get("n") == 2:
            both.body["choices"].append(
                {**both.body["choices"][0], "index": 1, "message": {"role": "assistant", "content": CALL}}
            )
            return both
        return completion(CALL)

    records: list[ExchangeRecord] = []
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client, on_exchange=records.append), "whole", {"n": 2})
    assert [record.completions for record in records] == [(INVALID, CALL), (CALL,)]
    assert [[call.valid for call in record.calls] for record in records] == [[False, True], [True]]


# The stream of upstream, the way the caller reads, the outcome and the beginning of the error.
ENDS: dict[str, tuple[Stream, str, str, str]] = {
    "cut": (Stream((event(chunk({"content": "Hel"})),), cut=True), "all", "broken", "RemoteProtocolError: "),
    "ends too soon": (Stream((event(chunk({"content": "Hel"})),)), "all", "broken", "the upstream's stream ended before"),
    "an error in it": (Stream((event(chunk({"content": "Hel"})), event({"error": {"message": "full"}}))), "all", "error", "full"),
    "the caller leaves": (Stream((event(chunk({"content": "Hel"})),), linger=True), "first", "broken", "the caller left"),
    "read to its end": (Stream((event(chunk({"content": "Hello."})), event(chunk({}, "stop")), DONE)), "all", "answered", ""),
}  # fmt: skip


@pytest.mark.parametrize("tools", [True, False], ids=["tools", "no tools"])
def test_8_1_streams_that_end_badly(tools: bool) -> None:
    for fact, (stream, reads, *end) in ENDS.items():
        records: list[ExchangeRecord] = []
        with Upstream(stream) as upstream, OpenAI(base_url=upstream.url, api_key=KEY, max_retries=0) as client:
            request: Any = {"tools": TOOLS} if tools else {}
            wrapped = adapter.wrap(client, on_exchange=records.append)
            http: Any = http_module(client._client)
            with (
                contextlib.suppress(APIError, http.TransportError),
                wrapped.chat.completions.create(model="m", messages=[ASK], stream=True, **request) as answer,
            ):
                for _ in answer:
                    if reads == "first":
                        break
        handed_on = not tools and fact == "ends too soon"  # upstream's own stream
        expected, error = ("answered", "") if handed_on else end
        assert [record.outcome for record in records] == [expected], fact
        assert records[0].error.startswith(error), (fact, records[0].error)
        assert bool(records[0].error) is bool(error), (fact, records[0].error)


def test_8_1_no_connection() -> None:
    records: list[ExchangeRecord] = []
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key=KEY, max_retries=0) as client, pytest.raises(APIError):
        asked(adapter.wrap(client, on_exchange=records.append), "whole", {})
    assert [(record.outcome, record.status) for record in records] == [("broken", None)]
    assert records[0].error.startswith("ConnectError: ")


def test_8_1_questions_about_the_size_are_requests_too() -> None:
    def answer(request: Received) -> Answer:
        return Answer({"data": []}) if request.method == "GET" else completion("Hello.")

    records: list[ExchangeRecord] = []
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client, profile="auto", on_exchange=records.append), "whole", {})
    assert [(record.endpoint, record.outcome) for record in records] == [
        ("/models", "answered"),
        ("/props", "answered"),
        ("/chat/completions", "answered"),
    ]
    assert records[-1].reasons == ("no profile, as the size of the model 'm' is unknown; profile='small' sets one",)


def test_8_1_a_listener_that_fails_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    def listener(_: object) -> None:
        raise RuntimeError("no")

    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client, on_exchange=listener), "whole", {})
    assert "on_exchange failed on request 1" in caplog.text


# Replies, and the line at INFO: words that stand there in order.
LINES: dict[str, tuple[list[Any], dict[str, Any], list[str]]] = {
    "a call": ([completion(CALL)], {}, ["chat/completions m", "answered", "calls get_weather", "1 request upstream", " s", "10 + 5 tokens", "hermes prompt"]),
    "refused": ([completion(INVALID)], {}, ["chat/completions m", "422 invalid_tool_call", "2 requests upstream", "told invalid_arguments, reask, refused"]),
    "a wrong request": ([completion("Hi")], {"tool_choice": NAMED, "tools": [TIME]}, ["chat/completions m", "400 invalid_request_error", "0 requests upstream"]),
    "upstream's error": ([Answer({"error": {"message": "full"}}, status=507)], {}, ["chat/completions m", "507", "1 request upstream", "upstream answered with status 507"]),
    "no tools": ([completion("Hi")], {"tools": []}, ["chat/completions m", "answered", "words"]),
}  # fmt: skip


def test_8_1_a_line_at_info_and_a_text_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    for fact, (replies, request, words) in LINES.items():
        caplog.clear()
        with Upstream(*replies) as upstream, OpenAI(base_url=upstream.url, api_key=KEY, max_retries=0) as client:
            wrapped = adapter.wrap(client)
            with caplog.at_level(logging.INFO, "adapter"), contextlib.suppress(APIError):
                asked(wrapped, "whole", dict(request))
            lines = [record.getMessage() for record in caplog.records if record.name == "adapter"]
            assert len(lines) == 1, fact
            places = [lines[0].find(word) for word in words]
            assert places == sorted(places), (fact, lines)
            assert -1 not in places, (fact, lines)
            assert "\n" not in lines[0], fact
            assert [record for record in caplog.records if record.name == "adapter.exchange"] == [], fact
    caplog.clear()
    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        wrapped = adapter.wrap(client)
        with caplog.at_level(logging.DEBUG, "adapter.exchange"):
            asked(wrapped, "whole", {})
    (record,) = [record for record in caplog.records if record.name == "adapter.exchange"]
    text = record.getMessage()
    assert "Weather in Paris?" in text
    assert "# Tools" in text
    assert CALL in text
    assert KEY not in text
    assert record.__dict__["exchange"].calls[0].name == "get_weather"


def test_8_1_nobody_listens_and_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    from adapter.transport import listening

    made: list[object] = []
    monkeypatch.setattr(listening, "Watch", made.append)
    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client), "whole", {})
    assert made == []


def test_8_1_a_record_changes_no_request() -> None:
    def spoil(record: ExchangeRecord) -> None:
        record.request["messages"].clear()

    with Upstream(completion(INVALID), completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client, on_exchange=spoil), "whole", {})
        assert [len(body["messages"]) for body in upstream.bodies] == [2, 4]


# Options of a client, and the beginnings of the sentences about its choices for the model "Qwen2.5-0.5B".
CHOSEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "enforcement, of an unknown server": ({"enforce": "auto"}, ["enforce 'auto' = 'prompt', because the server is 'generic': "]),
    "enforcement, behind a profile": ({"profile": "small"}, ["enforce 'auto' = 'prompt', because the server is 'generic': "]),
    "enforcement, of a known server": ({"enforce": "auto", "server": "llama.cpp"}, ["enforce 'auto' = 'grammar', because the server is 'llama.cpp'"]),
    "enforcement, of some models": ({"enforce": "auto", "server": "openrouter"}, ["enforce 'auto' = 'prompt', because the server is 'openrouter', of which not all"]),
    "the dialect": ({"dialect": "auto"}, ["dialect 'qwen2.5'"]),
    "a chat template": ({"upstream": "completions", "chat_template": "auto"}, ["chat template 'qwen2.5'"]),
    "the profile": ({"profile": "auto", "server": "llama.cpp"}, ["profile 'small', as ", "enforce 'auto' = 'grammar'"]),
    "all": ({"profile": "auto", "dialect": "auto", "upstream": "completions", "chat_template": "auto"}, ["dialect ", "chat template ", "profile ", "enforce "]),
    "nothing": ({"enforce": "json_schema", "server": "openai"}, []),
}  # fmt: skip


@pytest.mark.parametrize("way", ["whole", "streamed"])
def test_8_3_auto_says_its_choice(way: str) -> None:
    for fact, (options, expected) in CHOSEN.items():
        told: list[adapter.Problem] = []
        records: list[ExchangeRecord] = []
        raw = options.get("upstream") == "completions"
        reply = (
            (raw_streamed if raw else streamed)("Hello.")
            if way == "streamed"
            else (raw_completion if raw else completion)("Hello.")
        )
        with Upstream(reply) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
            wrapped: Any = adapter.wrap(client, on_event=told.append, on_exchange=records.append, **options)
            for _ in range(2):
                answer = wrapped.chat.completions.create(
                    model="Qwen2.5-0.5B", messages=[ASK], tools=TOOLS, stream=way == "streamed"
                )
                _ = list(answer) if way == "streamed" else answer
        found = [problem.message for problem in told if problem.kind == "chosen"]
        assert len(found) == len(expected), (fact, found)
        assert all(map(str.startswith, found, expected)), (fact, found)
        assert all(record.reasons == tuple(found) for record in records), fact
