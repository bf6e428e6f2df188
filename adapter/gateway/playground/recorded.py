"""Records of requests to upstream as JSON objects for the page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from adapter.errors import AdapterError
from adapter.events import Problem
from adapter.gateway.playground.choices import made
from adapter.gateway.playground.reading import parsed_with, pieces
from adapter.gateway.playground.sections import sections

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.records import ExchangeRecord

_MOST_RAW = 1 << 14  # characters of an answer that holds no completion


def record_object(record: ExchangeRecord) -> dict[str, Any]:
    """Return a record as a JSON object; an answer's bytes only where no text was read from the answer."""
    return {
        "number": record.number,
        "endpoint": record.endpoint,
        "body": record.request,
        "status": record.status,
        "raw": "" if any(record.completions) or record.reasoning else record.raw[:_MOST_RAW],
        "completions": list(record.completions),
        "reasoning": record.reasoning,
        "finish_reason": record.finish_reason,
        "response_model": record.response_model,
        "calls": [asdict(call) for call in record.calls],
        "problems": [asdict(problem) for problem in record.problems],
        "usage": record.usage,
        "first": record.first,
        "seconds": record.seconds,
        "dialect": record.dialect,
        "rung": record.rung,
        "reasons": list(record.reasons),
        "outcome": record.outcome,
        "error": record.error,
    }


def explained(record: dict[str, Any], request: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object of a record with the prompt in sections and the completion in pieces.

    Args:
        record: The object of a record.
        request: The caller's chat request; empty where there is none.
        options: The options for the model.
    """
    found = {**record, **sent_in_sections(record["body"], request, options)}
    text = record["completions"][0] if record["completions"] else ""
    try:
        dialect = record["dialect"] or options.get("dialect", "auto")
        parsed = parsed_with({**options, "dialect": dialect}, str(request.get("model") or ""), request, text, "stop")
    except AdapterError:
        return {**found, "pieces": [("content", text, [])] if text else []}
    problems = [Problem(**problem) for problem in record["problems"]]
    return {**found, "pieces": pieces(text, parsed, problems)}


def sent_in_sections(body: Mapping[str, Any], request: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prompt of a request to upstream in sections."""
    return sections(body, request, made({**options, "on_exchange": None}))
