"""A request and the response to it, as a generator that shells drive: `reply = yield UpstreamRequest(body)`.

No generator does I/O or reads a clock. Errors of the caller and refused answers are raised as `AdapterError`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from adapter.api.chat.chunks import ChunkWriter
from adapter.api.chat.request import read_request
from adapter.api.writers import ChatWhole
from adapter.exchange.model_setting import Settings, setting_for
from adapter.exchange.protocol import CHAT, RESPONSES, Exchange, OpenExchange, Report
from adapter.exchange.responses_exchange import ResponsesExchange, preview_body
from adapter.exchange.stored_responses import stored_exchange
from adapter.exchange.streamed_chat import StreamedChat
from adapter.exchange.upstream_call import ask
from adapter.exchange.whole_chat import WholeChat
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.options import Options

__all__ = ["Exchange", "OpenExchange", "Report", "is_responses", "opener", "preview"]


def opener(options: Options, report: Report, clock: Callable[[], float]) -> OpenExchange:
    """Return the function that shells ask about each request.

    Args:
        options: The caller's choices.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.

    Raises:
        DialectError: The options name a dialect or a chat template that cannot be loaded.
    """
    settings = Settings(options, report, clock)

    def open_exchange(
        path: str, body: bytes, method: str = "POST", query: Mapping[str, str] = MappingProxyType({})
    ) -> Exchange | None:
        """Return the exchange for a request; None for a request that upstream understands unchanged."""
        if method != "POST" or not path.endswith((CHAT, RESPONSES)):
            return stored_exchange(options.store, method, path, query)
        try:
            request = read_json(body)
        except ValueError:
            return None  # upstream says in its own words why the body is wrong
        if not isinstance(request, dict):
            return None
        if path.endswith(RESPONSES):
            setting = settings.of(str(request.get("model") or ""))
            return ResponsesExchange(request, setting, report, clock).exchange()
        read = read_request(request, always=options.upstream == "completions")
        if read is None:
            return _streamed(request) if options.upstream_stream == "always" and not request.get("stream") else None
        chosen, upstream, _ = settings.of(str(request.get("model") or ""))
        if read.stream:
            writer = ChunkWriter(include_usage=read.include_usage, legacy=read.legacy)
            return StreamedChat(read, chosen, report, clock, upstream, writer).exchange()
        return WholeChat(read, chosen, report, upstream, ChatWhole()).exchange()

    return open_exchange


def _streamed(body: dict[str, Any]) -> Exchange:
    """Ask an upstream that only streams, for a request without tools."""
    reply, _ = yield from ask(body, stream=True)
    return reply


def is_responses(body: Mapping[str, Any]) -> bool:
    """Return True for a request of the Responses API, by its members."""
    return "input" in body and "messages" not in body


def preview(body: Mapping[str, Any], options: Options, clock: Callable[[], float]) -> dict[str, Any]:
    """Return the request that upstream would get; a request without tools is returned unchanged.

    Args:
        body: A chat request, or a Responses request without earlier responses.
        options: The caller's choices.
        clock: The time in seconds since the epoch.

    Raises:
        BadRequest: The request is wrong; `param` names the place.
    """
    setting = setting_for(options, clock, str(body.get("model") or ""))
    if is_responses(body):
        return preview_body(body, setting)
    options, upstream, _ = setting
    request = read_request(body, always=options.upstream == "completions")
    return dict(body) if request is None else WholeChat(request, options, lambda _: None, upstream, ChatWhole()).upstream_body()
