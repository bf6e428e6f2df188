"""The meaning of a tag inside a raw value: markup or data.

No dialect escapes the text of a value, so the text alone does not show whether `</parameter>` is a tag or the model's word. The
markup behind the tag decides, and where that is doubtful, the schema. `meaning` is the only function that decides; the reader
keeps a tag back until the answer is certain.

A value ends
    * at its own closing tag, if markup follows that may stand behind a value;
    * at a closing tag of the call or the block, if markup follows that may stand behind a call: the value's own is missing;
    * at the opening tag of another value, where the dialect's models forget closing tags (`_next_value`).
All other tags in a value are data, but opening tags in a dialect of nested elements, where no text stands before them.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.syntax.tagged.arguments import Arguments
    from adapter.syntax.tagged.grammar import Nesting, TagGrammar


class Verdict(Enum):
    """The meaning of a tag in a value."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    ENDS = auto()  # the closing tag of the value
    ENDS_UNTAGGED = auto()  # the value ends before this tag, and has no closing tag
    BEGINS = auto()  # an element inside the value
    DATA = auto()
    WAIT = auto()  # known only with more text


Meaning = tuple[Verdict, int]


def meaning(grammar: TagGrammar, arguments: Arguments, text: str, position: int, *, at_end: bool = False) -> Meaning:
    """Decide about a tag inside the innermost value.

    Args:
        grammar: The tags of the dialect.
        arguments: The arguments of the call so far.
        text: The text that is being read.
        position: Position of the tag, or of a text that begins like one.
        at_end: The completion ends with the text.

    Returns:
        The verdict, and the position up to which the text is dealt with then.
    """
    if grammar.nesting is None:
        return _in_flat_value(grammar, arguments, text, position, at_end=at_end)
    tag = grammar.nesting.tag.match(text, position)
    if tag is None:
        return _lost_prefix(grammar, grammar.nesting, arguments, text, position, at_end=at_end)
    name, after = tag["name"], tag.end()
    if not tag["end"]:
        return (Verdict.BEGINS if arguments.may_hold else Verdict.DATA), after
    if arguments.own in {name, name.strip()}:
        follows = _element_follows(grammar, grammar.nesting, arguments, text, after, at_end=at_end)
        return _decided(follows, (Verdict.ENDS, after), position, after)
    closing = grammar.closed(text, position)
    if name != grammar.nesting.word and closing == position:
        return Verdict.DATA, after
    follows = grammar.after_outer.follows(text, max(after, closing), at_end=at_end)
    return _decided(follows, (Verdict.ENDS_UNTAGGED, position), position, after)


def _decided(follows: bool | None, otherwise: Meaning, held: int, data: int) -> Meaning:
    """Return the verdict on a closing tag: `otherwise` if the right markup follows, else data up to `data`."""
    if follows is None:
        return Verdict.WAIT, held
    return otherwise if follows else (Verdict.DATA, data)


def _in_flat_value(grammar: TagGrammar, arguments: Arguments, text: str, position: int, *, at_end: bool) -> Meaning:
    """Decide in a dialect whose values hold no elements."""
    if not at_end and grammar.value_waits.fullmatch(text, position):
        return Verdict.WAIT, position
    if found := grammar.value_end.match(text, position):
        follows = grammar.after_value.follows(text, found.end(), at_end=at_end)
        return _decided(follows, (Verdict.ENDS, found.end()), position, position + 1)
    ends: bool | None = False
    if not grammar.padded or arguments.line_begins:
        if found := grammar.outer_end.match(text, position):
            ends = grammar.after_outer.follows(text, found.end(), at_end=at_end)
        else:
            ends = _next_value(grammar, arguments, text, position, at_end=at_end)
    return _decided(ends, (Verdict.ENDS_UNTAGGED, position), position, position + 1)


def _next_value(grammar: TagGrammar, arguments: Arguments, text: str, position: int, *, at_end: bool) -> bool | None:
    """Tell if the opening tag of another value ends the present one; None if more text is needed.

    The schema decides if the tool declares such a parameter, not given yet; in a dialect that writes every tag on a line of its
    own, the line does.
    """
    found = grammar.next_value.match(text, position)
    if found is None:
        return False
    if grammar.declares is not None:
        key = grammar.named(found["key"])
        return key not in arguments.given and grammar.declares(arguments.tool, key)
    if found.end() == len(text):
        return False if at_end else None
    return text[found.end()] in "\r\n"


def _lost_prefix(
    grammar: TagGrammar, nesting: Nesting, arguments: Arguments, text: str, position: int, *, at_end: bool
) -> Meaning:
    """Decide about the value's closing tag without its prefix, which models forget; data where a prefixed one follows."""
    if text.startswith(nesting.prefix, position):
        waits = not at_end and grammar.half.fullmatch(text, position)
        return (Verdict.WAIT, position) if waits else (Verdict.DATA, position + 1)
    lost = f"</{arguments.own}>"
    after = position + len(lost)
    if text.startswith(lost, position):
        follows = _element_follows(grammar, nesting, arguments, text, after, at_end=at_end, lost=True)
        return _decided(follows, (Verdict.ENDS, after), position, after)
    half = not at_end and lost.startswith(text[position:after])
    return (Verdict.WAIT, position) if half else (Verdict.DATA, position + 1)


def _element_follows(
    grammar: TagGrammar, nesting: Nesting, arguments: Arguments, text: str, position: int, *, at_end: bool, lost: bool = False
) -> bool | None:
    """Tell if the text behind a closing tag of the value's may stand there; None if more text is needed.

    Args:
        grammar: The tags of the dialect.
        nesting: Those of elements.
        arguments: The arguments of the call so far.
        text: The text that is being read.
        position: Where the closing tag ends.
        at_end: The completion ends with the text.
        lost: The closing tag has no prefix.
    """
    place = grammar.after_value.place(text, position, at_end=at_end)
    if place is None or place < 0:
        return None if place is None else False
    # A token ends a turn where the markup of calls stands; beside a tag without that markup it is data, as the tag is.
    if place == len(text) or (text.startswith(nesting.ends, place) and not (lost and text.startswith(grammar.tokens, place))):
        return True
    tag = nesting.tag.match(text, place)
    if tag is None:
        return None if not at_end and grammar.half.fullmatch(text, place) else False
    if lost and tag["end"] and tag["name"] == arguments.own:
        return False
    return not tag["end"] or arguments.holds(tag["name"])
