"""Reading a completion piece by piece: timed, and checked. The same code runs here and in a peer's environment."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any, Literal, Protocol

from benchmarks.timing import clock, timed
from benchmarks.workloads import deltas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.workloads import Completion

# What a reader says: some content, or of the call at an index its name (once) and a piece of its arguments.
Piece = tuple[Literal["text"], str] | tuple[Literal["call"], int, str | None, str]

_ENOUGH = 3000  # deltas in a round: short streams are read several times over


class Reader(Protocol):
    """A streaming reader of one completion."""

    def feed(self, text: str, /) -> Sequence[Any]:
        """What this piece adds, in the reader's own terms."""

    def finish(self) -> Sequence[Any]:
        """What the end adds."""

    @staticmethod
    def pieces(delta: Any, /) -> Iterable[Piece]:
        """A delta in the terms of this benchmark; never timed."""


if TYPE_CHECKING:
    NewReader = Callable[[], Reader]


def stream_lane(new: NewReader, what: Completion) -> Callable[[], float]:
    """Build a contestant that returns nanoseconds per delta inside the timed part; the deltas are cut here, once."""
    head, tail = deltas(what.head, tokens=what.tokens), deltas(what.tail, seed=11, tokens=what.tokens)
    readers = max(1, _ENOUGH // len(tail))

    def one_round() -> float:
        feeds = []
        for _ in range(readers):
            reader = new()
            for piece in head:
                reader.feed(piece)
            feeds.append(reader.feed)

        def read() -> None:
            for feed in feeds:
                for piece in tail:
                    feed(piece)

        return timed(read) / len(tail) / readers

    return one_round


def stream_ns(new: NewReader, what: Completion) -> float:
    """Return nanoseconds per delta inside the timed part: one round."""
    return stream_lane(new, what)()


def sampled_ns(new: NewReader, what: Completion, window: int = 24) -> float:
    """The same for a reader that would need minutes: windows of deltas after longer and longer prefixes fed in large pieces."""
    taken = []
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        cut = int(len(what.tail) * share)
        reader, before = new(), what.head + what.tail[:cut]
        for piece in deltas(before, mean=750, tokens=what.tokens):
            reader.feed(piece)
        pieces = deltas(what.tail[cut : cut + 600], tokens=what.tokens)[:window]
        begin = clock()
        for piece in pieces:
            reader.feed(piece)
        taken.append((clock() - begin) / len(pieces))
    return statistics.fmean(taken)


def verdict(new: NewReader, what: Completion) -> str:
    """`right`, `right but for white space` beside the calls, or what is wrong with the reader's answer."""
    reader = new()
    answers = [reader.feed(piece) for piece in deltas(what.full, tokens=what.tokens)]
    answers.append(reader.finish())
    text: list[str] = []
    calls: dict[int, tuple[list[str], list[str]]] = {}
    for answer in answers:
        for delta in answer:
            for piece in reader.pieces(delta):
                if piece[0] == "text":
                    text.append(piece[1])
                else:
                    names, fragments = calls.setdefault(piece[1], ([], []))
                    names.extend([piece[2]] if piece[2] else [])
                    fragments.append(piece[3])
    found = [("".join(names), "".join(fragments)) for names, fragments in calls.values()]
    return judged("".join(text), found, what)


def judged(text: str | None, calls: Sequence[tuple[str, str]], what: Completion) -> str:
    """The verdict on content (None: the contestant has none to give) and calls with their arguments' JSON."""
    if len(calls) != len(what.calls):
        return f"wrong: {len(calls)} calls of {len(what.calls)}"
    for (name, arguments), wanted in zip(calls, what.calls, strict=True):
        try:
            if (name, json.loads(arguments)) != wanted:
                return "wrong arguments"
        except ValueError:
            return "wrong: arguments are no JSON"
    if text is None or text == what.text:
        return "right"
    return "right but for white space" if text.strip() == what.text.strip() else "wrong text"
