"""The literals that mean something in running text, found without looking at any character twice."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.syntax.boundaries import begun, is_half

if TYPE_CHECKING:
    from adapter.dialects.registry import Dialect

_FENCES = ("```json", "```xml", "```tool_call", "```")


@dataclass(frozen=True, slots=True)
class Mark:
    """A literal and where it stands. `text` is empty for one that may still become a literal: wait for more."""

    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Marks:
    """The literals of a dialect.

    Attributes:
        openings: A block begins.
        close: A block ends.
        result: A tool result begins and ends.
        reasoning: Reasoning begins and ends, or two empty strings.
        tokens: Special tokens.
        literals: All of them.
        pattern: Matches the first of them.
        first: What they begin with.
        flow_ends: Finds what running text may hold that is not only text: one of them, or the first character of a code fence;
            or, as its group, the beginning of one at the end of the text.
        flow_firsts: Finds the first character of any of these, in a quarter of the time.
    """

    openings: frozenset[str]
    close: str
    result: tuple[str, str]
    reasoning: tuple[str, str]
    tokens: frozenset[str]
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    first: str
    flow_ends: re.Pattern[str]
    flow_firsts: re.Pattern[str]

    @classmethod
    def of(cls, dialect: Dialect, openings: tuple[str, ...], tokens: tuple[str, ...]) -> Marks:
        """The literals of a dialect: those of its syntax that begin a block, and the special tokens."""
        return _marks(openings, dialect.close, dialect.result or ("", ""), dialect.reasoning or ("", ""), tokens)

    @classmethod
    def made(
        cls, openings: tuple[str, ...], close: str, result: tuple[str, str], reasoning: tuple[str, str], tokens: tuple[str, ...]
    ) -> Marks:
        """These literals, compiled."""
        named = (*openings, close, *result, *reasoning, *tokens)
        literals = tuple(sorted({literal for literal in named if literal}, key=len, reverse=True))
        first = "".join({literal[0] for literal in literals})
        return cls(
            openings=frozenset(openings),
            close=close,
            result=result,
            reasoning=reasoning,
            tokens=frozenset(tokens),
            literals=literals,
            pattern=re.compile("|".join(map(re.escape, literals))),
            first=first,
            flow_ends=re.compile("|".join([rf"((?:{begun(literals)})\Z)", "`", *map(re.escape, literals)])),
            flow_firsts=re.compile(f"[{re.escape(first)}`]"),
        )

    def find(self, text: str, position: int) -> Mark | None:
        """The first literal at or after `position`, or the first place where the text ends inside one."""
        found = self.pattern.search(text, position)
        if found is None:
            half = self._half(text, position)
            return None if half is None else Mark(half, "")
        if is_half(text, found.start(), self.literals):
            return Mark(found.start(), "")  # a longer literal may come of it
        return Mark(found.start(), found.group())

    def _half(self, text: str, position: int) -> int | None:
        start = max(position, len(text) - len(self.literals[0]) + 1)
        for place in range(start, len(text)):
            if text[place] in self.first and is_half(text, place, self.literals):
                return place
        return None


# A server has few dialects, and one parser for every answer.
_marks = functools.lru_cache(maxsize=64)(Marks.made)


def fence_at_end(text: str, *, line_start: bool) -> tuple[int, bool] | None:
    """A code fence, or what may become one, on the last line of a text.

    Args:
        text: Without white space at its end.
        line_start: Whether the text begins at the start of a line.

    Returns:
        Where it begins and whether it is a whole fence line; None when the line is no fence.
    """
    start = text.rfind("\n") + 1
    line = text[start:]
    if (start == 0 and not line_start) or not line.startswith("`"):
        return None
    if not any(fence.startswith(line) for fence in _FENCES):
        return None
    return start, line in _FENCES
