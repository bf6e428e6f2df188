"""The router for the Responses and Messages APIs, Ollama's and DashScope's: the same tools at the same places of the prompt."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from openai import OpenAI

import adapter
from adapter.exchange.protocol import UpstreamRequest
from adapter.options import make_options
from adapter.transport import open_exchange_for
from tests.routing.sets import OFFICE, tool
from tests.routing.test_search_tool import CITY, EMAIL, ROUTER, STREAMS, call, replies, search
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from collections.abc import Iterator

REVEALS = pytest.mark.parametrize("reveal", ["append", "search_tool"])
TURNS = ("the weather in Oslo", "write an electronic mail to Ann", "thanks")


def texts(reveal: str) -> tuple[str, ...]:
    """The model's answers to the turns, one for each request."""
    looks = (search("electronic mail"),) if reveal == "search_tool" else ()
    return (call("get_weather", CITY), "Rain.", *looks, call("sendEmail", EMAIL), "Sent.", "Welcome.")


def begins(upstream: Upstream) -> None:
    prompts = [json.dumps(body["messages"])[:-1] for body in upstream.bodies]
    for before, after in pairwise(prompts):
        assert after.startswith(before)
    assert "electronic mail" not in prompts[0]
    assert "book_hotel" not in prompts[-1]


def responded(client: OpenAI, *, stream: bool, **given: Any) -> Any:
    answer: Any = client.responses.create(model="m", stream=stream, **given)
    return [one for one in answer if one.type == "response.completed"][-1].response if stream else answer


