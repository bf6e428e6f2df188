"""JSON as `json.dumps` writes it, with long texts escaped by what the openai client brings.

`pydantic_core` takes a third of the time of Python's own encoder for a long text in ASCII, and writes the same but for one
character. Where the openai client is not in use, it is not loaded for this.
"""

from __future__ import annotations

import functools
import json
import sys
from json import encoder
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A text is long from here on; what is shorter is written as fast by Python.
_LONG = 1000
_escape: Callable[[str], str] = encoder.encode_basestring_ascii


def dumps(value: Any, size: int = 0) -> bytes:
    """A JSON value, byte for byte as `json.dumps(value).encode()`.

    Args:
        value: It does not hold itself.
        size: About how long that will be; below some length nothing is gained by looking for long texts.

    Raises:
        TypeError: It holds what JSON has no form for.
    """
    to_json = getattr(sys.modules.get("pydantic_core"), "to_json", None) if size > _LONG else None
    return "".join(_encoder(to_json)(value, 0)).encode("ascii")


@functools.cache
def _encoder(to_json: Callable[[str], bytes] | None) -> Callable[[Any, int], Iterable[str]]:
    """The encoder that `json.dumps` makes anew each time; with `to_json`, one that escapes long texts by it."""
    make: Any = getattr(encoder, "c_make_encoder", None)
    escape = _escape if to_json is None else _escaper(to_json)
    try:
        made: Callable[[Any, int], Iterable[str]] = make(None, _refuse, escape, None, ": ", ", ", False, False, True)
    except TypeError:  # another Python has none, or one that is made otherwise
        return lambda value, _level: [json.dumps(value)]
    return made


def _escaper(to_json: Callable[[str], bytes]) -> Callable[[str], str]:
    def escaped(text: str) -> str:
        if len(text) > _LONG and text.isascii():
            written = to_json(text)
            if b"\x7f" not in written:  # which Python escapes and Rust does not
                return written.decode("ascii")
        return _escape(text)

    return escaped


def _refuse(value: Any) -> NoReturn:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
