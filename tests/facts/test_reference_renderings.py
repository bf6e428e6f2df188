"""What the model reads, byte for byte as native tool use would have rendered it.

The reference renderings were made with the official chat templates. They are no part of the distribution: where they are not
beside the checkout, these tests are skipped. A conversation with tools goes through the dialect and then through our chat template,
as it does for a raw completion.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import adapter
from adapter.dialects.registry import load
from adapter.options import Options
from adapter.prompt.chat_template import load_chat_template
from adapter.prompt.conversation import to_plain_messages
from adapter.tools.choice import read_choice
from adapter.tools.definitions import read_tools
from adapter.tools.message_tools import with_those_of

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "rendered"
NOON = datetime(2026, 11, 23, 12).timestamp()  # of the day the references were made
REFERENCE = Path(os.environ.get("ADAPTER_REFERENCE", _BESIDE))
ABSENT = "the official templates' renderings are no part of the distribution: set ADAPTER_REFERENCE to a folder that has them"

# The file, the dialect, the chat template. Without a dialect only the cases without tools are looked at.
FILES = {
    "qwen2.5": ("qwen2.5", "qwen2.5"),
    "qwen3": ("hermes", "qwen3"),
    "qwen3-instruct-2507": ("hermes", "chatml"),
    "qwen3-vl": ("hermes", "chatml"),
    "qwen3-omni": ("qwen3-omni", "qwen3"),
    "hermes-3": ("hermes-3", "hermes-3"),
    "gpt-oss": ("gpt-oss", "gpt-oss"),
    "granite-4.0": ("granite-4", "granite-4"),
    "deepseek-v3.1": ("deepseek-v3.1", "deepseek-v3.1"),
    "deepseek-v3.2": ("deepseek-v3.2", "deepseek-v3.2"),
    "deepseek-v4": ("deepseek-v4", "deepseek-v4"),
    "deepseek-v4-fixtures": ("deepseek-v4", "deepseek-v4"),
    "deepseek-v4.1-fixtures": ("deepseek-v4.1", "deepseek-v4.1"),
    "glm-4.5": ("glm-4.5", "glm-4.5"),
    "glm-4.7": ("glm-4.7", "glm-4.7"),
    "kimi-k2": ("kimi-k2", "kimi-k2"),
    "kimi-k2.5": ("kimi-k2.5-json", "kimi-k2.5"),
    "kimi-k2.5 ts": ("kimi-k2.5", "kimi-k2.5"),
    "llama-3.1": ("llama-3.1", "llama-3.1"),
    "minimax-m2": ("minimax-m2", "minimax-m2"),
    "minimax-m3": ("minimax-m3", "minimax-m3"),
    "nemotron-3-nano": ("nemotron-3-nano", "nemotron-3-nano"),
    "qwen3.5": ("qwen3.5", "qwen3.5"),
    "qwen3.6": ("qwen3.6", "qwen3.5"),
    "mistral-common-v3-spm": ("mistral-v3", "mistral-v3"),
    "mistral-common-v3-tekken": ("mistral-v3", "mistral-v3-tekken"),
    "mistral-nemo": ("mistral-v3", "mistral-nemo"),
    "mistral-small-3.2": ("mistral-v11", "mistral-small-3.2"),
    "ministral-3": ("mistral-v13", "ministral-3"),
    "mistral-common-v7-tekken": ("mistral-v7", "mistral-v7"),
    "mistral-common-v11": ("mistral-v11", "mistral-v11"),
    "mistral-common-v13": ("mistral-v13", "mistral-v13"),
    "mistral-common-v15": ("mistral-v15", "mistral-v15"),
    "qwen3-coder": ("qwen3-coder", "chatml"),
}

# What plain messages cannot say, only the raw completion is equal in: the calls' own last line break, the role of results,
# tools beside a user's message.
RAW_ONLY = {
    "minimax-m2", "minimax-m3", "nemotron-3-nano", "deepseek-v3.2", "gpt-oss", "llama-3.1", "mistral-common-v3-spm", "mistral-common-v3-tekken",
    "mistral-common-v7-tekken", "mistral-common-v11", "mistral-common-v13", "mistral-common-v15", "mistral-nemo", "mistral-small-3.2",
    "ministral-3",
}  # fmt: skip
# A server that sees no tools leaves out the thoughts of earlier turns.
RAW_ONLY_THINKING = {"deepseek-v4", "deepseek-v4-fixtures", "deepseek-v4.1-fixtures"}


def cases() -> list[Any]:
    if not REFERENCE.is_dir():
        return [pytest.param(name, {}, id=name, marks=pytest.mark.skip(reason=ABSENT)) for name in FILES]
    found = []
    for name, (dialect, _) in FILES.items():
        file, _, form = name.partition(" ")
        data = json.loads((REFERENCE / f"{file}.json").read_text(encoding="utf-8"))
        # The official template of Hermes 3 fails without tools; its cases then say how, and hold no rendering.
        fit = [case for case in data["cases"] if "rendered" in case and (dialect or not case["tools"])]
        fit = [case for case in fit if case["name"].endswith("__ts") == (form == "ts")]
        found += [pytest.param(name, case, id=f"{name} {case['name']}") for case in fit]
    return found


def as_messages(name: str, case: dict[str, Any]) -> bool:
    """Whether the case is equal too when a server renders our plain messages."""
    tools = case["tools"] or any(message.get("tools") for message in case["messages"])
    thinks = case.get("kwargs", {}).get("thinking_mode") == "thinking" and tools
    return name not in RAW_ONLY and not (thinks and name in RAW_ONLY_THINKING)


def test_none_is_left_out() -> None:
    """Every canonical file, and in it every case that holds a rendering; the one other file is a warning to template writers."""
    if not REFERENCE.is_dir():
        pytest.skip(ABSENT)
    canonical = [path for path in REFERENCE.glob("*.json") if path.stem != "deepseek-v3.1-vllm-example"]
    rendered_in = {path: sum("rendered" in case for case in json.loads(path.read_text("utf-8"))["cases"]) for path in canonical}
    assert len(cases()) == sum(rendered_in.values())


def on_the_wire(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The case's messages as an OpenAI client sends them: arguments as JSON text."""
    wire = json.loads(json.dumps(messages))
    for message in wire:
        if message["role"] == "tool":
            message.setdefault("tool_call_id", "call_0")
        for place, call in enumerate(message.get("tool_calls") or ()):
            call.setdefault("id", f"call_{place}")
            given = call["function"]["arguments"]
            call["function"]["arguments"] = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return wire  # type: ignore[no-any-return]  # what json.loads returns has no type


