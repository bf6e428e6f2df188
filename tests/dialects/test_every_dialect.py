"""Every dialect through the client: calls whole and streamed, mended after a re-ask, forced, and as raw completions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.events import CallFinished
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.facts.test_streaming_parser import check_order
from tests.facts.tools import TOOLS, function
from tests.schema.test_validation import COERCED
from tests.support.loopback import Answer, Stream, Upstream, completion, raw_completion, raw_streamed, streamed
from tests.support.rows import row
from tests.support.tiers import in_turn, rest_are_proofs, some_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received

MODES = ["whole", "incremental", "validated"]
WANTED = [("get_weather", '{"city": "Paris"}'), ("get_time", "{}")]


def turn(name: str, *calls: tuple[str, dict[str, Any]]) -> str:
    dialect = load(name)
    return dialect.assistant("", [dialect.tool_call(*call) for call in calls])


def writes(*texts: str) -> Any:
    """An upstream that writes these answers, as chat or raw, whole or streamed, as it is asked."""
    waiting = list(texts)

    def answer(request: Received) -> Answer | Stream:
        text = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
        raw = request.path.endswith("/v1/completions")
        if request.body.get("stream"):
            return raw_streamed(*pieces) if raw else streamed(*pieces)
        return raw_completion(text) if raw else completion(text)

    return answer


@pytest.fixture
def plain() -> Iterator[OpenAI]:
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="key", max_retries=0) as client:
        yield client


def ask(plain: OpenAI, upstream: Upstream, mode: str, options: dict[str, Any], **request: Any) -> list[tuple[str, str]]:
    """The calls that the caller gets, with white space in their arguments as `json.dumps` writes it."""
    chosen = {"stream_calls": "validated" if mode == "validated" else "incremental", **options}
    client = adapter.wrap(plain.with_options(base_url=upstream.url), **chosen)
    body: Any = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS, **request}
    found: Any
    if mode == "whole":
        found = client.chat.completions.create(**body)
    else:
        with client.chat.completions.stream(**body) as stream:
            found = stream.get_final_completion()
    calls = found.choices[0].message.tool_calls or ()
    return [(call.function.name, json.dumps(json.loads(call.function.arguments))) for call in calls]


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", names())
def test_calls(plain: OpenAI, name: str) -> None:
    for mode in in_turn(MODES, names().index(name)):
        with Upstream(writes(turn(name, ("get_weather", {"city": "Paris"}), ("get_time", {})))) as upstream:
            assert ask(plain, upstream, mode, {"dialect": name}) == WANTED
            told = str(upstream.bodies[0]["messages"])
        assert "The tool get_weather." in told


@pytest.mark.parametrize("name", some_first(names()))
def test_what_is_coerced_in_a_whole_answer_is_coerced_in_a_stream(name: str) -> None:
    """Values inside of values, and in place of lists, that the model writes in another type."""
    for case in COERCED:
        schema, before, _ = case.values
        given = {"other": "é", "v": json.loads(before), "z": [{"a": 1}]}  # type: ignore[arg-type]  # a table of any values
        tool = function("g", {"v": schema, "other": {"type": "string"}, "z": {"type": "array"}})
        text = turn(name, ("g", given))
        whole = [(call.arguments, call.valid) for call in adapter.parse(text, [tool], dialect=name).tool_calls]
        assert len(whole) == 1
        rules, options = Rules(read_tools([tool]), incremental=True), make_options({"dialect": name})
        for size in (1, 1000):
            parser = CompletionParser.for_rules(rules, options)
            events = [event for start in range(0, len(text), size) for event in parser.feed(text[start : start + size])]
            events += parser.close()
            check_order(events)
            assert [(event.arguments, event.valid) for event in events if isinstance(event, CallFinished)] == whole, case.id


@pytest.mark.parametrize("mode", ["whole", "validated"])
@pytest.mark.parametrize("name", some_first(names()))
def test_a_wrong_call_is_asked_for_again(plain: OpenAI, name: str, mode: str) -> None:
    wrong, right = turn(name, ("get_weather", {})), turn(name, ("get_weather", {"city": "Paris"}))
    with Upstream(writes(wrong, right)) as upstream:
        assert ask(plain, upstream, mode, {"dialect": name}) == WANTED[:1]
        further = upstream.bodies[1]["messages"]
    assert any("Error: " in str(message["content"]) for message in further[-2:])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", some_first(names()))
def test_a_call_that_is_begun(plain: OpenAI, name: str, mode: str) -> None:
    """The answer goes on from what the request began, and is read with it."""
    text = turn(name, ("get_weather", {"city": "Paris"})).lstrip()

    def goes_on(request: Received) -> Answer | Stream:
        begun = request.body["messages"][-1]["content"]
        assert text.startswith(begun.rstrip()), begun
        reply: Answer | Stream = writes(text[len(begun) :])(request)
        return reply

    with Upstream(goes_on) as upstream:
        assert ask(plain, upstream, mode, {"dialect": name, "enforce": "prefill"}, tool_choice="required") == WANTED[:1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", some_first(names()))
def test_raw_completions(plain: OpenAI, name: str, mode: str) -> None:
    """With the chat template that the dialect's first model has; a conversation with calls and results goes out as text."""
    dialect = load(name)
    model = dialect.models[0].strip("*").replace("*", "-") if dialect.models else "m"
    function = {"name": "get_time", "arguments": "{}"}
    messages = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Twelve."},
        {"role": "user", "content": "And the weather?"},
    ]
    options = {"dialect": name, "upstream": "completions", "chat_template": "auto"}

    def thinks(request: Received) -> Answer | Stream:
        opening, closing = dialect.reasoning or ("", "")
        thought = f"Hm.{closing}\n\n" if opening and request.body["prompt"].rstrip().endswith(opening) else ""
        reply: Answer | Stream = writes(thought + turn(name, ("get_weather", {"city": "Paris"})))(request)
        return reply

    with Upstream(thinks) as upstream:
        assert ask(plain, upstream, mode, options, messages=messages, model=model) == WANTED[:1]
        prompt = upstream.bodies[0]["prompt"]
    for words in ("What time is it?", "Twelve.", "And the weather?", "The tool get_weather."):
        assert prompt.count(words) == 1, words


