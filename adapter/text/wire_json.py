"""JSON of the wire: read and written by the packages that the openai client brings, in the form in which that client writes.

`jiter` takes a third of the time of `json.loads` and gives the same values. What it refuses and Python reads (half a pair of
surrogates, nesting beyond 200, UTF-16) is read by Python, so that nothing depends on which of them read it.

`pydantic_core`, which that client brings, takes a half of the time of Python's own encoder. The two write the same values; a
number with an exponent may be spelt otherwise (`1e-5`, `1e-05`). Where the openai client is not in use, it is not loaded for
this, and what it refuses (half a pair of surrogates, nesting beyond 255) is written by Python.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from jiter import from_json as _fast
except ImportError:  # it comes with the openai client, which need not stay so
    _fast: Callable[[bytes], Any] = json.loads  # type: ignore[no-redef]


def loads(data: bytes | str) -> Any:
    """The value of a JSON text, as `json.loads` reads it.

    Raises:
        ValueError: It is none.
    """
    try:
        return _fast(data.encode() if isinstance(data, str) else data)
    except ValueError:
        return json.loads(data)


def dumps(value: Any) -> bytes:
    """A JSON value as compact JSON in UTF-8; in ASCII, where it holds half a pair of surrogates.

    Args:
        value: Made of what JSON has, as all is that came as JSON, and the options are held to it; it does not hold itself.

    Raises:
        TypeError: It holds what neither of the two has a form for.
    """
    pydantic_core = sys.modules.get("pydantic_core")
    if pydantic_core is not None:
        try:
            written: bytes = pydantic_core.to_json(value)
        except ValueError:
            return _slowly(value)
        return written
    return _slowly(value)


def _slowly(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
