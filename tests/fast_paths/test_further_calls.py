"""Calls behind a call: the short way from one to the next reports what the handlers report, delta for delta."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from adapter.completion import parser as parser_module
from adapter.completion.modes.text import in_text
from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.state import Mode
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.events import CallStarted, Markup, TextDelta
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.support.short_ways import close_short_ways, open_short_ways
from tests.support.tiers import few_or_all, some_first

if TYPE_CHECKING:
    from adapter.events import Event

TOOLS = [{"type": "function", "function": {"name": "write", "parameters": {"type": "object"}}}]
OPEN, CLOSE = "<tool_call>", "</tool_call>"
CALL = OPEN + '\n{"name": "write", "arguments": {"text": "a"}}\n' + CLOSE
BEHIND = {
    "nothing": CALL,
    "a newline": "\n" + CALL,
    "much space": " \n" * 40 + CALL,
    "much space in a call": "\n" + OPEN + "\n" * 70 + CALL.removeprefix(OPEN),
    "no space in a call": OPEN + CALL.removeprefix(OPEN + "\n"),
    "a list": "\n" + OPEN + '\n[{"name": "write", "arguments": {}}]' + CLOSE,
    "words": "\nAnd then " + CALL,
    "a mention": f"\n`{OPEN}` is a tag. " + CALL,
    "a mention without a backtick": f"\n{OPEN} is a tag. " + CALL,
    "a tag twice": "\n" + OPEN + CALL,
    "a closing tag twice": "\n" + CLOSE + "\n" + CALL,
    "half a tag": "\n<tool_" + CALL,
    "half a tag at the end": "\n" + OPEN[:-1],
    "a tag at the end": "\n" + OPEN + "\n",
    "a bracket at the end": "\n" + OPEN + "\n{",
    "the payload once more": CALL.removeprefix(OPEN) + "\n" + CALL,
    "half the payload once more": "\n" + CALL[len(OPEN) : -20] + CALL,
    "a result": "\n<tool_response>\n5\n</tool_response>\n" + CALL,
    "a special token": "\n<|im_end|>\n" + CALL,
    "a fence": "\n```json\n" + CALL + "\n```",
    "a fence in a call": "\n" + OPEN + "\n```json\n" + CALL.removeprefix(OPEN),
    "reasoning": "\n<think>\nWell.</think>\n" + CALL,
    "no tag before": '\n{"name": "write", "arguments": {}}\n' + CALL,
    "no closing tag": "\n" + CALL.removesuffix(CLOSE) + CALL,
}
BEFORE = {"nothing": "", "words": "Well. ", "a backtick": "Well: `", "a fence": "```\n"}


def feeds(pieces: list[str], dialect: str, *, incremental: bool) -> list[list[Event]]:
    """The events of each delta, and of the end; white space may be held back in one piece or in two."""
    count = itertools.count()
    options: Any = {"dialect": dialect, "new_id": lambda: f"call_{next(count)}"}
    parser = CompletionParser.for_rules(Rules(read_tools(TOOLS), incremental=incremental), make_options(options))
    return [*(joined(parser.feed(piece)) for piece in pieces), joined(parser.close("stop"))]


def joined(events: list[Event]) -> list[Event]:
    found: list[Event] = []
    for event in events:
        last = found[-1] if found else None
        if isinstance(event, Markup | TextDelta) and isinstance(last, Markup | TextDelta) and type(last) is type(event):
            found[-1] = type(event)(last.text + event.text)
        else:
            found.append(event)
    return found


def agree(text: str, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for size, incremental in itertools.product(few_or_all([1, 4, 9], [1, 2, 3, 4, 5, 7, 11, 30]), (True, False)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        close_short_ways(monkeypatch)
        wanted = feeds(pieces, dialect, incremental=incremental)
        open_short_ways(monkeypatch)
        assert feeds(pieces, dialect, incremental=incremental) == wanted, pieces


@pytest.mark.both_tiers
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
def test_delta_for_delta(before: str, behind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(before + CALL + behind + "\n" + CALL, "hermes", monkeypatch)


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", some_first(names()))
def test_in_every_dialect(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = load(name)
    ids = dialect.call_ids if "{" in dialect.call_ids else ""
    calls = [dialect.tool_call("write", {"text": f"a {at}"}, ids.format(name="write", index=at)) for at in range(3)]
    for written in (dialect.assistant("", calls), dialect.assistant("Well.", calls[:2])):
        agree(written, name, monkeypatch)
        agree(written + "\n" + written, name, monkeypatch)


@pytest.mark.parametrize("size", [1, 4, 7])
def test_it_is_taken(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(*given: Any) -> Any:
        read.append(given[1])
        return in_text(*given)

    read: list[str] = []
    monkeypatch.setitem(parser_module._HANDLERS, Mode.TEXT, told)  # the events do not tell
    text = "\n".join([CALL] * 4)
    found = feeds([text[at : at + size] for at in range(0, len(text), size)], "hermes", incremental=True)
    assert sum(isinstance(event, CallStarted) for events in found for event in events) == 4
    assert len("".join(read)) < len(CALL)
