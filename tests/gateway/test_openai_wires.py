"""The OpenAI wires of the gateway: the openai client gets calls over an upstream that only writes text (behaviour 9.1)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import Answer, Received, Reply, Upstream, completion, raw_completion, streamed

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}
CHAT_TOOLS: Any = [{"type": "function", "function": {"name": "weather", "description": "Weather.", "parameters": SCHEMA}}]
FLAT_TOOLS: Any = [{"type": "function", "name": "weather", "description": "Weather.", "parameters": SCHEMA}]
ASKED: Any = [{"role": "user", "content": "Weather in Oslo?"}]


def call(arguments: dict[str, Any], name: str = "weather") -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


GOOD = {"city": "Oslo", "days": 2}
# What the model writes, answer by answer; the words and the arguments that the client gets; the requests that upstream gets.
ANSWERS: dict[str, tuple[list[str], str, list[dict[str, Any]], int]] = {
    "a call": ([call(GOOD)], "", [GOOD], 1),
    "words and a call": (["I look. " + call(GOOD)], "I look.", [GOOD], 1),
    "two calls": ([call(GOOD) + "\n" + call({"city": "Rome"})], "", [GOOD, {"city": "Rome"}], 1),
    "words": (["It rains."], "It rains.", [], 1),
    "a wrong type is mended": ([call({"city": "Oslo", "days": "2"})], "", [GOOD], 1),
    "a wrong call is asked for again": ([call({"days": 2}), call(GOOD)], "", [GOOD], 2),
    "a call that stays wrong is handed out": ([call({"days": 2}), call({"days": 3})], "", [{"days": 3}], 2),
}


def scripted(texts: list[str]) -> Any:
    """An upstream that writes one text after the other, streamed where asked."""
    left = list(texts)

    def reply(request: Received) -> Reply:
        text = left.pop(0) if len(left) > 1 else left[0]
        stream = bool(request.body.get("stream"))
        return streamed(*(text[at : at + 5] for at in range(0, len(text), 5))) if stream else completion(text)

    return reply


def client_of(url: str) -> OpenAI:
    return OpenAI(base_url=url, api_key="k", max_retries=0, timeout=LIMIT)


def chat_whole(client: OpenAI) -> tuple[str, list[Any], Any]:
    answer = client.chat.completions.create(model="m", messages=ASKED, tools=CHAT_TOOLS)
    message: Any = answer.choices[0].message
    calls = [json.loads(one.function.arguments) for one in message.tool_calls or ()]
    return message.content or "", calls, answer.choices[0].finish_reason


def chat_streamed(client: OpenAI) -> tuple[str, list[Any], Any]:
    words, reason = "", None
    calls: dict[int, str] = {}
    for chunk in client.chat.completions.create(model="m", messages=ASKED, tools=CHAT_TOOLS, stream=True):
        for choice in chunk.choices:
            words += choice.delta.content or ""
            reason = choice.finish_reason or reason
            for piece in choice.delta.tool_calls or ():
                calls[piece.index] = calls.get(piece.index, "") + ((piece.function and piece.function.arguments) or "")
    return words, [json.loads(text) for text in calls.values()], reason


def of_response(response: Any) -> tuple[str, list[Any], Any]:
    calls = [json.loads(item.arguments) for item in response.output if item.type == "function_call"]
    return response.output_text, calls, "tool_calls" if calls else "stop"


def responses_whole(client: OpenAI) -> tuple[str, list[Any], Any]:
    return of_response(client.responses.create(model="m", input="Weather in Oslo?", tools=FLAT_TOOLS))


def responses_streamed(client: OpenAI) -> tuple[str, list[Any], Any]:
    with client.responses.stream(model="m", input="Weather in Oslo?", tools=FLAT_TOOLS) as stream:
        return of_response(stream.get_final_response())


WAYS = [chat_whole, chat_streamed, responses_whole, responses_streamed]


@pytest.mark.parametrize("way", WAYS)
def test_answers(way: Any) -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url) as url, client_of(url) as client:
        for name, (texts, words, calls, requests) in ANSWERS.items():
            script.reply = scripted(texts)
            upstream.received.clear()
            got = way(client)
            assert got == (got[0], calls, "tool_calls" if calls else "stop"), name
            assert got[0].strip() == words, name
            assert len(upstream.received) == requests, name
            for request in upstream.received:
                assert request.path == "/v1/chat/completions", name
                assert "tools" not in request.body, name
                assert request.headers["authorization"] == "Bearer k", name


def test_requests_that_upstream_understands_pass_unchanged() -> None:
    chat = {"model": "m", "messages": ASKED, "seed": 7}
    legacy = {"model": "m", "prompt": "Once", "max_tokens": 3}
    embed = {"model": "m", "input": ["a", "b"]}
    vectors = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}
    models = {"object": "list", "data": [{"id": "m", "object": "model"}]}
    rows: list[tuple[str, str, Any, Reply]] = [
        ("POST", "/chat/completions", chat, completion("Hello.")),
        ("POST", "/completions", legacy, raw_completion("upon")),
        ("POST", "/embeddings", embed, Answer(vectors, headers={"x-ratelimit-remaining": "9"})),
        ("GET", "/models", None, Answer(models)),
        ("GET", "/models/org/m", None, Answer(models["data"][0])),
    ]
    script = Script()
    with Upstream(script) as upstream, running(upstream.url) as url, httpx.Client(timeout=LIMIT) as client:
        for method, path, body, reply in rows:
            script.reply = reply
            upstream.received.clear()
            got = client.request(method, url + path, json=body) if body else client.request(method, url + path)
            assert (got.status_code, got.json()) == (200, reply.body), path  # type: ignore[union-attr]
            assert [(one.method, one.path, one.body) for one in upstream.received] == [(method, f"/v1{path}", body)]
            assert got.headers.get("x-ratelimit-remaining") == reply.headers.get("x-ratelimit-remaining"), path  # type: ignore[union-attr]
            without_v1 = client.request(method, url.removesuffix("/v1") + path, json=body) if body else None
            assert without_v1 is None or without_v1.json() == reply.body, path  # type: ignore[union-attr]


def test_a_stream_without_tools_passes_byte_for_byte() -> None:
    reply = streamed("Hel", "lo.")
    with Upstream(reply) as upstream, running(upstream.url) as url, httpx.Client(timeout=LIMIT) as client:
        got = client.post(f"{url}/chat/completions", json={"model": "m", "stream": True, "messages": ASKED})
    assert got.content == b"".join(piece for piece in reply.pieces if isinstance(piece, bytes))
    assert got.headers["x-accel-buffering"] == "no"


def test_responses_are_kept() -> None:
    with Upstream(scripted(["One.", "Two."])) as upstream, running(upstream.url) as url, client_of(url) as client:
        first = client.responses.create(model="m", input="First")
        second = client.responses.create(model="m", input="Second", previous_response_id=first.id)
        assert [message["content"] for message in upstream.bodies[1]["messages"]] == ["First", "One.", "Second"]
        assert client.responses.retrieve(first.id).output_text == "One."
        listed = client.responses.input_items.list(second.id, order="asc")
        assert [item.content[0].text for item in listed if item.type == "message"] == ["First", "One.", "Second"]  # type: ignore[union-attr]
        with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
            client.responses.cancel(first.id)
        client.responses.delete(first.id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(first.id)


def test_models_by_glob_get_options_and_a_name_of_their_own() -> None:
    models = {
        "claude-*": {"model": "local", "options": {"retries": 0}},
        "raw-*": {"options": {"on_invalid": "raise", "retries": 0}},
    }
    wrong = call({"days": 2})
    with Upstream(scripted([wrong])) as upstream, running(upstream.url, models=models) as url, client_of(url) as client:
        client.chat.completions.create(model="claude-x", messages=ASKED, tools=CHAT_TOOLS)
        assert [body["model"] for body in upstream.bodies] == ["local"]
        with pytest.raises(openai.UnprocessableEntityError, match="weather"):
            client.chat.completions.create(model="raw-1", messages=ASKED, tools=CHAT_TOOLS)
        client.chat.completions.create(model="other", messages=ASKED, tools=CHAT_TOOLS)
        assert [body["model"] for body in upstream.bodies] == ["local", "raw-1", "other", "other"]
        client.chat.completions.create(model="claude-y", messages=ASKED)  # passes, under the other name
        assert upstream.bodies[-1]["model"] == "local"
