"""Patterns of strangers, compiled after a check that a match in a short text ends soon.

Python's `re` goes back, so its time may grow with a power of the text. The texts matched here are sample calls of a few
hundred characters, few of them alike; a pattern is refused if its repetitions stand in one another, follow each other, or are
many.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_CHARACTERS = 2000  # of a pattern
_MOST_SHOWN = 120
_MOST_ENDLESS = 6  # that may hold more than white space
_MOST_SPACES = 24
_MOST_IN_A_ROW = 2
_MOST_OPTIONAL = 12
_MOST_ALIKE = 8  # groups of alternatives that begin alike
_MOST_WIDE = 3  # repetitions of almost any sign
_REPEAT = r"(?:[*+]|\{\d*+(?:,\d*+)?\})[?+]?"
_ATOM = r"(?:\[\^?\]?(?:[^\]\\]|\\.)*\]|\\.|[^\\()|*+?{}\[\]^$])"
# Repetitions of white space, of which sample calls have little.
_SPACES = re.compile(rf"(?:\\s|\[(?:\\[stnr]| )+\]){_REPEAT}")
# A repetition up to a character that it cannot hold, which a match has to pass: `'[^']*'` in a list of alternatives.
_FENCED = re.compile(r"(?P<fence>\\?[^\w\s\\()|*+?{}\[\]^$.])\[\^(?P<out>(?:[^\]\\]|\\.)*)\][*+](?P=fence)")
# A repetition up to a character that it cannot hold, which ends at one place only: `[^>]*>`.
_ENDED = re.compile(r"\[\^(?P<out>(?:[^\]\\]|\\.)*)\][*+][?+]?(?=\)?\\?(?P<fence>[^\w\s\\()|*+?{}\[\]^$.]))")
_WIDE = re.compile(rf"(?:\[(?:\^|[^\]]*\\[SWD])(?:[^\]\\]|\\.)*\]|\\[SWD]|(?<!\\)\.)\)*{_REPEAT}", re.DOTALL)
_FLAGS = re.compile(r"(?<!\\)\(\?[aiLmsux-]+[:)]")
_SIGNS = [chr(code) for code in (*range(128), 0xE9, 0x4E2D)]
_TOKENS = re.compile(
    rf"(?P<open>\()(?:\?(?:P<\w+>|[:=!]|<[=!]))?|(?P<close>\))|(?P<atom>{_ATOM})|(?P<repeat>{_REPEAT})|(?P<maybe>\?)|(?P<or>\|)|.",
    re.DOTALL,
)


def shown(value: Any) -> str:
    """Quote the beginning of a value for a message."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def compiled(pattern: object, place: str) -> re.Pattern[str]:
    """Compile a pattern of a response template as its executor does: `.` matches a newline too.

    Args:
        pattern: The pattern.
        place: The key that holds the pattern, for messages.

    Raises:
        DialectError: No text, no pattern of Python's `re`, or a pattern whose match may take very long.
    """
    if not isinstance(pattern, str):
        raise DialectError(f"{place} = {shown(pattern)}: write a regular expression, a text")
    if len(pattern) > _MOST_CHARACTERS:
        raise DialectError(
            f"{place}: a regular expression of {len(pattern):,} characters; {_MOST_CHARACTERS:,} are read at most"
        )
    try:
        found = re.compile(pattern, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise DialectError(f"{place} = {shown(pattern)}: no regular expression of Python's re: {error}") from error
    if flags := _FLAGS.search(pattern):
        raise DialectError(
            f"{place} = {shown(pattern)}: {flags[0]!r} begins flags, which are not read; write all spellings out"
        )
    if fault := _fault(pattern):
        raise DialectError(f"{place} = {shown(pattern)}: {fault}, so a match may take very long; write the pattern without")
    return found


def _fault(pattern: str) -> str:
    """Return the fault of a pattern whose match may take long; empty for a usable one."""
    pattern = _FENCED.sub(lambda found: found["fence"] if found["fence"][-1] in found["out"] else found[0], pattern)
    nested, alike = _groups(pattern)
    if nested:
        return "a repetition stands inside another, or alternatives that begin alike do"
    if alike > _MOST_ALIKE:
        return f"{alike} groups of alternatives that begin alike stand in it, and {_MOST_ALIKE} may"
    wide = len(_WIDE.findall(_ENDED.sub(lambda found: "_" if found["fence"] in found["out"] else found[0], pattern)))
    if wide > _MOST_WIDE:
        return f"{wide} repetitions of almost any sign stand in it, and {_MOST_WIDE} may"
    pattern, spaces = _SPACES.subn("", pattern)
    tokens = list(_TOKENS.finditer(pattern))
    endless, optional = (sum(token[kind] is not None for token in tokens) for kind in ("repeat", "maybe"))
    if endless > _MOST_ENDLESS or spaces > _MOST_SPACES or optional > _MOST_OPTIONAL:
        return (
            f"{endless + spaces} repetitions and {optional} optional parts stand in it, and {_MOST_ENDLESS} may, "
            f"{_MOST_SPACES} of white space, and {_MOST_OPTIONAL}"
        )
    rows = _rows(tokens)
    if len(rows) > 1 or max(rows, default=0) > _MOST_IN_A_ROW:
        return f"repetitions follow each other, and {_MOST_IN_A_ROW} may, in one place"
    return ""


def _rows(tokens: Sequence[re.Match[str]]) -> list[int]:
    """Return the lengths of rows of repeated atoms with nothing but groups' ends and beginnings between them."""
    rows, length, before = [], 0, ""
    for kind in [*(token.lastgroup or "" for token in tokens), ""]:
        if kind == "repeat" and before == "atom":
            length += 1
        elif kind not in {"atom", "open", "close"} or before == "atom":
            rows.append(length)
            length = 0
        before = kind
    return [length for length in rows if length > 1]


class _Group:
    """An open group: may the same text be matched in several ways?"""

    def __init__(self) -> None:
        self.varies = self.splits = False
        self.atoms = 0  # of the present alternative
        self.firsts: list[str] = []  # the first atom of each alternative; of one that begins with a group an empty text

    def add(self, atom: str = "") -> None:
        if not self.atoms:
            self.firsts.append(atom)
        self.atoms += 1

    def alike(self) -> bool:
        """Tell if two alternatives may begin with the same character."""
        seen: set[str] = set()
        for atom in self.firsts if self.splits else []:
            signs = {sign for sign in _SIGNS if atom and re.fullmatch(atom, sign, re.DOTALL)}
            if not signs or signs & seen:
                return True
            seen |= signs
        return False

    def loose(self) -> bool:
        return self.varies or self.alike()


def _groups(pattern: str) -> tuple[bool, int]:
    """Tell if a group is repeated whose own text varies, and count those of alternatives that begin alike."""
    groups, closed, alike = [_Group()], False, 0
    for token in _TOKENS.finditer(pattern):
        group = groups[-1]
        if token["repeat"] and closed:
            return True, alike
        if token["open"]:
            groups.append(_Group())
        elif token["close"] and len(groups) > 1:
            alike += groups[-1].alike()
            closed = groups.pop().loose()
            groups[-1].varies |= closed
            groups[-1].add()
            continue
        elif token["or"]:
            group.splits, group.atoms = True, 0
        elif token["repeat"] or token["maybe"]:
            group.varies = True
        else:
            group.add(token["atom"] or "")
        closed = False
    return False, alike
