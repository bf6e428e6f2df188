"""Costs of Jinja's filters and tests, and of the methods of texts, in steps of the budget."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jinja2.filters import make_attrgetter

from adapter.dialects.spending import (
    TooCostly,
    charge,
    charge_format,
    charge_replace,
    check_whole,
    deep,
    numbers_in,
    shallow,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Growth = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], None]

# Filters that look at elements and not into them, and tests of a value's type.
_SHALLOW = frozenset({
    "length", "count", "first", "last", "list", "map", "select", "reject", "selectattr", "rejectattr", "items",
    "default", "d", "batch", "slice", "reverse", "random", "attr",
})  # fmt: skip
_TYPES = frozenset({
    "defined", "undefined", "none", "string", "mapping", "sequence", "iterable", "number", "boolean", "integer",
    "float", "true", "false", "callable", "sameas", "filter", "test", "odd", "even", "divisibleby",
})  # fmt: skip
# Filters whose whole numbers are widths or amounts, and filters that go over a text again and again.
_WIDTHS = frozenset({"center", "batch", "slice", "truncate", "wordwrap"})
_AGAIN = frozenset({"striptags", "urlize", "wordwrap", "pprint"})
_SORTED = frozenset({"sort", "groupby", "unique", "dictsort", "min", "max"})  # that compare elements, or make a list of each
_MOST_AGAIN = 20_000  # steps


def _indent(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    given = (*args, *kwargs.values())
    charge((1 + str(value).count("\n")) * (numbers_in(given) + sum(shallow(part) for part in given)))


def _json(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    given = (*args, *kwargs.values())
    steps, levels = shape(value)
    charge(steps * levels * (numbers_in(given) + deep(given)) if given else 0)


def _round(_: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    charge(numbers_in((*args, *kwargs.values())) ** 2)


def _sum(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    if not all(isinstance(part, (int, float, str, type(None))) for part in (*args[1:], kwargs.get("start"))):
        charge(deep(value) * shallow(value))  # lists, copied for each element


def _format(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    charge_format(value, "%", dict(kwargs) or args)


def _format_method(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    named = args[0] if not kwargs and len(args) == 1 and isinstance(args[0], dict) else kwargs
    charge_format(value, "{", {**dict(enumerate(args)), **named})


def _replace(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    old, new = (*args, kwargs.get("old", ""), kwargs.get("new", ""))[:2]
    charge_replace(value, kwargs.get("old", old), kwargs.get("new", new))


def _join(value: Any, args: tuple[Any, ...], _: Mapping[str, Any]) -> None:
    charge(shallow(value) * sum(map(shallow, args)))


def _expandtabs(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    charge(value.count("\t" if isinstance(value, str) else b"\t") * numbers_in((*args, *kwargs.values())))


def _translate(value: Any, args: tuple[Any, ...], _: Mapping[str, Any]) -> None:
    charge(shallow(value) * deep(args))


METHODS: dict[str, Growth] = {
    "expandtabs": _expandtabs,
    "replace": _replace,
    "join": lambda value, args, kwargs: _join(args[0] if args else (), (value,), kwargs),
    "translate": _translate,
    "format": _format_method,
    "format_map": _format_method,
    "split": lambda value, *_: charge(5 * shallow(value)),
    "rsplit": lambda value, *_: charge(5 * shallow(value)),
    "splitlines": lambda value, *_: charge(5 * shallow(value)),
}
_FILTERS: dict[str, Growth] = {
    "indent": _indent,
    "tojson": _json,
    "round": _round,
    "sum": _sum,
    "format": _format,
    "replace": _replace,
}


def guarded(value: Any) -> Any:
    """Return a result as the template gets it: an iterator charges for each element, a number is of a bounded length."""
    check_whole(value)
    return _charging(value) if isinstance(value, Iterator) else value


def _charging(values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        charge(2)
        yield value


def charged_filters(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Make filters that charge for their work."""
    found = {name: _charged(name, made) for name, made in filters.items()}
    return found | {"join": _charged_join(found["join"])}


def _charged(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
    if hasattr(made, "charged"):
        return made
    skip = 1 if hasattr(made, "jinja_pass_arg") else 0  # Jinja's context
    weigh = shallow if name in _SHALLOW else deep
    growth = _FILTERS.get(name)

    @functools.wraps(made)
    def charged(*args: Any, **kwargs: Any) -> Any:
        value, given = (*args, "")[skip], args[skip + 1 :]
        steps = weigh(value)
        charge(5 + steps + sum(map(weigh, given)) + sum(map(weigh, kwargs.values())))
        if growth is not None:
            growth(value, given, kwargs)
        if name in _WIDTHS:
            charge(numbers_in((*given, *kwargs.values())))
        if name in _SORTED:
            charge(10 * steps)
        if name in _AGAIN and steps > _MOST_AGAIN:
            raise TooCostly(f"the filter {name} over {steps:,} steps of text; {_MOST_AGAIN:,} are allowed")
        return guarded(made(*args, **kwargs))

    charged.charged = True  # type: ignore[attr-defined]
    return charged


def _charged_join(join: Callable[..., Any]) -> Callable[..., Any]:
    """Make the filter `join`, which knows its texts before it joins them."""

    @functools.wraps(join)
    def charged(eval_ctx: Any, value: Any, d: Any = "", attribute: Any = None) -> Any:
        found = value if attribute is None else map(make_attrgetter(eval_ctx.environment, attribute), value)
        values = list(guarded(iter(found)))
        charge(deep(values) + shallow(values) * deep(d))
        return join(eval_ctx, values, d)

    return charged


def charged_tests(tests: Mapping[str, Any]) -> dict[str, Any]:
    """Make tests that charge for comparing; those of a type cost nothing."""
    return {name: made if name in _TYPES else _charged_test(made) for name, made in tests.items()}


def _charged_test(made: Callable[..., Any]) -> Callable[..., Any]:
    skip = 1 if hasattr(made, "jinja_pass_arg") else 0

    @functools.wraps(made)
    def charged(*args: Any) -> Any:
        charge(sum(len(value) if isinstance(value, range) else deep(value) for value in args[skip:]))
        return made(*args)

    return charged
