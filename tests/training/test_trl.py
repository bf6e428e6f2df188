"""The examples for TRL, run as scripts against stand-ins of the trainers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.test_verl import EXAMPLES, STAND_INS

pytest.importorskip("tokenizers", reason="part of the extra 'tokens'")


def run_example(name: str, completions: list[str] | None = None) -> list[str]:
    path = f"{STAND_INS}{os.pathsep}{Path(__file__).resolve().parents[2]}"
    environment = {**os.environ, "PYTHONPATH": path, "STAND_IN_COMPLETIONS": json.dumps(completions)}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_loss_is_of_calls_and_words() -> None:
    first, second = run_example("sft_trl.py")
    assert first.startswith(
        r"""learn 'I look it up.<tool_call>\n{"name": "get_current_weather", "arguments": {"location": "Singapore"}}\n</tool_call><|im_end|>' of """
    )
    assert second.startswith("learn 'It is fine in Singapore.<|im_end|>' of ")
    assert int(first.split()[-2]) > 300


def call(city: str) -> str:
    return f'<tool_call>\n{{"name": "get_current_weather", "arguments": {{"location": "{city}"}}}}\n</tool_call>'


def test_rewards_are_logged_by_their_parts() -> None:
    assert run_example("grpo_trl.py", [call("Singapore"), call("Lima"), "Hello."]) == [
        "rewards/tool_calls [1.0, 0.6, 1.0]",
        "rewards/tool_calls_format [1.0, 1.0, 1.0]",
        "rewards/tool_calls_selection [1.0, 1.0, 1.0]",
        "rewards/tool_calls_schema [1.0, 1.0, 1.0]",
        "rewards/tool_calls_arguments [1.0, 0.0, 1.0]",
    ]
    rewards = run_example("grpo_trl.py", ["It is sunny.", f"<think>\n{call('Oslo')}\n</think>\n\nNo.", call("Oslo")])
    assert {line.partition(" ")[2] for line in rewards} == {"[0.0, 0.0, 0.0]"}
