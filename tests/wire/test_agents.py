"""Requests in the shapes that real agents send: two turns each, a call and then words, answered in the shape the agents need.

Each row is an agent's way to write a request: fields, roles, kinds of tools, and the items that come back with a result. Texts are
ours, filled up to the lengths that agents send.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from adapter.transport import sync_transport
from tests.support.loopback import Upstream, completion, streamed

CHAT, RESPONSES = "/chat/completions", "/responses"
USAGE = {"stream_options": {"include_usage": True}}
SAID = "The note says: door 7."
LONG = 21_000  # characters of a coding agent's prompt


def words(length: int) -> str:
    return ("Read the note and answer. " * (length // 26 + 1))[:length]


def schema(**more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"path": {"type": "string", "description": words(80)}},
        "required": ["path"],
        **more,
    }


CLOSED = schema(additionalProperties=False)
ODD = schema(**{"$schema": "http://json-schema.org/draft-07/schema#"})
ODD["properties"]["lines"] = {
    "anyOf": [{"type": "integer", "exclusiveMinimum": 0, "maximum": 9}, {"type": "null"}],
    "default": None,
}
ODD["properties"]["rest"] = {"type": "object", "patternProperties": {"^.*$": {"oneOf": [{"type": "string"}, {"const": 1}]}}}


def chat_tool(name: str = "read", parameters: Any = CLOSED, **more: Any) -> dict[str, Any]:
    function = {"name": name, "description": words(400), **({} if parameters is None else {"parameters": parameters}), **more}
    return {"type": "function", "function": function}


def flat_tool(name: str = "read", parameters: Any = CLOSED, **more: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, "description": words(400), "parameters": parameters, **more}


PATCH_GRAMMAR = 'start: "*** Begin" LF line+ "*** End" LF?\nline: "+" /(.*)/ LF\n%import common.LF\n'
PATCH = {"type": "custom", "name": "patch", "description": words(90), "format": {
    "type": "grammar", "syntax": "lark", "definition": PATCH_GRAMMAR}}  # fmt: skip
HELPERS = {"type": "namespace", "name": "helpers_v1", "description": words(50), "tools": [
    flat_tool("close", strict=False), flat_tool("start", strict=False)]}  # fmt: skip
SEARCH = {"type": "tool_search", "execution": "client", "description": words(600), "parameters": schema()}
WEB = {"type": "web_search", "external_web_access": True, "search_content_types": ["text", "image"]}
FUNCTIONS = {"type": "namespace", "name": "functions", "description": "", "tools": [
    {"type": "custom", "name": "exec", "description": words(13_000), "format": {
        "type": "grammar", "syntax": "lark", "definition": "\nstart: /(.|\\n)+/\n"}},
    flat_tool("wait", strict=False)]}  # fmt: skip


def call(arguments: str = '{"path":"note.txt"}', name: str = "read", call_id: str = "call_s1", **more: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments, **more}}


def turn(content: Any = None, call_id: str = "call_s1", **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": [call(call_id=call_id)], **more}


def result(content: Any = "Door 7.\n", call_id: str = "call_s1", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def system(length: int = LONG) -> dict[str, Any]:
    return {"role": "system", "content": words(length)}


def user(*lengths: int) -> dict[str, Any]:
    if not lengths:
        return {"role": "user", "content": words(60)}
    return {"role": "user", "content": [{"type": "text", "text": words(length)} for length in lengths]}


def item(role: str, *lengths: int, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": words(n)} for n in lengths], **more}


def past(kind: str = "function_call", **more: Any) -> list[dict[str, Any]]:
    """A call and its output, as items."""
    made = {"type": kind, "id": "x_s1", "status": "completed", "call_id": "call_s1", "name": "read", **more}
    if kind == "function_call":
        made.setdefault("arguments", '{"path": "note.txt"}')
    return [made, {"type": f"{kind}_output", "id": "o_1", "call_id": "call_s1", "output": "Exit code: 0\nDoor 7.\n"}]


@dataclass(frozen=True)
class Agent:
    """An agent's requests.

    Attributes:
        id: The agent, and its API.
        path: The endpoint.
        fields: Fields beside the conversation and the tools.
        start: Messages or items of the first request; of the second too.
        back: Messages or items that the second request adds.
        tools: The tools.
        called: The call that the model makes: the name that the model knows, and the arguments.
        gets: The call that the agent needs: members of the item, or name and arguments in a chat.
    """

    id: str
    path: str
    fields: dict[str, Any]
    start: list[dict[str, Any]]
    back: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    called: tuple[str, Any] = ("read", {"path": "note.txt"})
    gets: dict[str, Any] = field(default_factory=lambda: {"name": "read", "arguments": {"path": "note.txt"}})


CODEX = {
    "stream": True, "tool_choice": "auto", "parallel_tool_calls": True, "store": False, "prompt_cache_key": "k" * 36,
    "include": ["reasoning.encrypted_content"],
    "client_metadata": {"turn": "t" * 36, "about": words(770)},
}  # fmt: skip
PLAIN_CODEX = {**CODEX, "reasoning": {"summary": "auto"}}
CODEX_START = [
    item("developer", LONG, id="msg_1"),
    item("developer", 4700, 362, id="msg_2"),
    item("user", 393),
    item("user", 40),
]
CODEX_TOOLS = [flat_tool(strict=False), HELPERS, WEB]
CUSTOM_TOOLS = [flat_tool(strict=False), PATCH, SEARCH, WEB]
PATCHED = "*** Begin\n+hello\n*** End"
LATE_TOOLS = {"type": "additional_tools", "id": "at_1", "role": "developer", "tools": [FUNCTIONS]}
EASY = {"role": "user", "content": words(30)}

AGENTS = [
    Agent("a coding agent, streamed", CHAT, {"stream": True, "tool_choice": "auto", **USAGE}, [system(), user()],
          [turn(), result('[{"result": "Door 7."}]')], [chat_tool(), chat_tool("run", ODD)]),
    Agent("limits, empty content", CHAT, {"stream": True, "max_tokens": 4096, "tool_choice": "auto", **USAGE}, [system(), user()],
          [turn(""), result()], [chat_tool(), chat_tool("run", ODD)]),
    Agent("penalties, a null refusal", CHAT, {"stream": True, "temperature": 0, "top_p": 0.95, "frequency_penalty": 0,
          "presence_penalty": 0, **USAGE}, [system(), user(900)], [turn(refusal=None), result()], [chat_tool()]),
    Agent("several system messages of parts, no content", CHAT, {"stream": True, "temperature": 0.0, "top_p": 0.1, **USAGE},
          [{**user(9000), "role": "system"}, {**user(50), "role": "system"}, user(40)],
          [{"role": "assistant", "tool_calls": [call()]}, result([{"type": "text", "text": "Ran. Door 7."}])], [chat_tool()]),
    Agent("a name beside the result, a server's own options", CHAT, {"stream": True, "max_tokens": 65536,
          "options": {"num_ctx": 128000}, **USAGE}, [system(), user()], [turn(""), result(name="read")], [chat_tool()]),
    Agent("messages after the result, rewritten ids", CHAT, {"stream": True, "tool_choice": "auto",
          "max_completion_tokens": 4096, **USAGE}, [system(), user(), user(300)],
          [turn(call_id="calls1"), result(call_id="calls1"), user(300)], [chat_tool()]),
    Agent("five parts, a tool named like a marker", CHAT, {"stream": True, "max_tokens": 32000, **USAGE},
          [system(), user(300, 300, 300, 300, 40)], [turn(), result([{"type": "text", "text": "Door 7."}])],
          [chat_tool(), chat_tool("tool_call"), chat_tool("nothing", None)]),
    Agent("store false, a prompt with markup", CHAT, {"stream": True, "store": False, "max_completion_tokens": 16384, **USAGE},
          [{"role": "system", "content": f"<tools>\n{words(500)}\n</tools>"}, user(60)], [turn(), result()], [chat_tool()]),
    Agent("other ids", CHAT, {"stream": True, "max_tokens": 1000}, [system(), user()],
          [turn("", "toolu_1"), result(call_id="toolu_1", name="read")], [chat_tool()]),
    Agent("errors as messages of the user", CHAT, {}, [system(90), user()],
          [turn(), result('{\n  "returncode": 0, "output": "Door 7."}'), user(300), user(300)], [chat_tool()]),
    Agent("a JavaScript client's strict tools", CHAT, {}, [{"role": "developer", "content": "Be brief."}, user()],
          [turn(), result()], [chat_tool(strict=True)]),
    Agent("a JavaScript client's parsed messages", CHAT, {"stream": True, **USAGE},
          [{"role": "developer", "content": "Be brief."}, user()],
          [{"role": "assistant", "content": "", "refusal": None, "parsed": None,
            "tool_calls": [call(parsed_arguments={"path": "note.txt"})]}, result()], [chat_tool(strict=True)]),
    Agent("a server in an easy way", CHAT, {"stream": False}, [user()], [turn(""), result(name="read")], [chat_tool()]),
    Agent("plain Codex", RESPONSES, PLAIN_CODEX, CODEX_START, past(), CODEX_TOOLS),
    Agent("Codex, a call in a namespace", RESPONSES, PLAIN_CODEX, CODEX_START,
          past(name="close", namespace="helpers_v1"), CODEX_TOOLS, ("helpers_v1__close", {"path": "x"}),
          {"type": "function_call", "name": "close", "namespace": "helpers_v1", "arguments": {"path": "x"}}),
    Agent("Codex, a custom call", RESPONSES, {**CODEX, "reasoning": {"effort": "medium"}, "text": {"verbosity": "low"}}, CODEX_START,
          past("custom_tool_call", name="patch", input=PATCHED), CUSTOM_TOOLS, ("patch", {"input": PATCHED}),
          {"type": "custom_tool_call", "name": "patch", "input": PATCHED}),
    Agent("Codex, a search for tools", RESPONSES, CODEX, CODEX_START, [
          {"type": "tool_search_call", "call_id": "call_s1", "execution": "client", "status": "completed", "arguments": {"path": "x"}},
          {"type": "tool_search_output", "call_id": "call_s1", "execution": "client", "status": "completed", "tools": [HELPERS]}],
          CUSTOM_TOOLS, ("tool_search", {"path": "x"}),
          {"type": "tool_search_call", "execution": "client", "arguments": {"path": "x"}}),
    Agent("Codex, tools in the input", RESPONSES, {**CODEX, "parallel_tool_calls": False,
          "reasoning": {"effort": "low", "context": "all_turns"}}, [LATE_TOOLS, *CODEX_START],
          past("custom_tool_call", name="exec", namespace="functions", input="text(1)"), [],
          ("functions__exec", {"input": "text(1)"}),
          {"type": "custom_tool_call", "name": "exec", "namespace": "functions", "input": "text(1)"}),
    Agent("instructions, no choice", RESPONSES, {"stream": True, "store": False, "parallel_tool_calls": True,
          "instructions": words(LONG), "reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"],
          "prompt_cache_key": "k" * 20}, [item("user", 900)], past(), [flat_tool(strict=False), flat_tool("run", ODD, strict=False)]),
    Agent("messages without a type, tools without strict", RESPONSES, {"stream": True, "store": False,
          "max_output_tokens": 16384, "prompt_cache_key": "k" * 30}, [{"role": "system", "content": words(900)}, item("user", 60)],
          [{"type": "function_call", "id": "fc_s1", "call_id": "call_s1", "name": "read", "arguments": '{"path":"note.txt"}'},
           {"type": "function_call_output", "call_id": "call_s1", "output": "Door 7.\n"}], [flat_tool()]),
    Agent("a script, whole", RESPONSES, {"store": False}, [EASY], past(parsed_arguments={"path": "note.txt"}),
          [flat_tool(strict=True)]),
    Agent("an agents library, empty include and text", RESPONSES, {"stream": True, "include": [], "text": {}}, [EASY],
          [past()[0], {**past()[1], "status": "completed"}], [flat_tool(strict=True)]),
]  # fmt: skip


def exchanged(agent: Agent, said: str, added: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Send a request of an agent's. Returns the body of the answer and the request that upstream got."""
    place = "messages" if agent.path == CHAT else "input"
    body = {
        "model": "scripted",
        **agent.fields,
        place: [*agent.start, *added],
        **({"tools": agent.tools} if agent.tools else {}),
    }
    stream = bool(agent.fields.get("stream"))
    pieces = [said[at : at + 7] for at in range(0, len(said), 7)]
    transport = sync_transport(httpx.HTTPTransport(), on_builtin="leave_out")
    reply = streamed(*pieces) if stream else completion(said)
    with Upstream(reply) as upstream, httpx.Client(transport=transport, timeout=20) as client:
        answer = client.post(upstream.url + agent.path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.text, upstream.bodies[0]


def in_chat(agent: Agent, text: str) -> tuple[str, str, list[dict[str, Any]]]:
    """Check the shape of a chat answer. Returns the reason of its end, the content and the calls."""
    if not agent.fields.get("stream"):
        [choice] = json.loads(text)["choices"]
        message = choice["message"]
        return choice["finish_reason"], message["content"] or "", [each["function"] for each in message.get("tool_calls", ())]
    assert text.endswith("data: [DONE]\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: {")]
    assert len({chunk["id"] for chunk in chunks}) == 1
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert choices[0]["delta"]["role"] == "assistant"
    assert [bool(chunk["choices"]) for chunk in chunks[-2:]] == (
        [True, False] if "stream_options" in agent.fields else [True, True]
    )
    calls: list[dict[str, Any]] = []
    for delta in (delta for choice in choices for delta in choice["delta"].get("tool_calls", ())):
        if "id" in delta:
            calls.append({"name": delta["function"]["name"], "arguments": ""})
        calls[delta["index"]]["arguments"] += delta["function"]["arguments"]
    reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    assert reasons == [choices[-1]["finish_reason"]]
    return reasons[0], "".join(choice["delta"].get("content") or "" for choice in choices), calls


