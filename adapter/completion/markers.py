"""Markers in running text: the literals of a dialect, found with one look at each character."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.completion.prose_skip import FENCES, Words
from adapter.events import frozen
from adapter.syntax.reading import Lookout
from adapter.text.literal_tree import tree
from adapter.text.partial import begun

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapter.dialects.registry import Dialect

_LIKE_TOKEN = re.compile(r"<[|｜]|<[^<>]*[|｜]>")


@frozen
class Mark:
    """A literal and its position. An empty `text` is the beginning of a literal, at the end of the text so far."""

    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Marks:
    """The literals of a dialect.

    Attributes:
        openings: A block begins.
        opens: The same, to compare the beginning of a text with.
        close: A block ends.
        result: A tool result begins and ends.
        reasoning: Reasoning begins and ends, or two empty strings.
        answer: The answer behind reasoning begins and ends, or two empty strings.
        tokens: Special tokens.
        spare: Special tokens, and markers that look like special tokens, which no model writes as words.
        literals: All literals, the longest first.
        begun: Literals that are the beginning of another.
        idle: Special tokens without any other meaning.
        pattern: Matches any literal.
        half: Matches the beginning of a literal, at the end of a text.
        next: Matches a text behind a block that is white space and the beginning of a literal, and the beginning of a further
            call: the space, the marker and the space behind it, and the first bracket of the JSON are groups 1 to 4.
        lookout: A lookout in running text, for literals and for the first character of a code fence.
        words: The fast skip over prose.
    """

    openings: frozenset[str]
    opens: tuple[str, ...]
    close: str
    result: tuple[str, str]
    reasoning: tuple[str, str]
    answer: tuple[str, str]
    tokens: frozenset[str]
    spare: frozenset[str]
    literals: tuple[str, ...]
    begun: frozenset[str]
    idle: frozenset[str]
    pattern: re.Pattern[str]
    half: re.Pattern[str]
    next: re.Pattern[str]
    lookout: Lookout
    words: Words

    @classmethod
    def of(cls, dialect: Dialect, openings: tuple[str, ...], tokens: tuple[str, ...], *, plain: bool = False) -> Marks:
        """Return the literals of a dialect, with the markers of its syntax, of `plain` blocks, and its special tokens."""
        pairs = (dialect.result or ("", ""), dialect.reasoning or ("", ""), dialect.answer or ("", ""))
        return _marks(openings, dialect.close, *pairs, tokens, plain=plain)

    @classmethod
    def made(
        cls,
        openings: tuple[str, ...],
        close: str,
        result: tuple[str, str],
        reasoning: tuple[str, str],
        answer: tuple[str, str],
        tokens: tuple[str, ...],
        *,
        plain: bool = False,
    ) -> Marks:
        """Compile these literals; in `plain` blocks white space may stand between a tag and JSON."""
        named = (*openings, close, *result, *reasoning, *answer, *tokens)
        spare = {*tokens, *filter(_LIKE_TOKEN.match, (close, *reasoning))}
        weak = {*reasoning, *answer, *tokens}.difference(openings, (close, *result), {reasoning[0]} & spare)
        literals = tuple(sorted({literal for literal in named if literal}, key=len, reverse=True))
        firsts = re.escape("".join({literal[0] for literal in literals}))
        starts = {literal[:size] for literal in literals for size in range(1, len(literal))}
        begins = starts.intersection(literals)
        any_literal = tree(literals)  # a tokenizer may have thousands of special tokens
        half = rf"(?>{begun(literals)})\Z"
        pattern = re.compile(any_literal)
        return cls(
            openings=frozenset(openings),
            opens=openings,
            close=close,
            result=result,
            reasoning=reasoning,
            answer=answer,
            tokens=frozenset(tokens),
            spare=frozenset(spare),
            literals=literals,
            begun=frozenset(begins),
            idle=frozenset(tokens).difference(openings, (close, *result, *reasoning, *answer), begins),
            pattern=pattern,
            half=re.compile(half),
            next=_next({tag for tag in openings if plain and tag[0] + tag[-1] == "<>"}.difference(begins, reasoning), half),
            lookout=Lookout(
                re.compile(f"[{firsts}`]"),
                re.compile(f"({half})|`|{any_literal}"),
            ),
            words=Words.among(literals, weak, pattern),
        )

    def find(self, text: str, position: int) -> Mark | None:
        """Return the first literal from `position` on, or the beginning of a literal at the end of the text."""
        found = self.pattern.search(text, position)
        if found is None:
            half = self.half.search(text, max(position, len(text) - len(self.literals[0]) + 1))
            return None if half is None else Mark(half.start(), "")
        start, literal = found.start(), found.group()
        if literal in self.begun and self.half.match(text, start):
            return Mark(start, "")  # a longer literal may stand here
        return Mark(start, literal)


def _next(tags: Collection[str], half: str) -> re.Pattern[str]:
    """Return the pattern of text behind a block, before a further call that begins with one of these tags."""
    space, listed = r"[ \t\r\n]{0,64}+", "|".join(map(re.escape, sorted(tags))) or "(?!)"
    return re.compile(rf"({space})(?:({listed})({space})(?:(\{{)|\Z)|{half}|\Z)")


# A server has few dialects, and one parser for every answer.
_marks = functools.lru_cache(maxsize=64)(Marks.made)


def fence_at_end(text: str, *, line_start: bool) -> tuple[int, bool] | None:
    """Find a code fence, or the beginning of a fence, on the last line of a text.

    Args:
        text: Text without white space at its end.
        line_start: The text begins at the start of a line.

    Returns:
        The position of the fence, and True for a complete fence line; None for a line without a fence.
    """
    start = text.rfind("\n") + 1
    line = text[start:]
    if (start == 0 and not line_start) or not line.startswith("`"):
        return None
    if not any(fence.startswith(line) for fence in FENCES):
        return None
    return start, line in FENCES
