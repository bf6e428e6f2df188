"""SGLang's detectors, out of its own wheel."""

from __future__ import annotations

import functools
import importlib
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmarks.peers.stubs import Finder
from benchmarks.workloads import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.reading import Piece


_HOME = "sglang.srt.function_call"
# Name in `--tool-call-parser` → module and class. SGLang's own table imports all of its server's protocol.
_DETECTORS = {
    "deepseekv3": "deepseekv3_detector.DeepSeekV3Detector",
    "deepseekv31": "deepseekv31_detector.DeepSeekV31Detector",
    "deepseekv32": "deepseekv32_detector.DeepSeekV32Detector",
    "deepseekv4": "deepseekv4_detector.DeepSeekV4Detector",
    "deepseekv41": "deepseekv41_detector.DeepSeekV41Detector",
    "gemma4": "gemma4_detector.Gemma4Detector",
    "glm45": "glm4_moe_detector.Glm4MoeDetector",
    "glm47": "glm47_moe_detector.Glm47MoeDetector",
    "gpt-oss": "gpt_oss_detector.GptOssDetector",
    "hermes": "hermes_detector.HermesDetector",
    "kimi_k2": "kimik2_detector.KimiK2Detector",
    "kimi_k3": "kimik3_detector.KimiK3Detector",
    "lfm2": "lfm2_detector.Lfm2Detector",
    "llama3": "llama32_detector.Llama32Detector",
    "minimax-m2": "minimax_m2.MinimaxM2Detector",
    "minimax-m3": "minimax_m3.MinimaxM3Detector",
    "mistral": "mistral_detector.MistralDetector",
    "pythonic": "pythonic_detector.PythonicDetector",
    "qwen25": "qwen25_detector.Qwen25Detector",
    "qwen3_coder": "qwen3_coder_detector.Qwen3CoderDetector",
}


def _tool_class(module: Any) -> None:
    from pydantic import create_model

    function = create_model(
        "Function", name=(str, ...), description=(str | None, None), parameters=(Any, None), strict=(bool, False)
    )
    module.Tool = create_model("Tool", type=(str, "function"), function=(function, ...))


def _environ(module: Any) -> None:
    module.envs = SimpleNamespace(SGLANG_FORWARD_UNKNOWN_TOOLS=SimpleNamespace(get=lambda: False))


@functools.cache
def _load(root: Path) -> tuple[Any, ...]:
    """Both detector classes and the tools as SGLang's own objects."""
    home = _HOME
    fill = {
        "sglang.srt.entrypoints.openai.protocol": _tool_class,
        "sglang.srt.environ": _environ,
        home: lambda module: setattr(module, "__path__", [str(root.joinpath(*home.split(".")))]),
    }
    logging.getLogger("sglang").setLevel(logging.CRITICAL)
    Finder("sglang", root, [f"{home}.*", "sglang.srt.parser.harmony_parser"], fill, ["torch", "xgrammar"]).install()
    hermes = importlib.import_module(f"{home}.qwen25_detector").Qwen25Detector
    coder = importlib.import_module(f"{home}.qwen3_coder_detector").Qwen3CoderDetector
    tool = importlib.import_module("sglang.srt.entrypoints.openai.protocol").Tool
    return hermes, coder, [tool(**given) for given in TOOLS]


class Hermes:
    """The detector for `<tool_call>` with JSON, as Qwen 2.5 writes it."""

    which = 0

    def __init__(self, root: Path) -> None:
        self._tools = _load(root)[2]
        self._parser = _load(root)[self.which]()

    def feed(self, text: str) -> list[Any]:
        """One result."""
        return [self._parser.parse_streaming_increment(text, self._tools)]

    def finish(self) -> list[Any]:
        """What it still holds."""
        return [self._parser.finish(self._tools)]

    def parse(self, text: str) -> tuple[str | None, list[tuple[str, str]]]:
        """A whole completion."""
        found = self._parser.detect_and_parse(text, self._tools)
        return found.normal_text, [(call.name, call.parameters) for call in found.calls]

    @staticmethod
    def pieces(delta: Any) -> Iterable[Piece]:
        """Its result in the benchmark's terms."""
        if delta.normal_text:
            yield "text", delta.normal_text
        for call in delta.calls:
            yield "call", call.tool_index, call.name, call.parameters or ""


class Coder(Hermes):
    """The detector for Qwen3-Coder's XML."""

    which = 1


class Named(Hermes):
    """A detector by name of `--tool-call-parser`; no detector of SGLang takes token ids.

    Args:
        root: Folder of SGLang's sources.
        name: The detector's name.
        tokens: Not looked at.
    """

    def __init__(self, root: Path, name: str, tokens: Sequence[str]) -> None:  # noqa: ARG002  # as vLLM's are made
        self._tools = _load(root)[2]
        module, _, found = _DETECTORS[name].partition(".")
        self._parser = getattr(importlib.import_module(f"{_HOME}.{module}"), found)()

    def finish(self) -> list[Any]:
        """What it still holds; older detectors have no end."""
        return super().finish() if hasattr(self._parser, "finish") else []
