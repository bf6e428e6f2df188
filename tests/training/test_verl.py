"""verl's tool parser: the calls of sampled tokens, and none inside thinking, in every dialect."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from adapter.dialects.registry import load, names
from adapter.errors import AdapterError, DialectError, TokenizerError
from adapter.training import verl
from tests.facts.tools import TOOLS

STAND_INS = Path(__file__).parent / "stand_ins"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "training"
EOS, PAD = 1, 0


class Characters:
    """A tokenizer of single characters, with two tokens of its own."""

    eos_token_id, pad_token_id = EOS, PAD

    def ids(self, text: str) -> list[int]:
        return [ord(character) + 2 for character in text]

    def decode(self, ids: list[int], *, skip_special_tokens: bool) -> str:
        assert not skip_special_tokens
        return "".join("<eos>" if one == EOS else "<pad>" if one == PAD else chr(one - 2) for one in ids)


@pytest.fixture
def parsers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in of verl's registry."""
    monkeypatch.syspath_prepend(str(STAND_INS))
    for name in [name for name in sys.modules if name.partition(".")[0] == "verl"]:
        monkeypatch.delitem(sys.modules, name)
    from verl.experimental.agent_loop.tool_parser import ToolParser  # type: ignore[import-not-found, unused-ignore]

    return ToolParser


def read(parsers: Any, name: str, text: str, tools: Any = TOOLS) -> tuple[str, list[tuple[str, Any]]]:
    tokenizer = Characters()
    found = asyncio.run(
        parsers.get_tool_parser(name, tokenizer).extract_tool_calls([*tokenizer.ids(text), EOS, PAD, PAD], tools)
    )
    return found[0], [(call.name, json.loads(call.arguments)) for call in found[1]]


PARIS = ("get_weather", {"city": "Paris"})
ROME = ("get_weather", {"city": "Rome"})


@pytest.mark.parametrize("name", names())
def test_calls_in_every_dialect(parsers: Any, name: str) -> None:
    verl.register("ours", dialect=name)
    dialect = load(name)
    calls = [dialect.tool_call(*PARIS), dialect.tool_call(*ROME)]
    words, found = read(parsers, "ours", dialect.assistant("Let me see.", calls))
    assert found == [PARIS, ROME]
    assert words == ("Let me see." if "Let me see." in dialect.assistant("Let me see.", calls) else "")


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "cut off"])
@pytest.mark.parametrize("prefilled", [False, True], ids=["written", "prefilled"])
@pytest.mark.parametrize("name", [name for name in names() if load(name).reasoning])
def test_calls_inside_thinking_are_none(parsers: Any, name: str, prefilled: bool, closed: bool) -> None:
    verl.register("ours", dialect=name, thinking_prefilled=prefilled)
    dialect = load(name)
    opening, closing = dialect.reasoning or ("", "")
    rehearsed = dialect.assistant("", [dialect.tool_call(*ROME)])
    written = dialect.assistant("", [dialect.tool_call(*PARIS)])
    thought = f"{'' if prefilled else opening}\nMaybe\n{rehearsed}\n"
    words, found = read(parsers, "ours", f"{thought}{closing}\n\n{written}" if closed else thought)
    assert (words, found) == ("", [PARIS] if closed else [])


@pytest.mark.parametrize("name", ["gpt-oss", "muse"])
def test_calls_in_a_channel_of_thoughts_are_none(parsers: Any, name: str) -> None:
    verl.register("ours", dialect=name)
    dialect = load(name)
    thought = {
        "gpt-oss": '<|channel|>analysis<|message|>Maybe functions.get_weather {"city": "Rome"}<|end|><|start|>assistant',
        "muse": "<|start|>assistant to=analysis<|message|>Maybe get_weather<|eom|>",
    }[name]
    written = dialect.assistant("", [dialect.tool_call(*PARIS)]).removeprefix("<|start|>assistant" if name == "gpt-oss" else "")
    assert read(parsers, "ours", thought + written)[1] == [PARIS]


def test_the_option_decides_otherwise(parsers: Any) -> None:
    verl.register("ours", dialect="hermes", calls_in_thinking=True)
    dialect = load("hermes")
    assert read(parsers, "ours", f"<think>Maybe {dialect.tool_call(*ROME)}")[1] == [ROME]


class Function(BaseModel):
    name: str
    description: str | None = None
    parameters: dict[str, Any]
    strict: bool = False


class Schema(BaseModel):
    """A tool as verl has it: pydantic objects."""

    type: str
    function: Function


def test_tools_as_verl_has_them_give_raw_values_their_types(parsers: Any) -> None:
    verl.register("ours", dialect="qwen3-coder")
    parameters = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}
    tools = [Schema(type="function", function=Function(name="f", parameters=parameters))]
    text = (
        "<tool_call>\n<function=f>\n<parameter=n>\n3\n</parameter>\n<parameter=s>\n3\n</parameter>\n</function>\n</tool_call>"
    )
    assert read(parsers, "ours", text, tools)[1] == [("f", {"n": 3, "s": "3"})]
    assert read(parsers, "ours", text, None)[1] == [("f", {"n": "3", "s": "3"})]


def test_ids_of_the_model_are_passed_on_and_ours_are_not(parsers: Any) -> None:
    tokenizer = Characters()
    for name, expected in (("kimi-k2", "functions.get_weather:0"), ("hermes", None)):
        verl.register("ours", dialect=name)
        dialect = load(name)
        ids = tokenizer.ids(dialect.assistant("", [dialect.tool_call(*PARIS)]))
        _, (call,) = asyncio.run(parsers.get_tool_parser("ours", tokenizer).extract_tool_calls(ids, TOOLS))
        assert call.tool_call_id == expected


def test_a_broken_call_is_read_and_told(parsers: Any, caplog: pytest.LogCaptureFixture) -> None:
    verl.register("ours", dialect="hermes")
    with caplog.at_level("INFO", logger="adapter.training"):
        found = read(parsers, "ours", "<tool_call>\n{'name': 'get_weather', 'arguments': {'city': 'Paris'}\n</tool_call>")
    assert found == ("", [PARIS])
    assert caplog.messages == ["repaired: the JSON of a call was repaired"]


def test_mistakes_are_told_at_once(parsers: Any) -> None:
    with pytest.raises(DialectError, match="no dialect 'hermess'"):
        verl.register(dialect="hermess")
    with pytest.raises(TypeError, match="'retries' changes nothing here"):
        verl.register(retries=2)  # type: ignore[call-arg]

    class Useless:
        def decode(self, ids: list[int], *, skip_special_tokens: bool) -> None:
            return None

    with pytest.raises(TokenizerError, match=r"Useless\.decode gives NoneType, and no text"):
        verl.read_response([5], Useless())


def test_without_verl(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "verl"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "verl", None)
    with pytest.raises(AdapterError, match=r"verl's tool parsers cannot be imported .*: install verl"):
        verl.register()


def test_the_example_is_found_by_verl() -> None:
    """verl's workers import the module that the environment names."""
    script = "import verl\nfrom verl.experimental.agent_loop.tool_parser import ToolParser\nprint(sorted(ToolParser._registry))"
    environment = {
        **os.environ,
        "PYTHONPATH": f"{STAND_INS}{os.pathsep}{EXAMPLES}{os.pathsep}{Path.cwd()}",
        "VERL_USE_EXTERNAL_MODULES": "verl_tools",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("['adapter-hermes', 'adapter-qwen3-thinking']\n", "")
