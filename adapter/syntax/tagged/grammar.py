"""The tags of a dialect as compiled patterns, made from its markers and from the `form` in its template's front matter.

`TagGrammar` is all that the reader knows of a dialect. `parameters`, `arg_key`, `elements` and `xtml_tags` write the patterns
of their tags as regular expressions, each under the role of the tag; `tag_pattern` joins these with the markers of a block. So
one match tells which tag stands at a position, and one more whether the text ends inside a tag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from adapter.syntax.reading import Flowing
from adapter.text.partial import begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adapter.syntax.tagged.slips import Slips

# White space in a tag is bounded, and so is a name: an incomplete tag is matched anew with each delta.
SPACE = r"[ \t\r\n]"
GAP = rf"{SPACE}{{0,8}}"
LONGEST_TAG = 720  # code points
NOT_SPACE = re.compile(r"[^ \t\r\n]")
NEVER = re.compile(r"(?!)")

Kinds = frozenset[str] | None


class Markers(NamedTuple):
    """The literals around a block.

    Attributes:
        open: Markers before a block, the dialect's own first.
        close: Markers after a block.
        tokens: Literals that end a block left open.
    """

    open: tuple[str, ...]
    close: tuple[str, ...]
    tokens: tuple[str, ...]


class After(NamedTuple):
    """The markup that has to follow a closing tag inside a value, if the tag is to end the value.

    Attributes:
        right: Matches such markup.
        half: Matches the whole of a text that may become such markup.
        most_space: Code points of white space from which on the two are no neighbours.
        closer: Matches a closing tag of an unknown name, which may stand in place of the block's closing marker.
        then: The markup that has to follow `closer`.
    """

    right: re.Pattern[str]
    half: re.Pattern[str]
    most_space: int = 400
    closer: re.Pattern[str] = NEVER
    then: After | None = None

    def place(self, text: str, position: int, *, at_end: bool) -> int | None:
        """Find the text behind white space.

        Args:
            text: The text.
            position: Where the white space begins.
            at_end: The completion ends with the text; then the end is as good as markup.

        Returns:
            A position; -1 if there is too much white space; None if more text is needed.
        """
        found = NOT_SPACE.search(text, position, position + self.most_space)
        if found is not None:
            return found.start()
        if len(text) - position >= self.most_space:
            return -1
        return len(text) if at_end else None

    def follows(self, text: str, position: int, *, at_end: bool) -> bool | None:
        """Tell if such markup, or the end of the completion, follows behind white space; None if more text is needed."""
        place = self.place(text, position, at_end=at_end)
        if place is None or place < 0:
            return None if place is None else False
        if place == len(text) or self.right.match(text, place):
            return True
        if self.then is not None and (found := self.closer.match(text, place)):
            return self.then.follows(text, found.end(), at_end=at_end)
        return None if not at_end and self.half.fullmatch(text, place) else False


class Nesting(NamedTuple):
    """The tags of elements within elements.

    Attributes:
        word: Name of a call's element.
        item: Name of a list's elements.
        prefix: Literal before every tag; empty if a server left the prefix out.
        lone: The prefix of the dialect, which may stand without a tag.
        tag: Matches a tag inside a value; groups `end` (not empty in a closing tag) and `name`.
        element: The same between tags, where the prefix may be missing.
        ends: Literals that may follow a value beside tags: the markers of the block, and tokens.
    """

    word: str
    item: str
    prefix: str
    lone: str
    tag: re.Pattern[str]
    element: re.Pattern[str]
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TagGrammar:
    """The tags of a dialect.

    A tag of a call or a value has its name as the group `tool` or `key`; the group `alone` of a call is not empty if the tag is
    the whole call.

    Attributes:
        open: Markers before a block, the dialect's own first.
        close: Markers after a block.
        tokens: Literals that end a block left open.
        head: Matches the beginning of a block that began without a marker, or of a block that begins with the name of its call.
        call_begins: Matches the first word of a call's tag.
        tag: Matches any tag or marker between values; the last group is the role of the tag (see `reader`).
        half: Matches the whole of a text that may become such a tag or marker.
        opening_half: The same behind the marker of a block, before the first call.
        after_value: The markup that has to follow a value's closing tag.
        after_outer: The markup that has to follow a closing tag of the call or the block that ends a value.
        value_end: Matches a value's closing tag.
        value_waits: Matches the whole of a text that may become a tag that ends the present value.
        outer_end: Matches the closing tags of the call and of the block.
        next_value: Matches the key and the opening tag of a value that end the value before, if the schema declares the key.
        declares: Tells by the names of tool and parameter if the schema does; None in a grammar without keys before values.
        flow: Text that may be forwarded inside a string value.
        stop: Finds the first character of a tag in a value.
        first: Finds the first character of a tag or token between values.
        last: Matches a tag at the end of a completion that completes the call.
        padded: One newline on each side of a value belongs to the tags.
        one_call: A block holds one call, which has no tags of its own: the name is the first thing in the block.
        loose_call: A call may end with its block, without a closing tag; that is no fault.
        value_name: Name of a value's element in the skeleton that lxml reads.
        stray: Faults to tell of text, and of unknown tags, between tags, beside the fault of the call; empty: none.
        named: The name that the text of an attribute stands for.
        kinds: The JSON types of a value, from the text of the other attributes (the group `more`) and the types of the schema.
        nesting: The tags of elements within elements; None in a dialect of flat values.
        inner: Matches opening tags and markers inside a flat value, by the roles `value`, `call` and `open`.
        slips: Reads misspelt tags of flat values; None where only the right spelling counts.
        alien: Finds a spelling in a tag that the dialect does not have; the tag counts, and the spelling is told.
        attributes: A call's tag may have further attributes, as the group `also`.
        sections: A value may be a CDATA section.
        front: Finds the name in front of the first call's tag, as the first group; None in a dialect without one.
    """

    open: tuple[str, ...]
    close: tuple[str, ...]
    tokens: tuple[str, ...]
    head: re.Pattern[str]
    call_begins: re.Pattern[str]
    tag: re.Pattern[str]
    half: re.Pattern[str]
    opening_half: re.Pattern[str]
    after_value: After
    after_outer: After
    outer_end: re.Pattern[str]
    flow: Flowing
    last: re.Pattern[str]
    value_end: re.Pattern[str] = NEVER
    value_waits: re.Pattern[str] = NEVER
    next_value: re.Pattern[str] = NEVER
    declares: Callable[[str, str], bool] | None = None
    stop: re.Pattern[str] = re.compile("<")
    first: re.Pattern[str] = re.compile("<")
    padded: bool = False
    one_call: bool = False
    loose_call: bool = True
    value_name: str = "parameter"
    stray: tuple[str, str] = ("", "")
    named: Callable[[str], str] = str.strip
    kinds: Callable[[str, Kinds], Kinds] = lambda _more, kinds: kinds
    nesting: Nesting | None = None
    inner: re.Pattern[str] = NEVER
    slips: Slips | None = None
    alien: re.Pattern[str] | None = None
    attributes: bool = False
    sections: bool = False
    front: re.Pattern[str] | None = None

    def closed(self, text: str, position: int) -> int:
        """Return the end of a block's closing marker that begins at `position`; `position` if none does."""
        return position + next((len(close) for close in self.close if text.startswith(close, position)), 0)


