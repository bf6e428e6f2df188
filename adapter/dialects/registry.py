"""Dialects as frozen values, by name.

A dialect is data: its template's front matter and macros. No code outside a dialect's own template knows the dialect's name.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from os import PathLike
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from adapter.dialects import front_matter, templates
from adapter.dialects.dialect import Dialect
from adapter.dialects.model_names import for_model, meant_by
from adapter.dialects.response import config
from adapter.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from importlib.metadata import EntryPoint

    from adapter.dialects.response.imported import Imported

__all__ = ["AUTO", "FALLBACK", "Dialect", "by_model", "choose", "load", "names", "of_response_template", "outline", "resolve"]

_PATHS = (templates.SUFFIX, config.SUFFIX)
_MACROS = ("system", "tool_call", "tool_results")


def _front_matter(dialect: Dialect) -> dict[str, Any]:
    """The data of a dialect as front matter, for a dialect that extends it."""
    values = {key: getattr(dialect, key) for key in front_matter.KEYS}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items() if value is not None}


# Entry points of other packages: a `Dialect`, or the path of a template, under the dialect's name.
_GROUP = "adapter.dialects"
# The name that chooses by the model's name, and the dialect for unknown models.
AUTO, FALLBACK = "auto", "hermes"


@functools.cache
def _offered() -> Mapping[str, EntryPoint]:
    """Entry points of dialects in installed packages, by name."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=_GROUP)}


def names() -> list[str]:
    """Names of all dialects: our own, and the dialects of installed packages."""
    return sorted({*templates.names(), *_offered()})


def _load_offered(name: str) -> Dialect:
    """A dialect of another package."""
    point = _offered()[name]
    try:
        found = point.load()
    except Exception as error:  # foreign code may raise any exception
        raise DialectError(f"dialect {name!r}: {point.value} cannot be loaded: {type(error).__name__}: {error}") from error
    if isinstance(found, Dialect):
        return found
    if isinstance(found, str | PathLike):
        return load(str(found))
    raise DialectError(f"dialect {name!r}: {point.value} is {found!r}; offer a Dialect, or the path of a .jinja file")


@functools.lru_cache(maxsize=128)
def load(name: str) -> Dialect:
    """Load a dialect by name, by a model's name, or by the path of a `.jinja` file or of a tokenizer's configuration.

    Raises:
        DialectError: The template does not exist or breaks the contract; the message says file and line.
    """
    name = by_model(name)[0]
    others = () if name.endswith(_PATHS) or name in templates.names() else _offered()
    if name in others:
        return _load_offered(name)
    source, path = (
        (of_response_template(name).source, name) if name.endswith(config.SUFFIX) else templates.read(name, others=others)
    )
    return _compiled(source, path)


def _compiled(source: str, path: str) -> Dialect:
    """Compile the source of a template."""
    parent_name, values = _values(source, path, load)
    macros: dict[str, Any] = {}
    context: dict[str, Any] = {}
    if parent_name is not None:
        macros = dict(load(parent_name).macros)
        # In Jinja a name holds no dash and no dot: `qwen3_coder.asked(…)`.
        context = {re.sub(r"\W", "_", parent_name): SimpleNamespace(**macros)}
    macros |= templates.compile_macros(source, path, context)
    for macro in _MACROS:
        if macro not in macros:
            raise DialectError(f"{path}: macro {macro!r} is missing; a template defines {', '.join(_MACROS)}")
    return Dialect(**values, path=path, macros=macros)


@functools.lru_cache(maxsize=128)
def outline(name: str) -> Dialect:
    """Load a dialect by name without its macros, in a tenth of the time: enough to read completions.

    Raises:
        DialectError: As `load`.
    """
    if name not in templates.names():  # of another package, a path, or a model's name
        return load(name)
    source, path = templates.read(name)
    return Dialect(**_values(source, path, outline)[1], path=path)


@functools.lru_cache(maxsize=16)
def of_response_template(where: str) -> Imported:
    """Read a tokenizer's response template as the source of a dialect's template.

    Args:
        where: The path of a `tokenizer_config.json`, or of a `.json` file with the template alone.

    Raises:
        DialectError: The file cannot be read, or a field cannot be said by a dialect; the message names the field.
    """
    from adapter.dialects.response.imported import imported
    from adapter.dialects.response.trial import reads

    found = config.read_config(where)
    made = imported(found, where, map(outline, templates.names()), load)
    if not made.calls:  # a form of its own: the new dialect must write what the template reads
        dialect = _compiled(made.source, where)
        if not reads(found.template, dialect):
            raise DialectError(
                f"{where}: response_template.fields.tool_calls cannot be said by a call syntax here: a call written as "
                f"{dialect.tool_call('f', {'a': 'x'})!r} is none to the template"
            )
    return made


def _values(source: str, path: str, get: Callable[[str], Dialect]) -> tuple[str | None, dict[str, Any]]:
    """Read the front matter of a template. Returns the parent's name, and all values of the dialect."""
    data = templates.front_matter(source, path)
    parent = data.pop("extends", None)
    if parent is not None:  # evidence for the parent is no evidence for the child
        data = _front_matter(get(parent)) | {"evidence": []} | data
    front_matter.check(data, path)
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    for key in ("reasoning", "answer"):  # an empty list overrides the parent's tags
        values[key] = values.get(key) or None
    return parent, values


def by_model(name: str) -> tuple[str, str]:
    """Find the dialect for a model's name given in place of a dialect's.

    Returns:
        The name of the dialect, and a sentence with the reason; any other name as it is, without a reason.

    Raises:
        DialectError: The name is a slip in a name that is known.
    """
    if name.endswith(config.SUFFIX):
        return name, "; ".join((f"a dialect out of the response_template in {name}", *of_response_template(name).notes))
    if name in {AUTO, ""} or name.endswith(templates.SUFFIX) or name in templates.names() or name in _offered():
        return name, ""
    return _by_model(name)


@functools.lru_cache(maxsize=64)
def _by_model(name: str) -> tuple[str, str]:
    match = for_model(name, ((each, outline(each).models) for each in templates.names()))
    if match is not None and (meant := meant_by(name, match[1], templates.names())):
        other = "" if meant in templates.names() else f", for which the dialect is {match[0]!r}"
        raise DialectError(f"no dialect {name!r}; did you mean {meant!r}{other}? `adapter templates list` shows all")
    return (name, "") if match is None else (match[0], f"dialect {match[0]!r} for the model {name!r}, by {match[1]!r}")


@functools.lru_cache(maxsize=64)
def choose(model: str) -> tuple[Dialect, str]:
    """Choose a dialect by the model's name. Returns the dialect and a sentence with the reason.

    Raises:
        DialectError: A dialect of another package cannot be loaded.
    """
    match = for_model(model, ((name, outline(name).models) for name in names()))
    if match is None:
        return load(FALLBACK), f"dialect {FALLBACK!r}, as no dialect names the model {model!r}"
    return load(match[0]), f"dialect {match[0]!r} for the model {model!r}, by {match[1]!r}"


def resolve(dialect: str | Dialect, result_role: Literal["user", "tool"] | None = None) -> Dialect:
    """Resolve a dialect given by name, by path, or as a value; `result_role` replaces the role of its results.

    Without a model's name, `"auto"` resolves to the fallback.
    """
    found = dialect if isinstance(dialect, Dialect) else load(FALLBACK if dialect == AUTO else dialect)
    return found if result_role is None else _with_role(found, result_role)


@functools.lru_cache(maxsize=128)
def _with_role(dialect: Dialect, result_role: Literal["user", "tool"]) -> Dialect:
    return replace(dialect, result_role=result_role)
