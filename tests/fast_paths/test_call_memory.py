"""How much is allocated at most while a call with long arguments is read: one dialect of every call syntax, whole and streamed."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.dialects.registry import load
from adapter.events import CallFinished
from adapter.options import make_options
from adapter.syntax import SYNTAXES
from adapter.text.buffer import BlockText, TextBuffer
from adapter.tools.definitions import read_tools
from tests.support.rows import row
from tests.support.tiers import few_or_all, in_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}, "content": {"type": "string"}}}
TOOLS = read_tools([{"type": "function", "function": {"name": "write_file", "parameters": PARAMETERS}}])
SIZE = few_or_all(150_000, 500_000)
PIECES = 150_000  # the last thousand pieces of a stream are not put together yet
MOST = 4.0  # times the number of characters
DIALECTS = [
    "hermes", "mistral-v3", "xlam-2", "mistral-v11", "deepseek-v3.1", "kimi-k2", "kimi-k3", "qwen3-coder", "deepseek-v3.2",
    "glm-4.5", "gpt-oss", "gemma-4", "minimax-m3", "llama-4", "lfm2", "apertus", "muse", "functionary-v3.2", "inkling",
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


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", DIALECTS)
def test_a_long_call_is_held_a_few_times_at_most(name: str) -> None:
    for step, incremental in in_turn(((10 * SIZE, False), (64, True), (64, False)), DIALECTS.index(name)):
        with row(step=step, incremental=incremental):
            holds_a_few_times_at_most(name, step, incremental=incremental)


def holds_a_few_times_at_most(name: str, step: int, *, incremental: bool) -> None:
    text = completion(name)
    list(finished(text[:2000], name, step, incremental=incremental))  # what is made once is no part of it
    tracemalloc.start()
    try:
        calls = list(finished(text, name, step, incremental=incremental))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [call.valid for call in calls] == [True]
    assert peak < MOST * len(text) + PIECES


@pytest.mark.parametrize("first", ["", "\uff5c"], ids=["narrow", "one wide character"])
def test_what_is_put_together_is_not_there_twice(first: str) -> None:
    buffer = TextBuffer()
    buffer.append(first)
    for at in range(PIECES):
        buffer.append("abcdefgh"[at % 8 :])
    size = len(buffer)
    tracemalloc.start()
    try:
        text = buffer.text()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert text == first + ("abcdefghbcdefghcdefghdefghefghfghghh") * (PIECES // 8)
    assert peak < (2 if first else 1) * size * 1.1  # a wide character makes all of a text wide


def test_parts_of_a_text_with_wide_characters_are_kept_narrow() -> None:
    text = "<\uff5c>" + "word " * (SIZE // 5)
    block = BlockText("<\uff5c>")
    tracemalloc.start()
    try:
        block.take(text, 3, len(text))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 1.1 * len(text)
    assert block.split(SIZE) == (text, "")
