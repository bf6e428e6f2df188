"""A look at the words of an answer with calls, for text like a further call with markup too far from right (behaviour 1.18).

    <invokeame="halt">     <tool_cal>halt</tool_call>     [TOOL_CALL]halt[ARGS]{}     [[halt()]

The name of an offered tool stands there, between texts of which one resembles the markup that the dialect writes before or
behind a name. Such text is told as `near_call`, and not run. The cost is bounded: a few places are looked at, each for as many
code points as the markup has.
"""

from __future__ import annotations

import functools
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from adapter.errors import DialectError
from adapter.events import Problem
from adapter.text.json_spans import value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapter.dialects.registry import Dialect
    from adapter.tools.definitions import ToolSet

REACH = 1 << 16  # code points at the end of the words that are looked at
_SIGNS = frozenset("<[{|｜:=(")  # signs of markup
_NAME, _KEY = "zq0tool", "zq1key"
_LONGEST, _SHORTEST = 16, 5  # code points of markup at a name; shorter markup counts on a line of its own only
_ALIKE = 0.75  # share of code points in common
_MOST = 64  # places that are looked at
_SHOWN = 400  # code points of a text that is told
_LINE_BEGINS = re.compile(r"(?:\A|\n)[ \t]*(?:[<\[{|｜:=\]})>][^\n]{0,40})?\Z")
_LINE_ENDS = re.compile(r"[^\n]{0,4000}[)\]}>|][^\w\n]*(?:\w++[^\w\n]*)?(?:\n|\Z)")
_WORD_BETWEEN = re.compile(r"\W{0,3}\w{0,16}\W{0,3}\Z")


class _Shape(NamedTuple):
    """The markup that a dialect writes around the name of a tool, in small letters.

    Attributes:
        before: Texts before a name.
        behind: Texts behind a name.
        brackets: Single brackets behind a name.
        open: The opening marker; empty where other text begins so.
    """

    before: tuple[str, ...]
    behind: tuple[str, ...]
    brackets: tuple[str, ...]
    open: str


def left_call(text: str, tools: ToolSet, dialect: Dialect) -> Problem | None:
    """Return the problem of the first text like a call among the words of an answer, or None.

    Args:
        text: The words.
        tools: The tools that may be called.
        dialect: The dialect of the answer.
    """
    text = text[-REACH:]
    if not tools or _SIGNS.isdisjoint(text):
        return None
    folded = text.casefold()
    places = _found(folded if len(folded) == len(text) else text, tools, _shape(dialect))
    found = next((each for each in places if not _is_definition(text, each[0])), None)
    if found is None:
        return None
    place, name = found
    start = max(0, place - 2 * _LONGEST)
    message = f"the words of the answer hold text like a call of {name!r}, which was not run: its markup is not that of a call"
    return Problem("near_call", message, text[start : start + _SHOWN], tool=name)


def _is_definition(text: str, place: int) -> bool:
    """Tell if a name stands in a JSON object that defines a tool."""
    start = text.rfind("{", max(0, place - 2 * _LONGEST), place)
    try:
        value = value_at(text, start)[0] if start >= 0 else None
    except ValueError:
        return False
    return isinstance(value, dict) and "description" in value


def _found(text: str, tools: ToolSet, shape: _Shape) -> Iterator[tuple[int, str]]:
    """Find the names of tools beside text that resembles markup. Yields their positions, and the names."""
    tries = _MOST
    for name in tools.names:
        folded = name.casefold()
        if folded not in text:
            continue
        for place in re.finditer(rf"{re.escape(folded)}(?!\w)", text):
            if not tries:
                return
            near = text[max(0, place.start() - 2 * _LONGEST) : place.start()]
            after = text[place.end() : place.end() + _LONGEST + 1]
            if _SIGNS.isdisjoint(near) and _SIGNS.isdisjoint(after):
                continue
            tries -= 1
            if "`" not in near and _like_a_call(text, place.span(), shape):
                yield place.start(), name


def _like_a_call(text: str, span: tuple[int, int], shape: _Shape) -> bool:
    """Tell if the text around a name resembles a call."""
    start, end = span
    near = text[max(0, start - 2 * _LONGEST) : start]
    after = text[end : end + _LONGEST].lstrip()
    if any(_alike(near[-len(lead) :].lstrip(), lead) for lead in shape.before):
        return True
    if any(_alike(after[: len(tail)], tail) for tail in shape.behind):
        return True
    opened = near.rfind(shape.open) if shape.open else -1
    if opened >= 0 and _WORD_BETWEEN.fullmatch(near, opened + len(shape.open)):
        return True
    if not after.startswith(shape.brackets or ("\0",)):
        return False
    if near.endswith("[") and after.startswith("("):
        return True
    return _LINE_ENDS.match(text, end) is not None and _LINE_BEGINS.search(text[max(0, start - 60) : start]) is not None


def _alike(near: str, markup: str) -> bool:
    """Tell if a text resembles markup."""
    return SequenceMatcher(None, near, markup, autojunk=False).ratio() >= _ALIKE


@functools.lru_cache(maxsize=64)
def _shape(dialect: Dialect) -> _Shape:
    """Return the markup that a dialect writes around names."""
    try:
        texts = [dialect.tool_call(_NAME, given).casefold() for given in ({}, {_KEY: "z"})]
    except DialectError:  # a template that cannot write such calls
        texts = []
    before, behind = set(), set()
    for written in texts:
        for place in re.finditer(_NAME, written):
            lead, tail = written[: place.start()][-_LONGEST:].lstrip(), written[place.end() :].lstrip()
            before |= {lead, lead[max(map(lead.rfind, "<{[")) :], lead[lead.rfind(">") + 1 :]}
            behind.add(tail.partition(_KEY)[0][: _LONGEST // 2])
    open_ = dialect.open.casefold()
    brackets = tuple({tail[0] for tail in behind if tail[:1] in {"(", "{"}})
    return _Shape(_long(before), _long(behind), brackets, open_ if len(open_) >= _SHORTEST else "")


def _long(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(text for text in texts if len(text) >= _SHORTEST and not _SIGNS.isdisjoint(text)))
