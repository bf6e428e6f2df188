"""Fields that a server does not take: left out, taken back, or ignored by the server; each is told (behaviour 6.2, 6.3, 6.7)."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from adapter.exchange.refused_fields import is_unknown, named
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER as TOOL
from tests.support.loopback import Answer, Upstream, completion, raw_completion, raw_streamed, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tests.support.loopback import Received, Script, Stream

WEATHER: Any = TOOL
FLAT: Any = {"type": "function", **WEATHER["function"], "strict": False}
ASK: Any = [{"role": "user", "content": "Weather in Paris?"}]
THOUGHT: Any = [
    *ASK,
    {"role": "assistant", "content": "Where?", "reasoning_content": "Hm."},
    {"role": "user", "content": "Paris."},
]
JSON_CALL = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
FORCED = {"tool_choice": "required"}


PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0)  # making an HTTP client takes longer than a test


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    PLAIN.close()


def plain_for(upstream: Upstream) -> AbstractContextManager[OpenAI]:
    return nullcontext(PLAIN.with_options(base_url=upstream.url))


def openais(name: str) -> Answer:
    return Answer(
        {"error": {"message": f"Unrecognized request argument supplied: {name}", "type": "invalid_request_error"}}, 400
    )


def pydantics(name: str) -> Answer:
    detail = {
        "type": "extra_forbidden",
        "loc": ["body", name],
        "msg": "Extra inputs are not permitted",
        "input": {"messages": 1},
    }
    return Answer({"detail": [detail]}, 422)


def nobodys(_: str) -> Answer:
    return Answer({"error": {"message": "Bad Request: unknown field in request body"}}, 400)


def has(body: dict[str, Any], name: str) -> bool:
    return name in body or any(name in message for message in body.get("messages", ()))


def strict(name: str, refuse: Any, good: str, raw: bool = False) -> Script:
    """A server that refuses one field."""

    def script(request: Received) -> Answer | Stream:
        if has(request.body, name):
            refused: Answer = refuse(name)
            return refused
        if request.body.get("stream"):
            return (raw_streamed if raw else streamed)(*good, usage=False)
        return (raw_completion if raw else completion)(good)

    return script


def run(client: Any, mode: str, **more: Any) -> Any:
    request: dict[str, Any] = {"model": "m", "stream": mode.endswith("stream"), **more}
    if mode.startswith("chat"):
        got = client.chat.completions.create(**{"messages": ASK, "tools": [WEATHER], **request})
        return (
            [one for one in got if one.choices][-1].choices[0].finish_reason
            if request["stream"]
            else got.choices[0].finish_reason
        )
    got = client.responses.create(**{"input": ASK, "tools": [FLAT], **request})
    done = [item.response for item in got if item.type == "response.completed"][-1] if request["stream"] else got
    return "tool_calls" if any(item.type == "function_call" for item in done.output) else "stop"


@dataclass(frozen=True)
class Refused:
    """A field that the server refuses, and what makes the adapter send it."""

    id: str
    name: str
    options: dict[str, Any]
    more: dict[str, Any]
    modes: tuple[str, ...]
    good: str = CALL


BOTH = ("chat", "chat stream")
ALL = (*BOTH, "responses", "responses stream")
RAW: dict[str, Any] = {"upstream": "completions", "chat_template": "chatml"}
REFUSED = [
    Refused("stream_options of a response", "stream_options", {}, {}, ("responses stream",)),
    Refused("stream_options of a chat", "stream_options", {}, {"stream_options": {"include_usage": True}}, ("chat stream",)),
    Refused(
        "stream_options of an upstream that streams", "stream_options", {"upstream_stream": "always"}, {}, ("chat", "responses")
    ),
    Refused("a schema", "response_format", {"enforce": "json_schema"}, FORCED, ALL),
    Refused("a grammar", "grammar", {"server": "llama.cpp", "enforce": "grammar"}, {}, ALL),
    Refused("structural tags", "structured_outputs", {"server": "vllm", "enforce": "grammar"}, {}, ALL),
    Refused("special tokens", "skip_special_tokens", {"server": "sglang"}, {}, ALL),
    Refused("a grammar, raw", "grammar", {"server": "llama.cpp", "enforce": "grammar", **RAW}, {}, ALL),
    Refused("past reasoning", "reasoning_content", {"reasoning_field": "keep"}, {"messages": THOUGHT}, BOTH),
    Refused("a cache key", "prompt_cache_key", {"server": "openai"}, {"prompt_cache_key": "k"}, ALL),
]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in REFUSED])
def test_6_2_a_field_is_taken_back_once_and_remembered(row: Refused) -> None:
    for number, mode in enumerate(row.modes):
        refuse = (openais, pydantics)[number % 2]
        told: list[Any] = []
        script = strict(row.name, refuse, row.good, raw="upstream" in row.options)
        with Upstream(script) as upstream, plain_for(upstream) as plain:
            client = adapter.wrap(plain, on_event=told.append, **row.options)
            assert [run(client, mode, **row.more) for _ in range(2)] == ["tool_calls"] * 2
            assert [has(body, row.name) for body in upstream.bodies] == [True, False, False]
            run(client, mode, **{**row.more, "model": "another"})
            assert len(upstream.received) == 5  # remembered for a model
        unsupported = [problem for problem in told if problem.kind == "unsupported"]
        assert len(unsupported) == 2
        assert f"upstream refuses {row.name!r}: this and further requests go without" in unsupported[0].message
        assert "not_enforced" not in [problem.kind for problem in told]


def test_6_2_a_field_without_a_name_is_one_of_ours() -> None:
    for row in REFUSED[3:5]:
        for mode in row.modes:
            told: list[Any] = []
            with Upstream(strict(row.name, nobodys, row.good)) as upstream, plain_for(upstream) as plain:
                client = adapter.wrap(plain, on_event=told.append, **row.options)
                assert [run(client, mode, **row.more) for _ in range(2)] == ["tool_calls"] * 2
                assert [has(body, row.name) for body in upstream.bodies] == [True, False, False], (row.id, mode)
            assert [problem.kind for problem in told].count("unsupported") >= 1, (row.id, mode)
    mine = Answer({"error": {"message": "unknown field 'top_k'"}}, 400)
    with Upstream(mine) as upstream, plain_for(upstream) as plain:
        client = adapter.wrap(plain, enforce="json_schema")
        with pytest.raises(openai.BadRequestError, match="top_k"):
            run(client, "chat", **FORCED, extra_body={"top_k": 1})
        assert len(upstream.received) == 1  # the caller's own field


VLLM = {"server": "vllm", "enforce": "grammar"}
# Fields that a server refuses without naming one, the options, and the fields that are told to be refused.
UNNAMED: dict[str, tuple[set[str], dict[str, Any], list[str], int]] = {
    "a rare one of three": ({"skip_special_tokens"}, VLLM, ["skip_special_tokens"], 2),
    "the constraint": ({"structured_outputs"}, VLLM, ["structured_outputs"], 3),
    "two of three": ({"skip_special_tokens", "structured_outputs"}, VLLM, ["skip_special_tokens", "spaces_between_special_tokens", "structured_outputs"], 4),
    "the only one": ({"grammar"}, {"server": "llama.cpp", "enforce": "grammar"}, ["grammar"], 1),
}  # fmt: skip


def test_6_2_fields_without_a_name_are_left_out_one_by_one() -> None:
    for (fact, (refused, options, blamed, most)), mode in itertools.product(UNNAMED.items(), ALL):
        told: list[Any] = []

        def script(request: Received, refused: set[str] = refused) -> Answer | Stream:
            if not refused.isdisjoint(request.body):
                return nobodys("")
            return streamed(CALL, usage=False) if request.body.get("stream") else completion(CALL)

        with Upstream(script) as upstream, plain_for(upstream) as plain:
            client = adapter.wrap(plain, on_event=told.append, **options)
            assert [run(client, mode) for _ in range(2)] == ["tool_calls"] * 2, (fact, mode)
            sent = upstream.bodies
        messages = [problem.message for problem in told if problem.kind == "unsupported"]
        names = [name for name in blamed if any(message.startswith(f"upstream refuses '{name}'") for message in messages)]
        assert (fact, mode, names, len(messages)) == (fact, mode, blamed, len(blamed)), messages
        assert len(sent) <= 1 + most + 2, (fact, mode)  # one more where a stream asks for usage
        assert refused.isdisjoint(sent[-1]), (fact, mode)
        assert ("at least beside one of" in messages[0]) is (len(blamed) > 1), (fact, mode)
        kept = {"skip_special_tokens", "structured_outputs"} & sent[0].keys() - refused
        assert kept <= sent[-1].keys(), (fact, mode, "what is not refused stays")


def test_6_2_async() -> None:
    async def ask(upstream: Upstream) -> list[Any]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
            client = adapter.wrap(plain, enforce="json_schema")
            one = await client.chat.completions.create(model="m", messages=ASK, tools=[WEATHER], tool_choice="required")
            stream: Any = await client.chat.completions.create(
                model="m", messages=ASK, tools=[WEATHER], tool_choice="required", stream=True
            )
            return [one.choices[0].finish_reason, [part async for part in stream][-1].choices[0].finish_reason]

    with Upstream(strict("response_format", openais, CALL)) as upstream:
        assert asyncio.run(ask(upstream)) == ["tool_calls", "tool_calls"]
        assert len(upstream.received) == 3


def test_6_2_several_fields_one_after_the_other() -> None:
    def script(request: Received) -> Answer:
        names = ["skip_special_tokens", "spaces_between_special_tokens", "structured_outputs"]
        return next((openais(name) for name in names if name in request.body), completion(CALL))

    with Upstream(script) as upstream, plain_for(upstream) as plain:
        client = adapter.wrap(plain, server="vllm", enforce="grammar")
        assert [run(client, "chat") for _ in range(2)] == ["tool_calls"] * 2
        assert len(upstream.received) == 5


VERBATIM = [
    pytest.param({"temperature": 3}, openais("temperature"), id="a field that is no concern of the adapter's"),
    pytest.param({"extra_body": {"grammar": "root ::= x"}}, openais("grammar"), id="the caller's own grammar"),
    pytest.param({}, openais("messages"), id="a fault of the messages"),
    pytest.param({"tool_choice": "none", "response_format": {"type": "json_object"}}, openais("response_format"), id="the caller's own format"),
]  # fmt: skip


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize(("more", "error"), VERBATIM)
def test_6_2_errors_about_the_callers_own_fields_pass(more: dict[str, Any], error: Answer, mode: str) -> None:
    with Upstream(error) as upstream, plain_for(upstream) as plain:
        with pytest.raises(openai.BadRequestError) as raised:
            run(adapter.wrap(plain), mode, **more)
        assert raised.value.body == error.body["error"]
        assert len(upstream.received) == 1


@pytest.mark.parametrize("mode", ALL)
def test_6_2_an_error_that_stays_without_the_field_is_upstreams_own_and_nothing_is_remembered(mode: str) -> None:
    told: list[Any] = []
    error = Answer({"error": {"message": "response_format, or the messages, are wrong"}}, 400)
    with Upstream(error) as upstream, plain_for(upstream) as plain:
        client = adapter.wrap(plain, enforce="json_schema", on_event=told.append)
        for _ in range(2):
            with pytest.raises(openai.BadRequestError, match="or the messages"):
                run(client, mode, **FORCED)
        assert ["response_format" in body for body in upstream.bodies] == [True, False, True, False]
    assert [problem.kind for problem in told] == []


def test_6_2_a_grammar_that_cannot_be_read_is_no_grammar_that_is_unknown() -> None:
    def script(request: Received) -> Answer:
        bad = "get_weather" in request.body.get("grammar", "")
        return Answer({"error": {"message": "failed to parse grammar"}}, 400) if bad else completion("Sunny.")

    other = {"type": "function", "function": {"name": "other", "parameters": {}}}
    told: list[Any] = []
    with Upstream(script) as upstream, plain_for(upstream) as plain:
        client = adapter.wrap(plain, server="llama.cpp", enforce="grammar", on_event=told.append)
        for tools in ([WEATHER], [WEATHER], [other]):
            run(client, "chat", tools=tools)
        assert ["grammar" in body for body in upstream.bodies] == [True, False, False, True]
    assert ["same value" in problem.message for problem in told if problem.kind == "unsupported"] == [True]


ERRORS = [
    ("Unrecognized request argument supplied: response_format", True),
    ("'response_format' of type 'json_schema' is not supported with this model", True),
    ("json: unknown field response_format", True),
    ("This server does not support structured outputs", True),
    ("Invalid schema for response_format 'tool_call': 'oneOf' is not permitted", False),
    ("Failed to compile the JSON schema in response_format", False),
    ("Grammar error: unsupported keyword in json_schema", False),
]


@pytest.mark.parametrize(("words", "unknown"), ERRORS)
def test_6_2_an_unknown_field_or_a_bad_value(words: str, unknown: bool) -> None:
    reply = json.dumps({"error": {"message": words}}).encode()
    assert named(reply, {"response_format": {}, "stream": True}, {"stream": True}) == ["response_format"]
    assert is_unknown("response_format", reply) is unknown


ONLY_VENDORS = {
    "client_metadata": {"a": "b"}, "prompt_cache_key": "k", "store": False, "verbosity": "low", "service_tier": "auto",
    "safety_identifier": "u", "prompt_cache_retention": "24h",
}  # fmt: skip
PASSED = {"temperature": 0.5, "top_k": 5, "seed": 1, "user": "u", "enable_thinking": False, "chat_template_kwargs": {"a": 1}}


@pytest.mark.parametrize("mode", ALL)
@pytest.mark.parametrize(("server", "more"), [("generic", {}), ("openai", {}), ("vllm", {}), ("generic", RAW), ("openai", RAW)])
def test_6_7_fields_of_a_vendor(server: Any, more: dict[str, Any], mode: str) -> None:
    told: list[Any] = []
    good = strict("nothing", None, CALL, raw=bool(more))
    with Upstream(good) as upstream, plain_for(upstream) as plain:
        client = adapter.wrap(plain, server=server, on_event=told.append, **more)
        for _ in range(2):
            assert run(client, mode, extra_body={**ONLY_VENDORS, **PASSED}) == "tool_calls"
        bodies = upstream.bodies
    takes = set(ONLY_VENDORS) - {"client_metadata"} if server == "openai" and not more else set()
    if mode.startswith("responses"):
        takes -= {"store"}  # the adapter's own store answers for it
    for body in bodies:
        assert {name for name in ONLY_VENDORS if name in body} == takes
        assert {name for name in PASSED if name not in body} <= ({"enable_thinking", "chat_template_kwargs"} if more else set())
    sentences = [problem.message for problem in told if problem.kind == "unsupported"]
    gone = set(ONLY_VENDORS) - takes - ({"store"} if mode.startswith("responses") else set())
    assert sorted(sentence.partition("'")[2].partition("'")[0] for sentence in sentences) == sorted(gone)


BAD_JSON = '{"name": "get_weather", "arguments": {"town": "Paris"}}'
BAD_TAGS = f"<tool_call>\n{BAD_JSON}\n</tool_call>"
IGNORED = [
    pytest.param({"enforce": "json_schema"}, "Sunny.", "'response_format'", id="words where a schema was sent"),
    pytest.param({"enforce": "json_schema"}, BAD_JSON, "'response_format'", id="JSON against the schema"),
    pytest.param({"enforce": "grammar", "server": "llama.cpp"}, "Sunny.", "'grammar'", id="words where a grammar was sent"),
    pytest.param({"enforce": "grammar", "server": "llama.cpp"}, BAD_TAGS, "'grammar'", id="a call against the grammar"),
    pytest.param(
        {"enforce": "grammar", "server": "vllm"}, BAD_TAGS, "'structured_outputs'", id="a call against structural tags"
    ),
]


@pytest.mark.parametrize("mode", ALL)
@pytest.mark.parametrize(("options", "text", "field"), IGNORED)
def test_6_3_an_enforcement_that_is_ignored(options: dict[str, Any], text: str, field: str, mode: str) -> None:
    told: list[Any] = []
    with (
        Upstream(strict("nothing", None, text)) as upstream,
        plain_for(upstream) as plain,
    ):
        client = adapter.wrap(plain, on_event=told.append, retries=0, **options)
        for _ in range(2):
            with pytest.raises(openai.APIError) as raised:
                run(client, mode, **FORCED)
            assert f"The request held the answer in {field}, and the upstream does not enforce it" in raised.value.message
            assert "Try enforce" not in raised.value.message
    assert [problem.message.partition(":")[0] for problem in told if problem.kind == "not_enforced"] == [
        f"the answer does not fit the constraint sent in {field}"
    ]


@pytest.mark.parametrize("mode", BOTH)
def test_6_3_a_good_call_in_tags_shows_that_a_schema_is_ignored(mode: str) -> None:
    told: list[Any] = []
    with (
        Upstream(strict("nothing", None, CALL)) as upstream,
        plain_for(upstream) as plain,
    ):
        client = adapter.wrap(plain, on_event=told.append, enforce="json_schema")
        assert run(client, mode, **FORCED) == "tool_calls"
    assert [problem.kind for problem in told] == ["not_enforced"]


ENFORCED = [
    pytest.param({"enforce": "json_schema"}, JSON_CALL, FORCED, id="JSON of a schema"),
    pytest.param({"enforce": "grammar", "server": "llama.cpp"}, CALL, FORCED, id="a call of a grammar"),
    pytest.param({"enforce": "grammar", "server": "llama.cpp"}, "Sunny.", {}, id="words where words are free"),
    pytest.param({}, "Sunny.", {}, id="nothing sent"),
]


@pytest.mark.parametrize("mode", ALL)
@pytest.mark.parametrize(("options", "text", "more"), ENFORCED)
def test_6_3_what_fits_is_not_told(options: dict[str, Any], text: str, more: dict[str, Any], mode: str) -> None:
    told: list[Any] = []
    with (
        Upstream(strict("nothing", None, text)) as upstream,
        plain_for(upstream) as plain,
    ):
        assert run(adapter.wrap(plain, on_event=told.append, **options), mode, **more) in {"tool_calls", "stop"}
    assert "not_enforced" not in [problem.kind for problem in told]


ADVICE = [
    pytest.param(
        {},
        "Try enforce='json_schema' (--enforce json_schema) where the upstream has structured output, or more retries.",
        id="generic",
    ),
    pytest.param(
        {"server": "llama.cpp"}, "Try enforce='prefill' (--enforce prefill), or more retries.", id="a server with more rungs"
    ),
    pytest.param({"server": "dashscope", "enforce": "prefill"}, "Try more retries.", id="the highest rung"),
]


@pytest.mark.parametrize(("options", "words"), ADVICE)
def test_6_3_the_advice_is_not_what_is_set(options: dict[str, Any], words: str) -> None:
    with Upstream(completion(BAD_TAGS)) as upstream, plain_for(upstream) as plain:
        with pytest.raises(openai.UnprocessableEntityError) as raised:
            run(adapter.wrap(plain, retries=0, **options), "chat")
        assert raised.value.message.endswith(words)


@pytest.mark.parametrize("stream", [False, True])
def test_6_2_and_6_7_without_tools(stream: bool) -> None:
    told: list[Any] = []
    asked: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}} if stream else {"metadata": {"a": "b"}}
    refused = "stream_options" if stream else "metadata"
    with Upstream(strict(refused, openais, "A title")) as upstream, plain_for(upstream) as plain:
        client = adapter.wrap(plain, on_event=told.append)
        for _ in range(2):
            got: Any = client.chat.completions.create(model="m", messages=ASK, store=False, prompt_cache_key="k", **asked)
            assert not stream or "".join(one.choices[0].delta.content or "" for one in got) == "A title"
        assert [refused in body for body in upstream.bodies] == [True, False, False]
    assert [name for body in upstream.bodies for name in ("store", "prompt_cache_key") if name in body] == []
    assert sorted(problem.kind for problem in told) == ["unsupported"] * 3


@pytest.mark.parametrize("name", ["store", "include"])
def test_6_2_words_of_every_other_sentence_name_a_field_in_quotes(name: str) -> None:
    body = {name: True, "model": "m"}
    error = {"message": f"Unrecognized request argument supplied: '{name}'", "param": name}
    assert named(json.dumps({"error": error}).encode(), body, body) == [name]
    assert named(json.dumps({"error": {"message": f"Requests {name} too many words."}}).encode(), body, body) == []
