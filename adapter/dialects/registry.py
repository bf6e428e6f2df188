"""Dialects as frozen values, by name.

A dialect is data: its template's front matter and macros. No code outside a dialect's own template knows the dialect's name.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

import jinja2

from adapter.dialects import templates
from adapter.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.metadata import EntryPoint

    from adapter.tools.choice import ToolChoice

_MACROS = ("system", "tool_call", "tool_results")
_CHOICES = {
    "result_role": ("user", "tool"),
    "tools_in": ("system", "own", "user"),
    "needs": ("chat", "completions"),
    "space_before_call": ("drop", "keep", "keep-in-sentence"),
}
Pair = tuple[str, str]
SpaceBeforeCall = Literal["drop", "keep", "keep-in-sentence"]


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """The format in which a family of models reads tool definitions and writes tool calls.

    A dialect equals itself alone: dialects with equal front matter may have different macros.

    Attributes:
        name: The name by which callers select the dialect.
        models: Globs of suitable model names.
        syntax: The name of the call syntax that reads blocks.
        open: The marker at the beginning of a block.
        close: The marker at the end of a block.
        result: The tags around a tool result in the prompt, or None; a model sometimes writes the tags itself.
        reasoning: The tags around reasoning, or None.
        special: Special tokens that may be left over in the text.
        calls_in_thinking: True if a call ends the models' thinking.
        space_before_call: Treatment of white space between text and a call: `drop`; `keep` as content; or `keep-in-sentence`,
            as content if the text breaks off inside a sentence.
        form: Further settings of the call syntax.
        markers: Other literals of the prompt that untrusted text must not hold.
        result_role: The role of messages with tool results: a single `user` message for a turn, or a `tool` message each.
        roles: Roles of messages that the models know besides the API's; messages of the roles pass unchanged.
        default_system: System text for a conversation with tools and without a system message.
        tools_in: The place of the tools: the single `system` message, together with the caller's text; a first system message
            of their `own`, followed by the caller's; or the first message of the `user`, together with its text.
        tools_name: The `name` of a message of the tools' own, for chat templates that look for a name.
        call_ids: The form of past call ids, for models trained on a single form: a text with `{name}` of the tool and
            `{index}`, counted over the conversation; or `nine` letters and digits, derived from the caller's id. Empty:
            unchanged.
        newline_first: True if the models begin an answer with a newline, which is no content, before thinking.
        evidence: Evidence behind the dialect: `renderings` of official templates, the `board` of recorded completions.
        needs: The upstream that the dialect needs: `chat`, or `completions` if its markers are special tokens or do not fit
            into plain messages.
        path: The template's file.
        macros: The template's macros by name.
    """

    name: str
    models: tuple[str, ...]
    syntax: str
    open: str
    close: str
    result: Pair | tuple[()] = ()
    reasoning: Pair | None = None
    special: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    calls_in_thinking: bool = False
    space_before_call: SpaceBeforeCall = "drop"
    form: Mapping[str, str] = field(default_factory=dict)
    result_role: Literal["user", "tool"] = "user"
    roles: tuple[str, ...] = ()
    default_system: str = ""
    tools_in: Literal["system", "own", "user"] = "system"
    tools_name: str = ""
    call_ids: str = ""
    newline_first: bool = False
    evidence: tuple[str, ...] = ()
    needs: Literal["chat", "completions"] = "chat"
    path: str = ""
    macros: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def system(self, text: str, tools: Sequence[Mapping[str, Any]], choice: ToolChoice, parallel: bool | None = None) -> str:
        """Render the message that shows the tools, together with its own text, in the dialect's order and words."""
        return self._render("system", text, tools, choice, parallel)

    def asked(self, choice: ToolChoice, parallel: bool | None = None) -> str:
        """Render the text about the tool choice, by the dialect's macro `asked(choice, parallel)`."""
        return self._render("asked", choice, parallel) if "asked" in self.macros else ""

    def tool_call(self, name: str, arguments: Any, call_id: str = "") -> str:
        """Render a call in the model's notation. `arguments` is the decoded object; few dialects show the id."""
        shown = call_id or (self.call_ids.format(name=name, index=0) if "{" in self.call_ids else "")
        return self._render("tool_call", {"id": shown, "name": name, "arguments": arguments})

    def assistant(self, content: str, calls: Sequence[str]) -> str:
        """Render a turn of the assistant: its text, and its calls as `tool_call` rendered them.

        The dialect's macro `assistant(content, calls)` joins text and calls; without the macro, each stands on lines of its
        own.
        """
        if "assistant" in self.macros:
            return self._render("assistant", content, calls)
        return "\n".join(text for text in (content, *calls) if text)

    def tool_results(self, results: Sequence[Mapping[str, str]]) -> str:
        """Render neighbouring results as text. Each result has `content`, `name` and `id`.

        A macro `tool_results(results, role)` receives the role of the message: for some families, chat templates write the tags
        around `tool` messages themselves.
        """
        told = len(self.macros["tool_results"].arguments) > 1
        return self._render("tool_results", results, *((self.result_role,) if told else ()))

    def _render(self, macro: str, *args: object) -> str:
        try:
            return str(self.macros[macro](*args))
        except jinja2.TemplateError as error:
            raise DialectError(f"{self.path}: macro {macro!r} failed: {error}") from error


