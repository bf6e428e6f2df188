"""Errors as the caller's SDK reads them: in place of a response, or inside a stream already begun."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.errors import RefusedAnswer, UpstreamFailed, UpstreamTooLarge
from adapter.exchange.protocol import Reply
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.errors import AdapterError

# Characters quoted of an upstream's error page.
_QUOTED = 200
_BAD_REQUEST, _BAD_GATEWAY, _UNAVAILABLE, _NO_STATUS = 400, 502, 503, 600


def error_reply(error: AdapterError) -> Reply:
    """Return the response for an error raised before a response began."""
    passing = isinstance(error, UpstreamFailed) and not isinstance(error, UpstreamTooLarge)
    passing = passing or error.status == _UNAVAILABLE  # a store that is away, a gateway that stops
    hopeless = (error.status >= 500 and not passing) or isinstance(error, RefusedAnswer)  # the same again would fail again
    again = [("x-should-retry", "false")] if hopeless else []
    return _reply(error.status, error.to_body(), again)


def bad_gateway(body: Mapping[str, Any]) -> Reply:
    """Return the response for an error that upstream told with status 200, `{"error": …}`.

    The error's own code is the status where the code is a status of HTTP; otherwise the status is 502.
    """
    error = body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and _BAD_REQUEST <= code < _NO_STATUS else _BAD_GATEWAY
    return _reply(status, body, [])


def _reply(status: int, body: Mapping[str, Any], more: list[tuple[str, str]]) -> Reply:
    return Reply(status, [("content-type", "application/json"), *more], json.dumps(body).encode())


def late_error(reply: Reply | None) -> bytes:
    """Return the event for an exchange that failed after the start of the response; empty bytes without a failure."""
    return b"" if reply is None else b"data: " + reply.body + b"\n\n"


def error_of(reply: Reply) -> dict[str, Any]:
    """Return the body, `{"error": …}`, for a further request answered with an error or with no completion."""
    try:
        body = read_json(reply.body)
    except ValueError:
        body = None
    if isinstance(body, dict) and body.get("error"):
        return body
    shown = reply.body[:_QUOTED].decode("utf-8", "replace")
    message = f"The upstream answered a further request with status {reply.status}: {shown}"
    return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}
