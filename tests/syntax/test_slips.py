"""Slips in the tags of calls, in every dialect of tags and raw values: what is mended, what makes a call malformed, what is text.

A row writes a call with the tags of a dialect, and so stands for a completion of each of them. All are read whole and in pieces,
with finished calls and with calls that leave while they are written.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from adapter import CompletionParser, Options, read_tools
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from tests.facts.tools import function
from tests.support.tiers import in_turn, some_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.completion.result import ParsedCompletion


@dataclass(frozen=True)
class Tags:
    """The tags of a dialect; `{}` stands for a name."""

    open: str
    call: str
    value: str
    value_end: str
    call_end: str
    close: str
    pad: str = ""

    def p(self, key: str, value: str) -> str:
        """A parameter as it should be."""
        return f"{self.begin(key)}{value}{self.pad}{self.value_end}\n"

    def begin(self, key: str) -> str:
        return f"{self.value.format(key)}{self.pad}"

    def f(self, *parts: str, name: str = "f") -> str:
        """A call."""
        return f"{self.call.format(name)}\n{''.join(parts)}{self.call_end}\n"

    def block(self, *calls: str) -> str:
        return f"{self.open}\n{''.join(calls)}{self.close}"

    def misspelt(self, tag: str, wrong: str = "paramete") -> str:
        return tag.replace("parameter", wrong)


def dsml(block: str) -> Tags:
    call, value = '<｜DSML｜invoke name="{}">', '<｜DSML｜parameter name="{}" string="true">'
    return Tags(f"<｜DSML｜{block}>", call, value, "</｜DSML｜parameter>", "</｜DSML｜invoke>", f"</｜DSML｜{block}>")


CODER = Tags("<tool_call>", "<function={}>", "<parameter={}>", "</parameter>", "</function>", "</tool_call>", "\n")
DIALECTS = {
    "qwen3-coder": CODER,
    "qwen3.5": CODER,
    "qwen3.6": CODER,
    "nemotron-3-nano": CODER,
    "seed-oss": Tags("<seed:tool_call>", "<function={}>", "<parameter={}>", "</parameter>", "</function>", "</seed:tool_call>"),
    "minimax-m2": Tags(
        "<minimax:tool_call>",
        '<invoke name="{}">',
        '<parameter name="{}">',
        "</parameter>",
        "</invoke>",
        "</minimax:tool_call>",
    ),
    "deepseek-v3.2": dsml("function_calls"),
    "deepseek-v4": dsml("tool_calls"),
    "deepseek-v4.1": dsml("calls"),
}
FIRST = {"qwen3-coder", "seed-oss", "minimax-m2", "deepseek-v4"}
TEXT = {"type": "string"}
TOOLS = [
    function("f", {"a": TEXT, "b": TEXT, "n": {"type": "integer"}, "x>y": TEXT}),
    function("g", {"a": TEXT}),
    function("write", {"path": TEXT, "content": TEXT}),
]
A, AB = {"a": "x"}, {"a": "x", "b": "y"}


@dataclass(frozen=True)
class Row:
    """A completion, and the result of reading it.

    Attributes:
        text: Writes the completion with the tags of a dialect.
        calls: The arguments of the calls, and those of a malformed call in a list.
        told: Kinds of the problems.
    """

    text: Callable[[Tags], str]
    calls: tuple[Any, ...]
    told: tuple[str, ...] = ("repaired",)


ROWS: dict[str, Row] = {
    # Something else inside of a call, with one reading.
    "JSON as the body": Row(lambda t: t.block(t.f('{"a": "x"}\n')), (A,)),
    "JSON as the body, with a comma too many": Row(lambda t: t.block(t.f('{"a": "x",}\n')), (A,)),
    "JSON as the body, on several lines": Row(lambda t: t.block(t.f('{\n  "a": "x",\n  "n": 5\n}\n')), ({"a": "x", "n": 5},)),
    "an opening tag in a string of a body": Row(lambda t: t.block(t.f(json.dumps({"a": t.value.format("b").replace('"', "'")}) + "\n")), ("value",)),
    "JSON as the body of the first of two calls": Row(lambda t: t.block(t.f('{"a": "x"}\n'), t.f(t.p("a", "x"), name="g")), (A, A)),
    "the parameter's name as the tag": Row(lambda t: t.block(t.f("<a>x</a>\n")), (A,)),
    "the parameter's name as the tag, twice": Row(lambda t: t.block(t.f("<a>x</a>\n<b>y</b>\n")), (AB,)),
    "the parameter's name as the tag, beside a right one": Row(lambda t: t.block(t.f(t.p("b", "y"), "<a>x</a>\n")), (AB,)),
    "name and value in the tag": Row(lambda t: t.block(t.f("<a=x>\n")), (A,)),
    "name and value in the tag, before a right one": Row(lambda t: t.block(t.f("<a=x>\n", t.p("b", "y"))), (AB,)),
    "a value in the tag without its end": Row(lambda t: t.block(t.f(f"<parameter=a=x{t.value_end}\n", t.p("b", "y"))), (AB,)),
    "a tag without its end": Row(lambda t: t.block(t.f(f'<parameter name="a"x{t.value_end}\n')), (A,)),
    "a tag that ends with its line": Row(lambda t: t.block(t.f(f"{t.value.format('n')[:-1]}\n5\n{t.value_end}\n")), ({"n": 5},)),
    "a misspelt word": Row(lambda t: t.block(t.f(t.misspelt(t.begin("a")), "x", t.pad, t.misspelt(t.value_end), "\n")), (A,)),
    "another word": Row(lambda t: t.block(t.f(t.misspelt(t.begin("a"), "arg"), "x", t.pad, t.value_end, "\n")), (A,)),
    "a misspelt word behind a right tag": Row(lambda t: t.block(t.f(t.p("a", "x"), t.misspelt(t.begin("b")), "y", t.pad, t.value_end, "\n")), (AB,)),
    "a quote left out": Row(lambda t: t.block(t.f(f'<parameter name="a>x{t.value_end}\n')), (A,)),
    "a bracket in a name in quotes": Row(lambda t: t.block(t.f(f'<parameter name="x>y">z{t.value_end}\n')), ({"x>y": "z"},)),
    "another attribute before the name": Row(lambda t: t.block(t.f(f'<parameter string="true" name="a">x{t.value_end}\n')), (A,)),
    "the value as an attribute": Row(lambda t: t.block(t.f('<parameter name="a" value="x"/>\n')), (A,)),
    "the name as an attribute of another name": Row(lambda t: t.block(t.f(f'<param key="a">x{t.value_end}\n')), (A,)),
    "a parameter in the tag of the call": Row(lambda t: t.block(t.f(name="f").replace(">\n", f"PARAMETER>x{t.value_end}\n", 1).replace("PARAMETER", ' parameter="a"')), (A,)),
    "values in the tag of the call": Row(lambda t: t.block(t.f().replace(">\n", ' a="x" b="y">\n', 1)), (AB,)),
    # And without.
    "words between the tags": Row(lambda t: t.block(t.f(t.p("a", "x"), "and so on\n", t.p("b", "y"))), ([AB],), ("malformed",)),
    "words before the first tag": Row(lambda t: t.block(t.f("Now: ", t.p("a", "x"))), ([A],), ("malformed",)),
    "words behind the last tag": Row(lambda t: t.block(t.f(t.p("a", "x"), "Done.\n")), ([A],), ("malformed",)),
    "a tag of nothing that is declared": Row(lambda t: t.block(t.f("<zzz>x</zzz>\n", t.p("a", "x"))), ([A],), ("malformed",)),
    "a body that is no JSON": Row(lambda t: t.block(t.f("{a is x}\n")), ([{}],), ("malformed",)),
    "a list as the body": Row(lambda t: t.block(t.f('["x"]\n')), ([{}],), ("malformed",)),
    "JSON beside a tag": Row(lambda t: t.block(t.f(t.p("a", "x"), '{"b": "y"}\n')), ([A],), ("malformed",)),
    "an unknown attribute of the call": Row(lambda t: t.block(t.f(t.p("a", "x")).replace(">\n", ' zzz="1">\n', 1)), ([A],), ("malformed",)),
    "only one of two calls is malformed": Row(lambda t: t.block(t.f("oops ", t.p("a", "x")), t.f(t.p("a", "x"), name="g")), ([A], A), ("malformed",)),
    # Closing tags.
    "a closing tag twice": Row(lambda t: t.block(t.f(t.p("a", "x").rstrip(), t.value_end, "\n")), (A,)),
    "a closing tag twice, on a line of its own": Row(lambda t: t.block(t.f(t.p("a", "x"), t.value_end, "\n")), (A,)),
    "a closing tag twice, before another value": Row(lambda t: t.block(t.f(t.p("a", "x"), t.value_end, "\n", t.p("b", "y"))), (AB,)),
    "a closing tag three times": Row(lambda t: t.block(t.f(t.p("n", "5"), t.value_end, t.value_end, "\n")), ({"n": 5},)),
    "a digit in a closing tag": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.pad, t.misspelt(t.value_end, "parameter1"), "\n")), (A,)),
    "a slash too many in a closing tag": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.pad, t.misspelt(t.value_end, "parameter/"), "\n")), (A,)),
    "a closing tag without its bracket": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.pad, t.value_end[:-1], "\n")), (A,)),
    "a closing tag without its bracket, before another value": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.pad, t.value_end[:-1], "\n", t.p("b", "y"))), (AB,)),
    "the parameter's name as the closing tag": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.pad, "</a>\n", t.p("b", "y"))), (AB,)),
    "half the word in a closing tag": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.pad, t.misspelt(t.value_end, "param"), "\n", t.p("b", "y"))), (AB,)),
    "an opening tag for the closing one": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.pad, t.value_end.replace("/", ""), "\n")), (A,)),
    "no closing tag before another value": Row(lambda t: t.block(t.f(t.begin("a"), "x\n", t.p("b", "y"))), (AB,), ("markup",)),
    "no closing tag before another value, on its line": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.p("b", "y"))), (AB,), ("markup",)),
    "no closing tag of two values": Row(lambda t: t.block(t.f(t.begin("a"), "x", t.begin("b"), "y", t.p("n", "5"))), ({**AB, "n": 5},), ("markup",)),
    "words behind a closing tag": Row(lambda t: t.block(t.f(t.p("a", "x").rstrip(), "junk", t.p("b", "y"))), ([AB],), ("malformed",)),
    # Text of values.
    "a tag of a parameter that is not declared": Row(lambda t: t.block(t.f(t.p("path", "p"), t.p("content", f"1{t.pad}{t.p('name', '2')}3"), name="write")), ("quoted",), ()),
    "a tag of a parameter that was given": Row(lambda t: t.block(t.f(t.p("path", "p"), t.p("content", f"1{t.pad}{t.p('path', '2')}3"), name="write")), ("quoted",), ()),
    "a whole block": Row(lambda t: t.block(t.f(t.begin("content"), t.block(t.f(t.p("path", "q"), t.p("content", "r"), name="write")), t.pad, t.value_end, "\n", t.p("path", "p"), name="write")), ("quoted",), ()),
    "a whole block with text around it": Row(lambda t: t.block(t.f(t.begin("content"), "So:\n", t.block(t.f(t.p("a", "q"))), "\nThat is all.", t.pad, t.value_end, "\n", t.p("path", "p"), name="write")), ("quoted",), ()),
    "two whole blocks": Row(lambda t: t.block(t.f(t.p("path", "p"), t.begin("content"), f"{t.block(t.f(t.p('a', 'q')))}\n" * 2, ".", t.pad, t.value_end, "\n", name="write")), ("quoted",), ()),
    "a closing tag amid words": Row(lambda t: t.block(t.f(t.p("a", f"It ends in {t.value_end} here."))), ("quoted",), ()),
    "markup of a parameter's name": Row(lambda t: t.block(t.f(t.p("a", "<a>x</a>"))), ({"a": "<a>x</a>"},), ()),
}  # fmt: skip


def read(text: str, dialect: str, pieces: list[str], *, incremental: bool) -> ParsedCompletion:
    parser = CompletionParser.for_rules(Rules(read_tools(TOOLS), incremental=incremental), Options(dialect=dialect))
    return assemble([event for piece in pieces for event in parser.feed(piece)] + parser.close("stop"), "stop")


def pieces(text: str) -> list[list[str]]:
    found = [[text], list(text)]
    for seed in range(3):
        chance = random.Random(seed)
        cuts = sorted(chance.sample(range(len(text)), 12))
        found.append([text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)])
    return found


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", some_first(DIALECTS, FIRST))
@pytest.mark.parametrize("row", ROWS)
def test_a_slip(row: str, name: str) -> None:
    case, tags = ROWS[row], DIALECTS[name]
    text = case.text(tags)
    for turn, each in enumerate(pieces(text)):
        for incremental in in_turn((False, True), turn):
            parsed = read(text, name, each, incremental=incremental)
            assert parsed.content is None, each
            found = [(json.loads(call.arguments), call.valid) for call in parsed.tool_calls]
            if case.calls == ("quoted",):
                [(given, valid)] = found
                assert valid
                inside = given.get("content", given.get("a"))
                assert inside in text
                assert set(given) == ({"path", "content"} if "content" in given else {"a"})
            elif case.calls == ("value",):
                assert [valid for _, valid in found] == [True]
                assert "parameter" in found[0][0]["a"]
            else:
                wanted = [(each[0], False) if isinstance(each, list) else (each, True) for each in case.calls]
                assert found == wanted, each
            assert {problem.kind for problem in parsed.problems} == set(case.told), parsed.problems
