"""Cases made of a recording of `adapter serve --record`, `adapter eval --record` or `on_exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Recorded(NamedTuple):
    """Cases of a recording.

    Attributes:
        cases: Objects for lines of a file of cases.
        told: Words about records that made no case.
    """

    cases: list[dict[str, Any]]
    told: str


def recorded(files: Iterable[Path]) -> Recorded:
    """Return the cases of recordings."""
    raise NotImplementedError(files)
