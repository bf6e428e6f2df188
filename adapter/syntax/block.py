"""What readers of blocks have in common: how much of the text they want to see as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.syntax.reading import Flowing, Lookout


class EagerReader:
    """A reader that does not say what it waits for."""

    __slots__ = ()

    def waiting(self) -> Lookout | None:
        """Anything."""
        return None


class CarefulReader(EagerReader):
    """A reader that wants to see all of its text."""

    __slots__ = ()

    def flowing(self) -> Flowing | None:
        """Nothing passes as it is."""
        return None

    def flowed(self, text: str) -> str:
        """Nothing did."""
        raise RuntimeError(f"{text!r} passed a reader that lets nothing pass")
