"""Short ways for deltas without special characters: words, and text without events before its end.

Most deltas of a completion are words, or the inside of one long string. Once a handler has read up to words, further deltas
without special characters take a short way, after one regular-expression search; the handlers learn of all the text together
when a delta of another kind comes. The events are the events of the handlers. `adapter.completion.call_stream` is the short way
through blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.completion.state import Flow, Mode
from adapter.completion.text_run import SPACE
from adapter.syntax.reading import Unheard

if TYPE_CHECKING:
    import re

    from adapter.completion.state import State
    from adapter.completion.text_run import TextRun
    from adapter.completion.untagged_call import BareCall
    from adapter.events import Event
    from adapter.syntax.reading import Flowing, Lookout

_new = object.__new__
_BRACKET = 4  # the group of `Marks.next`
_MOST_SPACE = 100  # code points that are joined anew with each delta
_MOST_PIECES = 1000  # each costs fifty bytes more than its letters


class TextFlow:
    """Words of a run, and the white space between words.

    Args:
        run: The content or the reasoning.
        lookout: Literals with a meaning in the run.
    """

    __slots__ = ("_begun", "_firsts", "_keep", "_make", "_run", "_space", "_split")

    def __init__(self, run: TextRun, lookout: Lookout) -> None:
        self._run = run
        self._make: Any = run.make  # a class
        self._firsts = lookout.firsts.search
        self._split = lookout.split
        self._space = run.take_space()
        kept = run.many_kept()
        if self._space:
            kept.append(self._space)
        self._keep = kept.append  # the deltas as they come: no further text is held in memory
        self._begun = ""  # the beginning of a literal, perhaps

    def feed(self, text: str) -> list[Event] | None:
        """Return the event of a delta; None for a delta with a literal."""
        if self._begun or self._firsts(text):
            passing = self._split(self._begun + text)
            if passing is None:
                return None
            text, self._begun = passing
            if not text:
                return []
        if text[-1:] > " ":  # no white space at the end
            self._keep(text)
            if self._space:
                text, self._space = self._space + text, ""
        else:
            body = text.rstrip(SPACE)
            if not body:
                return self._more_space(text)
            self._keep(text)
            text, self._space = self._space + body, text[len(body) :]
        event = _new(self._make)  # as the constructor does, whose call would take longer
        event.text = text
        return [event]

    def _more_space(self, text: str) -> list[Event] | None:
        if not text or len(self._space) > _MOST_SPACE:
            return None
        self._space += text
        self._keep(text)
        return []

    def stop(self, text: str, out: list[Event]) -> str:
        """Tell the run of the text that has passed."""
        del out
        self._run.keep_space(self._space)
        if self._space:
            self._run.forget_space()
        self._run.said = self._run.kept[-1][-1]
        self._run.last = (self._space or self._run.said)[-1]
        return self._begun + text


class QuietFlow:
    """Text without events until a literal comes: collected, to be read as one piece.

    Args:
        lookout: Literals that end the quiet.
        begun: The beginning of a literal, perhaps.
    """

    __slots__ = ("_begun", "_firsts", "_pieces", "_split")

    def __init__(self, lookout: Lookout, begun: str = "") -> None:
        self._firsts = lookout.firsts.search
        self._split = lookout.split
        self._begun = begun
        self._pieces: list[str] = []

    def feed(self, text: str) -> list[Event] | None:
        """Collect a delta. Returns no events; None for a delta with a literal."""
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
        """Return all of the text: none was read."""
        del out
        return "".join(self._pieces) + self._begun + text


class BehindFlow:
    """White space behind a block, up to further text; a further call is told from other text in one look.

    Args:
        state: State of the completion.
        begun: Text behind the block that `Marks.next` matches.
    """

    __slots__ = ("_begun", "_found", "_next", "_state")

    def __init__(self, state: State, begun: str) -> None:
        self._state = state
        self._next = state.marks.next.match
        self._begun = begun
        self._found: re.Match[str] | None = None  # a further call, in the delta that did not pass

    def feed(self, text: str) -> list[Event] | None:
        """Keep a delta. Returns no events; None for a delta with text, or with the first bracket of a call."""
        text = self._begun + text
        found = self._next(text)
        if found is None or found.lastindex == _BRACKET:
            self._found = found
            return None
        self._begun = text
        return []

    def stop(self, text: str, out: list[Event]) -> str:
        """Read up to the first bracket of a further call. Returns the text that is still to be read."""
        text, state, found = self._begun + text, self._state, self._found
        if found is None or (not found[1] and state.content.last == "`"):
            return text
        if found[1]:
            state.content.text(found[1], out)
        state.fenced, state.echo = False, ""
        state.mode, state.opener, state.held = Mode.OPENING, found[2], [text[found.start(2) : found.start(_BRACKET)]]
        return text[found.start(_BRACKET) :]


class HeldFlow:
    """A string in text that may be a call without markers: collected without events.

    Args:
        bare: Holds the text.
        flowing: Patterns of text that passes.
    """

    __slots__ = ("_bare", "_begun", "_half", "_match", "_pieces", "_search")

    def __init__(self, bare: BareCall, flowing: Flowing) -> None:
        self._bare = bare
        self._search, self._match, self._half = flowing.special.search, flowing.body.match, flowing.half.match
        self._begun = ""  # the beginning of an escape, perhaps
        self._pieces: list[str] = []

    def feed(self, text: str) -> list[Event] | None:
        """Collect a delta. Returns no events; None at the end of the string."""
        if len(self._pieces) == _MOST_PIECES:
            return None
        if self._begun or self._search(text):
            text = self._begun + text
            end = self._match(text).end()  # type: ignore[union-attr]  # matches everywhere
            if end < len(text) and not self._half(text, end):
                return None
            text, self._begun = text[:end], text[end:]
        self._pieces.append(text)
        return []

    def stop(self, text: str, out: list[Event]) -> str:
        """Hold the text that has passed. Returns the text to be read."""
        del out
        self._bare.flowed("".join(self._pieces))
        return self._begun + text


def behind_block(state: State, text: str) -> str:
    """Take the short way behind a block that has ended, if `text` is nothing but white space or the beginning of a marker.

    Returns:
        The text that is still to be read.
    """
    if state.mode is not Mode.TEXT or state.fenced or state.again or state.content.edge != "block":
        return text
    flow = BehindFlow(state, "")
    if text and flow.feed(text) is None:
        return text
    state.flow = flow
    return ""


def flow_from(state: State) -> Flow | None:
    """Return the short way from the present place, or None."""
    mode = state.mode
    if mode is Mode.BLOCK:
        return _block_flow(state)
    if mode is Mode.TEXT and not state.fenced:
        if state.content.edge == "block":
            begun, state.tail = state.tail, ""
            return BehindFlow(state, begun)
        return TextFlow(state.content, state.marks.lookout) if not state.tail and state.content.flowing() else None
    if mode is Mode.REASONING and not state.tail and state.reasoning.flowing():
        return TextFlow(state.reasoning, state.marks.lookout)
    if mode is Mode.BARE and not state.tail and (state.open_bare.named or state.rules.constrained):
        flowing = state.open_bare.flowing()
        return None if flowing is None else HeldFlow(state.open_bare, flowing)
    return None


def _block_flow(state: State) -> Flow | None:
    """Return the short way through a block: past all but the literals that can end an unheard block, or the call stream."""
    stream, reader = state.stream, state.block
    if stream is None or reader is None:
        raise RuntimeError("a block without a reader and a call stream")
    tail, state.tail = state.tail, ""
    if type(reader.steps) is Unheard:
        lookout = reader.waiting()
        if lookout is not None:
            return QuietFlow(lookout, tail)
    return stream.begin(tail)
