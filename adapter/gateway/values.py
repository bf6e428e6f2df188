"""Values of settings, from texts of the command line and the environment, and from TOML."""

from __future__ import annotations

import difflib
import ipaddress
import math
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.gateway.config import BadConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.gateway.settings import Setting

_LONGEST_SUFFIX = 6
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_NAMES = {"text": "a text", "whole": "a whole number", "number": "a number", "flag": "true or false", "list": "a list of texts"}


def from_text(setting: Setting, value: Any, place: str) -> Any:
    """Return the value of a text; a flag and a list of the command line are values already.

    Args:
        setting: The setting.
        value: The text, or a boolean, or a list of texts.
        place: The flag or the variable, for messages.

    Raises:
        BadConfig: The text is no such value.
    """
    if isinstance(value, bool) or not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    if setting.kind == "list":
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if setting.kind == "flag":
        return _flag(setting, value, place)
    if setting.kind == "text":
        _check_signs(value, place)
        return _word(setting, None if setting.option and value == "none" and setting.name != "store" else value, place)
    try:
        number = int(value) if setting.kind == "whole" else float(value)
    except ValueError:
        if setting.option and value.lower() == "none":
            return None
        raise BadConfig(f"{place} {value!r}: give {_NAMES[setting.kind]}") from None
    return number if setting.option else _finite(number, place)


def from_value(setting: Setting, value: Any, place: str) -> Any:
    """Return a value of a file, checked.

    Raises:
        BadConfig: The value is of another kind.
    """
    if isinstance(value, date | time):
        raise BadConfig(f"{place} = {value}: a date is no value here; a text stands in quotes")
    if setting.option and setting.name != "store" and not isinstance(value, str):
        return value  # the library checks its options
    fits = {
        "text": isinstance(value, str),
        "whole": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "flag": isinstance(value, bool),
        "list": isinstance(value, list) and all(isinstance(part, str) for part in value),
    }
    if not fits[setting.kind]:
        shown = "a table" if isinstance(value, dict) else repr(value)  # keys may be in a table
        raise BadConfig(f"{place} = {shown}: give {_NAMES[setting.kind]}")
    if setting.kind == "number":
        return _finite(value, place)
    if isinstance(value, str):
        _check_signs(value, place)
    return tuple(value) if setting.kind == "list" else _word(setting, value, place)


def _finite(number: float, place: str) -> float:
    if not math.isfinite(number):
        raise BadConfig(f"{place} {number}: give a finite number")
    return number


def _check_signs(text: str, place: str) -> None:
    """Refuse a text that no name of a file, of a variable or of a model can be."""
    if "\0" in text:
        raise BadConfig(f"{place}: the text has a sign NUL in it; give one without")


def _flag(setting: Setting, value: str, place: str) -> bool | None:
    word = value.lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if setting.option and word == "none":
        return None
    raise BadConfig(f"{place} {value!r}: give true or false")


def _word(setting: Setting, value: Any, place: str) -> Any:
    if setting.words and not setting.option and value not in setting.words:
        raise BadConfig(f"{place} {value!r}: give one of {', '.join(setting.words)}")
    return value


def table_in(said: Mapping[str, Any], name: str, place: str) -> dict[str, Any]:
    """Return a table of a file; empty for a table that is not there."""
    value = said.get(name, {})
    if not isinstance(value, dict):
        raise BadConfig(f"{place}: {name!r} is a table: write [{name}]")
    return value


def checked(
    said: Mapping[str, Any], known: Mapping[str, Any], place: str, elsewhere: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the values of a table, checked.

    Args:
        said: The table.
        known: The settings that may stand in it.
        place: Words before a name, for messages.
        elsewhere: Hints for names that belong into another table.
    """
    for name in said:
        if name not in known:
            raise BadConfig(f"{place}{name}: {(elsewhere or {}).get(name) or unknown(name, known)}")
    return {name: from_value(known[name], value, f"{place}{name}") for name, value in said.items()}


def unknown(name: str, known: Iterable[str], kind: str = "setting") -> str:
    """Return the words about an unknown name: the nearest of the known ones, or all."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"no such {kind}; did you mean {near[0]!r}?" if near else f"no such {kind}; there are {', '.join(sorted(known))}"


def lines_of_keys(file: str, name: str) -> list[str]:
    """Return the lines of a file of keys, without comments."""
    try:
        lines = [line.strip() for line in Path(file).read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        if _is_path(file):
            raise BadConfig(f"{name} {file}: {reason}") from error
        # Not from the error, which has the name too.
        raise BadConfig(f"{name}: {reason}; give the name of a file that holds the key, not the key") from None
    keys = [line for line in lines if line and not line.startswith("#")]
    if not all(key.isascii() and key.isprintable() and " " not in key for key in keys):
        raise BadConfig(f"{name} {file}: a key has a sign that no header may hold; use letters, digits, '-' and '_'")
    return keys


def is_loopback(host: str) -> bool:
    """Return True for an address that only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_path(text: str) -> bool:
    """Return True for a text that is meant as a file, and no key in the wrong place."""
    path = Path(text)
    return path.exists() or text.startswith((".", "/", "~")) or 1 < len(path.suffix) <= _LONGEST_SUFFIX
