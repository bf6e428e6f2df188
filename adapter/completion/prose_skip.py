"""How far a long text is words for certain, told without looking for every literal in every character of it.

Two things make that cheap. Most literals hold a character that is rare in words (`|`, `_`), and Python finds one character a
hundred times faster than the first of many literals. And a special token, or a tag of the reasoning, means nothing between two
words: it is text there, as everything else is. So such a literal need not be found before the last words of a text.

Where this knows nothing, the text is searched as a short one is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.completion.text_run import SPACE

if TYPE_CHECKING:
    from collections.abc import Collection

FENCES = ("```json", "```xml", "```tool_call", "```")

_SHORT = 4096  # a text of fewer characters is searched at once
_FIRST = 1024  # and so are the first ones of a longer one: where literals stand close together, that is the short way
_WINDOW = 1 << 16  # looked at in one go: one literal in a long text must not cost a look to its end
_NEAR = 256  # how far before the end of a window the last of the words is looked for
_TRIES = 4  # so many times a rare character may stand in a window and be none of a literal
# In the order in which they are tried; those that are no ASCII come before them.
_RARE = "|_~^\\@[]="


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of the literals of a dialect.

    Attributes:
        pattern: Matches the first of all literals.
        strong: Matches the first of those that mean something among words, but for `others`.
        reach: The length of the longest of these.
        hints: Characters of which each of these has one: rare ones; and the first of each, where it is one and the same.
        others: The literals without a rare character.
        sure: Matches a character that is a word's and no literal's.
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
        """What is to be known of these literals, of which the weak ones mean nothing between two words."""
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
        """Up to where a text is words, and whatever weak literals stand between them; no literal stands across that place.

        Args:
            text: The text.
            position: Where to begin.
            inside: Whether words came before, so that it need not begin with one.
            closing: One more literal that means something.
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
        """Up to where none of the literals that mean something begins."""
        clear = start
        for hints in self.hints:  # one that begins before that may go beyond it
            clear, done = self._without(hints, text, max(start, clear - self.reach), end)
            if done:
                break
        for literal in (*self.others, closing) if closing else self.others:
            place = text.find(literal, start, clear)
            clear = clear if place < 0 else place
        return clear

    def _without(self, hints: str, text: str, start: int, end: int) -> tuple[int, bool]:
        """Up to where no literal begins that has such a character, and whether that is all that could be told."""
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
    """Rare characters, few of them, of which each literal has one if it has any."""
    left, chosen = set(literals), ""
    foreign = sorted({character for literal in literals for character in literal if not character.isascii()})
    for character in (*foreign, *_RARE):
        hit = {literal for literal in left if character in literal}
        if hit:
            chosen += character
            left -= hit
    return chosen
