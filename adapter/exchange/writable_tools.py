"""Tools whose names the dialect can write (behaviour 5.8)."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from adapter.dialects.families import syntax_for
from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.recent import recent
from adapter.tools.definitions import MOST_KEPT, size_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.api.chat.request import ChatRequest
    from adapter.dialects.registry import Dialect
    from adapter.tools.definitions import ToolSet


def writable(request: ChatRequest, dialect: Dialect, on_bad_tool: str, note: Callable[[Problem], None]) -> ChatRequest:
    """Return the request without the tools whose names the dialect cannot write.

    Args:
        request: The request.
        dialect: The dialect.
        on_bad_tool: `"raise"` or `"leave_out"`.
        note: Called with a `Problem` for each tool left out.

    Raises:
        BadRequest: There is such a tool, and tools are not left out, or the tool choice names the tool or any tool and none is
            left.
    """
    kept, names = _told_apart(request.tools, dialect)
    if not kept and request.choice.forced and (names or request.tools.told):
        message = "'tool_choice' asks for a call, and none of the tools can be offered."
        raise BadRequest(message, param="function_call" if request.legacy else "tool_choice", code="invalid_value")
    if not names:
        return request
    chosen = request.choice.allowed or ()
    for name in names:
        message = f"The dialect {dialect.name!r} cannot write a tool named {name!r}: begin the name with a letter or '_'."
        if on_bad_tool == "raise" or name in chosen:
            raise BadRequest(message, param="functions" if request.legacy else "tools", code="invalid_value")
        wire = json.dumps(request.tools.by_name[name].wire, default=repr, ensure_ascii=False)
        note(Problem("tool_left_out", f"a tool is not offered to the model: {message}", wire))
    return dataclasses.replace(request, tools=kept)


@recent(MOST_KEPT, size_of)
def _told_apart(tools: ToolSet, dialect: Dialect) -> tuple[ToolSet, tuple[str, ...]]:
    """Return the tools that the dialect can write, and the names of the others; cached by identity."""
    pattern = syntax_for(dialect).limits.names
    names = () if pattern is None else tuple(name for name in tools.names if not pattern.fullmatch(name))
    return tools.without(names), names
