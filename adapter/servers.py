"""What the servers can do beyond chat: one table, from which every decision about a server is read.

Sources are the servers' own documents: vLLM "Structured Outputs" and "OpenAI-Compatible Server", SGLang "Structured Outputs",
llama.cpp's server README, Ollama "Structured outputs", OpenAI "Structured model outputs", DashScope "Partial mode", DeepSeek
"Chat Prefix Completion (Beta)".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Rung = Literal["prompt", "prefill", "json_schema", "grammar"]
RUNGS: tuple[Rung, ...] = get_args(Rung)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """A kind of server.

    Attributes:
        rungs: How it can be made to answer with a call, from words to grammars; the last is the strongest.
        grammar: The form of its grammars: `gbnf` (llama.cpp) or xgrammar's structural tags, in `response_format` or in
            vLLM's `structured_outputs`.
        prefill_body: What a request says so that the answer goes on from its last message.
        prefill_message: What that message says.
    """

    rungs: tuple[Rung, ...] = ("prompt",)
    grammar: Literal["gbnf", "structured_outputs", "response_format"] | None = None
    prefill_body: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    prefill_message: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


_CONTINUE = MappingProxyType({"continue_final_message": True, "add_generation_prompt": False})

SERVERS: Mapping[str, Server] = MappingProxyType(
    {
        "generic": Server(),
        "openai": Server(("prompt", "json_schema")),
        "ollama": Server(("prompt", "json_schema")),
        "dashscope": Server(("prompt", "prefill"), prefill_message=MappingProxyType({"partial": True})),
        "deepseek": Server(("prompt", "prefill"), prefill_message=MappingProxyType({"prefix": True})),
        "vllm": Server(RUNGS, "structured_outputs", _CONTINUE),
        "sglang": Server(RUNGS, "response_format", _CONTINUE),
        # Its server goes on from a last message of the assistant's without being told.
        "llama.cpp": Server(RUNGS, "gbnf"),
    }
)