_STRINGS = ("name", "syntax", "open", "close", "default_system", "tools_name", "call_ids", *_CHOICES)
_LISTS = ("models", "evidence", "special", "markers", "result", "reasoning", "roles")
_FLAGS = ("calls_in_thinking", "newline_first")
_TABLES = ("form",)
_KEYS = (*_STRINGS, *_LISTS, *_FLAGS, *_TABLES)


def _check(data: Mapping[str, Any], path: str) -> None:
    """Raise `DialectError` for front matter outside the documented form."""
    required = ("name", "models", "syntax", "open", "close")
    plain = {key: value for key, value in data.items() if key not in _FLAGS + _TABLES}
    templates.check_keys(plain, path, strings=_STRINGS, lists=_LISTS, required=required, others=_FLAGS + _TABLES)
    for key in _FLAGS:
        if not isinstance(data.get(key, False), bool):
            raise DialectError(f"{path}: {key} = {data[key]!r} must be true or false")
    for key in _TABLES:
        table = data.get(key, {})
        if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
            raise DialectError(f"{path}: {key} must be a table of strings")
    for key in ("result", "reasoning"):
        if data.get(key) and len(data[key]) != 2:
            raise DialectError(f"{path}: {key} = {data[key]!r} must be the opening and the closing tag")
    for key, allowed in _CHOICES.items():
        if key in data and data[key] not in allowed:
            raise DialectError(f"{path}: {key} = {data[key]!r} must be {' or '.join(map(repr, allowed))}")


def _front_matter(dialect: Dialect) -> dict[str, Any]:
    """The data of a dialect as front matter, for a dialect that extends it."""
    values = {key: getattr(dialect, key) for key in _KEYS}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items() if value is not None}


# Entry-point group of dialects in other packages: a `Dialect`, or the path of a template, under the dialect's name.
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
    """Load a dialect by name or by the path of a `.jinja` file.

    Raises:
        DialectError: The template does not exist or breaks the contract; the message says file and line.
    """
    others = () if name.endswith(templates.SUFFIX) or name in templates.names() else _offered()
    if name in others:
        return _load_offered(name)
    source, path = templates.read(name, others=others)
    data = templates.front_matter(source, path)
    macros: dict[str, Any] = {}
    context: dict[str, Any] = {}
    parent_name = data.pop("extends", None)
    if parent_name is not None:
        parent = load(parent_name)
        data = _front_matter(parent) | {"evidence": []} | data  # evidence for the parent is no evidence for the child
        macros = dict(parent.macros)
        # In Jinja a name holds no dash and no dot: `qwen3_coder.asked(…)`.
        context = {re.sub(r"\W", "_", parent_name): SimpleNamespace(**parent.macros)}
    _check(data, path)
    macros |= templates.compile_macros(source, path, context)
    for macro in _MACROS:
        if macro not in macros:
            raise DialectError(f"{path}: macro {macro!r} is missing; a template defines {', '.join(_MACROS)}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    values["reasoning"] = values.get("reasoning") or None  # an empty list overrides the parent's tags
    return Dialect(**values, path=path, macros=macros)


def for_model(model: str, globs: Iterable[tuple[str, Iterable[str]]]) -> tuple[str, str] | None:
    """Find the name whose globs match a model. Returns the name and the glob; None without a match.

    Of several matches the earliest in the model's name wins (a model tuned from another carries the other's name behind its
    own), then the longest glob.

    Args:
        model: The model's name, in upper or lower case.
        globs: Names with their globs.
    """
    wanted = model.lower()
    found = [(name, glob) for name, several in globs for glob in several if fnmatch.fnmatchcase(wanted, glob.lower())]
    return max(found, key=lambda match: (-_begins(match[1].lower(), wanted), len(match[1].replace("*", ""))), default=None)


def _begins(glob: str, model: str) -> int:
    """The offset in a model's name at which the words of a glob begin."""
    words = next((words for words in glob.split("*") if words), "")
    return model.find(words) if words else len(model)


@functools.lru_cache(maxsize=64)
def choose(model: str) -> tuple[Dialect, str]:
    """Choose a dialect by the model's name. Returns the dialect and a sentence with the reason.

    Raises:
        DialectError: A dialect of another package cannot be loaded.
    """
    match = for_model(model, ((name, load(name).models) for name in names()))
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
