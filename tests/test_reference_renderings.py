"""What the model reads, byte for byte as native tool use would have rendered it.

The reference renderings were made with the official chat templates. They are no part of the distribution: where they are not
beside the checkout, these tests are skipped.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import adapter
from tests.chatml import render_chatml

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "rendered"
REFERENCE = Path(os.environ.get("ADAPTER_REFERENCE", _BESIDE))

FILES = {
    "qwen2.5": ("qwen2.5", "qwen2.5"),
    "qwen3": ("hermes", "qwen3"),
    "qwen3-instruct-2507": ("hermes", "instruct"),
    "qwen3-vl": ("hermes", "instruct"),
    "qwen3-omni": ("qwen3-omni", "omni"),
}


def cases() -> list[Any]:
    if not REFERENCE.is_dir():
        reason = f"the reference renderings are not in {_BESIDE} (set ADAPTER_REFERENCE to their folder)"
        return [pytest.param(name, {}, id=name, marks=pytest.mark.skip(reason=reason)) for name in FILES]
    found = []
    for name in FILES:
        data = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
        found += [pytest.param(name, case, id=f"{name} {case['name']}") for case in data["cases"]]
    return found


def on_the_wire(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The case's messages as an OpenAI client sends them: arguments as JSON text."""
    wire = json.loads(json.dumps(messages))
    for message in wire:
        for call in message.get("tool_calls") or ():
            call["function"]["arguments"] = json.dumps(call["function"]["arguments"], ensure_ascii=False)
    return wire  # type: ignore[no-any-return]  # what json.loads returns has no type


@pytest.mark.parametrize(("name", "case"), cases())
def test_equal_to_the_official_template(name: str, case: dict[str, Any]) -> None:
    dialect, family = FILES[name]
    plain = adapter.render(on_the_wire(case["messages"]), case["tools"] or [], dialect=dialect)
    assert render_chatml(plain, family, case["kwargs"]) == case["rendered"]
