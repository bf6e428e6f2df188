"""Facts learnt about a server's own tool calling: by which evidence, for how long, and by which options (behaviour 6.11)."""

from __future__ import annotations

import asyncio
import json
import types
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
import adapter.transport
from adapter.exchange.native_use import are_ignored
from adapter.tools.definitions import read_tools
from tests.facts.tools import TOOLS, function
from tests.support.loopback import Answer, Upstream, raw_completion
from tests.support.native_servers import ARGUMENTS, IN_TEXT, WORDS, answers, choice_in, made, perfect, refusing, says, unforced
from tests.wire.test_native import CALLED, SAID, ask, forms, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received, Reply

ASK: Any = [{"role": "user", "content": "Weather in Paris?"}]
PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0)


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    PLAIN.close()


EVENTS = {"content-type": "text/event-stream"}


def error(status: int, message: str) -> Answer:
    return Answer({"error": {"message": message, "type": "invalid_request_error", "code": status}}, status)


# A refusal of a request, the tool choice, and what is sent: by that request, by the next, by the next with `auto`.
REFUSALS: dict[str, tuple[Answer, str, str]] = {
    "vLLM without a parser": (error(400, '"auto" tool choice requires --enable-auto-tool-choice to be set'), "auto", "tw|w|w"),
    "Ollama": (error(400, "registry.ollama.ai/library/m does not support tools"), "required", "tw|w|w"),
    "llama.cpp without --jinja": (error(500, "tools param requires --jinja flag"), "auto", "tw|w|w"),
    "OpenRouter": (error(404, "No endpoints found that support tool use."), "auto", "tw|w|w"),
    "pydantic": (
        Answer({"detail": [{"type": "extra_forbidden", "loc": ["body", "tools"], "msg": "Extra inputs"}]}, 422),
        "auto",
        "tw|w|w",
    ),
    "not implemented": (Answer(b"", 501), "auto", "tw|w|w"),
    "a template's own words": (error(400, "Conversation roles must alternate user/assistant"), "auto", "tw|w|w"),
    "the choice alone": (error(400, "tool_choice must be 'auto' or 'none'"), "required", "tw|w|t"),
    "the context": (error(400, "This model's maximum context length is 4096 tokens"), "auto", "t|t|t"),
    "the model": (error(404, "The model 'm' does not exist"), "auto", "t|t|t"),
    "a failure": (error(500, "CUDA out of memory"), "auto", "t|t|t"),
    "told with status 200": (Answer({"error": {"message": "tools are not supported", "code": 400}}), "auto", "tw|w|w"),
    "told in a stream": (Answer(b'data: {"error": {"message": "no tools here"}}\n\n', headers=EVENTS), "auto", "tw|w|w"),
    "the key": (error(401, "tools need a key"), "auto", "t|t|t"),
}


@pytest.mark.parametrize("mode", ["chat", "chat stream"])
def test_refusals(mode: str) -> None:
    now: list[Any] = []

    def script(request: Received) -> Reply:
        refuses = "tools" in request.body and (now[1] == "auto" or choice_in(request) == now[1])
        reply: Reply = now[0] if refuses else perfect(request)
        return reply

    with Upstream(script) as upstream:
        for fact, (refusal, choice, due) in REFUSALS.items():
            now[:] = [refusal, choice]
            client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto")
            sent = []
            for one in (choice, choice, "auto"):
                upstream.received.clear()
                try:
                    got = ask(client, mode, one)
                except openai.APIStatusError as caught:
                    got = caught.status_code
                assert got == (CALLED if "w" in due else refusal.status), fact
                sent.append(forms(upstream.bodies))
            assert "|".join(sent) == due, fact


def test_a_request_that_is_refused_in_words_too_teaches_nothing() -> None:
    told: list[Any] = []
    with Upstream(error(400, "No.")) as upstream:
        client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", on_event=told.append)
        for mode in ("chat", "chat stream", "responses", "responses stream"):
            with pytest.raises(openai.BadRequestError, match=r"No\."):
                ask(client, mode, "auto")
        assert forms(upstream.bodies) == "tw" * 4
    assert len([problem for problem in told if problem.kind == "chosen"]) == 1


