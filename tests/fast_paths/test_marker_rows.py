"""Markers in a row, read together: what is reported is what is reported of them one by one."""

from __future__ import annotations

import random
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from adapter.completion import missed_calls
from adapter.completion.modes import call_block, text
from adapter.completion.parser import CompletionParser
from adapter.dialects.families import syntax_for
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.events import Event, Markup, ReasoningDelta, TextDelta
from adapter.syntax.messages import headers
from adapter.syntax.messages.channels import Channels
from adapter.syntax.messages.headers import LONGEST, Header, Headers
from tests.support.tiers import FIRST, few_or_all

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOLS: list[dict[str, Any]] = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
WORDS = [" ", "\n", "`", "```", "{", "[", "word", "json", "assistant", "<", '{"name": "look", "arguments": {}}', "look"]
OPENER = re.compile(r"<\|start\|>|<\|channel\|>|to=functions\.")
HEADER_WORDS = [
    "<|start|>",
    "<|channel|>",
    "<|constrain|>",
    "<|message|>",
    "<|end|>",
    "<|return|>",
    "<eos>",
    " ",
    "assistant",
    "user",
]
HEADER_WORDS += [
    "final",
    "analysis",
    "to=functions.",
    "to=functions.look",
    "word",
    "two words ",
    "<",
    "json",
    " " * 70,
    "x" * 250,
]


def soup(name: str, rng: random.Random) -> str:
    marks = CompletionParser(TOOLS, dialect=name)._state.marks
    chosen = rng.sample(sorted(marks.literals), 3) + rng.sample(sorted(marks.openings), min(2, len(marks.openings)))
    pieces = [rng.choice(chosen) * rng.choice([1, 2, 3, 30]) if rng.random() < 0.7 else rng.choice(WORDS) for _ in range(12)]
    if rng.random() < 0.3:
        pieces.insert(rng.randrange(len(pieces)), load(name).tool_call("look", {}))
    return "".join(pieces)


def reported(name: str, pieces: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """The events, with neighbouring texts joined; ids are counted."""
    ids = iter(range(1000))
    parser = CompletionParser(TOOLS, dialect=name, new_id=lambda: f"call_{next(ids)}")
    events: list[Event] = [event for piece in pieces for event in parser.feed(piece)] + parser.close()
    out: list[tuple[str, dict[str, Any]]] = []
    for event in events:
        kind, values = type(event).__name__, {field.name: getattr(event, field.name) for field in fields(event)}
        values.pop("where", None)  # a function
        if out and out[-1][0] == kind and isinstance(event, TextDelta | ReasoningDelta | Markup):
            out[-1][1]["text"] += event.text
        else:
            out.append((kind, values))
    return out


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, taken: dict[str, int]) -> None:
    """Count where a short way goes further than its beginning."""
    whole = getattr(module, name)

    def way(state: Any, read: str, position: int) -> Any:
        result = whole(state, read, position)
        taken[name] += (result if isinstance(result, int) else result[0]) > position
        return result

    monkeypatch.setattr(module, name, way)


@pytest.mark.both_tiers
def test_markers_read_together_are_markers_read_one_by_one() -> None:
    taken = {"_mentions": 0, "_tokens": 0}
    for name in few_or_all(sorted(FIRST), names()):
        rng = random.Random(f"rows in {name}")
        for _ in range(few_or_all(2, 12)):
            whole = soup(name, rng)
            step = rng.choice([1, 7, 16, len(whole)])
            pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
            with pytest.MonkeyPatch.context() as patch:
                counted(patch, call_block, "_mentions", taken)
                counted(patch, text, "_tokens", taken)
                short = reported(name, pieces)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(call_block, "_mentions", lambda _state, _text, position: (position, None))
                patch.setattr(text, "_tokens", lambda _state, _text, position: position)
                patch.setattr(headers, "_LONG", 1 << 20)  # too long to be remembered
                patch.setattr(missed_calls, "_may_name", lambda _text, _tools: True)
                long = reported(name, pieces)
            assert short == long, (name, pieces)
    assert min(taken.values()) > few_or_all(10, 100), taken


@pytest.mark.parametrize("loose", [True, False], ids=["loose", "strict"])
@pytest.mark.both_tiers
def test_a_header_is_read_as_without_what_was_passed_over_before(*, loose: bool) -> None:
    syntax = syntax_for(load("gpt-oss"))
    assert isinstance(syntax, Channels)
    rng, parts = random.Random("headers"), (syntax._markers, syntax._ends, "to=", "to=functions.")
    again, read = 0, 0
    for _ in range(few_or_all(12, 120)):
        row = rng.choice(HEADER_WORDS) * rng.choice([1, 1, 2, 40]) + rng.choice(HEADER_WORDS)
        whole = "".join(row * rng.choice([1, 2, 30]) if rng.random() < 0.6 else rng.choice(HEADER_WORDS) for _ in range(8))
        whole += rng.choice(["<|start|>assistant<|channel|>final<|message|>", "assistant<|message|>", ""])
        kept, start, step = Headers(*parts), 0, rng.choice([5, 16, len(whole)])
        for size in range(0, len(whole) + step, step):
            while found := OPENER.search(whole, start, size):
                seen = whole[found.start() : size][: len(found.group()) + LONGEST]
                again += kept.repeats(seen, found.group())
                said = kept.read(seen, 0, loose=loose)
                assert said == Headers(*parts).read(seen, 0, loose=loose), (whole, found.start(), size)
                start = found.start()
                if said is None:
                    break
                read += isinstance(said, Header)
                start += said.end if isinstance(said, Header) else len(found.group())
    assert read > few_or_all(1, 20), read
    assert not loose or again > few_or_all(50, 500), again
