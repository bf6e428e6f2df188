"""The input items of a stored response, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST = 100


def listed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item for a list: with a status, and the content of a message as parts."""
    whole = {"status": "completed", **{key: value for key, value in item.items() if value is not None}}
    if isinstance(item.get("content"), str):
        kind = "output_text" if item.get("role") == "assistant" else "input_text"
        part = {"type": kind, "text": item["content"]}
        whole["content"] = [{**part, "annotations": [], "logprobs": []} if kind == "output_text" else part]
    return whole


def page(items: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of a list.

    Args:
        items: All items, each with an `id`, the oldest first.
        query: `order` (`desc`, the newest first, or `asc`), `limit` (1 to 100) and `after`, an item's id.

    Raises:
        BadRequest: A parameter has another value.
    """
    order = query.get("order", "desc")
    if order not in {"asc", "desc"}:
        raise BadRequest(f"Invalid value: {order!r} for 'order'. Use 'asc' or 'desc'.", param="order", code="invalid_value")
    limit = query.get("limit", "20")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= _MOST:
        raise BadRequest(
            f"Invalid value: {limit!r} for 'limit'. Use a number from 1 to {_MOST}.", param="limit", code="invalid_value"
        )
    ordered = list(items) if order == "asc" else list(reversed(items))
    after = query.get("after")
    if after is not None:
        places = [place for place, item in enumerate(ordered) if item["id"] == after]
        if not places:
            raise BadRequest(f"Invalid value: {after!r} for 'after'. No item has this id.", param="after", code="invalid_value")
        ordered = ordered[places[0] + 1 :]
    shown = ordered[: int(limit)]
    first, last = (shown[0]["id"], shown[-1]["id"]) if shown else (None, None)
    return {"object": "list", "data": shown, "first_id": first, "last_id": last, "has_more": len(ordered) > len(shown)}
