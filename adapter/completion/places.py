"""Places: where the events of a parser stand in the completion (behaviour 1.19).

The texts of all `TextDelta`, `ReasoningDelta` and `Markup` events are the characters of the completion, nearly in order: only
white space, special tokens and code fences that a run holds back leave later than text behind them. So places need no account
in the parser. `Locator` lays each text on the completion: on the held-back pieces that were skipped before, from the first on,
and on the text behind; where neither begins with the event's text, held-back text stands in front, and is skipped.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from adapter.events import CallFinished, Markup, ReasoningDelta, TextDelta
from adapter.text.json_spans import spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapter.events import CallPlaces, Event

    _Pieces = deque[tuple[int, str]]


class Span(NamedTuple):
    """A stretch of the completion.

    Attributes:
        start: Offset of the first code point.
        end: Offset behind the last code point.
    """

    start: int
    end: int


class Located(NamedTuple):
    """An event and the stretches of the completion that make its text.

    Attributes:
        event: The event.
        spans: In order, not touching each other. Of a `TextDelta`, `ReasoningDelta` or `Markup` its text; of a `CallFinished`
            its block; none for other events.
    """

    event: Event
    spans: tuple[Span, ...] = ()

    @property
    def places(self) -> CallPlaces | None:
        """The places of a finished call's name and arguments in the completion; None for other events."""
        places = self.event.places if isinstance(self.event, CallFinished) and len(self.spans) == 1 else None
        return None if places is None else places.moved(self.spans[0].start)


class Locator:
    """A search for the places of events in one completion, beside a parser: `locator.feed(text, parser.feed(text))`."""

    __slots__ = ("_block", "_fed", "_more", "_reasons", "_skipped", "_start", "_text")

    def __init__(self) -> None:
        self._text = ""  # text without an event so far, joined
        self._start = 0  # position of the next character in `_text`
        self._fed = 0  # offset behind `_text` in the completion
        self._more: list[str] = []  # text behind `_text`
        # Held-back pieces in front, with their offsets: of the content; and of the reasoning, directly behind which they stand.
        self._skipped: tuple[_Pieces, _Pieces] = (deque(), deque())
        self._reasons = False  # the last text was reasoning
        self._block: tuple[str, tuple[Span, ...]] = ("", ())  # the last text that may be a block

    def feed(self, text: str, events: Iterable[Event]) -> list[Located]:
        """Return the events of a delta with their places.

        Args:
            text: The delta; empty for the events of `CompletionParser.close`.
            events: The parser's events of this delta.
        """
        if text:
            self._more.append(text)
        return [Located(event, self._spans(event)) for event in events]

    def _spans(self, event: Event) -> tuple[Span, ...]:
        if isinstance(event, TextDelta | ReasoningDelta | Markup):
            spans = self._take(event)
            self._reasons = isinstance(event, ReasoningDelta)
            self._block = (event.text, spans)
            return spans
        if isinstance(event, CallFinished) and event.raw == self._block[0]:
            return self._block[1]
        return ()

    def _take(self, event: TextDelta | ReasoningDelta | Markup) -> tuple[Span, ...]:
        """Return the spans of the next event with a text."""
        self._join()
        text = event.text
        content, reasoning = self._skipped
        own = reasoning if isinstance(event, ReasoningDelta) else content
        for pieces in (own, reasoning) if isinstance(event, Markup) else (own,):
            taken, rest = self._from_skipped(pieces, text)
            if rest:
                return _joined([*taken, self._next(len(text) - rest)]) if rest < len(text) else _joined(taken)
        found = self._start if self._text.startswith(text, self._start) else self._text.find(text, self._start)
        if found < 0:
            return ()
        if found > self._start:
            self._skipped[self._reasons].append((self._offset, self._text[self._start : found]))
            self._start = found
        return (self._next(len(text)),)

    def _from_skipped(self, pieces: _Pieces, text: str) -> tuple[list[Span], int]:
        """Take the beginning of a text out of the skipped pieces. Returns the spans, and the size of the beginning.

        The size is 0 unless the text ends among the pieces, or takes all of them and goes on in the text behind.
        """
        if not pieces:
            return [], 0
        taken, rest = 0, 0
        spans: list[Span] = []
        for start, piece in pieces:
            left = len(text) - rest
            size = min(left, len(piece))
            if not (text.startswith(piece, rest) if left >= len(piece) else piece.startswith(text[rest:])):
                return [], 0
            spans.append(Span(start, start + size))
            rest += size
            if rest == len(text):
                break
            taken += 1
        if rest < len(text) and not self._text.startswith(text[rest:], self._start):
            return [], 0
        for _ in range(taken):
            pieces.popleft()
        if rest == len(text):
            start, piece = pieces.popleft()
            behind = piece[spans[-1].end - start :]
            if behind:
                pieces.appendleft((spans[-1].end, behind))
        return spans, rest

    @property
    def _offset(self) -> int:
        """Offset of the next character in the completion."""
        return self._fed - len(self._text) + self._start

    def _next(self, size: int) -> Span:
        start = self._offset
        self._start += size
        return Span(start, start + size)

    def _join(self) -> None:
        """Join the text without an event."""
        if not self._more:
            return
        more = "".join(self._more)
        self._fed += len(more)
        self._text = self._text[self._start :] + more
        self._start = 0
        self._more.clear()


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join spans that touch."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].end == span.start:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return tuple(joined)


