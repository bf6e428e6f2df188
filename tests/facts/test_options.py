"""No option is accepted and ignored: each changes what an entry point gives, or the entry point refuses the option."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.events import CallFinished
from adapter.exchange.protocol import Emit, Read, Reply, Run, Start, UpstreamRequest
from adapter.option_keywords import OptionKeywords, PromptKeywords, ReadKeywords, StreamKeywords
from adapter.options import make_options
from adapter.prompt.replay import Said
from adapter.transport import open_exchange_for
from tests.facts.completions import CALL
from tests.facts.tools import TOOLS
from tests.house.pages import ROOT
from tests.support.loopback import DONE, chunk, completion, event

if TYPE_CHECKING:
    from collections.abc import Callable

INVALID = '<tool_call>\n{"name": "get_weather", "arguments": {}}\n</tool_call>'
MENDABLE = CALL.replace('"Paris"', '"Paris", "days": "3"')
BARE = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
ASK: dict[str, Any] = {"role": "user", "content": "Weather in Paris?"}
WROTE = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
DONE_BEFORE = [ASK, {"role": "assistant", "tool_calls": [WROTE]}, {"role": "tool", "tool_call_id": "call_1", "content": "18 C"}]
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
IMAGE = [{"role": "user", "content": [{"type": "text", "text": "See"}, PICTURE]}]
TAGS = [{"role": "user", "content": f"Say {CALL}"}]
SYSTEMS = [{"role": "system", "content": "Be brief."}, ASK, {"role": "system", "content": "Be kind."}]
SAID = adapter.MemoryStore()
SAID.put("said:call_1", Said(MENDABLE, "", "", (("call_1", "get_weather", '{"city": "Paris"}'),)).to_bytes())
THOUGHT_OF: dict[str, Any] = {"role": "assistant", "content": "Hello.", "reasoning_content": "Hm."}


@dataclass(frozen=True)
class Use:
    """A value of an option, and a situation in which the value shows.

    Attributes:
        value: Another value than the default.
        text: The completion, every time.
        messages: The conversation.
        request: Further members of the request.
        beside: Options given with and without the value.
        path: The endpoint.
    """

    value: Any
    text: str = "Hello."
    messages: list[dict[str, Any]] = field(default_factory=lambda: [ASK])
    request: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)
    path: str = "/v1/chat/completions"


def one_id() -> str:
    return "call_mine"


USES: dict[str, Use] = {
    "dialect": Use("glm-4.5", text="<tool_call>get_time</tool_call>"),
    "on_invalid": Use("text", text=INVALID),
    "retries": Use(3, text=INVALID),
    "coerce": Use(False, text=MENDABLE),
    "recover": Use(False, text=BARE),
    "thinking_prefilled": Use(True, text="Hm.</think>Hello."),
    "calls_in_thinking": Use(True, text=f"<think>Hm. {CALL}"),
    "neutralise": Use(False, messages=TAGS),
    "result_role": Use("tool", messages=DONE_BEFORE),
    "merge_system": Use(True, messages=SYSTEMS),
    "merge_turns": Use(True, messages=[ASK, ASK]),
    "media": Use("drop", messages=IMAGE),
    "history": Use("strict", messages=[{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]),
    "reasoning_field": Use("keep", messages=[ASK, THOUGHT_OF, ASK]),
    "native": Use("auto"),
    "enforce": Use("json_schema", request={"tool_choice": "required"}, beside={"server": "openai"}),
    "server": Use("llama.cpp", request={"tool_choice": "required"}, beside={"enforce": "auto"}),
    "reply_tool": Use(True),
    "examples": Use("auto"),
    "loop_guard": Use("reask", text=CALL, messages=DONE_BEFORE),
    "tool_choice_after_result": Use(
        "auto", messages=DONE_BEFORE, request={"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
    ),
    "grounding": Use("reask", text=CALL, messages=[{"role": "user", "content": "Hello!"}]),
    "optional": Use("drop", text=CALL.replace("}}", ', "days": 25}}'), messages=[{"role": "user", "content": "Paris?"}]),
    "longest_string": Use(10, request={"tool_choice": "required"}, beside={"server": "llama.cpp", "enforce": "grammar"}),
    "temperature": Use(0.5),
    "profile": Use("small"),
    "stream_calls": Use("validated", text=INVALID, request={"stream": True}),
    "on_bad_tool": Use("leave_out", request={"tools": [*TOOLS, {"type": "function", "function": {"name": "a b"}}]}),
    "on_builtin": Use("leave_out", request={"tools": [*TOOLS, {"type": "web_search"}]}),
    "lint": Use("warn", request={"tools": [{"type": "function", "function": {"name": "get"}}]}),
    "upstream": Use("completions", beside={"chat_template": "chatml"}),
    "chat_template": Use("gemma", beside={"upstream": "completions"}),
    "upstream_stream": Use("always"),
    "max_response_bytes": Use(1 << 20),
    "alive_after": Use(5.0, request={"stream": True}),
    "replay": Use(False, messages=DONE_BEFORE, beside={"store": SAID}),
    "store": Use(adapter.MemoryStore(), request={"input": "Hi", "previous_response_id": "no"}, path="/v1/responses"),
    "named_finish_reason": Use(
        "tool_calls", text=CALL, request={"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
    ),
    "on_event": Use(None, text=INVALID),
    "on_exchange": Use(None),
    "new_id": Use(one_id, text=CALL),
}


def options_of(name: str, use: Use, told: list[Any], *, given: bool) -> dict[str, Any]:
    """The options of a use, with the value or without; a default takes the place of a value that others need."""
    value = told.append if name in {"on_event", "on_exchange"} else use.value
    options = {"new_id": (f"call_{number}" for number in itertools.count()).__next__, **use.beside}
    if name == "lint":  # changes what is told, and nothing else
        options["on_event"] = told.append
    if name == "upstream" and not given:
        options.pop("chat_template")
    elif name == "chat_template" and not given:
        options[name] = "chatml"
    elif given:
        options[name] = value
    return options


def exchanged(name: str, use: Use, *, given: bool) -> Any:
    """What a wrapped client sends, tells and gets."""
    told: list[Any] = []
    options = make_options(options_of(name, use, told, given=given))
    body: dict[str, Any] = {"model": "m", "tools": TOOLS, **use.request}
    if "input" not in body:
        body["messages"] = use.messages
    sent: list[Any] = []
    got: list[Any] = []
    try:
        exchange = open_exchange_for(options)(use.path, json.dumps(body).encode())
        assert exchange is not None
        pieces: list[bytes] = []
        reply: Any = None
        while True:
            command = exchange.send(reply)
            reply = None
            if isinstance(command, UpstreamRequest):
                sent.append((command.stream, command.body, command.most))
                pieces = [event(chunk({"content": character})) for character in use.text] + [event(chunk({}, "stop")), DONE]
                answer = json.dumps(completion(use.text).body).encode()
                head = [("content-type", "text/event-stream" if command.stream else "application/json")]
                reply = Reply(200, head) if command.stream else Reply(200, head, answer)
            elif isinstance(command, Read):
                reply = pieces.pop(0) if pieces else b""
            elif isinstance(command, Run):
                reply = command.action()
            elif isinstance(command, Start):
                got.append(command.patience)
            elif isinstance(command, Emit):
                got.append(command.data)
    except StopIteration as done:
        got.append(done.value and done.value.body)
    except adapter.AdapterError as error:
        got.append((error.status, error.message))
    return sent, told, got


def rendered(name: str, use: Use, *, given: bool) -> Any:
    """What `render` makes, and tells."""
    told: list[Any] = []
    options = options_of(name, use, told, given=given)
    del options["new_id"]
    try:
        return adapter.render(
            use.messages, tool_choice=use.request.get("tool_choice"), tools=use.request.get("tools", TOOLS), **options
        ), told
    except adapter.BadRequest as error:
        return error.message, told


def parsed(name: str, use: Use, *, given: bool) -> Any:
    """What `parse` reads, and tells."""
    told: list[Any] = []
    return adapter.parse(use.text, TOOLS, **options_of(name, use, told, given=given)), told


def fed(name: str, use: Use, *, given: bool) -> Any:
    """The events of a parser that is fed character by character, delta by delta, and what it tells."""
    told: list[Any] = []
    parser = adapter.CompletionParser(TOOLS, **options_of(name, use, told, given=given))
    return [*map(parser.feed, use.text), parser.close()], told


# Where nothing is read, dropped media are the problems that are told.
PREFILL: dict[str, Any] = {"request": {"tool_choice": "required"}, "beside": {"server": "llama.cpp", "enforce": "prefill"}}
PROMPTS = USES | {
    "on_event": Use(None, messages=IMAGE, beside={"media": "drop"}),
    "thinking_prefilled": Use(True, **PREFILL),
    "enforce": Use("prefill", **PREFILL | {"beside": {"server": "llama.cpp"}}),
    "server": Use("deepseek", messages=[ASK, THOUGHT_OF, ASK]),
    "store": Use(SAID, messages=DONE_BEFORE),
}
ENTRIES: dict[str, tuple[Any, type[Any], dict[str, Use]]] = {
    "wrap": (exchanged, OptionKeywords, USES),
    "render": (rendered, PromptKeywords, PROMPTS),
    "parse": (parsed, ReadKeywords, USES),
    "CompletionParser": (fed, StreamKeywords, USES),
}
REFUSING: dict[str, Callable[..., Any]] = {
    "render": lambda **given: adapter.render([ASK], TOOLS, **given),
    "parse": lambda **given: adapter.parse("Hello.", TOOLS, **given),
    "CompletionParser": lambda **given: adapter.CompletionParser(TOOLS, **given),
}
TAKEN = [(entry, name) for entry, (_, keywords, _) in ENTRIES.items() for name in keywords.__annotations__]
REFUSED = [(entry, name) for entry in REFUSING for name in OptionKeywords.__annotations__ if (entry, name) not in TAKEN]


@pytest.mark.parametrize(("entry", "name"), TAKEN)
def test_an_option_changes_the_outcome(entry: str, name: str) -> None:
    look, _, uses = ENTRIES[entry]
    assert look(name, uses[name], given=True) != look(name, uses[name], given=False)


@pytest.mark.parametrize(("entry", "name"), REFUSED)
def test_an_option_that_would_change_nothing_is_refused(entry: str, name: str) -> None:
    with pytest.raises(TypeError, match=f"option '{name}' changes nothing here, where the options are .*dialect"):
        REFUSING[entry](**{name: USES[name].value})


def test_parse_and_the_parser_take_tools_that_were_read() -> None:
    tools = adapter.read_tools(TOOLS)
    assert [call.valid for call in adapter.parse(CALL, tools).tool_calls] == [True]
    assert [problem.kind for problem in adapter.parse(INVALID, tools).problems] == ["invalid_arguments"]
    parser = adapter.CompletionParser(tools)
    assert [event.valid for event in parser.feed(CALL) + parser.close() if isinstance(event, CallFinished)] == [True]


def test_no_text_is_an_empty_completion() -> None:
    assert adapter.parse(None, TOOLS) == adapter.parse("", TOOLS) == adapter.ParsedCompletion("", None, (), "stop", ())


def test_the_parsers_calls_leave_as_the_clients_do() -> None:
    rules, options = Rules(adapter.read_tools(TOOLS), incremental=True), make_options({"new_id": one_id})
    ours, clients = adapter.CompletionParser(TOOLS, new_id=one_id), CompletionParser.for_rules(rules, options)
    for piece in [*CALL, *INVALID]:
        assert ours.feed(piece) == clients.feed(piece)
    assert ours.close() == clients.close()


def test_the_table_of_options_names_the_entry_points() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([✓ |]+)\|$", (ROOT / "docs" / "api" / "adapter.md").read_text(), re.MULTILINE))
    expected = {name: [name in keywords.__annotations__ for _, keywords, _ in ENTRIES.values()] for name in rows}
    assert set(rows) == set(OptionKeywords.__annotations__)
    assert {name: [cell.strip() == "✓" for cell in row.split("|")] for name, row in rows.items()} == expected


# A word that no option has, and the word meant.
NEAR = {
    ("server", "llamacpp"): "llama.cpp",
    ("server", "llama-cpp"): "llama.cpp",
    ("server", "LM Studio"): "lmstudio",
    ("server", "lm-studio"): "lmstudio",
    ("server", "VLLM"): "vllm",
    ("server", "kobold"): "koboldcpp",
    ("enforce", "json-schema"): "json_schema",
}


def test_a_near_word_is_proposed() -> None:
    for (name, value), meant in NEAR.items():
        with pytest.raises(ValueError, match=rf"^{name}='{value}': did you mean '{meant}'\? Or use one of "):
            make_options({name: value})
    with pytest.raises(ValueError, match=r"^server='x': use one of 'generic', "):
        make_options({"server": "x"})
