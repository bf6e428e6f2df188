"""Requests for the openai client, built in half the time of `Client.build_request`.

The openai client hands over an address, a list of headers and the bytes of a body, the same address each time. An HTTP client
parses the address anew, and looks each header up among all others; `built` parses an address once and joins the headers. The
request is the same, down to the order of the headers. A request with any other argument is left to the HTTP client.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

# Arguments from which `built` makes a request.
_KNOWN = frozenset({"content", "headers", "timeout"})
# Headers with a fixed place among the others, or in place of others.
_PLACED = frozenset({"host", "content-length", "transfer-encoding"})
_MOST_ADDRESSES = 64
_PAIR = 2


def built(module: ModuleType, client: Any, method: str, url: Any, given: Mapping[str, Any]) -> Any:
    """Return the request that a client's `build_request` would make; None for arguments that only `build_request` handles.

    Args:
        module: httpx2 or httpx.
        client: A client of the module.
        method: The HTTP method.
        url: The address.
        given: The other arguments.
    """
    content, headers = given.get("content"), given.get("headers")
    if type(content) is not bytes or not content or type(headers) is not list or type(url) is not str:
        return None
    if client.cookies or client.params:
        return None
    for name, value in given.items():
        if value is not None and name not in _KNOWN:
            return None
    address = _read(module.URL, url)
    joined = _headers(module, client, address, headers)
    if joined is None:
        return None
    joined["Content-Length"] = str(len(content))
    request = module.Request(
        method,
        address,
        headers=joined,
        stream=module.ByteStream(content),
        extensions={"timeout": _seconds(module, client, given)},
    )
    request.read()
    return request


@functools.lru_cache(maxsize=_MOST_ADDRESSES)
def _read(kind: type[Any], url: str) -> Any:
    """Return a parsed address; URLs are immutable."""
    return kind(url)


def _headers(module: ModuleType, client: Any, address: Any, given: list[Any]) -> Any:
    """Return the headers of a request without `Content-Length`; None for headers that only the client can join.

    The headers of the last request are kept with the client: the next request has mostly the same.
    """
    said = (address.netloc, client.headers.raw, tuple(given))
    kept = getattr(client, "adapter_headers", None)
    if kept is None or kept[0] != said:
        joined = _joined(*said[1:]) if address.host and address.is_absolute_url else None
        if joined is None:
            return None
        kept = (said, module.Headers([(b"Host", address.netloc), *joined]))
        client.adapter_headers = kept
    return module.Headers(kept[1])


def _joined(own: list[tuple[bytes, bytes]], given: tuple[Any, ...]) -> list[tuple[Any, Any]] | None:
    """Return a client's headers and the given headers, which replace the client's; None for a header with a fixed place."""
    names = {pair[0].lower() for pair in given if type(pair) is tuple and len(pair) == _PAIR and isinstance(pair[0], str)}
    kept = [(name, value) for name, value in own if name.lower().decode("latin-1") not in names]
    named = names.union(name.lower().decode("latin-1") for name, _ in kept)
    return [*kept, *given] if named.isdisjoint(_PLACED) and len(names) == len(given) else None


def _seconds(module: ModuleType, client: Any, given: Mapping[str, Any]) -> Any:
    """Return the timeouts as an HTTP client writes them down, in seconds."""
    timeout = given.get("timeout", module.USE_CLIENT_DEFAULT)
    return (client.timeout if timeout is module.USE_CLIENT_DEFAULT else module.Timeout(timeout)).as_dict()
