"""The call syntax of Kimi K3, XTML: a message of channels, in tags whose brackets are tokens of their own.

<|open|>think<|sep|>I need the weather.<|close|>think<|sep|>
<|open|>response<|sep|>Let me see.<|close|>response<|sep|>
<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|>
<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|>
<|close|>message<|sep|><|end_of_msg|>

(on one line). A string is written unescaped and any other value as JSON; `<|open|>json type="object"<|sep|>` in place of the
arguments holds all of them. Text alone does not show whether `<|close|>argument<|sep|>` is a tag or the model's word, so a
closing tag counts where the grammar allows the text behind. The prompt has begun the first channel: an answer begins inside.

A dialect says in `form` how the markers and the channels are spelt; the channel of calls is its `open` and `close`:

    opens, closes, separator   the markers
    response                   the channel of content
    think                      the channel of reasoning
    message                    the tag around the channels, and around the messages of others
    role                       the model's own
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.limits import Limits
from adapter.syntax.message import Passage, PassageKind
from adapter.syntax.messages.xtml_tags import ALIEN, call_tags, half_tag, kinds_by_type, named, tag
from adapter.syntax.tagged.grammar import LONGEST_TAG, Markers, either
from adapter.syntax.tagged.places import known_places
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import SyntaxSettings

_FORM = {"opens", "closes", "separator", "response", "think", "message", "role"}
_SPACE = re.compile(r"[ \t\r\n]*")
# So far from a closing tag may be what has to follow it.
_MOST_SPACE = 64


class Xtml(Syntax):
    """The call syntax of a dialect.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: Its `form` lacks a key or holds an unknown key.
    """

    has_passages = True

    def __init__(self, settings: SyntaxSettings) -> None:
        if set(settings.form) != _FORM:
            raise DialectError(f"form = {dict(settings.form)!r}: the syntax 'xtml' asks for {', '.join(sorted(_FORM))}")
        form = self._form = dict(settings.form)
        opens, closes, separator = self._markers = (form["opens"], form["closes"], form["separator"])
        self._response, self._think = (f"{opens}{form[word]}{separator}" for word in ("response", "think"))
        self._message_end = f"{closes}{form['message']}{separator}"
        tokens = tuple(token for token in settings.tokens if token not in self._markers)
        self.value_ends = (closes, f"{opens} argument")
        self._place = known_places(settings.place)
        self._open = settings.open
        markers, tags = Markers((settings.open,), (settings.close,), tokens), call_tags(form)
        self._grammar = tags.grammar(markers, padded=False, named=named, kinds=kinds_by_type, alien=ALIEN)
        self.limits = Limits(ends=tags.value_ends(markers))
        self._header = re.compile(tag(opens, form["message"], "role", separator))
        self._half_call = re.compile(tags.half)
        self._half_header = re.compile(half_tag(opens, (form["message"],), separator))
        self._before = re.compile(rf"(?:[ \t\r\n]|{re.escape(settings.open)})*+")  # the marker may be doubled
        self._ends = {
            self._response: f"{closes}{form['response']}{separator}",
            self._think: f"{closes}{form['think']}{separator}",
        }
        self._follows = (opens, closes, *tokens)
        self._openers = (settings.open, self._response, self._think)
        literals = sorted({*self._openers, *self._ends.values(), *tokens}, key=len, reverse=True)
        self._edges = re.compile(either(literals))
        self._literals = tuple(literals)
        self.openings: tuple[str, ...] = (*self._openers, f"{opens}call", f"{opens}{form['message']}")

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on behind an opening marker: the tag of a channel, the first tag of calls, or the rest of another tag."""
        if opener in {self._response, self._think}:
            return position, True
        if opener == self._open:
            found = self._before.match(text, position)
            position = found.end() if found else position
            return position, self._calls_follow(text, position)
        pattern, half = (
            (self._grammar.head, self._half_call) if opener == self.openings[3] else (self._header, self._half_header)
        )
        whole = opener + text[position : position + LONGEST_TAG]
        found = pattern.match(whole)
        if found is None:
            return position, None if half.fullmatch(whole) else False
        if pattern is self._header:
            return position + found.end() - len(opener), True
        return position, self._marked(whole, found.end(), self._markers[:2], at_end=False)

    def _calls_follow(self, text: str, position: int) -> bool | None:
        """Tell if a call begins here, or the channel of calls ends; None if more text is needed."""
        grammar = self._grammar
        if grammar.call_begins.match(text, position) or text.startswith(grammar.close, position):
            return True
        return None if position == len(text) or grammar.half.fullmatch(text, position) else False

    def block(self, opening: str) -> TaggedBlock | Passage:
        """Return a reader of a channel of calls; or another channel, or a message."""
        if opening in self._ends:
            kind = PassageKind.CONTENT if opening == self._response else PassageKind.REASONING
            return Passage(kind, opening, self.channel_end(self._ends[opening]))
        header = self._header.match(opening)
        if header is None:
            return TaggedBlock(opening, self._grammar, self._place)
        if named(header["name"]) == self._form["role"]:
            return Passage(PassageKind.CONTENT, opening, lambda _text, position, _at_end: (position, position))
        return Passage(PassageKind.INVENTED, opening, self.message_end)

    def channel_end(self, closing: str) -> Callable[[str, int, bool], tuple[int, int | None]]:
        """Return a function that looks for the end of a channel of text.

        The closing tag ends the channel where markup follows, or nothing; in any other place the tag is the model's word. Where
        the closing tag is missing, the beginning of another channel ends the channel, or a token at the end of the message.
        """

        def end(text: str, position: int, at_end: bool) -> tuple[int, int | None]:
            while found := self._edges.search(text, position):
                place = found.start()
                ends = self._ends_here(text, place, found.group(), at_end=at_end)
                if ends is None:
                    return place, None
                if ends:
                    return place, found.end() if found.group() == closing else place
                position = found.end()
            return self._open_end(text, position, at_end=at_end)

        return end

    def _ends_here(self, text: str, place: int, literal: str, *, at_end: bool) -> bool | None:
        """Tell if a channel ends at this literal; None if more text is needed."""
        if not at_end and is_half(text, place, self._literals):
            return None  # a longer literal may come of it
        after = place + len(literal)
        if literal == self._open:
            found = _SPACE.match(text, after, after + _MOST_SPACE)
            follows = self._calls_follow(text, found.end() if found else after)
            return bool(follows) if at_end else follows
        if literal in self._openers:
            return True
        return self._marked(text, after, self._follows, at_end=at_end)

    @staticmethod
    def _marked(text: str, position: int, markers: tuple[str, ...], *, at_end: bool) -> bool | None:
        """Tell if a marker comes next, or the end of the text; None if more text is needed."""
        found = _SPACE.match(text, position, position + _MOST_SPACE)
        position = found.end() if found else position
        if position == len(text):
            return True if at_end else None
        if text.startswith(markers, position):
            return True
        half = is_half(text, position, markers)
        return (True if at_end else None) if half else False

    def _open_end(self, text: str, position: int, *, at_end: bool) -> tuple[int, int | None]:
        """Return the position up to which text is certain; a tag that breaks off behind its marker is no text."""
        start = max(position, len(text) - len(self._literals[0]) + 1)
        place = next((place for place in range(start, len(text)) if is_half(text, place, self._literals)), None)
        if place is None:
            return len(text), None
        if not at_end:
            return place, None
        return (place, len(text)) if text.startswith(self._markers, place) else (len(text), None)

    def message_end(self, text: str, position: int, at_end: bool) -> tuple[int, int | None]:
        """Look for the end of a message of another role."""
        closing = self._message_end
        found = text.find(closing, position)
        if found >= 0:
            return found, found + len(closing)
        start = max(position, len(text) - len(closing) + 1)
        half = next((place for place in range(start, len(text)) if closing.startswith(text[place:])), len(text))
        return (len(text) if at_end else half), None
