"""Routes beside Ollama's chat, answered out of upstream's: `/api/tags`, `/api/show`, `/api/ps`, `/api/version`, `/api/pull`.

What upstream does not tell (a file's size, its digest) has the value of an empty field; the digest is of the model's name.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest, NotFound, UpstreamFailed
from adapter.exchange.foreign import in_form
from adapter.exchange.ollama_exchange import as_ollama_error
from adapter.exchange.protocol import MODELS, PROPS, Command, Exchange, Reply, UpstreamRequest
from adapter.model_context import context_in_entry, context_in_props
from adapter.model_size import size_in_models
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

# The release of Ollama whose forms are spoken: clients ask before they use what is newer.
VERSION = "0.13.5"
_MOST_BYTES = 1 << 22  # of a list of models
_JSON = [("content-type", "application/json")]
_NEVER = "9999-12-31T23:59:59Z"  # a model of upstream's is not unloaded from here
_ARCHITECTURE = "upstream"


def beside(path: str, method: str, body: Mapping[str, Any]) -> Exchange | None:
    """Return the exchange for a route beside the chat; None for any other route.

    Args:
        path: The path of the URL.
        method: The HTTP method.
        body: The JSON object in the body; empty without one.
    """
    answering = {
        ("GET", "/api/version"): _version,
        ("GET", "/api/tags"): _tags,
        ("GET", "/api/ps"): _running,
    }.get((method, path))
    if answering is not None:
        return in_form(answering(), as_ollama_error)
    named = {("POST", "/api/show"): _show, ("POST", "/api/pull"): _pull}.get((method, path))
    return None if named is None else in_form(named(body), as_ollama_error)


def _version() -> Exchange:
    yield from ()  # nothing is asked of upstream
    return Reply.of_json(200, _JSON, {"version": VERSION})


def _tags() -> Exchange:
    listed = yield from _models()
    return Reply.of_json(200, _JSON, {"models": [_tag(item, listed) for item in _entries(listed)]})


def _running() -> Exchange:
    listed = yield from _models()
    found = [
        {**_tag(item, listed), "expires_at": _NEVER, "size_vram": 0, **_length(context_in_entry(item))}
        for item in _entries(listed)
    ]
    return Reply.of_json(200, _JSON, {"models": found})


def _show(body: Mapping[str, Any]) -> Exchange:
    listed = yield from _models()
    entry = _entry(listed, _name(body))
    context = context_in_entry(entry)
    if context is None:
        context = context_in_props((yield from _told(PROPS)))
    # A length that upstream does not tell is left out: clients cut their prompts by it.
    info = {"general.architecture": _ARCHITECTURE, **({f"{_ARCHITECTURE}.context_length": context} if context else {})}
    tag = _tag(entry, listed)
    shown = {"details": tag["details"], "model_info": info, "capabilities": ["completion", "tools"]}
    return Reply.of_json(
        200, _JSON, {**shown, "modified_at": tag["modified_at"], "template": "", "parameters": "", "license": ""}
    )


def _pull(body: Mapping[str, Any]) -> Exchange:
    """Tell that a model is there: upstream's models are upstream's business."""
    _entry((yield from _models()), _name(body))
    return Reply.of_json(200, _JSON, {"status": "success"})


def _name(body: Mapping[str, Any]) -> str:
    name = body.get("model") or body.get("name")
    if not isinstance(name, str):
        raise BadRequest("Missing required parameter: 'model'.", param="model")
    return name


def _models() -> Generator[Command, Any, Any]:
    """Return upstream's list of models.

    Raises:
        UpstreamFailed: Upstream lists no models.
    """
    listed = yield from _told(MODELS)
    if not _entries(listed):
        raise UpstreamFailed("Upstream lists no models: its '/models' answers with none, or with an error.")
    return listed


def _told(endpoint: str) -> Generator[Command, Any, Any]:
    """Return upstream's answer on a route of its own; None where the route is missing."""
    reply = yield UpstreamRequest({}, endpoint=endpoint, most=_MOST_BYTES, method="GET")
    try:
        return read_json(reply.body) if reply.status == 200 else None
    except ValueError:
        return None


def _entries(listed: Any) -> list[dict[str, Any]]:
    data = (listed.get("data") or listed.get("models")) if isinstance(listed, dict) else None
    return [item for item in data if isinstance(item, dict) and _id(item)] if isinstance(data, list) else []


def _id(item: Mapping[str, Any]) -> str:
    return str(item.get("id") or item.get("name") or "")


def _entry(listed: Any, name: str) -> dict[str, Any]:
    """Return the entry of a model; Ollama's clients may add `:latest` to a name.

    Raises:
        NotFound: Upstream has no such model.
    """
    names = {name, name.removesuffix(":latest")}
    found = next((item for item in _entries(listed) if _id(item) in names), None)
    if found is None:
        raise NotFound(f"model {name!r} not found; upstream has {', '.join(map(_id, _entries(listed)[:8]))}")
    return found


def _tag(item: Mapping[str, Any], listed: Any) -> dict[str, Any]:
    name, created = _id(item), item.get("created")
    size = size_in_models(listed, name)
    at = created if isinstance(created, int | float) and not isinstance(created, bool) and created > 0 else 0
    details = {"parent_model": "", "format": "", "family": "", "families": None, "quantization_level": ""}
    return {
        "name": name,
        "model": name,
        "modified_at": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
        "size": 0,
        "digest": hashlib.sha256(name.encode()).hexdigest(),
        "details": {**details, "parameter_size": f"{size.billions:g}B" if size is not None else ""},
    }


def _length(context: int | None) -> dict[str, int]:
    return {"context_length": context} if context else {}
