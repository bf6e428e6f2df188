"""The caller's own answer format in words, where the format cannot go upstream unchanged (behaviour 6.4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.enforce.structured_output import answer_schema, wants_json

if TYPE_CHECKING:
    from adapter.prompt.neutralise import Neutraliser
    from adapter.tools.choice import ToolChoice


def format_note(wanted: Any, choice: ToolChoice, guard: Neutraliser | None, *, held: bool) -> str:
    """Return the sentence on the caller's own answer format for the system message, or an empty string.

    Beside tools the format cannot go upstream unchanged: a model held to the format could write no call.

    Args:
        wanted: The caller's `response_format`.
        choice: The tool choice.
        guard: Neutralises the schema; None leaves the schema unchanged.
        held: Upstream is held to the format, or to a schema that allows the format or a call.
    """
    if wanted is None or not wants_json(wanted) or choice.forced or held:
        return ""
    schema = answer_schema(wanted)
    shown = schema if guard is None else guard.data(schema)
    form = f" that fits this JSON schema:\n{json.dumps(shown, ensure_ascii=False)}" if schema else "."
    when = "Answer" if choice.mode == "none" else "When you answer without a function call, answer"
    return f"{when} with nothing but one JSON object{form}"
