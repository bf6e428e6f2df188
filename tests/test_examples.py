"""Each example, run as a script of its own against a text-only server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.loopback import Upstream, completion

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
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


def test_getting_started_without_a_call() -> None:
    with Upstream(completion("Hello.")) as upstream:
        printed = run_example("getting_started.py", upstream)
    assert printed == "No weather tool call needed. Direct reply: Hello.\n"


def test_every_example_is_run_here() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in tested] == []
