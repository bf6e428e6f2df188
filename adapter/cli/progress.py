"""Progress of a run: a bar with the time left on a terminal, a line now and then in a pipe."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.cli.console import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapter.cli.console import Console

_LINES = 10  # of a run in a pipe
_MINUTE = 60
_FIRST = 8 << 20  # steps of the first line of a run whose end nobody knows; the next come with twice as many each


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run.

    Attributes:
        advance: Takes the steps done since the last call, and words about all that is done.
        tell: Prints a line.
    """

    advance: Callable[[int, str], None]
    tell: Callable[[str], None]


@contextmanager
def shown(total: int, console: Console, name: str, *, counted: bool = True) -> Iterator[Progress]:
    """Show progress on stderr, until the block is left.

    Args:
        total: Steps of the run; 0 where nobody knows.
        console: The streams.
        name: The command, in front of each line in a pipe.
        counted: Steps are things that a person counts; otherwise they are shown as a part of all, with the time left.
    """
    if not console.err.isatty():
        yield Progress(_lines(total, console, name, counted=counted), console.error)
        return
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    number: ProgressColumn = MofNCompleteColumn() if counted else TaskProgressColumn()
    # A long description is cut, and never the time left.
    words = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    columns = (BarColumn(bar_width=20), number, TimeRemainingColumn(), words)
    with Bar(*columns, console=RichConsole(file=console.err), transient=True, expand=True) as progress:
        task = progress.add_task("", total=total or None)

        def move(steps: int, said: str) -> None:
            progress.update(task, advance=steps, description=said)

        yield Progress(move, lambda text: progress.console.print(harmless(text), markup=False, highlight=False, soft_wrap=True))


def _lines(total: int, console: Console, name: str, *, counted: bool) -> Callable[[int, str], None]:
    """Return a function that prints a line with each tenth of a run."""
    if not total:
        return _growing_lines(console, name)
    step = max(1, total // _LINES)
    began = time.monotonic()
    done = 0

    def line(steps: int, said: str) -> None:
        nonlocal done
        before, done = done, done + steps
        if done // step == before // step and not before < total <= done:
            return
        place = (
            f"{done} of {total}"
            if counted
            else f"{100 * done // max(total, 1)} %{_left(time.monotonic() - began, done, total)}"
        )
        console.error(f"{name}: {place}: {said}")

    return line


def _growing_lines(console: Console, name: str) -> Callable[[int, str], None]:
    """Return a function that prints a line whenever twice as much is done, for a run whose end nobody knows."""
    done, following = 0, _FIRST

    def line(steps: int, said: str) -> None:
        nonlocal done, following
        done += steps
        if done >= following:
            following = max(2 * following, done)
            console.error(f"{name}: {said}")

    return line


def _left(seconds: float, done: int, total: int) -> str:
    """Return words on the time left; none for less than a minute."""
    left = seconds * (total - done) / max(done, 1)
    return f", about {left / _MINUTE:.0f} min left" if left >= _MINUTE else ""
