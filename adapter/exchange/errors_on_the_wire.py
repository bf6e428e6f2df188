"""Errors as the caller's SDK reads them: in place of a response, or inside a stream already begun."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.exchange.protocol import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.errors import AdapterError

# Characters quoted of an upstream's error page.
_QUOTED = 200
_BAD_GATEWAY = 502


def error_reply(error: AdapterError) -> Reply:
    """Return the response for an error raised before a response began."""
    again = [("x-should-retry", "false")] if error.status >= 500 else []  # the SDK would send the same request again
    return _reply(error.status, error.to_body(), again)


def bad_gateway(body: Mapping[str, Any]) -> Reply:
    """Return the response for an error event, `{"error": …}`, in a stream for a caller who wants a whole answer."""
    return _reply(_BAD_GATEWAY, body, [])


def _reply(status: int, body: Mapping[str, Any], more: list[tuple[str, str]]) -> Reply:
    return Reply(status, [("content-type", "application/json"), *more], json.dumps(body).encode())


def late_error(reply: Reply | None) -> bytes:
    """Return the event for an exchange that failed after the start of the response; empty bytes without a failure."""
    return b"" if reply is None else b"data: " + reply.body + b"\n\n"


def error_of(reply: Reply) -> dict[str, Any]:
    """Return the body, `{"error": …}`, for a further request answered with an error or with no completion."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        body = None
    if isinstance(body, dict) and body.get("error"):
        return body
    shown = reply.body[:_QUOTED].decode("utf-8", "replace")
    message = f"The upstream answered a further request with status {reply.status}: {shown}"
    return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}
