"""The tools of one row, given as a list or as its JSON text; the same text is read once."""

from __future__ import annotations

from typing import Any

from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.recent import recent
from adapter.text.wire_json import read_json
from adapter.tools.definitions import MOST_KEPT, ToolSet, read_tools, size_of
from adapter.tools.other_apis import as_function_tools, list_of_tools


def tools_of_row(tools: Any) -> ToolSet:
    """Return the tools of a row. Tools in the form of other APIs are read as functions, which the set tells.

    Args:
        tools: A list of tool definitions, a request or a server's answer with such a list, the JSON text of one of these, a
            `ToolSet`, or None.

    Raises:
        BadRequest: These are no tools.
    """
    if isinstance(tools, str):
        return _of_text(tools)
    if isinstance(tools, ToolSet):
        return tools
    if hasattr(tools, "tolist"):  # an array of numpy, as a row of parquet holds a list in pandas
        tools = tools.tolist()
    return _of_value(tools)


@recent(MOST_KEPT, len)
def _of_text(text: str) -> ToolSet:
    try:
        value = read_json(text)
    except ValueError as error:
        raise BadRequest(f"the tools are no JSON: {error}", param="tools") from error
    return _of_value(value)


def _of_value(value: Any) -> ToolSet:
    listed = list_of_tools(value)
    if listed is None:
        return read_tools(value)
    found, forms = as_function_tools(listed)
    tools = read_tools(found)
    return _telling(tools, tuple(forms)) if forms else tools


@recent(MOST_KEPT, size_of)
def _telling(tools: ToolSet, forms: tuple[str, ...]) -> ToolSet:
    return tools.telling(Problem("schema_mended", f"tools: {form} is read as a function") for form in forms)
