"""Text that flows on: deltas in which nothing can happen, passed on with one look at each.

Most of a completion is words, or the inside of one long string. Once a handler has read up to such a place, deltas that hold
nothing of meaning there go this short way, and what would have been remembered of each is remembered of all together when
the first of another kind comes. What the short way reports is what the handlers would have reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.state import Flow, Mode
from adapter.completion.text_run import SPACE
from adapter.events import ArgumentsDelta

if TYPE_CHECKING:
    from adapter.completion.json_calls import CallTracker
    from adapter.completion.state import State
    from adapter.completion.step_calls import StepTracker
    from adapter.completion.text_run import Run
    from adapter.events import Event
    from adapter.syntax.contract import BlockReader
    from adapter.syntax.reading import Flowing, Lookout

_MOST_SPACE = 100  # that is put together anew with each delta
_MOST_PIECES = 1000  # each costs fifty bytes more than its letters


class TextFlow:
    """Words of a run, and the white space between them.

    Args:
        run: The content or the reasoning.
        lookout: For something else.
    """

    __slots__ = ("_begun", "_firsts", "_make", "_run", "_said", "_space", "_split")

    def __init__(self, run: Run, lookout: Lookout) -> None:
        self._run = run
        self._make = run.make
        self._firsts = lookout.firsts.search
        self._split = lookout.split
        self._space = run.take_space()
        self._said = run.said
        self._begun = ""  # what may become a mark with the next delta

    def feed(self, text: str) -> list[Event] | None:
        """The event of a delta."""
        if self._begun or self._firsts(text):
            passing = self._split(self._begun + text)
            if passing is None:
                return None
            text, self._begun = passing
            if not text:
                return []
        body = text.rstrip(SPACE)
        if not body:
            return self._more_space(text)
        self._said = body
        piece = self._space + body if self._space else body
        self._space = text[len(body) :] if len(body) < len(text) else ""
        return [self._make(piece)]

    def _more_space(self, text: str) -> list[Event] | None:
        if not text or len(self._space) > _MOST_SPACE:
            return None
        self._space += text
        return []

    def stop(self, text: str, out: list[Event]) -> str:
        """Remember what has passed."""
        del out
        self._run.keep_space(self._space)
        self._run.said = self._said[-1]
        self._run.last = (self._space or self._said)[-1]
        return self._begun + text


class StringFlow:
    """The inside of a string in a call's arguments.

    Args:
        reader: Reads the payload.
        flowing: What may pass.
        tracker: Reports the call while it is written; None to report nothing.
        index: The call's.
    """

    __slots__ = ("_half", "_index", "_match", "_pieces", "_reader", "_rest", "_search", "_tracker", "_write")

    def __init__(self, reader: BlockReader, flowing: Flowing, tracker: CallTracker | StepTracker | None, index: int) -> None:
        self._reader = reader
        self._search = flowing.special.search
        self._match = flowing.body.match
        self._half = flowing.half
        self._write = flowing.write
        self._tracker = tracker
        self._index = index
        self._pieces: list[str] = []
        self._rest = ""  # the beginning of something that is to be whole

    def feed(self, text: str) -> list[Event] | None:
        """The event of a delta."""
        if self._rest or not text or self._search(text):
            passing = self._passing(text)
            if not passing:
                return [] if passing is not None else None
            text = passing
        elif len(self._pieces) == _MOST_PIECES:
            return None
        self._pieces.append(text)
        if self._tracker is None:
            return []
        return [ArgumentsDelta(self._index, text if self._write is None else self._write(text))]

    def _passing(self, text: str) -> str | None:
        """What passes of a delta that is not plain, its end kept for the next one; None when it has to be read with care."""
        text = self._rest + text
        end = self._match(text).end()  # type: ignore[union-attr]  # it matches everywhere
        rest = text[end:]
        if (rest and not self._half.match(text, end)) or len(self._pieces) == _MOST_PIECES:
            return None
        self._rest = rest
        return text[:end]

    def stop(self, text: str, out: list[Event]) -> str:
        """Remember what has passed."""
        del out
        passed = self._reader.flowed("".join(self._pieces))
        if self._tracker is not None:
            self._tracker.flowed(passed)
        return self._rest + text


class QuietFlow:
    """What nobody hears of before something else comes: it is collected, to be read in one go.

    Args:
        lookout: For something else.
        begun: Its beginning, perhaps.
    """

    __slots__ = ("_begun", "_firsts", "_pieces", "_split")

    def __init__(self, lookout: Lookout, begun: str = "") -> None:
        self._firsts = lookout.firsts.search
        self._split = lookout.split
        self._begun = begun
        self._pieces: list[str] = []

    def feed(self, text: str) -> list[Event] | None:
        """Nothing; None when it is time to read."""
        if len(self._pieces) == _MOST_PIECES:
            return None
        if self._begun or self._firsts(text):
            passing = self._split(self._begun + text)
            if passing is None:
                return None
            text, self._begun = passing
        self._pieces.append(text)
        return []

    def stop(self, text: str, out: list[Event]) -> str:
        """All of it is still to be read."""
        del out
        return "".join(self._pieces) + self._begun + text


def _block_flow(reader: BlockReader, tracker: CallTracker | StepTracker | None) -> Flow | None:
    """The short way through a block that is not heard of, or through a string that the tracker passes on as it is."""
    if tracker is not None and tracker.silent:
        tracker = None
    lookout = reader.waiting() if tracker is None else None
    if lookout is not None:
        return QuietFlow(lookout)
    flowing = reader.flowing()
    if flowing is None:
        return None
    if tracker is None or flowing.kind is None:
        return StringFlow(reader, flowing, None, 0)
    return StringFlow(reader, flowing, tracker, tracker.calls[-1].index) if tracker.flowing(flowing.kind) else None


def flow_from(state: State) -> Flow | None:
    """The short way from here, if there is one."""
    mode = state.mode
    if mode is Mode.TEXT and not state.fenced:
        if state.content.edge == "block":
            begun, state.tail = state.tail, ""
            return QuietFlow(state.marks.next, begun)
        return TextFlow(state.content, state.marks.lookout) if not state.tail and state.content.flowing() else None
    if state.tail:
        return None
    if mode is Mode.BLOCK:
        return _block_flow(state.open_block, state.tracker)
    if mode is Mode.REASONING and state.reasoning.flowing():
        return TextFlow(state.reasoning, state.marks.lookout)
    return None
