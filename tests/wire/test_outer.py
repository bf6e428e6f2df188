"""The client that an openai client is given answers at once, and as the way of any other client would (behaviour 6)."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.facts.completions import CALL
from tests.fast_paths.test_quick_json import same
from tests.support.loopback import Answer, Upstream, completion, streamed
from tests.wire.test_transport import REQUEST, module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.loopback import Received

__all__ = ["module"]  # the fixture: httpx2 and httpx

PLAIN = {key: value for key, value in REQUEST.items() if key != "tools"}
BROKEN = Answer({"error": {"message": "no"}}, 400, {"x-request-id": "r-1"})
UNCLEAR = '<tool_call>\n{"name": "get_weather", "arguments": {"town": 5}}\n</tool_call>'


def moved(request: Received) -> Answer:
    """The first address says that it is another."""
    if request.path.startswith("/v1/old"):
        return Answer(b"", 307, {"location": "/v1/chat/completions"})
    return completion(CALL)


def told_for_get(request: Received) -> Answer:
    if request.method == "POST":
        return Answer(b"", 303, {"location": "/v1/told"})
    return Answer({"told": True})


SCENES: list[Any] = [
    pytest.param(completion(CALL), REQUEST, {}, id="a call"),
    pytest.param(completion("Hello."), REQUEST, {}, id="a text"),
    pytest.param(completion("Grüße, 天気\x7f"), REQUEST, {}, id="a text beyond ASCII"),
    pytest.param(completion("Hello."), PLAIN, {}, id="passed through"),
    pytest.param(Answer(completion(CALL).body, compressed=True), REQUEST, {}, id="compressed"),
    pytest.param(Answer(completion("Hi").body, compressed=True), PLAIN, {}, id="passed through, compressed"),
    pytest.param(Answer(completion(CALL).body, headers={"set-cookie": "a=1; Path=/"}), REQUEST, {}, id="a cookie"),
    pytest.param(BROKEN, REQUEST, {}, id="an error of upstream's"),
    pytest.param(completion(CALL), {**REQUEST, "tools": "none"}, {}, id="an error of the caller's"),
    pytest.param(completion(UNCLEAR), REQUEST, {"on_invalid": "raise", "retries": 0}, id="a refused answer"),
    pytest.param(Answer({"hello": "world"}), REQUEST, {}, id="no chat completion"),
    pytest.param(Answer(b"not json"), REQUEST, {}, id="no JSON"),
    pytest.param(Answer(b"", 304), REQUEST, {}, id="no redirect, though it begins with a 3"),
    pytest.param(streamed("Hello."), {**REQUEST, "stream": True}, {}, id="a stream that is read whole"),
]


def asked(http: Any, url: str, body: Any, path: str = "chat/completions") -> Any:
    return http.build_request("POST", f"{url}/{path}", json=body, headers={"authorization": "Bearer key"})


def told(response: Any, outer: Any, request: Any) -> dict[str, Any]:
    """What a caller can see of a response, without what is new with each."""
    assert response.request is request or response.history
    assert isinstance(response.elapsed, timedelta)
    ids = [call["id"] for choice in _choices(response) for call in choice["message"].get("tool_calls") or ()]
    text = response.text
    for one in ids:
        text = text.replace(one, "call_id")
    return {
        "status": response.status_code,
        "headers": [(key, value) for key, value in response.headers.multi_items() if key != "date"],
        "text": text,
        "bytes": response.num_bytes_downloaded,
        "flags": (response.is_closed, response.is_stream_consumed, response.http_version, response.encoding),
        "history": [one.status_code for one in response.history],
        "url": str(response.request.url),
        "cookies": dict(outer.cookies),
    }


def _choices(response: Any) -> list[Any]:
    try:
        value = response.json()
    except ValueError:
        return []
    assert same(value, json.loads(response.content))
    return value.get("choices") or [] if isinstance(value, dict) else []


def both_ways(module: Any, upstream: Upstream, act: Callable[[Any, Any], Any], **options: Any) -> tuple[Any, Any]:
    """What comes of the outer client's own way, and of the way of any client over our transport."""
    found = []
    for send in (lambda outer: outer.send, lambda outer: lambda *a, **k: module.Client.send(outer, *a, **k)):
        with module.Client() as http:
            client = adapter.wrap(OpenAI(base_url=upstream.url, api_key="key", http_client=http), **options)
            found.append(act(client._client, send(client._client)))
    return found[0], found[1]


@pytest.mark.parametrize(("answer", "body", "options"), SCENES)
def test_both_ways_are_one(module: Any, answer: Any, body: Any, options: dict[str, Any]) -> None:
    def act(outer: Any, send: Any) -> Any:
        request = asked(outer, upstream.url, body)
        return told(send(request), outer, request)

    with Upstream(answer) as upstream:
        own, usual = both_ways(module, upstream, act, **options)
    assert own == usual
    assert own["status"] != 200 or own["text"]


@pytest.mark.parametrize(("answer", "body", "options"), SCENES)
def test_both_ways_are_one_async(module: Any, answer: Any, body: Any, options: dict[str, Any]) -> None:
    async def one(usual: bool) -> Any:
        async with module.AsyncClient() as http:
            outer: Any = adapter.wrap(AsyncOpenAI(base_url=upstream.url, api_key="key", http_client=http), **options)._client
            request = asked(outer, upstream.url, body)
            response = await (module.AsyncClient.send(outer, request) if usual else outer.send(request))
            return told(response, outer, request)

    with Upstream(answer) as upstream:
        assert asyncio.run(one(False)) == asyncio.run(one(True))


