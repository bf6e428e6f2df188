"""A real model calls a function, and answers with its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from tests.running.plays import check_history
from tests.running.test_responses import check_items

if TYPE_CHECKING:
    from adapter.demo.engine import Engine


def get_current_weather(location: str) -> str:
    """Useful when you want to check the weather for a specific city.

    Args:
        location: City or county, such as Singapore or New York.
    """
    return f"{location} is sunny today, 31 degrees."


@pytest.mark.engine
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("api", "limit", "check"), [("chat", "max_tokens", check_history), ("responses", "max_output_tokens", check_items)]
)
def test_a_real_model_calls_and_answers(engine: Engine, api: Any, limit: str, check: Any, stream: bool) -> None:
    limits: dict[str, Any] = {limit: 100}
    with OpenAI(base_url=engine.base_url, api_key=engine.api_key) as client:
        small = adapter.wrap(client, server="llama.cpp", profile="small")
        run = adapter.run_tools(
            small, "What's the weather in Singapore?", [get_current_weather], model="m", api=api, stream=stream, max_turns=4,
            tool_choice="required", temperature=0, **limits,
        )  # fmt: skip
    assert [(call.name, call.outcome) for call in run.calls[:1]] == [("get_current_weather", "finished")]
    assert run.calls[0].result.startswith("Singapore")
    assert run.stopped == "answered"
    assert run.answer
    check(run.messages)
