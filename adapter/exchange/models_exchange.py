"""The models of upstream in the form of Anthropic's API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from adapter.errors import NotFound
from adapter.exchange.messages_exchange import as_messages_error
from adapter.exchange.protocol import MODELS, Exchange, Reply, UpstreamRequest
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_LATEST = 253402300799  # the last second that a date can say
_JSON = [("content-type", "application/json")]


def models_exchange(name: str, request_id: str) -> Exchange:
    """Return the exchange for the list of models, or for one model.

    Args:
        name: The model; empty for the list.
        request_id: The id of the request, for errors.
    """
    reply = yield UpstreamRequest({}, endpoint=model_path(name) if name else MODELS, method="GET")
    if reply.status != 200:
        return as_messages_error(reply, request_id)
    try:
        value = read_json(reply.body)
    except ValueError:
        value = None
    if name:
        return Reply.of_json(200, _JSON, _model(value)) if isinstance(value, dict) else as_messages_error(reply, request_id)
    listed = value.get("data") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return as_messages_error(reply, request_id)
    models = [_model(model) for model in listed if isinstance(model, dict)]
    ends = {"first_id": models[0]["id"], "last_id": models[-1]["id"]} if models else {"first_id": None, "last_id": None}
    return Reply.of_json(200, _JSON, {"data": models, "has_more": False, **ends})


def model_path(name: str) -> str:
    """Return the path of a model, for upstream.

    Raises:
        NotFound: The name would lead to another path.
    """
    if not {".", "..", ""}.isdisjoint(name.replace("\\", "/").split("/")):
        raise NotFound(f"The model {name!r} does not exist: the name would lead to another path.", code="model_not_found")
    return f"{MODELS}/{quote(name, safe='/:@')}"


def _model(model: Mapping[str, Any]) -> dict[str, Any]:
    name, created = str(model.get("id") or ""), model.get("created")
    known = isinstance(created, int) and 0 <= created <= _LATEST
    moment = datetime.fromtimestamp(created if known else 0, UTC)  # type: ignore[arg-type]  # a whole number, where known
    return {"type": "model", "id": name, "display_name": name, "created_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
