"""Tool definitions of a request, checked before anything reaches upstream.

A `ToolSet` keeps each definition twice: in the caller's own form, which the model reads byte for byte, and as the parts needed
to check a call.
 Agents send the same tools with every request, so recent sets are cached. A list is recognised by its content, down to the
types of its values, and never by its identity, because callers change lists in place. The cache holds copies that no caller can
reach.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable, Collection, Iterable, Iterator, KeysView, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.recent import recent
from adapter.schema.bounds import bounded_form
from adapter.tools.messages_tool import read_messages_tool
from adapter.tools.one_tool import Builtin, Entry, ToolDefinition, entries, read_bare, read_flat, read_wrapped, wrong_type
from adapter.tools.other_apis import list_of_tools

if TYPE_CHECKING:
    from adapter.tools.call_form import CallForm

# Bytes of the sets that are kept.
MOST_KEPT = 1 << 22
# Marshal's last version in which equal values give equal bytes, independent of reference counts.
_MARSHAL = 2


class Policy(NamedTuple):
    """The treatment of tools that cannot be offered: `"raise"` or `"leave_out"`.

    Attributes:
        on_bad_tool: Of malformed tools.
        on_builtin: Of tools that only a vendor's own servers run.
    """

    on_bad_tool: str = "raise"
    on_builtin: str = "raise"


_DEEPEST = 300  # levels of JSON in a definition
RAISING = Policy()


@dataclass(frozen=True, slots=True, eq=False)
class ToolSet:
    """The tools of a request, in the caller's order.

    A set never changes, so values derived from a set can be cached: the set holds copies of the caller's definitions.
    (Definitions with values other than plain JSON, like members of an enumeration, are held uncopied; callers must not change
    them.)

    Attributes:
        tools: The tools.
        by_name: The tools by the names that the model knows.
        told: Tools left out, and choices made in reading the definitions.
        forms: Forms of the calls that reach the caller as another kind than function calls, by name.
        size: Bytes of the definitions, about; the cost of values derived from the set.
    """

    tools: tuple[ToolDefinition, ...] = ()
    by_name: Mapping[str, ToolDefinition] = field(default_factory=dict)
    told: tuple[Problem, ...] = ()
    forms: Mapping[str, CallForm] = field(default_factory=dict)
    size: int = 0

    def __bool__(self) -> bool:
        return bool(self.tools)

    def __iter__(self) -> Iterator[ToolDefinition]:
        return iter(self.tools)

    @property
    def names(self) -> KeysView[str]:
        """Names in the caller's order."""
        return self.by_name.keys()

    def named_in(self, text: str) -> str:
        """The first name of a tool that stands in a text as a word of its own; empty without one."""
        found = _names_of(self).search(text) if self.tools else None
        return found.group() if found else ""

    def only(self, names: Sequence[str] | None) -> ToolSet:
        """The tools with the given names, in the caller's order; all tools for None."""
        if names is None:
            return self
        wanted = frozenset(names)
        return _tool_set((tool for tool in self.tools if tool.name in wanted), size=self.size)

    def and_also(self, wire: Mapping[str, Any]) -> ToolSet:
        """A set with a further tool, given in Chat Completions form."""
        return self.and_all(read_tools([wire]))

    def and_all(self, others: ToolSet) -> ToolSet:
        """A set with further tools, whose names are new."""
        return _tool_set([*self.tools, *others.tools], (*self.told, *others.told), self.size + others.size)

    def known_as(self, name: Any, namespace: Any = None) -> str | None:
        """The name by which the model knows a tool of the caller's; None for a tool that is not offered."""
        for tool in self.tools if namespace or self.forms else ():
            form = tool.form
            if form is not None and form.name == name and (form.namespace or None) == (namespace or None):
                return tool.name
        return name if not namespace and name in self.by_name else None

    def telling(self, problems: Iterable[Problem]) -> ToolSet:
        """The set with further problems told."""
        return replace(self, told=(*self.told, *problems))

    def bounded(self, most: int) -> ToolSet:
        """The tools with at most so many characters in each string that has no bound, for constraints; kept by identity."""
        return _bounded(self, most)

    def without(self, names: Collection[str]) -> ToolSet:
        """The tools of other names, in the caller's order; the set itself for no names."""
        return _tool_set((tool for tool in self.tools if tool.name not in names), self.told, self.size) if names else self


def size_of(tools: ToolSet, *_: Any, **__: Any) -> int:
    """The cost of a value derived from a set of tools, the first argument."""
    return tools.size


@recent(MOST_KEPT, size_of)
def _bounded(tools: ToolSet, most: int) -> ToolSet:
    bounded = [replace(tool, schema=bounded_form(tool.schema, most)) for tool in tools]
    return _tool_set(bounded, tools.told, tools.size)


@recent(MOST_KEPT, size_of)
def _names_of(tools: ToolSet) -> re.Pattern[str]:
    """A pattern of the names of a set, which is known by its identity."""
    listed = sorted(tools.names, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, listed))})(?![\w-])")


def _tool_set(
    tools: Iterator[ToolDefinition] | Sequence[ToolDefinition], told: tuple[Problem, ...] = (), size: int = 0
) -> ToolSet:
    kept = tuple(tools)
    forms = {tool.name: tool.form for tool in kept if tool.form is not None}
    return ToolSet(kept, {tool.name: tool for tool in kept}, told, forms, size)


