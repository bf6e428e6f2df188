"""Finding, loading and checking prompt templates.

A template is Jinja with TOML front matter in its first comment. Faults are found while loading, and reported with file and
line; rendering a loaded template can only fail inside the template itself.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from adapter.dialects.budgeted import BudgetedEnvironment
from adapter.dialects.spending import spending
from adapter.errors import DialectError
from adapter.plain_file import check_plain
from adapter.text.held_markers import escaped_in_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable

_CHAT = "chat"  # the folder of the chat templates
SUFFIX = ".jinja"
# Errors of Jinja, and those that Python raises for a template that Jinja does not see through: parentheses or loops nested too
# deeply, a number of too many digits, a sum of a text and a number.
FAULTS = (
    jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, SyntaxError,
    MemoryError,
)  # fmt: skip
MOST_BYTES = 400_000  # of a template; the longest of a model that we know has 30,000
_MOST_SHOWN = 200  # characters of a path that cannot be read
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
        there = of_other_kind(name, under) + _of_a_place(name) + near_or_all(name, sorted({*names(under), *others}))
        raise DialectError(f"no {what} {shortened(name)}; {there}, or give the path of a {SUFFIX} file")
    try:
        if isinstance(place, Path):
            check_plain(place, MOST_BYTES)
        return place.read_text(encoding="utf-8-sig"), str(place)
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a NUL in the path
        raise DialectError(f"template {shortened(name)} cannot be read: {shortened(str(error), quote=False)}") from error


def of_other_kind(name: str, under: str) -> str:
    """Return words about a chat template's name given for a dialect, or the other way; empty for any other name."""
    kind, option, other = ("dialect", "dialect", "") if under else ("chat template", "chat_template", _CHAT)
    return f"that is the name of a {kind}, for {option}={name!r}; " if name in names(other) else ""


def _of_a_place(name: str) -> str:
    """Return words about a folder, or a name on a hub, given for a template; empty for any other name."""
    try:
        folder = Path(name).is_dir()
    except (OSError, ValueError):
        return ""
    if folder:
        return "that is a folder; its tokenizer_config.json may be given, if it holds a response_template; "
    return "nothing is fetched from a hub; " if re.fullmatch(r"[\w.-]+/[\w.-]+", name) else ""


def near_or_all(name: str, names: Iterable[str]) -> str:
    """Return words about the names that are most like a name; about all names if none is."""
    import difflib

    known = {each.lower(): each for each in names}
    wanted = name.lower()
    begun = [each for each in known if wanted and each.startswith(wanted)]
    found = ([wanted] if wanted in known else []) or begun[:3] or difflib.get_close_matches(wanted, known, n=2)
    if not found:
        return f"there are {', '.join(known.values())}"
    return f"did you mean {' or '.join(repr(known[each]) for each in found)}? `adapter templates list` shows all"


def shortened(text: str, *, quote: bool = True) -> str:
    """Quote the beginning of a text for a message."""
    shown = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
    return repr(shown) if quote else shown


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
    except (ValueError, RecursionError) as error:
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
        return escaped_in_json(_plain_json(value))
    if not ensure_ascii:
        return escaped_in_json(json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, sort_keys=sort_keys))
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


# `json.dumps` makes an encoder for each value.
_plain_json = json.JSONEncoder(ensure_ascii=False).encode


@functools.cache
def environment(*, ours: bool) -> jinja2.Environment:
    """The sandbox of dialect templates: of our own, or of others, which run under a budget."""
    kind = ImmutableSandboxedEnvironment if ours else BudgetedEnvironment
    env = kind(undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
    give_filters(env)
    env.policies["json.dumps_kwargs"] = {}
    return env


def give_filters(env: jinja2.Environment) -> None:
    """Give an environment the filter `tojson` of Hugging Face."""
    env.filters["tojson"] = to_json
    if isinstance(env, BudgetedEnvironment):
        env.charge_filters()


def is_ours(path: str) -> bool:
    """True for a template in our own folder."""
    return Path(path).is_relative_to(str(folder()))


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
        with spending():
            template = environment(ours=is_ours(path)).from_string(source, globals=dict(context))
            exported = vars(template.module)
    except jinja2.TemplateSyntaxError as error:
        raise DialectError(f"{path}:{error.lineno}: {error.message}") from error
    except FAULTS as error:
        raise DialectError(f"{path}: {fault_of(error)}") from error
    return dict(_macros(exported))


def fault_of(error: BaseException) -> str:
    """Describe an error of a template: Jinja's own words, or Python's with the error's name."""
    words = shortened(str(error), quote=False)
    return words if isinstance(error, jinja2.TemplateError) else f"the template cannot be run: {type(error).__name__}: {words}"


def _macros(exported: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in exported.items():
        if isinstance(value, jinja2.runtime.Macro):
            yield name, value
