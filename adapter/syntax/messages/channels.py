"""The syntax of a completion made of messages, each with a header that names a channel: harmony, of gpt-oss.

<|channel|>analysis<|message|>I need the weather.<|end|>
<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>{"city": "Paris"}<|call|>

(on one line). A message to a function is a call, and its text the arguments. Text of the channel for analysis is reasoning,
text of any other channel content. A server keeps back the marker at which it stops, and may send no marker at all.

A dialect gives the words in `form`:

    channel, message, constrain   the markers in a header; `open` begins a header
    ends                          markers that end a message, beside `close`, which ends a call
    role                          the role of the model
    recipient                     the word before the name of a message's recipient
    namespace                     the prefix of a function's name in a recipient
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
_LONGEST = 600  # code points of a header
_MOST_SPACE = 64  # code points between the end of a message and the next message


@dataclass(frozen=True, slots=True)
class Header:
    """A header.

    Attributes:
        end: Position behind the header.
        role: The writer's role; empty for the model, whose header was begun by the prompt.
        recipient: The recipient, or empty.
        channel: The channel, or empty.
    """

    end: int
    role: str = ""
    recipient: str = ""
    channel: str = ""


class Channels(Syntax):
    """Reads the messages of this syntax.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: `form` does not hold exactly the keys above.
    """

    has_passages = True

    def __init__(self, settings: SyntaxSettings) -> None:
        if set(settings.form) != _FORM:
            raise DialectError(f"form = {dict(settings.form)!r}: the syntax 'channels' asks for {', '.join(sorted(_FORM))}")
        form = self._form = dict(settings.form)
        self._known = settings.known
        self._start = settings.open
        self._markers = (settings.open, form["channel"], form["constrain"], form["message"])
        self._ends = (settings.close, *form["ends"].split())
        self._bounds = Boundaries(settings.open, settings.close, (*form["ends"].split(), form["channel"], *settings.tokens))
        self._edges = re.compile("|".join(map(re.escape, (settings.open, form["channel"], *self._ends))))
        self._due = {settings.open: "role", form["channel"]: "channel"}
        self._word = re.compile(rf"(?P<to>{re.escape(form['recipient'])})?(?P<word>[\w.:/@+-]{{1,160}})")
        # The prompt ends inside a header, so the header of a call may begin with the recipient.
        self.openings: tuple[str, ...] = (settings.open, form["channel"], form["recipient"] + form["namespace"])

    def header(self, text: str, position: int) -> Header | bool | None:
        """Read the header at a position. Returns False without a header, None if more text is needed."""
        said: dict[str, str] = {}
        due, spare = "", False  # the field of the next word; and if a word without a field may follow, the type of the text
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
        """Read a header to its end. Returns as `Syntax.opening` does."""
        found = self.header(opener + text[position : position + _LONGEST], 0)
        if isinstance(found, Header):
            return position + found.end - len(opener), True
        return position, found

    def block(self, opening: str) -> BlockReader | Passage:
        """Make a reader for one message: a call, or a text."""
        found = self.header(opening, 0)
        if found is None or isinstance(found, bool):
            raise RuntimeError(f"a message was begun without a header: {opening!r}")
        namespace, role = self._form["namespace"], self._form["role"]
        if found.role not in {"", role}:
            return Passage(PassageKind.INVENTED, opening, self.passage_end)
        if found.recipient.startswith(namespace):
            name = found.recipient.removeprefix(namespace)
            return OneCallBlock(opening, name, self._bounds, self._known(name))
        if found.recipient not in {"", role}:
            return Passage(PassageKind.ELSEWHERE, opening, self.passage_end)
        reasoning = found.channel == self._form["reasoning"]
        return Passage(PassageKind.REASONING if reasoning else PassageKind.CONTENT, opening, self.passage_end)

    def passage_end(self, text: str, position: int, at_end: bool) -> tuple[int, int | None]:
        """Find the end of a text.

        A marker ends the text if another message follows, or nothing; elsewhere the marker is the model's word. A whole header
        ends the text too, if the marker before the header is missing.

        Returns:
            The position up to which the text is certain, and the position behind the end; None if the text goes on, or more
            text is needed.
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
        """Return the position behind a marker that ends a text; -1 if the marker is data, None if more text is needed."""
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
