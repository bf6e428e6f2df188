"""How much is allocated at most while a call with long arguments is read: one dialect of every call syntax, whole and streamed."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from adapter.completion.parser import CompletionParser
from adapter.completion.rules import Rules
from adapter.dialects.registry import load
from adapter.events import CallFinished
from adapter.options import make_options
from adapter.syntax import SYNTAXES
from adapter.tools.definitions import read_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}, "content": {"type": "string"}}}
TOOLS = read_tools([{"type": "function", "function": {"name": "write_file", "parameters": PARAMETERS}}])
SIZE = 500_000
PIECES = 150_000  # the last thousand pieces of a stream are not put together yet
# Times the number of characters. Python writes a text with wide characters, as are in the markers of DeepSeek's, with two bytes
# for each.
MOST = {"deepseek-v3.2": 4.4}
DIALECTS = [
    "hermes", "mistral-v3", "xlam-2", "mistral-v11", "deepseek-v3.1", "kimi-k2", "kimi-k3", "qwen3-coder", "deepseek-v3.2",
    "glm-4.5", "gpt-oss", "gemma-4", "minimax-m3", "llama-4", "lfm2",
]  # fmt: skip


def completion(name: str) -> str:
    line = '    if text[1:] != "<end>":\n        return len(text) + self.table["key"]  # a \\ and a { and more words\n'
    dialect = load(name)
    ids = dialect.call_ids if "{" in dialect.call_ids else ""
    given = {"path": "a.py", "content": line * (SIZE // len(line))}
    call = dialect.tool_call("write_file", given, ids.format(name="write_file", index=0))
    return dialect.assistant("", [call])


def finished(text: str, name: str, step: int, *, incremental: bool) -> Iterator[CallFinished]:
    parser = CompletionParser.for_rules(Rules(TOOLS, incremental=incremental), make_options({"dialect": name}))
    for at in range(0, len(text), step):
        yield from (event for event in parser.feed(text[at : at + step]) if isinstance(event, CallFinished))
    yield from (event for event in parser.close() if isinstance(event, CallFinished))


def test_every_syntax_is_measured() -> None:
    assert {load(name).syntax for name in DIALECTS} == set(SYNTAXES)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    ("step", "incremental"), [(10 * SIZE, False), (64, True), (64, False)], ids=["whole", "incremental", "validated"]
)
def test_a_long_call_is_held_a_few_times_at_most(name: str, step: int, incremental: bool) -> None:
    text = completion(name)
    list(finished(text[:2000], name, step, incremental=incremental))  # what is made once is no part of it
    tracemalloc.start()
    try:
        calls = list(finished(text, name, step, incremental=incremental))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [call.valid for call in calls] == [True]
    assert peak < MOST.get(name, 4.0) * len(text) + PIECES
