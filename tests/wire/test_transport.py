"""Where the adapter attaches to the openai client: sync and async, httpx2 and httpx, and nothing of the caller's lost."""

from __future__ import annotations

import asyncio
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI

import adapter
from adapter.options import make_options
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER
from tests.support.loopback import Answer, Upstream, completion, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = [name for name in ("httpx2", "httpx") if importlib.util.find_spec(name)]
# openai 2.x knows httpx only.
USABLE = [name for name in MODULES if name == "httpx" or int(openai.__version__.partition(".")[0]) >= 3]
REQUEST: Any = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": [WEATHER]}


@pytest.fixture(params=USABLE)
def module(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(completion(CALL)) as server:
        yield server


def name_of(answer: Any) -> str:
    name: str = answer.choices[0].message.tool_calls[0].function.name
    return name


def test_sync(module: Any, upstream: Upstream) -> None:
    with module.Client() as http, OpenAI(base_url=upstream.url, api_key="key", http_client=http) as client:
        assert name_of(adapter.wrap(client).chat.completions.create(**REQUEST)) == "get_weather"


def test_async(module: Any, upstream: Upstream) -> None:
    async def main() -> None:
        async with module.AsyncClient() as http:
            client = AsyncOpenAI(base_url=upstream.url, api_key="key", http_client=http)
            assert name_of(await adapter.wrap(client).chat.completions.create(**REQUEST)) == "get_weather"

    asyncio.run(main())


def test_azure(upstream: Upstream) -> None:
    settings: dict[str, Any] = {"azure_endpoint": upstream.url, "api_version": "2024-06-01", "api_key": "key"}
    with AzureOpenAI(**settings) as client:
        wrapped = adapter.wrap(client)
        assert isinstance(wrapped, AzureOpenAI)
        assert name_of(wrapped.chat.completions.create(**REQUEST)) == "get_weather"

    async def main() -> None:
        async with AsyncAzureOpenAI(**settings) as client:
            assert name_of(await adapter.wrap(client).chat.completions.create(**REQUEST)) == "get_weather"

    asyncio.run(main())
    assert {request.path.partition("?")[0] for request in upstream.received} == {"/v1/openai/deployments/m/chat/completions"}


def test_the_client_keeps_its_type_and_the_original_its_ways(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="key", timeout=7, max_retries=4) as client:
        wrapped = adapter.wrap(client)
        assert isinstance(wrapped, OpenAI)
        assert (type(wrapped).__name__, type(wrapped).__module__) == ("OpenAI", OpenAI.__module__)
        assert (wrapped.timeout, wrapped.max_retries, wrapped.api_key) == (7, 4, "key")
        answer = client.chat.completions.create(**REQUEST)
        assert answer.choices[0].message.content == CALL
        assert "tools" in upstream.bodies[0]


def test_a_wrapped_client_says_so_with_its_options_and_without_its_key(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="secret-key") as client:
        for kind, more in ((OpenAI, {}), (AsyncOpenAI, {})):
            made: Any = kind(base_url="http://user:word@127.0.0.1:9/v1", api_key="secret-key", **more)
            shown = repr(adapter.wrap(made, server="vllm", profile="small"))
            module = f"{kind.__module__}.{kind.__qualname__}"
            assert shown == f"<{module} at 127.0.0.1:9/v1/, adapter.wrap(server='vllm', profile='small')>"
        twice = adapter.wrap(adapter.wrap(client, server="vllm"), dialect="qwen2.5")
        for wrapped in (twice, twice.with_options(timeout=3), twice.copy()):
            assert "adapter.wrap(dialect='qwen2.5')" in repr(wrapped)
            assert name_of(wrapped.chat.completions.create(**REQUEST)) == "get_weather"
        assert "adapter" not in repr(client), "the given client is unchanged"


def test_closing_the_wrapped_client_leaves_the_original_open(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as client:
        adapter.wrap(client).close()
        assert not client.is_closed()
        assert client.chat.completions.create(**REQUEST).choices[0].message.content == CALL


def test_wrapping_twice_is_wrapping_once_with_the_new_options(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as client:
        twice = adapter.wrap(adapter.wrap(client), dialect="qwen2.5")
        assert name_of(twice.chat.completions.create(**REQUEST)) == "get_weather"
    [body] = upstream.bodies
    assert body["messages"][0]["content"].startswith("You are Qwen")
    assert body["messages"][0]["content"].count("# Tools") == 1


def test_with_options_on_a_wrapped_client(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client).with_options(max_retries=5, default_headers={"x-mine": "1"})
        assert name_of(wrapped.chat.completions.create(**REQUEST)) == "get_weather"
    assert upstream.received[0].headers["x-mine"] == "1"


@pytest.mark.parametrize("tools", [False, True], ids=["passed through", "rewritten"])
@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
def test_a_hook_that_reads_the_answer(module: Any, tools: bool, streams: bool) -> None:
    seen: list[bytes] = []
    body = {key: value for key, value in REQUEST.items() if tools or key != "tools"} | {"stream": streams}
    with (
        Upstream(streamed("Hello.") if streams else completion("Hello.")) as upstream,
        module.Client(event_hooks={"response": [lambda response: seen.append(response.read())]}) as inner,
        module.Client(transport=adapter.transport.sync_transport(inner)) as http,
    ):
        answer = http.post(f"{upstream.url}/chat/completions", json=body, timeout=10)
    assert "Hello." in answer.text
    assert len(seen) == 1


def test_headers_cookies_parameters_and_hooks_of_the_inner_client(module: Any, upstream: Upstream) -> None:
    seen: list[str] = []
    hooks = {"request": [lambda request: seen.append("request")], "response": [lambda response: seen.append("response")]}
    with (
        module.Client(headers={"x-mine": "1"}, cookies={"c": "2"}, params={"p": "3"}, event_hooks=hooks) as http,
        OpenAI(base_url=upstream.url, api_key="key", http_client=http) as client,
    ):
        adapter.wrap(client).chat.completions.create(**REQUEST)
    [request] = upstream.received
    assert request.headers["x-mine"] == "1"
    assert request.headers["cookie"] == "c=2"
    assert request.path.endswith("?p=3")
    assert request.headers["authorization"] == "Bearer key"
    assert int(request.headers["content-length"]) > 0
    assert seen == ["request", "response"]


def test_a_compressed_answer(module: Any) -> None:
    with (
        Upstream(Answer(completion(CALL).body, compressed=True)) as upstream,
        module.Client() as http,
        OpenAI(base_url=upstream.url, api_key="key", http_client=http) as client,
    ):
        wrapped = adapter.wrap(client)
        assert name_of(wrapped.chat.completions.create(**REQUEST)) == "get_weather"
        plain = wrapped.chat.completions.create(model="m", messages=REQUEST["messages"])
        assert plain.choices[0].message.content == CALL


@pytest.mark.parametrize("name", ["content-encoding", "Content-Encoding", "transfer-encoding"])
def test_codings_of_the_caller_s_body_are_not_those_of_the_new_body(name: str, module: Any, upstream: Upstream) -> None:
    headers = {name: {"c": "identity", "t": "chunked"}[name[0].lower()]}
    with module.Client() as http, OpenAI(base_url=upstream.url, api_key="key", http_client=http) as client:
        wrapped = adapter.wrap(client)
        assert name_of(wrapped.chat.completions.create(**REQUEST, extra_headers=headers)) == "get_weather"
    sent = {key.lower() for key in upstream.received[-1].headers}
    assert (name.lower() in sent, "content-length" in sent) == (False, True)


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 503])
def test_6_upstream_errors_verbatim(status: int) -> None:
    body = {"error": {"message": "Upstream says no.", "type": "t", "param": "p", "code": "c"}}
    with (
        Upstream(Answer(body, status, {"x-request-id": "r-1", "retry-after": "0"})) as upstream,
        OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        adapter.wrap(client).chat.completions.create(**REQUEST)
    assert caught.value.status_code == status
    assert caught.value.body == body["error"]
    assert caught.value.request_id == "r-1"


def test_6_one_retry_cycle() -> None:
    failing = Answer({"error": {"message": "busy"}}, 503, {"retry-after-ms": "1"})
    with Upstream(failing) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=2) as client:
        with pytest.raises(openai.InternalServerError):
            adapter.wrap(client).chat.completions.create(**REQUEST)
        assert len(upstream.received) == 3


def test_timeouts_are_kept(module: Any) -> None:
    slow = Answer(completion(CALL).body, delay=2.0)
    with (
        Upstream(slow) as upstream,
        module.Client() as http,
        OpenAI(base_url=upstream.url, api_key="key", max_retries=0, http_client=http) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        adapter.wrap(client).chat.completions.create(**REQUEST, timeout=0.2)


def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    with Upstream(completion("")) as gone:
        url = gone.url
    with OpenAI(base_url=url, api_key="key", max_retries=0) as client, pytest.raises(openai.APIConnectionError):
        adapter.wrap(client).chat.completions.create(**REQUEST)


def test_other_requests_and_streams_without_tools_pass_through() -> None:
    models = Answer({"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "me"}]})
    chunk = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]}'
    stream = Answer(chunk + b"\n\ndata: [DONE]\n\n", headers={"content-type": "text/event-stream"})
    with Upstream(models, stream) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client)
        assert [model.id for model in wrapped.models.list()] == ["m"]
        pieces = wrapped.chat.completions.create(model="m", messages=REQUEST["messages"], stream=True)
        assert [piece.choices[0].delta.content for piece in pieces] == ["Hi"]


def test_a_signed_request_is_refused(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as client:
        signature = {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}
        with pytest.raises(openai.BadRequestError, match="signed"):
            adapter.wrap(client).chat.completions.create(**REQUEST, extra_headers=signature)
    assert upstream.received == []


def test_threads(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as client, ThreadPoolExecutor(20) as pool:
        wrapped = adapter.wrap(client)
        answers = list(pool.map(lambda _: wrapped.chat.completions.create(**REQUEST), range(60)))
    assert {name_of(answer) for answer in answers} == {"get_weather"}
    assert len({answer.choices[0].message.tool_calls[0].id for answer in answers}) == 60


def test_many_tasks(upstream: Upstream) -> None:
    async def main() -> list[Any]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            wrapped = adapter.wrap(client)
            return await asyncio.gather(*(wrapped.chat.completions.create(**REQUEST) for _ in range(50)))

    assert [name_of(answer) for answer in asyncio.run(main())] == ["get_weather"] * 50


def test_5_5_problems_go_to_the_log_at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    quoted = "<tool_call>{'name': 'get_weather', 'arguments': {'city': 'Paris'}}</tool_call>"
    caplog.set_level("DEBUG", logger="adapter")
    with Upstream(completion(quoted)) as server, OpenAI(base_url=server.url, api_key="key") as client:
        assert name_of(adapter.wrap(client).chat.completions.create(**REQUEST)) == "get_weather"
    [record] = [record for record in caplog.records if record.name == "adapter" and record.levelname == "DEBUG"]
    assert record.message == "repaired: the JSON of a call was repaired"
    assert record.raw == quoted  # type: ignore[attr-defined]  # given as an extra


NOT_CLIENTS = [
    pytest.param(OpenAI, "the class OpenAI", id="the class"),
    pytest.param("https://example.com", "not .https://example.com.; make a client first", id="a URL"),
    pytest.param(None, "not None; make a client first", id="nothing"),
]


@pytest.mark.parametrize(("given", "words"), NOT_CLIENTS)
def test_what_is_no_client(given: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        adapter.wrap(given)


OPTIONS = [
    pytest.param({"dialekt": "hermes"}, TypeError, "did you mean 'dialect'", id="a misspelt option"),
    pytest.param({"on_invalid": "ignore"}, ValueError, "'raise', 'return', 'text'", id="an unknown policy"),
    pytest.param({"retries": -1}, ValueError, "a whole number from 0 up", id="negative retries"),
    pytest.param({"coerce": "yes"}, TypeError, "True or False", id="a word for a flag"),
    pytest.param({"on_event": 5}, TypeError, "use a function", id="a number for a function"),
    pytest.param({"dialect": "esperanto"}, adapter.DialectError, "there are .*hermes", id="an unknown dialect"),
]


@pytest.mark.parametrize(("options", "error", "words"), OPTIONS)
def test_wrong_options(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="key") as client, pytest.raises(error, match=words):
        adapter.wrap(client, **options)


def test_what_is_kept_of_options_is_known_down_to_their_types() -> None:
    assert make_options({"retries": 1, "coerce": True}) is make_options({"retries": 1, "coerce": True})
    for given in ({"retries": True, "coerce": True}, {"retries": 1, "coerce": 1}):  # equal to those, and wrong
        with pytest.raises((TypeError, ValueError), match=": use "):
            make_options(given)
    told: list[object] = []
    assert make_options({"on_event": told.append}) is not make_options({"on_event": told.append})
