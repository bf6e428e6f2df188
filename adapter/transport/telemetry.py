"""Spans of OpenTelemetry, after its conventions for generative AI, for applications that trace (behaviour 8.1).

Nothing of OpenTelemetry is imported here: an application that traces has imported it. A request of the caller is a span of
kind INTERNAL; each request to upstream is a child of the kind CLIENT with the attributes `gen_ai.*`. Prompts and completions
are attributes only where `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` asks for them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from adapter._version import __version__
from adapter.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.exchange.watching import Watch
    from adapter.records import ExchangeRecord

_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_CAPTURING = frozenset({"true", "1", "span_only", "span_and_event"})
# Attributes by the members of a request.
_ASKED = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "seed": "gen_ai.request.seed",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
_NANO = 1_000_000_000


class Trace:
    """The spans of one request of the caller's.

    Args:
        trace: The module `opentelemetry.trace`.
        tracer: A tracer of the module.
        span: The span of the request.
        provider: The name of the provider.
    """

    __slots__ = ("_provider", "_span", "_trace", "_tracer")

    def __init__(self, trace: Any, tracer: Any, span: Any, provider: str) -> None:
        self._trace, self._tracer, self._span, self._provider = trace, tracer, span, provider

    def hear(self, record: ExchangeRecord) -> None:
        """Make the span of a request to upstream."""
        asks = record.endpoint.endswith("completions")
        operation = "text_completion" if record.endpoint == "/completions" else "chat"
        span = self._tracer.start_span(
            f"{operation} {record.model}".strip() if asks else f"GET {record.endpoint}",
            context=self._trace.set_span_in_context(self._span),
            kind=self._trace.SpanKind.CLIENT,
            start_time=int(record.started * _NANO),
            attributes=_attributes(record, operation, self._provider) if asks else _common(record),
        )
        end = int((record.started + record.seconds) * _NANO)
        captures = _captures()
        for problem in record.problems:
            told = {"adapter.problem.kind": problem.kind, **({"adapter.problem.message": problem.message} if captures else {})}
            span.add_event("adapter.problem", told, timestamp=end)
        if captures and asks:
            span.set_attributes(_content(record))
        if record.outcome in {"error", "broken", "refused"}:
            self._fail(span, _error_type(record))
        span.end(end_time=end)
        if record.outcome in {"asked_again", "refused"}:
            self._span.add_event(f"adapter.{record.outcome}", {"adapter.request.number": record.number}, timestamp=end)

    def end(self, watch: Watch) -> None:
        """End the span of the caller's request."""
        self._span.set_attributes(
            {
                "adapter.exchange": watch.name,
                "adapter.requests": len(watch.records),
                "adapter.status": watch.status,
                **({"adapter.dialect": watch.dialect} if watch.dialect else {}),
                **({"adapter.reasons": watch.reasons} if watch.reasons else {}),
            }
        )
        last = watch.records[-1].outcome if watch.records else "answered"
        if watch.error is not None:
            self._fail(self._span, watch.error.code or watch.error.type)
        elif watch.status >= 400 or last in {"error", "broken", "refused"}:
            self._fail(self._span, _error_type(watch.records[-1]) if watch.records else str(watch.status))
        self._span.end(end_time=int((watch.started + watch.seconds) * _NANO))

    def _fail(self, span: Any, kind: str) -> None:
        span.set_attribute("error.type", kind)
        span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))


def begun(path: str, body: Mapping[str, Any], server: str) -> Trace | None:
    """Begin the span of a caller's request; None where the application does not trace, or does not sample the request.

    Args:
        path: The end of the path.
        body: The request.
        server: The kind of server.
    """
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    tracer = trace.get_tracer("tool-call-adapter", __version__)
    span = tracer.start_span(f"adapter {path.strip('/')} {body.get('model') or ''}".strip(), start_time=time.time_ns())
    return Trace(trace, tracer, span, SERVERS[server].provider or server) if span.is_recording() else None


def _captures() -> bool:
    return os.environ.get(_CAPTURE, "").lower() in _CAPTURING


def _common(record: ExchangeRecord) -> dict[str, Any]:
    """Return the attributes of every request."""
    found = {"adapter.outcome": record.outcome, "adapter.request.number": record.number}
    return found if record.status is None else {**found, "http.response.status_code": record.status}


def _attributes(record: ExchangeRecord, operation: str, provider: str) -> dict[str, Any]:
    """Return the attributes of a request for a completion."""
    asked = record.request
    found: dict[str, Any] = {
        **_common(record),
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": provider,
        "gen_ai.request.stream": record.stream,
        **{name: asked[key] for key, name in _ASKED.items() if isinstance(asked.get(key), int | float)},
    }
    stop = asked.get("stop")
    usage = record.usage or {}
    details = usage.get("prompt_tokens_details")
    maybe: dict[str, Any] = {
        "gen_ai.request.model": record.model,
        "gen_ai.request.choice.count": asked.get("n") if asked.get("n") not in {None, 1} else None,
        "gen_ai.request.stop_sequences": [stop] if isinstance(stop, str) else stop,
        "gen_ai.response.id": record.response_id,
        "gen_ai.response.model": record.response_model,
        "gen_ai.response.finish_reasons": [record.finish_reason] if record.finish_reason else None,
        "gen_ai.response.time_to_first_chunk": record.first if record.stream else None,
        "gen_ai.usage.input_tokens": usage.get("prompt_tokens"),
        "gen_ai.usage.output_tokens": usage.get("completion_tokens"),
        "gen_ai.usage.cache_read.input_tokens": details.get("cached_tokens") if isinstance(details, dict) else None,
        "adapter.dialect": record.dialect,
        "adapter.rung": record.rung,
        "adapter.tool_calls": [call.name for call in record.calls],
    }
    return found | {name: value for name, value in maybe.items() if value not in (None, "", [])}


def _content(record: ExchangeRecord) -> dict[str, str]:
    """Return the attributes with the texts of a request and its answer, as JSON after the conventions."""
    messages = record.request.get("messages")
    given = messages if isinstance(messages, list) else [{"role": "user", "content": record.prompt}]
    read = [{"role": message.get("role"), "parts": _parts(message.get("content"))} for message in given]
    calls = [{"type": "tool_call", "name": call.name, "arguments": call.arguments} for call in record.calls]
    wrote = [
        {"role": "assistant", "parts": _parts(text) + (calls if place == 0 else []), "finish_reason": record.finish_reason}
        for place, text in enumerate(record.completions)
    ]
    return {
        "gen_ai.input.messages": json.dumps(read, ensure_ascii=False),
        "gen_ai.output.messages": json.dumps(wrote, ensure_ascii=False),
    }


def _parts(content: Any) -> list[dict[str, Any]]:
    if not isinstance(content, list):
        return [{"type": "text", "content": str(content or "")}]
    return [
        {"type": "text", "content": part.get("text")} if part.get("type") == "text" else {"type": str(part.get("type"))}
        for part in content
        if isinstance(part, dict)
    ]


def _error_type(record: ExchangeRecord) -> str:
    """Return a word for the error of a request, without the words of others."""
    if record.outcome == "error" and record.status not in {None, 200}:
        return str(record.status)
    name, mark, _ = record.error.partition(": ")
    return name if record.outcome == "broken" and mark and name.isidentifier() else record.outcome
