"""Upstream's answer is read by its bytes, not by its label; what is not OpenAI's form is read as meant, and told (behaviour 6.1)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion

import adapter
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER
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
    from collections.abc import Iterator

    from tests.support.loopback import Script

ASK: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
FLAT = {"type": "function", **WEATHER["function"], "strict": False}
MODES = ["chat", "chat stream", "responses", "responses stream"]
RAW: dict[str, Any] = {"upstream": "completions", "chat_template": "chatml"}
SAID = f"I look. {CALL}"
WANTED = {"content": "I look.", "reasoning": "", "calls": [("get_weather", '{"city": "Paris"}')], "end": "tool_calls"}


PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0)  # making an HTTP client takes longer than a test


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    PLAIN.close()


def client_of(served: Upstream, /, **options: Any) -> OpenAI:
    return adapter.wrap(PLAIN.with_options(base_url=served.url), **options)


def request_of(mode: str) -> dict[str, Any]:
    stream = {"stream": True} if mode.endswith("stream") else {}
    if mode.startswith("chat"):
        return {"model": "m", "messages": ASK, "tools": [WEATHER], **stream}
    return {"model": "m", "input": ASK, "tools": [FLAT], **stream}


def got(client: OpenAI, mode: str) -> dict[str, Any]:
    """The caller's answer: content, reasoning, calls, and the word for its end."""
    request = request_of(mode)
    if mode == "chat":
        return of_choice(client.chat.completions.create(**request).choices[0])
    if mode == "chat stream":
        return of_chunks(list(client.chat.completions.create(**request)))
    if mode == "responses":
        return of_response(client.responses.create(**request))
    return of_response([item.response for item in client.responses.create(**request) if hasattr(item, "response")][-1])


def of_chunks(chunks: list[Any]) -> dict[str, Any]:
    content = reasoning = ""
    calls: dict[int, tuple[str, str]] = {}
    end = None
    for choice in [choice for one in chunks for choice in one.choices]:
        end = choice.finish_reason or end
        content += choice.delta.content or ""
        reasoning += getattr(choice.delta, "reasoning_content", None) or ""
        for call in choice.delta.tool_calls or ():
            name, arguments = calls.get(call.index, ("", ""))
            calls[call.index] = (name + (call.function.name or ""), arguments + call.function.arguments)
    return {"content": content, "reasoning": reasoning, "calls": list(calls.values()), "end": end}


def of_choice(choice: Any) -> dict[str, Any]:
    calls = [(call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()]
    reasoning = getattr(choice.message, "reasoning_content", None) or ""
    return {"content": choice.message.content or "", "reasoning": reasoning, "calls": calls, "end": choice.finish_reason}


def of_response(response: Any) -> dict[str, Any]:
    calls = [(item.name, item.arguments) for item in response.output if item.type == "function_call"]
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.content or ()]
    reason = response.incomplete_details.reason if response.incomplete_details else None
    ends = {None: "tool_calls" if calls else "stop", "max_output_tokens": "length", "content_filter": "content_filter"}
    return {"content": response.output_text, "reasoning": "".join(thoughts), "calls": calls, "end": ends[reason]}


def labelled(answer: Answer | Stream, kind: str) -> Answer | Stream:
    """The bytes of an answer under another content type."""
    if isinstance(answer, Stream):
        return Stream(answer.pieces, headers={"content-type": kind})
    return Answer(answer.body, headers={"content-type": kind})


def both(stream: Stream, answer: Answer) -> Script:
    """Answer a request as it asks: in a stream, or whole."""
    return lambda request: stream if request.body.get("stream") else answer


def whole(content: Any, finish: Any = "stop", **message: Any) -> Answer:
    return completion(content, finish, **message)


def lines(*values: Any, end: bytes = b"\n") -> Answer:
    return Answer(
        b"\n".join(json.dumps(value).encode() for value in values) + end, headers={"content-type": "application/x-ndjson"}
    )


EVENTS = streamed(*SAID)
BODY = b"".join(piece for piece in EVENTS.pieces if isinstance(piece, bytes))
CHUNKS = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": one}) for one in SAID), chunk({}, "stop")]
OLLAMA = [
    *({"model": "m", "message": {"role": "assistant", "content": one}, "done": False} for one in SAID),
    {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", "eval_count": 5},
]
THINKS = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}


@dataclass(frozen=True)
class Form:
    """An answer in another form than OpenAI's, and words of the report about it; no words, no report."""

    id: str
    answer: Answer | Stream
    told: str = ""


