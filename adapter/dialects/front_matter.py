"""The front matter of a dialect's template: its keys, and the check of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.dialects import templates
from adapter.errors import DialectError

_CHOICES = {
    "result_role": ("user", "tool"),
    "tools_in": ("system", "own", "user"),
    "needs": ("chat", "completions"),
    "space_before_call": ("drop", "keep", "keep-in-sentence"),
}
_STRINGS = ("name", "syntax", "open", "close", "default_system", "tools_name", "call_ids", *_CHOICES)
_LISTS = ("models", "evidence", "special", "markers", "result", "reasoning", "answer", "roles")
_FLAGS = ("calls_in_thinking", "newline_first", "token_first")
# Words that a flag may be besides true and false.
_FLAG_WORDS = {"calls_in_thinking": ("unclosed",)}
_TABLES = ("form",)
KEYS = (*_STRINGS, *_LISTS, *_FLAGS, *_TABLES)


def check(data: Mapping[str, Any], path: str) -> None:
    """Raise `DialectError` for front matter outside the documented form."""
    required = ("name", "models", "syntax", "open", "close")
    plain = {key: value for key, value in data.items() if key not in _FLAGS + _TABLES}
    templates.check_keys(plain, path, strings=_STRINGS, lists=_LISTS, required=required, others=_FLAGS + _TABLES)
    for key in _FLAGS:
        words = _FLAG_WORDS.get(key, ())
        if not isinstance(data.get(key, False), bool) and data[key] not in words:
            raise DialectError(f"{path}: {key} = {data[key]!r} must be {', '.join(['true', *map(repr, words)])} or false")
    for key in _TABLES:
        table = data.get(key, {})
        if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
            raise DialectError(f"{path}: {key} must be a table of strings")
    for key in ("result", "reasoning", "answer"):
        if data.get(key) and len(data[key]) != 2:
            raise DialectError(f"{path}: {key} = {data[key]!r} must be the opening and the closing tag")
    for key, allowed in _CHOICES.items():
        if key in data and data[key] not in allowed:
            raise DialectError(f"{path}: {key} = {data[key]!r} must be {' or '.join(map(repr, allowed))}")
