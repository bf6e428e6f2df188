"""Structural tags for vLLM and SGLang, compiled and matched by xgrammar itself.

xgrammar brings torch, two gigabytes of it, so it is no development dependency, and without it these tests are passed over. To run
them: `pip install torch xgrammar` (a build of torch for the CPU will do).
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from adapter.dialects.registry import load, names, resolve
from adapter.enforce.call_frame import frame_of, turn
from adapter.enforce.gbnf.answer import has_grammar
from adapter.enforce.shape import Shape
from adapter.enforce.structural_tag import structural_tag
from adapter.enforce.tag_schema import tag_schema
from adapter.tools.definitions import read_tools
from tests.support.rows import row

HERMES = resolve("hermes")


def tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema}}


PLACE: dict[str, Any] = {"location": {"type": "string"}, "unit": {"enum": ["c", "f"]}}
TOOLS = [
    tool("weather", {"type": "object", "properties": PLACE, "required": ["location"]}),
    tool("pick", {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 5}}, "required": ["n"]}),
]
_END = 256


@pytest.fixture(scope="module")
def xgrammar() -> Any:
    why = "structural tags are matched by xgrammar, as in vLLM and SGLang, and it is not installed: pip install xgrammar"
    return pytest.importorskip("xgrammar", reason=why)


@pytest.fixture(scope="module")
def compiler(xgrammar: Any) -> Any:
    """A compiler for a vocabulary of the 256 bytes and an end."""
    vocabulary = [bytes([byte]) for byte in range(256)] + [b"<end>"]
    info = xgrammar.TokenizerInfo(vocabulary, vocab_type=xgrammar.VocabType.RAW, stop_token_ids=[_END])
    return xgrammar.GrammarCompiler(info)


def accepts(xgrammar: Any, compiler: Any, shape: Shape, text: str) -> bool:
    """Whether an answer may be this text, and end there."""
    matcher = xgrammar.GrammarMatcher(compiler.compile_structural_tag(structural_tag(HERMES, shape).form))
    return bool(matcher.accept_string(text) and matcher.accept_token(_END))


def call(name: str, arguments: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


OSLO, THREE = call("weather", '{"location": "Oslo"}'), call("pick", '{"n": 3}')
FORCED, PARALLEL = {"forced": True}, {"forced": True, "several": True}
ANSWERS: list[Any] = [
    pytest.param(FORCED, [OSLO, THREE], ["", "Hi", f"Hi {OSLO}", f" {OSLO}", f"{OSLO}\nBye", f"{OSLO}\n{THREE}"], id="forced"),
    pytest.param(PARALLEL, [OSLO, f"{OSLO}\n{THREE}"], ["", OSLO + THREE, f"{OSLO}\nand\n{THREE}"], id="forced, several"),
    pytest.param(
        {}, ["", "Hi <b>", "a <tool_cal", OSLO, f"Hi. {OSLO}"], [f"{OSLO} Bye", f"{OSLO}\n{THREE}", call("no", "{}")], id="free"
    ),
    pytest.param({"several": True}, ["", "Hi", f"Hi. {OSLO}\n{THREE}"], [f"Hi. {OSLO}\n{call('no', '{}')}"], id="free, several"),
    pytest.param({"reply": "pick"}, [OSLO, THREE], ["", "Hi", f"{OSLO}\n{THREE}"], id="reply"),
    pytest.param(
        {"reply": "pick", "several": True}, [OSLO, THREE, f"{OSLO}\n{OSLO}"], [f"{OSLO}\n{THREE}", f"{THREE}\n{THREE}"],
        id="reply, several",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "allowed", "refused"), ANSWERS)
def test_what_an_answer_may_be(xgrammar: Any, compiler: Any, shape: Any, allowed: list[str], refused: list[str]) -> None:
    whole = Shape(read_tools(TOOLS), **shape)
    assert [text for text in allowed if not accepts(xgrammar, compiler, whole, text)] == []
    assert [text for text in refused if accepts(xgrammar, compiler, whole, text)] == []


def of(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": value}, "required": ["a"], **more}


NODE = {"type": "object", "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}},
        "required": ["v", "next"]}  # fmt: skip
INTEGER = {"type": "integer"}
SCHEMAS: list[Any] = [
    pytest.param({"type": "object", "properties": PLACE, "required": ["location"]}, ['{"location": "</tool_call>", "unit": "c"}'],
                 ["{}", '{"location": "x", "unit": "k"}', '{"location": 1}'], id="enum and required"),
    pytest.param(of({"type": "integer", "minimum": 1, "maximum": 5}), ['{"a": 5}'], ['{"a": 0}', '{"a": 6}', '{"a": 2.5}'], id="bounds"),
    pytest.param(of({"type": "integer", "minimum": 0.5, "maximum": 2.5}), ['{"a": 1}'], ['{"a": 0}', '{"a": 3}'], id="bounds between"),
    pytest.param(of({"type": "integer", "minimum": 0, "maximum": 2**64}), ['{"a": 7}'], ['{"a": -1}'], id="a bound beyond 64 bits"),
    pytest.param(of({"type": ["integer", "null"], "minimum": 5, "maximum": 3}), ['{"a": null}'], ['{"a": "x"}'], id="no integer at all"),
    pytest.param(of({"$ref": "#/$defs/P"}, **{"$defs": {"P": INTEGER}}), ['{"a": 1}'], ['{"a": "s"}'], id="reference"),
    pytest.param({"$ref": "#/$defs/N", "$defs": {"N": NODE}}, ['{"v": 1, "next": {"v": 2, "next": null}}'], ['{"v": 1}'], id="recursive"),
    pytest.param(of({"$ref": "#/$defs/x~1y"}, **{"$defs": {"x/y": INTEGER}}), ['{"a": 1}'], ["{}"], id="pointer with an escape"),
    pytest.param({"type": "object", "required": ["z"]}, ['{"z": 1}'], ["{}"], id="required but undeclared"),
    pytest.param(of({"type": "object", "properties": {}}), ['{"a": {"k": 2}}'], ['{"a": 1}'], id="an object of anything"),
    pytest.param({"type": "object", "properties": {"a": INTEGER, "b": INTEGER}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
                 ['{"a": 1, "b": 2}', '{"b": 2}'], ['{"a": "s"}'], id="properties beside anyOf"),
    pytest.param({"anyOf": [of(INTEGER), of({"type": "null"})]}, ['{"a": 1}', '{"a": null}'], ['{"a": "s"}', "3"], id="anyOf alone"),
    pytest.param({}, ["{}", '{"k": [1, {"l": null}]}'], ["3"], id="no parameters"),
    pytest.param({"type": "object", "minProperties": 1}, ['{"k": 1}'], ["3"], id="so many properties"),
    pytest.param({"type": "object", "properties": {"a": False, "b": INTEGER}}, ['{"b": 1}'], ['{"b": "s"}'], id="a forbidden property"),
    pytest.param({"type": "object", "patternProperties": {"^x": INTEGER}}, ['{"xa": 1}'], ["3"], id="patterns of names"),
    pytest.param(of({"type": "string", "pattern": "^x"}), ['{"a": "xab"}'], ['{"a": 1}'], id="open pattern"),
    pytest.param(of({"type": "string", "pattern": r"^\d{3}$"}), ['{"a": "123"}'], ['{"a": "1234"}'], id="closed pattern"),
    pytest.param(of({"type": "string", "pattern": r"\bfoo\b"}), ['{"a": "foo"}'], ['{"a": 1}'], id="word boundary"),
    pytest.param(of({"type": "array", "prefixItems": [INTEGER]}), ['{"a": [1, "b"]}'], ['{"a": ["b"]}'], id="tuple with a rest"),
    pytest.param(of({"type": "array", "contains": {"const": 1}}), ['{"a": [2, 1]}'], ['{"a": 1}'], id="contains"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "allowed", "refused"), SCHEMAS)
def test_what_arguments_may_be(xgrammar: Any, compiler: Any, schema: Any, allowed: list[str], refused: list[str]) -> None:
    shape = Shape(read_tools([tool("f", schema)]), forced=True)
    assert [text for text in allowed if not accepts(xgrammar, compiler, shape, call("f", text))] == []
    assert [text for text in refused if accepts(xgrammar, compiler, shape, call("f", text))] == []
    assert [
        text for text in allowed if not accepts(xgrammar, compiler, shape, call("f", json.dumps(json.loads(text), indent=2)))
    ] == []


LEFT: list[Any] = [
    pytest.param(of({"type": "string", "pattern": "x"}), ["pattern"], id="open pattern"),
    pytest.param(of({"type": "integer", "exclusiveMinimum": -(2**70), "maximum": 3}), ["exclusiveMinimum"], id="large bound"),
    pytest.param(of({"$ref": "#name"}), ["$ref"], id="anchor"),
    pytest.param(of({"not": {"type": "string"}, "allOf": [{}, {}]}), ["not", "allOf"], id="not, allOf"),
    pytest.param(of({"type": "integer", "minimum": 1, "maximum": 3}), [], id="nothing"),
]


@pytest.mark.parametrize(("schema", "left"), LEFT)
def test_what_is_left_to_validation_is_told(schema: Any, left: list[str]) -> None:
    told: list[str] = []
    tag_schema(schema, told)
    assert told == [f"arguments.a: {keyword}" for keyword in left]


TWO = [*TOOLS, tool("any", {"type": "object", "properties": {"text": {"type": "string"}, "on": {"type": ["integer", "null"]}}})]


@pytest.mark.parametrize("name", [name for name in names() if has_grammar(load(name))])
def test_every_dialect(xgrammar: Any, compiler: Any, name: str) -> None:
    for forced, several in itertools.product((False, True), repeat=2):
        with row(forced=forced, several=several):
            allows_what_is_written(xgrammar, compiler, name, forced=forced, several=several)


def allows_what_is_written(xgrammar: Any, compiler: Any, name: str, *, forced: bool, several: bool) -> None:
    """What the dialect's own template writes is allowed, and xgrammar takes every tag.

    Some templates spell the words of JSON as Python does where a value is raw; grammars hold them to JSON's.
    """
    dialect = load(name)
    tag = structural_tag(dialect, Shape(read_tools(TWO), forced=forced, several=several))
    compiled = compiler.compile_structural_tag(tag.form)
    one = "the answer: more calls than one" in tag.unenforced  # the dialect numbers its calls
    assert one == (several and name == "kimi-k3")

    def allowed(text: str) -> bool:
        matcher = xgrammar.GrammarMatcher(compiled)
        return bool(matcher.accept_string(text) and matcher.accept_token(_END))

    oslo, three = ("weather", {"location": "Oslo", "unit": "c"}), ("pick", {"n": 3})
    nothing: tuple[str, dict[str, Any]] = ("any", {})
    other = ("any", {"on": 1, "text": "a < b\nc"})
    assert [call for call in (oslo, three, nothing) if not allowed(turn(dialect, call))] == []
    assert allowed(turn(dialect, other)) or allowed(turn(dialect, ("any", dict(reversed(other[1].items())))))
    assert allowed(turn(dialect, oslo, three)) == (several and not one)
    assert not allowed(turn(dialect, ("pick", {"n": 9})))
    assert allowed("Hello. It is 5 < 6.") == (not forced)


RAW = ["qwen3-coder", "glm-4.5", "minimax-m2", "seed-oss", "deepseek-v4", "deepseek-v4.1", "kimi-k3"]


@pytest.mark.parametrize("name", RAW)
def test_no_closing_tag_inside_of_a_raw_value(xgrammar: Any, compiler: Any, name: str) -> None:
    """A string inside of JSON writes it with an escape; other markup stands there as it is."""
    dialect = load(name)
    strings = {"type": "array", "items": {"type": "string"}}
    tag = structural_tag(dialect, Shape(read_tools([tool("f", of(strings))]), forced=True))
    compiled = compiler.compile_structural_tag(tag.form)

    def allowed(text: str) -> bool:
        matcher = xgrammar.GrammarMatcher(compiled)
        return bool(matcher.accept_string(text) and matcher.accept_token(_END))

    frame = frame_of(dialect, "f")
    assert frame is not None
    assert frame.raw is not None
    raw = frame.raw
    call = f'{raw.head}{raw.key}a{raw.others["array"]}["<p>é</p> a < b"]{raw.end}{raw.tail}'
    ends = {raw.closing.strip(), dialect.close}
    assert allowed(call)
    assert [end for end in ends if allowed(call.replace("</p>", end))] == []
    assert [end for end in ends if not allowed(call.replace("</p>", end.replace("<", "\\u003c")))] == []


def test_a_digit_behind_a_control_character(xgrammar: Any, compiler: Any) -> None:
    dialect, words = load("qwen3-coder"), {"type": "string", "enum": ["\x7fab", "\x011"]}
    tag = structural_tag(dialect, Shape(read_tools([tool("f", of(words))]), forced=True))
    for word in words["enum"]:
        matcher = xgrammar.GrammarMatcher(compiler.compile_structural_tag(tag.form))
        assert matcher.accept_string(turn(dialect, ("f", {"a": word})))
        assert matcher.accept_token(_END)
