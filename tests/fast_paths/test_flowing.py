"""The short way for deltas in which nothing can happen: it reports what the careful way reports, event for event."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.events import Markup, TextDelta
from adapter.options import make_options
from adapter.tools.choice import read_choice
from adapter.tools.definitions import read_tools
from tests.support.short_ways import close_short_ways, open_short_ways
from tests.support.tiers import few_or_all, some_first

if TYPE_CHECKING:
    from adapter.events import Event

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "write",
            "parameters": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "lines": {"type": "integer"},
                    "any": {"type": "array", "items": {}},
                },
            },
        },
    }
]
VALUES = [
    "a plain sentence, of some length, with nothing in it",
    'quotes "inside", \\ and \\" and \\\\" and \\n spelled out',
    "lines\n\nand\r\nlines\n\n\n",
    "\n  indented\n",
    "brackets ]]} and [{ in a row ]",
    'ends: ]]]]]]}}\n} ]\\ }\\" ]< ]</ ]</tool_ ]</tool_x ]}\t]\x07]}]}"]}"}',
    "if a < b: <b>bold</b> </x> </tool_call> <tool_call> </parameter> <| <|im_end|> x",
    "accents é, an emoji \U0001f600, controls \x00 \x1b \x7f \u2028",
]
TEXT = "Well, a < b\n\nand `code` or  ```json of  course <tool_ is words <|im_ that go on.  \n\n"


def completion(name: str, value: str) -> str:
    dialect = load(name)
    calls = [("write", {"text": value, "lines": 3, "any": [value, {"text": value}]}), ("write", {"lines": "4", "text": ""})]
    return dialect.assistant("" if name in BARE else TEXT, [dialect.tool_call(*call) for call in calls])


BARE = {name for name in names() if load(name).syntax in {"bare_json", "pythonic"}}


def events(name: str, pieces: list[str], *, incremental: bool) -> list[Event]:
    tools = read_tools(TOOLS)
    rules = Rules(tools, read_choice(None, tools.names), incremental=incremental)
    count = itertools.count()
    options: Any = {"dialect": name, "new_id": lambda: f"call_{next(count)}"}
    parser = CompletionParser.for_rules(rules, make_options(options))
    found: list[Event] = []
    for event in [*(event for piece in pieces for event in parser.feed(piece)), *parser.close("stop")]:
        last = found[-1] if found else None
        if isinstance(event, Markup | TextDelta) and isinstance(last, Markup | TextDelta) and type(last) is type(event):
            found[-1] = type(event)(last.text + event.text)  # white space may be held back in one piece or in two
        else:
            found.append(event)
    return found


def pieces_of(text: str, seed: int) -> list[str]:
    chance = random.Random(seed)
    longest = 1 + seed * 2
    pieces = []
    while text:
        at = chance.randint(0, longest)
        pieces.append(text[:at])
        text = text[at:]
    return pieces


@pytest.mark.both_tiers
@pytest.mark.parametrize("incremental", [True, False], ids=["incremental", "validated"])
@pytest.mark.parametrize("name", some_first(names()))
def test_the_same_events(name: str, incremental: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for value, seed in itertools.product(VALUES, few_or_all([4], [1, 2, 3, 4])):
        pieces = pieces_of(completion(name, value), seed)
        close_short_ways(monkeypatch)
        careful = events(name, pieces, incremental=incremental)
        open_short_ways(monkeypatch)
        assert events(name, pieces, incremental=incremental) == careful


SHORT_WAYS = {
    "hermes": ('<tool_call>\n{"name": "write", "arguments": {"text": ', json.dumps),
    "gemma-4": ('<|tool_call>call:write{text:<|"|>', str),
    "functiongemma": ("<start_function_call>call:write{text:<escape>", str),
    "llama-4": ("[write(text=", repr),
    "toolace": ("[write(lines=3, text=", json.dumps),
    "lfm2": ('<|tool_call_start|>[write(text="""', str),
    "xlam-2": ('[{"name": "write", "arguments": {"text": ', json.dumps),
    "llama-3.1": ('{"name": "write", "parameters": {"text": ', json.dumps),
}


@pytest.mark.parametrize(("name", "head", "spelled"), [(name, *way) for name, way in SHORT_WAYS.items()], ids=SHORT_WAYS)
def test_it_is_taken(name: str, head: str, spelled: Any) -> None:
    text = head + spelled(VALUES[1] * 9)[:-1]
    rules = Rules(read_tools(TOOLS), incremental=True)
    parser = CompletionParser.for_rules(rules, make_options({"dialect": name}))
    taken = 0
    for at in range(0, len(text), 4):
        parser.feed(text[at : at + 4])
        taken += parser._state.flow is not None  # the events do not tell
    assert taken > 100
