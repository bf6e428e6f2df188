"""What an answer may be: the one input of every constraint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from adapter.tools.definitions import ToolSet


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer may be.

    Attributes:
        tools: The tools that may be called.
        forced: Whether it must be a call.
        several: Whether it may be more than one.
        reply: The tool through which it answers in words, alone; then it is a call in every case.
        thinking: Whether the model thinks first: it may, or it is in the middle of it when its answer begins.
    """

    tools: ToolSet
    forced: bool = False
    several: bool = False
    reply: str | None = None
    thinking: Literal["no", "may", "begun"] = "no"

    @property
    def always(self) -> bool:
        """Whether the answer is a call in every case."""
        return self.forced or self.reply is not None
