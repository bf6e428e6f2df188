"""Requests and responses of httpx2 and httpx, as the shells need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from adapter.errors import AdapterError, BadRequest
from adapter.exchange.errors_on_the_wire import error_reply
from adapter.exchange.protocol import CHAT, COUNT_TOKENS, MESSAGES, PROPS, RESPONSES, Reply
from adapter.text.wire_json import write_json
from adapter.transport.ready_response import known_class

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.exchange.protocol import Exchange, Headers, OpenExchange, Start, UpstreamRequest

# Headers of the body that upstream sent; the caller gets another body.
_BODY_HEADERS = {"content-length", "content-encoding", "transfer-encoding"}
# Headers of the body that the caller sent.
_CODED = {b"content-encoding", b"transfer-encoding"}
_OF_BODIES = {*_CODED, b"content-length", b"content-type"}
_CHAT = CHAT.encode()
# Methods of requests that may need an exchange.
METHODS = frozenset({"POST", "GET", "DELETE"})
# The extension in which a request carries an answer to the transport.
_ANSWER = "adapter.answer"


def other_library(module: ModuleType, request: Any) -> TypeError:
    """Return the error for a request of the other library, whose transports look alike."""
    other = type(request).__module__.partition(".")[0]
    return TypeError(f"this transport was made from {module.__name__} and is used by a client of {other}; build both from one")


def answered_already(request: Any, response: Any) -> None:
    """Give a request an answer for the transport: no request to upstream is needed."""
    request.extensions[_ANSWER] = response


def answer_of(request: Any) -> Any:
    """Take the answer out of a request that carries an answer; None for nearly all requests."""
    return request.extensions.pop(_ANSWER, None)


def begin(open_exchange: OpenExchange, request: Any, body: bytes) -> Exchange | None:
    """Return the exchange for a request, or None to pass the request through. Errors become responses for the caller."""
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
    """Return an exchange that answers with an error and sends nothing."""
    yield from ()
    return error_reply(error)


def rewritten(module: ModuleType, request: Any, upstream: UpstreamRequest) -> Any:
    """Return the caller's request with another body, and perhaps another endpoint; the timeouts travel in the extensions."""
    url = _url_of(request.url, upstream)
    if upstream.method == "GET":
        return _question(module, request, url)
    body = write_json(upstream.body)
    # With `content=` httpx looks for headers to add, and takes several times as long.
    stream = module.ByteStream(body)
    sent = module.Request(request.method, url, headers=request.headers, stream=stream, extensions=request.extensions)
    headers = sent.headers  # a copy, owned by the request
    headers["Content-Length"] = str(len(body))
    for name, _ in request.headers.raw:
        if name.lower() in _CODED:
            headers.pop(name.decode(), None)
    sent.read()
    return sent


def _question(module: ModuleType, request: Any, url: Any) -> Any:
    """Return a request without a body, with the caller's credentials."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _OF_BODIES]
    return module.Request("GET", url, headers=headers, extensions=request.extensions)


def _url_of(url: Any, upstream: UpstreamRequest) -> Any:
    """Return the URL with another end of the path."""
    raw_path = url.raw_path
    if upstream.endpoint == CHAT and raw_path.endswith(_CHAT):
        return url
    path, mark, query = raw_path.partition(b"?")
    own = next((end for end in (RESPONSES, MESSAGES, COUNT_TOKENS) if path.endswith(end.encode())), CHAT)
    if own == upstream.endpoint:
        return url
    base = path.removesuffix(own.encode())
    if upstream.endpoint == PROPS:
        base = base.removesuffix(b"/v1")  # beside the API, not below
    if own == RESPONSES and base.endswith(b"/openai") and "api-version" in url.params:
        # Azure's older paths name the deployment; a Responses request has the name in the body.
        base += b"/deployments/" + quote(str(upstream.body.get("model") or ""), safe="").encode()
    return url.copy_with(raw_path=base + upstream.endpoint.encode() + mark + query)


def reply_of(response: Any, body: bytes = b"") -> Reply:
    """Return the reply for the exchange."""
    encoding = response.headers.encoding  # `multi_items` detects the encoding again for each name and value
    headers = [(name.lower().decode(encoding), value.decode(encoding)) for name, value in response.headers.raw]
    return Reply(response.status_code, headers, body)


def whole_response(module: ModuleType, reply: Reply, extensions: dict[str, Any]) -> Any:
    """Return the response for a finished exchange."""
    headers = [*_own(reply.headers), ("Content-Length", str(len(reply.body)))]
    # With `content=` httpx looks for headers to add, and sends the body through the decoders at once.
    stream = module.ByteStream(reply.body)
    if reply.value is None:
        return module.Response(reply.status, headers=headers, stream=stream, extensions=_kept(extensions))
    response = known_class(module)(reply.status, headers=headers, stream=stream, extensions=_kept(extensions))
    response.value, response.body = reply.value, reply.body
    return response


def streamed_response(module: ModuleType, start: Start, stream: Any, extensions: dict[str, Any]) -> Any:
    """Return the response for an exchange that answers piece by piece."""
    return module.Response(start.status, headers=_own(start.headers), stream=stream, extensions=_kept(extensions))


def _own(headers: Headers) -> list[tuple[str, str | bytes]]:
    """Return the headers for the caller; a value beyond ASCII as bytes, for httpx would encode a text as ASCII."""
    kept = [(name, value) for name, value in headers if name.lower() not in _BODY_HEADERS]
    return [(name, value if value.isascii() else value.encode("utf-8", "replace")) for name, value in kept]


def passed(module: ModuleType, response: Any) -> Any:
    """Return upstream's response unchanged: raw headers and the raw stream, decoded by the outer client.

    A hook of the inner client may have read the body already; the decoded body is passed on then.
    """
    extensions = _kept(response.extensions)
    if response.is_stream_consumed:
        headers = _own(response.headers.multi_items())
        return module.Response(response.status_code, headers=headers, content=response.content, extensions=extensions)
    return module.Response(response.status_code, headers=response.headers.raw, stream=response.stream, extensions=extensions)


def _kept(extensions: dict[str, Any]) -> dict[str, Any]:
    """Return the extensions that stay true of a response whose connection is given back."""
    return {"http_version": extensions["http_version"]} if "http_version" in extensions else {}
