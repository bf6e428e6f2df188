"""Errors of a Responses request, in OpenAI's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.errors import BadRequest


def wrong_type(param: str, value: Any, wanted: str) -> BadRequest:
    """Return the error for a value of the wrong type."""
    text = repr(value)
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    return BadRequest(
        f"Invalid type for '{param}': expected {wanted}, but got {type(value).__name__} {shown}.",
        param=param,
        code="invalid_type",
    )


def wrong_value(param: str, value: Any, hint: str) -> BadRequest:
    """Return the error for an unknown value, or for a value not supported here."""
    return BadRequest(f"Invalid value: {value!r} for '{param}'. {hint}", param=param, code="invalid_value")


def missing(param: str, hint: str = "") -> BadRequest:
    """Return the error for a missing parameter."""
    return BadRequest(
        f"Missing required parameter: '{param}'.{' ' * bool(hint)}{hint}", param=param, code="missing_required_parameter"
    )


def text_at(item: Mapping[str, Any], key: str, param: str) -> str:
    """Return a required string member."""
    value = item.get(key)
    if value is None:
        raise missing(f"{param}.{key}")
    if not isinstance(value, str):
        raise wrong_type(f"{param}.{key}", value, "a string")
    return value


def object_at(value: Any, param: str) -> Mapping[str, Any]:
    """Return a value that must be an object."""
    if not isinstance(value, Mapping):
        raise wrong_type(param, value, "an object")
    return value
