"""Responses that are kept: gone on from, retrieved, deleted, their input listed (behaviour 7)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import ResponseItem
from pydantic import TypeAdapter

import adapter
from tests.facts.completions import CALL
from tests.support.loopback import Answer, Received, Stream, Upstream, completion, streamed
from tests.support.tiers import few_or_all
from tests.wire.test_responses_events import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from adapter.store import Store

ITEM: TypeAdapter[ResponseItem] = TypeAdapter(ResponseItem)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return adapter.MemoryStore() if request.param == "memory" else adapter.SqliteStore(tmp_path / "kept.db")


@pytest.fixture
def counting() -> Iterator[Upstream]:
    """An upstream that answers how many user messages it has read."""

    def answer(request: Received) -> Answer | Stream:
        read = sum(message["role"] == "user" for message in request.body["messages"])
        return streamed(f"{read} read.") if request.body.get("stream") else completion(f"{read} read.")

    with Upstream(answer) as upstream:
        yield upstream


def client_of(upstream: Upstream, **options: Any) -> OpenAI:
    return adapter.wrap(OpenAI(base_url=upstream.url, api_key="key", max_retries=0), **options)


@pytest.mark.both_tiers
def test_a_conversation_of_200_turns(counting: Upstream, store: Store) -> None:
    client = client_of(counting, store=store)
    previous = None
    turns = few_or_all(60, 200)
    for turn in range(turns):
        response = client.responses.create(model="m", input=f"Turn {turn}.", previous_response_id=previous)
        assert response.output_text == f"{turn + 1} read."
        assert response.previous_response_id == previous
        previous = response.id
    messages = counting.bodies[-1]["messages"]
    assert [message["content"] for message in messages[:4]] == ["Turn 0.", "1 read.", "Turn 1.", "2 read."]
    assert len(messages) == 2 * turns - 1


def test_a_call_and_its_output(store: Store) -> None:
    with Upstream(completion(f"<think>Hm.</think>I look.\n{CALL}"), completion("Sunny.")) as upstream:
        client = client_of(upstream, store=store)
        first = client.responses.create(model="m", input="Weather?", tools=TOOLS, instructions="Be brief.")
        call = next(item for item in first.output if item.type == "function_call")
        output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "Sun."}]
        second = client.responses.create(model="m", input=output, tools=TOOLS, previous_response_id=first.id)
    assert second.output_text == "Sunny."
    system, *messages = upstream.bodies[1]["messages"]
    assert not system["content"].startswith("Be brief.")  # instructions hold for one response
    assert messages == [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": f"<think>Hm.</think>I look.\n{CALL}"},
        {"role": "user", "content": "<tool_response>\nSun.\n</tool_response>"},
    ]


def test_a_call_without_its_output(store: Store) -> None:
    with Upstream(completion(CALL)) as upstream:
        client = client_of(upstream, store=store, history="strict")
        first = client.responses.create(model="m", input="Weather?", tools=TOOLS)
        with pytest.raises(openai.BadRequestError, match="No tool output found for function call call_"):
            client.responses.create(model="m", input="Well?", tools=TOOLS, previous_response_id=first.id)
        assert len(upstream.received) == 1


def test_a_call_that_was_cut_off_is_not_gone_on_from(store: Store) -> None:
    with Upstream(streamed(*CALL[:60], finish="length"), completion("Fine.")) as upstream:
        client = client_of(upstream, store=store)
        last: Any = list(client.responses.create(model="m", input="Weather?", tools=TOOLS, stream=True))[-1]
        assert last.response.status == "incomplete"
        client.responses.create(model="m", input="Well?", tools=TOOLS, previous_response_id=last.response.id)
    assert [message["role"] for message in upstream.bodies[1]["messages"]] == ["system", "user", "user"]


def test_a_stream_is_kept_before_its_end_is_heard(counting: Upstream, store: Store) -> None:
    client = client_of(counting, store=store)
    for item in client.responses.create(model="m", input="A", stream=True):
        if item.type == "response.completed":
            assert item.response.output_text == "1 read."
            assert client.responses.retrieve(item.response.id).output == item.response.output


def test_branches(counting: Upstream, store: Store) -> None:
    client = client_of(counting, store=store)
    root = client.responses.create(model="m", input="A")
    for _ in range(3):
        branch = client.responses.create(model="m", input="B", previous_response_id=root.id)
        assert branch.output_text == "2 read."


def test_retrieved_and_deleted(counting: Upstream, store: Store) -> None:
    client = client_of(counting, store=store)
    made = client.responses.create(model="m", input="A", metadata={"run": "7"})
    assert made.to_dict()["store"] is True
    assert client.responses.retrieve(made.id) == made
    client.responses.delete(made.id)
    for gone in (lambda: client.responses.retrieve(made.id), lambda: client.responses.delete(made.id)):
        with pytest.raises(openai.NotFoundError, match=f"Response with id '{made.id}' not found"):
            gone()
    with pytest.raises(openai.BadRequestError, match="Previous response") as raised:
        client.responses.create(model="m", input="B", previous_response_id=made.id)
    assert (raised.value.param, raised.value.code) == ("previous_response_id", "previous_response_not_found")


def test_a_response_whose_beginning_is_gone(counting: Upstream) -> None:
    client = client_of(counting, store=adapter.MemoryStore())
    first = client.responses.create(model="m", input="A")
    second = client.responses.create(model="m", input="B", previous_response_id=first.id)
    client.responses.delete(first.id)
    with pytest.raises(openai.BadRequestError, match=f"goes on from '{first.id}', which the store no longer has"):
        client.responses.create(model="m", input="C", previous_response_id=second.id)


def test_a_full_store_keeps_the_conversation_that_goes_on(counting: Upstream) -> None:
    client = client_of(counting, store=adapter.MemoryStore(max_items=12))
    previous = None
    for turn in range(10):
        previous = client.responses.create(model="m", input=f"Turn {turn}.", previous_response_id=previous).id
        client.responses.create(model="m", input="Something else.")
    assert len(counting.bodies[-2]["messages"]) == 19


def test_not_to_be_kept(counting: Upstream, store: Store) -> None:
    client = client_of(counting, store=store)
    made = client.responses.create(model="m", input="A", store=False)
    assert made.to_dict()["store"] is False
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_a_response_that_failed_is_not_kept(store: Store) -> None:
    bad = CALL.replace('"city"', '"town"')
    with Upstream(streamed(bad)) as upstream:
        client = client_of(upstream, store=store, retries=0)
        seen: list[Any] = []
        with pytest.raises(openai.APIError):
            seen.extend(client.responses.create(model="m", input="?", tools=TOOLS, stream=True))
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(seen[0].response.id)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_the_store_does_not_take_is_answered_all_the_same(counting: Upstream, stream: bool) -> None:
    problems: list[adapter.Problem] = []
    client = client_of(counting, store=adapter.MemoryStore(max_bytes=10), on_event=problems.append)
    made: Any = client.responses.create(model="m", input="A", stream=stream)
    response = list(made)[-1].response if stream else made
    assert response.output_text == "1 read."
    assert response.to_dict()["store"] is False
    assert [problem.kind for problem in problems] == ["unstored"]
    assert "raise max_bytes" in problems[0].message


class Broken:
    """A store whose disk is gone."""

    def get(self, key: str) -> bytes | None:
        raise OSError(f"cannot read {key}")

    def put(self, key: str, value: bytes) -> None:
        raise OSError("disk full")

    def delete(self, key: str) -> bool:
        raise OSError(f"cannot delete {key}")


def test_a_store_that_fails(counting: Upstream) -> None:
    problems: list[adapter.Problem] = []
    client = client_of(counting, store=Broken(), on_event=problems.append)
    assert client.responses.create(model="m", input="A").output_text == "1 read."
    assert [problem.message for problem in problems] == ["The store failed: OSError: disk full."]
    with pytest.raises(openai.InternalServerError, match="The store failed: OSError: cannot read resp_1"):
        client.responses.retrieve("resp_1")


def test_async(counting: Upstream, store: Store) -> None:
    async def main() -> None:
        async with AsyncOpenAI(base_url=counting.url, api_key="key") as plain:
            client = adapter.wrap(plain, store=store)
            first = await client.responses.create(model="m", input="A")
            second = await client.responses.create(model="m", input="B", previous_response_id=first.id)
            assert second.output_text == "2 read."
            assert await client.responses.retrieve(second.id) == second
            assert [item.type async for item in client.responses.input_items.list(second.id)] == ["message"] * 3
            await client.responses.delete(second.id)
            with pytest.raises(openai.NotFoundError):
                await client.responses.retrieve(second.id)

    asyncio.run(main())


class TestInputItems:
    def test_all_of_them_in_pages(self, counting: Upstream, store: Store) -> None:
        client = client_of(counting, store=store)
        image: Any = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"}
        first = client.responses.create(
            model="m", input=[{"role": "user", "content": [{"type": "input_text", "text": "A"}, image]}]
        )
        second = client.responses.create(model="m", input="B", previous_response_id=first.id)
        items: list[Any] = list(client.responses.input_items.list(second.id, order="asc"))
        assert [(item.role, item.content[0].text) for item in items] == [
            ("user", "A"),
            ("assistant", "1 read."),
            ("user", "B"),
        ]
        for item in items:
            ITEM.validate_python(item.to_dict(), strict=True)
        assert list(client.responses.input_items.list(second.id)) == items[::-1]
        assert list(client.responses.input_items.list(second.id, limit=1)) == items[::-1]  # the SDK turns the pages
        page = client.responses.input_items.list(second.id, limit=2, after=items[0].id, order="asc")
        assert (page.data, page.has_more) == (items[1:], False)

    def test_items_of_every_kind(self, store: Store) -> None:
        with Upstream(completion(f"<think>Hm.</think>{CALL}"), completion("Sunny.")) as upstream:
            client = client_of(upstream, store=store)
            first = client.responses.create(model="m", input="Weather?", tools=TOOLS)
            call = next(item for item in first.output if item.type == "function_call")
            output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "Sun."}]
            second = client.responses.create(model="m", input=output, tools=TOOLS, previous_response_id=first.id)
            items = list(client.responses.input_items.list(second.id, order="asc"))
        assert [item.type for item in items] == ["message", "reasoning", "function_call", "function_call_output"]
        for item in items:
            ITEM.validate_python(item.to_dict(), strict=True)
        assert len({item.id for item in items}) == 4

    @pytest.mark.parametrize(
        ("query", "param"),
        [({"limit": 0}, "limit"), ({"limit": "x"}, "limit"), ({"order": "up"}, "order"), ({"after": "msg_x"}, "after")],
    )
    def test_a_wrong_page(self, counting: Upstream, query: dict[str, Any], param: str) -> None:
        client = client_of(counting, store=adapter.MemoryStore())
        made = client.responses.create(model="m", input="A")
        with pytest.raises(openai.BadRequestError) as raised:
            client.responses.input_items.list(made.id, **query)
        assert raised.value.param == param


REQUESTS: dict[str, Callable[[OpenAI], object]] = {
    "retrieve": lambda client: client.responses.retrieve("resp_1"),
    "delete": lambda client: client.responses.delete("resp_1"),
    "input items": lambda client: client.responses.input_items.list("resp_1"),
    "cancel": lambda client: client.responses.cancel("resp_1"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_without_a_store_nothing_is_kept_and_nothing_reaches_upstream(counting: Upstream, case: str) -> None:
    with pytest.raises(openai.BadRequestError, match=r"store=adapter.MemoryStore\(\)"):
        REQUESTS[case](client_of(counting))
    with pytest.raises(openai.NotFoundError, match="'resp_1' not found"):
        REQUESTS[case](client_of(counting, store=adapter.MemoryStore()))
    assert counting.received == []


def test_what_is_kept_is_not_streamed_or_cancelled(counting: Upstream) -> None:
    client = client_of(counting, store=adapter.MemoryStore())
    made = client.responses.create(model="m", input="A")
    with pytest.raises(openai.BadRequestError, match="not streamed again"):
        list(client.responses.retrieve(made.id, stream=True))
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        client.responses.cancel(made.id)


def test_what_a_store_of_ones_own_holds(counting: Upstream) -> None:
    """JSON, so that any key-value server can be one."""
    held: dict[str, bytes] = {}

    class Own:
        get = staticmethod(held.get)
        put = staticmethod(held.__setitem__)
        delete = staticmethod(lambda key: held.pop(key, None) is not None)

    client = client_of(counting, store=Own())
    made = client.responses.create(model="m", input="A")
    record = json.loads(held[made.id])
    assert record["response"]["id"] == made.id
    assert [item["content"] for item in record["input"]] == ["A"]


def test_a_store_that_is_none() -> None:
    with pytest.raises(TypeError, match=r"store='memory': use adapter.MemoryStore\(\)"):
        adapter.wrap(OpenAI(base_url="http://127.0.0.1:1", api_key="key"), store="memory")  # type: ignore[arg-type]
