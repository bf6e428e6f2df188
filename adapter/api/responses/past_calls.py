"""Calls in the input and their results, of all kinds that agents send back, as calls of functions and texts.

The kinds of a vendor's own tools that a client runs (`local_shell_call`, `shell_call`, `apply_patch_call`) are shown as calls
of a function of the kind's name. Items without words for a model, or in a vendor's secret writing, are left out and told.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.responses.checks import missing, object_at, text_at
from adapter.api.responses.parts import chat_content, is_data
from adapter.tools.call_form import input_arguments, joined_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Items about work on a vendor's servers, of which a text model can make nothing, and secret summaries.
LEFT_OUT = frozenset(
    {
        *("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "program", "program_output"),
        *("computer_call", "computer_call_output", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response"),
        *("compaction", "compaction_trigger", "compaction_summary", "context_compaction", "ghost_snapshot"),
        "configuration_update",
    }
)
_TOOL_SEARCH = "tool_search"


class PastCall(NamedTuple):
    """A call in the input.

    Attributes:
        id: The id of the call; None for a call that a vendor's server made for itself.
        name: The function.
        arguments: JSON text.
        result: The result, of a call that holds its result itself.
    """

    id: str | None
    name: str
    arguments: str
    result: str | None = None


class PastResult(NamedTuple):
    """A result in the input.

    Attributes:
        id: The id of the call; None for the result of a call that a vendor's server made for itself.
        content: Content of the message with the result.
    """

    id: str | None
    content: Any


def _function(item: Mapping[str, Any], param: str) -> PastCall:
    name = joined_name(text_at(item, "name", param), _namespace(item, param))
    return PastCall(_own_id(item, param), name, _arguments(item))


def _custom(item: Mapping[str, Any], param: str) -> PastCall:
    name = joined_name(text_at(item, "name", param), _namespace(item, param))
    return PastCall(_own_id(item, param), name, input_arguments(text_at(item, "input", param)))


def _own_id(item: Mapping[str, Any], param: str) -> str:
    """Return the id of a call; empty for an item without an id, which is paired by order."""
    return "" if item.get("call_id") is None else text_at(item, "call_id", param)


def _arguments(item: Mapping[str, Any]) -> str:
    """Return the arguments as JSON text; some agents keep an object."""
    arguments = item.get("arguments")
    return arguments if isinstance(arguments, str) else _json({} if arguments is None else arguments)


def _namespace(item: Mapping[str, Any], param: str) -> str | None:
    return None if item.get("namespace") is None else text_at(item, "namespace", param)


def _search(item: Mapping[str, Any], param: str) -> PastCall:
    call_id = None if item.get("call_id") is None else text_at(item, "call_id", param)
    return PastCall(call_id, _TOOL_SEARCH, _arguments(item))


def _client_run(key: str) -> Callable[[Mapping[str, Any], str], PastCall]:
    """Return the reader for calls of a vendor's tool that the client runs; `key` names the member with the arguments."""

    def read(item: Mapping[str, Any], param: str) -> PastCall:
        name = item["type"].removesuffix("_call")
        return PastCall(_id(item, param), name, _json(object_at(item.get(key), f"{param}.{key}")))

    return read


def _mcp(item: Mapping[str, Any], param: str) -> PastCall:
    """Read a call that a vendor's server made of an MCP server; the item holds the result."""
    name = joined_name(text_at(item, "name", param), item.get("server_label"))
    said = item.get("output") or item.get("error") or ""
    result = said if isinstance(said, str) else _json(said)
    return PastCall(_id(item, param), name, _arguments(item), result)


def _id(item: Mapping[str, Any], param: str) -> str:
    """Return the id of a call; older kinds of items have the item's id only."""
    return text_at(item, "id" if item.get("call_id") is None else "call_id", param)


def _output(item: Mapping[str, Any], param: str) -> PastResult:
    call_id = _own_id(item, param)
    if "output" not in item:
        raise missing(f"{param}.output")
    output = "" if item["output"] is None else item["output"]
    return PastResult(call_id, output if is_data(output) else chat_content(output, f"{param}.output"))


def _client_output(item: Mapping[str, Any], param: str) -> PastResult:
    said = item.get("output")
    return PastResult(_id(item, param), said if isinstance(said, str) else _json(item.get("status") if said is None else said))


def _found(item: Mapping[str, Any], param: str) -> PastResult:
    """Read the result of a search for tools; the tools themselves are offered like the request's."""
    call_id = None if item.get("call_id") is None else text_at(item, "call_id", param)
    names = [name for tool in item.get("tools") or () if isinstance(tool, dict) for name in _names(tool)]
    return PastResult(call_id, f"Tools found: {', '.join(names)}" if names else "No tools found.")


def _names(tool: Mapping[str, Any]) -> list[str]:
    if tool.get("type") != "namespace":
        return [str(tool.get("name"))]
    inner = [each for each in tool.get("tools") or () if isinstance(each, dict)]
    return [joined_name(str(each.get("name")), str(tool.get("name"))) for each in inner]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


CALLS: dict[str, Callable[[Mapping[str, Any], str], PastCall]] = {
    "function_call": _function,
    "custom_tool_call": _custom,
    "tool_search_call": _search,
    "local_shell_call": _client_run("action"),
    "shell_call": _client_run("action"),
    "apply_patch_call": _client_run("operation"),
    "mcp_call": _mcp,
}
RESULTS: dict[str, Callable[[Mapping[str, Any], str], PastResult]] = {
    "function_call_output": _output,
    "custom_tool_call_output": _output,
    "tool_search_output": _found,
    "local_shell_call_output": _client_output,
    "shell_call_output": _client_output,
    "apply_patch_call_output": _client_output,
}
