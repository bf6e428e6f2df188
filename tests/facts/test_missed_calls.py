"""Answers without calls that hold one in a form which is not read: told, whole and at every split, and never run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.completion.heard import MOST_PIECES
from adapter.dialects import registry
from adapter.dialects.families import families, marked_in, may_be_marked
from adapter.events import CallFinished, Problem
from tests.facts.tools import function
from tests.support.growth import assert_linear
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Callable

F = function("f", {"a": {"type": "string"}, "n": {"type": "integer"}})
G = function("get_weather", {"city": {"type": "string"}})
JSON = '{"name": "f", "arguments": {"a": "x"}}'
QWEN = "<function=f>\n<parameter=a>\nx\n</parameter>\n</function>"
GLM = "f\n<arg_key>a</arg_key>\n<arg_value>x</arg_value>"
DSML = '<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="a" string="true">x</｜DSML｜parameter>\n</｜DSML｜invoke>'
MINIMAX = '<minimax:tool_call>\n<invoke name="f">\n<parameter name="a">x</parameter>\n</invoke>\n</minimax:tool_call>'
GPT = '<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a": "x"}<|call|>'
KIMI = (
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>"
    '{"a": "x"}<|tool_call_end|><|tool_calls_section_end|>'
)


@dataclass(frozen=True)
class Missed:
    """An answer; the kinds told, and words of the last message."""

    text: str
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    called: bool = False


def other(text: str, *words: str, **options: Any) -> Missed:
    return Missed(text, ("other_dialect",), words, options)


def left(text: str, **options: Any) -> Missed:
    return Missed(text, ("near_call",), ("text like a call of 'f', which was not run",), options, called=True)


def near(text: str, *words: str, **options: Any) -> Missed:
    return Missed(text, ("near_call",), words, options)


def silent(text: str, **options: Any) -> Missed:
    return Missed(text, (), (), options)


CASES: dict[str, Missed] = {
    # 1.18 the marks of another dialect
    "other: qwen under hermes": Missed(
        f"<tool_call>\n{QWEN}\n</tool_call>",
        ("unreadable", "other_dialect"),
        ("'<function='", "read as", "'qwen3-coder'", "a valid call of 'f'"),
    ),
    "other: qwen without its block": other(f"Let me see.\n{QWEN}", "'<function='", "'qwen3.5'", "a valid call of 'f'"),
    "other: two calls": other(f"Twice.\n{QWEN}\n{QWEN}", "2 valid calls, of 'f'"),
    "other: glm under hermes": Missed(
        f"<tool_call>{GLM}</tool_call>", ("unreadable", "other_dialect"), ("holds no call; read as 'glm-4.5', 'glm-4.7'",)
    ),
    "other: hermes under mistral": other(f"<tool_call>{JSON}</tool_call>", "'<tool_call>'", "'hermes'", dialect="mistral-v13"),
    "other: mistral under hermes": other(
        '[TOOL_CALLS]f[ARGS]{"a": "x"}', "'[TOOL_CALLS]'", "'mistral-v13'", "valid call of 'f'"
    ),
    "other: dsml under hermes": other(
        f"<｜DSML｜function_calls>\n{DSML}\n</｜DSML｜function_calls>", "'deepseek-v3.2'", "valid call"
    ),
    "other: minimax under qwen": other(MINIMAX, "'<minimax:tool_call>' ('minimax-m2')", "valid call", dialect="qwen3-coder"),
    "other: gpt-oss under hermes": other(GPT, "'<|channel|>'", "'gpt-oss'", "valid call of 'f'"),
    "other: hermes under gpt-oss": other(f"<tool_call>{JSON}</tool_call>", "'hermes'", "valid call of 'f'", dialect="gpt-oss"),
    "other: kimi under glm": other(KIMI, "'<|tool_calls_section_begin|>'", "'kimi-k2'", "valid call", dialect="glm-4.5"),
    "other: gemma under hermes": other('<|tool_call>call:f{a:<|"|>x<|"|>}<tool_call|>', "'<|tool_call>' ('gemma-4')", "valid"),
    "other: llama under qwen": other(f"<|python_tag|>{JSON}", "'<|python_tag|>'", "'llama-3.1'", "valid", dialect="qwen3.5"),
    "other: without marks": other(
        '[f(a="x")]', "holds no call; read as 'gemma-3'", "'llama-4'", "valid call of 'f'", recover=False
    ),
    "other: json without marks, two": other(f"[{JSON}, {JSON}]", "'xlam-2'", "2 valid calls", recover=False),
    "other: marks, and no call": other("The model ends a turn at <|python_tag|> then.", "none of them reads a valid call"),
    "other: an unknown tool": other(QWEN.replace("=f>", "=h>"), "'<function='", "none of them reads a valid call"),
    "other: invalid arguments": other(QWEN.replace("=a>", "=n>"), "none of them reads a valid call"),
    "other: behind reasoning": other(f"<think>Hm.</think>So. {QWEN}", "'<function='", "valid call of 'f'"),
    "other: behind a word": other('functools[{"name": "f", "arguments": {"a": "x"}}]', "'functools'", "'phi-4-mini'", "valid"),
    # 1.18 a near call
    "near: in prose": near(f"I will call {JSON} now.", "'f' as JSON among words", "as the whole answer", "'<tool_call>'"),
    "near: in a fence": near(f"Sure:\n```json\n{JSON}\n```\nDone.", "not run", "as the whole answer"),
    "near: alone, recover off": near(JSON, "'f' without its tags", "with recover=True", recover=False),
    "near: arguments first": near('Call: {"arguments": {"a": "x"}, "name": "f"}', "'f'"),
    "near: OpenAI's form": near('Call: {"type": "function", "function": {"name": "f", "arguments": {"a": "x"}}}', "'f'"),
    "near: coerced": near('Call: {"name": "f", "arguments": {"n": "5"}}', "'f'"),
    "near: other JSON beside": near(f'First {{"k": 1}}, {{"name": "zzz"}}, then {JSON}.', "'f'"),
    "near: behind broken JSON": near('{"name": "f", "arguments": {"a" ' + JSON, "'f'"),
    "near: in Python's notation, in a fence": near(
        '```python\n[f(a="x")]\n```\nThat is it.', "in a code fence among words", dialect="gemma-3"
    ),
    "near: behind brackets": near(f"It takes {JSON}.", "behind '[TOOL_CALLS]', in the dialect's form", dialect="mistral-v13"),
    "near: not valid, alone": near(
        '{"name": "f", "arguments": {"n": "x"}}', "'f' without its tags", "is not valid: call of 'f': "
    ),
    "near: not valid, in prose": near(
        'Sure: {"name": "f", "arguments": {"n": "x"}}', "'f' as JSON among words", "is not valid"
    ),
    "near: not valid, in a fence": near(
        '```json\n{"name": "f", "parameters": {"n": "x"}}\n```', "'f' without its tags", "not valid"
    ),
    "near: an unknown tool, alone": near('{"name": "ff", "arguments": {"a": "x"}}', "there is no tool 'ff' to call; use 'f'"),
    "near: an unknown tool, in prose": silent('Sure: {"name": "ff", "arguments": {"a": "x"}}'),
    "near: a name in other JSON": silent('{"name": "Ada", "skills": {"a": "x"}}'),
    "near: a Python call": near('f(a="x")', "'f' as a Python call", "Accepted: between '<tool_call>'"),
    "near: a Python call in a fence": near('```python\nf(a="x")\n```', "'f' as a Python call"),
    "near: a Python call, no tags to name": near('f(a="x")', "'f' as a Python call", dialect="xlam-2"),
    "near: a Python call of an unknown tool": silent('ff(a="x")'),
    "near: a Python call that is not valid": silent('f(n="five")'),
    "near: a name and words in brackets": silent("f (see the manual)"),
    # 1.15 the own marker, and no payload behind
    "own: Python behind the tag": Missed('<tool_call>f(a="x")</tool_call>', ("unreadable",), ("'f'", "behind '<tool_call>'")),
    "own: a name behind the tag": Missed('<tool_call>f\n{"a": "x"}</tool_call>', ("unreadable", "other_dialect"), ()),
    "own: a name that is not offered": silent("<tool_call>h(a=1)</tool_call>"),
    "own: no closing tag": silent("<tool_call> opens calls of f."),
    # 1.18 text like a call, beside a call that was made
    "left: JSON": left(f"<tool_call>{JSON}</tool_call>\nThen {JSON}"),
    "left: JSON in front": left(f"{JSON} <tool_call>{JSON}</tool_call>"),
    "left: a misspelt marker": left(f"<tool_call>{JSON}</tool_call>\n<toolcall>{JSON}</tool_call>"),
    "left: a brace missing": left(f"<tool_call>{JSON}</tool_call>\n<tool_call>{JSON[1:]}</tool_call>"),
    "left: qwen": left(f"{QWEN}\n<qnction=f></function>", dialect="qwen3-coder"),
    "left: minimax": left(MINIMAX.replace("</minimax", '<invokeame="f">\n</invoke>\n</minimax'), dialect="minimax-m2"),
    "left: dsml": left(
        f'<｜DSML｜function_calls>\n{DSML}\n<｜DSM｜invke name="f">\n</｜DSML｜invoke>', dialect="deepseek-v3.2"
    ),
    "left: glm": left(f"<tool_call>{GLM}</tool_call><tol_call>f</tool_call>", dialect="glm-4.7"),
    "left: glm, a word in front of the name": left(
        f"<tool_call>{GLM}</tool_call><tool_call>well f</tool_call>", dialect="glm-4.7"
    ),
    "left: mistral": left('[TOOL_CALLS]f[ARGS]{"a": "x"}[TOOL_CALL]f[ARG]{}', dialect="mistral-v13"),
    "left: kimi": Missed(
        KIMI.replace("<|tool_calls_section_end|>", "<|tool_cal_begin|>functions.f:1<|tool_call_argument_begin|>{}"),
        ("markup", "near_call"),
        ("text like a call of 'f'",),
        {"dialect": "kimi-k2"},
        called=True,
    ),
    "left: gemma": left('<|tool_call>call:f{a:<|"|>x<|"|>}<tool_call|><|tool_cal>call:f{}<tool_call|>', dialect="gemma-4"),
    "left: Python's notation": left('<|tool_call_start|>[f(a="x")]<|tool_call_end|><|tool_cal_start|>[f()]', dialect="lfm2"),
    # Nothing is told.
    "silent: words": silent("Hello there, how are you?"),
    "silent: a mention of the own tag": silent("Write `<tool_call>` before f."),
    "silent: a mention of other marks": silent("Qwen writes `<function=` and Llama `<|python_tag|>` before f."),
    "silent: rehearsed": silent(f"<think>{QWEN}{JSON}</think>No."),
    "silent: rehearsed, with the thinking begun": silent(f"{QWEN}</think>No.", thinking_prefilled=True),
    "silent: functools": silent("from functools import cache, reduce; functools.reduce(f, [1])"),
    "silent: a table": silent("| a | b |\n|---|---|\n| [1] | {x} |"),
    "silent: html": silent('<div class="f"><p>[x]</p><function></function></div>'),
    "silent: JSON": silent('{"answer": {"name": "x"}}'),
    "silent: two near calls": silent(f"{JSON} or {JSON}?"),
    "silent: the definition of a tool": silent('{"name": "f", "description": "d", "parameters": {}} is a tool.'),
    "silent: words beside a call": Missed(
        called=True, text=f"I ask f for x, as {{it}} is <b>new</b>.<tool_call>{JSON}</tool_call> See `<tool_call>` f."
    ),
    "silent: a definition beside a call": Missed(
        called=True, text=f'{{"name": "f", "description": "d"}} helps.<tool_call>{JSON}</tool_call>'
    ),
    "silent: choice none": Missed(f"{QWEN} and {JSON}", request={"tool_choice": "none"}),
}
PARAMETERS = [pytest.param(case, id=name) for name, case in CASES.items()]


def told(problems: tuple[Problem, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((problem.kind, problem.message, problem.raw) for problem in problems)


@pytest.mark.parametrize("case", PARAMETERS)
def test_1_18_what_an_answer_holds_is_told_and_not_run(case: Missed) -> None:
    found = adapter.parse(case.text, [F, G], **case.options, **case.request)
    assert tuple(problem.kind for problem in found.problems) == case.kinds
    assert all(word in found.problems[-1].message for word in case.words)
    assert all(problem.raw in case.text for problem in found.problems)
    assert bool(found.tool_calls) == case.called


@pytest.mark.parametrize("case", PARAMETERS)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_1_18_splits_change_nothing(case: Missed, size: int) -> None:
    whole = adapter.parse(case.text, [F, G], **case.options, **case.request)
    parser = adapter.CompletionParser([F, G], **case.options, **case.request)
    events = [event for start in range(0, len(case.text), size) for event in parser.feed(case.text[start : start + size])]
    events += parser.close()
    assert told(tuple(event for event in events if isinstance(event, Problem))) == told(whole.problems)


@pytest.mark.parametrize("name", [name for family in families() for name in family.names[:1] if family.literals])
def test_1_18_every_dialect_with_marks_is_noticed_by_another(name: str) -> None:
    """Each family's own call, read as a dialect of other marks."""
    dialect = registry.load(name)
    written = dialect.tool_call("f", {"a": "x"})
    written = written if dialect.open in written else dialect.open + written
    reader = "mistral-v13" if "<" in written[:1] or "]" in written[:1] else "hermes"
    found = adapter.parse(f"Well.\n{written}", [F], dialect=reader)
    assert found.tool_calls == ()
    [problem] = [problem for problem in found.problems if problem.kind == "other_dialect"]
    assert repr(name) in problem.message or " more" in problem.message
    assert "a valid call of 'f'" in problem.message


