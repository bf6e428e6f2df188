"""The tools chosen for a turn, each with its score and the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal["always", "kept", "called", "words", "meaning", "fits", "fallback"]


@dataclass(frozen=True, slots=True)
class SelectedTool:
    """A tool that was chosen.

    Attributes:
        name: The tool's name.
        tool: The caller's own definition.
        score: The score for the conversation: BM25, at least 0, without a unit; with `embed`, a weighted sum of standard
            scores, of either sign. Comparable within one selection only.
        kind: `always`: named by the caller for every turn; `kept`: for this turn; `called`: the model has called the tool
            before; `words`: words of the conversation occur in the definition; `meaning`: near by the caller's embeddings;
            `fits`: all tools fit within the limit; `fallback`: nothing in the conversation met any tool, so the first tools
            stand in.
        reason: The same in words, with the words that met.
    """

    name: str
    tool: Mapping[str, Any]
    score: float
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class ToolSelection:
    """The tools for a turn, in the caller's order.

    Attributes:
        selected: The chosen tools.
        left_out: Names of tools that the model has called before, and that found no place within the limit.
    """

    selected: tuple[SelectedTool, ...]
    left_out: tuple[str, ...] = ()

    @property
    def tools(self) -> list[Mapping[str, Any]]:
        """The caller's own definitions, for a request's `tools`; a new list."""
        return [one.tool for one in self.selected]

    @property
    def names(self) -> list[str]:
        """The names; a new list."""
        return [one.name for one in self.selected]

    def ranked(self) -> list[SelectedTool]:
        """Return the chosen tools by their score, the best first; tools of the same score in the caller's order."""
        return sorted(self.selected, key=lambda one: -one.score)

    def __len__(self) -> int:
        return len(self.selected)

    def __iter__(self) -> Iterator[SelectedTool]:
        return iter(self.selected)

    def __str__(self) -> str:
        width = max((len(one.name) for one in self.selected), default=0)
        lines = [f"{one.name:{width}}  {one.score:6.2f}  {one.reason}" for one in self.selected]
        return "\n".join([*lines, *(f"{name} was called before and found no place" for name in self.left_out)])
