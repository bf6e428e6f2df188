"""vLLM's Hermes parser, the engine that reads Qwen3-Coder's XML, and any other parser by name, out of its own wheel."""

from __future__ import annotations

import functools
import importlib
import logging
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.peers.stubs import Finder
from benchmarks.workloads import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.reading import Piece

_REAL = [
    "vllm.tool_parsers.*",
    "vllm.parser.*",
    "vllm.entrypoints.generate.base.protocol",
    "vllm.entrypoints.serve.engine.protocol",
    "vllm.exceptions",
    "vllm.utils.collection_utils",
    "vllm.reasoning.abs_reasoning_parsers",
]


def _envs(module: Any) -> None:
    module.VLLM_MAX_STOP_STRINGS = 16
    module.VLLM_ENFORCE_STRICT_TOOL_CALLING = False


def _ids(module: Any) -> None:
    module.make_tool_call_id = lambda *_, **__: f"chatcmpl-tool-{uuid.uuid4().hex}"
    module.get_tool_call_id_type = lambda *_, **__: "random"


def _tool_class(module: Any) -> None:
    from pydantic import BaseModel, create_model

    function = create_model("Function", name=(str, ...), description=(str | None, None), parameters=(Any, None))
    module.ChatCompletionToolsParam = create_model("Tool", __base__=BaseModel, type=(str, "function"), function=(function, ...))


def _mistral_tokens(module: Any) -> None:
    """Fill in the literals that vLLM's Mistral parser asks mistral_common for."""
    shown = {"tool_calls": "[TOOL_CALLS]", "args": "[ARGS]", "begin_think": "[THINK]", "end_think": "[/THINK]"}
    module.SpecialTokens = SimpleNamespace(**{name: SimpleNamespace(value=text) for name, text in shown.items()})


@functools.cache
def _load(root: Path) -> tuple[Any, ...]:
    """The two parser classes and the tools as vLLM's own objects."""
    fill = {
        "vllm.envs": _envs,
        "vllm.logger": lambda module: setattr(module, "init_logger", lambda _: logging.getLogger("vllm")),
        "vllm.renderers.chat_utils": _ids,
        "vllm.entrypoints.openai.chat_completion.protocol": _tool_class,
        "vllm.parser.metrics": lambda module: setattr(module, "record_tool_parser_invocation", lambda *_, **__: None),
        "vllm.utils.mistral": lambda module: setattr(module, "is_mistral_tokenizer", lambda *_, **__: False),
        "mistral_common.tokens.tokenizers.base": _mistral_tokens,
        "vllm.parser": lambda module: setattr(module, "__path__", [str(root / "vllm" / "parser")]),
    }
    logging.getLogger("vllm").setLevel(logging.CRITICAL)
    Finder("vllm", root, _REAL, fill, ["torch", "transformers", "xgrammar", "mistral_common"]).install()
    load = importlib.import_module
    hermes = load("vllm.tool_parsers.hermes_tool_parser").Hermes2ProToolParser
    coder = load("vllm.parser.engine.adapters").make_adapters(load("vllm.parser.qwen3").Qwen3Parser)[1]
    tool = load("vllm.entrypoints.openai.chat_completion.protocol").ChatCompletionToolsParam
    return hermes, coder, [tool(**given) for given in TOOLS]


class _Tokenizer:
    all_special_tokens: ClassVar[list[str]] = []
    all_special_ids: ClassVar[list[int]] = []

    def get_vocab(self) -> dict[str, int]:
        return {}


class _Request:
    tool_choice = "auto"
    include_reasoning = True

    def __init__(self, tools: list[Any]) -> None:
        self.tools = tools


class Hermes:
    """Called as the server calls it: with all the text so far, and the delta."""

    which = 0

    def __init__(self, root: Path) -> None:
        tools = _load(root)[2]
        self._parser = _load(root)[self.which](_Tokenizer(), tools)
        self._request = _Request(tools)
        self._text = ""

    def feed(self, text: str) -> list[Any]:
        """One delta message, or none."""
        before, self._text = self._text, self._text + text
        delta = self._parser.extract_tool_calls_streaming(before, self._text, text, (), (), (), self._request)
        return [] if delta is None else [delta]

    def finish(self) -> list[Any]:
        """It has no end of its own."""
        return []

    def parse(self, text: str) -> tuple[str | None, list[tuple[str, str]]]:
        """A whole completion."""
        found = self._parser.extract_tool_calls(text, self._request)
        return found.content, [(call.function.name, call.function.arguments) for call in found.tool_calls]

    @staticmethod
    def pieces(delta: Any) -> Iterable[Piece]:
        """Its delta message in the benchmark's terms."""
        if delta.content:
            yield "text", delta.content
        for call in delta.tool_calls:
            given = call.function if isinstance(call.function, dict) else vars(call.function)
            yield "call", call.index, given.get("name"), given.get("arguments") or ""


class Coder(Hermes):
    """The engine behind its XML-like formats."""

    which = 1

    def finish(self) -> list[Any]:
        """What it still holds."""
        delta = self._parser.finish_streaming()
        return [] if delta is None else [delta]


class _Vocabulary:
    """A tokenizer for which every delta is a token.

    Args:
        special: Tokens that a parser looks up when it is made.
    """

    all_special_ids: ClassVar[list[int]] = []

    def __init__(self, special: Sequence[str]) -> None:
        self.all_special_tokens = list(special)
        self._texts = list(special)
        self._ids = {text: at for at, text in enumerate(special)}
        self._special = dict(self._ids)

    def get_vocab(self) -> dict[str, int]:
        return self._special

    def id_of(self, text: str) -> int:
        if text not in self._ids:
            self._ids[text] = len(self._texts)
            self._texts.append(text)
        return self._ids[text]

    def decode(self, ids: Sequence[int], **_: object) -> str:
        return "".join(self._texts[one] for one in ids)


class Named(Hermes):
    """A parser by name of `--tool-call-parser`, called with token ids, as the server calls parsers.

    Args:
        root: Folder of vLLM's sources.
        name: The parser's name.
        tokens: Special tokens of the model's vocabulary.
    """

    def __init__(self, root: Path, name: str, tokens: Sequence[str]) -> None:
        tools = _load(root)[2]
        self._tokens = _Vocabulary(tokens)
        manager = importlib.import_module("vllm.tool_parsers").ToolParserManager
        self._parser = manager.get_tool_parser(name)(self._tokens, tools)
        self._request = _Request(tools)
        self._text = ""
        self._ids: list[int] = []

    def feed(self, text: str) -> list[Any]:
        """One delta message, or none; parsers on the engine are given the delta alone, as the server does."""
        new = [self._tokens.id_of(text)]
        if self._parser.engine_based_streaming:
            delta = self._parser.extract_tool_calls_streaming("", text, text, [], new, new, self._request)
        else:
            before, ids = self._text, self._ids
            self._text, self._ids = before + text, ids + new
            delta = self._parser.extract_tool_calls_streaming(before, self._text, text, ids, self._ids, new, self._request)
        return [] if delta is None else [delta]

    def finish(self) -> list[Any]:
        """What a parser on the engine still holds."""
        delta = self._parser.finish_streaming() if self._parser.engine_based_streaming else None
        return [] if delta is None else [delta]
