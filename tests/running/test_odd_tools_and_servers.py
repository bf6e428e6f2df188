"""Functions that are no plain functions, servers that do not keep to the request, MCP servers that end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.running.mcp import mcp_tools
from tests.running.plays import Way, both_kinds, every_way, native, play
from tests.support.loopback import completion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ASYNC = Way(asynchronous=True, stream=False, wrapped=False)
SYNC = Way(asynchronous=False, stream=False, wrapped=False)


def look(city: str) -> str:
    """Look."""
    return f"Rain in {city}."


@pytest.mark.parametrize("function", [max, min, dict.fromkeys, iter], ids=lambda function: function.__name__)
def test_a_function_whose_parameters_python_does_not_know(function: Any) -> None:
    with pytest.raises(TypeError, match=r"tool '\w+': .*(Python knows no parameters|no type hint|cannot be given by name)"):
        adapter.tool(function)


@pytest.mark.parametrize("function", [max, getattr], ids=lambda function: function.__name__)
def test_such_a_function_beside_a_definition(function: Any) -> None:
    """The error's advice has to help, so it does not name a definition."""
    definition = {"type": "function", "function": {"name": "best", "parameters": {"type": "object", "properties": {"of": {}}}}}
    for given in ([(definition, function)], [function]):
        with pytest.raises(
            TypeError, match=r"Python knows no parameters of .*; write a function with named parameters"
        ) as caught:
            play(SYNC, ["x"], given)
        assert "definition" not in str(caught.value)


async def counted(most: int) -> AsyncIterator[int]:
    """Count."""
    for number in range(most):
        yield number


def test_an_asynchronous_generator_is_a_list() -> None:
    tool = adapter.tool(counted)
    assert tool.is_async
    found = play(ASYNC, [[("counted", {"most": 3})], "Done."], [tool])
    assert found.replies == ["[0,1,2]"]
    with pytest.raises(TypeError, match="tool 'counted' is async"):
        play(SYNC, ["x"], [tool])


async def endless() -> AsyncIterator[int]:
    """Never end."""
    while True:
        await asyncio.sleep(0)
        yield 1


def test_an_asynchronous_generator_without_an_end_is_cancelled_at_its_limit() -> None:
    found = play(ASYNC, [[("endless", {})], "Done."], [adapter.tool(timeout=0.05)(endless)])
    assert found.outcomes == ["timed_out"]


def hidden() -> Any:
    """Return an asynchronous generator, undeclared."""
    return counted(2)


def test_an_asynchronous_generator_that_nobody_announced() -> None:
    assert play(ASYNC, [[("hidden", {})], "Done."], [hidden]).replies == ["[0,1]"]
    assert play(SYNC, [[("hidden", {})], "Done."], [hidden]).replies == ["Error: hidden failed (TypeError)."]


@both_kinds
@pytest.mark.parametrize("choice", ["none", {"type": "none"}], ids=str)
def test_no_call_runs_where_the_choice_is_none(way: Way, choice: Any) -> None:
    found = play(way, [[("look", {"city": "Oslo"})], "It rains."], [look], tool_choice=choice)
    assert found.outcomes == ["refused"]
    assert found.replies == ["Error: look was not run: no tool may be called now. Answer in words."]
    assert found.result.answer == "It rains."
    assert all(body["tool_choice"] == choice for body in found.bodies)


@every_way
def test_a_server_that_answers_a_stream_whole(way: Way) -> None:
    found = play(way, [completion("Fine.")], [])
    assert found.result.answer == "Fine."
    assert "".join(event.message for event in found.events if event.kind == "text") == ("Fine." if way.stream else "")
    asked_again = way.stream and len(found.bodies) == 2
    assert asked_again == any("without one" in event.message for event in found.events if event.kind == "note")


class Session:
    """A session of an MCP server with a single tool."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def list_tools(self) -> Any:
        return Plain(tools=[{"name": "shoot", "inputSchema": {"type": "object", "properties": {}}}])

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return Plain(content=self._answer)


class Plain:
    """A value as the package `mcp` has it."""

    def __init__(self, **members: Any) -> None:
        self._members = members

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return self._members


ClosedResourceError = type("ClosedResourceError", (Exception,), {})
McpError = type("McpError", (Exception,), {})
GONE = "Error: shoot was not answered: the MCP server is gone, and its tools cannot be used any more"
FAULTS = [
    pytest.param(ClosedResourceError(), GONE, id="mcp 1"),
    pytest.param(McpError("Connection closed"), GONE, id="while a call runs"),
    pytest.param(McpError("no such tool"), "Error: shoot failed (McpError).", id="another error"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("error", "reply"), FAULTS)
def test_an_mcp_server_that_is_gone(stream: bool, error: Exception, reply: str) -> None:
    way = Way(asynchronous=True, stream=stream, wrapped=True)
    tools = asyncio.run(mcp_tools(Session(error), reads=["shoot"]))
    found = play(way, [[("shoot", {})], [("shoot", {})], "Sorry."], tools)
    assert found.replies[0] == reply
    assert found.outcomes == ["failed", "failed"]


def test_images_that_the_model_does_not_see_are_told() -> None:
    image = {"type": "image", "data": "QUJD", "mimeType": "image/png"}
    parts = [{"type": "text", "text": "Two."}, image, image, {"type": "resource", "resource": {"uri": "f:a", "blob": "QUJD"}}]
    tools = asyncio.run(mcp_tools(Session(parts), reads=["shoot"]))
    found = play(ASYNC, [native([("shoot", {})], 0), "Done."], tools)
    notes = [event.message for event in found.events if event.kind == "note"]
    assert notes == [
        "The result of shoot has parts that the model does not see, only a note on each: 2 of the kind 'image', "
        "1 of the kind 'resource'."
    ]
