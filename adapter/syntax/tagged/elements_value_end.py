"""What a tag means that stands in a value: nothing escapes it, so what follows it decides."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.syntax.tagged.elements_tags import Tags
    from adapter.syntax.tagged.nested_arguments import ElementsArguments


class Verdict(Enum):
    """What a tag in a value is."""

    ENDS = auto()
    ENDS_UNTAGGED = auto()  # it closes what the value stands in
    BEGINS = auto()  # an element in the value
    DATA = auto()
    WAIT = auto()  # that shows only with more text


def meaning(tags: Tags, arguments: ElementsArguments, text: str, position: int, *, at_end: bool = False) -> tuple[Verdict, int]:
    """What a tag inside the innermost value is, and how far the text is dealt with then.

    Args:
        tags: Those of the dialect.
        arguments: Those of the call, as far as they are read.
        text: What is being read.
        position: Where in it the tag begins, or looks as if it did.
        at_end: Whether no more text comes.
    """
    tag = tags.tag.match(text, position)
    if tag is None:
        return _lost_prefix(tags, arguments, text, position, at_end=at_end)
    name, after = tag["name"], tag.end()
    if not tag["end"]:
        return (Verdict.BEGINS if arguments.may_hold else Verdict.DATA), after
    if name == arguments.own or name.strip() == arguments.own:
        return _decided(_followed(tags, arguments, text, after, at_end=at_end), (Verdict.ENDS, after), position, after)
    closing = tags.closed(text, position)
    if name != tags.word and closing == position:
        return Verdict.DATA, after
    follows = _ends_call(tags, text, max(after, closing), at_end=at_end)
    return _decided(follows, (Verdict.ENDS_UNTAGGED, position), position, after)


def _lost_prefix(tags: Tags, arguments: ElementsArguments, text: str, position: int, *, at_end: bool) -> tuple[Verdict, int]:
    """The value's closing tag without its prefix, which models forget; it is data where the one with it follows."""
    prefixed = text.startswith(tags.prefix, position)
    if prefixed:
        return (Verdict.WAIT, position) if not at_end and tags.waits(text, position) else (Verdict.DATA, position + 1)
    lost = f"</{arguments.own}>"
    after = position + len(lost)
    if text.startswith(lost, position):
        follows = _followed(tags, arguments, text, after, at_end=at_end, lost=True)
        return _decided(follows, (Verdict.ENDS, after), position, after)
    half = not at_end and lost.startswith(text[position:after])
    return (Verdict.WAIT, position) if half else (Verdict.DATA, position + 1)


def _decided(follows: bool | None, otherwise: tuple[Verdict, int], held: int, data: int) -> tuple[Verdict, int]:
    if follows is None:
        return Verdict.WAIT, held
    return otherwise if follows else (Verdict.DATA, data)


def _followed(
    tags: Tags, arguments: ElementsArguments, text: str, position: int, *, at_end: bool, lost: bool = False
) -> bool | None:
    """Whether what follows a closing tag of the value's may stand there; None when more text is needed."""
    place = tags.follows(text, position, at_end=at_end)
    if place is None or place < 0:
        return None if place is None else False
    # A token ends a turn where the markup of calls stands; beside a tag that has none of it, it is data as the tag is.
    if place == len(text) or (tags.ended(text, place) and not (lost and text.startswith(tags.tokens, place))):
        return True
    tag = tags.tag.match(text, place)
    if tag is None:
        return None if not at_end and tags.waits(text, place) else False
    if lost and tag["end"] and tag["name"] == arguments.own:
        return False
    return not tag["end"] or arguments.holds(tag["name"])


def _ends_call(tags: Tags, text: str, position: int, *, at_end: bool) -> bool | None:
    """Whether what follows a closing tag of the call's may stand there; None when more text is needed."""
    place = tags.follows(text, position, at_end=at_end)
    if place is None or place < 0:
        return None if place is None else False
    if place == len(text) or tags.ended(text, place) or tags.call.match(text, place):
        return True
    return None if not at_end and tags.waits(text, place) else False
