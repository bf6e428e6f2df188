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
    from adapter.batching.columns import ParsedRow
    from adapter.batching.reader import BatchReader, batch, parse_many
    from adapter.client.wrap import reset, wrap
    from adapter.completion.parser import CompletionParser
    from adapter.completion.places import Locator, Span
    from adapter.completion.result import ParsedCompletion, ParsedToolCall, parse
    from adapter.counting.count import TokenCount, count_tokens
    from adapter.dialects.registry import Dialect
    from adapter.errors import (
        AdapterError,
        BadRequest,
        DialectError,
        InvalidToolCall,
        ProbeFailed,
        TokenizerError,
        ToolCallRequired,
        ToolError,
        refusal_of,
    )
    from adapter.evaluation.evaluate import evaluate
    from adapter.evaluation.evaluated import Evaluation
    from adapter.events import ArgumentsDelta, CallFinished, CallPlaces, CallStarted, Markup, Problem, ReasoningDelta, TextDelta
    from adapter.exchange.rendering import render, system_prompt
    from adapter.lint_tools import lint
    from adapter.linting.finding import LintFinding
    from adapter.options import Options
    from adapter.probing.result import ProbeResult
    from adapter.probing.run import probe
    from adapter.probing.settings import load_settings
    from adapter.records import ExchangeRecord, RecordedCall
    from adapter.routing.revealing import Revealed, reveal_tools
    from adapter.routing.router import ToolRouter
    from adapter.routing.selection import SelectedTool, ToolSelection
    from adapter.running.ending import run_of
    from adapter.running.mcp import mcp_tools
    from adapter.running.run import arun_tools, run_tools
    from adapter.running.tool import RunnableTool, tool
    from adapter.running.values import CallRecord, RunEvent, RunResult, TokenUse, ToolCall
    from adapter.store import MemoryStore, RedisStore, SqliteStore
    from adapter.tools.definitions import ToolSet, read_tools

__all__ = [
    "AdapterError",
    "ArgumentsDelta",
    "BadRequest",
    "BatchReader",
    "CallFinished",
    "CallPlaces",
    "CallRecord",
    "CallStarted",
    "CompletionParser",
    "Dialect",
    "DialectError",
    "Evaluation",
    "ExchangeRecord",
    "InvalidToolCall",
    "LintFinding",
    "Locator",
    "Markup",
    "MemoryStore",
    "Options",
    "ParsedCompletion",
    "ParsedRow",
    "ParsedToolCall",
    "ProbeFailed",
    "ProbeResult",
    "Problem",
    "ReasoningDelta",
    "RecordedCall",
    "RedisStore",
    "Revealed",
    "RunEvent",
    "RunResult",
    "RunnableTool",
    "SelectedTool",
    "Span",
    "SqliteStore",
    "TextDelta",
    "TokenCount",
    "TokenUse",
    "TokenizerError",
    "ToolCall",
    "ToolCallRequired",
    "ToolError",
    "ToolRouter",
    "ToolSelection",
    "ToolSet",
    "__version__",
    "arun_tools",
    "batch",
    "count_tokens",
    "evaluate",
    "lint",
    "load_settings",
    "mcp_tools",
    "parse",
    "parse_many",
    "probe",
    "read_tools",
    "refusal_of",
    "render",
    "reset",
    "reveal_tools",
    "run_of",
    "run_tools",
    "system_prompt",
    "tool",
    "wrap",
]

_HOMES = {
    "adapter.batching.columns": ("ParsedRow",),
    "adapter.batching.reader": ("BatchReader", "batch", "parse_many"),
    "adapter.client.wrap": ("reset", "wrap"),
    "adapter.completion.parser": ("CompletionParser",),
    "adapter.completion.places": ("Locator", "Span"),
    "adapter.completion.result": ("ParsedCompletion", "ParsedToolCall", "parse"),
    "adapter.counting.count": ("TokenCount", "count_tokens"),
    "adapter.dialects.registry": ("Dialect",),
    "adapter.errors": (
        "AdapterError",
        "BadRequest",
        "DialectError",
        "InvalidToolCall",
        "ProbeFailed",
        "TokenizerError",
        "ToolCallRequired",
        "ToolError",
        "refusal_of",
    ),
    "adapter.events": (
        "ArgumentsDelta",
        "CallFinished",
        "CallPlaces",
        "CallStarted",
        "Markup",
        "Problem",
        "ReasoningDelta",
        "TextDelta",
    ),
    "adapter.options": ("Options",),
    "adapter.evaluation.evaluate": ("evaluate",),
    "adapter.evaluation.evaluated": ("Evaluation",),
    "adapter.exchange.rendering": ("render", "system_prompt"),
    "adapter.linting.finding": ("LintFinding",),
    "adapter.lint_tools": ("lint",),
    "adapter.records": ("ExchangeRecord", "RecordedCall"),
    "adapter.probing.result": ("ProbeResult",),
    "adapter.probing.run": ("probe",),
    "adapter.probing.settings": ("load_settings",),
    "adapter.routing.revealing": ("Revealed", "reveal_tools"),
    "adapter.routing.router": ("ToolRouter",),
    "adapter.routing.selection": ("SelectedTool", "ToolSelection"),
    "adapter.running.ending": ("run_of",),
    "adapter.running.mcp": ("mcp_tools",),
    "adapter.running.run": ("arun_tools", "run_tools"),
    "adapter.running.tool": ("RunnableTool", "tool"),
    "adapter.running.values": ("CallRecord", "RunEvent", "RunResult", "TokenUse", "ToolCall"),
    "adapter.store": ("MemoryStore", "RedisStore", "SqliteStore"),
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
