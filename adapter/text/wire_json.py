"""JSON of the wire: read by `jiter`, written by `pydantic_core`, the packages of the openai client, in the client's form.

`jiter` takes a third of the time of `json.loads` and gives the same values. Texts that `jiter` refuses and Python reads (half a
pair of surrogates, nesting beyond 200, UTF-16) are read by Python, so that no result depends on the reader.

`pydantic_core` takes half of the time of Python's own encoder. The two write the same values; numbers with an exponent may be
spelt differently (`1e-5`, `1e-05`). Without the openai client `pydantic_core` is not loaded; values that it refuses (half a
pair of surrogates, nesting beyond 255) are written by Python.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from jiter import from_json as _fast
except ImportError:  # a dependency of the openai client, today
    _fast: Callable[[bytes], Any] = json.loads  # type: ignore[no-redef]


def read_json(data: bytes | str) -> Any:
    """Parse a JSON text, with the values of `json.loads`.

    Raises:
        ValueError: The text is not JSON, or nested too deeply to be read.
    """
    try:
        return _fast(data.encode() if isinstance(data, str) else data)
    except ValueError:
        pass
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("the JSON text is nested too deeply") from None


def write_json(value: Any) -> bytes:
    """Write a JSON value as compact JSON in UTF-8; in ASCII, if the value holds half a pair of surrogates.

    Args:
        value: JSON types only, and no container inside itself: values that came as JSON, and options checked against JSON.

    Raises:
        TypeError: Neither encoder has a form for a part of the value.
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
