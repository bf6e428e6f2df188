"""Strings under a constraint have an end (behaviour 5.12)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter.enforce.gbnf.schema_rules import Grammar
from adapter.exchange import preview
from adapter.options import make_options
from adapter.schema.bounds import bounded
from tests.facts.tools import function
from tests.support.loopback import Answer, Stream, Upstream, completion, streamed

if TYPE_CHECKING:
    from adapter.demo.engine import Engine
    from adapter.events import Problem
    from tests.support.loopback import Received

ASK: Any = {"role": "user", "content": "Say a."}
TEXT = {"type": "string"}
SAY: Any = function("say", {"text": TEXT}, ["text"])


def pattern(grammar: str) -> re.Pattern[str]:
    """The rules of a string as a pattern, each character an x."""
    rules = dict(line.split(" ::= ") for line in grammar.splitlines())
    body = rules["root"].replace('"\\""', "")
    for _ in range(3):
        body = re.sub(r"\br\d+\b", lambda found: f"(?:{rules[found[0]]})", body)
    return re.compile(body.replace("char", "x").replace(" ", ""))


def test_5_12_lengths_are_exact() -> None:
    for least, most in ((0, 7), (3, 7), (0, 1000), (0, 1001), (0, 2000), (5, 2500), (0, 20_000), (1000, 20_999)):
        grammar = Grammar()
        schema = {"type": "string", "minLength": least, "maxLength": most}
        grammar.rules["root"] = grammar.schema(schema, schema)
        assert grammar.unenforced == []
        fits = pattern(grammar.text()).fullmatch
        for size in {least, max(0, least - 1), most, most + 1, (least + most) // 2, 999, 1000, 1001}:
            assert (fits("x" * size) is not None) == (least <= size <= most), (least, most, size)


BOUNDED: dict[str, tuple[Any, Any]] = {
    "a string": (TEXT, {"type": "string", "maxLength": 9}),
    "a string or null": ({"type": ["string", "null"]}, {"type": ["string", "null"], "maxLength": 9}),
    "a bound of its own": ({"type": "string", "maxLength": 50}, {"type": "string", "maxLength": 50}),
    "listed values": ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
    "a pattern": ({"type": "string", "pattern": "a"}, {"type": "string", "pattern": "a"}),
    "a longer string is wanted": ({"type": "string", "minLength": 10}, {"type": "string", "minLength": 10}),
    "anything": ({}, {}),
    "true": (True, True),
    "inside": ({"type": "array", "items": TEXT, "x": TEXT}, {"type": "array", "items": {"type": "string", "maxLength": 9}, "x": TEXT}),
    "deep": ({"$defs": {"a": TEXT}, "anyOf": [{"properties": {"type": TEXT}}]},
             {"$defs": {"a": {"type": "string", "maxLength": 9}}, "anyOf": [{"properties": {"type": {"type": "string", "maxLength": 9}}}]}),
}  # fmt: skip


def test_5_12_schemas_with_bounds() -> None:
    for fact, (schema, expected) in BOUNDED.items():
        assert bounded(schema, 9) == expected, fact


def sent(**options: Any) -> dict[str, Any]:
    request = {"model": "m", "messages": [ASK], "tools": [SAY], "tool_choice": "required"}
    return preview(request, make_options(options), lambda: 0.0)


# Options, and the text in the request that holds the bound; None: no bound.
SENT: dict[str, tuple[dict[str, Any], str | None]] = {
    "a grammar": ({"server": "llama.cpp", "enforce": "grammar"}, "char{0,999}"),
    "a grammar, small": ({"server": "llama.cpp", "profile": "small"}, "char{0,999}"),
    "a grammar, shorter": ({"server": "llama.cpp", "enforce": "grammar", "longest_string": 77}, "char{0,77}"),
    "a grammar, raw completions": (
        {"server": "llama.cpp", "enforce": "grammar", "longest_string": 77, "upstream": "completions", "chat_template": "chatml"}, "char{0,77}",
    ),
    "a grammar, unbounded": ({"server": "llama.cpp", "enforce": "grammar", "longest_string": 0}, None),
    "a schema": ({"server": "llama.cpp", "enforce": "json_schema", "longest_string": 77}, '"maxLength": 77'),
    "a schema, Ollama": ({"server": "ollama", "enforce": "json_schema", "longest_string": 77}, '"maxLength": 77'),
    "a schema, more than servers take": ({"server": "llama.cpp", "enforce": "json_schema"}, None),
    "a schema, OpenAI": ({"server": "openai", "enforce": "json_schema", "longest_string": 77}, None),
    "a structural tag": ({"server": "sglang", "enforce": "grammar", "longest_string": 77}, '"maxLength": 77'),
    "a structural tag, vLLM": ({"server": "vllm", "enforce": "grammar", "longest_string": 77}, '\\"maxLength\\": 77'),
    "raw values": ({"server": "llama.cpp", "enforce": "grammar", "dialect": "qwen3-coder", "longest_string": 77}, None),
    "raw values in a tag": ({"server": "sglang", "enforce": "grammar", "dialect": "qwen3-coder", "longest_string": 77}, None),
    "strings that end at a token": ({"server": "llama.cpp", "enforce": "grammar", "dialect": "gemma-4", "longest_string": 77}, None),
    "words": ({"server": "llama.cpp", "enforce": "prompt", "longest_string": 77}, None),
}  # fmt: skip


def test_5_12_bounds_that_are_sent() -> None:
    for fact, (options, bound) in SENT.items():
        body = {key: value for key, value in sent(**options).items() if key not in {"messages", "prompt"}}
        text = json.dumps(body)
        assert (bound in text) if bound else not re.search(r"maxLength|char\{|\{0,77\}", text), fact


def writes(text: str, finish: str) -> Any:
    def answer(request: Received) -> Answer | Stream:
        return streamed(*text, finish=finish) if request.body.get("stream") else completion(text, finish)

    return answer


CALL = '<tool_call>\n{"name": "say", "arguments": {"text": "%s"}}\n</tool_call>'
# Options, what the model writes, how it ends, and the words of what is told.
CUT: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "cut by the limit": ({"enforce": "grammar"}, CALL[:40], "length", "was cut by the token limit (max_tokens=16)"),
    "cut by the limit, in words": ({"enforce": "prompt"}, CALL[:40], "length", ""),
    "a string as long as the bound": (
        {"enforce": "grammar", "longest_string": 50},
        CALL % ("a" * 50),
        "stop",
        "has the 50 characters",
    ),
    "a shorter string": ({"enforce": "grammar", "longest_string": 50}, CALL % ("a" * 49), "stop", ""),
    "no bound": ({"enforce": "grammar", "longest_string": 0}, CALL % ("a" * 50), "stop", ""),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_5_12_what_is_cut_is_told(stream: bool) -> None:
    for fact, (options, text, finish, words) in CUT.items():
        told: list[Problem] = []
        with Upstream(writes(text, finish)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
            wrapped = adapter.wrap(client, server="llama.cpp", on_event=told.append, **options)
            answer: Any = wrapped.chat.completions.create(model="m", messages=[ASK], tools=[SAY], max_tokens=16, stream=stream)
            _ = list(answer) if stream else answer
        found = [problem.message for problem in told if problem.kind == "cut_short"]
        assert len(found) == bool(words), fact
        assert not found or words in found[0], fact


@pytest.mark.parametrize("value", [-1, 1.5, True, 2_000_000])
def test_5_12_values_of_the_option(value: Any) -> None:
    with pytest.raises(ValueError, match="longest_string"):
        adapter.Options(longest_string=value)


@pytest.mark.proof
@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_5_12_the_engine_ends_a_string_at_the_bound(engine: Engine) -> None:
    tool: Any = function("say", {"text": TEXT}, ["text"])
    with OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0, timeout=120) as client:
        for longest in (40, 20_000):
            wrapped = adapter.wrap(client, server="llama.cpp", enforce="grammar", longest_string=longest, retries=0)
            answer = wrapped.chat.completions.create(
                model="m", messages=[ASK], tools=[tool], tool_choice="required", temperature=0, max_tokens=60,
            )  # fmt: skip
            for call in answer.choices[0].message.tool_calls or ():
                assert call.type == "function"
                assert len(json.loads(call.function.arguments)["text"]) <= longest
