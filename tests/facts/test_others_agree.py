"""Facts out of other projects' suites: completions, and the calls, content and reasoning that those suites expect of them.

The facts lie beside the checkout, for they are other people's: `../shared/cases/others_agree.jsonl`, or the same path in the
folder that ADAPTER_SHARED names. One line is one fact. A fact is held whole, a character at a time, over seeded splits, and over
the pieces of the suite it comes from; each of these both with finished calls and with calls put together from their deltas.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapter import CompletionParser, Options, read_tools
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.events import ArgumentsDelta, CallFinished, CallStarted
from tests.support.tiers import proving

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(os.environ.get("ADAPTER_SHARED") or Path(__file__).resolve().parents[3] / "shared")
FACTS = SHARED / "cases" / "others_agree.jsonl"
FACTS_AT_LEAST = 1946  # lines of the file today
SPLITS = 3

pytestmark = pytest.mark.proof
absent = pytest.mark.skipif(
    not FACTS.is_file(), reason="no facts of other projects: set ADAPTER_SHARED to a folder that holds cases/others_agree.jsonl"
)


def facts() -> Iterator[Any]:
    """The facts; where several have one name, the later ones are numbered."""
    seen: Counter[str] = Counter()
    for line in FACTS.read_text(encoding="utf-8").splitlines():
        fact = json.loads(line)
        name = fact["id"]
        seen[name] += 1
        yield pytest.param(fact, id=name if seen[name] == 1 else f"{name} ({seen[name]})")


def splits(fact: dict[str, Any]) -> Iterator[list[str]]:
    """The ways in which the completion of a fact arrives."""
    text = fact["completion"]
    yield [text]
    yield list(text)
    for seed in range(SPLITS):
        chance = random.Random(f"{seed} {fact['id']}")
        cuts = sorted(chance.sample(range(len(text) + 1), min(len(text) + 1, chance.randint(1, 12))))
        yield [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    if fact.get("pieces"):
        yield fact["pieces"]


def folded(text: str | None) -> str:
    """The text with its white space folded: suites differ in how much of it they keep around tags."""
    return " ".join((text or "").split())


def read(fact: dict[str, Any], pieces: list[str], *, incremental: bool) -> tuple[str, str, list[tuple[str, str]]]:
    """Content, reasoning and calls, of which a stream's are put together from their deltas."""
    options = Options(dialect=fact["dialect"], on_invalid="return", retries=0, **fact.get("options", {}))
    parser = CompletionParser.for_rules(Rules(read_tools(fact["tools"]), incremental=incremental), options)
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close("stop")
    parsed = assemble(events, "stop")
    calls = [(call.name, call.arguments) for call in parsed.tool_calls]
    if incremental:
        names = {event.index: event.name for event in events if isinstance(event, CallStarted)}
        deltas = [event for event in events if isinstance(event, ArgumentsDelta)]
        finished = [event.index for event in events if isinstance(event, CallFinished)]  # others were begun in vain
        calls = [(names[at], "".join(event.text for event in deltas if event.index == at)) for at in finished]
    return folded(parsed.content), folded(parsed.reasoning), calls


def same(one: Any, other: Any) -> bool:
    """Tell if two JSON values are equal: 1 is 1.0 and no `true`, as in JSON and unlike in Python."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def holds(wanted: dict[str, Any], name: str, arguments: str) -> bool:
    """Tell if a call is the one that a fact wants: a name of None is any, and so are arguments of which nothing is said."""
    value = json.loads(arguments)
    if wanted["name"] not in {None, name}:
        return False
    if "arguments" in wanted:
        given = wanted["arguments"]
        return same(value, json.loads(given) if isinstance(given, str) else given)
    return all(same(reduce(lambda at, key: at[key], path, value), leaf) for path, leaf in wanted.get("paths", ()))


def check(fact: dict[str, Any], content: str, reasoning: str, calls: list[tuple[str, str]]) -> None:
    expect = fact["expect"]
    for key in ("content", "content_all"):
        if key in expect:
            assert content == folded(expect[key])
    for part in expect.get("content_contains", ()):
        assert folded(part) in content
    for part in expect.get("content_not_contains", ()):
        assert folded(part) not in content
    if "reasoning" in expect:
        assert reasoning == folded(expect["reasoning"])
    wanted = expect.get("calls")
    if wanted is None:
        return
    assert len(calls) >= len(wanted) if expect.get("at_least") else len(calls) == len(wanted), calls
    for one, call in zip(wanted, calls, strict=False):
        assert holds(one, *call), call


@absent
@pytest.mark.parametrize("fact", list(facts()) if proving() and FACTS.is_file() else [pytest.param(None, id="absent")])
def test_another_suite_agrees(fact: dict[str, Any]) -> None:
    for incremental in (False, True):
        for pieces in splits(fact):
            assert "".join(pieces) == fact["completion"]
            check(fact, *read(fact, pieces, incremental=incremental))


@absent
def test_all_facts_are_read() -> None:
    found = list(facts())
    assert len(found) >= FACTS_AT_LEAST
    known = {"content", "content_all", "content_contains", "content_not_contains", "reasoning", "calls", "at_least"}
    assert {key for param in found for key in param.values[0]["expect"]} <= known
    call = {"name", "arguments", "paths"}
    assert {key for param in found for one in param.values[0]["expect"].get("calls", ()) for key in one} <= call