def in_order(text: str, events: Iterable[Event]) -> list[Located] | None:
    """Return the events of a whole completion with their places; None where only `Locator` finds these.

    Takes events whose texts follow one another in the completion, and content with pieces held back that leave whole, each as a
    text of its own, in order; none is held back beside reasoning.
    """
    found: list[Located] = []
    place, block = 0, ""
    spans: tuple[Span, ...] = ()
    held: _Pieces = deque()
    reasons = False
    for event in events:
        kind = type(event)
        if kind is TextDelta or kind is Markup or kind is ReasoningDelta:
            block = event.text  # type: ignore[union-attr]
            reasons = reasons or kind is ReasoningDelta
            taken = None if held and reasons else _next_in_order(text, block, place, held)
            if taken is None or (held and reasons):
                return None
            spans, place = (taken,), max(place, taken.end)
            found.append(Located(event, spans))
        else:
            found.append(Located(event, spans if kind is CallFinished and event.raw == block else ()))  # type: ignore[union-attr]
    return found


def _next_in_order(text: str, said: str, place: int, held: _Pieces) -> Span | None:
    """Return the place of the next text, and hold back what stands in front; None where several places may be meant."""
    if held and said[:1] == held[0][1][:1]:
        start, piece = held[0]
        if said != piece:
            return None
        held.popleft()
        return Span(start, start + len(piece))
    if not said:
        return None
    found = place if text.startswith(said, place) else text.find(said, place)
    if found < 0:
        return None
    if found > place:
        held.append((place, text[place:found]))
    return Span(found, found + len(said))


class Places:
    """The places of the parts of a whole completion, found when they are asked for.

    Args:
        text: The completion.
        events: All events.
    """

    __slots__ = ("__dict__", "_events", "_text")

    def __init__(self, text: str, events: Sequence[Event]) -> None:
        self._text = text
        self._events = events

    @property
    def text(self) -> str:
        """The completion."""
        return self._text

    @cached_property
    def _located(self) -> list[Located]:
        found = in_order(self._text, self._events)
        return Locator().feed(self._text, self._events) if found is None else found

    @cached_property
    def content(self) -> tuple[Span, ...]:
        """The stretches of the content."""
        return _joined(span for found in self._located if isinstance(found.event, TextDelta) for span in found.spans)

    @cached_property
    def reasoning(self) -> tuple[Span, ...]:
        """The stretches of the reasoning."""
        return _joined(span for found in self._located if isinstance(found.event, ReasoningDelta) for span in found.spans)

    @cached_property
    def calls(self) -> list[Located]:
        """The finished calls."""
        return [found for found in self._located if isinstance(found.event, CallFinished)]

    def values(self, arguments: str, place: tuple[int, int] | None) -> dict[str, Span]:
        """Return the places of the values in the arguments at `place`; empty where these are not the JSON text of the call."""
        if place is None or self._text[place[0] : place[1]] != arguments:
            return {}
        try:
            members, _ = spans(self._text, place[0])
        except (ValueError, RecursionError):
            return {}
        return {key: Span(first, last) for key, (_, first, last) in members.items()}
