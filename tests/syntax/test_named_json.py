"""The call syntax of a name, a separator and JSON: the table of its cases, at every split, and what it costs."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter import CompletionParser, DialectError, Options
from adapter.completion.request_rules import Rules
from adapter.completion.result import ParsedCompletion, assemble
from adapter.dialects.registry import Dialect, load
from adapter.events import CallFinished
from adapter.syntax import make_syntax
from adapter.syntax.contract import SyntaxSettings
from adapter.testing import splits
from adapter.tools.definitions import read_tools
from tests.support.growth import assert_linear
from tests.support.tiers import few_or_all, few_positions, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable

# Three spellings: a section with calls in it, ids that carry the name, and calls without section and end.
SECTION = load("deepseek-v3.1")
IDS = replace(
    SECTION,
    name="ids",
    open="<|section|>",
    close="<|/section|>",
    special=(),
    form={
        "call": "<|call|>",
        "separator": "<|args|>",
        "end": "<|/call|>",
        "head": r"(?P<id>(?:functions\.)?(?P<name>[^<\s:]+)(?::\d+)?)\s*<\|args\|>",
        "other_open": "<|sections|>",
        "other_close": "<|/sections|>",
    },
)
BARE = replace(
    SECTION,
    name="bare",
    open="[CALLS]",
    close="",
    special=(),
    form={"separator": "[ARGS]", "head": r"(?P<name>[^\[\]{}\s]+)(?:\[ID\](?P<id>\w+))?\[ARGS\]"},
)
DIALECTS = {dialect.name: dialect for dialect in (SECTION, load("deepseek-v3"), IDS, BARE)}


def read(
    dialect: Dialect, pieces: list[str], finish: str | None = "stop", *, incremental: bool = False, tools: Any = ()
) -> ParsedCompletion:
    parser = CompletionParser.for_rules(Rules(read_tools(list(tools)), incremental=incremental), Options(dialect=dialect))
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish)
    return assemble(events, finish)


def brief(parsed: ParsedCompletion) -> tuple[Any, ...]:
    calls = [(call.name, call.arguments) for call in parsed.tool_calls]
    return parsed.content, parsed.reasoning, calls, [problem.kind for problem in parsed.problems]


def spelt(text: str) -> str:
    """The short signs of the table as DeepSeek's markers."""
    for sign, marker in (
        ("«", "<｜tool▁calls▁begin｜>"),
        ("»", "<｜tool▁calls▁end｜>"),
        ("‹", "<｜tool▁call▁begin｜>"),
        ("›", "<｜tool▁call▁end｜>"),
        ("¦", "<｜tool▁sep｜>"),
        ("$", "<｜end▁of▁sentence｜>"),
    ):
        text = text.replace(sign, marker)
    return text


