"""Completions made of channels: gpt-oss. One table, read whole, in pieces, and while it is written."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.completion.result import assemble
from adapter.dialects.registry import load
from adapter.events import ArgumentsDelta, CallStarted, ReasoningDelta, TextDelta
from adapter.syntax import make_syntax
from adapter.syntax.contract import SyntaxSettings
from adapter.syntax.messages.channels import Channels
from tests.facts import test_completions, test_streaming_parser
from tests.facts.completions import Case
from tests.facts.test_streaming_parser import incremental, pieces_of
from tests.facts.tools import ANY, TOOLS
from tests.support.tiers import few_positions, rest_are_proofs

START, CHANNEL, MESSAGE, END = "<|start|>", "<|channel|>", "<|message|>", "<|end|>"
THOUGHT = f"{CHANNEL}analysis{MESSAGE}Hm.{END}"
NEXT = f"{START}assistant"
HEADER = f" to=functions.f{CHANNEL}commentary json{MESSAGE}"
CUT = {"problems": ("cut",), "finish": "length"}
TAGS, SLIP = {"problems": ("markup",)}, {"problems": ("repaired",)}


def final(text: str) -> str:
    return f"{CHANNEL}final{MESSAGE}{text}"


def call(arguments: str = "{}") -> str:
    return f"{HEADER}{arguments}<|call|>"


def read(case: str, text: str, *arguments: str, **more: Any) -> Case:
    return Case(case, text, tuple(("f", item) for item in arguments), **more)


CASES = (
    # headers
    read("a call", call('{"a": 1}'), '{"a": 1}'),
    read("whose stop token the server keeps", call('{"a": 1}').removesuffix("<|call|>"), '{"a": 1}'),
    read("after reasoning", THOUGHT + NEXT + call(), "{}", reasoning="Hm."),
    read("the recipient after the channel", f"{CHANNEL}commentary to=functions.f <|constrain|>json{MESSAGE}{{}}", "{}"),
    read("no space before the type", f"{CHANNEL}commentary to=functions.f<|constrain|>json{MESSAGE}{{}}", "{}"),
    read("no type", f"{CHANNEL}commentary to=functions.f{MESSAGE}{{}}", "{}"),
    read("no channel", f" to=functions.f{MESSAGE}{{}}", "{}"),
    read("a call on the channel of reasoning", f" to=functions.f{CHANNEL}analysis{MESSAGE}{{}}", "{}"),
    read("a whole header at the start", NEXT + call(), "{}"),
    read("a header that begins twice", f"{CHANNEL}commentary to=assistant{CHANNEL}analysis{MESSAGE}Hm.{END}{NEXT}{final('A')}", content="A", reasoning="Hm.", problems=("markup",)),
    read("no channel and no recipient", f"{NEXT}{MESSAGE}A", content="A"),
    read("an unknown channel", f"{CHANNEL}comment{MESSAGE}A{END}", content="A", problems=("markup",)),
    # texts
    read("a text", final("A b\n c"), content="A b\n c"),
    read("a preamble", f"{CHANNEL}commentary{MESSAGE}A{END}{NEXT}{call()}", "{}", content="A"),
    read("a call, then a text", call() + NEXT + final("A"), "{}", content="A"),
    read("a text, then reasoning, then a text", f"{final('A ')}{END}{NEXT}{THOUGHT}{NEXT}{final('B')}", content="A B", reasoning="Hm."),
    read("an empty text", final("") + END),
    read("reasoning only", THOUGHT, reasoning="Hm."),
    read("tags of other dialects are text", final("<think>x</think> <tool_call>{}"), content="<think>x</think> <tool_call>{}", problems=("other_dialect",)),
    read("markers in reasoning", f"{CHANNEL}analysis{MESSAGE}no <|call|> or {CHANNEL}final here, {END} neither{END}", reasoning=f"no <|call|> or {CHANNEL}final here, {END} neither"),
    read("markers in a text", final(f"a {START} b <| c {MESSAGE} d"), content=f"a {START} b <| c {MESSAGE} d"),
    read("a header without the end before it", f"{CHANNEL}analysis{MESSAGE}Hm.{NEXT}{final('A')}", content="A", reasoning="Hm."),
    read("a channel without the end before it", f"{CHANNEL}analysis{MESSAGE}Hm.{final('A')}", content="A", reasoning="Hm."),
    read("a call without the end before it", f"{CHANNEL}analysis{MESSAGE}Hm.{NEXT}{call()}", "{}", reasoning="Hm."),
    read("left-over tokens", final("A") + "<|return|><|endoftext|>", content="A"),
    read("JSON in a text is no call", final('{"name": "f", "arguments": {}}'), content='{"name": "f", "arguments": {}}', problems=("near_call",)),
    read("text without a header", "A b", content="A b"),
    read("a mention without a header", f"Write {CHANNEL}, or to=functions.f now", content=f"Write {CHANNEL}, or to=functions.f now"),
    # calls
    read("several calls", call('{"a": 1}') + NEXT + call('{"a": 2}'), '{"a": 1}', '{"a": 2}'),
    read("no arguments", call(""), "{}"),
    read("arguments in a string", call('"{\\"a\\": 1}"'), '{"a": 1}'),
    read("the model's spelling", call('{ "a":1.0 }'), '{ "a":1.0 }'),
    read("markers in a string", call(json.dumps({"a": f"<|call|>{END}{NEXT}{final('x')}"})), json.dumps({"a": f"<|call|>{END}{NEXT}{final('x')}"})),
    read("closed by the end of a message", HEADER + "{}" + END, "{}"),
    read("closed by the next message", HEADER + "{}" + NEXT + final("A"), "{}", content="A"),
    read("text after it", HEADER + "{} A", "{}", content="A"),
    read("in a fence", call("```json\n{}\n```"), "{}"),
    read("a trailing comma", call('{"a": 1,}'), '{"a": 1}', problems=("repaired",)),
    Case("no JSON", call("Paris"), content=call("Paris").lstrip(), problems=("unreadable",)),
    # what is left out
    read("an invented result", f"{call()}{START}functions.f to=assistant{CHANNEL}commentary{MESSAGE}1{END}{NEXT}{final('A')}", "{}", content="A", problems=("invented_result",)),
    read("an invented question", f"{final('A')}{END}{START}user{MESSAGE}Why?{END}", content="A", problems=("invented_result",)),
    read("a message to a tool of another kind", f"{THOUGHT}{NEXT}{CHANNEL}commentary to=python code{MESSAGE}1+1<|call|>", reasoning="Hm.", problems=("unreadable",)),
    # garbled
    read("no header at all", f"{CHANNEL}??{END}{NEXT}{THOUGHT}", reasoning="Hm.", **TAGS),
    read("a header without a message", f"{CHANNEL}commentary{END}{NEXT}{final('A')}", content="A", **TAGS),
    read("a header without a message, with words", f"{CHANNEL}commentary to=functions.f, well{END}{NEXT}{final('A')}", content="A", **TAGS),
    read("a header without a message, before a header", f"{CHANNEL}commentary?{NEXT}{final('A')}", content="A", **TAGS),
    read("a header without a message or a channel, after a text", f"{final('A')}{END}{NEXT}{END}{NEXT}{final('B')}", content="AB", **TAGS),
    read("a marker without a header", f"{CHANNEL}{END}{NEXT}{final('A')}", content="A", **TAGS),
    read("words in the header of a call", f"{CHANNEL}commentary to=functions.f <|constrain|>f: look{MESSAGE}{{}}", "{}", **SLIP),
    read("words in the header of a call, no type", f"{CHANNEL}commentary to=functions.f code, please{MESSAGE}{{}}", "{}", **SLIP),
    read("words before the type", f"{CHANNEL}commentary to=functions.f the city <|constrain|>json{MESSAGE}{{}}", "{}", **SLIP),
    read("words in the header of a call, after a thought", f"{THOUGHT}{NEXT} to=functions.f{CHANNEL}commentary (json){MESSAGE}{{}}", "{}", reasoning="Hm.", **SLIP),
    read("words in the header of a text", f"{CHANNEL}final it is:{MESSAGE}A", content="A", **TAGS),
    read("words in the header of reasoning", f"{CHANNEL}analysis, once{MESSAGE}Hm.{END}{NEXT}{final('A')}", content="A", reasoning="Hm.", **TAGS),
    read("too many words for a header", f"{CHANNEL}final {'it is, ' * 40}{MESSAGE}A", content=f"{CHANNEL}final {'it is, ' * 40}{MESSAGE}A"),
    read("no namespace", f"{CHANNEL}commentary to=f <|constrain|>json{MESSAGE}{{}}", "{}", **SLIP),
    read("no namespace, after a thought", f"{THOUGHT}{NEXT} to=f{CHANNEL}commentary json{MESSAGE}{{}}", "{}", reasoning="Hm.", **SLIP),
    read("no namespace, at the start", f" to=f{CHANNEL}commentary json{MESSAGE}{{}}", "{}", **SLIP),
    read("no namespace, and a broken string", f"{CHANNEL}commentary to=f{MESSAGE}{{'a': 1}}<|call|>", '{"a": 1}', problems=("repaired", "repaired")),
    read("no namespace, a tool that is not offered", f"{CHANNEL}commentary to=g{MESSAGE}{{}}", problems=("unreadable",)),
    read("a mention without a namespace", "Write to=f, or to=for", content="Write to=f, or to=for"),
    read("a header that does not end", f"{CHANNEL}final it is, so it is", content=f"{CHANNEL}final it is, so it is"),
    read("a header of white space", f"{CHANNEL}final" + " " * 700 + f"{MESSAGE}A", content=f"{CHANNEL}final" + " " * 700 + f"{MESSAGE}A"),
    # cut
    read("cut in reasoning", f"{CHANNEL}analysis{MESSAGE}Hm", reasoning="Hm", finish="length"),
    read("cut in a text", final("A"), content="A", finish="length"),
    read("cut in the end", final("A<|en"), content="A<|en", finish="length"),
    read("cut in a header", f"{THOUGHT}{NEXT} to=functions.f{CHANNEL}comm", reasoning="Hm.", **CUT),
    read("cut before arguments", HEADER, **CUT),
    read("cut in arguments", HEADER + '{"a": "x', **CUT),
    read("cut in the second call", call('{"a": 1}') + NEXT + HEADER + '{"a', '{"a": 1}', **CUT),
)  # fmt: skip
TABLE = [pytest.param(replace(case, options={"dialect": "gpt-oss"}), id=case.id) for case in CASES]


@pytest.mark.parametrize("case", TABLE)
def test_read(case: Case) -> None:
    for check in (test_completions.check, test_streaming_parser.check):
        check(case, [case.text])
        check(case, list(case.text))
        for seed in range(5):
            check(case, pieces_of(case.text, str(seed), 9))


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", TABLE)
def test_two_pieces_at_every_position(case: Case) -> None:
    for position in few_positions(case.text):
        test_streaming_parser.check(case, [case.text[:position], case.text[position:]])


def test_everything_leaves_as_it_comes() -> None:
    parser = incremental([ANY], dialect="gpt-oss")
    assert parser.feed(f"{CHANNEL}analysis{MESSAGE}One")[-1] == ReasoningDelta("One")
    assert parser.feed(" two <|") == [ReasoningDelta(" two")]
    assert parser.feed("x") == [ReasoningDelta(" <|x")]
    parser.feed(END + NEXT)
    assert [type(event) for event in parser.feed(HEADER + '{"a": "on')][-2:] == [CallStarted, ArgumentsDelta]
    assert parser.feed("e tw") == [ArgumentsDelta(0, "e tw")]


def test_no_call_is_read_where_none_may_be_made() -> None:
    text = f"{THOUGHT}{NEXT}{call()}{NEXT}{final('A')}"
    for pieces in ([text], list(text)):
        parser = adapter.CompletionParser([ANY], tool_choice="none", dialect="gpt-oss")
        found = assemble([event for piece in pieces for event in parser.feed(piece)] + parser.close("stop"), "stop")
        assert (found.reasoning, found.tool_calls) == ("Hm.", ())
        assert found.content == f"{NEXT}{call()}A"


TEXTS = st.text(max_size=30) | st.sampled_from([START, END, "<|call|>", NEXT + HEADER, final("x"), '"', "\\"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), min_size=1, max_size=3), st.integers(0, 2**32))
def test_what_is_written_is_read_back(made: list[dict[str, Any]], seed: int) -> None:
    text = "".join(load("gpt-oss").tool_call("f", arguments) for arguments in made)
    whole = adapter.parse(text, dialect="gpt-oss")
    assert whole.problems == ()
    assert [json.loads(found.arguments) for found in whole.tool_calls] == made
    parser = incremental([], dialect="gpt-oss")
    events = [event for piece in pieces_of(text, str(seed), 20) for event in parser.feed(piece)] + parser.close()
    for place, found in enumerate(whole.tool_calls):
        sent = "".join(event.text for event in events if isinstance(event, ArgumentsDelta) and event.index == place)
        assert sent == found.arguments


def test_random_text_is_read_the_same_at_any_split() -> None:
    units = [
        START,
        CHANNEL,
        MESSAGE,
        END,
        "<|call|>",
        "assistant",
        "final",
        "final, then",
        " to=f",
        "analysis",
        " to=functions.f",
        "{",
        "}",
        '"',
        " ",
        "<|",
        "x",
        NEXT,
        HEADER,
    ]
    chance = random.Random(7)
    for _ in range(400):
        text = "".join(chance.choice(units) for _ in range(chance.randint(1, 25)))
        expected = told(text, [text])
        assert told(text, list(text)) == told(text, pieces_of(text, text, 6)) == expected


def told(text: str, pieces: list[str]) -> Any:
    parser = adapter.CompletionParser([ANY], dialect="gpt-oss", new_id=lambda: "id")
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close("stop")
    assert test_completions.accounted(events) == test_completions.accounted([TextDelta(text)])
    found = assemble(events, "stop")
    return found.content, found.reasoning, found.tool_calls, [(problem.kind, problem.raw) for problem in found.problems]


HOSTILE = {
    "starts": START,
    "ends": END,
    "halves": "<|",
    "headers": NEXT + " ",
    "recipients": "to=functions.",
    "white space": " ",
    "words": "a ",
    "channels": f"{CHANNEL}final",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("begun", rest_are_proofs([HEADER + '{"', HEADER, final(""), CHANNEL, ""]))
def test_work_grows_with_the_text_and_no_faster(unit: str, begun: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in headers that are tried, a character at a time."""
    tried = 0
    header = Channels.header

    def counted(self: Channels, text: str, position: int, **more: bool) -> Any:
        nonlocal tried
        tried += 1
        return header(self, text, position, **more)

    monkeypatch.setattr(Channels, "header", counted)

    def work(size: int) -> int:
        nonlocal tried
        tried = 0
        parser = adapter.CompletionParser(dialect="gpt-oss")
        for character in begun + (unit * size)[:size]:
            parser.feed(character)
        parser.close()
        return tried

    assert work(4000) <= 5 * work(1000) + 1000


def test_a_form_that_is_not_whole_is_told() -> None:
    with pytest.raises(adapter.DialectError, match=r"channels.*namespace"):
        make_syntax("channels", SyntaxSettings(START, "<|call|>"))


def test_arguments_are_checked() -> None:
    text = f' to=functions.get_weather{CHANNEL}commentary json{MESSAGE}{{"city": "Rome", "days": "3"}}'
    assert adapter.parse(text, tools=TOOLS, dialect="gpt-oss").tool_calls[0].arguments == '{"city": "Rome", "days": 3}'
