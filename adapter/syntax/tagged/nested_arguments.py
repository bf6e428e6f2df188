"""The arguments of one call in elements: elements that stand several times are the items of a list.

    <y>a</y><y>b</y>                      ["a", "b"], where the schema allows a list, or says nothing of `y`
    <p><x>1</x></p><p><x>2</x></p>        [{"x": 1}, {"x": 2}], where `p` is a list of objects with a member `x`

What leaves early is right in both cases: of a list of objects the bracket and the objects, of any other list the name. A value
of which the schema says nothing is kept back until the next tag shows that the value stands alone. Any other element that is
there twice has no reading: the first counts, and the call is malformed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.tagged.arguments import Arguments
from adapter.syntax.tagged.elements_notation import begins_list, json_of
from adapter.syntax.tagged.open_value import ValueKind
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.schema.place import Place
    from adapter.syntax.reading import Flowing
    from adapter.syntax.tagged.grammar import TagGrammar
    from adapter.syntax.tagged.open_value import Value

_MOST_FAULTS = 8


class Run:
    """Elements of one name that stand one behind the other in an object.

    Attributes:
        name: The name.
        place: The schema's words on the value that they make.
        count: Number of the elements.
        listed: They make a list, whose opening bracket is written.
        text: The text of a lone first element that waits, and its JSON; None if none waits.
        slot: Index of the piece kept back in which the bracket of a list would stand; None if nothing is kept back.
    """

    __slots__ = ("count", "listed", "name", "place", "slot", "text")

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self.place = place
        self.count = 0
        self.listed = False
        self.text: tuple[str, str] | None = None
        self.slot: int | None = None


class NestedArguments(Arguments):
    """The arguments of one call in elements. Arguments as in `Arguments`.

    Attributes:
        quoted_values: Opening tags of the present value's name, in its text, that no closing tag has met.
        quoted_calls: The same of calls and blocks.
        foreign: A closing tag that belongs to nothing stands in the text of the present value.
        wrong: Name of a value that ends in such a tag, and in no other.
    """

    __slots__ = (
        "_item", "_last", "_muted", "_names", "_pieces", "_runs", "_unsure", "foreign", "quoted_calls",
        "quoted_values", "wrong",
    )  # fmt: skip

    def __init__(self, tool: str, place: Place, grammar: TagGrammar) -> None:
        super().__init__(tool, place, grammar)
        self.quoted_values = self.quoted_calls = 0
        self.foreign = False
        self.wrong: str | None = None
        self._item = grammar.nesting.item if grammar.nesting else ""
        self._names: list[set[str]] = [set()]  # for each open value, the names of its members
        self._runs: list[Run | None] = [None]  # for each open value, the elements to which the value belongs
        self._last: Run | None = None  # elements of which the innermost open value may hold more
        self._pieces: list[str] = []  # text kept back
        self._unsure = 0  # elements that keep text back
        self._muted = 0  # number of open values outside of an element that stands twice; 0 without one

    def fault(self, sentence: str) -> None:
        """Note text that has no reading."""
        if sentence not in self.faults and len(self.faults) < _MOST_FAULTS:
            self.faults.append(sentence)

    def begin(self) -> str:
        """Begin the arguments: their bracket is due before the first member."""
        return ""

    def due(self, name: str) -> bool:
        """Tell if an element of this name may stand behind the innermost value, and the schema declares the element."""
        if self.as_json or len(self._open) == 1:
            return False
        value, parent = self._open[-1], self._open[-2]
        if parent.kind is ValueKind.LIST:
            return name == self._item
        if name == value.name:
            run = self._runs[-1]
            return run is not None and run.slot is None
        return name not in self._names[-2] and parent.place.names(name)

    def depth_of(self, name: str) -> int:
        """Return the number of elements closed by a closing tag of this name; 0 if no element of the name is open."""
        spelt = {name, name.strip()}
        return next((depth for depth, value in enumerate(reversed(self._open), 1) if value.name in spelt), 0)

    def is_call(self, depth: int) -> bool:
        """Tell if the outermost of `depth` elements is the call itself."""
        return depth == len(self._open)

    def close_to(self, depth: int) -> str:
        """Complete `depth` of the innermost values; only the outermost of these had a closing tag."""
        return "".join([self.close(tagged=left == 1) for left in range(depth, 0, -1)])

    def _push(self, name: str, place: Place, kinds: frozenset[str] | None) -> Value:
        """Open a value, in which nothing is quoted yet."""
        self.quoted_values = self.quoted_calls = 0
        self.foreign = False
        return super()._push(name, place, kinds)

    def open(self, name: str, more: str = "") -> str:
        """Begin an element inside the innermost value."""
        parent, run = self._open[-1], self._last
        if run is not None and run.name == name:
            return self._open_further(run)
        written = self._settle()
        if parent.kind is ValueKind.OPEN and not self.as_json:
            written += self._open_item(parent, name)
        again = parent.kind is ValueKind.OBJECT and name in self._names[-1]
        if again and not self._muted:
            self._muted = len(self._open)
            self.fault(f"the element {name!r} stands twice, and may not be a list")
        before = parent.before
        written += super().open(name, more)
        if again:
            parent.before = before
        self._names[-1].add(name)
        self._names.append(set())
        alone = parent.kind is ValueKind.LIST or self._muted or self.as_json
        self._runs.append(None if alone else self._run(parent, self._open[-1]))
        return written

    def _run(self, parent: Value, value: Value) -> Run | None:
        """Return the elements that a value begins, of which there may be more; None if the value stands alone."""
        unsaid = value.kinds is None and not parent.place.names(value.name)
        if not unsaid and "array" not in (value.kinds or ()):
            return None
        run = Run(value.name, value.place)
        if unsaid:
            run.slot = len(self._pieces)
            self._pieces.append("")
            self._unsure += 1
        return run

    def _open_item(self, parent: Value, name: str) -> str:
        """Make a value the first item of a list, if its first element is a member of such an item."""
        run = self._runs[-1]
        item = parent.place.item(0)
        if run is None or run.listed or run.slot is not None or not item.names(name):
            return ""
        if name == self._item or not begins_list(parent.place, parent.kinds, name, self._item):
            return ""
        run.listed = True
        due = self._due(parent)
        parent.place, parent.kinds, parent.kind, parent.before = item, item.kinds(), ValueKind.OBJECT, "{"
        return self._add(f"{due}[")

    def _open_further(self, run: Run) -> str:
        """Begin an element that stands behind another of its name."""
        written, self._last = self._list(run), None
        place = run.place.item(run.count)
        value = self._push(run.name, place, place.kinds())
        value.comma = ", "
        self._names.append(set())
        self._runs.append(run)
        if value.kind is ValueKind.STRING:
            written += self._add(self._due(value) + '"')
        return written

    def _list(self, run: Run) -> str:
        """Begin the list that the elements make, with the first of them."""
        if run.listed:
            return ""
        run.listed = True
        if run.slot is not None:
            self._pieces[run.slot] = "["
            return ""
        text = run.text[0] if run.text else ""
        run.text, item = None, run.place.item(0)
        made = json_of(text, item.kinds())
        self.doubtful = self.doubtful or item.may_change(loads(made))
        return self._add(f"[{made}")

    def _settle(self) -> str:
        """Complete the elements of which no more follow."""
        run, self._last = self._last, None
        if run is None:
            return ""
        written = ""
        if run.listed:
            written = self._add("]")
        elif run.text is not None:
            self.doubtful = self.doubtful or run.place.may_change(loads(run.text[1]))
            written = self._add(run.text[1])
        if run.slot is None:
            return written
        self._unsure -= 1
        if self._unsure:
            return ""
        pieces, self._pieces = "".join(self._pieces), []
        return self._add(pieces)

    def close(self, *, tagged: bool = True) -> str:
        """Complete the innermost value."""
        written = self._settle()
        run = self._runs.pop()
        self._names.pop()
        self._last = run
        value = self._open[-1]
        if (
            self.foreign
            and not tagged
            and not self.as_json
            and value.kind in {ValueKind.STRING, ValueKind.HELD}
            and self.wrong is None
        ):
            self.wrong, self.broken = value.name, self.written.text()
        written += super().close(tagged=tagged)
        if run is not None:
            run.count += 1
            if not run.listed and run.slot is None and run.text is None:
                self._last = None  # a value that leaves alone: a list as items, or an object
        if self._muted == len(self._open):
            self._muted = 0
        return written

    def end(self) -> str:
        """Complete the call, and the elements that are open in the call."""
        left = "".join([self.close(tagged=False) for _ in self._open[1:]])
        return left + self._settle() + super().end()

    def _typed(self, value: Value, text: str) -> str:
        """Give a text its type; the first element of a possible list waits, unless it is the list."""
        made = json_of(text, value.kinds)
        run = self._last
        if run is not None and run.slot is None and not run.count and not made.startswith("["):
            run.text = (text, made)
            return ""
        self.doubtful = self.doubtful or value.place.may_change(loads(made))
        return self._add(self._due(value) + made)

    def flowing(self) -> Flowing | None:
        """Return the pattern of text that may be forwarded inside a string; None also while text is kept back."""
        return None if self._unsure or self._muted else super().flowing()

    def _add(self, text: str) -> str:
        if self._muted:
            return ""
        if self._unsure:
            self._pieces.append(text)
            return ""
        return super()._add(text)
