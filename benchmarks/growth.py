"""What must cost no more than its length: workloads of growing size, for every dialect.

A growth is a work at several sizes; its exponent is the slope of log time over log size. Fixed costs bring it below 1, never
above. Times are the least of several repetitions: a busy machine adds time and never takes any away. Used by row 2, and by
`tests/fast_paths/test_growth.py` with smaller sizes. Hostile text is in `hostile.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import adapter
from benchmarks.reading import verdict
from benchmarks.results import must_be_right
from benchmarks.timing import exponent, repeats_for, timed
from benchmarks.workloads import TOOLS, Kind, Load, deltas
from benchmarks.writing import adapter_reader, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Work = Callable[[], object]


@dataclass(frozen=True)
class Growth:
    """A work that grows.

    Attributes:
        name: What grows.
        sizes: From small to large.
        work: Makes the work of a size, its output verified, ready to be timed.
    """

    name: str
    sizes: Sequence[int]
    work: Callable[[int], Work]

    def times(self, repetitions: int, enough_ns: float = 3e6) -> list[float]:
        """Nanoseconds at every size, the least of the repetitions, which are taken in turn over the sizes."""
        works = [self.work(size) for size in self.sizes]
        repeats = [repeats_for(work, enough_ns) for work in works]
        rounds = [[timed(work, many) for work, many in zip(works, repeats, strict=True)] for _ in range(repetitions)]
        return [min(taken) for taken in zip(*rounds, strict=True)]

    def exponent(self, times: Sequence[float]) -> float:
        """How the times grow with the sizes."""
        return exponent(self.sizes, times)


def stream(dialect: str, pieces: Sequence[str]) -> Work:
    """Reading these pieces from the first to the end of the completion."""
    new = adapter_reader(dialect)

    def work() -> None:
        reader = new()
        for piece in pieces:
            reader.feed(piece)
        reader.finish()

    return work


def reading(dialect: str, kind: Kind, sizes: Sequence[int]) -> Growth:
    """A completion of the dialect's, streamed in pieces of about four characters."""

    def work(size: int) -> Work:
        what = written(Load(kind, size, dialect))
        must_be_right(f"{dialect}, {kind} {size}", verdict(adapter_reader(dialect), what))
        return stream(dialect, deltas(what.full))

    return Growth(f"{dialect}: {kind}", sizes, work)


def history(dialect: str, sizes: Sequence[int]) -> Growth:
    """So many turns of history, each a question, a call, its result and an answer, rendered for the model."""

    def work(turns: int) -> Work:
        messages = [message for turn in range(turns) for message in _turn(turn)]
        messages.append({"role": "user", "content": "And tomorrow?"})
        shown = str(adapter.render(messages, TOOLS, dialect=dialect))
        must_be_right(
            f"{dialect}, {turns} turns", "right" if shown.count("Cloudy and mild") == turns else "wrong: results are missing"
        )
        return lambda: adapter.render(messages, TOOLS, dialect=dialect)

    return Growth(f"{dialect}: turns of history", sizes, work)


def tools(dialect: str, sizes: Sequence[int]) -> Growth:
    """So many tools, read, checked and rendered for the model."""

    def work(number: int) -> Work:
        offered = [tool_number(at) for at in range(number)]
        messages = [{"role": "user", "content": "What is the weather?"}]
        shown = str(adapter.render(messages, offered, dialect=dialect))
        found = all(f"look_up_{at}_" in shown for at in range(number))
        must_be_right(f"{dialect}, {number} tools", "right" if found else "wrong: tools are missing")
        return lambda: adapter.render(messages, offered, dialect=dialect)

    return Growth(f"{dialect}: tools", sizes, work)


def tool_number(at: int) -> dict[str, Any]:
    """A tool with a schema of its own."""
    properties = {
        "place": {"type": "string", "description": f"The place, of kind {at}"},
        "days": {"type": "integer", "minimum": 1, "maximum": 7 + at},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "filter": {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}},
    }
    schema = {"type": "object", "properties": properties, "required": ["place"]}
    description = f"Looks up source number {at} for a place and some days."
    return {"type": "function", "function": {"name": f"look_up_{at}_", "description": description, "parameters": schema}}


def _turn(number: int) -> list[dict[str, Any]]:
    function = {"name": "get_weather", "arguments": f'{{"location": "Town {number}", "days": 2}}'}
    call_id = f"call{number:05}"  # nine letters and digits, as some dialects want them
    return [
        {"role": "user", "content": f"What is the weather in Town {number}?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": call_id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call_id, "content": f"Cloudy and mild, {number % 30} degrees"},
        {"role": "assistant", "content": f"It is cloudy in Town {number}."},
    ]