@STREAMS
@REVEALS
@pytest.mark.parametrize("stored", [False, True], ids=["items", "previous_response_id"])
def test_responses(stream: bool, reveal: Any, stored: bool) -> None:
    store = adapter.MemoryStore() if stored else None
    items: list[Any] = []
    before: dict[str, Any] = {}
    made = []
    with Upstream(*replies(texts(reveal), stream=stream)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
        client = adapter.wrap(plain, router=ROUTER, reveal=reveal, store=store)
        for said in TURNS:
            items.append({"role": "user", "content": said})
            while True:
                answer = responded(client, stream=stream, input=items, **before)
                calls = [item for item in answer.output if item.type == "function_call"]
                made += [(one.name, json.loads(one.arguments)) for one in calls]
                before = {"previous_response_id": answer.id} if stored else {}
                items = [] if stored else [*items, *(item.to_dict() for item in answer.output)]
                if not calls:
                    break
                items += [{"type": "function_call_output", "call_id": one.call_id, "output": "done"} for one in calls]
        begins(upstream)
    assert made == [("get_weather", CITY), ("sendEmail", EMAIL)]


def message_in(reply: Any, *, stream: bool) -> list[dict[str, Any]]:
    """The blocks of an answer of the Messages API."""
    if not stream:
        return reply.json()["content"]  # type: ignore[no-any-return]
    blocks: list[dict[str, Any]] = []
    for line in reply.text.splitlines():
        said = json.loads(line[6:]) if line.startswith("data: ") else {}
        if said.get("type") == "content_block_start":
            blocks.append({**said["content_block"], "text": "", "json": ""})
        elif said.get("type") == "content_block_delta":
            delta = said["delta"]
            blocks[-1]["text"] += delta.get("text", "")
            blocks[-1]["json"] += delta.get("partial_json", "")
    return [
        {"type": "tool_use", "id": one["id"], "name": one["name"], "input": json.loads(one["json"] or "{}")}
        if one["type"] == "tool_use" else {"type": "text", "text": one["text"]}
        for one in blocks
    ]  # fmt: skip


@STREAMS
@REVEALS
def test_messages(stream: bool, reveal: Any) -> None:
    messages: list[dict[str, Any]] = []
    made = []
    transport = adapter.transport.sync_transport(httpx2.HTTPTransport(), router=ROUTER, reveal=reveal)
    with Upstream(*replies(texts(reveal), stream=stream)) as upstream, httpx2.Client(transport=transport) as client:
        for said in TURNS:
            messages.append({"role": "user", "content": said})
            while True:
                body = {"model": "m", "max_tokens": 64, "messages": messages, "stream": stream}
                blocks = message_in(client.post(f"{upstream.url}/messages", json=body), stream=stream)
                messages.append({"role": "assistant", "content": blocks})
                used = [one for one in blocks if one["type"] == "tool_use"]
                made += [(one["name"], one["input"]) for one in used]
                if not used:
                    break
                results = [{"type": "tool_result", "tool_use_id": one["id"], "content": "done"} for one in used]
                messages.append({"role": "user", "content": results})
        begins(upstream)
    assert made == [("get_weather", CITY), ("sendEmail", EMAIL)]


def test_a_choice_of_a_tool_that_only_the_router_has() -> None:
    made = [call("book_hotel", CITY)]
    transport = adapter.transport.sync_transport(httpx2.HTTPTransport(), router=ROUTER)
    with Upstream(completion(made[0])) as upstream, httpx2.Client(transport=transport) as client:
        url, said = upstream.url, [{"role": "user", "content": "the weather"}]
        named = {"type": "tool", "name": "book_hotel"}
        body = {"model": "m", "max_tokens": 9, "messages": said, "tool_choice": named}
        assert client.post(f"{url}/messages", json=body).json()["content"][0]["name"] == "book_hotel"
        asked = {"model": "m", "input": said, "tool_choice": {"type": "function", "name": "book_hotel"}}
        assert client.post(f"{url}/responses", json=asked).json()["output"][0]["name"] == "book_hotel"
        wrong = client.post(f"{url}/responses", json={**asked, "tool_choice": {"type": "function", "name": "book"}})
        assert (wrong.status_code, "book_hotel" in wrong.text) == (400, True)


FLAT = [{"type": "function", **one["function"]} for one in OFFICE]


def test_a_router_of_flat_definitions_and_tools_of_the_request() -> None:
    own: Any = {"type": "function", "name": "own_tool", "description": "Mine.", "parameters": {"type": "object"}}
    router = adapter.ToolRouter(FLAT, limit=2)
    with Upstream(completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
        client = adapter.wrap(plain, router=router)
        client.responses.create(model="m", input="the weather", tools=[own, FLAT[5]])  # type: ignore[list-item]
        prompt = json.dumps(upstream.bodies)
    assert ("own_tool" in prompt, "get_weather" in prompt, "book_hotel" in prompt) == (True, True, False)


def test_a_custom_tool_that_a_search_finds() -> None:
    custom = {"type": "custom", "custom": {"name": "run_sql", "description": "Query the database of customers."}}
    router = adapter.ToolRouter([*OFFICE, custom], limit=4)
    for stream in (False, True):
        answers = replies((search("database of customers"), call("run_sql", {"input": "select 1"})), stream=stream)
        with Upstream(*answers) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
            client = adapter.wrap(plain, router=router, reveal="search_tool")
            answer = responded(client, stream=stream, input="the weather")
        assert [(one.type, one.name, one.input) for one in answer.output] == [("custom_tool_call", "run_sql", "select 1")]


def prompts(path: str, body: dict[str, Any]) -> Iterator[str]:
    """The prompt that a request of another maker's wire would send."""
    exchange = open_exchange_for(make_options({}), router=ROUTER).foreign(path, body)
    command: Any = next(exchange)
    assert isinstance(command, UpstreamRequest)
    yield json.dumps(command.body)
    exchange.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/api/chat", {"model": "m", "stream": False, "messages": [{"role": "user", "content": "weather"}]}, id="Ollama"),
        pytest.param(
            "/api/v1/services/aigc/text-generation/generation",
            {"model": "m", "input": {"messages": [{"role": "user", "content": "weather"}]}},
            id="DashScope",
        ),
    ],
)  # fmt: skip
def test_wires_of_other_makers(path: str, body: dict[str, Any]) -> None:
    (prompt,) = prompts(path, body)
    assert ("get_weather" in prompt, "book_hotel" in prompt) == (True, False)


def test_the_own_search_of_a_router_with_few_tools_is_not_reserved() -> None:
    """A caller's tool may be called `search_tools` where the router offers no search."""
    own: Any = tool("search_tools", "Mine.", query="")
    with Upstream(completion(search("x"))) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
        client = adapter.wrap(plain, router=adapter.ToolRouter(OFFICE, limit=10), reveal="search_tool")
        answer: Any = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], tools=[own])
    assert answer.choices[0].message.tool_calls[0].function.name == "search_tools"
