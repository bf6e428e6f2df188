"""Upstreams that answer with wrong types, in every member: an answer or an error of the API, and no other exception."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest

import adapter
from adapter.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS: Any = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
CALL = '<tool_call>{"name": "f", "arguments": {}}</tool_call>'
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
WHOLE: dict[str, Any] = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": CALL, "reasoning_content": "why"},
            "finish_reason": "stop",
            "logprobs": {"content": [{"token": "a", "logprob": 0.0, "bytes": None, "top_logprobs": []}]},
        }
    ],
    "usage": USAGE,
}
CHUNK: dict[str, Any] = {
    **WHOLE,
    "object": "chat.completion.chunk",
    "choices": [
        {"index": 0, "delta": {"role": "assistant", "content": CALL, "reasoning_content": "why"}, "finish_reason": "stop"}
    ],
}
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "\ud800",
    [],
    [[]],
    [None],
    ["stop"],
    {},
    {"a": 1},
    {"error": []},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def with_value(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    body = copy.deepcopy(body)
    inner: Any = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return body


def _ask(body: bytes, *, api: str, stream: bool, **options: Any) -> None:
    """Ask through the whole client; errors of the API pass."""
    kind = "text/event-stream" if stream else "application/json"
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, headers={"content-type": kind}, content=body))
    with httpx2.Client(transport=transport) as http:
        client = openai.OpenAI(api_key="k", base_url="http://u.invalid/v1", max_retries=0, http_client=http)
        wrapped = adapter.wrap(client, **options)
        try:
            if api == "chat":
                answer: Any = wrapped.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": "x"}], tools=TOOLS, stream=stream
                )
            else:
                tool: Any = {"type": "function", **TOOLS[0]["function"]}
                answer = wrapped.responses.create(model="m", input="x", tools=[tool], stream=stream)
            if stream:
                list(answer)
        except openai.APIConnectionError as error:
            if not isinstance(error.__cause__, httpx2.HTTPError | AdapterError):
                pytest.fail(f"{error.__cause__!r} for {body!r}")
        except (openai.APIError, AdapterError):
            pass


def _sent(body: Any, *, stream: bool) -> bytes:
    text = json.dumps(body).encode()
    return b"data: " + text + b"\n\ndata: [DONE]\n\n" if stream else text


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("value", [["stop"], {"a": 1}, 5], ids=["list", "object", "number"])
def test_a_finish_reason_of_any_type_is_read(value: Any, stream: bool, api: str) -> None:
    body = CHUNK if stream else WHOLE
    _ask(_sent(with_value(body, ("choices", 0, "finish_reason"), value), stream=stream), api=api, stream=stream)


@pytest.mark.proof
@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_no_value_in_any_place_is_another_error(stream: bool, api: str) -> None:
    body = CHUNK if stream else WHOLE
    for path in places(body):
        for value in VALUES:
            _ask(_sent(with_value(body, path, value), stream=stream), api=api, stream=stream)


@pytest.mark.proof
@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_no_damaged_bytes_are_another_error(stream: bool, api: str) -> None:
    rng = random.Random(23)
    whole = _sent(CHUNK if stream else WHOLE, stream=stream)
    pieces = (b"\xff", b"\x00", b"[" * 300, b"{", b"}", b'"', b"\n\n", b"\r", b"data: ", b"1" * 5000, b"\\u", b"<html>")
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(data))
            data[place : place + rng.randrange(30)] = rng.choice(pieces)
        _ask(bytes(data), api=api, stream=stream)
