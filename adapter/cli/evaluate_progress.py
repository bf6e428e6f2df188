"""Progress of a run: a bar with the time left on a terminal, a line now and then in a pipe."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from adapter.cli.console import Console

_LINES = 10  # of a run in a pipe


@contextmanager
def shown(total: int, console: Console) -> Iterator[Callable[[Counter[str]], None]]:
    """Show progress on stderr. Yields a function that takes the counts by verdict after each case."""
    if not console.err.isatty():
        step = max(1, total // _LINES)

        def line(counts: Counter[str]) -> None:
            done = counts.total()
            if done % step == 0 or done == total:
                console.error(f"adapter eval: {done} of {total}: {_said(counts)}")

        yield line
        return
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=RichConsole(file=console.err), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda counts: progress.update(task, advance=1, description=_said(counts))


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in sorted(counts.items()))
