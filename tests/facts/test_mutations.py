"""Calls as models misspell them: seeded mutations of well-formed calls in every dialect, and no loss that is not told.

A mutation drops, doubles, swaps or misspells a tag, cuts the text, or puts a word between two tags. Each mutated completion is read
whole and over two seeded splits, once with calls that leave while they are written: no exception, the same result, and nothing
lost (`support.nothing_lost`). On one core all of it takes about a minute and a half.
"""

from __future__ import annotations

import itertools
import random
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from adapter import CompletionParser, Options, read_tools
from adapter.completion.request_rules import Rules
from adapter.completion.result import ParsedCompletion, assemble
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from tests.facts.tools import function
from tests.support.nothing_lost import MENDED, lost, told

if TYPE_CHECKING:
    from collections.abc import Iterator

MUTATIONS = 100_000  # in all dialects together
SEED = 21

TOOLS = [
    function("write_file", {"path": {"type": "string"}, "content": {"type": "string"}, "mode": {"type": "integer"}}),
    function("search", {"query": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}, "deep": {"type": "boolean"}}),
    function("halt", {}),
]  # fmt: skip
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("write_file", {"path": "notes.md", "content": "Erste Zeile\nif a < b: zwei", "mode": 644}),
    ("write_file", {"content": "See <b>bold</b>", "path": "out.txt"}),
    ("search", {"query": "weather Oslo", "tags": ["eins", "zwei"], "deep": True}),
    ("search", {"query": ""}),
    ("halt", {}),
]
_TAG = re.compile(r"</?[^<>\s][^<>]*>|<\|[^<>|]*\|>|\[[A-Z_]+\]|[{}\[\]]")
LEFT = "left in the content untold: a call"
LEFT_AT_MOST = 0.03  # of the mutations of one dialect: in most dialects none, in those whose calls have no marks a few
_TOOL = re.compile(r"\b(?:write_file|search|halt)\b")
_WORDS = ("qzjunk", "qzmore", "Hmmq")


def completions(name: str, count: int, seed: str) -> Iterator[tuple[str, list[str], random.Random]]:
    """Mutated completions, with the words that were put into them."""
    chance, dialect = random.Random(f"{name} {seed}"), load(name)
    for _ in range(count):
        calls = [
            dialect.tool_call(tool, given, "call_1") for tool, given in chance.choices(CALLS, k=chance.choice((1, 1, 1, 2)))
        ]
        text = dialect.assistant("", calls)
        words: list[str] = []
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
            text = mutated(text, chance, words)
        yield text, [word for word in words if word in text], chance


def mutated(text: str, chance: random.Random, words: list[str]) -> str:
    tags = [found.span() for found in _TAG.finditer(text)]
    if not tags:
        return text
    start, end = chance.choice(tags)
    tag, kind = text[start:end], chance.randrange(8)
    if kind == 0:
        return text[:start] + text[end:]
    if kind == 1:
        return text[:end] + tag + text[end:]
    if kind == 2:
        other = chance.choice(tags)
        first, second = sorted(((start, end), other))
        if first[1] <= second[0]:
            return (
                f"{text[: first[0]]}{text[slice(*second)]}{text[first[1] : second[0]]}{text[slice(*first)]}{text[second[1] :]}"
            )
    if kind == 3:
        return text[:start] + misspelt(tag, chance) + text[end:]
    if kind == 4 and not chance.randrange(3):
        return text[: chance.randrange(len(text))]
    if kind == 5:
        at = chance.randrange(len(text))
        return text[:at] + text[at + chance.choice((1, 1, 2, 5)) :]
    words.append(chance.choice(_WORDS))
    return f"{text[:end]}{words[-1]}{chance.choice(('', ' ', chr(10)))}{text[end:]}"


def misspelt(tag: str, chance: random.Random) -> str:
    at = chance.randrange(len(tag))
    return chance.choice(
        (tag[:at] + tag[at + 1 :], tag[:at] + tag[at] + tag[at:], tag[:at] + "x" + tag[at:], tag[:-1], tag.upper())
    )


@lru_cache(maxsize=4)
def request(name: str, incremental: bool) -> tuple[Rules, Options]:
    count = itertools.count()
    options = Options(dialect=name, on_invalid="return", retries=0, new_id=lambda: f"id{next(count)}")
    return Rules(read_tools(TOOLS), incremental=incremental), options


def read(name: str, pieces: list[str], *, incremental: bool = False) -> ParsedCompletion:
    parser = CompletionParser.for_rules(*request(name, incremental))
    return assemble([event for piece in pieces for event in parser.feed(piece)] + parser.close("stop"), "stop")


def split(text: str, chance: random.Random) -> list[str]:
    size = chance.choice((1, 8, 16, 32))
    cuts = sorted(chance.sample(range(len(text) + 1), min(len(text), 1 + len(text) // size)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def brief(parsed: ParsedCompletion) -> Any:
    calls = [(call.name, call.arguments, call.valid) for call in parsed.tool_calls]
    return parsed.content, parsed.reasoning, calls, [(problem.kind, problem.message) for problem in parsed.problems]


def left_untold(whole: ParsedCompletion) -> str | None:
    """The tool whose name stands in the content beside calls, where no problem tells: the texts hold nothing but calls."""
    found = _TOOL.search(whole.content or "") if whole.tool_calls else None
    return None if found is None or told(whole, MENDED) else found.group()


def fault(name: str, text: str, words: list[str], chance: random.Random) -> str:
    """What is wrong with the reading of a mutated completion; empty if nothing is."""
    whole = read(name, [text])
    pieces, early_pieces = split(text, chance), split(text, chance)
    if lost(text, whole, name, words):
        return f"lost untold: {text!r}"
    if (tool := left_untold(whole)) is not None:
        return f"{LEFT} of {tool!r}: {text!r}"
    if brief(read(name, pieces)) != brief(whole):
        return f"another result in pieces: {text!r}"
    early = read(name, early_pieces, incremental=True)
    if any(problem.kind == "contradicted" for problem in early.problems):
        return ""
    return "" if brief(early)[:3] == brief(whole)[:3] else f"another result while it is written: {text!r}"


def faults(name: str, count: int, seed: str) -> list[str]:
    """The faults of mutations of calls in one dialect; too many calls left untold are a fault."""
    found = [wrong for each in completions(name, count, seed) if (wrong := fault(name, *each))]
    left = [wrong for wrong in found if wrong.startswith(LEFT)]
    return found if len(left) > 2 + count * LEFT_AT_MOST else [wrong for wrong in found if wrong not in left]


@pytest.mark.proof
@pytest.mark.parametrize("name", names())
def test_no_mutation_loses_text_untold(name: str) -> None:
    """The mutations are the same in each run."""
    assert faults(name, MUTATIONS // len(names()) + 1, str(SEED)) == []


@pytest.mark.parametrize("name", names())
def test_a_few_mutations(name: str) -> None:
    assert faults(name, 10, "few") == []
