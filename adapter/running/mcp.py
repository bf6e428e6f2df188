"""Tools of an MCP server as tools of a run. The session is the caller's, of the package `mcp` (1.x or 2.x).

A server is a stranger: its hints about itself are claims, so each tool counts as a tool that writes unless the caller says
otherwise.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

from adapter.errors import BadRequest, ToolError
from adapter.running.tool import RunnableTool
from adapter.running.values import ToolOutput
from adapter.tools.definitions import read_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_MOST = 64  # characters of a name
_MOST_PAGES = 100


async def mcp_tools(
    session: Any,
    *,
    reads: Collection[str] | Literal["hints"] = (),
    prefix: str = "",
    timeout: float | None = None,  # of each call
) -> list[RunnableTool]:
    """List the tools of an MCP server, for `arun_tools`.

    Names that no chat API takes are made safe: `files/read` becomes `files_read`. Of a result the model reads the texts, and a
    note for each image; the record's `result` has the server's whole answer. A result that the server calls an error is a
    failure in the server's words.

    Args:
        session: A connected `mcp.Client` or `mcp.ClientSession`.
        reads: Names of tools, in the server's spelling, that only read. All others write, so their calls need `confirm`. With
            `"hints"` the server is trusted: its tools with `readOnlyHint` only read.
        prefix: Text before each name, for tools of several servers.
        timeout: Seconds that a call may take; the limit of the run by default.

    Raises:
        TypeError: No session, or `reads` is no list.
        ValueError: `reads` has a name that is no tool of the server.
        BadRequest: The server's definition of a tool is malformed.
    """
    if not callable(getattr(session, "list_tools", None)) or not callable(getattr(session, "call_tool", None)):
        raise TypeError(f"mcp_tools() takes a connected mcp.Client or mcp.ClientSession, not {session!r}")
    if reads != "hints" and (isinstance(reads, str) or not isinstance(reads, Collection)):
        raise TypeError(f"reads={reads!r} must be a list of names of tools, or 'hints'")
    listed = await _listed(session)
    names = [str(item.get("name")) for item in listed]
    unknown = [name for name in (() if reads == "hints" else reads) if name not in names]
    if unknown:
        raise ValueError(
            f"reads has {unknown[0]!r}, which is no tool of the server; its tools are {', '.join(names) or 'none'}"
        )
    taken: set[str] = set()
    made = []
    for item in listed:
        name = _safe(prefix + str(item.get("name")), taken)
        taken.add(name)
        only_reads = _claims_to_read(item) if reads == "hints" else str(item.get("name")) in reads
        made.append(_tool(session, item, name, writes=not only_reads, timeout=timeout))
    return made


async def _listed(session: Any) -> list[Mapping[str, Any]]:
    """Return the server's definitions, of all pages, in the names of the protocol."""
    found: list[Mapping[str, Any]] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = _plain(await session.list_tools(**_page(session.list_tools, cursor)))
        found += page.get("tools") or ()
        cursor = page.get("nextCursor")
        if not cursor:
            return found
    raise BadRequest(f"the MCP server lists its tools on more than {_MOST_PAGES} pages")


def _page(list_tools: Callable[..., Any], cursor: str | None) -> dict[str, Any]:
    """Return the arguments that ask for a page: clients differ in the way."""
    if cursor is None:
        return {}
    if "cursor" in inspect.signature(list_tools).parameters:
        return {"cursor": cursor}
    return {"params": importlib.import_module("mcp.types").PaginatedRequestParams(cursor=cursor)}


def _plain(value: Any) -> dict[str, Any]:
    """Return a value of the package `mcp` in the names of the protocol, which both of its generations write."""
    dumped: dict[str, Any] = value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def _safe(name: str, taken: Collection[str]) -> str:
    """Return a name that chat APIs take and no other tool has."""
    safe = _UNSAFE.sub("_", name)[:_MOST] or "tool"
    count, found = 1, safe
    while found in taken:
        count += 1
        end = f"_{count}"
        found = safe[: _MOST - len(end)] + end
    return found


def _claims_to_read(item: Mapping[str, Any]) -> bool:
    hints = item.get("annotations") or {}
    return hints.get("readOnlyHint") is True and hints.get("destructiveHint") is not True


def _tool(session: Any, item: Mapping[str, Any], name: str, *, writes: bool, timeout: float | None) -> RunnableTool:
    shown = {"name": name, "description": item.get("description"), "parameters": item.get("inputSchema")}
    definition = {"type": "function", "function": {key: value for key, value in shown.items() if value is not None}}
    read_tools([definition], f"tools of the MCP server: {item.get('name')!r}")

    async def call(arguments: dict[str, Any]) -> ToolOutput:
        try:
            answered = await session.call_tool(item["name"], arguments)
        except Exception as error:
            if not _is_gone(error):
                raise
            message = f"{name} was not answered: the MCP server is gone, and its tools cannot be used any more"
            raise ToolError(message) from error
        result = _plain(answered)
        text = as_text(result)
        if result.get("isError"):
            raise ToolError(text or "the tool failed, without a reason")
        return ToolOutput(text, answered, _unseen(result))

    return RunnableTool(definition, call, lambda text: ((json.loads(text),), {}), writes=writes, timeout=timeout)


def _is_gone(error: Exception) -> bool:
    """Return True for the error of a session whose server has ended, of either generation of `mcp`."""
    if type(error).__name__ in {"ClosedResourceError", "BrokenResourceError", "EndOfStream"}:
        return True
    return type(error).__name__ in {"McpError", "MCPError"} and "connection closed" in str(error).lower()


def _unseen(result: Mapping[str, Any]) -> str:
    """Return a sentence on the parts of a result that the model does not see; empty for none."""
    kinds = Counter(str(part.get("type")) for part in result.get("content") or () if _is_binary(part))
    listed = ", ".join(f"{count} of the kind {kind!r}" for kind, count in kinds.items())
    return f"parts that the model does not see, only a note on each: {listed}" if kinds else ""


def _is_binary(part: Mapping[str, Any]) -> bool:
    if part.get("type") == "resource":
        return "text" not in (part.get("resource") or {})
    return part.get("type") not in {"text", "resource_link"}


def as_text(result: Mapping[str, Any]) -> str:
    """Return the text of a result for the model: texts, a note for each part that is no text, else the structured content."""
    parts = [_part(part) for part in result.get("content") or ()]
    if not parts and "structuredContent" in result:
        return json.dumps(result["structuredContent"], ensure_ascii=False)
    return "\n".join(parts)


def _part(part: Mapping[str, Any]) -> str:
    kind = part.get("type")
    if kind == "text":
        return str(part.get("text", ""))
    if kind == "resource":
        inner = part.get("resource") or {}
        return str(inner["text"]) if "text" in inner else _note(inner, str(inner.get("uri", "resource")), inner.get("blob"))
    if kind == "resource_link":
        return f"[Resource {part.get('name', '')}: {part.get('uri', '')}]"
    return _note(part, str(kind), part.get("data"))


def _note(part: Mapping[str, Any], kind: str, data: Any) -> str:
    """Return a note for binary data, whose size is told of its base64 form."""
    size = len(data) * 3 // 4 if isinstance(data, str) else 0
    return f"[{kind}, {part.get('mimeType', 'of unknown type')}, some {size:,} bytes: not shown]"
