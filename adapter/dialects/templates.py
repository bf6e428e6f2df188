"""Finding, loading and checking prompt templates.

A template is Jinja with TOML front matter in its first comment. Everything that can be wrong with one is found when it
is loaded, and said with its file and line; rendering a template that loaded can only fail inside the template itself.
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
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

SUFFIX = ".jinja"
_FENCE = "+++"


def folder() -> Traversable:
    """Where the templates are: inside the package (a wheel) or beside it (a checkout).

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


def names() -> list[str]:
    """Names of the templates that come along, sorted."""
    found = (entry.name for entry in folder().iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


def read(name: str) -> tuple[str, str]:
    """Source and path of a template, by the name of one that comes along or by a path ending in `.jinja`.

    Raises:
        DialectError: No such template; the message lists the names there are.
    """
    if name.endswith(SUFFIX):
        place: Traversable = Path(name)
    elif name in names():
        place = folder() / f"{name}{SUFFIX}"
    else:
        raise DialectError(f"no dialect {name!r}; there are {', '.join(names())}, or give the path of a {SUFFIX} file")
    try:
        return place.read_text(encoding="utf-8"), str(place)
    except (OSError, UnicodeDecodeError) as error:
        raise DialectError(f"template {name!r} cannot be read: {error}") from error


def front_matter(source: str, path: str) -> dict[str, Any]:
    """The TOML between the two `+++` of the template's first comment.

    Raises:
        DialectError: There is none, or it is not TOML.
    """
    lines = source.splitlines()
    fences = [number for number, line in enumerate(lines) if line.replace("{#", "").replace("#}", "").strip() == _FENCE]
    if not source.startswith("{#") or len(fences) < 2 or fences[0] != 0:
        raise DialectError(f"{path}:1: a template begins with '{{# +++', TOML lines and '+++ #}}'; none found")
    try:
        # The fence line is kept as an empty one, so that TOML's line numbers are those of the file.
        return tomllib.loads("\n" + "\n".join(lines[1 : fences[1]]))
    except tomllib.TOMLDecodeError as error:
        raise DialectError(f"{path}: front matter is not TOML: {error}") from error


def to_json(value: Any) -> str:
    """JSON as Hugging Face renders it for models: `", "` and `": "`, nothing escaped, order kept.

    Jinja's own filter escapes `<>&'`, sorts the keys and escapes non-ASCII, which no model was trained on.
    """
    return json.dumps(value, ensure_ascii=False)


@functools.cache
def environment() -> jinja2.Environment:
    """The sandbox that every template runs in."""
    env = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    env.filters["tojson"] = to_json
    env.policies["json.dumps_kwargs"] = {}
    return env


def compile_macros(source: str, path: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The macros that a template defines, by name.

    Args:
        source: The template.
        path: Where it came from, for messages.
        context: Names the template may use: the macros of the dialect it extends.

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
