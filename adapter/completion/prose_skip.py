"""Fast skip over prose: the longest prefix of a long text that cannot hold a marker; the marker search starts behind it.

Two facts make the skip cheap. Most literals hold a character that is rare in words (`|`, `_`), and Python finds a character a
hundred times faster than the first of many literals. And a special token, or a tag of the reasoning, is text between two words:
these literals matter only at the last words of a text.

Text that cannot be skipped is searched like a short text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.completion.text_run import SPACE

if TYPE_CHECKING:
    from collections.abc import Collection

FENCES = ("```json", "```xml", "```tool_call", "```")

# Sizes in code points.
_SHORT = 4096  # a shorter text is searched at once
_FIRST = 1024  # searched at once in a longer text: enough where literals stand close together
_WINDOW = 1 << 16  # examined at once: a literal in a long text must not cost a search to the end
_NEAR = 256  # from the end of a window back to its last word
_TRIES = 4  # rare characters outside of literals, for one window
# Rare characters in the order of trial; characters outside of ASCII are tried first.
_RARE = "|_~^\\@[]="


@dataclass(frozen=True, slots=True)
class Words:
    """Searches made for the literals of one dialect. A strong literal has a meaning between words too.

    Attributes:
        pattern: Matches any literal.
        strong: Matches a strong literal that has a rare character.
        reach: Length of the longest of those.
        hints: Sets of characters; each of those literals has a character of every set. The first set are the rare characters.
        others: Strong literals without a rare character.
        sure: Matches a character that stands in words, and in no literal.
        begins: Matches the beginning of a text that begins with a word.
    """

    pattern: re.Pattern[str]
    strong: re.Pattern[str]
    reach: int
    hints: tuple[str, ...]
    others: tuple[str, ...]
    sure: re.Pattern[str]
    begins: re.Pattern[str]

    @classmethod
    def among(cls, literals: Collection[str], weak: Collection[str], pattern: re.Pattern[str]) -> Words:
        """Make the searches for these literals; weak literals have no meaning between two words."""
        strong = [literal for literal in literals if literal not in weak or any(space in literal for space in SPACE)]
        rare = _hitting(strong)
        hit = [literal for literal in strong if any(character in literal for character in rare)]
        first = {literal[0] for literal in hit}.difference(rare)
        characters = re.escape("".join(sorted({*SPACE, *"".join((*literals, *FENCES))})))
        firsts = re.escape("".join(sorted({literal[0] for literal in literals} | {"`"})))
        return cls(
            pattern=pattern,
            strong=re.compile("|".join(map(re.escape, sorted(hit, key=len, reverse=True))) or r"(?!)"),
            reach=max(map(len, hit), default=0),
            hints=(rare, *first) if len(first) == 1 else (rare,),
            others=tuple(literal for literal in strong if literal not in hit),
            sure=re.compile(f"[^{characters}]"),
            begins=re.compile(f"[{SPACE}]*+[^{SPACE}{firsts}]"),
        )

    def until(self, text: str, position: int, *, inside: bool, closing: str = "") -> int:
        """Return the position up to which a text is words and weak literals; no literal stands across the position.

        Args:
            text: The text.
            position: The position to begin at.
            inside: Words came before, so that the text need not begin with a word.
            closing: A further strong literal.
        """
        if len(text) - position < _SHORT or not (inside or self.begins.match(text, position)):
            return position
        if self.pattern.search(text, position, position + _FIRST):
            return position
        known = window = position
        while window < len(text):
            window = min(known + _WINDOW, len(text))
            clear = self._clear(text, known, window, closing)
            last = self.sure.search(text, max(known, clear - _NEAR), clear)
            known = last.end() if last else known
            if last is None or clear < window:
                break
        return known

    def _clear(self, text: str, start: int, end: int, closing: str) -> int:
        """Return the position up to which no strong literal begins."""
        clear = start
        for hints in self.hints:  # a literal may stand across the position
            clear, done = self._without(hints, text, max(start, clear - self.reach), end)
            if done:
                break
        for literal in (*self.others, closing) if closing else self.others:
            place = text.find(literal, start, clear)
            clear = clear if place < 0 else place
        return clear

    def _without(self, hints: str, text: str, start: int, end: int) -> tuple[int, bool]:
        """Return the position up to which no literal with these characters begins; and True if the search was complete."""
        done = True
        for hint in hints:
            place, tries = text.find(hint, start, end), _TRIES
            while place >= 0 and tries:
                near = self.strong.search(text, max(start, place - self.reach), place + self.reach)
                if near is not None:
                    end, place = min(near.start(), end), -1
                else:
                    place, tries = text.find(hint, place + 1, end), tries - 1
            if place >= 0:
                end, done = max(start, place - self.reach), False
        return end, done


def _hitting(literals: Collection[str]) -> str:
    """Choose few rare characters, at least one of each literal that has a rare character."""
    left, chosen = set(literals), ""
    foreign = sorted({character for literal in literals for character in literal if not character.isascii()})
    for character in (*foreign, *_RARE):
        hit = {literal for literal in left if character in literal}
        if hit:
            chosen += character
            left -= hit
    return chosen
