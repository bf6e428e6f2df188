"""The shape of an answer: the input of every constraint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from adapter.tools.definitions import ToolSet


@dataclass(frozen=True, slots=True)
class Shape:
    """The answers that are allowed.

    Attributes:
        tools: The tools that may be called.
        forced: True if the answer must be a call.
        several: True if the answer may hold more than a single call.
        reply: The name of the tool for answers in words, called alone; the answer is then always a call.
        thinking: Thinking before the answer: `no`, `may` for optional, `begun` if the prompt ended inside the thinking.
    """

    tools: ToolSet
    forced: bool = False
    several: bool = False
    reply: str | None = None
    thinking: Literal["no", "may", "begun"] = "no"
    longest: int = 0

    @property
    def always(self) -> bool:
        """True if every allowed answer is a call."""
        return self.forced or self.reply is not None
