"""What a call syntax is told of the schemas of the tools: the types of raw values, which have none of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

# The JSON types that a parameter of a tool may have; None when nothing is known of it. Called with both names.
Types: TypeAlias = Callable[[str, str], frozenset[str] | None]


class Place(Protocol):
    """What a schema says of a place in the arguments, for raw values, which have no types of their own."""

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that a value may have there; None when nothing is known of it."""

    def names(self, name: str) -> bool:
        """Whether it speaks of an object's member by this name."""

    def member(self, name: str) -> Place:
        """The place of an object's member."""

    def item(self, position: int) -> Place:
        """The place of a list's element."""

    def lets_text_be(self) -> bool:
        """Whether no string that stands here is coerced, whatever it says."""

    def may_change(self, value: Any) -> bool:
        """Whether a JSON value that stands here, or one inside of it, may be coerced when the call is complete."""


class _Anywhere:
    """A place of which nothing is known."""

    def kinds(self) -> frozenset[str] | None:
        return None

    def names(self, name: str) -> bool:
        del name
        return False

    def member(self, name: str) -> Place:
        del name
        return self

    def item(self, position: int) -> Place:
        del position
        return self

    def lets_text_be(self) -> bool:
        return True

    def may_change(self, value: Any) -> bool:
        del value
        return False


ANYWHERE = _Anywhere()