def test_forgotten_after_an_hour_or_on_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr(adapter.transport, "time", types.SimpleNamespace(time=lambda: now[0]))
    with Upstream(refusing) as upstream:
        client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto")
        for later, due in ((0, "tw"), (3599, "w"), (2, "tw"), (10, "w")):
            now[0] += later
            upstream.received.clear()
            assert (ask(client, "chat", "auto"), forms(upstream.bodies)) == (CALLED, due), later
        adapter.reset(client)
        upstream.received.clear()
        assert (ask(client, "chat", "auto"), forms(upstream.bodies)) == (CALLED, "tw")
        transport = adapter.transport.sync_transport(PLAIN._client._transport, native="auto")
        adapter.reset(transport)
        transport.reset()
    with pytest.raises(TypeError, match=r"a client from adapter\.wrap"):
        adapter.reset(PLAIN)


def test_a_server_that_has_made_a_call_is_not_doubted() -> None:
    """A single call in the text, or a small count of tokens, is then the model's slip, or a cache's."""
    told: list[Any] = []
    with Upstream(answers_with_call, in_text, few_tokens, answers_with_call) as upstream:
        client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", on_event=told.append)
        assert [ask(client, "chat", "auto") for _ in range(4)] == [CALLED, CALLED, SAID, CALLED]
        assert forms(upstream.bodies) == "tttt"
    assert [problem.kind for problem in told] == ["chosen", "wire_mended"]


def answers_with_call(request: Received) -> Reply:
    return answers(request, calls=[made()])


def in_text(request: Received) -> Reply:
    return answers(request, IN_TEXT["hermes"])


def few_tokens(request: Received) -> Reply:
    return answers(request, WORDS, tokens=1)


def test_a_call_that_tool_choice_forbids_never_arrives() -> None:
    def script(request: Received) -> Reply:
        return answers(request, calls=[made()]) if "tools" in request.body else says(request)

    for mode in ("chat", "chat stream", "responses", "responses stream"):
        with Upstream(script) as upstream:
            client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", retries=0)
            assert [ask(client, mode, "none") for _ in range(2)] == [SAID, SAID], mode
            assert [ask(client, mode, "auto"), forms(upstream.bodies)] == [CALLED, "twwt"], mode


ALWAYS: dict[str, tuple[Any, str, Any, str]] = {
    "refused": (refusing, "auto", 400, "t"),
    "not forced": (unforced, "required", "tool_call_required", "tt"),
    "in the text": (in_text, "auto", CALLED, "t"),
    "perfect": (perfect, "required", CALLED, "t"),
    "few tokens": (few_tokens, "auto", SAID, "t"),
}


@pytest.mark.parametrize("mode", ["chat", "responses", "chat stream"])
def test_always_sends_no_words(mode: str) -> None:
    for fact, (script, choice, due, sent) in ALWAYS.items():
        told: list[Any] = []
        with Upstream(script) as upstream:
            client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="always", on_event=told.append)
            try:
                got, words = ask(client, mode, choice), ""
            except openai.APIError as caught:
                got, words = getattr(caught, "status_code", caught.code), caught.message
                got = caught.code if due == caught.code else got
            assert got == due, fact
            assert due != "tool_call_required" or "native='auto', which asks again in words" in words, fact
            streamed_words = mode == "chat stream" and fact == "not forced"  # they had left when the call was missed
            assert forms(upstream.bodies) == (sent[:1] if streamed_words else sent), fact
        assert "chosen" not in [problem.kind for problem in told], fact


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "enforce": ({"enforce": "json_schema"}, "native='always': enforce='json_schema' shapes requests in words"),
    "examples": ({"examples": "auto"}, "native='always': examples='auto' shapes"),
    "reply_tool": ({"reply_tool": True}, "native='always': reply_tool=True shapes"),
    "result_role": ({"result_role": "user"}, "native='always': result_role='user' shapes"),
    "profile": ({"profile": "small"}, "native='always': profile='small' shapes"),
    "a profile by size": ({"profile": "auto"}, "native='always': profile='auto' shapes"),
    "raw completions": ({"upstream": "completions", "chat_template": "chatml"}, "/v1/completions takes no tools"),
}


def test_options_that_shape_words_only() -> None:
    for fact, (options, due) in OPTIONS.items():
        with pytest.raises(ValueError, match="native='always'") as caught:
            adapter.Options(native="always", **options)
        assert due in str(caught.value), fact
        adapter.Options(native="auto", **options)
    with pytest.raises(ValueError, match=r"native='allways': did you mean 'always'\?"):
        adapter.Options(native="allways")  # type: ignore[arg-type]
    adapter.Options(native="always", enforce="prompt", reply_tool=False)


