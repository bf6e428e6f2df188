"""Tools of cases and of arms: read in any form, checked, and written in OpenAI's form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.evaluation.cases import BadCases
from adapter.evaluation.matchers import has_matcher, shown
from adapter.plain_file import check_plain

if TYPE_CHECKING:
    from pathlib import Path


def tools_by_name(value: Any, place: str) -> dict[str, dict[str, Any]]:
    """Return tools in OpenAI's form, by name.

    Args:
        value: A list of tools, or another value that holds one: a request, the answer of an MCP server.
        place: The place of the value, for messages.

    Raises:
        BadCases: There is no list, or a tool is malformed or no function.
    """
    from adapter.errors import BadRequest
    from adapter.tools.definitions import read_tools
    from adapter.tools.other_apis import as_function_tools, list_of_tools

    found = list_of_tools(value)
    if found is None:
        raise BadCases(f"{place} is {shown(value)}: give a list of tools, or the path of a JSON file with a list")
    tools, _ = as_function_tools(found)
    try:
        known = read_tools(tools)
    except BadRequest as error:
        raise BadCases(f"{place}: {error.param}: {' '.join(error.message.split())}") from error
    for tool in tools:
        if "function" not in tool:
            raise BadCases(f"{place}: {shown(tool)} is no function; only functions can be checked")
    return {tool.name: dict(tool.wire) for tool in known}


def tools_of_file(path: Path, place: str) -> dict[str, dict[str, Any]]:
    """Return the tools of a JSON file, by name.

    Raises:
        BadCases: The file cannot be read, or holds no tools.
    """
    try:
        value = json.loads(check_plain(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadCases(f'{place} is "{path}": {error.strerror}; give the path of a JSON file with a list of tools') from error
    except (ValueError, RecursionError) as error:
        raise BadCases(f'{place} is "{path}": the file is not JSON: {error}') from error
    return tools_by_name(value, f"{place}: {path}")


def never_right(arguments: dict[str, Any], tool: dict[str, Any]) -> str:
    """Return the reason for which expected arguments break the schema of their tool; empty for sound ones.

    Args:
        arguments: Accepted values by parameter; schemas are not checked against matchers.
        tool: The tool in OpenAI's form.
    """
    from adapter.schema.compiled import messages
    from adapter.tools.definitions import read_tools

    required = (tool["function"].get("parameters") or {}).get("required") or ()
    left = [name for name in required if name not in arguments]
    if left:
        return f"the tool requires {', '.join(left)}"
    (known,) = read_tools([tool])
    return "" if has_matcher(arguments) else "; ".join(messages(known.schema.errors(arguments)))
