"""Grammars for the input of custom tools, checked with the package `lark` (extra `lark`, MIT) where installed.

A text that LALR accepts is in the language. Its lexer prefers the longest terminal and may miss a reading, so a text that it
refuses is refused only if Earley refuses too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jsonschema.exceptions import ValidationError

from adapter.recent import recent
from adapter.tools.call_form import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable

    Further = Callable[[Any], list[ValidationError]]

# Code points up to which Earley, whose time may grow with the cube of the length, is asked.
_MOST_FOR_EARLEY = 20_000
_MESSAGE = 300  # code points of lark's own words in a message
_MOST_KEPT = 1 << 18  # bytes of grammars that are kept compiled
_FILES = re.compile(r"%import\s+(?!\(?common\b)")


class Unchecked(Exception):
    """A grammar cannot be checked here; the message is a sentence about the reason."""


def lark_check(definition: str) -> Further:
    """Return the check of the arguments of a custom tool against a grammar of Lark's.

    Raises:
        Unchecked: The package is missing, or cannot read the grammar.
    """
    parsers = _parsers(definition)

    def check(arguments: Any) -> list[ValidationError]:
        reason = _fault(parsers, arguments[INPUT])
        return [] if reason is None else [ValidationError(f"the text does not fit the grammar: {reason}", path=(INPUT,))]

    return check


@recent(_MOST_KEPT, len)
def _parsers(definition: str) -> tuple[Any, ...]:
    """Return the parsers for a grammar, the quickest first."""
    if _FILES.search(definition):
        raise Unchecked("it imports from another file than Lark's own 'common'")
    try:
        import lark
    except ImportError:
        raise Unchecked("package 'lark' is not installed: pip install lark") from None
    made: list[Any] = []
    reason = ""
    for kind in ("lalr", "earley"):
        try:
            made.append(lark.Lark(definition, parser=kind))
        except Exception as error:  # noqa: BLE001  # lark raises errors of its own, of `re` and of Python
            reason = str(error).strip().partition("\n")[0]
    if not made:
        raise Unchecked(f"package 'lark' cannot read the grammar ({reason[:_MESSAGE]})")
    return tuple(made)


def _fault(parsers: tuple[Any, ...], text: str) -> str | None:
    import lark

    reason: str | None = None
    for parser in parsers:
        if parser.options.parser == "earley" and len(text) > _MOST_FOR_EARLEY:
            return None  # nobody is sure
        try:
            parser.parse(text)
        except (lark.exceptions.UnexpectedInput, RecursionError) as error:
            reason = reason or str(error).strip()[:_MESSAGE]
        else:
            return None
    return reason