def test_auto_tells_what_holds_in_words_only() -> None:
    told: list[Any] = []
    with Upstream(perfect, perfect) as upstream:
        options: Any = {"native": "auto", "enforce": "json_schema", "examples": "auto", "on_event": told.append}
        assert ask(adapter.wrap(PLAIN.with_options(base_url=upstream.url), **options), "chat", "required") == CALLED
        assert "response_format" not in upstream.bodies[0]
    (problem,) = told
    assert problem.message.endswith("as long as that gives calls; enforce= and examples= hold for requests in words")
    told.clear()
    with Upstream(raw_completion(IN_TEXT["hermes"])) as upstream:
        raw: Any = {"native": "auto", "upstream": "completions", "chat_template": "chatml", "on_event": told.append}
        assert ask(adapter.wrap(PLAIN.with_options(base_url=upstream.url), **raw), "chat", "auto") == CALLED
    assert [problem.message for problem in told] == ["native='auto': requests go in words, as /v1/completions takes no tools"]


def test_async() -> None:
    async def run(stream: bool) -> Any:
        with Upstream(refusing) as upstream:
            async with AsyncOpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
                client: Any = adapter.wrap(plain, native="auto")
                request: Any = {"model": "m", "messages": ASK, "tools": TOOLS}
                first = whole(await client.chat.completions.create(**request))
                got = await client.chat.completions.create(**request, stream=stream)
                chunks = [chunk async for chunk in got] if stream else []
                calls = [call for one in chunks for call in one.choices[0].delta.tool_calls or ()]
                second = json.loads("".join(call.function.arguments or "" for call in calls)) if stream else whole(got)[1]
                adapter.reset(client)
                return first, second, forms(upstream.bodies)

    for stream in (False, True):
        assert asyncio.run(run(stream)) == (CALLED, json.loads(ARGUMENTS), "tww")


# The tokens of a prompt, and if the tools can have been in it.
EVIDENCE: dict[str, tuple[Any, bool]] = {
    "none told": (None, False),
    "zero": ({"prompt_tokens": 0}, False),
    "a word": ({"prompt_tokens": "12"}, False),
    "the question alone": ({"prompt_tokens": 12}, True),
    "the question, from the cache": ({"prompt_tokens": 12, "prompt_tokens_details": {"cached_tokens": 100}}, False),
    "all of it": ({"prompt_tokens": 100}, False),
    "all of it in few tokens": ({"prompt_tokens": 50}, False),
}


def test_the_count_of_tokens() -> None:
    """Of a prompt with a question and a tool of 260 characters; of a long history, 2,000 characters count."""
    words = "Return the weather in a city for the next days. " * 5
    properties = {"city": {"type": "string", "description": "The city."}, "days": {"type": "integer"}}
    tools = read_tools([function("get_weather", properties)])
    wire: Any = {**tools.tools[0].wire, "function": {**tools.tools[0].wire["function"], "description": words}}
    tools = read_tools([wire])
    for fact, (usage, due) in EVIDENCE.items():
        assert are_ignored(tools, ASK, usage) is due, fact
    long = [{"role": "user", "content": "word " * 10_000}, {"role": "assistant", "content": "word " * 10_000}]
    assert are_ignored(tools, long, {"prompt_tokens": 200})
    assert not are_ignored(tools, long, {"prompt_tokens": 400})  # a server that has cut the conversation


@pytest.mark.parametrize("mode", ["chat", "chat stream"])
def test_an_answer_that_was_cut_is_not_asked_again_but_teaches(mode: str) -> None:
    def script(request: Received) -> Reply:
        return answers(request, WORDS, tokens=10, finish="length") if "tools" in request.body else says(request)

    told: list[Any] = []
    with Upstream(script) as upstream:
        client = adapter.wrap(PLAIN.with_options(base_url=upstream.url), native="auto", on_event=told.append)
        assert [ask(client, mode, "auto"), ask(client, mode, "auto")] == [SAID, CALLED]
        assert forms(upstream.bodies) == "tw"
    assert [problem.message for problem in told if "did not reach the prompt" in problem.message]
