"""The call syntax of MiniMax-M3: an element for the tool, in it one for each argument, in these one for each value.

<tool_call>
<invoke name="book"><to>Paris</to><days><item>3</item><item>4</item></days></invoke>
</tool_call>

Before every tag stands a prefix that no text holds. Between the tags of a value stands raw text, which nothing escapes, or
elements again; the schema says of each place which of them, and of what type. A dialect says in `form` how its tags are spelt:

    prefix   text before each tag
    call     the word of a call's tag, which has the tool as its `name`
    item     the word of a list's elements
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, ClassVar

from adapter.errors import DialectError
from adapter.syntax.block import Where
from adapter.syntax.limits import Limits
from adapter.syntax.reading import End, Reading
from adapter.syntax.tagged.elements_notation import ElementsNotation
from adapter.syntax.tagged.grammar import GAP, After, Markers, Nesting, TagGrammar, either, flow_of, halves, tag_pattern
from adapter.syntax.tagged.nested_arguments import NestedArguments
from adapter.syntax.tagged.nested_value import ElementLook
from adapter.syntax.tagged.opening import MarkedCalls
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.text.partial import begun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.syntax.contract import BlockReader, SyntaxSettings
    from adapter.syntax.tagged.reader import Handler

_FORM = {"prefix", "call", "item"}
# Name of a member, as it is.
_NAME = r"[^<>/\n][^<>\n]{0,199}"
_TOOL = r"""(?P<tool_quote>["']?)(?P<tool>[^"'<>\n]{1,200}?)(?P=tool_quote)"""
_LONGEST = 480  # code points of a tag


def elements_grammar(settings: SyntaxSettings, form: Mapping[str, str], *, prefixed: bool = True) -> TagGrammar:
    """Return the tags of a dialect.

    Args:
        settings: The dialect's settings.
        form: Its `form`, complete.
        prefixed: The prefix stands in the text.
    """
    return _compiled(settings.open, settings.close, settings.tokens, tuple(sorted(form.items())), prefixed)


@functools.lru_cache(maxsize=64)
def _compiled(
    opening: str, closing: str, tokens: tuple[str, ...], entries: tuple[tuple[str, str], ...], prefixed: bool
) -> TagGrammar:
    """Compile the tags of a dialect, once for all requests."""
    form = dict(entries)
    lone, word = form["prefix"], re.escape(form["call"])
    prefix = lone if prefixed else ""
    before, maybe = re.escape(prefix), f"(?:{re.escape(lone)})?"
    spelt = [(marker, marker.removeprefix(lone)) for marker in (opening, closing)]
    markers = Markers(spelt[0], spelt[1], tokens)
    ends = (*(marker for pair in spelt for marker in pair if marker.startswith(prefix)), *tokens)
    call = rf"{maybe}<{GAP}{word}[ \t\r\n]{{1,8}}name{GAP}={GAP}{_TOOL}{GAP}(?P<alone>(?:(?<=[\"'\s])/)?)>"
    element = f"{maybe}<(?P<end>/?)(?P<name>{_NAME})>"
    tag = re.compile(f"{before}<(?P<end>/?)(?P<name>{_NAME})>")
    half_tag = rf"{maybe}<[^<>]{{0,{_LONGEST}}}"
    half = re.compile(halves((*markers.close, *markers.open, *markers.tokens), half_tag))
    in_value = [f"{prefix}<", "</"]  # the beginnings of tags in a value; a closing tag may lack the prefix
    return TagGrammar(
        *markers,
        head=re.compile(call),
        call_begins=re.compile(rf"{maybe}<{GAP}{word}[ \t\r\n]"),
        tag=tag_pattern(markers, {"call": call, "element": element}),
        half=half,
        opening_half=re.compile(halves(markers.open, half_tag)),
        after_value=After(tag, half),
        after_outer=After(re.compile(f"{either(ends)}|{call}"), half),
        outer_end=tag,
        value_waits=re.compile(rf"{before}<[^<>]{{0,{_LONGEST}}}"),
        flow=flow_of(either(in_value), begun(in_value), prefix[:1] + "<") if prefix else flow_of("<", "<", "<"),
        last=re.compile(rf"{either(markers.close)}|{before}</{_NAME}>"),
        stop=re.compile(rf"{either(in_value)}|((?:{begun(in_value)})\Z)" if prefix else "<"),
        first=re.compile("|".join(sorted({re.escape(each[0]) for each in (lone, "<", *tokens)}))),
        loose_call=False,
        value_name="value",
        stray=("text stands between elements",) * 2,
        nesting=Nesting(form["call"], form["item"], prefix, lone, tag, re.compile(element), ends),
    )


class NestedBlock(TaggedBlock):
    """A reader of one block of elements within elements: CALL ──elements nested too deeply──► BROKEN."""

    _arguments: NestedArguments
    _calls: list[NestedArguments]  # type: ignore[assignment]  # of the base's

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text in the present state."""
        return self._in_broken(text, position) if self._where is Where.BROKEN else super()._step(text, position)

    def _on_close(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block by its closing marker, or complete an element of that name."""
        found = self._element(tag, text) if self._where is Where.CALL else None
        if found and self._arguments.depth_of(found["name"]):
            return self._on_element(found, text)
        return super()._on_close(tag, text)

    def _on_open(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block at the marker of the next one, or begin an element of that name if no call follows."""
        grammar, found = self._grammar, self._element(tag, text)
        if self._where is Where.CALL and found:
            place = grammar.after_value.place(text, tag.end(), at_end=False)
            if place is None or (place >= 0 and grammar.half.fullmatch(text, place)):
                return tag.start(), None
            if place < 0 or not grammar.call_begins.match(text, place):
                return self._on_element(found, text)
        return super()._on_open(tag, text)

    def _element(self, tag: re.Match[str], text: str) -> re.Match[str] | None:
        """Match a marker of the block as an element's tag."""
        return self._grammar.nesting.element.match(text, tag.start()) if self._grammar.nesting else None

    def _on_element(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """Begin an element, or complete one and what is open in it."""
        del text
        if self._where is not Where.CALL:
            return None if self._calls else (tag.end(), None)
        depth = self._arguments.depth_of(tag["name"]) if tag["end"] else -1
        if depth < 0:
            self._open_value(tag["name"])
        elif depth == 0:
            self._odd(f"a closing tag of {tag['name']!r}, which is not open")
        elif self._arguments.is_call(depth):
            self._closing = tag.end() - tag.start()
            self._close_call(tag.end())
        else:
            self._write(self._arguments.close_to(depth))
        return tag.end(), None

    def _stray(self, text: str, position: int) -> tuple[int, End | None]:
        """Begin arguments that are written as JSON; other text belongs to no argument."""
        if self._where is Where.CALL and text[position] == "{" and self._arguments.empty:
            self._odd("the arguments of a call are written as JSON")
            self._arguments.whole()
            self._where = Where.VALUE
            return position, None
        return super()._stray(text, position)

    def read(self, end: End) -> Reading:
        """Return the calls of the block; one with text that has no reading is malformed."""
        found = super().read(end)
        wrong = next((call.wrong for call in self._calls if call.wrong is not None), None)
        if found.fault and wrong is not None:
            return Reading((), fault=f"the element {wrong!r} ends in the closing tag of another")
        return found

    def _in_broken(self, text: str, position: int) -> tuple[int, End | None]:
        """Look for the end of the block only."""
        found = self._grammar.first.search(text, position)
        if found is None:
            return len(text), None
        position = found.start()
        after = self._grammar.closed(text, position)
        if after > position:
            return after, self._ended(End.TAG, position, after)
        return position if self._grammar.half.fullmatch(text, position) else position + 1, None

    def _open_value(self, key: str, more: str = "") -> None:
        """Begin an element, if not too many are open."""
        if self._arguments.full:
            self._where, self._fault = Where.BROKEN, "elements are nested too deeply"
            self._odd(self._fault)
        else:
            super()._open_value(key, more)

    ROLES: ClassVar[dict[str, Handler]] = {
        **TaggedBlock.ROLES,
        "close": _on_close,
        "open": _on_open,
        "element": _on_element,
    }
    ARGUMENTS = NestedArguments
    LOOK = ElementLook


class Elements(MarkedCalls):
    """The call syntax of a dialect.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: Its `form` lacks a key or holds an unknown key, or its markers do not begin with the prefix.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        form = settings.form
        if set(form) != _FORM:
            raise DialectError(f"form = {dict(form)!r}: the syntax 'elements' asks for {', '.join(sorted(_FORM))}")
        if not form["prefix"] or not all(marker.startswith(form["prefix"]) for marker in (settings.open, settings.close)):
            raise DialectError(f"form.prefix = {form['prefix']!r}: 'open' and 'close' must begin with it")
        super().__init__(settings, elements_grammar(settings, form), on_line=False)
        # A closing tag ends a value with its prefix or without, for models forget it.
        ends = re.compile(rf"{re.escape(form['prefix'])}|</")
        self.notation = ElementsNotation(form["prefix"], form["item"], form["call"])
        self.limits = Limits(keys=self.notation.keys, inner=True, typed=True, deep=True, ends=ends)
        self._bare = False
        # Where the prefix is a token of the model's, a server may have left it out, everywhere.
        self._bare_grammar = elements_grammar(settings, form, prefixed=False)
        self._prefix = form["prefix"]
        self.openings: tuple[str, ...] = (*self._grammar.open, f"{form['prefix']}<{form['call']}")

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on behind an opening marker; the prefix of the tags may be missing."""
        after, begins = super().opening(opener, text, position)
        marked = opener.startswith(self._prefix) or text.startswith(self._prefix, after)
        self._bare = opener in self._grammar.open and not marked
        return after, begins

    def block(self, opening: str) -> BlockReader:
        """Return a reader of one block."""
        if self._holds_json:
            return super().block(opening)
        return NestedBlock(opening, self._bare_grammar if self._bare else self._grammar, self._place)
