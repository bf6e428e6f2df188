"""Limits of call syntaxes: values that a syntax cannot represent, for writers of calls and for round-trip checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re


@dataclass(frozen=True, slots=True)
class Limits:
    """Names and values that JSON and the API can represent, and a call syntax cannot. By default a syntax has no limits.

    A syntax without escapes, or with values without types, loses information: no reader can restore the arguments, which come
    back changed, or not at all.

    Attributes:
        names: Pattern of the whole of a tool's name that the syntax can write; None for any name.
        keys: Pattern of the whole of an argument's name that the syntax can write; None for any name.
        inner: True if `keys` also limits the keys of nested objects.
        typed: True if values stand without their JSON type, which only the schema tells. A silent schema means a string; a
            schema that allows strings beside other types cannot tell `"5"` from `5`.
        deep: True if nested values stand without types too; then null cannot be written, and empty values have one spelling.
        ends: Pattern of text in a value that no reader can tell from the value's end; None for no such text.
    """

    names: re.Pattern[str] | None = None
    keys: re.Pattern[str] | None = None
    inner: bool = False
    typed: bool = False
    deep: bool = False
    ends: re.Pattern[str] | None = None
