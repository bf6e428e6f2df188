"""The syntax of a completion made of messages, each with a header that names a channel: harmony, of gpt-oss.

<|channel|>analysis<|message|>I need the weather.<|end|>
<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>{"city": "Paris"}<|call|>

(on one line). A message to a function is a call, and its text the arguments. Text of the channel for analysis is reasoning,
text of any other channel content. A server keeps back the marker at which it stops, and may send no marker at all.

A recipient without the namespace is a function too, if the tool is offered. Words in a header that belong to no field are
passed over, and told; a header without a message is left out, and told.

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
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.end_scanner import Boundaries, is_half
from adapter.syntax.json.one_call_block import OneCallBlock
from adapter.syntax.message import Passage, PassageKind
from adapter.syntax.messages.headers import CHANNELS, LONGEST, Header, Headers, going_on

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings

_FORM = {"channel", "message", "constrain", "ends", "role", "recipient", "namespace", "reasoning"}
_SPACE = re.compile(r"[ \t\r\n]*")
_MOST_SPACE = 64  # code points between the end of a message and the next message


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
        self._going_on = going_on(form, settings.open)
        self._names = settings.names
        # The prompt ends inside a header, so the header of a call may begin with the recipient.
        functions = (form["namespace"], *sorted(self._names))
        self.openings: tuple[str, ...] = (settings.open, form["channel"], *(form["recipient"] + name for name in functions))
        self._headers = Headers(self._markers, self._ends, form["recipient"], self.openings[2])

    def goes_on(self, text: str) -> bool:
        """Tell by one look if a text is a plain header without its end."""
        return self._going_on.fullmatch(text) is not None

    def header(self, text: str, position: int, *, loose: bool = False) -> Header | bool | None:
        """Read the header at a position.

        Args:
            text: The text.
            position: Position of the header.
            loose: Words that belong to no field are passed over.

        Returns:
            False without a header, None if more text is needed.
        """
        return self._headers.read(text, position, loose=loose)

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Read a header to its end. Returns as `Syntax.opening` does."""
        self.in_words = False
        seen = opener + text[position : position + LONGEST]
        if not self._headers.repeats(seen, opener) and self.goes_on(seen):
            return position, None
        found = self.header(seen, 0, loose=True)
        self.in_words = self._headers.in_words
        if not isinstance(found, Header):
            return position, found
        after = position + found.end - len(opener)
        if not self._is_call(found):
            return after, True
        space = _SPACE.match(text, after, after + _MOST_SPACE)  # none of it is part of the arguments
        end = space.end() if space else after
        return (position, None) if end == len(text) and end < after + _MOST_SPACE else (end, True)

    def _is_call(self, header: Header) -> bool:
        """Tell if a message is to a function."""
        to = header.recipient
        return header.role in {"", self._form["role"]} and (to.startswith(self._form["namespace"]) or to in self._names)

    def block(self, opening: str) -> BlockReader | Passage:
        """Make a reader for one message: a call, or a text."""
        found = self.header(opening + self._ends[0], 0, loose=True)  # a header without a message ends before a marker
        if found is None or isinstance(found, bool):
            raise RuntimeError(f"a message was begun without a header: {opening!r}")
        namespace, role = self._form["namespace"], self._form["role"]
        if found.empty:
            return Passage(PassageKind.EMPTY, opening, self._empty_end)
        if found.role not in {"", role}:
            return Passage(PassageKind.INVENTED, opening, self.passage_end)
        slips: tuple[str, ...] = ("the header of a message holds words that belong to no field",) if found.words else ()
        if found.channel not in CHANNELS:
            slips += (f"the channel {found.channel!r} of a message does not exist",)
        name = found.recipient.removeprefix(namespace)
        if name != found.recipient or name in self._names:
            if name == found.recipient:
                slips += (f"the recipient {name!r} has no namespace",)
            return OneCallBlock(opening, name, self._bounds, self._known(name), slips)
        if found.recipient not in {"", role}:
            return Passage(PassageKind.ELSEWHERE, opening, self.passage_end)
        reasoning = found.channel == self._form["reasoning"]
        return Passage(PassageKind.REASONING if reasoning else PassageKind.CONTENT, opening, self.passage_end, slips)

    def _empty_end(self, text: str, position: int, at_end: bool) -> tuple[int, int | None]:
        """Find the end behind a header without a message, where a marker stands. Returns as `passage_end` does."""
        del at_end
        mark = next((mark for mark in self._ends if text.startswith(mark, position)), "")
        return position, position + len(mark)

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
