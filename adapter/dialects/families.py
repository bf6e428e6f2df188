"""Families of dialects whose calls look the same, and the families whose marks stand in a text.

Templates are read, and patterns compiled, for the first text with a character that a mark could hold; a call syntax is made for
a family whose literals stand in a text.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.dialects import registry
from adapter.errors import DialectError
from adapter.syntax import make_syntax
from adapter.syntax.contract import SyntaxSettings
from adapter.text.literal_tree import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.dialects.registry import Dialect
    from adapter.syntax.contract import Syntax

# Each literal that tells a dialect holds a character of these. They are looked for one by one, as memory is searched: a
# pattern would take a hundred times as long.
_SYMBOLS = "<[|｜"
_RARE = "|_｜["  # in prose; of the literals that tell a dialect, nine in ten hold one
_CALL_SIGNS = "=\"'("  # with a literal of words in angle brackets, a call holds one
_SHORTEST = 3  # code points of a literal that tells a dialect


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Dialects whose calls look the same.

    Attributes:
        names: Names of the dialects, sorted.
        dialect: One of the dialects, without macros.
        literals: Literals of the dialects' front matter, of which a call with markers holds one.
    """

    names: tuple[str, ...]
    dialect: Dialect
    literals: frozenset[str]

    @property
    def syntax(self) -> Syntax:
        """The call syntax, without tools."""
        return syntax_for(self.dialect)


@functools.cache
def families() -> tuple[Family, ...]:
    """Return the families of all registered dialects; a dialect that cannot be loaded is left out."""
    members: dict[object, list[Dialect]] = {}
    for dialect in _outlines():
        members.setdefault(alike(dialect), []).append(dialect)
    return tuple(
        Family(tuple(one.name for one in group), group[0], frozenset().union(*map(_literals, group)))
        for group in members.values()
    )


def alike(dialect: Dialect) -> object:
    """Return a value that is the same for dialects whose calls look the same."""
    return dialect.syntax, dialect.open, dialect.close, tuple(sorted(dialect.form.items())), dialect.reasoning


def _outlines() -> Iterator[Dialect]:
    for name in registry.names():
        try:
            yield registry.outline(name)
        except DialectError:  # of another package, perhaps; the loader reports the fault to whoever asks for the dialect
            continue


def _literals(dialect: Dialect) -> frozenset[str]:
    form = (value for value in dialect.form.values() if "\\" not in value and " " not in value.strip())  # no pattern, no list
    found = (dialect.open, *dialect.markers, *form)
    return frozenset(filter(tells, found))


def tells(literal: str) -> bool:
    """Tell if a literal shows a dialect: it is no word."""
    return len(literal) >= _SHORTEST and any(symbol in literal for symbol in _SYMBOLS)


def may_be_marked(text: str) -> bool:
    """Tell if a literal of some dialect stands in a text in which a call may stand: one search for each first character.

    Literals without a rare character (`<tools>`, `</invoke>`) tell nothing in a text without a sign that their calls need.
    """
    if not any(symbol in text for symbol in _SYMBOLS):
        return False
    if any(sign in text for sign in _RARE):
        return any(pattern.search(text) for pattern in _patterns(text))
    return any(sign in text for sign in _CALL_SIGNS) and _plain().search(text) is not None


def stands_in(literal: str, text: str) -> bool:
    """Tell if a literal stands in a text: a rare character of the literal is looked for first."""
    return bool(literal) and next((sign for sign in literal if sign in _RARE), "") in text and literal in text


def marked_in(text: str) -> list[Family]:
    """Return the families whose literals stand in a text."""
    present = {found.group() for pattern in _patterns(text) for found in pattern.finditer(text)}
    # A literal may stand in another, longer one.
    present |= {literal for family in families() for literal in family.literals if any(literal in other for other in present)}
    return [family for family in families() if family.literals & present]


def _patterns(text: str) -> Iterator[re.Pattern[str]]:
    """Return the patterns that may match in a text."""
    return (pattern for first, pattern in _by_first() if first in text)


@functools.cache
def _by_first() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return patterns of all literals, each behind a text with which all its literals begin."""
    literals = {literal for family in families() for literal in family.literals}
    groups: dict[str, set[str]] = {}
    for literal in literals:  # a letter is too common to be looked for alone
        groups.setdefault(literal if literal[0].isalnum() else literal[0], set()).add(literal)
    return tuple((first, re.compile(tree(group))) for first, group in groups.items())


@functools.cache
def _plain() -> re.Pattern[str]:
    """Return a pattern of the literals without a rare character."""
    return re.compile(tree({literal for family in families() for literal in family.literals if not set(_RARE) & set(literal)}))


def unmarked() -> list[Family]:
    """Return the families whose models write calls without markers."""
    return [family for family in families() if stands_alone(family.dialect)]


def stands_alone(dialect: Dialect) -> bool:
    """Tell if a dialect's models write calls without markers."""
    bare = getattr(syntax_for(dialect), "bare", None)
    return bare is not None and bool(bare.own)


@functools.lru_cache(maxsize=64)
def syntax_for(dialect: Dialect) -> Syntax:
    """Return the call syntax of a dialect, without tools, to find markers with."""
    return make_syntax(dialect.syntax, SyntaxSettings(dialect.open, dialect.close, (), dialect.form))