def read_tools(tools: Any, param: str = "tools", policy: Policy = RAISING) -> ToolSet:
    """Read the `tools` of a chat request.

    Args:
        tools: A list of `{"type": "function", "function": {"name", "description", "parameters", "strict"}}` or
            `{"type": "custom", "custom": {"name", "description", "format"}}`, or None, or a `ToolSet`.
        param: The path of the list in the request, for messages.
        policy: The treatment of tools that cannot be offered.

    Raises:
        BadRequest: The list is malformed; `param` names the place.
    """
    return tools if isinstance(tools, ToolSet) else _known(tools, param, "wrapped", policy)


def read_functions(functions: Any, policy: Policy = RAISING) -> ToolSet:
    """Read the legacy `functions` of a chat request: a list of objects like `function` in `tools`."""
    return _known(functions, "functions", "bare", policy)


def read_flat_tools(tools: Any, param: str = "tools", policy: Policy = RAISING) -> ToolSet:
    """Read the `tools` of a Responses request.

    Kinds: `{"type": "function", "name", "description", "parameters", "strict"}`, `{"type": "custom", "name", "format"}`,
    `{"type": "namespace", "name", "tools"}`, and `{"type": "tool_search", "execution": "client", "parameters"}`. The model
    reads the wrapped form, with `strict` only if the caller wrote the key.
    """
    return _known(tools, param, "flat", policy)


def read_messages_tools(tools: Any, policy: Policy = RAISING) -> ToolSet:
    """Read the `tools` of a request of Anthropic's Messages API. The model reads the wrapped form."""
    return _known(tools, "tools", "messages", policy)


def _known(items: Any, param: str, form: str, policy: Policy) -> ToolSet:
    try:
        content = marshal.dumps(items, _MARSHAL)
    except ValueError:  # values that marshal refuses may still be JSON
        return _read(items, param, form, policy)
    return _kept(content, param, form, policy)


@recent(MOST_KEPT, lambda content, *_: len(content))
def _kept(content: bytes, param: str, form: str, policy: Policy) -> ToolSet:
    return replace(_read(marshal.loads(content), param, form, policy), size=len(content))  # noqa: S302  # our own bytes


def _read(items: Any, param: str, form: str, policy: Policy) -> ToolSet:
    if items is None:
        return ToolSet()
    if not isinstance(items, Sequence) or isinstance(items, str | bytes):
        inside = list_of_tools(items)
        hint = "" if inside is None else " (put the tool into a list)" if inside[:1] == [items] else " (give the list in it)"
        raise wrong_type(param, items, f"an array of tool definitions{hint}")
    tools: list[ToolDefinition] = []
    told: list[Problem] = []
    seen: dict[str, str] = {}
    for position, item in enumerate(items):
        with _leaving_out(item, policy, told):
            if not isinstance(item, Mapping):
                raise wrong_type(f"{param}[{position}]", item, "an object")
            for entry in entries(item, f"{param}[{position}]") if form == "flat" else (Entry(item, f"{param}[{position}]"),):
                with _leaving_out(entry.item, policy, told):
                    tools.append(_one(entry, form, seen))
    return _tool_set(tools, (*told, *(problem for tool in tools for problem in tool.told)))


@contextmanager
def _leaving_out(item: Any, policy: Policy, told: list[Problem]) -> Iterator[None]:
    """Tell a fault of a definition, and go on without the definition, where the policy says so."""
    try:
        yield
    except BadRequest as error:
        option = "on_builtin" if isinstance(error, Builtin) else "on_bad_tool"
        if getattr(policy, option) == "raise":
            raise
        text = json.dumps(item, default=repr, ensure_ascii=False)
        told.append(Problem("tool_left_out", f"a tool is not offered to the model ({error.param}): {error.message}", text))


def _one(entry: Entry, form: str, seen: dict[str, str]) -> ToolDefinition:
    """Read a definition whose name is new."""
    item, polls = _without_mark(entry.item)
    tool, where = _FORMS[form](entry._replace(item=item) if polls is not None else entry)
    if _is_deeper(entry.item, _DEEPEST):
        raise BadRequest(
            f"Invalid tool {tool.name!r}: its definition is nested deeper than {_DEEPEST} levels. Shorten "
            "the default, the example or the unknown key that is.",
            param=where,
        )
    tool = replace(tool, polls=True) if polls else tool
    if tool.name in seen:
        raise BadRequest(
            f"Duplicate function name {tool.name!r}: {seen[tool.name]} has it too. Give each tool a name of its own.",
            param=f"{where}.name",
        )
    seen[tool.name] = where
    return tool


def _is_deeper(value: Any, most: int) -> bool:
    """Return True for JSON in which more levels of objects and lists stand in one another."""
    level = [value]
    for _ in range(most + 1):
        level = [
            inner for one in level if isinstance(one, dict | list) for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def _without_mark(item: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool | None]:
    """Return a definition without the mark `polls`, which the model does not see, and the mark; None without one."""
    inner = item.get("function")
    if isinstance(inner, Mapping) and isinstance(inner.get("polls"), bool):
        return {**item, "function": {key: value for key, value in inner.items() if key != "polls"}}, inner["polls"]
    if isinstance(item.get("polls"), bool):
        return {key: value for key, value in item.items() if key != "polls"}, item["polls"]
    return item, None


_FORMS: dict[str, Callable[[Entry], tuple[ToolDefinition, str]]] = {
    "wrapped": read_wrapped,
    "bare": read_bare,
    "flat": read_flat,
    "messages": read_messages_tool,
}