def either(literals: Iterable[str]) -> str:
    """Return a regular expression for any of the literals."""
    return "|".join(map(re.escape, literals)) or "(?!)"


def unnamed(pattern: str) -> str:
    """Return a regular expression without the names of its groups, which may stand only once; quotes need not match then."""
    return re.sub(r"\(\?P=\w+\)", "[\"']?", re.sub(r"\(\?P<\w+>", "(?:", pattern))


def tag_pattern(markers: Markers, roles: Mapping[str, str]) -> re.Pattern[str]:
    """Compile the pattern of all tags between values: the markers of a block, then the tags by their roles."""
    named = {"close": either(markers.close), "token": either(markers.tokens), "open": either(markers.open), **roles}
    return re.compile("|".join(f"(?P<{role}>{pattern})" for role, pattern in named.items()))


def halves(literals: Iterable[str], tags: str = "") -> str:
    """Return a regular expression for proper prefixes of the literals, and for the beginnings of `tags`."""
    return "|".join(filter(None, (tags, begun(literals)))) or "(?!)"


def flow_of(ends: str, half: str, firsts: str, *, padded: bool = False, trailing: bool = False, doubtful: str = "") -> Flowing:
    """Return the pattern of text that may be forwarded inside a string value.

    Args:
        ends: Regular expression of the tags that may end the value.
        half: Regular expression of the beginnings of such tags.
        firsts: The characters with which they begin.
        padded: A newline waits for the text behind it, for the last one of a value belongs to the closing tag.
        trailing: The same, for the last one may belong to another tag; newlines inside of a delta are no special characters.
        doubtful: Regular expression of text at the end of a delta that is for the reader, who knows if the text has to wait.
    """
    first = f"[{re.escape(firsts)}]"
    waiting = padded or trailing
    other = f"[^{re.escape(firsts)}\r\n]" if waiting else f"[^{re.escape(firsts)}]"
    unsure = f"{half}|{doubtful}" if doubtful else half
    data = rf"(?!{unnamed(ends)}|(?:{unsure})\Z){first}"
    # Nothing passes that ends in a newline: the reader would hold it.
    lines = rf"|\n++(?:{other}|{data})" if padded else rf"|[\r\n]++(?:{other}|{data})" if trailing else ""
    special = f"[{re.escape(firsts)}\r\n]" if padded else rf"{first}|[\r\n]\Z" if trailing else first
    waits = rf"\n?+(?:{half})?\Z" if padded else rf"(?:\r?\n|\r)?+(?:{half})?\Z" if trailing else rf"(?:{half})\Z"
    return Flowing.of_raw(special, f"(?:{other}++|{data}{lines})*+", waits)
