"""The table of `adapter demo --all`, line by line as the rows are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.demo.effect import Answered, Outcome, measure, measure_answers, ways
from adapter.demo.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import OpenAI

    from adapter.demo.effect import Track

_WIDEST = 49  # columns of the longest label of a way
_HEADS = ("calls", "right", "false")
REFUSED = "refused"


def heading(tasks: Tasks | None = None) -> str:
    """The head of the table of calls."""
    tasks = tasks or Tasks()
    questions = len(tasks.questions)
    heads = ("way", f"calls of {questions}", f"right of {questions}", f"false of {len(tasks.remarks)}")
    return _line(*(heads if tasks.judged else (*heads[:2], "", heads[3])))


def lines_of(item: Outcome | Answered) -> list[str]:
    """A row; of a way that the server refused with the server's words on a line below."""
    if item.refused:
        return [_line(item.way, REFUSED), f"  {item.refused}"]
    if isinstance(item, Answered):
        return [_line(item.way, str(item.good))]
    return [_line(item.way, str(item.called), _number(item.right), _number(item.false_calls))]


def _number(count: int | None) -> str:
    return "" if count is None else str(count)


def _line(way: str, *cells: str) -> str:
    widths = (len(head) + 6 for head in _HEADS)
    shown = [cell.rjust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join([way.ljust(_WIDEST), *shown]).rstrip()


def measure_all(
    client: OpenAI,
    model: str,
    server: Any,
    write: Callable[[str], object],
    *,
    tasks: Tasks | None = None,
    dialect: str = "hermes",
    track: Track | None = None,
) -> tuple[list[Outcome], list[Answered]]:
    """Measure every way, and write each line of the table when it is known.

    Args:
        client: An unwrapped client.
        model: The model's name.
        server: The kind of the server.
        write: Takes a line.
        tasks: The tools, questions and remarks; default: the demo's. Tools of the user's give no results to answer from.
        dialect: The dialect.
        track: Wraps the questions of a row, for a progress bar.

    Raises:
        openai.APIError: No server, no model or a wrong key.
    """
    tasks = tasks or Tasks()
    write(heading(tasks))
    outcomes = []
    for way in ways(server, dialect):
        outcomes.append(measure(client, model, way, track, tasks))
        _write(outcomes[-1], write)
    answered: list[Answered] = []
    if tasks.own:
        return outcomes, answered
    write("")
    write(_line("answer after a tool result", "good of 10"))
    for worked in (False, True):
        answered.append(measure_answers(client, model, server, worked=worked, dialect=dialect, track=track))
        _write(answered[-1], write)
    return outcomes, answered


def _write(item: Outcome | Answered, write: Callable[[str], object]) -> None:
    for line in lines_of(item):
        write(line)
