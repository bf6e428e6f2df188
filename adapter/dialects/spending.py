"""Budget of a foreign template: steps that one rendering may take, and the cost of values, operators and formats in steps.

A step is about 30 ns: one node of the template that runs, one element of a list, or two characters. Costs are charged before
the work is done, so a text of a billion characters is refused and never made.
"""

from __future__ import annotations

import re
from collections.abc import ItemsView, KeysView, ValuesView
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_STEPS = 30_000_000
_MOST_BITS = 20_000  # of a whole number
_CHARS = 2  # characters for one step
_LISTS = (list, tuple, set, frozenset, KeysView, ValuesView, ItemsView)
_TEXTS = (str, bytes, bytearray)
_DIGITS = re.compile(r"[0-9]++")
_INNER = re.compile(r"\{[^{}]*+\{")
_LEFT: ContextVar[list[int]] = ContextVar("steps left")


class TooCostly(jinja2.TemplateRuntimeError):
    """The template takes more steps than a rendering may."""


@contextmanager
def spending(steps: int = MOST_STEPS) -> Iterator[None]:
    """Allow a number of steps to the templates that run inside."""
    token = _LEFT.set([steps])
    try:
        yield
    finally:
        _LEFT.reset(token)


def charge(steps: int) -> None:
    """Take steps from the budget.

    Raises:
        TooCostly: The budget is used up.
    """
    left = _LEFT.get()
    left[0] -= steps
    if left[0] < 0:
        raise TooCostly(
            f"the template takes too many steps, by loops, texts or lists out of all proportion: {MOST_STEPS:,} are allowed, "
            f"and a step is one node that runs, one element or {_CHARS} characters"
        )


def shallow(value: Any) -> int:
    """The steps of a copy: characters, or elements without what they hold."""
    if isinstance(value, _TEXTS):
        return 1 + len(value) // _CHARS
    return 1 + len(value) if isinstance(value, (dict, range, *_LISTS)) else 1


def deep(value: Any) -> int:
    """The steps of writing or comparing a value with all that it holds; a part that occurs twice counts twice."""
    return shape(value)[0] if isinstance(value, (dict, *_LISTS)) else shallow(value)


def shape(value: Any) -> tuple[int, int]:
    """The steps as for `deep`, and the levels of nesting.

    Raises:
        TooCostly: The value is larger than the budget.
    """
    steps, levels, level = 0, 0, [value]
    while level:
        levels += 1
        within: list[Any] = []
        for item in level:
            steps += 1
            if isinstance(item, _TEXTS):
                steps += len(item) // _CHARS
            elif isinstance(item, dict):
                within += [*item, *item.values()]
            elif isinstance(item, _LISTS):
                within += item
        if steps + len(within) > _LEFT.get()[0]:
            charge(steps + len(within))
        level = within
    return steps, levels


def check_whole(value: Any) -> None:
    """Refuse a whole number of too many bits."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise TooCostly(f"a whole number of {value.bit_length():,} bits; {_MOST_BITS:,} are allowed")


def charge_operator(operator: str, left: Any, right: Any) -> None:
    """Charge for an arithmetic operator, whose result is not made yet."""
    if isinstance(left, int) and isinstance(right, int):
        bits = (left.bit_length(), right.bit_length())
        grown = bits[0] * max(right, 0) if operator == "**" else sum(bits) if operator == "*" else max(bits)
        if grown > _MOST_BITS:
            raise TooCostly(f"a whole number of {grown:,} bits; {_MOST_BITS:,} are allowed")
    elif operator == "*":
        many, times = (left, right) if isinstance(right, int) else (right, left)
        if isinstance(times, int):
            charge(shallow(many) * max(times, 0) if isinstance(many, (*_TEXTS, *_LISTS)) else 1)
    elif operator == "%" and isinstance(left, _TEXTS):
        charge_format(left, "%", right)
    else:
        check_whole(left)
        check_whole(right)
        charge(shallow(left) + shallow(right))


def charge_format(form: Any, mark: str, values: Any) -> None:
    """Charge for a format, before it is filled in.

    Args:
        form: The format, of either of Python's kinds.
        mark: The sign of a field: `%` or `{`.
        values: The value or values, a tuple or mapping.
    """
    text = form if isinstance(form, str) else str(form)
    charge(shallow(text))
    fields = text.count(mark)
    widths = sum(int(digits[:12]) for digits in _DIGITS.findall(text))
    if "*" in text if mark == "%" else _INNER.search(text):  # widths among the values
        numbers = values.values() if isinstance(values, dict) else values if isinstance(values, tuple) else (values,)
        widths += fields * numbers_in(numbers)
    # Only a tuple's values are written once each.
    charge(widths // _CHARS + deep(values) * (1 if mark == "%" and isinstance(values, tuple) else max(fields, 1)))


def numbers_in(values: Iterable[Any]) -> int:
    """The sum of the whole numbers among values, each of which may be a width."""
    return sum(abs(value) for value in values if type(value) is int)


def charge_replace(text: Any, old: Any, new: Any) -> None:
    """Charge for replacing a text by another."""
    found, shown = str(text), str(old)
    charge(shallow(found) + shallow(shown))
    charge(found.count(shown) * shallow(str(new)))