FORMS = [
    Form("events labelled as JSON", labelled(EVENTS, "application/json"), "server-sent events"),
    Form("events labelled as JSON, in small pieces", Stream(tuple(BODY[i : i + 31] for i in range(0, len(BODY), 31)), {"content-type": "application/json"}), "server-sent events"),
    Form("events with a comment first, as JSON", Stream((b": ping\n\n", BODY), {"content-type": "application/json"}), "server-sent events"),
    Form("events after white space, as JSON", Stream((b"\n", b"\r\n", BODY), {"content-type": "application/json"}), "server-sent events"),
    Form("a document labelled as events", labelled(whole(SAID), "text/event-stream")),
    Form("a document labelled as text", labelled(whole(SAID), "text/plain")),
    Form("a document on many lines", Answer(json.dumps(whole(SAID).body, indent=1).encode())),
    Form("a document after white space", Answer(b"\n\n  " + json.dumps(whole(SAID).body).encode())),
    Form("a document after a byte order mark", Answer(b"\xef\xbb\xbf" + json.dumps(whole(SAID).body).encode())),
    Form("JSON lines", lines(*CHUNKS)),
    Form("JSON lines labelled as JSON", labelled(lines(*CHUNKS), "application/json")),
    Form("JSON lines and [DONE]", lines(*CHUNKS, end=b"\n[DONE]\n")),
    Form("JSON lines without the last line break", lines(*CHUNKS, end=b"")),
    Form("JSON lines of Ollama's own", lines(*OLLAMA)),
    Form("a list with a text part", whole([{"type": "text", "text": SAID}]), "list of parts"),
    Form("a list of words", whole(["I look. ", CALL]), "list of parts"),
    Form("a single part", whole({"type": "text", "text": SAID}), "list of parts"),
    Form("two text parts", whole([{"type": "text", "text": SAID[:20]}, {"type": "text", "text": SAID[20:]}]), "list of parts"),
    Form("streamed parts", Stream((*(event(chunk({"content": [{"type": "text", "text": one}]})) for one in SAID), event(chunk({}, "stop")), DONE)), "list of parts"),
    Form("a delta in a whole answer", Answer({"choices": [{"index": 0, "delta": {"content": SAID}, "finish_reason": "stop"}]})),
    Form("status 201", dataclasses.replace(whole(SAID), status=201), "status 201 is read as 200"),
    Form("an index below zero", Answer({"choices": [{"index": -1, "message": {"content": SAID}, "finish_reason": "stop"}]})),
    Form("an index beyond all choices", Answer({"choices": [{"index": 1 << 40, "message": {"content": SAID}, "finish_reason": "stop"}]})),
    Form("log probabilities that are no object", Answer(json.dumps(whole(SAID).body).replace('"logprobs": null', '"logprobs": NaN').encode())),
    Form("only choices", Answer({"choices": [{"message": {"content": SAID}}]})),
]  # fmt: skip


def of_all(client: OpenAI) -> dict[str, dict[str, Any]]:
    """What the caller gets in each mode, through one client."""
    return {mode: got(client, mode) for mode in MODES}


