"""A real MCP server over stdio, for the tests: run as a script, on either generation of the package `mcp`."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

GENERATIONS = [("mcp.server.mcpserver", "MCPServer"), ("mcp.server.fastmcp", "FastMCP")]


def generation() -> tuple[Any, Any]:
    """The class of servers, `MCPServer` of mcp 2 or `FastMCP` of mcp 1, and the exception of their tools."""
    for module, name in GENERATIONS:
        if importlib.util.find_spec(module):
            found = importlib.import_module(module)
            if hasattr(found, name):
                return getattr(found, name), importlib.import_module(f"{module}.exceptions").ToolError
    raise ImportError("no class of servers in mcp")


def make(types: Any) -> Any:
    kind, error = generation()
    server = kind("things")
    reading = types.ToolAnnotations.model_validate({"readOnlyHint": True})
    writing = types.ToolAnnotations.model_validate({"readOnlyHint": False, "destructiveHint": True})

    def read(path: str) -> str:
        return f"text of {path}"

    def other(path: str) -> str:
        return f"other text of {path}"

    def delete(path: str) -> str:
        return f"{path} is gone"

    def fail() -> str:
        raise error("no such disk")

    def die() -> str:
        os._exit(3)

    def picture() -> Any:
        image = types.ImageContent.model_validate({"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"})
        return [types.TextContent(type="text", text="A picture:"), image]

    server.tool(name="files/read", description="Read a file.", annotations=reading)(read)
    server.tool(name="files_read", description="The same name, made safe.")(other)
    server.tool(description="Delete a file.", annotations=writing)(delete)
    server.tool(description="Fail.", annotations=reading)(fail)
    server.tool(description="Die.", annotations=reading)(die)
    server.tool(description="Take a picture.", annotations=reading, structured_output=False)(picture)
    return server


if __name__ == "__main__":
    make(importlib.import_module("mcp.types")).run()
