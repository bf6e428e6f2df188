"""The tags around calls and flat values as regular expressions, and the grammar that is compiled of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from adapter.syntax.tagged.grammar import (
    GAP,
    SPACE,
    After,
    Kinds,
    Markers,
    TagGrammar,
    either,
    flow_of,
    halves,
    tag_pattern,
    unnamed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.tagged.slips import Slips


class FlatTags(NamedTuple):
    """Regular expressions of the tags around calls and flat values.

    Attributes:
        call: Opening tag of a call, with the groups `tool` and `alone`.
        call_begins: First word of a call's opening tag.
        call_end: Closing tag of a call.
        value: Opening tag of a value, with the groups `key` and `more`; without a key the value holds all arguments.
        value_end: Closing tag of a value.
        half: Beginnings of these tags.
        bare: Opening tag of a value without a key, which models write for a closing tag.
    """

    call: str
    call_begins: str
    call_end: str
    value: str
    value_end: str
    half: str
    bare: str = "(?!)"

    def value_ends(self, markers: Markers) -> re.Pattern[str]:
        """Return what is found in a value that this grammar cannot hold: a closing tag before another tag, or a value's tag."""
        ends = "|".join((self.call_end, self.value_end, *map(re.escape, markers.close)))
        after = "|".join((ends, self.call_begins, *map(re.escape, (*markers.open, *markers.tokens))))
        opening = unnamed(self.value)
        return re.compile(rf"(?:{ends})\s*(?:{after}|{opening}|\Z)|{opening}")

    def grammar(
        self,
        markers: Markers,
        *,
        padded: bool,
        named: Callable[[str], str],
        kinds: Callable[[str, Kinds], Kinds],
        slips: Slips | None = None,
        alien: str = "",
    ) -> TagGrammar:
        """Compile the grammar of a dialect with these tags.

        Args:
            markers: The markers of a block.
            padded: See `TagGrammar`, as of the other two.
            named: Reads names.
            kinds: Reads the types that a tag names.
            slips: Reads misspelt tags.
            alien: Regular expression of spellings that are told; empty without any.
        """
        literals = (*markers.close, *markers.open, *markers.tokens)
        half = halves(literals, self.half)
        after = After(re.compile("|".join((either(literals), self.value, self.call_end, self.call))), re.compile(half))
        # Between tags every other text is passed over up to the next "<"; a token without one counts behind a closing tag only.
        tokens = tuple(token for token in markers.tokens if token.startswith("<"))
        roles = {"call": self.call, "value": self.value, "call_end": self.call_end, "value_end": self.value_end}
        outer_end = f"{self.call_end}|{either(markers.close)}"
        inner = f"(?P<value>{self.value})|(?P<call>{self.call})|(?P<open>{either(markers.open)})"
        closers = f"{self.value_end}|{outer_end}" if slips is None else rf"<{GAP}[/\\]|{self.bare}|{either(markers.close)}"
        ends = f"{closers}|{inner}"
        return TagGrammar(
            *markers,
            head=re.compile(self.call),
            call_begins=re.compile(self.call_begins),
            tag=tag_pattern(markers._replace(tokens=tokens), roles),
            half=re.compile(half),
            opening_half=re.compile(halves(markers.open, self.half)),
            after_value=after,
            after_outer=after,
            outer_end=re.compile(outer_end),
            flow=flow_of(ends, half, "<", padded=padded, trailing=slips is not None and not padded),
            last=re.compile(outer_end),
            value_end=re.compile(self.value_end),
            value_waits=re.compile(rf"(?:{self.value_end}){SPACE}{{0,{after.most_space - 1}}}+(?:{half})?|(?=<)(?:{half})"),
            padded=padded,
            named=named,
            kinds=kinds,
            inner=re.compile(inner),
            slips=slips,
            alien=re.compile(alien) if alien else None,
            attributes="(?P<also>" in self.call,
        )
