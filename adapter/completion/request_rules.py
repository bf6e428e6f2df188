"""Rules of a request for reading its answer."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from adapter.completion.given_words import held_names
from adapter.dialects.registry import resolve
from adapter.events import frozen
from adapter.tools.choice import ToolChoice, read_choice
from adapter.tools.definitions import ToolSet, read_tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.grounding.conversation import ConversationText
    from adapter.options import Options


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
        held: Tools whose calls wait for their end in any case: the model may write a name or a value as it was shown.
        said: The conversation, from which the values of calls are to come; None where nobody asks.
        search: The tool by which the model looks for further tools, in words of its own.
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
    held: frozenset[str] = frozenset()
    said: ConversationText | None = None
    search: str | None = None

    @classmethod
    def of(
        cls,
        tools: Iterable[Mapping[str, Any]] | ToolSet | None,
        tool_choice: Any,
        parallel: bool | None,
        options: Options,
        *,
        streamed: bool,
    ) -> Rules:
        """Read the parameters of a chat request and the options that are rules for reading.

        Args:
            tools: As in a chat request, or the result of `adapter.read_tools`.
            tool_choice: As in a chat request.
            parallel: `parallel_tool_calls`, as in a chat request.
            options: The caller's choices.
            streamed: The completion comes in pieces.

        Raises:
            BadRequest: A chat request may not hold these values.
        """
        tool_set = read_tools(tools if tools is None or isinstance(tools, ToolSet) else list(tools))
        as_text = options.on_invalid == "text"
        incremental = streamed and options.stream_calls == "incremental" and not as_text
        held = incremental and bool(tool_set) and options.neutralise
        return cls(
            tool_set,
            read_choice(tool_choice, tool_set.names),
            parallel,
            invalid_as_text=as_text,
            incremental=incremental,
            held=held_names(tool_set, resolve(options.dialect)) if held else frozenset(),
        )

    def reports(self, name: str) -> bool:
        """Tell if calls of a tool are reported while the model writes them: words through the reply tool are content."""
        early = self.incremental and name not in self.held and name != self.search  # no part of a search leaves
        return early or (name == self.reply and not self.invalid_as_text)
