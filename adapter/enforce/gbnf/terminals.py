"""Terminals of GBNF."""

from __future__ import annotations

import re


def literal(text: str) -> str:
    """A terminal of exactly `text`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return '"' + re.sub(r"([\x00-\x1f\x7f])([0-9a-fA-F]?)", _in_text, escaped) + '"'


def _in_text(found: re.Match[str]) -> str:
    """A character as an escape. A digit behind the escape gets its own literal, because xgrammar would extend the escape."""
    return f"\\x{ord(found[1]):02X}" + (f'" "{found[2]}' if found[2] else "")


def one_of(characters: str) -> str:
    """A terminal of any of the characters."""
    return literal(characters) if len(characters) == 1 else f"[{''.join(map(_in_class, characters))}]"


def none_of(characters: str, more: str = "") -> str:
    """A terminal of a single character outside a class.

    Args:
        characters: The characters.
        more: More characters, as a class spells them.
    """
    return f"[^{''.join(map(_in_class, characters))}{more}]"  # xgrammar takes a digit behind an escape for a part of the escape


def _in_class(character: str) -> str:
    spelt = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    return spelt or (f"\\{character}" if character in "]\\^-" else character)


def in_turn(*parts: str) -> str:
    """Expressions one after the other."""
    return " ".join(part for part in parts if part and part != '""') or '""'
