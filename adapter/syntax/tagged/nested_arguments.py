"""The arguments of one call while their elements are read: which are open, and the JSON that comes of them.

What a method returns is the next piece of that JSON, all of it certain. A value whose place is a string's, or of which the
schema says nothing, leaves as it grows; any other that is text, when it is whole. Whether a value holds elements shows with the
first of them, and then whether it is a list or an object.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.raw_values import only_string
from adapter.syntax.tagged.elements_notation import begins_list, json_of, may_hold
from adapter.text.json_spans import loads
from adapter.text.json_writer import BracesText

if TYPE_CHECKING:
    from adapter.schema.place import Place
    from adapter.text.buffer import TextBuffer

_SPACE = " \t\r\n"
_LEAF = "<value/>"


class _Kind(Enum):
    OPEN = auto()  # nothing but white space so far
    HELD = auto()  # text that is typed when it is whole
    STRING = auto()  # text that leaves as it grows
    OBJECT = auto()
    LIST = auto()


class _Element:
    """An element that is open. `mark` is where its own part of the skeleton begins."""

    __slots__ = ("count", "held", "kind", "kinds", "mark", "name", "place")

    def __init__(self, name: str, place: Place, kind: _Kind, mark: int = 0) -> None:
        self.name = name
        self.place = place
        self.kinds = place.kinds()
        self.kind = kind
        self.count = 0  # elements in it
        self.held: list[str] = []
        self.mark = mark


class ElementsArguments:
    """The arguments of one call.

    Args:
        word: The name of the call's own element.
        item: That of a list's elements.
        place: What the schema says of the arguments.

    Attributes:
        untidy: Whether a closing tag was missing.
        doubtful: Whether the value that was made last, and what follows it, is known only when the call is complete.
    """

    def __init__(self, word: str, item: str, place: Place) -> None:
        self._item = item
        self._open = [_Element(word, place, _Kind.OBJECT)]
        self._json = BracesText()
        # A closed element leaves one leaf behind, however much it held: what lxml reads stays short. Where a tag was missing
        # everything stays, for that is what lxml is to see.
        self._skeleton: list[str] = []
        self.untidy = False
        self.doubtful = False

    @property
    def written(self) -> TextBuffer:
        """All of the JSON so far."""
        return self._json.written

    def skeleton(self) -> str:
        """The markup of the elements."""
        return "".join(self._skeleton)

    @property
    def in_value(self) -> bool:
        """Whether text that comes now is a value's."""
        return self._open[-1].kind not in {_Kind.OBJECT, _Kind.LIST}

    @property
    def may_hold(self) -> bool:
        """Whether an opening tag that comes now begins an element: not after text, nor where only a string may stand."""
        top = self._open[-1]
        return top.kind is _Kind.OPEN and may_hold(top.kinds)

    @property
    def full(self) -> bool:
        """Whether no further element may be opened."""
        return self._json.full

    @property
    def own(self) -> str:
        """The name of the innermost element."""
        return self._open[-1].name

    def holds(self, name: str) -> bool:
        """Whether an element of this name is open around the innermost."""
        return any(element.name in {name, name.strip()} for element in self._open[:-1])

    def depth_of(self, name: str) -> int:
        """How many elements the closing tag of this name closes; 0 when none of that name is open."""
        spelt = {name, name.strip()}
        return next((depth for depth, element in enumerate(reversed(self._open), 1) if element.name in spelt), 0)

    def is_call(self, depth: int) -> bool:
        """Whether the outermost of so many elements is the call itself."""
        return depth == len(self._open)

    def begin(self) -> str:
        """The arguments begin."""
        return self._json.begin("{")

    def end(self) -> str:
        """The call is complete; so is what is open in it."""
        left = [self.untagged() for _ in self._open[1:]]
        return "".join(left) + self._json.end()

    def open(self, name: str) -> str:
        """An element begins."""
        written, parent = "", self._open[-1]
        if parent.kind is _Kind.OPEN:
            is_list = begins_list(parent.place, parent.kinds, name, self._item)
            parent.kind = _Kind.LIST if is_list else _Kind.OBJECT
            written = self._json.begin("[" if parent.kind is _Kind.LIST else "{")
        self._json.comma()
        if parent.kind is _Kind.LIST:
            place = parent.place.item(parent.count)
        else:
            place = parent.place.member(name)
            written += self._json.key(name)
        parent.count += 1
        element = _Element(name, place, _Kind.OPEN, len(self._skeleton))
        self._open.append(element)
        self._skeleton.append("<value>")
        if element.kinds is not None and only_string(element.kinds) and place.lets_text_be():
            written += self._begin_string(element)
        return written

    def _begin_string(self, element: _Element) -> str:
        element.kind = _Kind.STRING
        return self._json.begin_string()

    def value(self, piece: str) -> str:
        """Text in the innermost element."""
        top = self._open[-1]
        if top.kind is _Kind.STRING:
            return self._json.string(piece)
        top.held.append(piece)
        if top.kind is _Kind.HELD or not piece.strip(_SPACE):
            return ""
        if top.kinds is not None:
            top.kind = _Kind.HELD
            return ""
        held, top.held = "".join(top.held), []
        return self._begin_string(top) + self._json.string(held)

    def close(self, depth: int = 1) -> str:
        """The innermost elements are complete. Only the last of several had a closing tag, if any had."""
        return "".join(self._close(self._open.pop(), tagged=left == 1) for left in range(depth, 0, -1))

    def untagged(self) -> str:
        """The innermost element is complete, though its closing tag is missing."""
        return self._close(self._open.pop(), tagged=False)

    def _close(self, element: _Element, *, tagged: bool) -> str:
        self.untidy = self.untidy or not tagged
        if tagged and not self.untidy:
            del self._skeleton[element.mark :]
            if self._skeleton[-1:] != [_LEAF]:
                self._skeleton.append(_LEAF)
        elif tagged:
            self._skeleton.append("</value>")
        if element.kind in {_Kind.OBJECT, _Kind.LIST}:
            return self._json.end()
        if element.kind is _Kind.STRING:
            return self._json.end_string()
        text = "".join(element.held)
        made = json_of(text, element.kinds)
        self.doubtful = self.doubtful or element.place.may_change(loads(made))
        return self._json.word(made)
