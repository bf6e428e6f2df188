"""The tools of a run, read out of the caller's list: functions, tools, and definitions with a function beside."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapter.errors import BadRequest
from adapter.running.hints import parameters_of
from adapter.running.tool import RunnableTool, bound_of, check_marks, opened, tool
from adapter.tools.definitions import ToolSet, read_tools

_FORMS = "a function, a tool of adapter.tool, or a pair (definition, function)"


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of a run.

    Attributes:
        by_name: The tools by their names.
        checked: The definitions, compiled to check arguments.
    """

    by_name: Mapping[str, RunnableTool]
    checked: ToolSet

    @property
    def definitions(self) -> list[dict[str, Any]]:
        """The definitions for a request, in the caller's order."""
        return [dict(item.wire) for item in self.checked]


def read_toolbox(tools: Any) -> Toolbox:
    """Read the tools of a run.

    Args:
        tools: A list of functions, of tools, and of pairs `(definition, function)`.

    Raises:
        TypeError: An item is none of these, or a function does not take the parameters of its definition.
        BadRequest: A definition is malformed, or two tools share a name.
    """
    if not isinstance(tools, Sequence) or isinstance(tools, str | bytes):
        hint = ": put it into a list" if callable(tools) or isinstance(tools, Mapping) else ""
        raise TypeError(f"tools is a list of functions or tools, not {tools!r}{hint}")
    made = [one for place, item in enumerate(tools) for one in _read(item, f"tools[{place}]")]
    checked = read_tools([dict(one.definition) for one in made])
    return Toolbox({one.name: one for one in made}, checked)


def _read(item: Any, place: str) -> Iterator[RunnableTool]:
    if isinstance(item, RunnableTool):
        yield item
    elif isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], Mapping):
        yield _beside(item[0], item[1], place)
    elif callable(item) and not isinstance(item, type):
        yield tool(item)
    elif isinstance(item, Mapping):
        raise TypeError(f"{place} is a definition without a function: give both, (definition, function)")
    else:
        raise TypeError(f"{place} is {item!r}, and must be {_FORMS}")


def _beside(definition: Mapping[str, Any], function: Any, place: str) -> RunnableTool:
    """Make a tool of a definition and the function beside, which may carry the marks of `adapter.tool`."""
    called, shape, marked = opened(function)
    if not callable(called) or isinstance(called, type):
        raise TypeError(f"{place}[1] is {function!r}, and must be the function that runs the tool")
    [checked] = read_tools([dict(definition)], place)
    if checked.form is not None:
        raise BadRequest(f"tool {checked.name!r} is of another kind than function, which run_tools does not run", param=place)
    parameters = checked.schema.source.get("properties") or {}
    made = RunnableTool(checked.wire, called, _reader(shape, checked.name, list(parameters)))
    made = replace(made, polls=checked.polls).marked_like(marked, bound_of(shape))
    check_marks(made, {**parameters, **made.defaults})
    return made


def _reader(
    function: Callable[..., Any], name: str, parameters: Sequence[str]
) -> Callable[[str], tuple[tuple[Any, ...], dict[str, Any]]]:
    """Return the way from JSON text to a function's arguments.

    The function gets the arguments by name. A function of a single parameter that the definition does not have gets them as a
    dictionary, like the function of the guide's script.

    Raises:
        TypeError: The function does not take the parameters of the definition.
    """
    taken = [*parameters_of(function, name)]
    required = [each for each in taken if each.default is inspect.Parameter.empty and each.kind <= each.POSITIONAL_OR_KEYWORD]
    if len(required) == 1 and required[0].name not in parameters:
        return lambda text: ((json.loads(text),), {})
    named = {each.name for each in taken if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    takes_any = any(each.kind is each.VAR_KEYWORD for each in taken)
    strange = [] if takes_any else [parameter for parameter in parameters if parameter not in named]
    if strange:
        raise TypeError(
            f"tool {name!r}: the function takes ({', '.join(map(str, taken))}), and not {', '.join(strange)} of its "
            "definition. Name its parameters like the definition's, or take one parameter, which gets all as a dictionary."
        )
    return lambda text: ((), json.loads(text))