F1 = ("f", '{"a": 1}')
# The text in short signs; the content, the calls, the kinds of problems.
CASES: dict[str, tuple[str, str | None, list[tuple[str, str]], list[str]]] = {
    "one call": ('«‹f¦{"a": 1}›»', None, [F1], []),
    "text before it": ('Hm.«‹f¦{"a": 1}›»', "Hm.", [F1], []),
    "text after it is kept": ('«‹f¦{"a": 1}›»Done.', "Done.", [F1], []),
    "no arguments": ("«‹f¦›»", None, [("f", "{}")], []),
    "null for arguments": ("«‹f¦null›»", None, [("f", "{}")], []),
    "an empty object": ("«‹f¦{}›»", None, [("f", "{}")], []),
    "several calls": ('«‹f¦{"a": 1}›‹g¦{}›\n‹f¦{"a": 1}›»', None, [F1, ("g", "{}"), F1], []),
    "two sections": ('«‹f¦{"a": 1}›»\n«‹g¦{}›»', None, [F1, ("g", "{}")], []),
    "white space everywhere": ('« \n‹ f ¦ \n{"a": 1}\n ›\n »\n', None, [F1], []),
    "a fence": ('«‹f¦```json\n{"a": 1}\n```›»', None, [F1], []),
    "a kind before the name": ('«‹function¦f\n```json\n{"a": 1}\n```›»', None, [F1], []),
    "spelling is kept": ('«‹f¦{"a" :1.0,"b":9007199254740993}›»', None, [("f", '{"a" :1.0,"b":9007199254740993}')], []),
    "markers inside a string are data": (
        '«‹f¦{"a": "‹g¦{}› » « ›", "b": "\\"›"}›»', None, [("f", spelt('{"a": "‹g¦{}› » « ›", "b": "\\"›"}'))], [],
    ),
    "arguments as a JSON string": ('«‹f¦"{\\"a\\": 1}"›»', None, [F1], []),
    "unicode": ('«‹f¦{"a": "東京 🙂"}›»', None, [("f", '{"a": "東京 🙂"}')], []),
    "no section": ('‹f¦{"a": 1}›', None, [F1], []),
    "a doubled section marker": ('««‹f¦{"a": 1}›»', None, [F1], []),
    "a doubled end": ('«‹f¦{"a": 1}››»', None, [F1], []),
    "a doubled section end": ('«‹f¦{"a": 1}›»»', None, [F1], []),
    "no end of the call": ('«‹f¦{"a": 1}»', None, [F1], ["markup"]),
    "no end of a call before another": ('«‹f¦{"a": 1}‹g¦{}›»', None, [F1, ("g", "{}")], ["markup"]),
    "no end of the section": ('«‹f¦{"a": 1}›', None, [F1], []),
    "a token for the end of the section": ('«‹f¦{"a": 1}›$', None, [F1], ["markup"]),
    "a token for every end": ('«‹f¦{"a": 1}$', None, [F1], ["markup"]),
    "a wrong tag for the end": ('«‹f¦{"a": 1}</tool_call>»', None, [F1], ["markup"]),
    "text in a section": ('«‹f¦{"a": 1}›And:‹g¦{}›»', "And:", [F1, ("g", "{}")], ["markup"]),
    "an invented result": ('«‹f¦{"a": 1}›»<｜tool▁output▁begin｜>{}<｜tool▁output▁end｜>', None, [F1], ["invented_result"]),
    "a comma too many": ('«‹f¦{"a": 1,}›»', None, [F1], ["repaired"]),
    "a quote is missing": ('«‹f¦{"a": "b}›»', None, [("f", '{"a": "b"}')], ["repaired"]),
    "a mention of the section": ("Use « for that.", spelt("Use « for that."), [], []),
    "a mention of a call": ("Use ‹ for that.", spelt("Use ‹ for that."), [], []),
    "a section without calls": ('«f¦{"a": 1}»', spelt('«f¦{"a": 1}»'), [], []),
    "no separator": ('«‹f {"a": 1}›»', spelt('«‹f {"a": 1}›»'), [], ["unreadable"]),
    "no name": ('«‹¦{"a": 1}›»', spelt('«‹¦{"a": 1}›»'), [], ["unreadable"]),
    "no JSON": ("«‹f¦a = 1›»", spelt("«‹f¦a = 1›»"), [], ["unreadable"]),
    "an expression": ('«‹f¦{"a": 1 + 1}›»', spelt('«‹f¦{"a": 1 + 1}›»'), [], ["unreadable"]),
    "the others of a broken call": (
        '«‹f¦{"a": 1}›‹g¦{"a": 1 + 1}›‹f¦{"a": 1}›»', spelt('‹g¦{"a": 1 + 1}›'), [F1, F1], ["unreadable"],
    ),
}  # fmt: skip


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", CASES)
def test_the_table_at_every_split(case: str) -> None:
    text, content, calls, kinds = CASES[case]
    text = spelt(text)
    whole = read(SECTION, [text])
    assert (whole.content, [(call.name, call.arguments) for call in whole.tool_calls]) == (content, calls)
    assert [problem.kind for problem in whole.problems] == kinds
    two = {str(place): [text[:place], text[place:]] for place in few_positions(text)}
    for name, pieces in {**splits(text), **two}.items():
        assert (name, brief(read(SECTION, pieces))) == (name, brief(whole))


