"""Every policy, in every way to answer, for every fault of the model: what the caller gets, what upstream is asked, what is told."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import openai
import pytest
from jsonschema import Draft202012Validator
from openai import OpenAI

import adapter
from adapter.completion.result import assemble
from adapter.enforce.structured_output import response_format
from adapter.events import CallFinished, TextDelta
from adapter.servers import SERVERS
from adapter.tools.definitions import read_tools
from tests.facts.completions import CALL
from tests.facts.tools import CALLED, TOOLS, function
from tests.support.loopback import Answer, Stream, Upstream, completion, streamed

if TYPE_CHECKING:
    from adapter.events import Problem
    from tests.support.loopback import Received


def call(name: str, arguments: str) -> str:
    return '<tool_call>\n{"name": "' + name + '", "arguments": ' + arguments + "}\n</tool_call>"


def call_named_last(name: str, arguments: str) -> str:
    return '<tool_call>\n{"arguments": ' + arguments + ', "name": "' + name + '"}\n</tool_call>'


TRIP = function("g", {"days": {"type": "integer"}, "tags": {"type": "array"}, "city": {"type": "string"}})
# What the model writes, again and again, and what the request asks for.
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "malformed": (call("f", '{"a": NaN}'), {}),
    "name last": (call_named_last("get_weather", '{"city": NaN}'), {}),
    "name last, after words": ("Let me see." + call_named_last("get_weather", '{"city": NaN}'), {}),
    "unreadable, not offered": (call("nope", '{"a": NaN}'), {}),
    "another dialect": ("Well: <function=get_weather><parameter=city>Paris</parameter></function>", {}),
    "near call": ("Well: " + CALL[len("<tool_call>") : -len("</tool_call>")], {}),
    "own marker, no payload": ('<tool_call>get_weather(city="Paris")</tool_call>', {}),
    "call in thinking": (f"<think>Hm. {CALL}", {}),
    "malformed, required": (call("f", '{"a": NaN}'), {"tool_choice": "required"}),
    "unknown tool": (call("nope", "{}"), {}),
    "missing field": (call("get_weather", '{"town": "Paris"}'), {}),
    "wrong type": (call("get_weather", '{"city": []}'), {}),
    "types, one mendable": (call("g", '{"days": "3", "tags": "[]", "city": []}'), {"tools": [TRIP]}),
    "mendable type": (call("get_weather", '{"city": "Paris", "days": "3"}'), {}),
    "none allowed": (CALL, {"tool_choice": "none"}),
    "none made": ("No.", {"tool_choice": "required"}),
}
INVALID, REQUIRED = "error invalid_tool_call", "error tool_call_required"
TWICE = ("invalid_arguments", "reask", "invalid_arguments")
UNKNOWN = ("unknown_tool", "reask", "unknown_tool")
REREAD = ("unreadable", "reask", "unreadable")
UNREAD = ("unreadable", "reask", "unreadable", "refused")

# fault, policy, mode → what the caller gets, requests, events
TABLE: list[tuple[str, str, str, str, int, tuple[str, ...]]] = [
    ("malformed", "raise", "whole", "text", 2, REREAD),
    ("malformed", "raise", "incremental", INVALID, 1, ("unreadable", "contradicted", "refused")),
    ("malformed", "raise", "validated", "text", 2, REREAD),
    ("malformed", "return", "whole", "text", 2, REREAD),
    ("malformed", "return", "incremental", INVALID, 1, ("unreadable", "contradicted", "refused")),
    ("malformed", "return", "validated", "text", 2, REREAD),
    ("malformed", "text", "whole", "text", 2, REREAD),
    ("malformed", "text", "incremental", "text", 2, REREAD),
    ("malformed", "text", "validated", "text", 2, REREAD),
    *(
        (fault, policy, mode, "text", 2, REREAD)
        for fault in ("name last", "name last, after words")
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    ),
    *(
        ("unreadable, not offered", policy, mode, "text", 1, ("unreadable",))
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    ),
    *(
        ("call in thinking", policy, mode, 'call {"city": "Paris"}', 1, ("call_in_thinking",))
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    ),
    *(
        (fault, policy, mode, "text", 1, (kind,))
        for fault, kind in (("another dialect", "other_dialect"), ("near call", "near_call"))
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    ),
    *(
        ("own marker, no payload", policy, mode, "text", *((2, REREAD) if mode == "whole" else (1, ("unreadable",))))
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    ),
    ("malformed, required", "raise", "whole", REQUIRED, 2, UNREAD),
    ("malformed, required", "raise", "incremental", INVALID, 1, ("unreadable", "contradicted", "refused")),
    ("malformed, required", "raise", "validated", REQUIRED, 2, UNREAD),
    ("malformed, required", "return", "whole", REQUIRED, 2, UNREAD),
    ("malformed, required", "return", "incremental", INVALID, 1, ("unreadable", "contradicted", "refused")),
    ("malformed, required", "return", "validated", REQUIRED, 2, UNREAD),
    ("malformed, required", "text", "whole", REQUIRED, 2, UNREAD),
    ("malformed, required", "text", "incremental", REQUIRED, 2, UNREAD),
    ("malformed, required", "text", "validated", REQUIRED, 2, UNREAD),
    ("unknown tool", "raise", "whole", INVALID, 2, (*UNKNOWN, "refused")),
    ("unknown tool", "raise", "incremental", INVALID, 2, (*UNKNOWN, "refused")),
    ("unknown tool", "raise", "validated", INVALID, 2, (*UNKNOWN, "refused")),
    ("unknown tool", "return", "whole", "call {}", 2, UNKNOWN),
    ("unknown tool", "return", "incremental", "call {}", 2, UNKNOWN),
    ("unknown tool", "return", "validated", "call {}", 2, UNKNOWN),
    ("unknown tool", "text", "whole", "text", 2, (*UNKNOWN,)),
    ("unknown tool", "text", "incremental", "text", 2, (*UNKNOWN,)),
    ("unknown tool", "text", "validated", "text", 2, (*UNKNOWN,)),
    ("missing field", "raise", "whole", INVALID, 2, (*TWICE, "refused")),
    ("missing field", "raise", "incremental", INVALID, 1, ("invalid_arguments", "refused")),
    ("missing field", "raise", "validated", INVALID, 2, (*TWICE, "refused")),
    ("missing field", "return", "whole", 'call {"town": "Paris"}', 2, TWICE),
    ("missing field", "return", "incremental", 'call {"town": "Paris"}', 1, ("invalid_arguments",)),
    ("missing field", "return", "validated", 'call {"town": "Paris"}', 2, TWICE),
    ("missing field", "text", "whole", "text", 2, TWICE),
    ("missing field", "text", "incremental", "text", 2, TWICE),
    ("missing field", "text", "validated", "text", 2, TWICE),
    ("wrong type", "raise", "whole", INVALID, 2, (*TWICE, "refused")),
    ("wrong type", "raise", "incremental", INVALID, 1, ("invalid_arguments", "refused")),
    ("wrong type", "raise", "validated", INVALID, 2, (*TWICE, "refused")),
    ("wrong type", "return", "whole", 'call {"city": []}', 2, TWICE),
    ("wrong type", "return", "incremental", 'call {"city": []}', 1, ("invalid_arguments",)),
    ("wrong type", "return", "validated", 'call {"city": []}', 2, TWICE),
    ("wrong type", "text", "whole", "text", 2, TWICE),
    ("wrong type", "text", "incremental", "text", 2, TWICE),
    ("wrong type", "text", "validated", "text", 2, TWICE),
    ("types, one mendable", "raise", "whole", INVALID, 2, (*TWICE, "refused")),
    ("types, one mendable", "raise", "incremental", INVALID, 1, ("invalid_arguments", "refused")),
    ("types, one mendable", "raise", "validated", INVALID, 2, (*TWICE, "refused")),
    ("types, one mendable", "return", "whole", 'call {"days": 3, "tags": "[]", "city": []}', 2, TWICE),
    ("types, one mendable", "return", "incremental", 'call {"days": 3, "tags": "[]", "city": []}', 1, ("invalid_arguments",)),
    ("types, one mendable", "return", "validated", 'call {"days": 3, "tags": "[]", "city": []}', 2, TWICE),
    ("types, one mendable", "text", "whole", "text", 2, TWICE),
    ("types, one mendable", "text", "incremental", "text", 2, TWICE),
    ("types, one mendable", "text", "validated", "text", 2, TWICE),
    *(
        ("mendable type", policy, mode, 'call {"city": "Paris", "days": 3}', 1, ("coerced",))
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    ),
    *(
        ("none allowed", policy, mode, "text", 1, ())
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    ),
    ("none made", "raise", "whole", REQUIRED, 2, ("reask", "refused")),
    ("none made", "raise", "incremental", REQUIRED, 1, ("refused",)),
    ("none made", "raise", "validated", REQUIRED, 2, ("reask", "refused")),
    ("none made", "return", "whole", REQUIRED, 2, ("reask", "refused")),
    ("none made", "return", "incremental", REQUIRED, 1, ("refused",)),
    ("none made", "return", "validated", REQUIRED, 2, ("reask", "refused")),
    ("none made", "text", "whole", REQUIRED, 2, ("reask", "refused")),
    ("none made", "text", "incremental", REQUIRED, 2, ("reask", "refused")),
    ("none made", "text", "validated", REQUIRED, 2, ("reask", "refused")),
]
ROWS = [pytest.param(*row, id="-".join(row[:3])) for row in TABLE]


def writes(*texts: str) -> Any:
    """An upstream that writes these answers, the last again and again, whole or streamed as it is asked."""
    waiting = list(texts)

    def answer(request: Received) -> Answer | Stream:
        text = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return streamed(*text) if request.body.get("stream") else completion(text)

    return answer


def ask(upstream: Upstream, mode: str, options: dict[str, Any], request: dict[str, Any]) -> str:
    """What the caller gets, in a few words."""
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS, **request}
    stream_calls: Any = {} if mode == "whole" else {"stream_calls": mode}
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        wrapped = adapter.wrap(client, **options, **stream_calls)
        try:
            if mode == "whole":
                message: Any = wrapped.chat.completions.create(**body).choices[0].message
                calls = [item.function.arguments for item in message.tool_calls or []]
            else:
                chunks = list(wrapped.chat.completions.create(**body, stream=True))
                parts = [part for item in chunks for part in item.choices[0].delta.tool_calls or []]
                joined: dict[int, str] = {}
                for part in parts:
                    joined[part.index] = joined.get(part.index, "") + (part.function.arguments or "")
                calls = list(joined.values())
        except openai.APIError as error:
            return f"error {error.code}"
    return " ".join(f"call {arguments}" for arguments in calls) or "text"


@pytest.mark.parametrize(("fault", "policy", "mode", "outcome", "requests", "events"), ROWS)
def test_a_model_that_does_not_mend_it(
    fault: str, policy: str, mode: str, outcome: str, requests: int, events: tuple[str, ...]
) -> None:
    text, request = FAULTS[fault]
    told: list[Problem] = []
    with Upstream(writes(text)) as upstream:
        assert ask(upstream, mode, {"on_invalid": policy, "on_event": told.append}, request) == outcome
        assert len(upstream.received) == requests
    assert tuple(problem.kind for problem in told) == events


def test_the_table_is_whole() -> None:
    assert {row[:3] for row in TABLE} == {
        (fault, policy, mode)
        for fault in FAULTS
        for policy in ("raise", "return", "text")
        for mode in ("whole", "incremental", "validated")
    }
    assert len(TABLE) == len({row[:3] for row in TABLE})


LET_THROUGH = {
    "call in thinking",
    "mendable type",
    "none allowed",
    "unreadable, not offered",
    "another dialect",
    "near call",
    "own marker, no payload",
}
MENDED = [fault for fault in FAULTS if fault not in {"types, one mendable", *LET_THROUGH}]


@pytest.mark.parametrize("mode", ["whole", "validated"])
@pytest.mark.parametrize("fault", MENDED)
def test_a_model_that_mends_its_call(fault: str, mode: str) -> None:
    text, request = FAULTS[fault]
    with Upstream(writes(text, CALL)) as upstream:
        assert ask(upstream, mode, {}, request) == 'call {"city": "Paris"}'
        turns = upstream.bodies[1]["messages"][-2:]
    assert turns[0] == {"role": "assistant", "content": text}
    assert "Error: " in turns[1]["content"]


UNREADABLE = call_named_last("get_weather", '{"city": NaN}')
# What the model writes first and then; the content of a whole answer, and of a streamed one, whose first words have left.
READ_AGAIN: dict[str, tuple[str, str, str, str]] = {
    "nothing before": (UNREADABLE, CALL, "", ""),
    "words before": (f"One. {UNREADABLE}", CALL, "", "One."),
    "words before both": (f"One. {UNREADABLE}", f"Two. {CALL}", "Two.", "One."),
    "words behind": (f"{UNREADABLE} Two.", CALL, "", ""),
    "a valid call behind": (f"{UNREADABLE}{CALL}", CALL, "", ""),
    "a code fence": (f"```json\n{UNREADABLE}\n```", CALL, "", ""),
    "a valid call before": (f"{CALL}{UNREADABLE}", CALL, "", ""),
}


@pytest.mark.parametrize("mode", ["whole", "validated", "incremental"])
@pytest.mark.parametrize("case", READ_AGAIN)
def test_1_15_an_unreadable_call_is_asked_for_again(case: str, mode: str) -> None:
    first, then, whole, streamed_content = READ_AGAIN[case]
    told: list[Problem] = []
    with Upstream(writes(first, then)) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        stream_calls: Any = {} if mode == "whole" else {"stream_calls": mode}
        said, calls = answered(adapter.wrap(client, on_event=told.append, **stream_calls), stream=mode != "whole")
        bodies = upstream.bodies
    assert calls == [("get_weather", '{"city": "Paris"}')]
    assert (told[0].kind, told[0].tool) == ("unreadable", "get_weather")
    assert UNREADABLE in told[0].raw
    if mode == "incremental" and case == "a valid call before":  # it has left
        assert (said, len(bodies), len(told)) == (UNREADABLE, 1, 1)
        return
    assert said == (whole if mode == "whole" else streamed_content)
    assert [problem.kind for problem in told] == ["unreadable", "reask"]
    assert bodies[1]["messages"][-2] == {"role": "assistant", "content": first}
    assert "Error: a block holds no readable call of 'get_weather'" in bodies[1]["messages"][-1]["content"]


def answered(client: OpenAI, *, stream: bool) -> tuple[str, list[tuple[str, str]]]:
    """The content and the calls of an answer."""
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS}
    if not stream:
        message = client.chat.completions.create(**body).choices[0].message
        called = [item.function for item in message.tool_calls or [] if item.type == "function"]
        return message.content or "", [(item.name, item.arguments) for item in called]
    content = ""
    parts: dict[int, tuple[str, str]] = {}
    for item in client.chat.completions.create(**body, stream=True):
        delta = item.choices[0].delta
        content += delta.content or ""
        for part in delta.tool_calls or []:
            name, arguments = parts.get(part.index, ("", ""))
            function = part.function
            parts[part.index] = (
                (name + (function.name or ""), arguments + (function.arguments or "")) if function else (name, arguments)
            )
    return content, list(parts.values())


class TestLadder:
    """The rungs on the wire."""

    def body(self, options: dict[str, Any], text: str = CALL, **request: Any) -> dict[str, Any]:
        with Upstream(writes(text)) as upstream:
            ask(upstream, "whole", options, request)
            sent: dict[str, Any] = upstream.bodies[0]
        return sent

    def test_a_grammar_for_llama_cpp(self) -> None:
        sent = self.body({"enforce": "auto", "server": "llama.cpp"}, tool_choice="required")
        assert sent["grammar"].startswith("root ::= ")
        assert "response_format" not in sent

    def test_a_structural_tag_for_vllm(self) -> None:
        sent = self.body({"enforce": "auto", "server": "vllm"}, tool_choice="required")
        assert json.loads(sent["structured_outputs"]["structural_tag"])["format"]["at_least_one"] is True

    def test_a_structural_tag_for_sglang(self) -> None:
        sent = self.body({"enforce": "auto", "server": "sglang"})
        assert sent["response_format"]["format"]["type"] == "triggered_tags"

    # The constraint of a required call with `auto`; the field of the schema, or the last message of a begun answer.
    AUTO: ClassVar = {
        **dict.fromkeys(("openai", "ollama", "lmstudio", "fireworks", "mistral"), "response_format.json_schema"),
        "tgi": "response_format.json_object",
        "tabbyapi": "json_schema",
        **dict.fromkeys(("dashscope", "deepseek", "groq"), "begun"),
        **dict.fromkeys(("generic", "mlx", "openrouter", "together"), "words"),
        **dict.fromkeys(("llama.cpp", "llamafile", "koboldcpp"), "grammar"),
        "vllm": "structured_outputs",
        "sglang": "response_format.structural_tag",
    }

    def test_a_required_call_on_every_server(self) -> None:
        assert set(self.AUTO) == set(SERVERS)
        for server, wanted in self.AUTO.items():
            sent = self.body({"enforce": "auto", "server": server}, CALL, tool_choice="required")
            begun = "begun" if sent["messages"][-1]["role"] == "assistant" else "words"
            form = sent.get("response_format", {}).get("type")
            fields = [name for name in ("json_schema", "grammar", "structured_outputs") if name in sent]
            assert (f"response_format.{form}" if form else fields[0] if fields else begun) == wanted, server

    @pytest.mark.parametrize("mode", ["whole", "incremental", "validated"])
    def test_json_mode_without_a_schema(self, mode: str) -> None:
        options = {"enforce": "json_object", "server": "deepseek"}
        with Upstream(writes('{"name": "get_weather", "arguments": {"city": "Paris"}}')) as upstream:
            got = ask(upstream, mode, options, {"tool_choice": "required"})
            [sent] = upstream.bodies
        assert got == 'call {"city": "Paris"}'
        assert sent["response_format"] == {"type": "json_object"}
        assert "nothing but one JSON object" in sent["messages"][0]["content"]
        words = self.body(options, "Hello.")
        assert "response_format" not in words
        assert "nothing but one JSON object" not in str(words)

    def test_json_mode_promises_no_call(self) -> None:
        told: list[Problem] = []
        options = {"enforce": "json_object", "server": "dashscope", "on_event": told.append}
        with Upstream(writes('{"city": "Paris"}')) as upstream:
            assert ask(upstream, "whole", options, {"tool_choice": "required"}) == "error tool_call_required"
        assert "not_enforced" not in {problem.kind for problem in told}

    def test_forms_of_a_schema(self) -> None:
        schema = self.body({"enforce": "json_schema", "server": "tabbyapi"}, CALL, tool_choice="required")["json_schema"]
        tgi = self.body({"enforce": "json_schema", "server": "tgi"}, CALL, tool_choice="required")["response_format"]
        assert [list(form["properties"]) for form in schema["anyOf"]] == [["name", "arguments"]] * len(schema["anyOf"])
        assert tgi == {"type": "json_object", "value": schema}

    PREFILLS: ClassVar = [
        pytest.param("vllm", {"continue_final_message": True, "add_generation_prompt": False}, {}, id="vllm"),
        pytest.param("sglang", {"continue_final_message": True, "add_generation_prompt": False}, {}, id="sglang"),
        pytest.param("dashscope", {}, {"partial": True}, id="dashscope"),
        pytest.param("deepseek", {}, {"prefix": True}, id="deepseek"),
        pytest.param("mistral", {}, {"prefix": True}, id="mistral"),
        pytest.param("tabbyapi", {"continue_final_message": True, "add_generation_prompt": False}, {}, id="tabbyapi"),
        pytest.param("llama.cpp", {}, {}, id="llama.cpp"),
        pytest.param("generic", {}, {}, id="generic"),
    ]

    @pytest.mark.parametrize(("server", "body", "message"), PREFILLS)
    @pytest.mark.parametrize("repeats", [True, False], ids=["upstream repeats it", "upstream goes on"])
    @pytest.mark.parametrize("mode", ["whole", "incremental", "validated"])
    def test_prefill(self, server: str, body: dict[str, Any], message: dict[str, Any], repeats: bool, mode: str) -> None:
        begun = '<tool_call>\n{"name": "'
        text = CALL if repeats else CALL.removeprefix(begun)
        with Upstream(writes(text)) as upstream:
            got = ask(upstream, mode, {"enforce": "prefill", "server": server}, {"tool_choice": "required"})
            [sent] = upstream.bodies
        assert got == 'call {"city": "Paris"}'
        assert sent["messages"][-1] == {"role": "assistant", "content": begun, **message}
        assert {key: sent[key] for key in body} == body

    def test_a_named_call_is_begun_up_to_its_arguments(self) -> None:
        named = {"type": "function", "function": {"name": "get_weather"}}
        with Upstream(writes(' {"city": "Paris"}}\n</tool_call>')) as upstream:
            got = ask(upstream, "incremental", {"enforce": "prefill"}, {"tool_choice": named})
            begun = upstream.bodies[0]["messages"][-1]["content"]
        assert begun == '<tool_call>\n{"name": "get_weather", "arguments":'
        assert got == 'call {"city": "Paris"}'

    @pytest.mark.parametrize("text", ["", "<tool", '<tool_call>\n{"name": '])
    def test_a_prefilled_answer_that_says_next_to_nothing(self, text: str) -> None:
        told: list[Problem] = []
        with Upstream(writes(text)) as upstream:
            options = {"enforce": "prefill", "on_event": told.append, "retries": 0}
            assert ask(upstream, "incremental", options, {"tool_choice": "required"}) == REQUIRED
        assert told[0].kind == "cut"

    def test_a_grammar_lets_the_model_think_first(self) -> None:
        thinking = {"chat_template_kwargs": {"enable_thinking": True}}
        options = {"enforce": "grammar", "server": "llama.cpp"}
        assert '"<think>"' in self.body(options, tool_choice="required", extra_body=thinking)["grammar"]
        assert '"<think>"' not in self.body(options, tool_choice="required")["grammar"]

    @pytest.mark.parametrize("mode", ["whole", "validated"])
    def test_a_required_call_that_does_not_come_is_asked_for_one_rung_higher(self, mode: str) -> None:
        with Upstream(writes("No.", '{"name": "f", "arguments": {}}')) as upstream:
            options = {"enforce": "prompt", "server": "ollama"}
            assert ask(upstream, mode, options, {"tool_choice": "required"}) == "call {}"
            first, second = upstream.bodies
        assert "response_format" not in first
        assert second["response_format"]["type"] == "json_schema"

    def test_what_a_grammar_leaves_to_validation_is_told(self) -> None:
        pattern = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^a"}}}
        told: list[Problem] = []
        tools = [{"type": "function", "function": {"name": "g", "parameters": pattern}}]
        options = {"enforce": "grammar", "server": "llama.cpp", "on_event": told.append}
        self.body(options, call("g", "{}"), tools=tools, tool_choice="required")
        assert [problem.kind for problem in told] == ["unenforced"]
        assert "g: arguments.x: pattern" in told[0].message

    WRONG: ClassVar = [
        pytest.param({"enforce": "grammar"}, "server='llama.cpp', 'vllm' or 'sglang'", id="a grammar of nobody"),
        pytest.param({"enforce": "grammar", "server": "openai"}, "has 'prompt', 'json_schema'", id="a rung that is not there"),
        pytest.param({"enforce": "force"}, "enforce='force'", id="an unknown rung"),
        pytest.param({"server": "lamma"}, "server='lamma'", id="an unknown server"),
        pytest.param({"profile": "tiny"}, "profile='tiny'", id="an unknown profile"),
        pytest.param({"examples": "some"}, "'auto', or a list of messages", id="unknown examples"),
    ]

    @pytest.mark.parametrize(("options", "words"), WRONG)
    def test_options_that_do_not_go_together(self, options: dict[str, Any], words: str) -> None:
        with pytest.raises(ValueError, match=words):
            adapter.Options(**options)

    def test_examples_that_are_no_json(self) -> None:
        example = {"role": "user", "content": "Hi", "x": {1}}
        with pytest.raises(TypeError, match="type set is not JSON serializable; messages are made of what JSON has"):
            adapter.Options(examples=[example])
        assert adapter.Options(examples=[MappingProxyType({"role": "user", "content": "Hi"})]).examples


NODE: dict[str, Any] = {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}
REFERRING: list[Any] = [
    pytest.param({"v": {"$ref": "#/$defs/a"}}, {"a": {"type": "integer"}}, {"v": 1}, {"v": "x"}, id="a definition"),
    pytest.param(NODE, {}, {"v": 1, "next": {"v": 2}}, {"v": 1, "next": {"v": "x"}}, id="the whole"),
    pytest.param(
        {"v": {"type": "integer"}, "w": {"$ref": "#/properties/v"}}, {}, {"v": 1, "w": 2}, {"w": "x"}, id="another property"
    ),
    pytest.param(
        {"v": {"$ref": "#/$defs/a"}}, {"a": {"items": {"$ref": "#/properties/v"}, "maxItems": 1}}, {"v": [[[]]]}, {"v": [[[1], 1]]},
        id="out of a definition",
    ),
]  # fmt: skip


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(("properties", "definitions", "right", "wrong"), REFERRING)
def test_references_lead_where_they_led_in_the_schema_of_a_call(
    properties: Any, definitions: Any, right: Any, wrong: Any, several: bool
) -> None:
    tool = function("g", properties)
    tool["function"]["parameters"]["$defs"] = definitions
    form = response_format(read_tools([tool, *TOOLS] if several else [tool]))
    assert ("tool_0" in form["json_schema"]["schema"].get("$defs", {})) == (
        '"#"' in json.dumps(tool) or "#/p" in json.dumps(tool)
    )
    check = Draft202012Validator(form["json_schema"]["schema"])
    assert check.is_valid({"name": "g", "arguments": right})
    assert not check.is_valid({"name": "g", "arguments": wrong})


class TestReplyTool:
    REPLY = call("reply", '{"text": "It is 2 \\u00e9 \\ud83d\\ude00."}')

    @pytest.mark.parametrize("mode", ["whole", "incremental", "validated"])
    def test_what_it_says_is_content(self, mode: str) -> None:
        with Upstream(writes(self.REPLY)) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
            wrapped = adapter.wrap(client, reply_tool=True, stream_calls="incremental" if mode == "whole" else mode)  # type: ignore[arg-type]  # parametrized
            body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS}
            if mode == "whole":
                choice: Any = wrapped.chat.completions.create(**body).choices[0]
                said, calls, reason = choice.message.content, choice.message.tool_calls, choice.finish_reason
            else:
                chunks = list(wrapped.chat.completions.create(**body, stream=True))
                deltas = [item.choices[0].delta for item in chunks]
                said, calls = (
                    "".join(delta.content or "" for delta in deltas),
                    [c for delta in deltas for c in delta.tool_calls or []],
                )
                reason = chunks[-1].choices[0].finish_reason
            assert '"name": "reply"' in upstream.bodies[0]["messages"][0]["content"]
        assert (said, calls or None, reason) == ("It is 2 é 😀.", None, "stop")

    BAD = call("reply", '{"text": "a"b}')
    BROKEN_OFF: ClassVar[list[Any]] = [
        pytest.param(REPLY[: -len('\\ude00."}}\n</tool_call>')], "length", "It is 2 é ", (), ("cut",), id="cut"),
        pytest.param(REPLY[: len("<tool_call>\n{")], "length", "", (), ("cut",), id="cut before it says anything"),
        pytest.param(f"{CALL}{REPLY[:-30]}", "length", "It is 2 é", ("get_weather",), ("cut",), id="cut, after a call"),
        pytest.param(BAD, "stop", f"a{BAD}", (), ("unreadable",), id="unreadable from a character on"),
        pytest.param(call("reply", '{"no": "a"}'), "stop", '{"no": "a"}', (), ("invalid_arguments",), id="no text in it"),
        pytest.param(
            '<tool_call>[{"name": "reply", "arguments": {}}, {"name": "reply", "arguments": {}}]</tool_call>',
            "stop",
            "{}{}",
            (),
            ("invalid_arguments", "invalid_arguments"),
            id="two in one block",
        ),
    ]

    @pytest.mark.parametrize("incremental", [False, True])
    @pytest.mark.parametrize(("text", "finish", "said", "calls", "problems"), BROKEN_OFF)
    def test_what_it_says_before_it_breaks_off_is_content(
        self, text: str, finish: str, said: str, calls: Any, problems: Any, incremental: bool
    ) -> None:
        for size in (1, 5, 1000):
            parser = adapter.CompletionParser.for_rules(_reply_rules(incremental=incremental), adapter.Options())
            events = [event for start in range(0, len(text), size) for event in parser.feed(text[start : start + size])]
            parsed = assemble(events + parser.close(finish), finish)
            assert (parsed.content or "", tuple(item.name for item in parsed.tool_calls)) == (said, calls)
            assert tuple(problem.kind for problem in parsed.problems) == problems

    @pytest.mark.parametrize("incremental", [False, True])
    def test_it_streams_as_it_is_written(self, incremental: bool) -> None:
        parser = adapter.CompletionParser.for_rules(_reply_rules(incremental=incremental), adapter.Options())
        pieces = [event for character in self.REPLY for event in parser.feed(character)] + parser.close()
        texts = [event.text for event in pieces if isinstance(event, TextDelta)]
        assert len(texts) > 8
        assert "".join(texts) == "It is 2 é 😀."

    def test_a_call_beside_it_keeps_its_place(self) -> None:
        parser = adapter.CompletionParser.for_rules(_reply_rules(), adapter.Options())
        events = parser.feed(self.REPLY + CALL) + parser.close()
        assert [event.index for event in events if isinstance(event, CallFinished)] == [0]

    def test_it_is_not_offered_where_a_call_is_wanted_or_has_its_result(self) -> None:
        messages = [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "1"},
        ]
        for request in ({"tool_choice": "required"}, {"messages": messages}):
            with Upstream(writes(CALL)) as upstream:
                ask(upstream, "whole", {"reply_tool": True}, request)
                assert '"name": "reply"' not in upstream.bodies[0]["messages"][0]["content"]

    def test_a_tool_of_the_callers_with_its_name(self) -> None:
        mine = {"type": "function", "function": {"name": "reply"}}
        with Upstream(writes(call("reply", "{}"))) as upstream:
            assert ask(upstream, "whole", {"reply_tool": True}, {"tools": [mine]}) == "call {}"
            assert '"name": "reply_in_words"' in upstream.bodies[0]["messages"][0]["content"]


def _reply_rules(*, incremental: bool = True) -> Any:
    from adapter.completion.request_rules import Rules
    from adapter.tools.definitions import read_tools
    from adapter.tools.reply_tool import reply_tool

    return Rules(read_tools(TOOLS).and_also(reply_tool(())), reply="reply", incremental=incremental)


class TestLoopGuard:
    @pytest.mark.parametrize("mode", ["whole", "incremental", "validated"])
    def test_it_reports(self, mode: str) -> None:
        told: list[Problem] = []
        with Upstream(writes(CALL)) as upstream:
            got = ask(upstream, mode, {"on_event": told.append}, {"messages": CALLED})
            assert len(upstream.received) == 1
        assert got == 'call {"city": "Paris"}'
        assert [problem.kind for problem in told] == ["repeated_call"]

    def test_a_model_that_insists_is_handed_on(self) -> None:
        with Upstream(writes(CALL)) as upstream:
            assert ask(upstream, "whole", {"loop_guard": "reask"}, {"messages": CALLED}) == 'call {"city": "Paris"}'
            assert len(upstream.received) == 2

    def test_other_arguments_are_another_call(self) -> None:
        told: list[Problem] = []
        with Upstream(writes(call("get_weather", '{"city": "Rome"}'))) as upstream:
            ask(upstream, "whole", {"loop_guard": "reask", "on_event": told.append}, {"messages": CALLED})
            assert len(upstream.received) == 1
        assert told == []


def test_the_profile_for_small_models() -> None:
    small = adapter.Options(profile="small", server="llama.cpp")
    assert (small.enforce, small.reply_tool, small.examples, small.loop_guard) == ("auto", True, "auto", "reask")
    kept = adapter.Options(profile="small", reply_tool=False, examples=(), enforce="json_schema")
    assert (kept.enforce, kept.reply_tool, kept.examples) == ("json_schema", False, ())
