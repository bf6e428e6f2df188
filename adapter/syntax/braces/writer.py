"""The JSON of arguments in braces, and the part of the JSON that may leave before the call is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.schema.leaving import flows, others
from adapter.text.json_gate import surely_text
from adapter.text.json_writer import BracesText

if TYPE_CHECKING:
    from adapter.schema.known_place import KnownPlace


class ArgumentsText(BracesText):
    """The arguments of one call; every method returns the text that may leave now.

    Args:
        place: The place of the arguments in the tool's schema.

    Attributes:
        edits: Values that were coerced before they left: start and end in `written`, and the text that left.
    """

    __slots__ = ("_frozen", "_held", "_outer", "_place", "_position", "_value", "edits")

    def __init__(self, place: KnownPlace) -> None:
        super().__init__()
        self.edits: list[tuple[int, int, str]] = []
        self._place = self._value = place  # of the innermost bracket, and of the value that comes next or came last
        self._position = 0  # in a list
        self._outer: list[tuple[KnownPlace, int]] = []
        self._held: list[str] | None = None  # pieces of a string that may have to be coerced
        self._frozen = False  # only the finished call can tell the rest

    @property
    def flowing(self) -> bool:
        """True if the open string is emitted as it grows."""
        return self._held is None and not self._frozen

    def begin(self, bracket: str) -> str:
        """Open an object or a list."""
        self._enter()
        self._outer.append((self._place, self._position))
        self._place, self._position = self._value, 0
        return self._sure(super().begin(bracket))

    def end(self) -> str:
        """Close the innermost object or list."""
        self._place, self._position = self._outer.pop()
        return self._sure(super().end())

    def key(self, name: str) -> str:
        """Write a key, and the colon behind the key."""
        self._value = self._place.member(name)
        return self._sure(super().key(name))

    def begin_string(self) -> str:
        """Open a string."""
        self._enter()
        separator, quote = self.separator(), super().begin_string()
        self._held = None if flows(self._value) else [quote]
        return self._sure(separator + quote if self._held is None else separator)

    def string(self, piece: str) -> str:
        """Write a piece of the open string, given as the model wrote the piece."""
        text = super().string(piece)
        if self._held is None:
            return self._sure(text)
        self._held.append(text)
        kinds = others(self._value)
        if kinds is None or not surely_text(self._held, kinds):
            return ""
        text, self._held = "".join(self._held), None
        return self._sure(text)

    def end_string(self) -> str:
        """Close the string."""
        text = super().end_string()
        if self._held is None:
            return self._sure(text)
        literal, self._held = "".join(self._held) + text, None
        return self._settled(literal)

    def word(self, text: str) -> str:
        """Write a value without quotes: JSON in the model's own spelling, or a string if the text is no JSON."""
        self._enter()
        return self._sure(self.separator()) + self._settled(super().word(text))

    def _enter(self) -> None:
        """Find the place of a value that begins; in an object the key has told the place."""
        if self.in_list:
            self._value = self._place.item(self._position)
            self._position += 1

    def _settled(self, literal: str) -> str:
        """Return what may leave of a complete value, which was written last."""
        text = None if self._frozen else self._value.settled(literal)
        if text is None:
            self._frozen = True
        elif text != literal:
            end = len(self.written)
            self.edits.append((end - len(literal), end, text))
        return text or ""

    def _sure(self, text: str) -> str:
        return "" if self._frozen else text