@pytest.mark.parametrize(("name", "case"), cases())
def test_equal_to_the_official_template(name: str, case: dict[str, Any]) -> None:
    dialect, template = FILES[name]
    messages = on_the_wire(case["messages"])
    tools = with_those_of(messages, read_tools(case["tools"] or []))
    plain = to_plain_messages(
        messages,
        tools,
        read_choice(case.get("tool_choice"), tools.names),
        None,
        load(dialect or "hermes"),
        Options(),
    )
    assert rendered(template, plain, case) == case["rendered"]
    if as_messages(name, case):  # and when a server renders the messages
        plain = adapter.render(
            on_the_wire(case["messages"]), case["tools"] or [], dialect=dialect or "hermes", reasoning_field="keep"
        )
        assert rendered(template, plain, case) == case["rendered"]


def rendered(template: str, plain: list[dict[str, Any]], case: dict[str, Any]) -> str:
    variables = {key: value for key, value in case["kwargs"].items() if key not in {"bos_token", "eos_token"}}
    return load_chat_template(template).render(plain, now=NOON, **variables)


# Of the files that plain messages cannot all say: how many cases they do say.
PARTLY = {
    "deepseek-v3.2": 16, "deepseek-v4": 27, "deepseek-v4-fixtures": 3, "deepseek-v4.1-fixtures": 4, "gpt-oss": 4, "llama-3.1": 5,
    "minimax-m2": 8, "minimax-m3": 10, "ministral-3": 4, "mistral-common-v11": 4, "mistral-common-v13": 4, "mistral-common-v15": 4,
    "mistral-common-v3-spm": 4, "mistral-common-v3-tekken": 4, "mistral-common-v7-tekken": 4, "mistral-nemo": 4,
    "mistral-small-3.2": 4, "nemotron-3-nano": 10,
}  # fmt: skip


@pytest.mark.skipif(not REFERENCE.is_dir(), reason=ABSENT)
def test_how_many_are_equal_as_messages_where_not_all_are() -> None:
    """Those without tools and, of MiniMax M2, DeepSeek and Llama, some of those with tools."""
    assert set(PARTLY) == RAW_ONLY | RAW_ONLY_THINKING
    equal: Counter[str] = Counter()
    for name, case in (case.values for case in cases()):
        if name in PARTLY:
            dialect, template = FILES[name]
            plain = adapter.render(on_the_wire(case["messages"]), case["tools"] or [], dialect=dialect, reasoning_field="keep")
            equal[name] += shown_by(template, plain, case) == case["rendered"]
    assert equal == PARTLY


def shown_by(template: str, plain: list[dict[str, Any]], case: dict[str, Any]) -> str | None:
    """What a server makes of the messages; None where its template takes none such."""
    try:
        return rendered(template, plain, case)
    except (adapter.BadRequest, adapter.DialectError):
        return None
