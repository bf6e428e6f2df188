"""Responses in the store: stored, continued, retrieved, deleted, and the input listed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api.responses.listing import listed, page
from adapter.errors import BadRequest, NotFound, StoreFailed
from adapter.exchange.protocol import Command, Exchange, Reply, Run
from adapter.store.base import StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from adapter.store.base import Store

    _Handler: TypeAlias = Callable[[Store, str, Mapping[str, str]], dict[str, Any]]

_STORED = re.compile(r"/responses/(?P<id>[^/]+)(?P<what>/input_items|/cancel)?$")
_NO_STORE = "Responses are not kept: give wrap() a store, such as store=adapter.MemoryStore()"


def record_of(response: Mapping[str, Any], items: Sequence[Mapping[str, Any]], new_id: Callable[[], str]) -> dict[str, Any]:
    """Return the stored record of a response: the response, and the input of the request, each item with an id."""
    kept = [
        item if item.get("id") else {**item, "id": f"{_PREFIXES[item['type']]}_{new_id().rpartition('_')[2]}"} for item in items
    ]
    return {"response": response, "input": kept}


_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "function_call_output": "fco"}


def keep(store: Store, record: Mapping[str, Any]) -> Generator[Command, Any, str | None]:
    """Store a response. Returns the reason for a failure, or None."""
    key, value = record["response"]["id"], json.dumps(record).encode()
    try:
        yield from _run(lambda: store.put(key, value))
    except StoreFailed as error:
        return error.message
    return None


def context_of(store: Store | None, body: Mapping[str, Any]) -> Generator[Command, Any, list[dict[str, Any]]]:
    """Return the items of the responses before a request, the oldest first.

    Raises:
        BadRequest: The request asks for a store, or names an earlier response, and the store or the response is missing.
        StoreFailed: The store cannot be read.
    """
    if body.get("store") is True and store is None:
        raise BadRequest(f"Invalid value: True for 'store'. {_NO_STORE}.", param="store", code="invalid_value")
    previous = body.get("previous_response_id")
    if previous is None:
        return []
    if not isinstance(previous, str) or store is None:
        reason = "It is the id of a response." if store is not None else f"{_NO_STORE}."
        message = f"Invalid value: {previous!r} for 'previous_response_id'. {reason}"
        raise BadRequest(message, param="previous_response_id", code="invalid_value")
    items: list[dict[str, Any]] = yield from _run(lambda: _items_up_to(store, previous))
    return items


def _items_up_to(store: Store, response_id: str) -> list[dict[str, Any]]:
    """Return the input and output items of a response and of all responses before.

    The walk goes back in time, and the oldest response is read last: a full store evicts the least recently read.
    """
    records: list[dict[str, Any]] = []
    wanted: str | None = response_id
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
        wanted = record["response"]["previous_response_id"]
    return [item for record in reversed(records) for item in (*record["input"], *_said(record["response"]))]


def _said(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the output, without a call that was cut off: nobody can have run a part of a call."""
    return [item for item in response["output"] if item["type"] != "function_call" or item["status"] == "completed"]


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
        raise BadRequest(f"{_NO_STORE}.")
    answer = yield from _run(lambda: handler(store, response_id, query))
    return Reply(200, [("content-type", "application/json")], json.dumps(answer).encode())


def _retrieved(store: Store, response_id: str, query: Mapping[str, str]) -> dict[str, Any]:
    if query.get("stream") == "true":
        raise BadRequest("A kept response is not streamed again: leave 'stream' out.", param="stream")
    response: dict[str, Any] = _found(store, response_id)["response"]
    return response


def _deleted(store: Store, response_id: str, _query: Mapping[str, str]) -> dict[str, Any]:
    if not store.delete(response_id):
        raise _not_found(response_id)
    return {"id": response_id, "object": "response", "deleted": True}


def _input_items(store: Store, response_id: str, query: Mapping[str, str]) -> dict[str, Any]:
    record = _found(store, response_id)
    previous = record["response"]["previous_response_id"]
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
    value = store.get(response_id)
    if value is None:
        return None
    record: dict[str, Any] = json.loads(value)
    return record


def _run(action: Callable[[], Any]) -> Generator[Command, Any, Any]:
    """Have the shell run a function that uses the store. Exceptions of a store become errors in OpenAI's shape.

    Raises:
        StoreFailed: The store failed.
    """

    def guarded() -> Any:
        try:
            return action(), None
        except (BadRequest, NotFound) as error:
            return None, error
        except StoreFull as error:
            return None, StoreFailed(f"The response was not stored: {error}.")
        except Exception as error:  # noqa: BLE001  # a store may be anyone's
            return None, StoreFailed(f"The store failed: {type(error).__name__}: {error}.")

    result, error = yield Run(guarded)
    if error is not None:
        raise error
    return result
