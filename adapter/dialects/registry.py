"""Dialects as frozen values, by name.

A dialect is data: its template's front matter and macros. No code outside a dialect's own template knows the dialect's name.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace
from os import PathLike
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from adapter.dialects import front_matter, templates
from adapter.dialects.model_names import for_model, meant_by
from adapter.dialects.spending import spending
from adapter.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.metadata import EntryPoint

    from adapter.tools.choice import ToolChoice

_MACROS = ("system", "tool_call", "tool_results")
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
        answer: The tags around the answer behind reasoning, which some models write, or None.
        special: Special tokens that may be left over in the text.
        calls_in_thinking: True if a call ends the models' thinking; `unclosed` if a call does only in thinking without an end.
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
        token_first: True if the models begin an answer with a special token, which is no content.
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
    answer: Pair | None = None
    special: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    calls_in_thinking: bool | Literal["unclosed"] = False
    space_before_call: SpaceBeforeCall = "drop"
    form: Mapping[str, str] = field(default_factory=dict)
    result_role: Literal["user", "tool"] = "user"
    roles: tuple[str, ...] = ()
    default_system: str = ""
    tools_in: Literal["system", "own", "user"] = "system"
    tools_name: str = ""
    call_ids: str = ""
    newline_first: bool = False
    token_first: bool = False
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
            with spending():
                return str(self.macros[macro](*args))
        except templates.FAULTS as error:
            if macro == "tool_call" and isinstance(error, RecursionError):
                raise  # the value is too deep, not the template at fault
            raise DialectError(f"{self.path}: macro {macro!r} failed: {templates.fault_of(error)}") from error


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
    """Load a dialect by name, by a model's name or by the path of a `.jinja` file.

    Raises:
        DialectError: The template does not exist or breaks the contract; the message says file and line.
    """
    name = by_model(name)[0]
    others = () if name.endswith(templates.SUFFIX) or name in templates.names() else _offered()
    if name in others:
        return _load_offered(name)
    source, path = templates.read(name, others=others)
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