# What a stream says before the block is whole can turn out to be wrong only in these: it ends in an error there.
CONTRADICTED = {"an expression", "the others of a broken call"}


@pytest.mark.parametrize("case", sorted(set(CASES) - CONTRADICTED))
def test_the_table_while_it_is_written(case: str) -> None:
    text = spelt(CASES[case][0])
    whole = read(SECTION, [text])
    for pieces in splits(text).values():
        assert brief(read(SECTION, pieces, incremental=True)) == brief(whole)


@pytest.mark.parametrize("name", DIALECTS)
def test_cut_off_at_every_place(name: str) -> None:
    dialect = DIALECTS[name]
    text = {
        "ids": 'Hm.<|section|><|call|>functions.f:0<|args|>{"a": "bc"}<|/call|><|call|>g:1<|args|>{"a": 1}<|/call|><|/section|>',
        "bare": 'Hm.[CALLS]f[ARGS]{"a": "bc"}[CALLS]g[ID]x1[ARGS]{"a": 1}',
    }.get(name, spelt('Hm.«‹f¦{"a": "bc"}›‹g¦{"a": 1}›»'))
    calls = [("f", '{"a": "bc"}'), ("g", '{"a": 1}')]
    complete = [text.index("}") + 1, text.rindex("}") + 1]
    for end in range(len(text) + 1):
        for incremental in (False, True):
            pieces = list(text[:end]) if incremental else [text[:end]]
            parsed = read(dialect, pieces, "length", incremental=incremental)
            assert [(call.name, call.arguments) for call in parsed.tool_calls] == calls[: sum(end >= at for at in complete)]
            content = parsed.content or ""  # with the half marker that it ends in, as ever
            assert content == "Hm." if parsed.tool_calls else content.startswith("Hm."[:end])


def test_one_brace_missing_is_repaired_unless_the_dialect_says_no() -> None:
    text = spelt('«‹f¦{"a": 1›»')
    assert [call.arguments for call in read(SECTION, [text]).tool_calls] == ['{"a": 1}']
    parsed = read(load("deepseek-v3"), [text])
    assert (parsed.content, parsed.tool_calls) == (text, ())


def test_ids_are_kept_and_never_given_twice() -> None:
    text = "".join(
        f"<|sections|><|call|>functions.{name}:{place}<|args|>{{}}<|/call|><|/sections|>"
        for name, place in (("f", 0), ("g", 1), ("f", 0))
    )
    for incremental in (False, True):
        parsed = read(IDS, list(text), incremental=incremental)
        ids = [call.id for call in parsed.tool_calls]
        assert ids[:2] == ["functions.f:0", "functions.g:1"]
        assert ids[2].startswith("call_")
        assert ([call.name for call in parsed.tool_calls], parsed.content) == (["f", "g", "f"], None)


def test_calls_without_section_and_end() -> None:
    text = 'Hm. [CALLS]f[ID]abc123XYZ[ARGS]{"a": "[CALLS]g[ARGS]"}[CALLS]g[ARGS]{"b": [1]}</s>'
    for incremental in (False, True):
        for pieces in splits(text).values():
            parsed = read(BARE, pieces, incremental=incremental)
            assert brief(parsed) == ("Hm.", None, [("f", '{"a": "[CALLS]g[ARGS]"}'), ("g", '{"b": [1]}')], [])
            assert parsed.tool_calls[0].id == "abc123XYZ"


PARTS = {
    "section": [*map(spelt, "«»‹›¦$"), "f", "\n", '{"a": 1}', '{"a": "', '"}', "{}", "```json\n", "```", "null", "function", "Hm."],
    "ids": ["<|section|>", "<|/section|>", "<|call|>", "<|/call|>", "<|args|>", "functions.f:0", "f", '{"a": "b"}', "{", '"', "}", "Hm."],
    "bare": ["[CALLS]", "[ARGS]", "[ID]", "f", "x1", '{"a": "b"}', "{}", "{", "}", '"', "Hm.", " ", "</s>", "[", "]"],
}  # fmt: skip
OF = {"section": SECTION, "ids": IDS, "bare": BARE}


