"""The requests that the openai client has its HTTP client build, made in a quarter of the time.

It hands over an address, a list of headers and the bytes of a body, the same address each time. An HTTP client reads the
address anew, and looks each header up in each other; here the address is read once and the headers are joined. The request is
the same, down to the order of its headers. One with anything else in it is built by the HTTP client.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

# What a request is built from here.
_KNOWN = frozenset({"content", "headers", "timeout"})
# Headers that stand elsewhere than the others, or instead of others.
_PLACED = frozenset({"host", "content-length", "transfer-encoding"})
_MOST_ADDRESSES = 64


def built(module: ModuleType, client: Any, method: str, url: Any, given: Mapping[str, Any]) -> Any:
    """The request that a client's `build_request` makes of these arguments; None where that has to be asked.

    Args:
        module: httpx2 or httpx.
        client: A client of it.
        method: The HTTP method.
        url: The address.
        given: The other arguments.
    """
    content, headers = given.get("content"), given.get("headers")
    if type(content) is not bytes or not content or type(headers) is not list or type(url) is not str:
        return None
    if client.cookies or client.params or any(given[name] is not None for name in given.keys() - _KNOWN):
        return None
    address = _read(module.URL, url)
    joined = _joined(client.headers.raw, headers)
    if joined is None or not address.host or address.is_relative_url:
        return None
    request = module.Request(
        method,
        address,
        headers=module.Headers([(b"Host", address.netloc), *joined, ("Content-Length", str(len(content)))]),
        stream=module.ByteStream(content),
        extensions={"timeout": _seconds(module, client, given)},
    )
    request.read()
    return request


@functools.lru_cache(maxsize=_MOST_ADDRESSES)
def _read(kind: type[Any], url: str) -> Any:
    """An address, which never changes."""
    return kind(url)


def _joined(own: list[tuple[bytes, bytes]], given: list[tuple[Any, Any]]) -> list[tuple[Any, Any]] | None:
    """A client's own headers, and those given, which count instead of its own; None where one has a place of its own."""
    try:
        names = {name.lower() for name, _ in given if isinstance(name, str)}
    except (TypeError, ValueError):  # they are no pairs
        return None
    kept = [(name, value) for name, value in own if name.lower().decode("latin-1") not in names]
    named = names.union(name.lower().decode("latin-1") for name, _ in kept)
    return [*kept, *given] if named.isdisjoint(_PLACED) and len(names) == len(given) else None


def _seconds(module: ModuleType, client: Any, given: Mapping[str, Any]) -> Any:
    """The timeouts, as an HTTP client writes them down."""
    timeout = given.get("timeout", module.USE_CLIENT_DEFAULT)
    return (client.timeout if timeout is module.USE_CLIENT_DEFAULT else module.Timeout(timeout)).as_dict()
