"""The dialect whose calls a response template reads: sample calls of each dialect are given to the template.

A template is asked by its effect, since patterns for one format are written in many ways. The dialect then brings all that the
template cannot say: repair, streaming, grammars, and the words of the prompt.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.dialects.model_names import for_model
from adapter.dialects.response.executor import read_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adapter.dialects.dialect import Dialect
    from adapter.dialects.response.template import ResponseTemplate

SAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_weather", {"city": "Oslo"}),
    ("get_time", {"zone": "CET", "hours": 3}),
    ("ping", {"note": "two words"}),
)


def reads(template: ResponseTemplate, dialect: Dialect) -> bool:
    """Tell if a template reads each sample call as the dialect writes it, perhaps with a special token behind it."""
    return all(_read_back(template, dialect, name, arguments) for name, arguments in SAMPLES)


def _read_back(template: ResponseTemplate, dialect: Dialect, name: str, arguments: dict[str, Any]) -> bool:
    written = dialect.tool_call(name, arguments)
    return any(_is(template, written + end, name, arguments) for end in ("", *dialect.special))


def _is(template: ResponseTemplate, text: str, name: str, arguments: dict[str, Any]) -> bool:
    try:
        calls = read_calls(template, text)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return len(calls) == 1 and calls[0][0] == name and same(calls[0][1], arguments)


def same(found: Any, wanted: dict[str, Any]) -> bool:
    """Compare arguments; a value may be the text of the wanted one, as JSON or as Python writes it."""
    if not isinstance(found, dict) or set(found) != set(wanted):
        return False
    return all(found[key] in (value, json.dumps(value), str(value)) for key, value in wanted.items())


def nearest(
    template: ResponseTemplate, dialects: Iterable[Dialect], load: Callable[[str], Dialect], models: Sequence[str], text: str
) -> Dialect | None:
    """Find the dialect whose calls a template reads.

    Among dialects with the same form of calls, that of the model's name is chosen; else the one with most special tokens in
    the file, then the one held against more evidence.

    Args:
        template: The template.
        dialects: All dialects, without macros.
        load: Loads a dialect with its macros.
        models: Names of the model, the best first.
        text: The text of the file, for special tokens.

    Returns:
        The dialect with its macros; None if the template reads the calls of none.
    """
    alike: dict[tuple[Any, ...], list[Dialect]] = {}
    for dialect in dialects:
        form = tuple(sorted(dialect.form.items()))
        alike.setdefault((dialect.syntax, dialect.open, dialect.close, form), []).append(dialect)
    found = [each for group in alike.values() for each in group if reads(template, load(group[0].name))]
    if not found:
        return None
    for model in models:
        match = for_model(model, ((each.name, each.models) for each in found))
        if match is not None:
            return load(match[0])
    return load(max(found, key=lambda each: _fit(each, text)).name)


def _fit(dialect: Dialect, text: str) -> tuple[int, int, int]:
    tokens = {*dialect.special, *(dialect.reasoning or ()), *dialect.result}
    there = sum(json.dumps(token)[1:-1] in text or token in text for token in tokens)
    return there, len(dialect.evidence), there - len(tokens)
