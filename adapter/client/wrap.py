"""`wrap`: an openai client that speaks tool calling over an upstream that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from adapter.client.http_client import async_client_class, client_class
from adapter.options import OptionKeywords, make_options
from adapter.transport import http_module, open_exchange_for
from adapter.transport.asynchronous import async_class
from adapter.transport.sync import sync_class

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.exchange import OpenExchange

ClientT = TypeVar("ClientT")


def wrap(client: ClientT, **options: Unpack[OptionKeywords]) -> ClientT:
    """Return an openai client whose chat completions understand `tools`, over an upstream without tool calling.

    The result has the type and the settings of the given client, and sends through the same HTTP client: proxies, pools, hooks
    and timeouts stay. The given client is unchanged. Wrapping a wrapped client replaces the options. Closing the result
    leaves the given client open.

    Args:
        client: An `OpenAI`, `AsyncOpenAI`, `AzureOpenAI` or `AsyncAzureOpenAI`.
        options: See `adapter.options.Options`.

    Raises:
        TypeError: Not an openai client, or an unknown option.
        DialectError: The dialect cannot be loaded.
    """
    return attach(client, open_exchange_for(make_options(options)))


def attach(client: ClientT, open_exchange: OpenExchange) -> ClientT:
    """Return a copy of the client that offers each request to `open_exchange` first."""
    http = getattr(client, "_client", None)
    copy = getattr(client, "copy", None)
    module = http_module(http)
    if isinstance(client, type) or module is None or not callable(copy):
        given = f"the class {client.__name__}" if isinstance(client, type) else f"a {type(client).__name__}"
        raise TypeError(f"wrap() takes an openai client such as OpenAI() or AsyncOpenAI(), not {given}")
    transport = getattr(http, "adapter_transport", None)
    inner = http if transport is None else transport.inner
    wrapped: ClientT = copy(http_client=_outer(module, inner, open_exchange))
    return wrapped


def _outer(module: ModuleType, inner: Any, open_exchange: OpenExchange) -> Any:
    """Return the outer HTTP client: the inner client's defaults, and the adapter's transport."""
    asynchronous = isinstance(inner, module.AsyncClient)
    transport = (async_class if asynchronous else sync_class)(module)(inner, open_exchange)
    outer = (async_client_class if asynchronous else client_class)(module)(
        transport=transport,
        base_url=inner.base_url,
        headers=inner.headers,
        cookies=inner.cookies,
        params=inner.params,
        timeout=inner.timeout,
        follow_redirects=inner.follow_redirects,
        max_redirects=inner.max_redirects,
        trust_env=False,  # the inner client has read the environment
    )
    outer.adapter_transport = transport
    return outer
