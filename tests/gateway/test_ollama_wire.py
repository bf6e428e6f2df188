"""Ollama's wire of the gateway: `/api/chat` and `/api/generate` over an upstream that only writes text (behaviour 9.8)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.gateway.test_openai_wires import CHAT_TOOLS, GOOD, call, scripted
from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import Answer, Stream, Upstream, completion, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKED: Any = {"model": "m", "messages": [{"role": "user", "content": "Weather in Oslo?"}], "tools": CHAT_TOOLS}
# What the model writes; the words and the arguments of the calls that the client gets; the requests that upstream gets.
ANSWERS: dict[str, tuple[list[str], str, list[dict[str, Any]], int]] = {
    "a call": ([call(GOOD)], "", [GOOD], 1),
    "words and a call": (["I look. " + call(GOOD)], "I look.", [GOOD], 1),
    "two calls": ([call(GOOD) + "\n" + call({"city": "Rome"})], "", [GOOD, {"city": "Rome"}], 1),
    "words": (["It rains."], "It rains.", [], 1),
    "a wrong type is mended": ([call({"city": "Oslo", "days": "2"})], "", [GOOD], 1),
    "a wrong call is asked for again": ([call({"days": 2}), call(GOOD)], "", [GOOD], 2),
}


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def upstream(script: Script) -> Iterator[Upstream]:
    with Upstream(script) as found:
        yield found


@pytest.fixture(scope="module")
def base(upstream: Upstream) -> Iterator[str]:
    with running(upstream.url, ollama=True) as url:
        yield url.removesuffix("/v1")


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def joined(pieces: list[dict[str, Any]]) -> tuple[str, list[Any]]:
    """The words and the calls of a stream, after its form was checked."""
    assert [piece["done"] for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert all(piece["model"] == "m" and piece["message"]["role"] == "assistant" for piece in pieces)
    last = pieces[-1]
    assert (last["done_reason"], last["message"]["content"]) == ("stop", "")
    assert last["total_duration"] > 0
    assert last["eval_duration"] > 0
    assert last["eval_count"] > 0
    calls = [one for piece in pieces for one in piece["message"].get("tool_calls", ())]
    assert [one["function"]["index"] for one in calls] == list(range(len(calls)))
    return "".join(piece["message"]["content"] for piece in pieces), [one["function"]["arguments"] for one in calls]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_answers(script: Script, upstream: Upstream, base: str, *, stream: bool) -> None:
    for name, (texts, words, calls, requests) in ANSWERS.items():
        script.reply = scripted(texts)
        upstream.received.clear()
        got = httpx.post(f"{base}/api/chat", json={**ASKED, "stream": stream}, timeout=LIMIT)
        assert got.status_code == 200, name
        if stream:
            said, made = joined(lines(got))
        else:
            answer = got.json()
            assert (answer["done"], answer["done_reason"]) == (True, "stop"), name
            said = answer["message"]["content"]
            made = [one["function"]["arguments"] for one in answer["message"].get("tool_calls", ())]
        assert (said.strip(), made) == (words, calls), name
        assert len(upstream.received) == requests, name


def test_a_stream_is_the_default(script: Script, base: str) -> None:
    script.reply = scripted(["It rains."])
    assert joined(lines(httpx.post(f"{base}/api/chat", json=ASKED, timeout=LIMIT)))[0] == "It rains."


HISTORY = [
    {"role": "user", "content": "Oslo and Rome?"},
    {
        "role": "assistant",
        "content": "",
        "thinking": "Two cities.",
        "tool_calls": [
            {"function": {"name": "weather", "arguments": {"city": "Oslo"}}},
            {"function": {"name": "clock", "arguments": {}}},
        ],
    },
    {"role": "tool", "tool_name": "clock", "content": "noon"},
    {"role": "tool", "content": "rain"},
]


def test_results_without_ids_belong_to_calls_by_name_then_by_order(script: Script, upstream: Upstream, base: str) -> None:
    script.reply = scripted(["Rain."])
    upstream.received.clear()
    body = {**ASKED, "messages": HISTORY, "stream": False}
    assert httpx.post(f"{base}/api/chat", json=body, timeout=LIMIT).json()["message"]["content"] == "Rain."
    shown = upstream.bodies[0]["messages"][-1]["content"]
    assert shown.index("rain") < shown.index("noon")  # in the order of the calls


# Members of a request, and what of the request upstream gets.
MEMBERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "options": (
        {"options": {"temperature": 0.5, "num_predict": 7, "stop": ["x"], "seed": 3, "top_k": 4, "num_ctx": 4096}},
        {"temperature": 0.5, "max_tokens": 7, "stop": ["x"], "seed": 3, "top_k": 4},
    ),
    "no limit": ({"options": {"num_predict": -1}}, {}),
    "JSON": ({"format": "json", "tools": []}, {"response_format": {"type": "json_object"}}),
    "a schema": (
        {"format": {"type": "object"}, "tools": []},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}},
    ),
    "nothing": ({"keep_alive": "5m", "format": "", "options": {}}, {}),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_members(script: Script, upstream: Upstream, base: str, name: str) -> None:
    given, wanted = MEMBERS[name]
    script.reply = scripted(["{}"])
    upstream.received.clear()
    assert httpx.post(f"{base}/api/chat", json={**ASKED, "stream": False, **given}, timeout=LIMIT).status_code == 200
    sent = upstream.bodies[0]
    assert {key: value for key, value in sent.items() if key not in {"model", "messages"}} == wanted


def test_generate(script: Script, upstream: Upstream, base: str) -> None:
    script.reply = scripted(["Hello there."])
    upstream.received.clear()
    body = {"model": "m", "prompt": "Hi", "system": "Be kind."}
    whole = httpx.post(f"{base}/api/generate", json={**body, "stream": False}, timeout=LIMIT).json()
    assert (whole["response"], whole["done"], whole["done_reason"]) == ("Hello there.", True, "stop")
    pieces = lines(httpx.post(f"{base}/api/generate", json=body, timeout=LIMIT))
    assert "".join(piece["response"] for piece in pieces) == "Hello there."
    assert upstream.bodies[0]["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    loaded = httpx.post(f"{base}/api/generate", json={"model": "m", "stream": False}, timeout=LIMIT).json()
    assert (loaded["response"], loaded["done_reason"]) == ("", "load")


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "no model": ("/api/chat", {"messages": []}, "Missing required parameter: 'model'"),
    "messages of another type": ("/api/chat", {"model": "m", "messages": "Hi"}, "'messages': expected an array"),
    "a role": ("/api/chat", {"model": "m", "messages": [{"role": "boss", "content": ""}]}, "'boss' for 'messages[0].role'"),
    "arguments": (
        "/api/chat",
        {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]},
        "messages[0].tool_calls[0].function.name",
    ),
    "an image": ("/api/chat", {"model": "m", "messages": [{"role": "user", "content": "", "images": ["?"]}]}, "base64"),
    "thinking": ("/api/chat", {**ASKED, "think": "much"}, "'much' for 'think'"),
    "a raw prompt": ("/api/generate", {"model": "m", "prompt": "a", "raw": True}, "'raw'"),
    "a tool": ("/api/chat", {**ASKED, "tools": [{"type": "function"}]}, "tools[0]"),
}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_wrong_requests(script: Script, upstream: Upstream, base: str, *, stream: bool) -> None:
    script.reply = completion("No.")
    upstream.received.clear()
    with running(upstream.url, {"on_bad_tool": "raise"}, ollama=True) as strict:
        for name, (path, body, said) in WRONG.items():
            for url in (base, strict.removesuffix("/v1")):
                got = httpx.post(url + path, json={**body, "stream": stream}, timeout=LIMIT)
                if name == "a tool" and url == base:  # left out, for agents
                    continue
                assert (got.status_code, list(got.json())) == (400, ["error"]), name
                assert said in got.json()["error"], name
    assert [one for one in upstream.bodies if "tools" in one] == []


def test_faults_of_upstream(script: Script, base: str) -> None:
    script.reply = Answer({"error": {"message": "no such model"}}, status=404)
    for stream in (True, False):
        got = httpx.post(f"{base}/api/chat", json={**ASKED, "stream": stream}, timeout=LIMIT)
        assert (got.status_code, got.json()) == (404, {"error": "no such model"})
    script.reply = Stream((streamed("It ra").pieces[0], b'data: {"error": {"message": "out of memory"}}\n\n'))
    last = lines(httpx.post(f"{base}/api/chat", json=ASKED, timeout=LIMIT))[-1]
    assert last == {"error": "out of memory"}


MODELS = {"object": "list", "data": [{"id": "qwen-0.5b", "created": 1_700_000_000, "max_model_len": 8192}, {"id": "plain"}]}


def test_routes_beside_the_chat(script: Script, base: str) -> None:
    script.reply = Answer(MODELS)
    with httpx.Client(base_url=base, timeout=LIMIT) as client:
        assert client.get("/").text == "Ollama is running"
        assert client.head("/").status_code == 200
        assert client.get("/api/version").json() == {"version": "0.13.5"}
        first, second = client.get("/api/tags").json()["models"]
        assert (first["name"], first["details"]["parameter_size"], first["modified_at"]) == (
            "qwen-0.5b",
            "0.5B",
            "2023-11-14T22:13:20Z",
        )
        assert second["model"] == "plain"
        shown = client.post("/api/show", json={"model": "qwen-0.5b:latest"}).json()
        assert shown["model_info"] == {"general.architecture": "upstream", "upstream.context_length": 8192}
        assert shown["capabilities"] == ["completion", "tools"]
        assert client.get("/api/ps").json()["models"][0]["context_length"] == 8192
        assert "upstream.context_length" not in client.post("/api/show", json={"name": "plain"}).json()["model_info"]
        assert client.post("/api/pull", json={"model": "plain"}).json() == {"status": "success"}
        missing = client.post("/api/show", json={"model": "other"})
        assert (missing.status_code, missing.json()["error"][:25]) == (404, "model 'other' not found; ")


# Paths that lead nowhere, and the words that say why.
NOWHERE = {
    "/api/chat": "Ollama's API is off: start the gateway with --ollama.",
    "/api/tags": "Ollama's API is off: start the gateway with --ollama.",
    "/api/v1/services/aigc/image2image/x": "DashScope's generation is served",
    "/metrics": "Metrics are off: start the gateway with --metrics.",
    "/v1/v1/chat/completions": "The base URL ends in /v1, and the client adds another",
    "/playground/api/read": "The Playground is off",
    "/v1/assistants": "The gateway serves /v1/chat/completions and others.",
}


@pytest.mark.parametrize("path", NOWHERE)
def test_a_path_that_leads_nowhere_says_why(path: str, upstream: Upstream) -> None:
    with running(upstream.url, playground=False) as url:
        got = httpx.post(url.removesuffix("/v1") + path, json=ASKED, timeout=LIMIT)
    error = got.json().get("error", got.json())  # DashScope's stands without a frame
    assert (got.status_code, error["code"]) == (404, "ModelNotFound" if path.startswith("/api/v1/") else "unknown_url")
    assert f"POST {path}. {NOWHERE[path]}" in error["message"]


def test_off_unless_asked_for(upstream: Upstream) -> None:
    with running(upstream.url) as url:
        for path in ("/api/chat", "/api/tags", "/api/show"):
            got = httpx.post(url.removesuffix("/v1") + path, json=ASKED, timeout=LIMIT)
            assert (got.status_code, got.json()["error"]["code"]) == (404, "unknown_url"), path
