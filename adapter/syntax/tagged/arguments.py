"""The arguments of one call in tags: the values that are open, and the JSON that is made of them.

Every method returns the next piece of the JSON, as far as it is certain. A string value leaves as it grows; a value of any
other type leaves when it is complete and its type is known. In a dialect of nested elements the first element inside a value
shows that the value is a list or an object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.raw_values import only_string, typed
from adapter.syntax.tagged.elements_notation import begins_list, may_hold
from adapter.syntax.tagged.open_value import CLOSERS, Padding, Quoted, Section, Value, ValueKind, shown
from adapter.text.buffer import TextBuffer
from adapter.text.json_repair import repair
from adapter.text.json_spans import loads
from adapter.text.json_writer import escaped, quoted

if TYPE_CHECKING:
    from adapter.schema.place import Place
    from adapter.syntax.reading import Flowing
    from adapter.syntax.tagged.grammar import TagGrammar

_SPACE = " \t\r\n"
_DEEPEST = 100  # elements that may be open: deeper than any schema, and than readers of JSON may go


class Arguments:
    """The arguments of one call.

    Args:
        tool: Name of the tool.
        place: The schema's words on the arguments.
        grammar: The tags of the dialect.

    Attributes:
        tool: As given.
        written: The JSON so far.
        given: Names of the parameters so far, if the grammar asks for them.
        last: Name of the value that was completed last.
        line_begins: The present value is empty so far, or ends in a newline.
        broken: Text in the place of the arguments that is no JSON object; None without such text.
        repaired: The JSON of arguments written as one JSON text was repaired.
        doubtful: The value made last, and all JSON behind it, is known only when the call is complete: it may be coerced.
        untidy: A closing tag was missing.
        quoted: Tags that are open in the text of the present value; None without such tags.
        as_json: All arguments are written as one JSON text.
        from_body: They were, without a tag that says JSON.
        faults: Sentences on text of the call that has no reading.
        unread: Stretches of text between tags, as (start, end), offsets in the payload.
    """

    __slots__ = (
        "_body", "_grammar", "_mark", "_nested", "_open", "_padding", "_skeleton", "as_json", "broken", "doubtful", "faults",
        "from_body", "given", "last", "line_begins", "quoted", "repaired", "tool", "unread", "untidy", "written",
    )  # fmt: skip

    def __init__(self, tool: str, place: Place, grammar: TagGrammar) -> None:
        self.tool = tool
        self.written = TextBuffer()
        self.given: set[str] = set()
        self.last = ""
        self.line_begins = True
        self.broken: str | None = None
        self.repaired = self.doubtful = self.untidy = False
        self.quoted: Quoted | None = None
        self.as_json = self.from_body = self._body = False
        self.faults: list[str] = []
        self.unread: list[tuple[int, int]] = []
        self._grammar = grammar
        self._nested = grammar.nesting is not None
        word = "" if grammar.nesting is None else grammar.nesting.word
        call = Value(word, place, frozenset({"object"}), ValueKind.OBJECT, 0)
        call.before = "{"
        self._open = [call]
        self._padding: Padding | Section | None = None
        # A closed value leaves an element without content, for lxml; once a tag is missing all tags stay.
        self._skeleton: list[str] = []
        self._mark: int | None = None  # length of the skeleton before the tags of a key

    @property
    def in_value(self) -> bool:
        """The next text belongs to a value."""
        return self._open[-1].kind not in CLOSERS

    @property
    def may_hold(self) -> bool:
        """An opening tag begins an element here: no text stands before, and the schema allows more than a string."""
        top = self._open[-1]
        return self._nested and top.kind is ValueKind.OPEN and may_hold(top.kinds)

    @property
    def full(self) -> bool:
        """No further element may be opened."""
        return len(self._open) - (self._open[-1].kind is ValueKind.OPEN) >= _DEEPEST  # an open value has no bracket yet

    @property
    def own(self) -> str:
        """Name of the innermost element."""
        return self._open[-1].name

    @property
    def in_section(self) -> bool:
        """The value is a CDATA section that goes on."""
        return isinstance(self._padding, Section) and self._padding.open

    def holds(self, name: str) -> bool:
        """Tell if an element of this name is open around the innermost."""
        return any(value.name in {name, name.strip()} for value in self._open[:-1])

    @property
    def empty(self) -> bool:
        """Nothing of the arguments was written yet."""
        return not self._open[0].count and not self.as_json

    def free(self, name: str) -> bool | None:
        """Tell if the tool declares a parameter that was not given yet; None if its schema is silent."""
        place = self._open[0].place
        return None if place.silent() else place.names(name) and name not in self.given

    def quoting(self) -> Quoted:
        """Return the tags that are open in the text of the present value, to count a further one."""
        if self.quoted is None:
            self.quoted = Quoted()
        return self.quoted

    def begin(self) -> str:
        """Begin the arguments."""
        if not self._nested:
            return ""
        self._open[0].before = ""
        return self._add("{")

    def end(self) -> str:
        """Complete the call, and the elements that are open in the call."""
        left = "".join([self.close(tagged=False) for _ in self._open[1:]])
        if self.as_json:
            return left
        return left + self._add("{}" if self._open[0].before == "{" else "}")

    def key_tag(self, tag: str) -> None:
        """Note a tag around a key, for the skeleton."""
        if self._mark is None:
            self._mark = len(self._skeleton)
        self._skeleton.append(tag)

    def open(self, name: str, more: str = "") -> str:
        """Begin a value.

        Args:
            name: Name of the parameter, or of the element.
            more: The text of the other attributes in the tag.
        """
        written, parent = "", self._open[-1]
        if parent.kind is ValueKind.OPEN:
            is_list = begins_list(parent.place, parent.kinds, name, self._grammar.nesting.item if self._grammar.nesting else "")
            parent.kind = ValueKind.LIST if is_list else ValueKind.OBJECT
            parent.before = "[" if is_list else "{"
            written = self._due(parent)
        before, parent.before = parent.before, ", "
        in_list = parent.kind is ValueKind.LIST
        place = parent.place.item(parent.count) if in_list else parent.place.member(name)
        value = self._push(name, place, self._grammar.kinds(more, place.kinds()))
        parent.count += 1
        if self.as_json:
            self.broken, value.kind = self.written.text(), ValueKind.HELD
            return ""
        if not in_list:
            written += f"{before}{quoted(name)}: "
        elif before == ", ":
            value.comma = before
        else:
            written += before
        if value.kind is ValueKind.STRING:
            written += self._due(value) + '"'
        return self._add(written)

    def _push(self, name: str, place: Place, kinds: frozenset[str] | None) -> Value:
        """Open a value; its kind is known if only a string may stand there, and in a dialect of flat values."""
        kind = ValueKind.OPEN if self._nested else ValueKind.HELD
        if only_string(kinds) and not (kinds is None and self._nested) and place.lets_text_be():
            kind = ValueKind.STRING
        mark, self._mark = len(self._skeleton) if self._mark is None else self._mark, None
        value = Value(name, place, kinds, kind, mark)
        self._open.append(value)
        self._skeleton.append(f"<{self._grammar.value_name}>")
        self.line_begins = True
        if self._grammar.sections:
            self._padding = Section()
        elif self._grammar.padded or self._grammar.slips is not None:
            self._padding = Padding(trailing=not self._grammar.padded)
        self.given.add(name)
        self.quoted = None
        return value

    def whole(self, *, body: bool = False) -> None:
        """Begin all arguments, written as one JSON text, which leaves when complete; no value may stand beside.

        Args:
            body: No tag said that JSON follows: text that is none has no reading.
        """
        call = self._open[-1]
        self.broken = self.written.text() if call.count or self.as_json else None
        self._push("", call.place, None).kind = ValueKind.HELD
        self._padding, self.as_json, self._body = None, True, body

    @staticmethod
    def _due(value: Value) -> str:
        """Return the separator that is due before a value, once."""
        comma, value.comma = value.comma, ""
        return comma

    def value(self, piece: str) -> str:
        """Take a piece of the innermost value."""
        if not piece:
            return ""
        top = self._open[-1]
        if self._padding is not None:
            self.line_begins = piece.endswith("\n")
            piece = self._padding.strip(piece)
        if top.kind is ValueKind.STRING:
            return self._add(escaped(piece))
        top.held.append(piece)
        if top.kind is ValueKind.HELD or not piece.strip(_SPACE):
            return ""
        if top.kinds is not None:
            top.kind = ValueKind.HELD
            return ""
        top.kind, held, top.held = ValueKind.STRING, "".join(top.held), []
        return self._add(f'{self._due(top)}"{escaped(held)}')

    def flowing(self) -> Flowing | None:
        """Return the pattern of text that may be forwarded inside a string; None if the next piece needs a closer look."""
        if self._open[-1].kind is not ValueKind.STRING or self.doubtful:
            return None
        return self._grammar.flow if self._padding is None else self._padding.flow(self._grammar.flow)

    def flowed(self, piece: str) -> str:
        """Take a piece of a string that `flowing` let pass."""
        self.line_begins = False  # none of it is padding
        return self._add(escaped(piece))

    def close(self, *, tagged: bool = True) -> str:
        """Complete the innermost value, by its closing tag or without one."""
        value = self._open.pop()
        tagged = tagged or self._body
        self.untidy = self.untidy or not tagged
        self.last = value.name
        if not tagged and self.quoted is not None and self.quoted.closed:
            self.faults.append(f"the value of {value.name!r} holds a closing tag, and ends without one")
        if tagged and not self.untidy:
            leaf = f"<{self._grammar.value_name}/>"
            del self._skeleton[value.mark :]
            if self._skeleton[-1:] != [leaf]:
                self._skeleton.append(leaf)
        elif tagged:
            self._skeleton.append(f"</{self._grammar.value_name}>")
        if value.kind in CLOSERS:
            return self._add(CLOSERS[value.kind])
        rest = "" if self._padding is None else self._padding.rest(tagged=tagged)
        if value.kind is ValueKind.STRING:
            return self._add(escaped(rest) + '"')
        text = "".join(value.held) + rest
        return self._json(text, value.place) if self.as_json else self._typed(value, text)

    def _typed(self, value: Value, text: str) -> str:
        """Give the text of a value its type."""
        made = typed(text, value.kinds)
        self.doubtful = self.doubtful or value.place.may_change(loads(made))
        return self._add(self._due(value) + made)

    def _json(self, written: str, place: Place) -> str:
        """Make the arguments of one JSON text."""
        text: str | None = written.strip() or "{}"
        try:
            loads(written.strip() or "{}")
        except ValueError:
            text = repair(written)
            self.repaired = text is not None
        self.from_body = self._body and text is not None and text.startswith("{")
        if self._body and not self.from_body:
            self.repaired = False
            self.faults.append(f"{shown(written)} is no JSON object")
            return self._add("{}")
        if text is None or self.broken is not None:
            self.broken = self.broken or written
            return ""
        self.doubtful = self.doubtful or place.may_change(loads(text))
        return self._add(text)

    def skeleton(self) -> str:
        """Return the tags without names and values."""
        return "".join(self._skeleton)

    def _add(self, text: str) -> str:
        if text:
            self.written.append(text)
        return text
