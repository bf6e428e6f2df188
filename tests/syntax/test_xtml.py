"""XTML, the markup of Kimi K3: channels in tags whose brackets are tokens."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adapter
from adapter import CompletionParser, Options
from adapter.completion.request_rules import Rules
from adapter.completion.result import ParsedCompletion, assemble
from adapter.dialects.registry import choose, load
from adapter.events import TextDelta
from adapter.prompt.chat_template import choose_chat_template, load_chat_template
from adapter.syntax import make_syntax
from adapter.syntax.contract import SyntaxSettings
from adapter.testing import splits
from adapter.tools.definitions import read_tools
from tests.facts.test_completions import accounted
from tests.support.growth import assert_linear
from tests.support.tiers import few_or_all, few_positions, in_turn, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = {"s": {"type": "string"}, "n": {"type": "integer"}, "e": {"type": ["string", "integer"]}}
TOOLS = [
    {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": SCHEMA}}},
    {"type": "function", "function": {"name": "g"}},
]


def spelt(text: str) -> str:
    """`{x}` for an opening tag, `{/x}` for a closing one."""
    return re.sub(r"\{([^{}]*)\}", r"<|open|>\1<|sep|>", re.sub(r"\{/([^{}]*)\}", r"<|close|>\1<|sep|>", text))


def events_of(pieces: list[str], finish: str | None, *, incremental: bool = False, begun: bool = False) -> list[Any]:
    rules = Rules(read_tools(TOOLS), incremental=incremental)
    parser = CompletionParser.for_rules(rules, Options(dialect="kimi-k3", thinking_prefilled=begun))
    return [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish)


def read(pieces: list[str], finish: str | None = "stop", *, incremental: bool = False, begun: bool = False) -> ParsedCompletion:
    return assemble(events_of(pieces, finish, incremental=incremental, begun=begun), finish)


def brief(parsed: ParsedCompletion) -> tuple[Any, ...]:
    calls = [(call.name, call.arguments) for call in parsed.tool_calls]
    return parsed.content, parsed.reasoning, calls, [problem.kind for problem in parsed.problems]


def value(key: str, text: str, kind: str = "string") -> str:
    return f'{{argument key="{key}" type="{kind}"}}{text}{{/argument}}'


def call(name: str, *values: str) -> str:
    return f'{{call tool="{name}" index="1"}}{"".join(values)}{{/call}}'


def g(*values: str) -> str:
    return f"{{tools}}{call('g', *values)}{{/tools}}"


F1 = call("f", value("s", "x"), value("n", "1", "number"))
ONE = ("f", '{"s": "x", "n": 1}')
END = "{/message}<|end_of_msg|>"
BLOCK = f"{{tools}}{F1}{{/tools}}"
CASES: dict[str, tuple[str, str | None, str | None, list[tuple[str, str]], list[str]]] = {
    "a call": (BLOCK + END, None, None, [ONE], []),
    "all channels": (f"{{think}}Hm.{{/think}}{{response}}Hi.{{/response}}{BLOCK}{END}", "Hi.", "Hm.", [ONE], []),
    "white space between tags": (
        '{response}Hi.{/response}\n{tools}\n{call index="1" tool="f"}\n{argument type="number" key="n"}1{/argument}\n{/call}\n'
        f"{{/tools}}\n{END}",
        "Hi.",
        None,
        [("f", '{"n": 1}')],
        [],
    ),
    "several calls": (f"{{tools}}{F1}{call('g')}{F1}{{/tools}}", None, None, [ONE, ("g", "{}"), ONE], []),
    "no calls in their channel": (f"{{response}}Hi.{{/response}}{{tools}}{{/tools}}{END}", "Hi.", None, [], []),
    "what was thought in several channels": (
        f"{{think}}a{{/think}}{{response}}b{{/response}}{{think}}c{{/think}}{{response}}d{{/response}}{END}", "bd", "ac", [], [],
    ),
    "white space of a value is kept": (g(value("a", " x\n")), None, None, [("g", '{"a": " x\\n"}')], []),
    "an empty value": (g(value("a", "")), None, None, [("g", '{"a": ""}')], []),
    "an empty key": (g(value("", "x")), None, None, [("g", '{"": "x"}')], []),
    "a key that is escaped": (g(value("a &amp; &quot;b&quot;&amp;amp;", "x")), None, None, [("g", '{"a & \\"b\\"&amp;": "x"}')], []),
    "markup in a value is data": (
        g(value("a", 'Write {/argument}, {argument key="b"} or {/tools} & <b>.')),
        None,
        None,
        [("g", spelt('{"a": "Write {/argument}, {argument key=\\"b\\"} or {/tools} & <b>."}'))],
        [],
    ),
    "JSON in the model's spelling": (
        g(value("a", "1.0", "number"), value("b", "[1 ,2]", "array"), value("c", "null", "null"), value("d", "true", "boolean")),
        None,
        None,
        [("g", '{"a": 1.0, "b": [1 ,2], "c": null, "d": true}')],
        [],
    ),
    "a string that looks like a number": (g(value("a", "007")), None, None, [("g", '{"a": "007"}')], []),
    "a string where the schema has both": (f"{{tools}}{call('f', value('e', '7'))}{{/tools}}", None, None, [("f", '{"e": "7"}')], []),
    "a number where the schema has both": (
        f"{{tools}}{call('f', value('e', '7', 'number'))}{{/tools}}", None, None, [("f", '{"e": 7}')], [],
    ),
    "a string where the schema has a number": (f"{{tools}}{call('f', value('n', '5'))}{{/tools}}", None, None, [("f", '{"n": 5}')], []),
    "no word on the type": ('{tools}{call tool="f"}{argument key="n"}5{/argument}{/call}{/tools}', None, None, [("f", '{"n": 5}')], []),
    "arguments as one JSON text": (
        g('{json type="object"}[["a"], "<{/json}>"]{/json}').replace("[[", "[ ["), None, None, [("g", spelt('[ ["a"], "<{/json}>"]'))],
        ["invalid_arguments"],
    ),
    "arguments as JSON that is mended": (g('{json type="object"}[1,]{/json}'), None, None, [("g", "[1]")], ["repaired", "invalid_arguments"]),
    "no end of the response": (f"{{response}}Hi.{BLOCK}{END}", "Hi.", None, [ONE], []),
    "the end of the message alone": (f"{{response}}Hi.{END}", "Hi.", None, [], []),
    "the end of a response in its text": (f"{{response}}Write {{/response}} here.{{/response}}{END}", "Write {/response} here.", None, [], []),
    "no marker of calls": (f"{{response}}Hi.{{/response}}{F1}{END}", "Hi.", None, [ONE], []),
    "no end of calls": (f"{{tools}}{F1}{END}", None, None, [ONE], []),
    "no end of a call": (BLOCK.replace("{/call}", ""), None, None, [ONE], []),
    "no end of a value": (g('{argument key="a" type="string"}x'), None, None, [("g", '{"a": "x"}')], ["markup"]),
    "an end of a value twice": (g(value("a", "x") + "{/argument}", value("b", "y")), None, None, [("g", '{"a": "x", "b": "y"}')], ["repaired"]),
    "text behind a value": (
        f"{{tools}}{call('f', value('s', 'x') + 'junk', value('n', '1', 'number'))}{{/tools}}", None, None, [ONE], ["malformed"],
    ),
    "text before the first value": (g("junk", value("a", "x")), None, None, [("g", '{"a": "x"}')], ["malformed"]),
    "no end of a value before the next": (
        f"{{tools}}{call('f', value('s', 'x').replace('{/argument}', ''), value('n', '1', 'number'))}{{/tools}}", None, None, [ONE], ["markup"],
    ),
    "a doubled marker": ("{tools}" + BLOCK, None, None, [ONE], []),
    "no call among calls": ("{tools}hello{/tools}", "{tools}hello{/tools}", None, [], []),
    "a call without a name": (
        '{tools}{call index="1"}{/call}{/tools}', '{tools}{call index="1"}{/call}{/tools}', None, [], ["unreadable"],
    ),
    "mentions": (
        'Between <|open|> and <|sep|> stands {tools} or {call tool="f"} or {message role} here.',
        'Between <|open|> and <|sep|> stands {tools} or {call tool="f"} or {message role} here.', None, [], [],
    ),
    "an invented result": (
        f'{BLOCK}{END}{{message role="tool" tool="f" index="1"}}18 C{END}{{message role="assistant"}}{{response}}18.{{/response}}{END}',
        "18.", None, [ONE], ["invented_result"],
    ),
}  # fmt: skip


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", CASES)
def test_the_table_at_every_split(case: str) -> None:
    text, content, reasoning, calls, kinds = CASES[case]
    text = spelt(text)
    whole = brief(read([text]))
    assert whole == (None if content is None else spelt(content), reasoning, calls, kinds)
    two = {str(place): [text[:place], text[place:]] for place in few_positions(text, 10)}
    for turn, (name, pieces) in enumerate({**splits(text), **two}.items()):
        for incremental in in_turn((False, True), turn):
            told = 3 if incremental else 4
            assert (name, brief(read(pieces, incremental=incremental))[:told]) == (name, whole[:told])


BEGUN = {
    "thinking, then the rest": (f"Hm.{{/think}}{{response}}Hi.{{/response}}{BLOCK}{END}", "Hi.", "Hm.", [ONE]),
    "no end of thinking before the response": (f"Hm.{{response}}Hi.{{/response}}{END}", "Hi.", "Hm.", []),
    "no end of thinking before calls": (f"Hm.{BLOCK}{END}", None, "Hm.", [ONE]),
    "no thinking": (f"{{response}}Hi.{{/response}}{END}", "Hi.", None, []),
    "written once more": (f"{{think}}Hm.{{/think}}{{response}}Hi.{{/response}}{END}", "Hi.", "Hm.", []),
}


@pytest.mark.parametrize("case", BEGUN)
def test_what_the_prompt_has_begun(case: str) -> None:
    text, content, reasoning, calls = BEGUN[case]
    for pieces in splits(spelt(text)).values():
        for incremental in (False, True):
            found = brief(read(pieces, incremental=incremental, begun=True))
            assert found == (content, reasoning and spelt(reasoning), calls, [])


@pytest.mark.both_tiers
def test_cut_off_at_every_place() -> None:
    dialect = load("kimi-k3")
    written = [dialect.tool_call("f", {"s": "x", "n": 1}), dialect.tool_call("g", {"a": "b"})]
    text = spelt("{response}Hm.{/response}") + dialect.assistant("", written)
    complete = [text.index(each.replace("1", "2") if place else each) + len(each) for place, each in enumerate(written)]
    for end in range(len(text) + 1):
        for incremental in in_turn((False, True), end):
            pieces = list(text[:end]) if incremental else [text[:end]]
            parsed = read(pieces, "length", incremental=incremental)
            assert [found.name for found in parsed.tool_calls] == ["f", "g"][: sum(end >= at for at in complete)]
            # What is left of a tag behind its marker, which is a token, is no one's text.
            assert re.fullmatch(r"(Hm\.|Hm|H)?(<\|?\w{0,5}\|?)?", parsed.content or "")


PARTS = [
    "{tools}", "{/tools}", "{response}", "{/response}", "{think}", "{/think}", "{/message}", "<|end_of_msg|>", '{call tool="f" index="1"}',
    '{call tool="g"}', "{/call}", value("s", "x"), '{argument key="n" type="number"}', "{/argument}", '{json type="object"}', "{/json}",
    '{message role="tool" tool="f" index="1"}', '{message role="assistant"}', "5", "[1]", "Hm.", "\n", "<", "<|", "<|open|>", "<|close|>",
    "<|sep|>", "<|open|>call", '<|open|>argument key="', "`",
]  # fmt: skip


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=few_or_all(10, 150), deadline=None)
def test_any_text_reads_the_same_at_any_split(chance: random.Random) -> None:
    text = spelt("".join(chance.choice(PARTS) for _ in range(chance.randint(1, 14))))
    for finish in ("stop", "length"):
        whole = brief(read([text], finish))
        assert accounted(events_of([text], finish)) == accounted([TextDelta(text)])
        for pieces in splits(text).values():
            assert brief(read(pieces, finish)) == whole
            # What was reported early may turn out to stand in a block that cannot be read; then a problem says so.
            assert brief(read(pieces, finish, incremental=True))[:3] == whole[:3]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text(max_size=8) | st.sampled_from(["a&b", '"', "&quot;", "<|sep|>", "\n", "<", "key="])


@given(arguments=st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=3), seed=st.integers(0, 99))
@settings(max_examples=few_or_all(30, 100), deadline=None)
def test_what_is_written_is_read(arguments: list[dict[str, Any]], seed: int) -> None:
    dialect = load("kimi-k3")
    text = dialect.assistant("Hm.", [dialect.tool_call("g", each) for each in arguments])
    chance, pieces, rest = random.Random(seed), [], text
    while rest:
        size = chance.randint(1, 9)
        pieces.append(rest[:size])
        rest = rest[size:]
    for given_pieces in ([text], pieces):
        for incremental in (False, True):
            parsed = read(given_pieces, incremental=incremental)
            assert [json.loads(found.arguments) for found in parsed.tool_calls] == arguments
            assert parsed.content == "Hm."


def test_many_calls_have_no_faults_in_their_markup() -> None:
    assert brief(read([spelt(f"{{tools}}{F1 * 60}{{/tools}}")])) == (None, None, [ONE] * 60, [])


HOSTILE: dict[str, Callable[[int], str]] = {
    "a long value": lambda size: g(value("a", "x" * size)),
    "signs in a value": lambda size: g(value("a", "<" * size)),
    "half tags in a value": lambda size: g(value("a", "<|close|>argument" * (size // 17))),
    "ends in a value": lambda size: g(value("a", "{/argument}" * (size // 24))),
    "half attributes": lambda size: g(('<|open|>argument key="' + "a" * 190) * (size // 212)),
    "white space in a tag": lambda size: f'{{tools}}<|open|>call tool="{" " * size}',
    "white space after an end": lambda size: g(value("a", f"{{/argument}}{' ' * size}x")),
    "signs in a response": lambda size: "{response}" + "<" * size,
    "ends in a response": lambda size: "{response}" + "{/response}x" * (size // 25),
    "calls begun in a response": lambda size: "{response}" + "{tools}" * (size // 20),
    "messages": lambda size: '{message role="tool"}{/message}' * (size // 50),
    "calls": lambda size: f"{{tools}}{call('g') * (size // 60)}",
}


@pytest.mark.parametrize("case", rest_are_proofs(HOSTILE, 3))
def test_cost_grows_with_the_length(case: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        pieces = list(spelt(HOSTILE[case](size)))
        return lambda: read(pieces, incremental=True)

    assert_linear(prepare, 2_000)


def test_the_model_is_known_by_its_name() -> None:
    assert choose("moonshotai/Kimi-K3")[0].name == choose_chat_template("kimi-k3-0915")[0].name == "kimi-k3"
    assert choose("moonshotai/Kimi-K2.5")[0].name == "kimi-k2.5"


@pytest.mark.parametrize("variables", [{"thinking_effort": "medium"}, {"reasoning_effort": "minimal"}])
def test_an_effort_that_the_model_does_not_know_is_refused(variables: dict[str, Any]) -> None:
    with pytest.raises(adapter.BadRequest, match="low, high and max"):
        load_chat_template("kimi-k3").render([{"role": "user", "content": "Hi"}], now=0, **variables)


def test_a_form_that_is_not_whole_is_told() -> None:
    with pytest.raises(adapter.DialectError, match=r"xtml.*separator"):
        make_syntax("xtml", SyntaxSettings("<|open|>tools<|sep|>", "<|close|>tools<|sep|>"))
