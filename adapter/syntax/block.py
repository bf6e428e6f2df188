"""The base of all block readers: the text of the block, offsets, the feed loop, and answers that most readers share.

A reader is a state machine. `feed` calls the step of the present state until the text is consumed, the block ends, or a step
neither consumes text nor changes the state: then the step needs more text, and sees the rest again with the next delta. So a
reader looks at no character twice but at the few of a tag that is still incomplete.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.text.buffer import BlockText

if TYPE_CHECKING:
    from adapter.syntax.contract import Follower
    from adapter.syntax.reading import End, Flowing, Lookout, Reading, Step


class Where(Enum):
    """The part of a block that a reader is in."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    BETWEEN = auto()  # in the block, outside of calls
    HEAD = auto()  # in the name of a call, or in the markup around the name
    CALL = auto()  # in a call, outside of keys and values
    KEY = auto()
    VALUE = auto()
    ARGUMENTS = auto()  # in arguments that are one text: JSON, braces, Python
    BROKEN = auto()  # in a call that cannot be read: only the end of the block is looked for


class Block(ABC):
    """A reader of one block; a call syntax derives its own from this class.

    Offsets count code points from the first character behind the opening.

    Args:
        opening: The opening marker, and the text between the marker and the payload.
        where: The state in which the block begins.

    Attributes:
        opening: As given.
        steps: Pieces of calls that are certain and not taken yet; whoever takes them clears the list.
    """

    def __init__(self, opening: str, where: Where = Where.BETWEEN) -> None:
        self.opening = opening
        self.steps: list[Step] = []
        self._where = where
        self._text = BlockText(opening)
        self._read = 0  # code points consumed
        self._base = 0  # added to a position in the text being fed, gives an offset
        self._payload_end = 0  # offset
        self._block_end = 0  # offset

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text from `position` on. Returns the position reached, and the end of the block, if it has come."""
        start, end = position, None
        self._base = self._read - start
        while position < len(text) and end is None:
            before = self._where
            after, end = self._step(text, position)
            if after == position and before is self._where and end is None:
                break
            position = after
        if position > start:
            self._take(text, position)
        return position, end

    def _take(self, text: str, position: int) -> None:
        """Take the text being fed into the block, up to a position."""
        start = self._read - self._base
        if position > start:
            self._text.take(text, start, position)
            self._read += position - start

    @abstractmethod
    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text in the present state. Returns as `feed` does; the same position in the same state asks for more text."""

    @abstractmethod
    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block at the end of the completion.

        Args:
            tail: Text that was fed and not consumed.
            cut: The model was stopped, rather than done.
        """

    @abstractmethod
    def read(self, end: End) -> Reading:
        """The calls of the block that ended so."""

    def parts(self) -> tuple[str, str]:
        """The block as the model wrote it, and text behind its end that is to be read again."""
        return self._text.split(self._block_end)

    def markup_faults(self) -> tuple[str, ...]:
        """Faults of the block's markup; none in a syntax whose markup is read by the reader itself."""
        return ()

    def go_on(self) -> None:  # noqa: B027  # most readers end by text behind readable calls only, and are never asked
        """Read on for the closing marker, after `End.TEXT` with nothing readable."""

    def waiting(self) -> Lookout | None:
        """The characters without which the block cannot end; None when the reader wants to see every delta."""
        return None

    def flowing(self) -> Flowing | None:
        """The pattern of text that may be forwarded unread: the inside of a string; None when the reader is not in one."""
        return None

    def follower(self) -> Follower | None:
        """A reader of plain deltas inside the arguments; None where every delta is for `feed`."""
        return None

    def flowed(self, text: str) -> str:
        """Consume text that `flowing` let pass. Returns the text as JSON."""
        raise RuntimeError(f"{text!r} passed a reader that lets nothing pass")

    def _ended(self, end: End, payload: int, block: int) -> End:
        """Note where the payload and the block end, as positions in the text being fed. Returns `end`."""
        self._payload_end, self._block_end = self._base + payload, self._base + block
        return end

    def _finished(self, tail: str) -> None:
        """Take the last text of the completion into the block, which ends with it."""
        self._text.append(tail)
        self._read += len(tail)
        self._payload_end = self._block_end = self._read


class EagerReader:
    """A reader that wants to see every delta."""

    __slots__ = ()

    def waiting(self) -> Lookout | None:
        """None: every delta is read."""
        return None

    def follower(self) -> Follower | None:
        """None: no delta is followed unread."""
        return None


class CarefulReader(EagerReader):
    """A reader that also wants to see the inside of strings."""

    __slots__ = ()

    def flowing(self) -> Flowing | None:
        """None: no text is forwarded."""
        return None

    def flowed(self, text: str) -> str:
        """Refuse text: none was forwarded."""
        raise RuntimeError(f"{text!r} passed a reader that lets nothing pass")
