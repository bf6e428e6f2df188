"""The simulated APIs of a conversation, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.evaluation.python_calls import PositionedCall


@dataclass(frozen=True, slots=True)
class Simulation:
    """The simulated APIs of a case.

    Attributes:
        root: The folder that holds the package `bfcl_eval`.
        classes: The names of the APIs.
        config: The state at the beginning, by name of the API.
        long: With the long texts of the category `long_context`.
        truth: The reference calls of each turn.
        later: Tools that are offered from a turn on, by its number, from 0.
        known: The names of all tools, which calls may have.
    """

    root: str
    classes: tuple[str, ...]
    config: dict[str, Any]
    long: bool
    truth: tuple[tuple[PositionedCall, ...], ...]
    later: dict[int, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
