"""smolagents: a `ToolCallingAgent` whose `OpenAIModel` has an HTTP client with our transport.

It writes the calls and their results into its messages as text of its own, and ends with a call of its tool `final_answer`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

import adapter.transport
from tests.frameworks.support import ANSWER, MODEL, QUESTION, RESULT, call_text, check_text_only, script, text_of
from tests.support.loopback import Upstream

smolagents = pytest.importorskip("smolagents", reason="smolagents[openai] is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(script(then=call_text("final_answer", answer=ANSWER), result=RESULT)) as server:
        yield server


@pytest.fixture
def model(upstream: Upstream) -> Iterator[Any]:
    http = importlib.import_module("httpx2")
    with http.Client(transport=adapter.transport.sync_transport(http.HTTPTransport())) as client:
        yield smolagents.OpenAIModel(MODEL, api_base=upstream.url, api_key="key", client_kwargs={"http_client": client})


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_run(stream: bool, model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    agent = smolagents.ToolCallingAgent(
        tools=[smolagents.tool(get_weather)], model=model, stream_outputs=stream, max_steps=3, verbosity_level=0
    )
    assert agent.run(QUESTION) == ANSWER
    assert cities == ["Paris"]
    check_text_only(upstream, requests=2, stream=stream)
    first, second = (body["messages"] for body in upstream.bodies)
    assert '{"type": "function", "function": {"name": "get_weather"' in text_of(first[0])
    assert RESULT in text_of(second[-1])
