"""`lint="warn"`: findings of a new list of tools are told once, through a client and through the gateway, and change nothing."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openai import OpenAI

import adapter
from adapter.exchange import learnt as remembered
from tests.gateway.test_tools_ignored import WIRES
from tests.linting.seeds import CITY, text, tool
from tests.support.gateway import LIMIT, running
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from adapter.events import Problem

WRONG = tool(unit=text("Either 'celsius' or 'kelvin'.", enum=["celsius", "fahrenheit"]))
EITHER = tool(id={"type": ["string", "integer"], "description": "The id of the city, as '17'."})
MANY = [tool(f"tool_{number}") for number in range(50)]  # the same description, fifty times
ASK: Any = [{"role": "user", "content": "Hi"}]
P05 = "error P05: tool 'get_weather': the description of 'unit' names 'kelvin', and the enum does not allow it; "


def told_by(*requests: tuple[str, list[Any]], **options: Any) -> tuple[list[Problem], list[Any]]:
    """The findings told of requests, each with a model's name and tools; and the bodies that went upstream."""
    told: list[Problem] = []
    with Upstream(completion("Hello.")) as upstream, OpenAI(base_url=upstream.url, api_key="none") as plain:
        client = adapter.wrap(plain, on_event=told.append, **options)
        for model, tools in requests:
            answer = client.chat.completions.create(model=model, messages=ASK, tools=tools)
            assert answer.choices[0].message.content == "Hello."
        return [problem for problem in told if problem.kind == "lint"], upstream.bodies


# Requests and options; then the rule of each finding told.
TOLD: dict[str, tuple[list[tuple[str, list[Any]]], dict[str, Any], list[str]]] = {
    "off by default": ([("m", [WRONG])], {}, []),
    "off": ([("m", [WRONG])], {"lint": "off"}, []),
    "a finding": ([("m", [WRONG])], {"lint": "warn"}, ["P05"]),
    "nothing to find": ([("m", [CITY])], {"lint": "warn"}, []),
    "the same list again": ([("m", [WRONG]), ("m", [WRONG])], {"lint": "warn"}, ["P05"]),
    "an equal list of other objects": ([("m", [WRONG]), ("m", json.loads(json.dumps([WRONG])))], {"lint": "warn"}, ["P05"]),
    "another list": ([("m", [WRONG]), ("m", [WRONG, tool("get_hour", "Tells the hour of a place, for plans.", city=text())])], {"lint": "warn"}, ["P05", "P05"]),
    "another model": ([("m", [WRONG]), ("n", [WRONG])], {"lint": "warn"}, ["P05", "P05"]),
    "what the dialect cannot hold": ([("m", [EITHER])], {"lint": "warn", "dialect": "qwen3-coder"}, ["D03"]),
    "a dialect that can": ([("m", [EITHER])], {"lint": "warn", "dialect": "hermes"}, []),
    "tools that go as they are": ([("m", [EITHER])], {"lint": "warn", "dialect": "qwen3-coder", "native": "always"}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_findings_are_told_once(name: str) -> None:
    requests, options, rules = TOLD[name]
    told, bodies = told_by(*requests, **options)
    assert [problem.message.split(":")[0].split()[1] for problem in told] == rules
    _, without = told_by(*requests, **{key: value for key, value in options.items() if key != "lint"})
    assert bodies == without


def test_a_finding_has_rule_tool_hint_and_text() -> None:
    [told], _ = told_by(("m", [WRONG]), lint="warn")
    assert told.message.startswith(P05)
    assert told.message.endswith("add the value, or take it out of the description")
    assert told.raw == "Either 'celsius' or 'kelvin'."


def test_many_findings_are_counted() -> None:
    told, _ = told_by(("m", MANY), lint="warn")
    whole = len(adapter.lint(MANY, "hermes"))
    assert len(told) == 41
    assert told[-1].message == f"{whole - 40} further findings in these tools: `adapter lint` shows all of them"


def test_lists_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_MOST_LISTS", 2)
    others = [tool(f"get_{number}", unit=WRONG["function"]["parameters"]["properties"]["unit"]) for number in range(2)]
    lists = [("m", [WRONG]), *(("m", [other]) for other in others), ("m", [others[1]]), ("m", [WRONG])]
    told, _ = told_by(*lists, lint="warn")
    assert [problem.message.split("'")[1] for problem in told] == ["get_weather", "get_0", "get_1", "get_weather"]


@pytest.mark.parametrize("compares", [False, True], ids=["at once", "a server that is asked first if it takes tools"])
@pytest.mark.parametrize("wire", [name for name in WIRES if name != "dashscope"])
def test_the_gateway_warns_once(wire: str, compares: bool, caplog: pytest.LogCaptureFixture) -> None:
    path, body = WIRES[wire]
    caplog.set_level(logging.WARNING, logger="adapter")
    options = {"lint": "warn", **({"native": "auto", "profile": "auto"} if compares else {})}
    with Upstream(completion("Hello.")) as upstream, running(upstream.url, options, ollama=True, compares=compares) as url:
        for _ in range(2):
            given = {"model": "m", "stream": False, **body, "tools": [without_words(one) for one in body["tools"]]}
            answer = httpx.post(url.removesuffix("/v1") + path, json=given, timeout=LIMIT)
            assert answer.status_code == 200, answer.text
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("lint: ")]
    assert [line for line in lines if "T01" in line] == [lines[0]]
    assert lines[0].startswith("lint: error T01: tool 'weather' has no description; ")
    assert len({*lines}) == len(lines)


def without_words(given: dict[str, Any]) -> dict[str, Any]:
    """A tool without its description."""
    inner = given.get("function")
    if inner:
        return {**given, "function": {key: value for key, value in inner.items() if key != "description"}}
    return {key: value for key, value in given.items() if key != "description"}