def in_responses(agent: Agent, text: str) -> list[dict[str, Any]]:
    """Check the shape of a response. Returns the items."""
    if not agent.fields.get("stream"):
        response = json.loads(text)
    else:
        events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: {")]
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        assert events[-1]["type"] == "response.completed"
        response = events[-1]["response"]
        assert [event["item"] for event in events if event["type"] == "response.output_item.done"] == response["output"]
    assert response["usage"]["total_tokens"] == 15
    assert (response["status"], response["store"]) == ("completed", False)
    output: list[dict[str, Any]] = response["output"]
    return output


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.id)
def test_an_agent_gets_the_call_that_it_can_run(agent: Agent) -> None:
    name, arguments = agent.called
    said = f"I look.\n<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"
    text, sent = exchanged(agent, said, [])
    assert (
        sent.keys() & {"tools", "tool_choice", "parallel_tool_calls", "client_metadata", "prompt_cache_key", "include"} == set()
    )
    if agent.path == CHAT:
        reason, content, [made] = in_chat(agent, text)
        assert (reason, content) == ("tool_calls", "I look.")
    else:
        message, made = in_responses(agent, text)
        assert message["content"][0]["text"] == "I look."
        assert made["call_id"].startswith("call_")
    if isinstance(made.get("arguments"), str):
        made = {**made, "arguments": json.loads(made["arguments"])}
    assert {key: made[key] for key in agent.gets} == agent.gets
    assert made.get("namespace") == agent.gets.get("namespace")


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.id)
def test_an_agent_comes_back_with_the_result_and_gets_words(agent: Agent) -> None:
    text, sent = exchanged(agent, SAID, agent.back)
    if agent.path == CHAT:
        assert in_chat(agent, text) == ("stop", SAID, [])
    else:
        [message] = in_responses(agent, text)
        assert message["content"][0]["text"] == SAID
    read = "\n".join(json.dumps(message["content"]) for message in sent["messages"])
    assert agent.called[0] in read
    assert "Door 7" in read or "helpers_v1__start" in read


TITLES = [
    Agent("two questions in a row", CHAT, {"stream": True, "max_tokens": 4096, **USAGE}, [system(900), user(), user()], [], []),
    Agent("parts, whole", CHAT, {"temperature": 0.0}, [{**user(40), "role": "system"}, user(300)], [], []),
    Agent("turns of both", CHAT, {"stream": True, "temperature": 0},
          [system(), user(), {"role": "assistant", "content": "Ok."}, user()], [], []),
]  # fmt: skip


@pytest.mark.parametrize("agent", TITLES, ids=lambda agent: agent.id)
def test_an_agent_asks_for_a_title_without_tools(agent: Agent) -> None:
    text, _ = exchanged(agent, SAID, [])
    if agent.fields.get("stream"):
        assert "".join(json.loads(line[6:])["choices"][0]["delta"].get("content", "") for line in text.splitlines()
                       if '"delta": {"content"' in line) == SAID  # fmt: skip
    else:
        assert json.loads(text)["choices"][0]["message"]["content"] == SAID