@pytest.mark.parametrize("kind", PARTS)
@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=few_or_all(30, 60), deadline=None)
def test_any_text_reads_the_same_at_any_split(kind: str, chance: random.Random) -> None:
    text = "".join(chance.choice(PARTS[kind]) for _ in range(chance.randint(1, 14)))
    whole = brief(read(OF[kind], [text]))
    for finish in ("stop", "length"):
        whole = brief(read(OF[kind], [text], finish))
        streamed = read(OF[kind], [text], finish, incremental=True)
        for pieces in splits(text).values():
            assert brief(read(OF[kind], pieces, finish)) == whole
            assert brief(read(OF[kind], pieces, finish, incremental=True))[:3] == brief(streamed)[:3]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", ["deepseek-v3", "deepseek-v3.1"])
@given(arguments=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), min_size=1, max_size=3), seed=st.integers(0, 99))
@settings(max_examples=few_or_all(30, 60), deadline=None)
def test_what_is_written_is_read(name: str, arguments: list[dict[str, Any]], seed: int) -> None:
    dialect = load(name)
    text = dialect.assistant("Hm.", [dialect.tool_call("f", each) for each in arguments])
    chance, pieces, rest = random.Random(seed), [], text
    while rest:
        size = chance.randint(1, 9)
        pieces.append(rest[:size])
        rest = rest[size:]
    for incremental in (False, True):
        parsed = read(dialect, pieces, incremental=incremental)
        assert [json.loads(call.arguments) for call in parsed.tool_calls] == arguments
        assert parsed.content == "Hm."


HOSTILE: dict[str, Callable[[int], str]] = {
    "a long value": lambda size: spelt('«‹f¦{"a": "') + "x" * size + spelt('"}›»'),
    "markers in a value": lambda size: spelt('«‹f¦{"a": "') + spelt("›") * (size // 20) + spelt('"}›»'),
    "white space before JSON": lambda size: spelt("«‹f¦") + " " * size + spelt("{}›»"),
    "white space after JSON": lambda size: spelt("«‹f¦{}") + " " * size + spelt("›»"),
    "white space in the section": lambda size: spelt("«‹f¦{}›") + " " * size + spelt("»"),
    "a name without end": lambda size: spelt("«‹") + "f" * size,
    "half markers": lambda size: spelt("«‹f¦{}›") + "<｜tool▁call▁" * (size // 12),
    "signs": lambda size: spelt("«‹f¦{") + "<" * size,
    "calls that cannot be read": lambda size: spelt("«" + "‹f¦{1}›" * (size // 40)),
    "calls": lambda size: spelt("«" + "‹f¦{}›" * (size // 40)),
}


@pytest.mark.parametrize("case", rest_are_proofs(HOSTILE, 3))
def test_cost_grows_with_the_length(case: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        pieces = list(HOSTILE[case](size))
        return lambda: read(SECTION, pieces)

    assert_linear(prepare, 4_000)


def test_a_string_leaves_while_it_is_written() -> None:
    parser = CompletionParser.for_rules(Rules(incremental=True), Options(dialect=SECTION))
    events = parser.feed(spelt('«‹f¦{"a": "some words'))
    assert "".join(getattr(event, "text", "") for event in events) == '{"a": "some words'
    assert not any(isinstance(event, CallFinished) for event in events)


WRONG = [
    pytest.param({}, "needs form.separator", id="no separator"),
    pytest.param({"separator": "|", "opener": "x"}, "form.opener means nothing", id="an unknown key"),
    pytest.param({"separator": "|", "head": "("}, "is no pattern", id="a broken pattern"),
    pytest.param({"separator": "|", "head": ".*"}, "lacks the group", id="a pattern without a name"),
]


@pytest.mark.parametrize(("form", "message"), WRONG)
def test_a_wrong_form_is_refused(form: dict[str, str], message: str) -> None:
    with pytest.raises(DialectError, match=message):
        make_syntax("named_json", SyntaxSettings("<a>", "</a>", form=form))