def test_without_tools_nothing_is_looked_for() -> None:
    assert adapter.parse(QWEN).problems == ()


def test_a_long_stream_keeps_marks_only() -> None:
    parser = adapter.CompletionParser([F])
    assert parser.feed(f"So. {QWEN}") != []
    for _ in range(2 * MOST_PIECES):
        parser.feed("words " * 200)
    problems = [event for event in parser.close() if isinstance(event, Problem)]
    assert [problem.kind for problem in problems] == ["other_dialect"]
    assert "'<function='" in problems[0].message
    assert "too long" in problems[0].message
    heard = parser._heard
    assert heard is not None
    assert sum(map(len, heard.pieces)) < 1 << 19


def test_a_call_ends_the_keeping_of_text() -> None:
    parser = adapter.CompletionParser([F])
    events = parser.feed(f"<tool_call>{JSON}</tool_call>")
    assert any(isinstance(event, CallFinished) for event in events)
    for _ in range(MOST_PIECES):
        parser.feed(" ")
    assert parser._heard is None


HOSTILE = {
    "openers": "<tool_call>",
    "other openers": "<function=f>",
    "words that are markers": "functools ",
    "heads": '{"name": "f", ',
    "nested": '{"name": {"name": "f", "x": ',
    "fences": "```x\n",
    "brackets": "[",
}


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", HOSTILE)
def test_the_look_is_linear(name: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        text = HOSTILE[name] * (size // len(HOSTILE[name])) + " f"
        return lambda: adapter.parse(text, [F])

    assert_linear(prepare, few_or_all(2_500, 25_000))


@pytest.mark.parametrize("sign", ["=", '"', "'", "("])
def test_each_literal_is_found_beside_a_sign_of_a_call(sign: str) -> None:
    for literal in {literal for family in families() for literal in family.literals}:
        for text in (f"so: {literal}x{sign}", f"{sign} and {literal}"):
            assert may_be_marked(text), text
            assert marked_in(text), text


def test_words_need_no_template() -> None:
    assert not may_be_marked("Hello")
    assert marked_in("Hello") == []
