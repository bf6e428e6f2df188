"""The words of a long text, in which no literal is looked for: what is reported is what a search for all of them reports."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest

from adapter.completion import prose_skip as words_module
from adapter.completion.markers import Marks
from adapter.completion.parser import CompletionParser
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.events import Markup, ReasoningDelta, TextDelta
from adapter.syntax import make_syntax
from adapter.syntax.contract import SyntaxSettings
from adapter.syntax.tokens import COMMON_TOKENS
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from adapter.events import Event

TOOLS: list[dict[str, Any]] = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
SPACES = [" ", " ", "\n", "\n\n", "\r\n", "\t", "   \n"]
FENCED = ["`", "```", "```json", "\n```json\n", "```xml\n", "\n```\n", "```tool_call", "json"]
WORDS = [
    "Hello",
    "a",
    "word",
    "snake_case",
    "a|b",
    "x < 3",
    "É",
    "数",
    "e.g.",
    "W",
    "42",
    "think",
    "<b>",
    "[1]",
    "{",
    "}",
    "]",
    "=",
]


def marks_of(name: str) -> Marks:
    dialect = load(name)
    tokens = (*COMMON_TOKENS, *dialect.special)
    settings = SyntaxSettings(dialect.open, dialect.close, tokens, dialect.form)
    return Marks.of(dialect, make_syntax(dialect.syntax, settings).openings, tokens)


def text_of(name: str, rng: random.Random) -> str:
    literals = sorted(marks_of(name).literals)
    call = load(name).tool_call("look", {"at": "a text"})
    pieces: list[str] = []
    for _ in range(rng.randint(1, 30)):
        kind = rng.random()
        if kind < 0.2:
            literal = rng.choice(literals)
            pieces.append(literal if rng.random() < 0.7 else literal[: rng.randrange(len(literal))])
        elif kind < 0.23:
            pieces.append(call)
        else:
            pieces.append(rng.choice(rng.choice([SPACES, FENCED, WORDS, WORDS, WORDS])))
    return "".join(pieces)


def merged(events: list[Event]) -> list[Event]:
    """Pieces of one text put together: how it is cut is nobody's business."""
    out: list[Event] = []
    for kind, run in itertools.groupby(events, type):
        if kind in {TextDelta, ReasoningDelta, Markup}:
            out.append(kind("".join(event.text for event in run)))  # type: ignore[union-attr]
        else:
            out += run
    return out


def read(text: str, cuts: list[int], **options: Any) -> list[Event]:
    count = itertools.count()
    parser = CompletionParser(TOOLS, on_invalid="return", new_id=lambda: f"call{next(count)}", **options)
    events: list[Event] = []
    for start, end in itertools.pairwise([0, *cuts, len(text)]):
        events += parser.feed(text[start:end])
    return merged(events + parser.close())


@pytest.mark.both_tiers
@pytest.mark.parametrize("thinking", [False, True], ids=["answer", "thinking"])
@pytest.mark.parametrize("name", names())
def test_what_is_passed_over_is_what_would_have_been_read(name: str, thinking: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(f"{name} {thinking}")
    for _ in range(few_or_all(3, 60)):
        text = text_of(name, rng)
        cuts = sorted(rng.sample(range(len(text)), min(len(text), rng.choice([0, 0, 1, 3]))))
        options = {"dialect": name, "thinking_prefilled": thinking, "calls_in_thinking": rng.choice([None, True, False])}
        monkeypatch.setattr(words_module, "_SHORT", len(text) + 1)
        careful = read(text, cuts, **options)
        monkeypatch.setattr(words_module, "_SHORT", 1)
        for first, window, near, tries in (
            (0, 1 << 16, 256, 4),
            (rng.randint(0, 9), rng.randint(20, 60), rng.randint(1, 20), 1),
        ):
            monkeypatch.setattr(words_module, "_FIRST", first)
            monkeypatch.setattr(words_module, "_WINDOW", window)
            monkeypatch.setattr(words_module, "_NEAR", near)
            monkeypatch.setattr(words_module, "_TRIES", tries)
            assert read(text, cuts, **options) == careful, (text, cuts, options, first, window, near, tries)


@pytest.mark.parametrize("name", names())
def test_every_literal_that_means_something_is_found(name: str) -> None:
    marks = marks_of(name)
    strong = {*marks.openings, marks.close, *marks.result, *({marks.reasoning[0]} & marks.spare)}
    named = {*marks.tokens, *marks.reasoning, *marks.answer} - strong
    weak = {literal for literal in named if " " not in literal}  # a blank ends a word, and the next may end inside the literal
    for literal in marks.literals:
        text = "Some words, and then. " * 500
        place = len(text)
        text += f"{literal}, and more of them. " + "Some words, and then. " * 500
        until = marks.words.until(text, 0, inside=False)
        if literal in weak:
            assert until > len(text) - 300
        else:
            assert place - 300 < until <= place
        if literal == marks.reasoning[1]:
            assert place - 300 < marks.words.until(text, 0, inside=True, closing=literal) <= place


HERMES = marks_of("hermes").words
LONG = "Some words, and then. " * 300


@pytest.mark.parametrize(
    ("text", "inside", "most"),
    [
        pytest.param(LONG, False, len(LONG), id="words"),
        pytest.param(LONG * 30, False, 30 * len(LONG), id="words beyond one window"),
        pytest.param("Short.", True, 0, id="a short text is searched at once"),
        pytest.param("<tool" + LONG, False, 0, id="one that may begin with a tag is no words yet"),
        pytest.param(" \n```json" + LONG, False, 0, id="nor one that begins with a code fence"),
        pytest.param("<think>" + LONG, True, 0, id="where a literal is near all is searched"),
        pytest.param(f"{LONG}<think>{LONG}", True, 2 * len(LONG) + 7, id="between words the tag of the reasoning is text"),
        pytest.param(LONG + "</s> \n" * 20, True, len(LONG), id="special tokens at the end are looked at"),
        pytest.param("snake_case. " + LONG, True, len(LONG) + 12, id="a rare character that is none of a literal"),
        pytest.param("snake_case. " * 500 + LONG, True, len(LONG) + 6000, id="many of one, and none of another"),
        pytest.param("snake_case < " * 500 + LONG, True, 26, id="many of each"),
        pytest.param("x" * 9000, True, 0, id="no character that is no literal's"),
    ],
)
def test_how_far_a_text_is_words(text: str, inside: bool, most: int) -> None:
    until = HERMES.until(text, 0, inside=inside)
    assert max(0, most - 300) <= until <= most
