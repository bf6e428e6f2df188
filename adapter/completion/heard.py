"""The text of an answer without a call so far, kept for the look at its end (behaviour 1.18).

At most 262,144 code points are kept. Of a longer text only the markers of other dialects are remembered, and none of a text
with reasoning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.missed_calls import Marks, foreign_marks, missed_calls
from adapter.dialects.registry import resolve

if TYPE_CHECKING:
    from adapter.completion.missed_calls import Reader
    from adapter.completion.request_rules import Rules
    from adapter.completion.state import State
    from adapter.events import Event

MOST_PIECES = 256
_MOST = 1 << 18  # code points
_REACH = 64  # code points kept of a text that is let go: a marker may be cut


class Heard:
    """The text of an answer that holds no call so far.

    Attributes:
        pieces: The text in pieces; `compact` joins them when there are `MOST_PIECES`.
    """

    __slots__ = ("_let_go", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._let_go: Marks | None = None  # the markers in text that is kept no more

    @classmethod
    def by(cls, rules: Rules) -> Heard | None:
        """Return a store for an answer that may hold calls; None for any other."""
        return cls() if rules.tools and rules.choice.mode != "none" else None

    def compact(self, state: State) -> bool:
        """Join the pieces. Returns False if the text is needed no more."""
        if state.count or state.started or state.began:
            return False
        text = "".join(self.pieces)
        if len(text) > _MOST:
            self._let_go = self._let_go or Marks()
            if not state.reasoning.seen:
                self._let_go.join(foreign_marks(text, resolve(state.options.dialect)))
            text = text[-_REACH:]
        self.pieces[:] = [text]
        return True

    def missed(self, state: State, read: Reader) -> list[Event]:
        """Return the problems of the answer, which held no call."""
        text = "".join(self.pieces)
        if self._let_go is None:
            return missed_calls(text, state.rules, state.options, read, thought=state.reasoning.seen)
        if not state.reasoning.seen:
            self._let_go.join(foreign_marks(text, resolve(state.options.dialect)))
        said = "the answer is too long to be read in its form"
        return [self._let_go.told(said, "")] if self._let_go.places else []