# Arguments as models have written them, that a template cannot take for an object with members, or not walk through.
WRITTEN = {
    "words": ("not json", "not json"),
    "cut": ('{"city": "Par', "Par"),
    "a list": ("[1, 2]", r"1\D+2"),
    "a number": ("5", "5"),
    "null": ("null", "get_time"),
    "lists, more deeply than macros go": ('{"n": ' + "[" * 400 + "]" * 400 + "}", r"(?s)n.{400}"),
    "objects, more deeply than macros go": ('{"n": ' + '{"o": ' * 200 + "{}" + "}" * 200 + "}", "(o[^o]{1,60}){200}"),
    "lists, more deeply than JSON goes": ('{"n": ' + "[" * 100_000 + "]" * 100_000 + "}", r"\[{99999}"),
}


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", some_first(names()))
def test_a_conversation_with_a_call_that_was_wrong(plain: OpenAI, name: str) -> None:
    for number, (kind, (arguments, shown)) in enumerate(WRITTEN.items()):
        for raw in in_turn((False, True), number + names().index(name)):
            with row(arguments=kind, raw=raw):
                shows_a_wrong_call(plain, name, arguments, shown, raw=raw)


def shows_a_wrong_call(plain: OpenAI, name: str, arguments: str, shown: str, *, raw: bool) -> None:
    function = {"name": "get_time", "arguments": arguments}
    messages = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Error: no such arguments."},
    ]
    options = {"dialect": name, **({"upstream": "completions", "chat_template": "auto"} if raw else {})}
    models = load(name).models
    model = models[0].strip("*").replace("*", "-") if models else "m"
    with Upstream(writes("Sorry.")) as upstream:
        assert ask(plain, upstream, "whole", options, messages=messages, model=model) == []
        [body] = upstream.bodies
    told = body["prompt"] if raw else "\n".join(str(message["content"]) for message in body["messages"])
    assert told.count("Error: no such arguments.") == 1
    assert re.search(shown, told), told[-800:]


TREES = function("get_time", {"n": {"$ref": "#/$defs/N"}, "o": {"$ref": "#/$defs/O"}}, ["n", "o"])
TREES["function"]["parameters"]["$defs"] = {
    "N": {"type": "array", "items": {"$ref": "#/$defs/N"}},
    "O": {"type": "object", "properties": {"o": {"$ref": "#/$defs/O"}}},
}


@pytest.mark.parametrize("depth", rest_are_proofs([60, 900, 250, 400], 2))
@pytest.mark.parametrize("name", some_first(names()))
def test_arguments_as_deep_as_their_schema_lets_them_be(name: str, depth: int) -> None:
    """They are right, or it is said why they are not taken: never is the stack at an end."""
    text = ""
    while not text:
        try:
            text = turn(name, ("get_time", json.loads(f'{{"n": {"[" * depth + "]" * depth}, "o": {nested_objects(depth)}}}')))
        except RecursionError:  # of the macro's
            depth = depth * 2 // 3
    parsed = [adapter.parse(text, [TREES], dialect=name), adapter.parse(text, [TREES], dialect=name, coerce=False)]
    for size in (7, len(text)):
        parser = adapter.CompletionParser([TREES], dialect=name)
        events = [event for at in range(0, len(text), size) for event in parser.feed(text[at : at + size])]
        finished = [event.valid for event in [*events, *parser.close()] if isinstance(event, CallFinished)]
        assert finished == [call.valid for call in parsed[0].tool_calls]
    for found in parsed:
        assert [call.valid for call in found.tool_calls] == [True] or found.problems[-1].kind in {
            "invalid_arguments",
            "unreadable",
        }
        assert depth > 60 or found.tool_calls[0].valid


def nested_objects(depth: int) -> str:
    return '{"o": ' * depth + "{}" + "}" * depth
