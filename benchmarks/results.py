"""What a run finds: figures held against their targets, tables with the details, and curves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.peers.remote import Peers


@dataclass(frozen=True)
class Goal:
    """One figure and its target.

    Attributes:
        id: Its name in `why_not.toml`: the row's, a dot, its own.
        what: What is measured, in words.
        limit: The target.
        measured: The figure.
        unit: `×` for a ratio.
        at_least: Whether more is better; otherwise the figure is to stay at or below the limit.
    """

    id: str
    what: str
    limit: float
    measured: float
    unit: str = "×"
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def target(self) -> str:
        """The target in words."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g} {self.unit}".rstrip()


@dataclass(frozen=True)
class Table:
    """Details for a reader."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Curves:
    """One plot: lines over a common x, both axes logarithmic."""

    name: str
    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]


@dataclass
class Row:
    """One row of the list of targets.

    Attributes:
        number: Its place in the list.
        title: What it is about.
        versions: Of what it was measured with.
    """

    number: int
    title: str
    goals: list[Goal] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    curves: list[Curves] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """How a run is made.

    Attributes:
        rounds: Rounds per measurement.
        quick: Smaller workloads and fewer of them; its figures are for a look, not for the results file.
        peers: The other packages.
        told: Takes a line about what is being done.
        dialects: Names of the dialects that rows `dialects` and `markers` measure; empty for all.
    """

    rounds: int
    quick: bool
    peers: Peers
    told: Callable[[str], object]
    dialects: Sequence[str] = ()


class WrongOutput(Exception):
    """A contestant that must be right is not; nothing of it is timed."""


def must_be_right(what: str, verdict: str) -> None:
    """Raise `WrongOutput` unless the verdict is `right…`."""
    if not verdict.startswith("right"):
        raise WrongOutput(f"{what}: {verdict}")
