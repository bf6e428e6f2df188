"""What one request says about reading its answer."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from adapter.events import frozen
from adapter.tools.choice import ToolChoice, read_choice
from adapter.tools.definitions import ToolSet, read_tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@frozen
class Rules:
    """What one request says about reading its answer.

    Attributes:
        tools: The tools offered.
        choice: Which of them may be called, and whether one must be.
        parallel: False keeps the first call only.
        constrained: Upstream was made to answer with a bare JSON call, so one is read without the gates of `recover`.
        invalid_as_text: A block with an invalid call stays in the content.
        reply: The tool through which the model answers in words; what it says is content.
        thinking: The completion begins inside the reasoning.
        taken: Ids of earlier calls, which no new one gets.
        incremental: Calls are reported while they are written; otherwise when they are complete and checked.
    """

    tools: ToolSet = field(default_factory=ToolSet)
    choice: ToolChoice = field(default_factory=ToolChoice)
    parallel: bool | None = None
    constrained: bool = False
    invalid_as_text: bool = False
    reply: str | None = None
    thinking: bool = False
    taken: frozenset[str] = frozenset()
    incremental: bool = False

    @classmethod
    def of(cls, tools: Iterable[Mapping[str, Any]], tool_choice: Any, parallel: bool | None) -> Rules:
        """What a chat request says by these parameters of its.

        Raises:
            BadRequest: They are not what a chat request may hold.
        """
        tool_set = read_tools(list(tools))
        return cls(tool_set, read_choice(tool_choice, tool_set.names), parallel)

    def reports(self, name: str) -> bool:
        """Whether calls of a tool are reported while they are written: what is said through the reply tool is content."""
        return self.incremental or (name == self.reply and not self.invalid_as_text)
