"""Row 10: a dialect's own markers, over and over, in pieces of 16 characters.

Each literal of each dialect alone, and each opening marker in turn with every other literal. A marker is a look at its place
that finds no call behind. Pairs are measured once, and of the slowest the least of the rounds counts: microseconds a character,
the end of the completion included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.parser import CompletionParser
from adapter.dialects.templates import names
from benchmarks.hostile import kept
from benchmarks.results import Bench, Goal, Row, Table, must_be_right
from benchmarks.timing import timed
from benchmarks.workloads import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 1
_SIZE, _PIECE = 8192, 16
_SHOWN = 20  # the slowest, which are measured again


def repeated(dialect: str) -> Iterator[str]:
    """The texts to repeat: each literal, and each opening marker with each other literal."""
    marks = CompletionParser(TOOLS, dialect=dialect)._state.marks  # noqa: SLF001  # what the dialect's parser looks for
    literals, openings = sorted(marks.literals), sorted(marks.openings)
    yield from literals
    yield from (opening + other for opening in openings for other in literals if other != opening)


def least(dialect: str, filler: str, size: int, rounds: int) -> float:
    """Microseconds a character, the least of the rounds."""
    text = (filler * (size // len(filler) + 1))[:size]
    pieces = [text[at : at + _PIECE] for at in range(0, size, _PIECE)]

    def work() -> None:
        parser = CompletionParser(TOOLS, dialect=dialect)
        for piece in pieces:
            parser.feed(piece)
        parser.close()

    work()
    return min(timed(work) for _ in range(rounds)) / 1e3 / size


def run(bench: Bench) -> Row:
    """Measure it."""
    found: list[tuple[float, str, str]] = []
    for dialect in bench.dialects or names()[:: 6 if bench.quick else 1]:
        bench.told(f"markers: {dialect}")
        found += [(least(dialect, filler, 1024, 1), dialect, filler) for filler in repeated(dialect)]
    slowest = sorted(found, reverse=True)[:_SHOWN]
    again = [(least(dialect, filler, _SIZE, bench.rounds), dialect, filler) for _, dialect, filler in slowest]
    for _, dialect, filler in slowest:
        text = (filler * _SIZE)[:_SIZE]
        pieces = [text[at : at + _PIECE] for at in range(0, _SIZE, _PIECE)]
        must_be_right(f"{dialect}, {filler!r}", kept(dialect, pieces))
    row = Row(10, "A dialect's own markers, over and over")
    row.goals = [
        Goal("markers.worst", f"the slowest of {len(found)} pairs, µs a character", LIMIT, max(again)[0], unit="µs"),
        Goal("markers.gpt-oss", "gpt-oss and `<|start|>`, µs a character", LIMIT,
             least("gpt-oss", "<|start|>", _SIZE, bench.rounds), unit="µs"),
    ]  # fmt: skip
    cells = [[dialect, f"`{filler}`", f"{taken:.2f}"] for taken, dialect, filler in sorted(again, reverse=True)]
    row.tables = [Table("The slowest", ["dialect", "repeated", "µs a character"], cells)]
    return row
