"""The values of calls held against the conversation of a request (behaviour 5.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.grounding.conversation import ConversationText
from adapter.grounding.judge import judged, other_tool
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.dialects.registry import Dialect
    from adapter.options import Options
    from adapter.tools.choice import ToolChoice
    from adapter.tools.definitions import ToolSet


class Grounds:
    """The conversation, and the judgement on calls by the conversation.

    Args:
        messages: The conversation.
        tools: The tools offered, with the reply tool.
        reply: The name of the reply tool, or None.
        choice: The tool choice.
        dialect: The dialect of the calls.
        options: The options `grounding` and `optional`.

    Attributes:
        said: The text of the conversation; None where the options do not ask for the judgement.
        asks_in_words: An answer with values that nobody said, or a call of a tool that was not offered, is asked for again.
    """

    __slots__ = ("_dialect", "_reply", "_tells", "_tools", "asks_in_words", "said")

    def __init__(
        self, messages: Any, tools: ToolSet, reply: str | None, choice: ToolChoice, dialect: Dialect, options: Options
    ) -> None:
        wanted = options.grounding != "off" or options.optional == "drop"
        self.said = ConversationText.of(messages) if wanted and tools and choice.mode != "none" else None
        self.asks_in_words = options.grounding == "reask" and self.said is not None and not choice.forced
        self._tells = options.grounding != "off" and self.said is not None
        self._tools = tools
        self._reply = reply
        self._dialect = dialect

    def out_of_place(self, calls: Iterable[tuple[str, str]]) -> bool:
        """Return True for a first call, as `(name, arguments)`, whose values do not occur in the conversation."""
        name, arguments = next(iter(calls), ("", ""))
        tool = self._tools.by_name.get(name) if name != self._reply else None
        if tool is None or self.said is None or not self._tells:
            return False
        try:
            return not judged(loads(arguments), tool.schema.source, self.said, tool.purpose).grounded
        except (ValueError, RecursionError):
            return False

    def invented(self, name: str, arguments: str) -> tuple[str, ...]:
        """Return the optional arguments of a call that occur nowhere in the conversation; none where nobody asked for that."""
        tool = self._tools.by_name.get(name)
        if tool is None or self.said is None:
            return ()
        try:
            return judged(loads(arguments), tool.schema.source, self.said).invented
        except (ValueError, RecursionError):
            return ()

    def other_tool(self, text: str) -> str:
        """Return the name in an answer that is a bare call of a tool that was not offered; else an empty text."""
        return other_tool(self.answer(text), self._tools.names) if self._tells else ""

    def answer(self, text: str) -> str:
        """Return an answer without the thinking before it."""
        return text.rpartition(self._dialect.reasoning[1])[2] if self._dialect.reasoning else text
