"""Finding, loading and checking prompt templates.

A template is Jinja with TOML front matter in its first comment. Faults are found while loading, and reported with file and
line; rendering a loaded template can only fail inside the template itself.
"""

from __future__ import annotations

import functools
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from adapter.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable

SUFFIX = ".jinja"
_FENCE = "+++"


def folder() -> Traversable:
    """The folder of the templates: inside the package (a wheel) or beside the package (a checkout).

    Raises:
        DialectError: Neither place holds templates: the installation is broken.
    """
    packaged = resources.files("adapter") / "templates"
    if packaged.is_dir():
        return packaged
    beside = Path(__file__).resolve().parents[2] / "templates"
    if beside.is_dir():
        return beside
    raise DialectError(f"no templates in {packaged} nor in {beside}; install tool-call-adapter again")


def names(under: str = "") -> list[str]:
    """Sorted names of our own templates: of the dialects, or of the chat templates with `under="chat"`."""
    place = folder() / under if under else folder()
    found = (entry.name for entry in place.iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


def read(name: str, under: str = "", what: str = "dialect", others: Iterable[str] = ()) -> tuple[str, str]:
    """Read a template, given by the name of a template of ours or by a path ending in `.jinja`. Returns source and path.

    Args:
        name: The name, or the path.
        under: The folder of names, below the folder of the templates.
        what: A noun for the template, for messages.
        others: Names that are known elsewhere, for messages.

    Raises:
        DialectError: The template does not exist; the message lists the known names.
    """
    if name.endswith(SUFFIX):
        place: Traversable = Path(name)
    elif name in names(under):
        place = (folder() / under if under else folder()) / f"{name}{SUFFIX}"
    else:
        there = ", ".join(sorted({*names(under), *others}))
        raise DialectError(f"no {what} {name!r}; there are {there}, or give the path of a {SUFFIX} file")
    try:
        return place.read_text(encoding="utf-8"), str(place)
    except (OSError, UnicodeDecodeError) as error:
        raise DialectError(f"template {name!r} cannot be read: {error}") from error


def has_front_matter(source: str) -> bool:
    """True if a template begins with front matter, a comment with `+++`."""
    return source.startswith("{#") and source.partition("\n")[0].removeprefix("{#").strip() == _FENCE


def front_matter(source: str, path: str) -> dict[str, Any]:
    """The TOML between the two `+++` of the template's first comment.

    Raises:
        DialectError: The front matter is missing or is not TOML.
    """
    lines = source.splitlines()
    fences = [number for number, line in enumerate(lines) if line.replace("{#", "").replace("#}", "").strip() == _FENCE]
    if not source.startswith("{#") or len(fences) < 2 or fences[0] != 0:
        raise DialectError(f"{path}:1: a template begins with '{{# +++', TOML lines and '+++ #}}'; none found")
    try:
        # An empty line stands for the fence line, so that TOML's line numbers agree with the file's.
        return tomllib.loads("\n" + "\n".join(lines[1 : fences[1]]))
    except tomllib.TOMLDecodeError as error:
        raise DialectError(f"{path}: front matter is not TOML: {error}") from error


def check_keys(
    data: Mapping[str, Any],
    path: str,
    *,
    strings: Collection[str],
    lists: Collection[str],
    required: Collection[str],
    others: Collection[str] = (),
) -> None:
    """Check the keys of front matter and the types of their values.

    Args:
        data: The front matter.
        path: Its file, for messages.
        strings: Keys whose values are strings.
        lists: Keys whose values are lists of non-empty strings.
        required: Keys that must be present.
        others: Keys that are checked elsewhere.

    Raises:
        DialectError: An unknown key, a missing one, or a value of the wrong type.
    """
    known = {*strings, *lists, *others}
    unknown = sorted(set(data) - known)
    if unknown:
        raise DialectError(f"{path}: unknown key {unknown[0]!r} in the front matter; known are {', '.join(sorted(known))}")
    missing = [key for key in required if key not in data]
    if missing:
        raise DialectError(f"{path}: the front matter lacks {missing[0]!r}")
    for key, value in data.items():
        if key in strings and not isinstance(value, str):
            raise DialectError(f"{path}: {key} = {value!r} must be a string")
        if key in lists and not (isinstance(value, list) and all(isinstance(item, str) and item for item in value)):
            raise DialectError(f"{path}: {key} = {value!r} must be a list of non-empty strings")


def to_json(
    value: Any,
    ensure_ascii: bool = False,  # positional too, as in Hugging Face's filter
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Write JSON as Hugging Face renders JSON for models: `", "` and `": "`, nothing escaped, order kept.

    Jinja's own filter escapes `<>&'`, sorts the keys and escapes non-ASCII; no model was trained on such text.
    """
    if not (ensure_ascii or indent is not None or separators or sort_keys):
        return _plain_json(value)
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


# `json.dumps` makes an encoder for each value.
_plain_json = json.JSONEncoder(ensure_ascii=False).encode


@functools.cache
def environment() -> jinja2.Environment:
    """The sandbox of all dialect templates."""
    env = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    env.filters["tojson"] = to_json
    env.policies["json.dumps_kwargs"] = {}
    return env


def compile_macros(source: str, path: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Compile a template. Returns its macros by name.

    Args:
        source: The template.
        path: Its file, for messages.
        context: Names that the template may use: the macros of the parent dialect.

    Raises:
        DialectError: Jinja cannot compile the template, or its top level fails.
    """
    try:
        template = environment().from_string(source, globals=dict(context))
        exported = vars(template.module)
    except jinja2.TemplateSyntaxError as error:
        raise DialectError(f"{path}:{error.lineno}: {error.message}") from error
    except jinja2.TemplateError as error:
        raise DialectError(f"{path}: {error.message}") from error
    return dict(_macros(exported))


def _macros(exported: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in exported.items():
        if isinstance(value, jinja2.runtime.Macro):
            yield name, value
