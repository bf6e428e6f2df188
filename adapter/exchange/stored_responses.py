"""Responses in the store: stored, continued, retrieved, deleted, and the input listed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from adapter.api.responses.call_item import CALLS
from adapter.api.responses.checks import text_at
from adapter.api.responses.listing import listed, page
from adapter.api.responses.response import item_id, response_of
from adapter.errors import BadRequest, NotFound, StoreFailed
from adapter.exchange.on_store import on_store
from adapter.exchange.past_answers import PREFIX
from adapter.exchange.protocol import Command, Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from adapter.store.base import Store

    _Handler: TypeAlias = Callable[[Store, str, Mapping[str, str]], dict[str, Any]]

_STORED = re.compile(r"/responses/(?P<id>[^/]+)(?P<what>/input_items|/cancel)?$")
NO_STORE = "Responses are not kept: give wrap() a store, such as store=adapter.MemoryStore()"


def record_of(response: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the stored record of a response: the response, and the input of the request, each item with an id."""
    kept = [
        item if item.get("id") else {**item, "id": item_id(_PREFIXES.get(item["type"], "item"), response["id"], f"in{place}")}
        for place, item in enumerate(items)
    ]
    return {"response": response, "input": kept}


_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "tool_search_call": "tsc",
    "tool_search_output": "tso",
    "additional_tools": "at",
}


def keep(store: Store, record: Mapping[str, Any]) -> Generator[Command, Any, str | None]:
    """Store a response. Returns the reason for a failure, or None."""
    key, value = record["response"]["id"], json.dumps(record).encode()
    try:
        yield from on_store(lambda: store.put(key, value))
    except StoreFailed as error:
        return error.message
    return None


def context_of(store: Store | None, body: Mapping[str, Any]) -> Generator[Command, Any, list[dict[str, Any]]]:
    """Return the items of the responses before a request, the oldest first.

    Raises:
        BadRequest: The request names an earlier response, and the store or the response is missing.
        StoreFailed: The store cannot be read.
    """
    previous = body.get("previous_response_id")
    if previous is None:
        return []
    if not isinstance(previous, str) or store is None:
        reason = "It is the id of a response." if store is not None else f"{NO_STORE}."
        message = f"Invalid value: {previous!r} for 'previous_response_id'. {reason}"
        raise BadRequest(message, param="previous_response_id", code="invalid_value")
    items: list[dict[str, Any]] = yield from on_store(lambda: _items_up_to(store, previous))
    return items


