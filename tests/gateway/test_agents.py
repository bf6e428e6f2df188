"""The requests of real agents, through the gateway: the same table as for the library, and the calls come back (behaviour 9.1)."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import Upstream, completion, streamed
from tests.wire.test_agents import AGENTS, CHAT, SAID, Agent, in_chat, in_responses


def body_of(agent: Agent, added: list[dict[str, Any]]) -> dict[str, Any]:
    place = "messages" if agent.path == CHAT else "input"
    tools = {"tools": agent.tools} if agent.tools else {}
    return {"model": "scripted", **agent.fields, place: [*agent.start, *added], **tools}


def test_every_agent_gets_its_call_and_then_its_words() -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url, store="none") as url, httpx.Client(timeout=LIMIT) as client:
        for agent in AGENTS:
            name, arguments = agent.called
            called = f"I look.\n<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"
            for said, added in ((called, []), (SAID, agent.back)):
                pieces = [said[at : at + 7] for at in range(0, len(said), 7)]
                script.reply = streamed(*pieces) if agent.fields.get("stream") else completion(said)
                answer = client.post(url + agent.path, json=body_of(agent, added))
                assert answer.status_code == 200, (agent.id, answer.text)
                if agent.path == CHAT:
                    reason, _, calls = in_chat(agent, answer.text)
                    assert (reason, len(calls)) == (("tool_calls", 1) if said == called else ("stop", 0)), agent.id
                else:
                    items = in_responses(agent, answer.text)
                    wanted = agent.gets.get("type", "function_call") if said == called else "message"
                    assert items[-1]["type"] == wanted, agent.id
                assert not {"tools", "client_metadata", "include"} & upstream.bodies[-1].keys(), agent.id
