"""Records whose bytes are read when somebody looks have the members of records that were read at once."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from adapter.errors import InvalidToolCall, UpstreamFailed
from adapter.exchange import opener
from adapter.exchange.open_record import OpenRecord
from adapter.exchange.protocol import Reply, UpstreamRequest
from adapter.exchange.watching import Watch
from adapter.gateway.playground.held import Held, Passing
from adapter.gateway.playground.recorded import record_object
from adapter.options import make_options
from adapter.records import ExchangeRecord, as_object
from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS, GOOD, call
from tests.support.loopback import completion, raw_completion

if TYPE_CHECKING:
    from collections.abc import Sequence

ASK: dict[str, Any] = {"model": "m", "messages": ASKED, "tools": CHAT_TOOLS}
FIELDS = [field.name for field in dataclasses.fields(ExchangeRecord)]
BAD = call({"days": 2})
CALLED = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
EVENTS = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def said(answer: Any) -> bytes:
    return json.dumps(answer.body).encode()


def of_choices(*messages: dict[str, Any]) -> bytes:
    """A completion of several choices, without a usage, and not in ASCII."""
    choices = [{"index": place, "message": message, "finish_reason": "stop"} for place, message in enumerate(messages)]
    return json.dumps({"id": "c", "choices": choices}, ensure_ascii=False).encode()


# The request, the replies with their statuses, and how many of the records are read late.
ROWS: dict[str, tuple[dict[str, Any], list[tuple[int, bytes]], int]] = {
    "words": (ASK, [(200, said(completion("Fine. ü")))], 1),
    "a call": (ASK, [(200, said(completion(call(GOOD))))], 1),
    "asked again": (ASK, [(200, said(completion(BAD))), (200, said(completion(call(GOOD))))], 2),
    "refused": (ASK, [(200, said(completion(BAD)))] * 3, 3),
    "a call in upstream's form": (
        ASK,
        [(200, said(completion(None, tool_calls=CALLED)))],
        1,
    ),
    "reasoning, and no usage": (ASK, [(200, of_choices({"content": "😀 Grüße", "reasoning_content": "hm"}))], 1),
    "several choices": ({**ASK, "n": 2}, [(200, of_choices({"content": "A"}, {"content": call(GOOD)}))], 1),
    "a status of success": (ASK, [(201, said(completion("Fine.")))], 1),
    "a raw completion": (ASK, [(200, said(raw_completion(call(GOOD))))], 1),
    "an error": (ASK, [(500, b'{"error":{"message":"full"}}')], 0),
    "an error under a success": (ASK, [(200, b'{"error":{"message":"full"}}')], 0),
    "no JSON": (ASK, [(200, b"<html>")], 0),
    "events": (ASK, [(200, EVENTS)], 0),
    "a large answer": (ASK, [(200, said(completion("word " * 300_000)))], 0),
}


def run(body: dict[str, Any], replies: Sequence[tuple[int, bytes]]) -> list[ExchangeRecord]:
    """Drive an exchange that is watched. Returns its records."""
    found: list[ExchangeRecord] = []
    options = make_options({"dialect": "hermes", "retries": 2, "native": "never", "new_id": lambda: "call_1"})

    def watch(path: str, request: dict[str, Any]) -> Watch:
        return Watch(found.append, lambda _: None, lambda: 1.0, lambda: 2.0, "name").of(path, request)

    exchange = opener(options, lambda _: None, lambda: 0.0, watch)("/chat/completions", copy.deepcopy(body))
    assert exchange is not None
    waiting, answer = [*replies], None
    with suppress(StopIteration, InvalidToolCall, UpstreamFailed):
        while True:
            command = exchange.send(answer)
            if isinstance(command, UpstreamRequest):
                status, data = waiting.pop(0)
                answer = Reply(status, [("content-type", "application/json")], data)
            else:
                answer = None
    return found


@pytest.mark.parametrize("row", ROWS)
def test_late_records_are_those_read_at_once(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, replies, number = ROWS[row]
    late = run(body, replies)
    assert [record.unread is not None for record in late].count(True) == number
    monkeypatch.setattr(OpenRecord, "later", False)
    eager = run(body, replies)
    assert all(record.unread is None for record in eager)
    for name in FIELDS if number else ():  # whichever member is asked for first
        for one, other in zip(run(body, replies), eager, strict=True):
            assert getattr(one, name) == getattr(other, name), name
    assert late == eager
    for one, other in zip(late, eager, strict=True):
        assert repr(one) == repr(other)
        assert str(one) == str(other)
        assert (as_object(one), record_object(one)) == (as_object(other), record_object(other))


def test_a_late_record_is_a_record() -> None:
    body, replies, _ = ROWS["a call"]
    for first in FIELDS:
        (record,) = run(body, replies)
        getattr(record, first)
    (record,) = run(body, replies)
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301  # our own bytes
    (record,) = run(body, replies)
    assert dataclasses.replace(record, model="other").completion == record.completion
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        record.nothing  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.raw = ""  # type: ignore[misc]
    (fresh,) = run(body, replies)
    fresh.request["model"] = "changed"  # type: ignore[index]  # a copy, as for a record read at once
    assert record.request["model"] == "m"


def test_a_late_record_weighs_no_less() -> None:
    """The list of the Playground is bounded by what its records hold once somebody has looked."""
    for name, (body, replies, number) in ROWS.items():
        if not number:
            continue
        late = run(body, replies)
        weighed = Held({}, b"", late, b"").weight
        members = [dataclasses.replace(record) for record in late]
        assert all(record.unread is None for record in members)
        assert weighed >= Held({}, b"", members, b"").weight, name


@pytest.mark.parametrize("key", ["sk-a-key-of-a-caller", "sk-schlüssel"])
def test_a_key_is_found_in_bytes_as_in_a_text(key: str) -> None:
    for content in (f"the key is {key}.", "Fine."):
        late = run(ASK, [(200, json.dumps(completion(content).body, ensure_ascii=False).encode())])
        found = []
        for records in (late, [dataclasses.replace(record) for record in late]):
            passing = Passing({"path": "/", "headers": [(b"x-api-key", key.encode("latin-1"))]}, None, None, 99, print)  # type: ignore[arg-type]
            passing.records += records
            found.append(passing._quotes(b""))
        assert found == [content != "Fine."] * 2
