"""A run of content or of reasoning, and the white space and special tokens that belong to the run.

White space is held back until the next text tells if the space separates words, or only blocks. Special tokens are held back
until the next text comes: in the middle of text a token is the model's word, at a block or at the end a left-over.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Literal

from adapter.events import Event, Markup

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.dialects.dialect import SpaceBeforeCall

SPACE = " \t\r\n"
_LEAST = 128  # pieces that are kept: more than pieces of white space are held back
_FEW = 8  # pieces in a list; a deque, for more, takes 760 bytes
_Kind = Literal["space", "token", "fence"]
_FENCE = "```"
# Three backticks or more, at the start of a line or not, with a word directly behind or not.
_FENCES = re.compile(r"(?P<line>^)?`{3,}+(?P<word>(?=[^ \t\r\n]))?", re.MULTILINE)


class TextRun:
    """A run that is reported piece by piece.

    Args:
        make: Class of the events, `TextDelta` or `ReasoningDelta`.
        keep: Most pieces of the run that are kept.

    Attributes:
        seen: Some of the run has been reported.
        edge: The neighbour of the held-back text: the end of the reasoning, a block, or the start of an answer that begins
            with a token; else empty.
        space_before_block: The place of white space between text and a block: `drop` for markup, `keep` for text, or
            `keep-in-sentence` for text if the text breaks off in the middle of a sentence, which may go on behind the block.
        make: As given.
        last: The last character that passed, for line starts and backticks.
        said: The last character that was reported.
        kept: The last pieces that were reported; of a literal the last character.
    """

    __slots__ = (
        "_held", "_keep", "_open", "_settled", "_ticks", "edge", "kept", "last", "make", "said", "seen", "space_before_block",
    )  # fmt: skip

    def __init__(self, make: Callable[[str], Event], keep: int = _LEAST) -> None:
        self.make = make
        self._keep = keep
        self.kept: list[str] | deque[str] = []
        self._held: list[tuple[_Kind, str]] = []
        self._settled = 0  # the first so many are white space in front of a block
        self._open = False  # the text so far ends inside a code fence
        self._ticks = 0  # backticks at the end of the last piece with a backtick, three at most
        self.seen = False
        self.edge: Literal["", "start", "reasoning", "block"] = ""
        self.space_before_block: SpaceBeforeCall = "drop"
        self.last = "\n"
        self.said = ""

    def text(self, text: str, out: list[Event]) -> None:
        """Add ordinary text; white space behind the last word is held back."""
        if not text:
            return
        before, self.last = self.last, text[-1]
        body = text.rstrip(SPACE)
        if not body:
            self._held.append(("space", text))
            return
        space = text[len(body) :]
        if self._held or (self.edge and not self.seen):
            body = self._release(body, out)
        if "`" in text:
            self._see_fences(text, before)
        self._report(body, out)
        if space:
            self._held.append(("space", space))

    def flowing(self) -> bool:
        """Tell if more text would be reported as fed, behind the white space that is held back."""
        return self.seen and not self.edge and (not self._held or (len(self._held) == 1 and self._held[0][0] == "space"))

    def take_space(self) -> str:
        """Hand over the white space that is held back."""
        return "".join(text for _, text in self._take())

    def keep_space(self, space: str) -> None:
        """Hold back white space again."""
        self._held = [("space", space)] if space else []
        self._settled = 0

    def many_kept(self) -> deque[str]:
        """Keep the last pieces where further ones push the first out."""
        if isinstance(self.kept, list):
            self.kept = deque(self.kept, maxlen=self._keep)
        return self.kept

    def forget_space(self) -> None:
        """Remove the white space at the end of the kept pieces, which is held back and reported later."""
        while not self.kept[-1].strip(SPACE):
            self.kept.pop()
        self.kept[-1] = self.kept[-1].rstrip(SPACE)

    def _take(self) -> list[tuple[_Kind, str]]:
        """Hand over the text that is held back."""
        held, self._held, self._settled = self._held, [], 0
        return held

    def literal(self, text: str, out: list[Event]) -> None:
        """Add text that is reported with the white space at its ends."""
        self._report(self._release("", out) + text, out)
        self.last = self.kept[-1] = text[-1]

    def token(self, token: str) -> None:
        """Add a special token: dropped at a block or at the end, kept inside text."""
        self._held.append(("token", token))
        self.last = token[-1]
        self.edge = "reasoning" if self.edge == "start" else self.edge

    def fence(self, fence: str, out: list[Event]) -> None:
        """Add the line of a code fence. One that opens is dropped if the fence holds a block and no text."""
        if self._open and fence == _FENCE:
            self.text(fence, out)
            return
        earlier = [place for place, (kind, _) in enumerate(self._held) if kind == "fence"]
        if earlier:  # the earlier fence holds a fence, and no block
            after = self._held[earlier[-1] + 1 :]
            self._held = self._held[: earlier[-1] + 1]
            self._report(self._release("", out), out)
            self._held = after
        self._held.append(("fence", fence))
        self.last = fence[-1]

    def _see_fences(self, text: str, before: str) -> None:
        """Follow the code fences in a text behind the character `before`; a fence may have begun in the last piece."""
        ticks = self._ticks if before == "`" else 0
        joined = "`" * ticks + text
        for found in _FENCES.finditer(joined):
            if found.start() or ticks < len(_FENCE):  # else it was seen
                starts = found["line"] is not None and (found.start() > 0 or before == "\n")
                # A fence with a word behind, at the start of a line, opens and never closes.
                self._open = not self._open or (starts and found["word"] is not None)
        self._ticks = min(len(joined) - len(joined.rstrip("`")), len(_FENCE))

    def holds_token(self) -> bool:
        """Tell if a special token is held back."""
        return any(kind == "token" for kind, _ in self._held)

    def takes_block(self) -> bool:
        """Tell if a marker here begins a block, with neither a backtick nor a code fence in front."""
        return self.last != "`" and not any(kind == "fence" for kind, _ in self._held)

    def block(self, out: list[Event]) -> bool:
        """Begin a block. Returns True if a code fence was opened for nothing but the block."""
        new = self._held[self._settled :]
        if self.space_before_block == "drop" and (not new or (len(new) == 1 and new[0][0] == "space")):  # nearly always
            self._settled, self.edge = len(self._held), "block"
            return False
        others = [kind for kind, _ in new if kind != "space"]
        fenced = "fence" in others
        if fenced:
            out += [Markup(text) for _, text in self._take()]
        elif others or self.space_before_block != "drop":
            del self._held[self._settled :]
            out += [
                Markup(text) for kind, text in new if kind != "space"
            ]  # first: the space around is one text (behaviour 1.19)
            spaces = [(kind, text) for kind, text in new if kind == "space"]
            if self.seen and not self.edge and self._keeps_space():
                self._report("".join(text for _, text in spaces), out)
            else:
                self._held += spaces
        self._settled = len(self._held)
        self.edge = "block"
        return fenced

    def end(self, out: list[Event]) -> None:
        """End the run."""
        if not self._held:
            return
        for kind, text in self._take():
            if kind == "token" or (kind == "space" and self.edge not in {"", "start"}):
                out.append(Markup(text))
            else:
                self._report(text, out)

    def _release(self, body: str, out: list[Event]) -> str:
        """Return held-back text that turns out to be text, joined with the text behind."""
        self.edge = "" if self.edge == "start" else self.edge
        kept: list[str] = []
        at_edge = bool(self.edge)
        for kind, text in self._take():
            if kind == "fence":  # a fence without a block is text, and all text behind the fence too
                at_edge, self._open = False, True
            if at_edge and (kind == "token" or not self.seen):
                out.append(Markup(text))
            else:
                kept.append(text)
        if not kept and body and self.edge and not self.seen:
            trimmed = body.lstrip(SPACE)
            if len(trimmed) < len(body):
                out.append(Markup(body[: len(body) - len(trimmed)]))
            body = trimmed
        return "".join(kept) + body

    def _report(self, text: str, out: list[Event]) -> None:
        if text:
            out.append(self.make(text))
            (self.kept if len(self.kept) < _FEW else self.many_kept()).append(text)
            self.said = text[-1]
            self.seen = True
            self.edge = ""

    def _keeps_space(self) -> bool:
        """Tell if white space in front of a block belongs to the text.

        Only the last character is asked, so that the answer is the same at any split.
        """
        if self.space_before_block == "keep-in-sentence":
            return self.said.isalnum() or self.said == ","
        return self.space_before_block == "keep"
