"""The judgement on a valid call by the conversation: values that nobody said (behaviour 5.11)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adapter.events import Problem
from adapter.grounding.judge import judged
from adapter.text.json_spans import loads, members
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapter.completion.request_rules import Rules
    from adapter.options import Options


def grounded(name: str, text: str, rules: Rules, options: Options) -> tuple[str, tuple[Problem, ...]]:
    """Judge a valid call by the conversation.

    Args:
        name: The tool.
        text: The arguments, as JSON text.
        rules: Rules of the request.
        options: The options `grounding` and `optional`.

    Returns:
        The arguments, without invented optional arguments if the options say so; and the problems of the values.
    """
    tool = rules.tools.by_name.get(name)
    if rules.said is None or tool is None or name in {rules.reply, rules.search}:
        return text, ()
    try:
        arguments = loads(text)
        verdict = judged(arguments, tool.schema.source, rules.said, tool.purpose)
    except (ValueError, RecursionError):
        return text, ()
    if not verdict.grounded and options.grounding != "off":
        doubted = some_of(map(repr, (*verdict.missing, *verdict.invented)), " and ")
        return text, (Problem("ungrounded", f"call of {name!r}: the values of {doubted} occur nowhere in the conversation"),)
    if not verdict.invented:
        return text, ()
    names = some_of(map(repr, verdict.invented), " and ")
    told = f"call of {name!r}: the optional {names} occurs nowhere in the conversation"
    if options.optional == "drop":
        kept = {key: value for key, value in arguments.items() if key not in verdict.invented}
        if not tool.schema.errors(kept):
            return _without(text, verdict.invented), (Problem("invented_argument", f"{told}; left out"),)
        told += "; kept, because the schema does not allow the call without"
    return text, (Problem("invented_argument", told),)


def _without(text: str, names: Collection[str]) -> str:
    """Return the JSON text of an object without some members; values keep their spelling."""
    kept = [(key, text[first:last]) for key, _, first, last in members(text, text.index("{")) if key not in names]
    return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {value}" for key, value in kept) + "}"
