"""`probe`: the shells that send a probe's requests through the HTTP client of an openai client, sync and async."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, overload
from urllib.parse import urlsplit

from adapter.probing.steps import steps
from adapter.probing.wire import Reply
from adapter.transport import http_module
from adapter.transport.decoding import in_steps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from types import ModuleType

    from openai import AsyncOpenAI, OpenAI

    from adapter.probing.result import ProbeResult
    from adapter.probing.wire import Ask

_MOST_BYTES = 4 << 20
_SHORTEST_SECRET = 6  # characters; a shorter key is a word such as `none`


@overload
def probe(client: OpenAI, model: str | None = None, *, timeout: float = ..., thorough: bool = ...) -> ProbeResult: ...
@overload
def probe(
    client: AsyncOpenAI, model: str | None = None, *, timeout: float = ..., thorough: bool = ...
) -> Awaitable[ProbeResult]: ...
def probe(client: Any, model: str | None = None, *, timeout: float = 60.0, thorough: bool = False) -> Any:
    """Tell the abilities of a server and a model, with at most 12 requests and 200 tokens.

    Args:
        client: An `OpenAI` client, or an `AsyncOpenAI` client (the result is then awaited). Of a wrapped client the server
            behind the adapter is probed.
        model: The model's name; None for the only model on offer.
        timeout: Seconds that each request may take.
        thorough: True to compare three dialects at most with eight short questions each: up to 24 further requests of 64
            tokens.

    Raises:
        ProbeFailed: The server cannot be reached or refuses the key, there is no model, or no chat request is answered.
        TypeError: Not an openai client.
    """
    http = getattr(client, "_client", None)
    module = http_module(http)
    if module is None or isinstance(client, type):
        raise TypeError(f"probe() takes an openai client such as OpenAI(), not {client!r}")
    transport = getattr(http, "adapter_transport", None)
    http = http if transport is None else transport.inner
    asking = steps(str(client.base_url), model, _secrets(client), thorough=thorough)
    run = _run_async if isinstance(http, module.AsyncClient) else _run
    return run(module, client, http, asking, timeout)


def _secrets(client: Any) -> tuple[str, ...]:
    """Return the texts that no sentence may hold: the key, and the user's password in the address."""
    parts = urlsplit(str(client.base_url))
    found = (getattr(client, "api_key", None), parts.password, parts.username)
    return tuple(text for text in found if isinstance(text, str) and len(text) >= _SHORTEST_SECRET)


def _run(module: ModuleType, client: Any, http: Any, asking: Generator[Ask, Reply, ProbeResult], timeout: float) -> ProbeResult:
    if not client.api_key:  # a function gives the key
        getattr(client, "_refresh_api_key", str)()
    reply = None
    while True:
        try:
            ask = asking.send(reply) if reply is not None else next(asking)
        except StopIteration as done:
            result: ProbeResult = done.value
            return result
        end, body = time.monotonic() + timeout, b""
        try:
            response = http.send(_request(module, client, http, ask, timeout), stream=True)
            try:
                for piece in in_steps(module, response).iter_bytes():
                    body += piece
                    if len(body) > _MOST_BYTES or time.monotonic() > end:
                        break
            finally:
                response.close()
            reply = _reply(response, body, late=time.monotonic() > end, timeout=timeout)
        except module.HTTPError as error:
            reply = _fault(module, error, timeout)


async def _run_async(
    module: ModuleType, client: Any, http: Any, asking: Generator[Ask, Reply, ProbeResult], timeout: float
) -> ProbeResult:
    refresh = getattr(client, "_refresh_api_key", None)
    if not client.api_key and refresh is not None:  # a function gives the key
        await refresh()
    reply = None
    while True:
        try:
            ask = asking.send(reply) if reply is not None else next(asking)
        except StopIteration as done:
            result: ProbeResult = done.value
            return result
        end, body = time.monotonic() + timeout, b""
        try:
            response = await http.send(_request(module, client, http, ask, timeout), stream=True)
            try:
                async for piece in in_steps(module, response).aiter_bytes():
                    body += piece
                    if len(body) > _MOST_BYTES or time.monotonic() > end:
                        break
            finally:
                await response.aclose()
            reply = _reply(response, body, late=time.monotonic() > end, timeout=timeout)
        except module.HTTPError as error:
            reply = _fault(module, error, timeout)


def _request(module: ModuleType, client: Any, http: Any, ask: Ask, timeout: float) -> Any:
    headers = {name: value for name, value in client.default_headers.items() if isinstance(value, str)}
    headers |= {**client.auth_headers, "accept-encoding": "identity"}
    body = {} if ask.body is None else {"json": dict(ask.body)}
    params = dict(client.default_query) or None
    return http.build_request(ask.method, ask.url, headers=headers, params=params, timeout=module.Timeout(timeout), **body)


def _reply(response: Any, body: bytes, *, late: bool, timeout: float) -> Reply:
    if late:
        return Reply(fault=f"no whole answer within {timeout:g} s", timed_out=True)
    return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


def _fault(module: ModuleType, error: Exception, timeout: float) -> Reply:
    if isinstance(error, module.TimeoutException):
        return Reply(fault=f"no answer within {timeout:g} s", timed_out=True)
    return Reply(fault=f"{type(error).__name__}: {error}".rstrip(": "))
