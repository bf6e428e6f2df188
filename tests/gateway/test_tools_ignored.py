"""Servers that ignore tools without a word: asked first, with two requests of one token (behaviour 6.11).

Over such a server a model without its tools answers in words, whatever the question; the gateway's first answer is a call.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.gateway.test_openai_wires import CHAT_TOOLS, FLAT_TOOLS, GOOD, call
from tests.support.gateway import LIMIT, running
from tests.support.loopback import Answer, Received, Reply, Upstream, chunk, completion, event, streamed

NATIVE: Any = {"native": "auto"}
MESSAGES: Any = [{"role": "user", "content": "Weather in Oslo?"}]
WIRES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": MESSAGES, "tools": CHAT_TOOLS}),
    "responses": ("/v1/responses", {"input": "Weather in Oslo?", "tools": FLAT_TOOLS}),
    "messages": (
        "/v1/messages",
        {
            "max_tokens": 99,
            "messages": MESSAGES,
            "tools": [{"name": "weather", "input_schema": CHAT_TOOLS[0]["function"]["parameters"]}],
        },
    ),
    "ollama": ("/api/chat", {"messages": MESSAGES, "tools": CHAT_TOOLS}),
    "dashscope": (
        "/api/v1/services/aigc/text-generation/generation",
        {"input": {"messages": MESSAGES}, "parameters": {"tools": CHAT_TOOLS}},
    ),
}


def counted(reply: Answer, tokens: int | None) -> Answer:
    usage = None if tokens is None else {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1}
    return Answer({**reply.body, "usage": usage})


def server(kind: str) -> Any:
    """A server that ignores tools, reads them, refuses them, or counts nothing; the model calls where it sees a tool."""

    def reply(request: Received) -> Reply:
        body = request.body
        if body.get("tools") and kind == "refuses":
            return Answer({"error": {"message": "tools are not supported"}}, status=400)
        native = bool(body.get("tools")) and kind == "reads"
        tokens = None if kind == "counts nothing" else 20 + 60 * native
        if "<tools>" in json.dumps(body["messages"]):
            return streamed(call(GOOD)) if body.get("stream") else counted(completion(call(GOOD)), 90)
        if not native:
            return streamed("Cloudy?") if body.get("stream") else counted(completion("Cloudy?"), tokens)
        made = [{"index": 0, "id": "c1", "type": "function", "function": {"name": "weather", "arguments": json.dumps(GOOD)}}]
        if body.get("stream"):
            return streamed_calls(made)
        return counted(completion(None, "tool_calls", tool_calls=made), tokens)

    return reply


def streamed_calls(made: list[dict[str, Any]]) -> Reply:
    found = streamed("")
    pieces = (event(chunk({"role": "assistant", "tool_calls": made})), event(chunk(finish="tool_calls")), b"data: [DONE]\n\n")
    return type(found)(pieces, found.headers)


# The requests that upstream gets for two requests of a caller's: a question, in its native form with tools, in words.
ASKED = {
    "ignores": ["question", "question with a tool", "words", "words"],
    "reads": ["question", "question with a tool", "native", "native"],
    "refuses": ["question", "question with a tool", "native", "words", "words"],
    "counts nothing": ["question", "native", "native"],
}


def kind_of(body: dict[str, Any]) -> str:
    if body.get("max_tokens") == 1 and not body.get("stream"):
        return "question with a tool" if body.get("tools") else "question"
    return "native" if body.get("tools") else "words"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("kind", ASKED)
def test_a_server_is_asked_once(kind: str, *, stream: bool) -> None:
    for wire, (path, body) in WIRES.items():
        with Upstream(server(kind)) as upstream, running(upstream.url, NATIVE, compares=True, ollama=True) as url:
            for _ in range(2):
                asked = {**body, "model": "m", **({} if wire == "dashscope" else {"stream": stream})}
                headers = {"X-DashScope-SSE": "enable"} if stream else {}
                got = httpx.post(url.removesuffix("/v1") + path, json=asked, headers=headers, timeout=LIMIT)
                assert got.status_code == 200, (wire, got.text)
                assert ("Oslo" in got.text) is (kind != "counts nothing"), (wire, got.text)
            assert [kind_of(body) for body in upstream.bodies] == ASKED[kind], wire


def test_requests_without_tools_ask_nothing() -> None:
    with Upstream(server("ignores")) as upstream, running(upstream.url, NATIVE, compares=True) as url:
        httpx.post(f"{url}/chat/completions", json={"model": "m", "messages": MESSAGES}, timeout=LIMIT)
        httpx.post(f"{url}/chat/completions", json={"model": "m", "messages": MESSAGES, "tools": []}, timeout=LIMIT)
        wrong = {"model": "m", "messages": "Hi", "tools": CHAT_TOOLS}
        assert httpx.post(f"{url}/chat/completions", json=wrong, timeout=LIMIT).status_code == 400
        assert [kind_of(body) for body in upstream.bodies] == ["words", "words"]
