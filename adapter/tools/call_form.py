"""Forms in which calls of a tool reach the caller.

A model calls functions with JSON arguments, whatever the caller's kind of tool. A form says what the caller gets in place of a
plain function call.
"""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from adapter.text.string_member import StringMember, member_text

Kind = Literal["function", "custom", "tool_search"]
INPUT = "input"  # the only parameter of a custom tool, as the model sees the tool


class CallForm(NamedTuple):
    """The form of a tool's calls on the caller's wire.

    Attributes:
        kind: `function`: JSON arguments; `custom`: free text; `tool_search`: a search for tools, made by the caller.
        name: The caller's name of the tool.
        namespace: The namespace of the tool in the Responses API.
    """

    kind: Kind
    name: str
    namespace: str | None = None


def input_text(arguments: str) -> str:
    """Return the input of a custom call: the string in the arguments, or arguments of another form unchanged."""
    return member_text(INPUT, arguments)


def input_reader() -> StringMember:
    """Return the decoder for the arguments of a custom call that is being written."""
    return StringMember(INPUT)


def input_arguments(text: Any) -> str:
    """Return the arguments for the input of a custom call."""
    return json.dumps({INPUT: text}, ensure_ascii=False)


def joined_name(name: str, namespace: str | None) -> str:
    """Return the name under which the model knows a tool: all dialects can write letters, digits and underscores."""
    if not namespace:
        return name
    return f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"
