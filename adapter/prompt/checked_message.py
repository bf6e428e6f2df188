"""The form of a message, checked in OpenAI's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapter.errors import BadRequest

_OBJECTS = (dict, Mapping)  # the commonest type first: the check against `Mapping` is slow
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def checked_message(message: Any, param: str, others: Sequence[str] = ()) -> Mapping[str, Any]:
    """Check the form of a message. Returns the message.

    Args:
        message: The message.
        param: The caller's name of its place.
        others: Roles that the dialect knows besides the API's.

    Raises:
        BadRequest: The message is malformed.
    """
    if not isinstance(message, _OBJECTS):
        raise BadRequest(
            f"Invalid type for '{param}': expected an object, but got {type(message).__name__}.",
            param=param,
            code="invalid_type",
        )
    role = message.get("role")
    if role is None:
        raise BadRequest(
            f"Missing required parameter: '{param}.role'.", param=f"{param}.role", code="missing_required_parameter"
        )
    if role not in _ROLES and role not in others:
        raise BadRequest(
            f"Invalid value: {role!r} for '{param}.role'. Supported values are: {', '.join(map(repr, (*_ROLES, *others)))}.",
            param=f"{param}.role",
            code="invalid_value",
        )
    content = message.get("content")
    if content is not None and not isinstance(content, str | list):
        raise BadRequest(
            f"Invalid type for '{param}.content': expected a string or an array of parts, but got {type(content).__name__}.",
            param=f"{param}.content",
            code="invalid_type",
        )
    if isinstance(content, list):
        _check_parts(content, f"{param}.content")
    return message


def _check_parts(parts: list[Any], param: str) -> None:
    for position, part in enumerate(parts):
        if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
            raise BadRequest(
                f"Invalid value for '{param}[{position}]': a content part is an object with a 'type'.",
                param=f"{param}[{position}]",
            )
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise BadRequest(
                f"Invalid type for '{param}[{position}].text': expected a string, but got {type(part.get('text')).__name__}.",
                param=f"{param}[{position}].text",
                code="invalid_type",
            )
