"""The tags of a dialect that writes calls as elements within elements, as patterns, and what may stand after one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.syntax.json.end_scanner import is_half

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.syntax.contract import SyntaxSettings

_NOT_SPACE = re.compile(r"[^ \t\r\n]")
_GAP = r"[ \t\r\n]{0,8}"
# A member's name, as it is.
_NAME = r"[^<>/\n][^<>\n]{0,199}"
# More white space than this between two tags, and they are not neighbours.
_MOST_SPACE = 400
LONGEST_TAG = 480


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a dialect, compiled.

    Attributes:
        open: The markers before a block, the dialect's own first.
        close: Those after it.
        tokens: Literals that end a block left open.
        word: The name of a call's element.
        item: That of a list's elements.
        prefix: What stands before a tag; empty where it got lost on the way, from a whole block.
        lone: A prefix without a tag, or any character: what is passed over where a tag is due.
        first: What a tag or a token begins with.
        ends: What may stand after a value beside tags: the markers with the prefix, and the tokens.
        tag: A tag; its groups are `end`, which is not empty in a closing tag, and `name`.
        loose: The same where nothing but tags can stand: the prefix may be missing.
        call: The opening tag of a call, prefix or not; its group `name` is the tool. With a group `alone` that is not empty it
            is the whole call.
        call_begins: Its first word.
        half: What any of these looks like while it is incomplete.
        stop: What a tag in a value begins with, prefix or not.
    """

    open: tuple[str, ...]
    close: tuple[str, ...]
    tokens: tuple[str, ...]
    word: str
    item: str
    prefix: str
    lone: re.Pattern[str]
    first: re.Pattern[str]
    ends: tuple[str, ...]
    tag: re.Pattern[str]
    loose: re.Pattern[str]
    call: re.Pattern[str]
    call_begins: re.Pattern[str]
    half: re.Pattern[str]
    stop: re.Pattern[str]

    def waits(self, text: str, position: int) -> bool:
        """Whether the text ends inside what may become a tag."""
        literals = (*self.close, *self.open, *self.tokens)
        return is_half(text, position, literals) or self.half.fullmatch(text, position) is not None

    def waits_at_end(self, text: str, position: int) -> int:
        """Where, at the end of a value so far, what may become a tag begins; the text's end where nothing does."""
        literals = (f"{self.prefix}<", "</")
        for place in range(max(position, len(text) - len(self.prefix)), len(text)):
            if is_half(text, place, literals):
                return place
        return len(text)

    def closed(self, text: str, position: int) -> int:
        """Where the marker after a block ends that begins here; `position` when none does."""
        return position + next((len(close) for close in self.close if text.startswith(close, position)), 0)

    def ended(self, text: str, position: int) -> bool:
        """Whether a marker or a token stands here."""
        return text.startswith(self.ends, position)

    def follows(self, text: str, position: int, *, at_end: bool) -> int | None:
        """Where the next tag may begin, after white space; None when more text is needed, -1 when it is too far away.

        The end of the completion is as good as a tag: `at_end` says that it comes after the text.
        """
        found = _NOT_SPACE.search(text, position, position + _MOST_SPACE)
        if found is not None:
            return found.start()
        if len(text) - position >= _MOST_SPACE:
            return -1
        return len(text) if at_end else None


def compile_tags(settings: SyntaxSettings, form: Mapping[str, str], *, prefixed: bool = True) -> Tags:
    """The tags of a dialect.

    Args:
        settings: What the dialect says.
        form: Its `form`, complete.
        prefixed: Whether the prefix stands in the text.
    """
    prefix = form["prefix"] if prefixed else ""
    before, maybe = re.escape(prefix), f"(?:{re.escape(form['prefix'])})?"
    word = re.escape(form["call"])
    name = r"""(?P<quote>["']?)(?P<name>[^"'<>\n]{1,200}?)(?P=quote)"""
    markers = [(marker, marker.removeprefix(form["prefix"])) for marker in (settings.open, settings.close)]
    return Tags(
        open=markers[0],
        close=markers[1],
        tokens=settings.tokens,
        word=form["call"],
        item=form["item"],
        prefix=prefix,
        lone=re.compile(f"{re.escape(form['prefix'])}|(?s:.)"),
        first=re.compile("|".join(sorted({re.escape(each[0]) for each in (form["prefix"], "<", *settings.tokens)}))),
        ends=(*(each for pair in markers for each in pair if each.startswith(prefix)), *settings.tokens),
        tag=re.compile(f"{before}<(?P<end>/?)(?P<name>{_NAME})>"),
        loose=re.compile(f"{maybe}<(?P<end>/?)(?P<name>{_NAME})>"),
        call=re.compile(rf"{maybe}<{_GAP}{word}[ \t\r\n]{{1,8}}name{_GAP}={_GAP}{name}{_GAP}(?P<alone>(?:(?<=[\"'\s])/)?)>"),
        call_begins=re.compile(rf"{maybe}<{_GAP}{word}[ \t\r\n]"),
        half=re.compile(rf"{maybe}<[^<>]{{0,{LONGEST_TAG}}}"),
        stop=re.compile(f"{before}<|</" if prefix else "<"),
    )
