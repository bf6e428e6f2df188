"""Many rows in one test, when a test for each would cost more than the row."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def row(**names: object) -> Iterator[None]:
    """Name the row, in the report, of a check that fails inside of the block."""
    try:
        yield
    except BaseException as error:
        error.add_note("row: " + ", ".join(f"{name}={value!r}" for name, value in names.items()))
        raise
