"""The readers that go on where a JSON cursor stops, and the state that they are given."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Handover(NamedTuple):
    """The state of a cursor for the reader that goes on after it.

    Attributes:
        unread: Text that was fed, and must be read from this state on.
        offset: Offset of the unread text, in code points from the beginning of the value.
        depth: Number of open containers.
        in_string: The text begins inside a string or key, not inside an escape.
        ended: A string with a closing marker inside has just ended.
        tag: Offset of the first closing marker inside the present string; None without one.
        before: The last character outside of strings and white space, or a character of the same kind.
    """

    unread: str
    offset: int
    depth: int
    in_string: bool
    ended: bool
    tag: int | None
    before: str


class Then(Protocol):
    """The reader of plain text behind a value."""

    def behind(self, text: str) -> bool:
        """Take the text behind the value in the same delta; False refuses text that is not plain."""

    def follow(self, text: str) -> str | None:
        """Read a delta if it is plain, as `JsonCursor.follow` does."""