def _items_up_to(store: Store, response_id: str) -> list[dict[str, Any]]:
    """Return the input and output items of a response and of all responses before.

    The walk goes back in time, and the oldest response is read last: a full store evicts the least recently read.
    """
    records: list[dict[str, Any]] = []
    wanted: str | None = response_id
    seen = {wanted}
    while wanted is not None:
        record = _load(store, wanted)
        if record is None:
            gone = "" if wanted == response_id else f" It goes on from {wanted!r}, which the store no longer has."
            raise BadRequest(
                f"Previous response with id {response_id!r} not found.{gone}",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        records.append(record)
        wanted = record["response"].get("previous_response_id")
        if wanted in seen:
            raise StoreFailed(f"The store is damaged: {response_id!r} goes on from {wanted!r}, which goes on from itself.")
        seen.add(wanted)
    return [item for record in reversed(records) for item in (*record["input"], *_said(record["response"]))]


def _said(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the output, without a call that was cut off: nobody can have run a part of a call."""
    return [item for item in response["output"] if item["type"] not in CALLS or item.get("status") == "completed"]


def with_references(store: Store | None, body: Mapping[str, Any]) -> Generator[Command, Any, Mapping[str, Any]]:
    """Put the items that the input refers to in the place of their references; without a store references stay.

    Raises:
        BadRequest: No item of the id is kept.
        StoreFailed: The store cannot be read.
    """
    items = body.get("input")
    if store is None or not isinstance(items, list) or not any(map(_is_reference, items)):
        return body
    found: list[Any] = yield from on_store(
        lambda: [
            _item(store, text_at(item, "id", f"input[{place}]"), f"input[{place}].id") if _is_reference(item) else item
            for place, item in enumerate(items)
        ]
    )
    return {**body, "input": found}


def _is_reference(item: Any) -> bool:
    """Tell if an item is a reference, whose type may be left out."""
    if not isinstance(item, dict):
        return False
    untyped = item.get("type") is None and "role" not in item and isinstance(item.get("id"), str)
    return untyped or item.get("type") == "item_reference"


def _item(store: Store, wanted: str, param: str) -> dict[str, Any]:
    record = _load(store, response_of(wanted))
    items = () if record is None else (*record["input"], *record["response"]["output"])
    found: dict[str, Any] | None = next((item for item in items if item.get("id") == wanted), None)
    if found is None:
        raise BadRequest(f"Item with id {wanted!r} not found.", param=param, code="invalid_value")
    return found


def stored_exchange(store: Store | None, method: str, path: str, query: Mapping[str, str]) -> Exchange | None:
    """Return the exchange for a request about a stored response; None for any other request.

    Args:
        store: The store.
        method: The HTTP method.
        path: The path of the URL.
        query: The parameters of the URL.

    Raises:
        BadRequest: The request asks for a service that no chat model has.
    """
    found = _STORED.search(path)
    if found is None:
        return None
    if method == "POST" and not found["what"]:
        raise BadRequest(f"'/responses/{found['id']}' cannot be had here: the model behind this client only chats.")
    handler = _HANDLERS.get((method, found["what"] or ""))
    return None if handler is None else _answer(store, found["id"], query, handler)


def _answer(store: Store | None, response_id: str, query: Mapping[str, str], handler: _Handler) -> Exchange:
    if store is None:
        raise BadRequest(f"{NO_STORE}.")
    answer = yield from on_store(lambda: handler(store, response_id, query))
    return Reply(200, [("content-type", "application/json")], json.dumps(answer).encode())


def _retrieved(store: Store, response_id: str, query: Mapping[str, str]) -> dict[str, Any]:
    if query.get("stream") == "true":
        raise BadRequest("A kept response is not streamed again: leave 'stream' out.", param="stream")
    response: dict[str, Any] = _found(store, response_id)["response"]
    return response


def _deleted(store: Store, response_id: str, _query: Mapping[str, str]) -> dict[str, Any]:
    if response_id.startswith(PREFIX) or not store.delete(response_id):
        raise _not_found(response_id)
    return {"id": response_id, "object": "response", "deleted": True}


def _input_items(store: Store, response_id: str, query: Mapping[str, str]) -> dict[str, Any]:
    record = _found(store, response_id)
    previous = record["response"].get("previous_response_id")
    items = [*(_items_up_to(store, previous) if previous else ()), *record["input"]]
    return page([listed(item) for item in items], query)


def _not_cancelled(store: Store, response_id: str, _query: Mapping[str, str]) -> dict[str, Any]:
    _found(store, response_id)
    raise BadRequest("Cannot cancel a synchronous response.")


_HANDLERS: dict[tuple[str, str], _Handler] = {
    ("GET", ""): _retrieved,
    ("DELETE", ""): _deleted,
    ("GET", "/input_items"): _input_items,
    ("POST", "/cancel"): _not_cancelled,
}


def _found(store: Store, response_id: str) -> dict[str, Any]:
    record = _load(store, response_id)
    if record is None:
        raise _not_found(response_id)
    return record


def _not_found(response_id: str) -> NotFound:
    return NotFound(f"Response with id {response_id!r} not found.")


def _load(store: Store, response_id: str) -> dict[str, Any] | None:
    value = None if response_id.startswith(PREFIX) else store.get(response_id)
    if value is None:
        return None
    try:
        record = json.loads(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise _misshapen(response_id, str(error)) from error
    fault = next((fault for holds, fault in _RULES if not holds(record)), None)
    if fault is not None:
        raise _misshapen(response_id, fault)
    return cast("dict[str, Any]", record)


def _are_items(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and isinstance(item.get("type"), str) for item in value)


# Rules of a record, in order, each with the fault of a record against the rule.
_RULES: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (lambda record: isinstance(record, dict) and isinstance(record.get("response"), dict), "no 'response' in it"),
    (lambda record: _are_items(record.get("input")), "its 'input' is no list of items"),
    (lambda record: _are_items(record["response"].get("output")), "its 'output' is no list of items"),
    (
        lambda record: isinstance(record["response"].get("previous_response_id"), str | None),
        "its 'previous_response_id' is no id",
    ),
)


def _misshapen(response_id: str, reason: str) -> StoreFailed:
    return StoreFailed(f"The store's value of {response_id!r} is no stored response ({reason}): delete it from the store.")
