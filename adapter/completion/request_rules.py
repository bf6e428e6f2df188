"""Rules of a request for reading its answer."""

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
    """Rules of a request for reading its answer.

    Attributes:
        tools: The tools offered.
        choice: Tools that may be called, or must be.
        parallel: False keeps the first call only.
        constrained: Upstream was made to answer with a JSON call without markers, which is read without the gates of `recover`.
        invalid_as_text: A block with an invalid call stays in the content.
        reply: The tool through which the model answers in words; the words are content.
        thinking: The completion begins inside the reasoning.
        taken: Ids of earlier calls, which no new call gets.
        incremental: Calls are reported while the model writes them; otherwise when complete and checked.
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
        """Read these parameters of a chat request.

        Raises:
            BadRequest: A chat request may not hold these values.
        """
        tool_set = read_tools(list(tools))
        return cls(tool_set, read_choice(tool_choice, tool_set.names), parallel)

    def reports(self, name: str) -> bool:
        """Tell if calls of a tool are reported while the model writes them: words through the reply tool are content."""
        return self.incremental or (name == self.reply and not self.invalid_as_text)
