"""DashScope's wire of the gateway, over an upstream that only writes text (behaviour 9.9)."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.gateway.test_openai_wires import CHAT_TOOLS, GOOD, call, scripted
from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import Answer, Stream, Upstream, completion, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "/api/v1/services/aigc/text-generation/generation"
MEDIA = "/api/v1/services/aigc/multimodal-generation/generation"
INPUT: Any = {"messages": [{"role": "user", "content": "Weather in Oslo?"}]}
FORM: Any = {"result_format": "message", "tools": CHAT_TOOLS}
ASKED: Any = {"model": "m", "input": INPUT, "parameters": FORM}
STREAM = {"X-DashScope-SSE": "enable"}
ANSWERS: dict[str, tuple[list[str], str, list[dict[str, Any]], int]] = {
    "a call": ([call(GOOD)], "", [GOOD], 1),
    "words and a call": (["I look. " + call(GOOD)], "I look.", [GOOD], 1),
    "two calls": ([call(GOOD) + "\n" + call({"city": "Rome"})], "", [GOOD, {"city": "Rome"}], 1),
    "words": (["It rains."], "It rains.", [], 1),
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
    with running(upstream.url) as url:
        yield url.removesuffix("/v1")


def frames(response: httpx.Response, *, event: str = "result", status: int = 200) -> list[dict[str, Any]]:
    """The objects of a stream, after the form of its frames was checked."""
    assert response.headers["content-type"].startswith("text/event-stream")
    found = []
    for number, frame in enumerate(response.text.removesuffix("\n\n").split("\n\n"), 1):
        head, name, told, *more, data = frame.split("\n")
        last = f"event:{event}", f":HTTP_STATUS/{status}", [] if status == 200 else [f"status:{status}"]
        assert (head, name, told, more) == (f"id:{number}", *last) or (event, name) == ("error", "event:result")
        found.append(json.loads(data.removeprefix("data:")))
    return found


def only(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    [choice] = answer["output"]["choices"]
    assert choice["message"]["role"] == "assistant"
    return choice["finish_reason"], choice["message"]


def arguments(message: dict[str, Any]) -> list[Any]:
    return [json.loads(one["function"]["arguments"]) for one in message.get("tool_calls", ())]


def test_whole_answers(script: Script, upstream: Upstream, base: str) -> None:
    for name, (texts, words, calls, requests) in ANSWERS.items():
        script.reply = scripted(texts)
        upstream.received.clear()
        answer = httpx.post(base + TEXT, json=ASKED, timeout=LIMIT).json()
        reason, message = only(answer)
        assert (reason, message["content"].strip(), arguments(message)) == ("tool_calls" if calls else "stop", words, calls), (
            name
        )
        assert [one["index"] for one in message.get("tool_calls", ())] == list(range(len(calls))), name
        assert set(answer["usage"]) == {"input_tokens", "output_tokens", "total_tokens"}, name
        assert answer["request_id"], name
        assert len(upstream.received) == requests, name


def test_streams_in_pieces(script: Script, base: str) -> None:
    body = {**ASKED, "parameters": {**FORM, "incremental_output": True}}
    for name, (texts, words, calls, _) in ANSWERS.items():
        script.reply = scripted(texts)
        *pieces, last = frames(httpx.post(base + TEXT, json=body, headers=STREAM, timeout=LIMIT))
        assert {only(piece)[0] for piece in pieces} <= {"null"}, name
        assert only(last) == ("tool_calls" if calls else "stop", {"role": "assistant", "content": ""}), name
        assert last["usage"]["output_tokens"] > 0, name
        assert "".join(only(piece)[1]["content"] for piece in pieces).strip() == words, name
        made: dict[int, str] = {}
        for piece in pieces:
            for one in only(piece)[1].get("tool_calls", ()):
                begun = one["index"] in made
                assert bool(one["id"]) is not begun, name
                assert ("name" in one["function"]) is not begun, name
                made[one["index"]] = made.get(one["index"], "") + one["function"]["arguments"]
        assert [json.loads(text) for text in made.values()] == calls, name


def test_streams_of_all_so_far(script: Script, base: str) -> None:
    for name, (texts, words, calls, _) in ANSWERS.items():
        script.reply = scripted(texts)
        found = frames(httpx.post(base + TEXT, json=ASKED, headers=STREAM, timeout=LIMIT))
        reason, message = only(found[-1])
        assert (reason, message["content"].strip(), arguments(message)) == ("tool_calls" if calls else "stop", words, calls), (
            name
        )
        said = [only(one)[1]["content"] for one in found]
        assert all(longer.startswith(shorter) for shorter, longer in itertools.pairwise(said)), name


def test_the_older_form_is_a_text(script: Script, upstream: Upstream, base: str) -> None:
    script.reply = scripted(["It rains."])
    upstream.received.clear()
    body = {"model": "m", "input": {"prompt": "And now?", "history": [{"user": "Hi", "bot": "Hello."}]}}
    answer = httpx.post(base + TEXT, json=body, timeout=LIMIT).json()
    assert answer["output"] == {"text": "It rains.", "finish_reason": "stop", "choices": None}
    assert [message["content"] for message in upstream.bodies[0]["messages"]] == ["Hi", "Hello.", "And now?"]


def test_multimodal_content_is_a_list_of_parts(script: Script, upstream: Upstream, base: str) -> None:
    script.reply = scripted(["A cat."])
    upstream.received.clear()
    parts = [{"image": "https://example.com/cat.png"}, {"text": "What is this?"}]
    answer = httpx.post(
        base + MEDIA, json={"model": "m", "input": {"messages": [{"role": "user", "content": parts}]}}, timeout=LIMIT
    )
    assert only(answer.json())[1]["content"] == [{"text": "A cat."}]
    assert upstream.bodies[0]["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
        {"type": "text", "text": "What is this?"},
    ]


def test_results_go_on(script: Script, upstream: Upstream, base: str) -> None:
    script.reply = scripted(["Rain."])
    upstream.received.clear()
    made = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    history = [*INPUT["messages"], {"role": "assistant", "content": "", "tool_calls": [made]}]
    history.append({"role": "tool", "tool_call_id": "c1", "name": "weather", "content": "rain"})
    answer = httpx.post(base + TEXT, json={**ASKED, "input": {"messages": history}}, timeout=LIMIT).json()
    assert only(answer)[1]["content"] == "Rain."
    assert "rain" in upstream.bodies[0]["messages"][-1]["content"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"input": INPUT}, "'model'"),
    "no input": ({"model": "m"}, "'input'"),
    "messages": ({"model": "m", "input": {"messages": "Hi"}}, "'input.messages': expected an array"),
    "a part": (
        {"model": "m", "input": {"messages": [{"role": "user", "content": [{"file": 1}]}]}},
        "input.messages[0].content[0]",
    ),
    "a form": ({**ASKED, "parameters": {"result_format": "xml"}}, "'xml' for 'parameters.result_format'"),
}


def test_wrong_requests(script: Script, upstream: Upstream, base: str) -> None:
    script.reply = completion("No.")
    upstream.received.clear()
    for name, (body, said) in WRONG.items():
        for headers in ({}, STREAM):
            got = httpx.post(base + TEXT, json=body, headers=headers, timeout=LIMIT)
            assert (got.status_code, got.json()["code"]) == (400, "InvalidParameter"), name
            assert said in got.json()["message"], name
    assert upstream.received == []


def test_faults_of_upstream(script: Script, base: str) -> None:
    script.reply = Answer({"error": {"message": "slow down"}}, status=429)
    got = httpx.post(base + TEXT, json=ASKED, timeout=LIMIT)
    assert (got.status_code, got.json()["code"], got.json()["message"]) == (429, "Throttling", "slow down")
    script.reply = Stream((streamed("It ra").pieces[0], b'data: {"error": {"message": "out of memory"}}\n\n'))
    *_, last = frames(httpx.post(base + TEXT, json=ASKED, headers=STREAM, timeout=LIMIT), event="error", status=500)
    assert (last["code"], last["message"]) == ("InternalError", "out of memory")
