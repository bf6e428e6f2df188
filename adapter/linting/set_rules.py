"""C: the number and the cost of tools. R: definitions that the adapter refuses, or reads otherwise than written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest
from adapter.linting.finding import Found, Rule
from adapter.tools.definitions import ToolSet, read_flat_tools, read_tools
from adapter.tools.one_tool import Builtin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.subject import LintedTool, Path, Subject

_MOST_TOOLS, _MOST_OF_OPENAI = 20, 128
_OWN_PLACE = re.compile(r"tools\[0\](?:\.function)?\.?")  # the definition is read alone, in a list of its own
_BEFORE_SCHEMA = re.compile(r"^tools\[0\](?:\.function)?\.parameters")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def tool_set(tool: LintedTool) -> ToolSet:
    """Return a set of this tool alone, as the adapter reads it.

    Raises:
        BadRequest: The definition is refused.
    """
    return read_tools([tool.wire]) if tool.kind == "function" or "custom" in tool.wire else read_flat_tools([tool.wire])


def readable(subject: Subject) -> Iterator[tuple[LintedTool, ToolSet]]:
    """Yield the tools that the adapter takes, each with the set of this tool alone."""
    for tool in subject.functions:
        try:
            yield tool, tool_set(tool)
        except BadRequest:
            continue  # told by R01


def _refused(subject: Subject) -> Iterator[Found]:
    for tool in subject.tools:
        if tool.fault:
            yield Found(
                f"this is no tool: {tool.fault}", tool.path, tool.wire, 'write {"type": "function", "function": {"name": …}}'
            )
            continue
        try:
            tool_set(tool)
        except BadRequest as error:
            path = (*tool.schema_path, *_steps(tool.schema, error.param)) if _in_schema(error.param) else tool.path
            hint = "the adapter answers 400 in these words"
            vendors = isinstance(error, Builtin)
            said = _OWN_PLACE.sub("", " ".join(error.message.split()))
            message = f"{tool.named if tool.name else 'a tool'} is refused: {said}"
            yield Found(message, path, _at(tool, path), hint, tool.name, "warning" if vendors else None)


def _in_schema(param: str | None) -> bool:
    return _BEFORE_SCHEMA.match(param or "") is not None


def _steps(schema: Any, param: str | None) -> Path:
    """Return the keys and indexes of a place inside a schema, as far as they can be followed; a key may hold points."""
    rest, node, steps = _BEFORE_SCHEMA.sub("", param or ""), schema, []
    while rest:
        if isinstance(node, Mapping):
            near = [key for key in node if isinstance(key, str) and rest.startswith(f".{key}")]
            if not near:
                break
            key: str | int = max(near, key=len)
            rest = rest[len(str(key)) + 1 :]
        elif (
            isinstance(node, Sequence)
            and not isinstance(node, str)
            and (found := re.match(r"\[(\d+)\]", rest))
            and int(found[1]) < len(node)
        ):
            key, rest = int(found[1]), rest[found.end() :]
        else:
            break
        steps.append(key)
        node = node[key]
    return tuple(steps)


def _at(tool: LintedTool, path: Path) -> Any:
    if path == tool.path:
        return tool.item
    node: Any = tool.schema if path[: len(tool.schema_path)] == tool.schema_path else tool.item
    for step in path[len(tool.schema_path) :]:
        node = node[step]
    return node


def _mended(subject: Subject) -> Iterator[Found]:
    for tool, tools in readable(subject):
        for read in tools:
            for fault in read.schema.told:
                where, _, _ = fault.partition(": ")
                path = (*tool.schema_path, *_steps(tool.schema, f"tools[0].parameters{where if where.startswith('.') else ''}"))
                message = f"the schema of {tool.named} is read as meant: {fault.removeprefix('.')}"
                hint = "the model reads the text as written, the check of arguments the schema as meant: write what is meant"
                yield Found(message, path, _at(tool, path), hint, tool.name)


def _many(subject: Subject) -> Iterator[Found]:
    count = len(subject.functions)
    if count > _MOST_TOOLS:
        severe = subject.target == "openai" and count > _MOST_OF_OPENAI
        message = f"there are {count} tools, and models choose worse among more than {_MOST_TOOLS}"
        message += f"; OpenAI's API takes {_MOST_OF_OPENAI} at most" if severe else ""
        names = ", ".join(tool.name for tool in subject.functions[:8]) + ", …"
        hint = "offer those that the task needs, or make one tool of several that are always called together"
        yield Found(message, subject.items[0][0][:-1] if subject.items else (), names, hint, "", "error" if severe else None)


def _costly(subject: Subject) -> Iterator[Found]:
    if subject.budget is None:
        return
    tokens, source = subject.tokens()
    if tokens > subject.budget:
        message = f"the tools cost {tokens:,} tokens in every request, and the budget is {subject.budget:,} ({source})"
        path = subject.items[0][0][:-1] if subject.items else ()
        yield Found(message, path, f"{tokens} tokens", "`adapter tokens` shows the cost of each, and what shorter forms save")


RULES = (
    Rule(
        "C01",
        "warning",
        "There are over 20 tools",
        "OpenAI's and Google's guides; Microsoft: 1,470 servers have a median of 4",
        _many,
    ),
    Rule(
        "C02",
        "warning",
        "The tools cost more tokens than the budget",
        "counted as by `adapter tokens`; runs with a budget",
        _costly,
    ),
    Rule("R01", "error", "The adapter refuses the definition", "behaviour 5.1 and 5.8", _refused),
    Rule("R02", "warning", "The schema has a fault that is read as meant", "behaviour 5.6", _mended),
)
