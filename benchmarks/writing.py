"""Workloads in every dialect of the adapter's, and the adapter as a contestant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.dialects.registry import load as load_dialect
from adapter.events import ArgumentsDelta, CallStarted, TextDelta
from adapter.options import make_options
from adapter.tools.choice import read_choice
from adapter.tools.definitions import read_tools
from benchmarks.workloads import TOOLS, Completion, calls_of, prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapter.events import Event
    from benchmarks.reading import Piece
    from benchmarks.workloads import Load


class Adapter:
    """The adapter's streaming parser: schemas, JSON strings, repair and events are all on.

    Args:
        dialect: What the model writes.
        incremental: Whether calls leave while they are written, as in streamed answers, or when they are valid.
    """

    def __init__(self, dialect: str, *, incremental: bool = False) -> None:
        tools = read_tools(TOOLS)
        rules = Rules(tools, read_choice(None, tools.names), incremental=incremental)
        self._parser = CompletionParser.for_rules(rules, make_options({"dialect": dialect}))
        self.feed = self._parser.feed

    def finish(self) -> list[Event]:
        """The end of the stream."""
        return self._parser.close()

    @staticmethod
    def pieces(delta: Event) -> Iterable[Piece]:
        """An event in the benchmark's terms."""
        if isinstance(delta, TextDelta):
            yield "text", delta.text
        elif isinstance(delta, CallStarted):
            yield "call", delta.index, delta.name, ""
        elif isinstance(delta, ArgumentsDelta):
            yield "call", delta.index, None, delta.text


def adapter_reader(dialect: str = "hermes", *, incremental: bool = False) -> Callable[[], Adapter]:
    """Makes new parsers for a dialect."""
    return lambda: Adapter(dialect, incremental=incremental)


def written(load: Load) -> Completion:
    """The completion of a load as a model of its dialect writes it: calls alone, as not every dialect has text beside."""
    if load.kind == "text":
        text = prose(load.size).rstrip()
        said = load_dialect(load.form).assistant(text, [])
        return Completion("", text if said.startswith(text) else said, text)  # without the empty list of calls that some write
    dialect, calls = load_dialect(load.form), calls_of(load)
    ids = dialect.call_ids if "{" in dialect.call_ids else ""
    blocks = [dialect.tool_call(name, given, ids.format(name=name, index=at)) for at, (name, given) in enumerate(calls)]
    return Completion("", dialect.assistant("", blocks), "", calls)
