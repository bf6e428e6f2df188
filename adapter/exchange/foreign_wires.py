"""Wires of other makers than OpenAI and Anthropic, by their paths."""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from adapter.exchange.dashscope_exchange import DashScopeExchange
from adapter.exchange.ollama_exchange import OllamaExchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Exchange, Report

OLLAMA = ("/api/chat", "/api/generate")
_SERVICES = "/api/v1/services/aigc/"
DASHSCOPE = (f"{_SERVICES}text-generation/generation", f"{_SERVICES}multimodal-generation/generation")
_MAKERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        OLLAMA[0]: functools.partial(OllamaExchange, generate=False),
        OLLAMA[1]: functools.partial(OllamaExchange, generate=True),
        DASHSCOPE[0]: functools.partial(DashScopeExchange, parts=False),
        DASHSCOPE[1]: functools.partial(DashScopeExchange, parts=True),
    }
)


def foreign(path: str, request: Mapping[str, Any], setting: Setting, report: Report, clock: Callable[[], float]) -> Exchange:
    """Return the exchange for a request of one of these wires.

    Args:
        path: One of `OLLAMA` and `DASHSCOPE`.
        request: The object in the body; for DashScope with `stream` where the headers ask for a stream.
        setting: The options for the model of the request.
        report: Called with each `Problem`.
        clock: The time in seconds since the epoch.
    """
    exchange: Exchange = _MAKERS[path](request, setting, report, clock).exchange()
    return exchange
