"""What the model reads, byte for byte as native tool use would have rendered it.

The reference renderings were made with the official chat templates. They are no part of the distribution: where they are not
beside the checkout, these tests are skipped. A conversation with tools goes through the dialect and then through our chat template,
as it does for a raw completion.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import adapter
from adapter.prompt.chat_template import load_chat_template

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "rendered"
REFERENCE = Path(os.environ.get("ADAPTER_REFERENCE", _BESIDE))

# The file, the dialect, the chat template. Without a dialect only the cases without tools are looked at.
FILES = {
    "qwen2.5": ("qwen2.5", "qwen2.5"),
    "qwen3": ("hermes", "qwen3"),
    "qwen3-instruct-2507": ("hermes", "chatml"),
    "qwen3-vl": ("hermes", "chatml"),
    "qwen3-omni": ("qwen3-omni", "qwen3"),
    "hermes-3": ("hermes-3", "hermes-3"),
    "granite-4.0": ("granite-4", "granite-4"),
    "deepseek-v3.1": ("deepseek-v3.1", "deepseek-v3.1"),
    "glm-4.5": ("glm-4.5", "glm-4.5"),
    "glm-4.7": ("glm-4.7", "glm-4.7"),
    "kimi-k2": ("kimi-k2", "kimi-k2"),
    "kimi-k2.5": ("kimi-k2.5-json", "kimi-k2.5"),
    "kimi-k2.5 ts": ("kimi-k2.5", "kimi-k2.5"),
    "llama-3.1": (None, "llama-3.1"),
    "minimax-m2": (None, "minimax-m2"),
    "mistral-common-v3-spm": (None, "mistral-v3"),
    "mistral-common-v3-tekken": (None, "mistral-v3-tekken"),
    "mistral-nemo": (None, "mistral-v3-tekken"),
    "mistral-common-v7-tekken": (None, "mistral-v7"),
    "mistral-common-v11": (None, "mistral-v7"),
    "mistral-common-v13": (None, "mistral-v7"),
    "qwen3-coder": (None, "chatml"),
}


def cases() -> list[Any]:
    if not REFERENCE.is_dir():
        reason = f"the reference renderings are not in {_BESIDE} (set ADAPTER_REFERENCE to their folder)"
        return [pytest.param(name, {}, id=name, marks=pytest.mark.skip(reason=reason)) for name in FILES]
    found = []
    for name, (dialect, _) in FILES.items():
        file, _, form = name.partition(" ")
        data = json.loads((REFERENCE / f"{file}.json").read_text(encoding="utf-8"))
        # The official template of Hermes 3 fails without tools; its cases then say how, and hold no rendering.
        fit = [case for case in data["cases"] if "rendered" in case and (dialect or not case["tools"])]
        fit = [case for case in fit if case["name"].endswith("__ts") == (form == "ts")]
        found += [pytest.param(name, case, id=f"{name} {case['name']}") for case in fit]
    return found


def on_the_wire(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The case's messages as an OpenAI client sends them: arguments as JSON text."""
    wire = json.loads(json.dumps(messages))
    for message in wire:
        for call in message.get("tool_calls") or ():
            given = call["function"]["arguments"]
            call["function"]["arguments"] = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return wire  # type: ignore[no-any-return]  # what json.loads returns has no type


@pytest.mark.parametrize(("name", "case"), cases())
def test_equal_to_the_official_template(name: str, case: dict[str, Any]) -> None:
    dialect, template = FILES[name]
    plain = adapter.render(on_the_wire(case["messages"]), case["tools"] or [], dialect=dialect or "hermes")
    variables = {key: value for key, value in case["kwargs"].items() if key not in {"bos_token", "eos_token"}}
    assert load_chat_template(template).render(plain, now=0, **variables) == case["rendered"]
