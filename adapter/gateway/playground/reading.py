"""A completion as calls, content and problems, with their places."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from adapter.completion.result import parse
from adapter.dialects.registry import choose
from adapter.errors import BadRequest
from adapter.exchange.rendering import request_of
from adapter.gateway.playground.choices import made, model_of, options_of, request_in
from adapter.option_keywords import ReadKeywords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.completion.result import ParsedCompletion
    from adapter.events import Problem
    from adapter.gateway.config import Config

_NAMES = frozenset(ReadKeywords.__annotations__) - {"on_event", "new_id"}
_Marks = list[tuple[int, int, str]]


def read_completion(config: Config, body: Mapping[str, Any]) -> dict[str, Any]:
    """Read a completion with the tools of a request.

    Args:
        config: The gateway's configuration.
        body: `completion`, a text; `finish_reason`; `request` with the tools; `options`.

    Raises:
        AdapterError: The tools or the options are wrong.
    """
    text = body.get("completion")
    if not isinstance(text, str):
        raise BadRequest("completion: send the model's text.", param="completion")
    request = request_in(body)
    parsed = parsed_with(options_of(config, body), model_of(body), request, text, str(body.get("finish_reason") or "stop"))
    return {
        "content": parsed.content,
        "reasoning": parsed.reasoning,
        "finish_reason": parsed.finish_reason,
        "calls": [{"name": call.name, "arguments": call.arguments, "valid": call.valid} for call in parsed.tool_calls],
        "checked": bool(request.get("tools") or request.get("functions")),
        "problems": [asdict(problem) for problem in parsed.problems],
        "pieces": pieces(text, parsed, parsed.problems),
    }


def parsed_with(
    options: Mapping[str, Any], model: str, request: Mapping[str, Any], text: str, finish_reason: str
) -> ParsedCompletion:
    """Read a text by the options for reading among all options.

    Raises:
        AdapterError: The tools are wrong.
    """
    chosen: dict[str, Any] = {name: value for name, value in options.items() if name in _NAMES}
    chosen["on_invalid"] = "return"
    if chosen.get("dialect", "auto") == "auto":
        chosen["dialect"] = choose(model)[0]
    asked = request_of({**request, "messages": []}, made(options))  # the tools that are offered, as the gateway reads them
    choice = request.get("tool_choice") if asked.tools else None
    return parse(text, asked.tools, tool_choice=choice, finish_reason=finish_reason, **chosen)


def pieces(text: str, parsed: ParsedCompletion, problems: Sequence[Problem]) -> list[tuple[str, str, list[int]]]:
    """Return a completion in pieces: the kind of each, the text, and the positions of the problems that concern the piece.

    Kinds are `content`, `reasoning`, `call` with `name` and `arguments` inside, and `markup` for the rest.
    """
    marks: _Marks = [(start, end, "content") for start, end in parsed.content_spans]
    marks += [(start, end, "reasoning") for start, end in parsed.reasoning_spans]
    for call in parsed.tool_calls:  # the innermost comes last
        inner = (("call", call.span), ("arguments", call.arguments_span), ("name", call.name_span))
        marks += [(*span, kind) for kind, span in inner if span is not None]
    places = [(position, *_place(problem, text, parsed)) for position, problem in enumerate(problems)]
    edges = {at for start, end, _ in marks for at in (start, end)} | {at for _, *span in places for at in span}
    cuts = sorted({0, len(text), *edges})
    found = []
    for start, end in itertools.pairwise(cuts):
        kind = next((kind for first, last, kind in reversed(marks) if first <= start and end <= last), "markup")
        found.append((kind, text[start:end], [number for number, first, last in places if first <= start and end <= last]))
    return found


def _place(problem: Problem, text: str, parsed: ParsedCompletion) -> tuple[int, int]:
    """Return the place of a problem's text; an empty place at the start for a text that the completion does not have."""
    words = problem.raw.strip()
    call = parsed.tool_calls[problem.index] if problem.index is not None and problem.index < len(parsed.tool_calls) else None
    span = None if call is None else call.span
    start = -1 if not words else text.find(words, span[0] if span else 0)
    if start < 0 and words:
        start = text.find(words)
    if start >= 0:
        return start, start + len(words)
    return (span[0], span[1]) if span else (0, 0)