def in_all(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict.fromkeys(MODES, answer)


@pytest.mark.parametrize("form", [pytest.param(form, id=form.id) for form in FORMS])
def test_6_1_forms(form: Form) -> None:
    told: list[Any] = []
    with Upstream(form.answer) as upstream:
        assert of_all(client_of(upstream, on_event=told.append)) == in_all(WANTED)
    sentences = [problem.message for problem in told if problem.kind == "wire_mended"]
    assert not form.told or any(form.told in sentence for sentence in sentences)
    assert len(sentences) == len(set(sentences))  # once for a client and model


@pytest.mark.parametrize("label", ["application/json", "text/plain", "text/event-stream"])
def test_6_1_raw_completions(label: str) -> None:
    for answer in (raw_completion(SAID), raw_streamed(*SAID)):
        with Upstream(labelled(answer, label)) as upstream:
            assert of_all(client_of(upstream, **RAW)) == in_all(WANTED)


@pytest.mark.parametrize("form", [FORMS[0], FORMS[9], FORMS[14]], ids=lambda form: form.id)
def test_6_1_async(form: Form) -> None:
    async def ask(upstream: Upstream) -> list[Any]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
            client = adapter.wrap(plain)
            one = await client.chat.completions.create(**request_of("chat"))
            chunks = [part async for part in await client.chat.completions.create(**request_of("chat stream"))]
        return [of_choice(one.choices[0]), of_chunks(chunks)]

    with Upstream(form.answer) as upstream:
        assert asyncio.run(ask(upstream)) == [WANTED, WANTED]


@pytest.mark.parametrize("answer", [
    pytest.param(whole([THINKS, {"type": "text", "text": SAID}]), id="whole"),
    pytest.param(Stream((event(chunk({"content": [THINKS]})), event(chunk({"content": [{"type": "text", "text": SAID}]})), event(chunk({}, "stop")), DONE)), id="streamed"),
    pytest.param(whole([{"type": "reasoning", "reasoning": "Hm."}, SAID]), id="a reasoning part"),
    pytest.param(whole([{"type": "thinking", "text": "Hm."}, SAID]), id="a thinking part with a text"),
])  # fmt: skip
def test_6_1_thinking_parts_are_reasoning(answer: Answer | Stream) -> None:
    with Upstream(answer) as upstream:
        assert of_all(client_of(upstream)) == in_all({**WANTED, "reasoning": "Hm."})


@pytest.mark.parametrize("mode", ["chat", "chat stream"])
def test_6_1_parts_of_other_kinds_are_not_lost(mode: str) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    with Upstream(whole([{"type": "text", "text": SAID}, image])) as upstream:
        request = request_of(mode)
        made = client_of(upstream).chat.completions.create(**request)
        messages = [made.choices[0].message] if mode == "chat" else [one.choices[0].delta for one in made if one.choices]
    assert [image] in [getattr(message, "content_parts", None) for message in messages]


@pytest.mark.parametrize("options", [{}, {"upstream_stream": "always"}], ids=["whole", "joined"])
@pytest.mark.parametrize("mode", MODES)
def test_6_1_a_refusal_of_upstreams_is_the_answer(mode: str, options: dict[str, Any]) -> None:
    with Upstream(whole(None, refusal="I will not.")) as upstream:
        client: Any = client_of(upstream, **options)
        request = request_of(mode)
        if mode.startswith("chat"):
            made = client.chat.completions.create(**request)
            messages = (
                [choice.delta for one in made for choice in one.choices] if request.get("stream") else [made.choices[0].message]
            )
            assert [message.refusal for message in messages if message.refusal] == ["I will not."]
            assert not any(message.content for message in messages)
        else:
            made = client.responses.create(**request)
            response = list(made)[-1].response if request.get("stream") else made
            assert response.output[0].content[0].refusal == "I will not."


def test_6_1_calls_of_upstreams_own_in_odd_forms() -> None:
    calls = [None, {"id": "c1", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}]
    with Upstream(whole(None, "tool_calls", tool_calls=calls)) as upstream:
        for mode in ("responses", "responses stream"):
            [(name, arguments)] = got(client_of(upstream), mode)["calls"]
            assert (name, json.loads(arguments)) == ("get_weather", {"city": "Paris"})


@pytest.mark.parametrize("mode", ["chat", "responses"])
def test_3_1_no_empty_list_of_calls(mode: str) -> None:
    with Upstream(whole("Sunny.", tool_calls=[])) as upstream:
        client: Any = client_of(upstream)
        if mode == "chat":
            assert client.chat.completions.create(**request_of(mode)).choices[0].message.tool_calls is None
        else:
            assert client.responses.create(**request_of(mode)).output_text == "Sunny."


STOPS = ["stop", "eos", "eos_token", "end_turn", "STOP", "COMPLETE", "stop_sequence", "tool_calls", "tool_use", "who knows", 7]
ENDS = [(word, "tool_calls", "stop") for word in STOPS]
ENDS += [(word, word, word) for word in ("length", "content_filter")]
ENDS += [("max_tokens", "length", "length"), ("MAX_TOKENS", "length", "length"), ("SAFETY", "content_filter", "content_filter")]


@pytest.mark.parametrize(("word", "called", "not_called"), ENDS, ids=str)
def test_6_1_finish_reasons(word: Any, called: str, not_called: str) -> None:
    for text, expected in ((SAID, called), ("Sunny.", not_called)):
        with Upstream(both(streamed(text, finish=word), whole(text, word))) as upstream:
            ends = {mode: answer["end"] for mode, answer in of_all(client_of(upstream)).items()}
        assert ends == dict.fromkeys(MODES, expected)


@pytest.mark.parametrize("word", [None, ""])
def test_6_1_a_whole_answer_without_a_finish_reason_has_stopped(word: Any) -> None:
    for text, expected in ((SAID, "tool_calls"), ("Sunny.", "stop")):
        with Upstream(whole(text, word)) as upstream:
            assert got(client_of(upstream), "chat")["end"] == expected


@pytest.mark.parametrize("mode", MODES)
def test_6_1_a_raw_completion_of_nothing(mode: str) -> None:
    answer = raw_completion("")
    answer.body["choices"][0]["text"] = None
    with Upstream(answer) as upstream:
        assert got(client_of(upstream, **RAW), mode) == {"content": "", "reasoning": "", "calls": [], "end": "stop"}


NO_ANSWERS = {
    "an error": (Answer({"error": {"message": "no room here", "code": 502}}), "no room here"),
    "an error as a text": (Answer({"error": "no room here"}), "no room here"),
    "an error in a list": (Answer([{"error": {"message": "no room here"}}]), "no room here"),
    "a detail": (Answer({"detail": "no room here"}), "no room here"),
    "a message": (Answer({"message": "no room here", "status": "failed"}), "no room here"),
    "a detail and a line break": (Answer(b'{"detail": "no room here"}\n'), "no room here"),
    "choices null": (Answer({"id": "x", "choices": None}), "no chat completion"),
    "choices null and a line break": (Answer(b'{"id": "x", "choices": null}\n'), "no chat completion"),
    "no choices": (Answer({"id": "x", "choices": []}), "no chat completion"),
    "choices that are none": (Answer({"choices": ["x"]}), "no chat completion"),
    "a page": (Answer(b"<html>no room here</html>", headers={"content-type": "text/html"}), "no room here"),
    "a page labelled as JSON": (Answer(b"<html>no room here</html>"), "no room here"),
    "half a document": (Answer(b'{"choices": [{"index": 0, "mess'), "no chat completion"),
    "nothing": (Answer(b""), "an empty body"),
    "a stream without a choice": (Stream((DONE,)), "choice"),
    "a document nested too deeply": (Answer(b"[" * 100_000 + b"]" * 100_000), "no chat completion"),
    "an error in events labelled as JSON": (labelled(Stream((event({"error": {"message": "no room here"}}),)), "application/json"), "no room here"),
    "a choice with an error": (Answer({"choices": [{"index": 0, "message": {"content": SAID}, "finish_reason": "error", "error": {"message": "no room here", "code": 502}}]}), "no room here"),
    "an answer broken off": (whole(SAID, "abort"), "broke the answer off"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "words"), [pytest.param(*row, id=name) for name, row in NO_ANSWERS.items()])
def test_6_1_a_200_that_is_no_completion(answer: Answer | Stream, words: str) -> None:
    with Upstream(answer) as upstream:
        client = client_of(upstream)
        for mode in MODES:
            with pytest.raises(openai.APIError, match=words):
                got(client, mode)


@pytest.mark.parametrize("mode", ["chat", "chat stream"])
def test_6_1_the_code_of_an_error_is_its_status(mode: str) -> None:
    with Upstream(Answer({"error": {"message": "slow down", "code": 429}})) as upstream, pytest.raises(openai.RateLimitError):
        got(client_of(upstream), mode)


def test_6_1_a_stream_broken_off_by_upstream_holds_no_runnable_call() -> None:
    with Upstream(streamed(*SAID, finish="error")) as upstream:
        seen = []
        with pytest.raises(openai.APIError, match="broke the answer off"):
            for one in client_of(upstream).chat.completions.create(**request_of("chat stream")):
                seen += [choice.finish_reason for choice in one.choices]
    assert set(seen) == {None}


MEMBERS = ["id", "object", "created", "model"]


@pytest.mark.parametrize("missing", [*([name] for name in MEMBERS), ["index"], [*MEMBERS, "index"]], ids=" ".join)
def test_6_1_missing_members_are_filled_in(missing: list[str]) -> None:
    body: dict[str, Any] = dict(whole(SAID).body)
    body["choices"] = [{key: value for key, value in body["choices"][0].items() if key not in missing}]
    with Upstream(Answer({key: value for key, value in body.items() if key not in missing})) as upstream:
        client = client_of(upstream)
        answer = client.chat.completions.create(**request_of("chat"))
        ChatCompletion.model_validate(answer.model_dump(), strict=True)
        assert answer.model == ("m" if "model" in missing else "text-only")
        chunks = list(client.chat.completions.create(**request_of("chat stream")))
    assert {one.model for one in chunks} == {answer.model}
    assert all(one.id and one.created and one.object == "chat.completion.chunk" for one in chunks)


def test_6_1_usage_that_upstream_does_not_tell() -> None:
    told: list[Any] = []
    silent = {key: value for key, value in whole(SAID).body.items() if key != "usage"}
    with Upstream(both(streamed(*SAID, usage=False), Answer(silent))) as upstream:
        client = client_of(upstream, on_event=told.append)
        chat = request_of("chat stream")
        assert {one.usage for one in client.chat.completions.create(**chat)} == {None}
        asked = list(client.chat.completions.create(**chat, stream_options={"include_usage": True}))
        responses = [client.responses.create(**request_of("responses"))]
        responses += [
            item.response
            for item in client.responses.create(**request_of("responses stream"))
            if item.type == "response.completed"
        ]
        assert client.chat.completions.create(**request_of("chat")).usage is None
    assert (asked[-1].choices, asked[-1].usage.total_tokens) == ([], 0)
    assert [one.usage.total_tokens for one in responses] == [0, 0]
    assert [problem.message.partition(";")[0] for problem in told] == ["upstream told no usage"]
