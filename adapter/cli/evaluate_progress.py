"""Progress of a run: a bar with the time left on a terminal, a line now and then in a pipe."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.cli.console import harmless

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from adapter.cli.console import Console

_LINES = 10  # of a run in a pipe


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run.

    Attributes:
        advance: Takes the counts by verdict after each case.
        tell: Prints a line.
    """

    advance: Callable[[Counter[str]], None]
    tell: Callable[[str], None]


@contextmanager
def shown(total: int, console: Console) -> Iterator[Progress]:
    """Show progress on stderr, until the block is left."""
    if not console.err.isatty():
        step = max(1, total // _LINES)

        def line(counts: Counter[str]) -> None:
            done = counts.total()
            if done % step == 0 or done == total:
                console.error(f"adapter eval: {done} of {total}: {_said(counts)}")

        yield Progress(line, console.error)
        return
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Bar(*columns, console=RichConsole(file=console.err), transient=True) as progress:
        task = progress.add_task("", total=total)

        def move(counts: Counter[str]) -> None:
            progress.update(task, advance=1, description=_said(counts))

        yield Progress(move, lambda text: progress.console.print(harmless(text), markup=False, highlight=False, soft_wrap=True))


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in sorted(counts.items()))
