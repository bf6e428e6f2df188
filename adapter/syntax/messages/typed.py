"""The syntax of messages with a type each: Inkling.

<|message_model|><|content_thinking|>I need the weather.<|end_message|>
<|message_model|>get_weather<|content_invoke_tool_json|>{"name":"get_weather","args":{"city":"Paris"}}<|end_message|>
<|message_model|><|content_text|>It is warm.<|end_message|><|content_model_end_sampling|>

(on one line). The writer of a message, a name that may be left out, its type, its text. The prompt may end with the writer, so
a completion may begin with the name or the type. The name of a call stands in its JSON; the one in the header is left out of
the content, also without a writer if the tool is offered, and counts where the JSON has none. A dialect gives in `form`:

    call, text, thinking   the types of a call, of content, of reasoning
    types                  types of other messages, whose text is content, and told
    others                 the marks of other writers; `open` is the mark of the model
    ends                   markers that end a message, beside `close`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.delimiters import Boundaries
from adapter.syntax.json.payload import Payload
from adapter.syntax.message import Passage, PassageKind
from adapter.syntax.messages.typed_block import KEY, TypedBlock
from adapter.syntax.notation import COMPACT
from adapter.text.literal_tree import tree
from adapter.text.names import NAME_SIGNS
from adapter.text.partial import begun, is_half

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings

_FORM = {"call", "text", "thinking", "types", "others", "ends"}
_NAME = rf"(?P<name>[{NAME_SIGNS}]{{1,128}}|[ \t\r\n]{{0,8}})"
_LONGEST = 320  # code points of a header
_MOST_SPACE = 64  # code points between the end of a message and the next message
_SPACE = re.compile(rf"[ \t\r\n]{{0,{_MOST_SPACE}}}")
_CALL_BEGINS = re.compile(r"[ \t\r\n]{0,64}+(?:`{1,3}(?:json)?[ \t\r\n]{0,64}+)?(?P<payload>(?:\[[ \t\r\n]{0,8})?\{)")
_HALF_CALL = re.compile(r"[ \t\r\n]{0,64}+(?:`{1,3}(?:j(?:s(?:on?)?)?)?[ \t\r\n]{0,64}+)?(?:\[[ \t\r\n]{0,8})?\Z")


class Typed(Syntax):
    """Reads the messages of this syntax.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: `form` does not hold exactly the keys above.
    """

    has_passages = True
    begins_inside = True
    notation = COMPACT

    def __init__(self, settings: SyntaxSettings) -> None:
        form = settings.form
        if set(form) != _FORM:
            raise DialectError(f"form = {dict(form)!r}: the syntax 'typed' asks for {', '.join(sorted(_FORM))}")
        self._model, self._call = settings.open, form["call"]
        others, own = form["others"].split(), (form["text"], form["thinking"], *form["types"].split())
        self._writers = (settings.open, *others)
        types = (self._call, *own)
        named = tuple(name + self._call for name in sorted(settings.names))  # a call whose writer was left out
        self.openings: tuple[str, ...] = (*self._writers, *types, *named)
        self._named = frozenset(named)
        self._unsaid = False  # the opening has a name without a writer, inside the completion
        self._kinds = {form["text"]: PassageKind.CONTENT, form["thinking"]: PassageKind.REASONING}
        self._ends = (settings.close, *form["ends"].split())
        writers, kinds = ("|".join(map(re.escape, words)) for words in (self._writers, types))
        self._header = re.compile(rf"(?P<writer>{writers})?{_NAME}(?P<type>{kinds})")
        half_name = rf"{_NAME.replace('?P<name>', '')}(?:{begun(types)})?"
        self._half_header = re.compile(rf"(?:{begun(self._writers)}|(?:{writers})?{half_name})\Z")
        literals = (*self._writers, self._call, *self._ends, *named)
        self._edges = re.compile(tree(literals))
        self._half = re.compile(rf"(?:{begun(literals)})\Z")
        self._longest = max(map(len, literals))
        self._follows = (*self._writers, *types, *self._ends)
        tokens = tuple(dict.fromkeys((*self._ends[1:], *others, *types, *settings.tokens)))
        self._payload = Payload(Boundaries(settings.open, settings.close, tokens), "", known=settings.known, key=KEY)

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Read a header to its end; at the beginning of a completion, with no opener, the writer alone is a header."""
        self._unsaid = opener in self._named
        seen = opener + text[position : position + _LONGEST]
        header = self._header.match(seen)
        if header is None:
            if self._half_header.match(seen):
                return position, None
            untyped = not opener and seen.startswith(self._model)
            return position + len(self._model) * untyped, untyped
        after = position + header.end() - len(opener)
        if header["type"] != self._call or header["writer"] not in {None, self._model}:
            return after, True
        payload = _CALL_BEGINS.match(text, after)
        if payload is not None:
            return payload.start("payload"), True
        if _HALF_CALL.match(text, after):
            return position, None
        return (after, True) if header["writer"] else (position, False)

    def block(self, opening: str) -> BlockReader | Passage:
        """Make a reader for one message: a call, or a text."""
        header = self._header.match(opening)
        if header is None:
            return Passage(PassageKind.CONTENT, opening, self._passage_end, ("a message has no type; its text is content",))
        if header["writer"] not in {None, self._model}:
            return Passage(PassageKind.INVENTED, opening, self._passage_end)
        kind = header["type"]
        if kind == self._call:
            told = f"the mark of the writer is missing before the call of {header['name']!r}"
            return TypedBlock(opening, header["name"], self._payload, (told,) if self._unsaid else ())
        slips = () if kind in self._kinds else (f"the text of a message of the type {kind!r} is content",)
        return Passage(self._kinds.get(kind, PassageKind.CONTENT), opening, self._passage_end, slips)

    def _passage_end(self, text: str, position: int, at_end: bool) -> tuple[int, int | None]:
        """Find the end of a text.

        A marker at the end of a message ends the text if another message follows, or nothing; elsewhere the marker is the
        model's word. A whole header ends the text too, and the type of a call in front of JSON.

        Returns:
            As `Passage.end` does.
        """
        while found := self._edges.search(text, position):
            place, marker = found.start(), found.group()
            ended = (self._behind if marker in self._ends else self._begins)(text, place, marker)
            if ended is None and not at_end:
                return place, None
            if ended is not None and ended >= 0:
                return place, ended
            position = found.end()
            if ended is None and marker in self._ends:
                return place, position
        if at_end:
            return len(text), None
        half = self._half.search(text, max(position, len(text) - self._longest + 1))
        return half.start() if half else len(text), None

    def _behind(self, text: str, place: int, marker: str) -> int | None:
        """Return the position behind an end of a message; -1 if the marker is data, None if more text is needed."""
        after = place + len(marker)
        found = _SPACE.match(text, after)
        follows = found.end() if found else after
        if follows == len(text) or is_half(text, follows, self._follows):
            return None
        if not text.startswith(self._follows, follows):
            return -1
        if not text.startswith(self._model, follows):
            return after
        seen = text[follows : follows + _LONGEST]
        if self._header.match(seen):
            return after
        return None if self._half_header.match(seen) else follows + len(self._model)  # a message without a type

    def _begins(self, text: str, place: int, marker: str) -> int | None:
        """Return the position of a header, which ends the text before; -1 for a mention, None if more text is needed."""
        begun, begins = self.opening(marker, text, place + len(marker))
        if begins is None or (begins and begun == len(text)):
            return None
        mention = begins and text.endswith(self._call, place, begun) and text[begun] not in "{["  # a call without JSON
        return place if begins and not mention else -1
