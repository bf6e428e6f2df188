"""Values that a call syntax can say, by its own declaration (`adapter.syntax.limits`)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from adapter.completion.request_rules import Rules
from adapter.completion.state import State
from adapter.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.syntax.limits import Limits

# Text that reads as another type where it need not be a text.
_OTHER = re.compile(r"\s*(?:[-+.\d{\[]|(?:null|none|true|false|nan|inf|infinity)\s*$)", re.IGNORECASE)


def limits_of(name: str) -> Limits:
    """Return the limits of a dialect's syntax."""
    return State(Rules(), Options(dialect=name)).syntax.limits


def can_be_said(value: Any, kinds: Any, limits: Limits) -> bool:
    """Tell if a value survives the syntax.

    Args:
        value: The value of a parameter.
        kinds: The types that the schema of the parameter names: one, a list, or None.
        limits: The limits of the syntax.
    """
    if limits.typed and isinstance(value, str) and not isinstance(kinds, str) and kinds and _OTHER.match(value):
        return False
    if limits.typed and not isinstance(value, str) and kinds is None:
        return False
    if limits.deep and (value is None or not all(map(_is_plain, _within(value, kinds)))):
        return False
    for item in _shown(value):
        if isinstance(item, dict) and limits.inner and limits.keys and not all(map(limits.keys.fullmatch, item)):
            return False
        text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        if limits.ends and limits.ends.search(text):
            return False
    return True


def _shown(value: Any) -> Iterator[Any]:
    """A value, and those within, with the keys."""
    yield value
    for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from _shown(item)


def _within(value: Any, kinds: Any) -> Iterator[Any]:
    """The parts of a value without a type of their own: with one, a list or an object may be empty."""
    everything = _shown(value)
    if isinstance(kinds, str):
        next(everything)
    return everything


def _is_plain(value: Any) -> bool:
    """Tell if a value is a text, or made of texts, and not empty: read so where nothing says its type."""
    if isinstance(value, dict):
        return bool(value) and not any(key.startswith("item") for key in value)
    return bool(value) if isinstance(value, str | list) else False
