"""Requests and responses of httpx2 and httpx, as the shells need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from adapter.errors import AdapterError, BadRequest
from adapter.exchange.errors_on_the_wire import error_reply
from adapter.exchange.protocol import CHAT, RESPONSES, Reply
from adapter.text.wire_json import dumps
from adapter.transport.ready_response import known_class

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.exchange.protocol import Exchange, Headers, OpenExchange, Start, UpstreamRequest

# They describe the body that upstream sent, and the caller gets another.
_BODY_HEADERS = {"content-length", "content-encoding", "transfer-encoding"}
# So was the body that the caller sent.
_CODED = {b"content-encoding", b"transfer-encoding"}
# Of the requests that may concern us.
METHODS = frozenset({"POST", "GET", "DELETE"})
# Where a request carries its answer to the transport, which then has nothing to ask.
_ANSWER = "adapter.answer"


def other_library(module: ModuleType, request: Any) -> TypeError:
    """The error for a request of the other library, whose transports look alike."""
    other = type(request).__module__.partition(".")[0]
    return TypeError(f"this transport was made from {module.__name__} and is used by a client of {other}; build both from one")


def answered_already(request: Any, response: Any) -> None:
    """Give a request its answer, for the next transport of ours that it comes to."""
    request.extensions[_ANSWER] = response


def answer_of(request: Any) -> Any:
    """The answer that a request brings along; None for nearly all."""
    return request.extensions.pop(_ANSWER, None)


def begin(open_exchange: OpenExchange, request: Any, body: bytes) -> Exchange | None:
    """The exchange for a request, or None to pass it through. Errors become the answer that the caller gets."""
    try:
        query = dict(request.url.params) if request.url.query else {}
        exchange = open_exchange(request.url.path, body, request.method, query)
    except AdapterError as error:
        return _answered(error)
    if exchange is None:
        return None
    if request.headers.get("authorization", "").startswith("AWS4-"):
        return _answered(
            BadRequest(
                "The request is signed (AWS Signature 4), so its body cannot be rewritten for a model without tool calling. "
                "Use a client with a bearer token."
            )
        )
    return _guarded(exchange)


def _guarded(exchange: Exchange) -> Exchange:
    try:
        return (yield from exchange)
    except AdapterError as error:
        return error_reply(error)


def _answered(error: AdapterError) -> Exchange:
    """An exchange that is over before anything is sent."""
    yield from ()
    return error_reply(error)


def rewritten(module: ModuleType, request: Any, upstream: UpstreamRequest) -> Any:
    """The caller's request with another body, to another endpoint perhaps; the timeouts travel in the extensions."""
    url = _url_of(request.url, upstream)
    body = dumps(upstream.body)
    # With `content=` httpx looks for headers to add, which takes most of the time.
    stream = module.ByteStream(body)
    sent = module.Request(request.method, url, headers=request.headers, stream=stream, extensions=request.extensions)
    headers = sent.headers  # they are its own
    headers["Content-Length"] = str(len(body))
    for name in {name.lower() for name, _ in headers.raw} & _CODED:
        del headers[name.decode()]
    sent.read()
    return sent


def _url_of(url: Any, upstream: UpstreamRequest) -> Any:
    """The URL with another end of its path."""
    path, mark, query = url.raw_path.partition(b"?")
    own = RESPONSES if path.endswith(RESPONSES.encode()) else CHAT
    if own == upstream.endpoint:
        return url
    base = path.removesuffix(own.encode())
    if own == RESPONSES and base.endswith(b"/openai") and "api-version" in url.params:
        # Azure's older paths name the deployment, which is in the body of a Responses request.
        base += b"/deployments/" + quote(str(upstream.body.get("model") or ""), safe="").encode()
    return url.copy_with(raw_path=base + upstream.endpoint.encode() + mark + query)


def reply_of(response: Any, body: bytes = b"") -> Reply:
    """What upstream said, for the exchange."""
    encoding = response.headers.encoding  # `multi_items` finds it out for each name and each value
    headers = [(name.lower().decode(encoding), value.decode(encoding)) for name, value in response.headers.raw]
    return Reply(response.status_code, headers, body)


def is_raw(response: Any) -> bool:
    """Whether the bytes of a response's stream are its body as they come: then they need not go through a decoder."""
    return not response.is_stream_consumed and "content-encoding" not in response.headers


def whole_response(module: ModuleType, reply: Reply, extensions: dict[str, Any]) -> Any:
    """What the outer client gets for a finished exchange."""
    headers = [*_own(reply.headers), ("Content-Length", str(len(reply.body)))]
    # With `content=` httpx looks for headers to add, and reads it by way of its decoders at once.
    stream = module.ByteStream(reply.body)
    if reply.value is None:
        return module.Response(reply.status, headers=headers, stream=stream, extensions=_kept(extensions))
    response = known_class(module)(reply.status, headers=headers, stream=stream, extensions=_kept(extensions))
    response.value, response.body = reply.value, reply.body
    return response


def streamed_response(module: ModuleType, start: Start, stream: Any, extensions: dict[str, Any]) -> Any:
    """What the outer client gets for an exchange that answers piece by piece."""
    return module.Response(start.status, headers=_own(start.headers), stream=stream, extensions=_kept(extensions))


def _own(headers: Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _BODY_HEADERS]


def passed(module: ModuleType, response: Any) -> Any:
    """Upstream's response as it is: raw headers and the raw stream, which the outer client decodes.

    A hook of the inner client may have read the body: then it is that.
    """
    extensions = _kept(response.extensions)
    if response.is_stream_consumed:
        headers = _own(response.headers.multi_items())
        return module.Response(response.status_code, headers=headers, content=response.content, extensions=extensions)
    return module.Response(response.status_code, headers=response.headers.raw, stream=response.stream, extensions=extensions)


def _kept(extensions: dict[str, Any]) -> dict[str, Any]:
    """The extensions that still say something about the response once its connection is given back."""
    return {"http_version": extensions["http_version"]} if "http_version" in extensions else {}
