"""Rows of a store that somebody changed: each member of a kept response as a value of another kind (behaviour 7.4)."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter import MemoryStore
from adapter.errors import AdapterError
from adapter.exchange import opener
from adapter.exchange.protocol import Run, UpstreamRequest
from adapter.options import make_options
from tests.support.loopback import Upstream, completion
from tests.support.rows import row
from tests.wire.test_hostile_upstream import VALUES, places, with_value
from tests.wire.test_upstream_forms import FLAT, SAID

if TYPE_CHECKING:
    from adapter.exchange.protocol import Exchange

SEED = 25


@pytest.fixture(scope="module")
def kept() -> tuple[str, dict[str, Any]]:
    """The id and the record of a response with a call, and with a response before."""
    store = MemoryStore()
    with Upstream(completion(SAID)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client, store=store)
        first = wrapped.responses.create(model="m", input="Weather?", tools=[FLAT])  # type: ignore[list-item]  # a plain tool
        result: Any = {"type": "function_call_output", "call_id": first.output[-1].call_id, "output": "18 C"}  # type: ignore[union-attr]
        last = wrapped.responses.create(model="m", input=[result], previous_response_id=first.id, tools=[FLAT])  # type: ignore[list-item]
    value = store.get(first.id)
    assert value is not None
    assert store.get(last.id)
    return first.id, json.loads(value)


def ends(value: bytes, response_id: str) -> set[str]:
    """Ask for a response, its items, its deletion, and for the next one. Returns the kinds of the ends."""
    store, found = MemoryStore(), set()
    asked = {"model": "m", "input": [{"type": "function_call_output", "call_id": "x", "output": "y"}]}
    after = json.dumps({**asked, "previous_response_id": response_id, "tools": [FLAT]}).encode()
    base = f"/v1/responses/{response_id}"
    for method, path, body in (
        ("GET", base, b""),
        ("GET", f"{base}/input_items", b""),
        ("POST", "/v1/responses", after),
        ("DELETE", base, b""),
    ):
        store.put(response_id, value)
        open_exchange = opener(make_options({"store": store}), lambda _: None, lambda: 0.0)
        try:
            found.add(first_end(open_exchange(path, body, method)))
        except AdapterError as error:
            assert error.message  # noqa: PT017  # either end is right
            found.add(type(error).__name__)
    return found


def first_end(exchange: Exchange | None) -> str:
    assert exchange is not None
    try:
        command = next(exchange)
        while not isinstance(command, UpstreamRequest):
            command = exchange.send(command.action() if isinstance(command, Run) else None)
    except StopIteration as done:
        json.loads(done.value.body)
        return "answered"
    json.dumps(command.body)
    return "asked"


@pytest.mark.proof
def test_no_value_of_a_row_is_another_error(kept: tuple[str, dict[str, Any]]) -> None:
    response_id, record = kept
    rows = [(path, value) for path in places(record) for value in VALUES]
    assert len(rows) >= 1_290
    for path, value in rows:
        with row(path=path, value=value):
            assert ends(json.dumps(with_value(record, path, value)).encode(), response_id)


@pytest.mark.proof
def test_no_damaged_bytes_of_a_row_are_another_error(kept: tuple[str, dict[str, Any]]) -> None:
    response_id, record = kept
    whole, chance = json.dumps(record).encode(), random.Random(SEED)
    pieces = (b"\xff", b"\0", b"[" * 300, b"{", b"}", b'"', b"1" * 5000, b"\\u", b"null", b"\\ud800")
    for number in range(1_000):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(data))
            data[place : place + chance.randrange(30)] = chance.choice(pieces)
        with row(number=number):
            assert ends(bytes(data), response_id)