@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize(("script", "path"), [(moved, "old/chat/completions"), (told_for_get, "chat/completions")])
def test_redirects(module: Any, script: Any, path: str, follows: bool) -> None:
    def act(outer: Any, send: Any) -> Any:
        request = asked(outer, upstream.url, REQUEST, path)
        return told(send(request, follow_redirects=follows), outer, request), request.extensions.keys()

    with Upstream(script) as upstream:
        own, usual = both_ways(module, upstream, act)
        assert own == usual
        assert own[0]["history"] == ([303 if script is told_for_get else 307] if follows else [])
        assert len(upstream.received) == (4 if follows else 2)


def test_cookies_go_on(module: Any) -> None:
    answer = Answer(completion(CALL).body, headers={"set-cookie": "a=1; Path=/"})
    with Upstream(answer) as upstream, module.Client() as http:
        client = adapter.wrap(OpenAI(base_url=upstream.url, api_key="key", http_client=http))
        for _ in range(2):
            client.chat.completions.create(**REQUEST)
    assert [request.headers.get("cookie") for request in upstream.received] == [None, "a=1"]


def test_what_is_set_on_the_outer_client_counts(module: Any) -> None:
    seen: list[str] = []
    with Upstream(completion(CALL)) as upstream, module.Client() as http:
        outer: Any = adapter.wrap(OpenAI(base_url=upstream.url, api_key="key", http_client=http))._client
        outer.send(asked(outer, upstream.url, REQUEST), auth=("me", "secret"))
        outer.auth = ("you", "secret")
        outer.send(asked(outer, upstream.url, REQUEST))
        outer.auth = None
        outer.event_hooks = {"request": [lambda _: seen.append("asked")], "response": [lambda _: seen.append("answered")]}
        outer.send(asked(outer, upstream.url, REQUEST))
    sent = [request.headers["authorization"].partition(" ")[0] for request in upstream.received]
    assert (sent, seen) == (["Basic", "Basic", "Bearer"], ["asked", "answered"])


def test_a_closed_client_sends_nothing(module: Any) -> None:
    with Upstream(completion(CALL)) as upstream, module.Client() as http:
        client = adapter.wrap(OpenAI(base_url=upstream.url, api_key="key", http_client=http))
        outer: Any = client._client
        client.close()
        with pytest.raises(RuntimeError, match="closed"):
            outer.send(asked(outer, upstream.url, REQUEST))
    assert upstream.received == []


def test_an_error_on_the_way_names_the_callers_request(module: Any) -> None:
    with Upstream(completion(CALL)) as gone:
        url = gone.url
    with module.Client() as http:
        outer: Any = adapter.wrap(OpenAI(base_url=url, api_key="key", http_client=http))._client
        request = asked(outer, url, REQUEST)
        with pytest.raises(module.ConnectError) as caught:
            outer.send(request)
        assert caught.value.request is request

        async def main() -> None:
            async with module.AsyncClient() as other:
                outer: Any = adapter.wrap(AsyncOpenAI(base_url=url, api_key="key", http_client=other))._client
                asking = asked(outer, url, REQUEST)
                with pytest.raises(module.ConnectError) as caught:
                    await outer.send(asking)
                assert caught.value.request is asking

        asyncio.run(main())


@pytest.fixture
def known(module: Any) -> Iterator[Any]:
    with Upstream(completion(CALL)) as upstream, module.Client() as http:
        outer: Any = adapter.wrap(OpenAI(base_url=upstream.url, api_key="key", http_client=http))._client
        yield lambda **how: outer.send(asked(outer, upstream.url, REQUEST), **how)


def test_the_value_of_an_answer_is_new_each_time(known: Any) -> None:
    response = known()
    first, second = response.json(), response.json()
    assert same(first, second)
    assert same(second, json.loads(response.content))
    first["choices"].clear()
    second["usage"].clear()
    assert same(response.json(), json.loads(response.content))
    assert response.json(parse_int=str)["usage"]["prompt_tokens"] == "10"


def test_how_an_answer_is_read(known: Any) -> None:
    whole = known().content
    assert b"".join(known().iter_bytes(7))[:20] == whole[:20]
    assert max(map(len, known(stream=True).iter_bytes(7))) == 7
    streamed_answer = known(stream=True)
    assert not streamed_answer.is_closed
    assert [len(piece) for piece in streamed_answer.iter_bytes()] == [len(whole)]
    assert streamed_answer.is_closed
    assert json.loads("".join(known(stream=True).iter_lines()))["object"] == "chat.completion"
    assert len(b"".join(known(stream=True).iter_raw())) == len(whole)


def pickled(response: Any) -> Any:
    return pickle.loads(pickle.dumps(response))  # noqa: S301  # our own


@pytest.mark.parametrize("way", [copy.copy, pickled])
def test_a_copy_of_an_answer(module: Any, known: Any, way: Any) -> None:
    response = known()
    again = way(response)
    assert type(again) is module.Response
    assert (again.status_code, again.content, again.headers) == (response.status_code, response.content, response.headers)
    assert same(again.json(), json.loads(response.content))
