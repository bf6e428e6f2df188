"""OpenAI tool calling for models that only write text.

    client = adapter.wrap(OpenAI(base_url=…))

makes a client whose chat completions understand `tools`, over an upstream without tool calling. The other names are parts of
the client: `render` and `system_prompt` write prompts, `parse` and `CompletionParser` read completions.

Importing the package loads no dependency; each name loads its modules on first use.
"""

from __future__ import annotations

from adapter._version import __version__

TYPE_CHECKING = False  # importing typing costs as much as the rest of the file; type checkers know the name
if TYPE_CHECKING:
    from adapter.client.wrap import wrap
    from adapter.completion.parser import CompletionParser
    from adapter.completion.result import ParsedCompletion, ParsedToolCall, parse
    from adapter.dialects.registry import Dialect
    from adapter.errors import AdapterError, BadRequest, DialectError, InvalidToolCall, ToolCallRequired
    from adapter.events import Problem
    from adapter.options import Options
    from adapter.prompt.render import render, system_prompt
    from adapter.store import MemoryStore, SqliteStore
    from adapter.tools.definitions import ToolSet, read_tools

__all__ = [
    "AdapterError",
    "BadRequest",
    "CompletionParser",
    "Dialect",
    "DialectError",
    "InvalidToolCall",
    "MemoryStore",
    "Options",
    "ParsedCompletion",
    "ParsedToolCall",
    "Problem",
    "SqliteStore",
    "ToolCallRequired",
    "ToolSet",
    "__version__",
    "parse",
    "read_tools",
    "render",
    "system_prompt",
    "wrap",
]

_HOMES = {
    "adapter.client.wrap": ("wrap",),
    "adapter.completion.parser": ("CompletionParser",),
    "adapter.completion.result": ("ParsedCompletion", "ParsedToolCall", "parse"),
    "adapter.dialects.registry": ("Dialect",),
    "adapter.errors": ("AdapterError", "BadRequest", "DialectError", "InvalidToolCall", "ToolCallRequired"),
    "adapter.events": ("Problem",),
    "adapter.options": ("Options",),
    "adapter.prompt.render": ("render", "system_prompt"),
    "adapter.store": ("MemoryStore", "SqliteStore"),
    "adapter.tools.definitions": ("ToolSet", "read_tools"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'adapter' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
