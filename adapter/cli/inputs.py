"""Files of tools and requests, in OpenAI's form and in others, which are read as meant and told on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console

if TYPE_CHECKING:
    from collections.abc import Mapping


_LONGEST = 1_000_000  # seconds; sockets and waits take no endless time


def check_seconds(flag: str, seconds: float) -> None:
    """Check the value of a flag that limits a time.

    Raises:
        BadInput: Not a number above 0, or too large a one.
    """
    if not 0 < seconds <= _LONGEST:
        raise BadInput(f"{flag} {seconds:g}: give seconds above 0, {_LONGEST:,} at most")


def read_tool_file(name: str, console: Console) -> list[Any]:
    """Read tool definitions: a list, a single tool, a request that has some, or the answer of an MCP server.

    Raises:
        BadInput: The file cannot be read, or holds no tools.
    """
    from adapter.tools.other_apis import list_of_tools

    found = list_of_tools(console.read_json(name))
    if found is None:
        raise BadInput(f"{name}: write a JSON list of tool definitions, or give a request with 'tools'")
    return list(as_functions(found, name, console))


def as_functions(tools: Any, name: str, console: Console) -> Any:
    """Return tools with those of other APIs written as functions, which is told; any other value as it is."""
    from adapter.tools.other_apis import as_function_tools

    if not isinstance(tools, list):
        return tools
    found, forms = as_function_tools(tools)
    for form in forms:
        console.error(f"adapter: {name}: {form} is read as a function")
    return found


def as_openai_request(request: Mapping[str, Any], name: str, console: Console) -> dict[str, Any]:
    """Return a request with tools as functions, and with Anthropic's `system` as a message, which is told."""
    found = dict(request)
    for key in ("tools", "functions"):
        if key in found and (key == "tools" or not isinstance(found[key], list)):
            found[key] = as_functions(found[key], name, console)
    system, messages = found.get("system"), found.get("messages")
    if system is not None and isinstance(messages, list):
        console.error(f"adapter: {name}: 'system' of Anthropic's Messages API is read as a system message")
        found = {key: value for key, value in found.items() if key != "system"}
        found["messages"] = [{"role": "system", "content": system}, *messages]
    return found
