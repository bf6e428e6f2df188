"""Tools that are no functions: custom tools, namespaces, searches for tools, tools of a vendor's servers (behaviour 5.7 to 5.9)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

import adapter
from adapter.transport import sync_transport
from tests.support.loopback import Upstream, completion, streamed

ASK = "Change the note."
SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
PATCH = {"type": "custom", "name": "patch", "description": "Changes files."}
SEARCH = {"type": "tool_search", "execution": "client", "description": "Finds.", "parameters": SCHEMA}
LARK = {"type": "grammar", "syntax": "lark", "definition": 'start: "+" WORD\n%import common.WORD\n'}
REGEX = {"type": "grammar", "syntax": "regex", "definition": "[a-z]+"}


def function(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, "parameters": SCHEMA, **more}


AGENTS = {"type": "namespace", "name": "agents", "description": "Helpers.", "tools": [function("close"), PATCH]}


def called(name: str, arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


@dataclass
class Answer:
    """An answer, and the events about it.

    Attributes:
        status: The HTTP status.
        body: The JSON body of a whole answer or of an error.
        events: The events of a stream, without `[DONE]`.
        told: Problems reported.
        sent: Requests that upstream got.
    """

    status: int
    body: Any
    events: list[dict[str, Any]]
    told: list[Any]
    sent: list[Any]

    def kinds(self) -> list[str]:
        return [problem.kind for problem in self.told]


def ask(path: str, said: str, body: dict[str, Any], *, stream: bool = False, **options: Any) -> Answer:
    """Send a request over HTTP, and read the answer without a client library, which may not know the newest kinds."""
    told: list[Any] = []
    reply = streamed(*said) if stream else completion(said)
    transport = sync_transport(httpx.HTTPTransport(), on_event=told.append, **options)
    with Upstream(reply) as upstream, httpx.Client(transport=transport, timeout=20) as client:
        answer = client.post(upstream.url + path, json={"model": "m", "stream": stream, **body})
        sent = upstream.bodies
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {")]
    whole = answer.json() if answer.headers["content-type"].startswith("application/json") else None
    return Answer(answer.status_code, whole, [json.loads(line) for line in lines], told, sent)


def respond(said: str, tools: list[Any], *, stream: bool, options: dict[str, Any] | None = None, **more: Any) -> Answer:
    return ask("/responses", said, {"input": ASK, "tools": tools, **more}, stream=stream, **(options or {}))


def items_of(answer: Answer, *, stream: bool) -> list[dict[str, Any]]:
    """The finished items; a stream ends with the same items as it sent one by one."""
    assert answer.status == 200, answer.body
    if not stream:
        output: list[dict[str, Any]] = answer.body["output"]
        return output
    done = [event["item"] for event in answer.events if event["type"] == "response.output_item.done"]
    assert answer.events[-1]["type"] == "response.completed"
    assert answer.events[-1]["response"]["output"] == done
    return done


@dataclass(frozen=True)
class Case:
    """A call of the model, and the item for the caller, without ids and status."""

    id: str
    tool: dict[str, Any]
    said: str
    item: dict[str, Any]


CUSTOM = {"type": "custom_tool_call", "name": "patch"}
CASES = [
    Case("custom", PATCH, called("patch", {"input": "+ a"}), {**CUSTOM, "input": "+ a"}),
    Case("custom, empty", PATCH, called("patch", {"input": ""}), {**CUSTOM, "input": ""}),
    Case(
        "custom, every escape",
        PATCH,
        called("patch", {"input": 'a\n\t"\\ ü😀 \\u0041 </tool_call>'}),
        {**CUSTOM, "input": 'a\n\t"\\ ü😀 \\u0041 </tool_call>'},
    ),
    Case("custom in the form of a chat", {"type": "custom", "custom": {"name": "patch"}}, called("patch", {"input": "x"}),
         {**CUSTOM, "input": "x"}),
    Case("custom with a grammar that fits", {**PATCH, "format": LARK}, called("patch", {"input": "+abc"}),
         {**CUSTOM, "input": "+abc"}),
    Case("custom with a pattern that fits", {**PATCH, "format": REGEX}, called("patch", {"input": "abc"}),
         {**CUSTOM, "input": "abc"}),
    Case("custom of free text", {**PATCH, "format": {"type": "text"}}, called("patch", {"input": "1"}), {**CUSTOM, "input": "1"}),
    Case("custom in a namespace", AGENTS, called("agents__patch", {"input": "+ a"}),
         {**CUSTOM, "namespace": "agents", "input": "+ a"}),
    Case("function in a namespace", AGENTS, called("agents__close", {"id": "7"}),
         {"type": "function_call", "name": "close", "namespace": "agents", "arguments": '{"id": "7"}'}),
    Case("namespace with a line at its end", {**AGENTS, "name": "mcp__a__"}, called("mcp__a__close", {"id": "7"}),
         {"type": "function_call", "name": "close", "namespace": "mcp__a__", "arguments": '{"id": "7"}'}),
    Case("search for tools", SEARCH, called("tool_search", {"id": "x"}),
         {"type": "tool_search_call", "execution": "client", "arguments": {"id": "x"}}),
]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_5_9_a_call_comes_back_as_a_call_of_its_kind(case: Case, stream: bool) -> None:
    answer = respond(f"I look.\n{case.said}", [case.tool], stream=stream)
    text, item = items_of(answer, stream=stream)
    assert text["content"][0]["text"] == "I look."
    assert {key: item[key] for key in item.keys() - {"id", "call_id", "status"}} == case.item
    assert (item["status"], item["call_id"][:5]) == ("completed", "call_")
    assert "tools" not in answer.sent[0]


def test_5_9_the_events_of_a_custom_call() -> None:
    answer = respond(called("patch", {"input": "+ ä\n"}), [PATCH], stream=True)
    about = [event for event in answer.events if "custom_tool_call_input" in event["type"]]
    assert {event["type"].rpartition(".")[2] for event in about} == {"delta", "done"}
    assert "".join(event["delta"] for event in about[:-1]) == "+ ä\n" == about[-1]["input"]
    assert len(about) > 3, "the input is streamed"
    added = next(event["item"] for event in answer.events if event["type"] == "response.output_item.added")
    assert (added["type"], added["input"], added["id"][:4]) == ("custom_tool_call", "", "ctc_")
    assert {event["item_id"] for event in about} == {added["id"]}


CHAT_PATCH = {"type": "custom", "custom": {"name": "patch", "description": "Changes files."}}


@pytest.mark.parametrize("tool", [CHAT_PATCH, PATCH], ids=["wrapped", "flat"])
def test_5_9_a_custom_call_in_a_chat(tool: dict[str, Any]) -> None:
    body = {"messages": [{"role": "user", "content": ASK}], "tools": [tool], "tool_choice": "auto"}
    choice = ask("/chat/completions", called("patch", {"input": '+ "a"\n'}), body).body["choices"][0]
    [call] = choice["message"]["tool_calls"]
    assert call == {"id": call["id"], "type": "custom", "custom": {"name": "patch", "input": '+ "a"\n'}}
    assert choice["finish_reason"] == "tool_calls"


def test_5_9_a_custom_call_in_a_streamed_chat() -> None:
    body = {"messages": [{"role": "user", "content": ASK}], "tools": [CHAT_PATCH]}
    answer = ask("/chat/completions", called("patch", {"input": '+ "ü"\n'}), body, stream=True)
    deltas = [call for event in answer.events for call in event["choices"][0]["delta"].get("tool_calls", ())]
    assert deltas[0] == {"index": 0, "id": deltas[0]["id"], "type": "custom", "custom": {"name": "patch", "input": ""}}
    assert "".join(delta["custom"]["input"] for delta in deltas) == '+ "ü"\n'
    assert all(delta["index"] == 0 and "function" not in delta for delta in deltas)
    assert answer.events[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("form", "text"),
    [(LARK, "no plus"), (REGEX, "a b"), (REGEX, "ABC")],
    ids=["grammar", "pattern", "pattern of another case"],
)
def test_5_9_a_text_that_does_not_fit_the_grammar_is_refused(form: dict[str, Any], text: str, stream: bool) -> None:
    pytest.importorskip("lark")
    tool = {**PATCH, "format": form}
    answer = respond(called("patch", {"input": text}), [tool], stream=stream, options={"retries": 0})
    assert "invalid_arguments" in answer.kinds()
    if stream:
        assert answer.events[-1]["type"] == "response.failed"
        assert not [event for event in answer.events if event["type"].endswith((".done", "completed"))]
    else:
        assert answer.body["error"]["code"] == "invalid_tool_call"


def test_5_9_a_grammar_in_the_form_of_a_chat_is_told_to_the_model_and_checked() -> None:
    pytest.importorskip("lark")
    form = {"type": "grammar", "grammar": {"syntax": "lark", "definition": LARK["definition"]}}
    tool = {"type": "custom", "custom": {"name": "patch", "format": form}}
    body = {"messages": [{"role": "user", "content": ASK}], "tools": [tool]}
    answer = ask("/chat/completions", called("patch", {"input": "-"}), body, retries=0)
    assert answer.body["error"]["code"] == "invalid_tool_call"
    assert "does not fit the grammar" in answer.body["error"]["message"]
    assert "%import common.WORD" in answer.sent[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("definition", "reason"),
    [("start: (", "cannot read the grammar"), ("start: x\n%import .other.x\n", "imports from another file")],
    ids=["no grammar of lark's", "of other files"],
)
def test_5_9_a_grammar_that_cannot_be_checked_is_told(definition: str, reason: str) -> None:
    pytest.importorskip("lark")
    tool = {**PATCH, "format": {"type": "grammar", "syntax": "lark", "definition": definition}}
    answer = respond(called("patch", {"input": "x"}), [tool], stream=False)
    [problem] = answer.told
    assert (problem.kind, answer.body["output"][0]["input"]) == ("unchecked", "x")
    assert reason in problem.message


@pytest.mark.parametrize("text", ["+" + "a" * 30_000, "+ab" * 20_000], ids=["fits", "too long for Earley"])
def test_5_9_a_long_text_is_checked_in_time_that_grows_with_its_length(text: str) -> None:
    pytest.importorskip("lark")
    from adapter.tools.text_grammar import lark_check

    both_ways = 'start: ("+" (A | B))+\nA: /a+/\nB: /a+b/\n'
    assert lark_check(both_ways)({"input": text}) == []


PAST = [
    {"role": "user", "content": ASK},
    {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "patch", "input": "+ a\n"},
    {"type": "custom_tool_call_output", "call_id": "call_1", "output": "Done."},
]


def test_5_9_past_custom_calls_are_shown_as_the_model_wrote_them() -> None:
    shown = ask("/responses", "Done.", {"input": PAST, "tools": [PATCH]}).sent[0]["messages"]
    chat = [
        PAST[0],
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": "+ a\n"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Done."},
    ]  # fmt: skip
    assert ask("/chat/completions", "Done.", {"messages": chat, "tools": [CHAT_PATCH]}).sent[0]["messages"] == shown
    assert json.loads(shown[2]["content"].split("\n")[1]) == {"name": "patch", "arguments": {"input": "+ a\n"}}
    assert "Done." in shown[3]["content"]


CHOICES = [
    ({"type": "custom", "name": "patch"}, [PATCH], "patch"),
    ({"type": "custom", "name": "patch", "namespace": "agents"}, [AGENTS], "agents__patch"),
    ({"type": "function", "name": "close", "namespace": "agents"}, [AGENTS, function("other")], "agents__close"),
    ({"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "patch"}]}, [PATCH, SEARCH], "patch"),
    ({"type": "allowed_tools", "mode": "required", "tools": [{"type": "tool_search"}]}, [PATCH, SEARCH], "tool_search"),
]


@pytest.mark.parametrize(("choice", "tools", "name"), CHOICES, ids=[json.dumps(choice) for choice, _, _ in CHOICES])
def test_5_9_a_choice_of_a_tool_that_is_no_function(choice: Any, tools: list[Any], name: str) -> None:
    from adapter.api.responses.tools import read_tools_and_choice
    from adapter.tools.definitions import RAISING

    _, read = read_tools_and_choice({"tools": tools, "tool_choice": choice}, (), RAISING)
    assert read.allowed == (name,)


BUILTIN = {"type": "web_search", "external_web_access": True}
HOSTED_SEARCH = {"type": "tool_search"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("tool", [BUILTIN, HOSTED_SEARCH, {"type": "mcp", "server_label": "a"}, {"type": "local_shell"}],
                         ids=lambda tool: tool["type"])  # fmt: skip
def test_5_9_a_builtin_tool_is_a_400_or_left_out_and_told(tool: dict[str, Any], stream: bool) -> None:
    refused = respond("Hi.", [function("f"), tool], stream=stream)
    assert (refused.status, refused.body["error"]["param"], refused.sent) == (400, "tools[1].type", [])
    assert "on_builtin='leave_out'" in refused.body["error"]["message"]
    answer = respond("Hi.", [function("f"), tool], stream=stream, options={"on_builtin": "leave_out"})
    assert [item["type"] for item in items_of(answer, stream=stream)] == ["message"]
    [problem] = answer.told
    assert (problem.kind, json.loads(problem.raw)) == ("tool_left_out", tool)
    assert repr(tool["type"]) in problem.message


BAD_TOOLS: dict[str, Any] = {
    "a wrong schema": function("g", parameters={"type": "float"}),
    "a wrong name": function("g h"),
    "a name twice": function("f"),
    "no name": {"type": "function"},
    "no kind": {"name": "g"},
    "a word": "g",
    "in a namespace": {"type": "namespace", "name": "n", "tools": [function("g h")]},
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("tool", BAD_TOOLS.values(), ids=BAD_TOOLS)
def test_5_7_a_bad_tool_is_a_400_or_left_out_and_told(tool: Any, stream: bool) -> None:
    said = called("f", {"id": "7"})
    refused = respond(said, [function("f"), tool], stream=stream)
    assert (refused.status, refused.body["error"]["param"][:8], refused.sent) == (400, "tools[1]", [])
    answer = respond(said, [function("f"), tool], stream=stream, options={"on_bad_tool": "leave_out"})
    assert [item["name"] for item in items_of(answer, stream=stream)] == ["f"]
    assert answer.kinds() == ["tool_left_out"]
    assert "tools[1]" in answer.told[0].message


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_5_7_tools_that_are_all_left_out_do_not_reach_upstream(stream: bool) -> None:
    body = {"messages": [{"role": "user", "content": ASK}], "tools": [BUILTIN], "tool_choice": "auto"}
    answer = ask("/chat/completions", "Hi.", body, stream=stream, on_builtin="leave_out")
    assert (answer.status, answer.kinds()) == (200, ["tool_left_out"])
    assert answer.sent[0].keys() & {"tools", "tool_choice"} == set()


MISPLACED = [
    ("/chat/completions", {"messages": [{"role": "user", "content": ASK}], "tools": [function("f")]}),
    ("/responses", {"input": ASK, "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]}),
]


@pytest.mark.parametrize(("path", "body"), MISPLACED, ids=["flat in a chat", "wrapped in a response"])
def test_a_tool_in_the_other_api_s_form_is_read_as_meant_and_told(path: str, body: dict[str, Any]) -> None:
    answer = ask(path, called("f", {"id": "7"}), body)
    assert (answer.status, answer.kinds()) == (200, ["schema_mended"])
    assert '"f"' in json.dumps(answer.body)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("strict", "refused"), [({}, False), ({"strict": None}, False), ({"strict": False}, False), ({"strict": True}, True)],
    ids=["unsaid", "null", "false", "true"],
)  # fmt: skip
def test_7_1_only_strict_true_overrules_on_invalid(strict: dict[str, Any], refused: bool, stream: bool) -> None:
    options = {"on_invalid": "return", "retries": 0}
    answer = respond(called("f", {"nr": 7}), [function("f", **strict)], stream=stream, options=options)
    if refused:
        assert (answer.events[-1]["type"] if stream else answer.body["error"]["code"]) in {
            "response.failed",
            "invalid_tool_call",
        }
    else:
        assert json.loads(items_of(answer, stream=stream)[0]["arguments"]) == {"nr": 7}


@dataclass(frozen=True)
class History:
    """Items between a question and the answer; texts that the model reads, and kinds of problems told."""

    id: str
    items: list[dict[str, Any]]
    shown: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


SHELL = {"type": "exec", "command": ["ls"], "env": {}}
HISTORIES = [
    History("function in a namespace", [
        {"type": "function_call", "call_id": "c", "name": "close", "namespace": "agents", "arguments": '{"id": "7"}'},
        {"type": "function_call_output", "call_id": "c", "output": "closed"}], ("agents__close", "closed")),
    History("search by the client", [
        {"type": "tool_search_call", "call_id": "c", "execution": "client", "status": "completed", "arguments": {"id": "x"}},
        {"type": "tool_search_output", "call_id": "c", "execution": "client", "status": "completed", "tools": [AGENTS]}],
        ("tool_search", "Tools found: agents__close, agents__patch", '"agents__close"')),
    History("search that found nothing", [
        {"type": "tool_search_call", "call_id": "c", "execution": "client", "status": "completed", "arguments": {}},
        {"type": "tool_search_output", "call_id": "c", "execution": "client", "status": "completed", "tools": []}],
        ("No tools found.",)),
    History("search by a server", [
        {"type": "tool_search_call", "id": "t", "call_id": None, "execution": "server", "arguments": {}},
        {"type": "tool_search_output", "id": "u", "call_id": None, "execution": "server", "tools": [AGENTS]}],
        ('"agents__close"',), ("item_left_out", "item_left_out")),
    History("tools in the input", [{"type": "additional_tools", "role": "developer", "tools": [AGENTS]}], ('"agents__close"',)),
    History("local shell", [
        {"type": "local_shell_call", "id": "l", "call_id": "c", "status": "completed", "action": SHELL},
        {"type": "local_shell_call_output", "id": "c", "output": "note.txt"}], ("local_shell", '"ls"', "note.txt")),
    History("local shell, answered like a function", [
        {"type": "local_shell_call", "id": "l", "call_id": "c", "status": "completed", "action": SHELL},
        {"type": "function_call_output", "call_id": "c", "output": "note.txt"}], ("local_shell", "note.txt")),
    History("shell", [
        {"type": "shell_call", "call_id": "c", "action": {"commands": ["pwd"]}},
        {"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "/home", "stderr": ""}]}], ("pwd", "/home")),
    History("patch by a built-in tool", [
        {"type": "apply_patch_call", "call_id": "c", "status": "completed", "operation": {"type": "delete_file", "path": "n"}},
        {"type": "apply_patch_call_output", "call_id": "c", "status": "completed"}], ("delete_file", "completed")),
    History("MCP by a server", [
        {"type": "mcp_call", "id": "m", "server_label": "git", "name": "log", "arguments": "{}", "output": "no commits"}],
        ("git__log", "no commits")),
    *(History(kind, [{"type": kind, "id": "x", "status": "completed"}], (), ("item_left_out",)) for kind in (
        "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "computer_call",
        "computer_call_output", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "compaction",
        "compaction_trigger")),
    History("an unknown kind", [{"type": "robot_call", "id": "x"}], (), ("item_left_out",), {"on_builtin": "leave_out"}),
]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", HISTORIES, ids=lambda case: case.id)
def test_7_1_items_of_every_kind_that_agents_send(case: History, stream: bool) -> None:
    body = {"input": [{"role": "user", "content": ASK}, *case.items], "tools": [function("f"), SEARCH]}
    answer = ask("/responses", "Done.", body, stream=stream, **case.options)
    [item] = items_of(answer, stream=stream)
    assert item["content"][0]["text"] == "Done."
    assert tuple(answer.kinds()) == case.told
    shown = "\n".join(message["content"] for message in answer.sent[0]["messages"])
    assert [text for text in case.shown if text not in shown] == []


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_5_9_tools_that_the_input_brings_can_be_called(stream: bool) -> None:
    items = [{"type": "additional_tools", "role": "developer", "tools": [AGENTS]}, {"role": "user", "content": ASK}]
    answer = ask("/responses", called("agents__patch", {"input": "x"}), {"input": items}, stream=stream)
    [item] = items_of(answer, stream=stream)
    assert (item["name"], item["namespace"], item["input"]) == ("patch", "agents", "x")


@pytest.mark.parametrize("summary", ["auto", "concise", "detailed", "none", None])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_7_1_reasoning_summary_in_all_values(summary: str | None, stream: bool) -> None:
    answer = respond("<think>Hm.</think>Hi.", [function("f")], stream=stream, reasoning={"summary": summary})
    place = "content" if summary in (None, "none") else "summary"
    assert items_of(answer, stream=stream)[0][place][0]["text"] == "Hm."


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_6_6_a_store_that_is_not_there_is_told(stream: bool) -> None:
    answer = respond("Hi.", [function("f")], stream=stream, store=True)
    response = answer.events[-1]["response"] if stream else answer.body
    assert (answer.status, response["store"], answer.kinds()) == (200, False, ["unstored"])


class TestReferences:
    """Items of the store, named by their ids."""

    def talk(self, store: Any, items: list[Any], said: str = "Hi.") -> Answer:
        tools = [PATCH, function("f")]
        return ask("/responses", said, {"input": items, "tools": tools}, store=store)

    def test_items_of_a_stored_response(self) -> None:
        store = adapter.MemoryStore()
        first = self.talk(
            store, [{"role": "user", "content": ASK}], f"<think>Hm.</think>I do.\n{called('patch', {'input': 'x'})}"
        )
        references = [{"type": "item_reference", "id": item["id"]} for item in first.body["output"]]
        assert len(references) == 3
        del references[1]["type"]  # the type may be left out
        result = {"type": "custom_tool_call_output", "call_id": first.body["output"][2]["call_id"], "output": "Done."}
        sent = self.talk(store, [{"role": "user", "content": ASK}, *references, result]).sent[0]["messages"]
        assert "I do." in sent[2]["content"]
        assert '"patch"' in sent[2]["content"]
        assert "Done." in sent[3]["content"]

    def test_items_that_a_request_brought(self) -> None:
        store = adapter.MemoryStore()
        first = self.talk(store, [{"role": "user", "content": "The first question."}])
        record = json.loads(store.get(first.body["id"]) or b"")
        reference = {"type": "item_reference", "id": record["input"][0]["id"]}
        assert self.talk(store, [reference]).sent[0]["messages"][1]["content"] == "The first question."

    @pytest.mark.parametrize("wanted", ["msg_1", "msg_1_2", "x", "_"])
    def test_an_item_that_is_not_kept(self, wanted: str) -> None:
        answer = self.talk(adapter.MemoryStore(), [{"type": "item_reference", "id": wanted}])
        assert (answer.status, answer.body["error"]["param"]) == (400, "input[0].id")
        assert repr(wanted) in answer.body["error"]["message"]

    def test_a_reference_without_an_id(self) -> None:
        answer = self.talk(adapter.MemoryStore(), [{"type": "item_reference"}])
        assert (answer.status, answer.body["error"]["message"]) == (400, "Missing required parameter: 'input[0].id'.")
