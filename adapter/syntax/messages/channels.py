"""The syntax of a completion that is all messages, each with a header that names its channel: harmony, of gpt-oss.

<|channel|>analysis<|message|>I need the weather.<|end|>
<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>{"city": "Paris"}<|call|>

(on one line). A message to a function is a call, and its text the arguments. Text of the channel for analysis is reasoning, and
of any other channel content. A server keeps back the marker at which it stops, and may send none at all.

A dialect says in `form` which words these are:

    channel, message, constrain   the markers in a header; its `open` is the first of them
    ends                          what ends a message, beside `close`, which ends a call
    role                          the model's own
    recipient                     how a header says to whom a message goes
    namespace                     what stands before a function's name there
    reasoning                     the channel of reasoning
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.end_scanner import Boundaries, is_half
from adapter.syntax.json.one_call_block import OneCallBlock
from adapter.syntax.message import Passage, PassageKind

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings

_FORM = {"channel", "message", "constrain", "ends", "role", "recipient", "namespace", "reasoning"}
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST = 600
# A message's end is one where another message follows; so far may that be away.
_MOST_SPACE = 64


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Attributes:
        end: Where it ends.
        role: Who writes; empty for the model itself, whose header was begun by the prompt.
        recipient: To whom, or empty.
        channel: The channel, or empty.
    """

    end: int
    role: str = ""
    recipient: str = ""
    channel: str = ""


class Channels(Syntax):
    """Reads the messages of this syntax.

    Args:
        settings: What the dialect says.

    Raises:
        DialectError: Its `form` is not what is described above.
    """

    has_passages = True

    def __init__(self, settings: SyntaxSettings) -> None:
        if set(settings.form) != _FORM:
            raise DialectError(f"form = {dict(settings.form)!r}: the syntax 'channels' asks for {', '.join(sorted(_FORM))}")
        form = self._form = dict(settings.form)
        self._start = settings.open
        self._markers = (settings.open, form["channel"], form["constrain"], form["message"])
        self._ends = (settings.close, *form["ends"].split())
        self._bounds = Boundaries(settings.open, settings.close, (*form["ends"].split(), form["channel"], *settings.tokens))
        self._edges = re.compile("|".join(map(re.escape, (settings.open, form["channel"], *self._ends))))
        self._due = {settings.open: "role", form["channel"]: "channel"}
        self._word = re.compile(rf"(?P<to>{re.escape(form['recipient'])})?(?P<word>[\w.:/@+-]{{1,160}})")
        # The prompt ends inside a header, so a call's may begin with whom it is for.
        self.openings: tuple[str, ...] = (settings.open, form["channel"], form["recipient"] + form["namespace"])

    def header(self, text: str, position: int) -> Header | bool | None:
        """The header that begins here; False when none does, None when more text is needed."""
        said: dict[str, str] = {}
        due, spare = "", False  # what the next word is; and whether one may stand for nothing: the type of the text
        limit = position + _LONGEST
        while position < limit:
            found = _SPACE.match(text, position, limit)
            position = found.end() if found else position
            marker = next((marker for marker in self._markers if text.startswith(marker, position)), None)
            if marker == self._form["message"]:
                return Header(position + len(marker), **said)
            if marker is not None:
                due, spare = self._due.get(marker, ""), True
                position += len(marker)
                continue
            if position == len(text) or is_half(text, position, (*self._markers, self.openings[-1])):
                return None
            word = self._word.match(text, position, limit)
            if word is None or not (word["to"] or due or spare):
                return False
            if word["to"] or due:
                said["recipient" if word["to"] else due] = word["word"]
            else:
                spare = False
            due = due if word["to"] else ""
            position = word.end()
            if position == len(text):
                return None
        return False

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on after the beginning of a header, to its end."""
        found = self.header(opener + text[position : position + _LONGEST], 0)
        if isinstance(found, Header):
            return position + found.end - len(opener), True
        return position, found

    def block(self, opening: str) -> BlockReader | Passage:
        """A reader for one message: a call's, or that of a text."""
        found = self.header(opening, 0)
        if found is None or isinstance(found, bool):
            raise RuntimeError("a message was begun by a header that is none")
        namespace, role = self._form["namespace"], self._form["role"]
        if found.role not in {"", role}:
            return Passage(PassageKind.INVENTED, opening, self.passage_end)
        if found.recipient.startswith(namespace):
            return OneCallBlock(opening, found.recipient.removeprefix(namespace), self._bounds)
        if found.recipient not in {"", role}:
            return Passage(PassageKind.ELSEWHERE, opening, self.passage_end)
        reasoning = found.channel == self._form["reasoning"]
        return Passage(PassageKind.REASONING if reasoning else PassageKind.CONTENT, opening, self.passage_end)

    def passage_end(self, text: str, position: int, at_end: bool) -> tuple[int, int | None]:
        """Look for the end of a text.

        A marker ends it where another message follows, or nothing; in any other place it is the model's word. So does a whole
        header, where the marker before it is missing.

        Returns:
            How far the text is certain, and where what ends it ends, or None when it goes on, or more text is needed.
        """
        while found := self._edges.search(text, position):
            place = found.start()
            ended = self._ends_here(text, place, found.group(), at_end)
            if ended is None:
                return place, None
            if ended >= 0:
                return place, ended
            position = found.end()
        literals = (*self._ends, *self.openings[:2])
        half = max(position, len(text) - max(map(len, literals)) + 1)
        if at_end:
            return len(text), None
        return next((place for place in range(half, len(text)) if is_half(text, place, literals)), len(text)), None

    def _ends_here(self, text: str, place: int, marker: str, at_end: bool) -> int | None:
        """Where the marker that ends a text here ends; -1 when it is data, None when more text is needed."""
        if marker not in self._ends:
            header = self.header(text, place)
            if header is None and not at_end:
                return None
            return place if isinstance(header, Header) else -1
        after = place + len(marker)
        found = _SPACE.match(text, after, after + _MOST_SPACE)
        follows = found.end() if found else after
        if follows == len(text):
            return after if at_end else None
        if text.startswith((self._start, *self._ends), follows):
            return after
        return None if is_half(text, follows, (self._start, *self._ends)) and not at_end else -1
