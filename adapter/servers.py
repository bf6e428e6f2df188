"""Abilities of servers beyond text: a table for chat and a table for raw completions, the only source of every decision.

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
UpstreamKind = Literal["chat", "completions"]
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """The abilities of an endpoint.

    Attributes:
        rungs: Constraints that make the answer a call, from words to grammars; the last is the strongest.
        schema: The field for structured output: OpenAI's `response_format`, llama.cpp's `json_schema`, or None.
        grammar: The form of grammars: `gbnf` (llama.cpp) or xgrammar's structural tags, in `response_format` or in
            vLLM's `structured_outputs`.
        prefill_body: Fields of a request whose answer continues the last message.
        prefill_message: Fields of the message to continue.
        body: Fields of every request, unless the caller sets them.
        bos_body: Fields of a request whose prompt already has the beginning-of-sequence token; None for a server without an
            option: then the prompt is sent without the token.
        unlimited: `max_tokens` for a request without a limit. The completions endpoint of most servers stops after 16 tokens
            by default, unlike their chat endpoint.
        limit: The name of the field that limits the tokens of an answer.
    """

    rungs: tuple[Rung, ...] = ("prompt",)
    schema: Literal["response_format", "json_schema"] | None = "response_format"
    grammar: Literal["gbnf", "structured_outputs", "response_format"] | None = None
    prefill_body: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    prefill_message: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    body: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    bos_body: Mapping[str, Any] | None = None
    unlimited: int | None = 1024
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"


# The markers of some dialects are special tokens, which vLLM and SGLang leave out of the text by default.
_KEEP = MappingProxyType({"skip_special_tokens": False, "spaces_between_special_tokens": False})
_KEEP_SGLANG = MappingProxyType({"skip_special_tokens": False})
_CONTINUE = MappingProxyType({"continue_final_message": True, "add_generation_prompt": False})

SERVERS: Mapping[str, Server] = MappingProxyType(
    {
        "generic": Server(),
        "openai": Server(("prompt", "json_schema"), limit="max_completion_tokens"),
        "ollama": Server(("prompt", "json_schema")),
        "dashscope": Server(("prompt", "prefill"), prefill_message=MappingProxyType({"partial": True})),
        "deepseek": Server(("prompt", "prefill"), prefill_message=MappingProxyType({"prefix": True})),
        "vllm": Server(RUNGS, grammar="structured_outputs", prefill_body=_CONTINUE, body=_KEEP),
        "sglang": Server(RUNGS, grammar="response_format", prefill_body=_CONTINUE, body=_KEEP_SGLANG),
        # The server continues a last message of the assistant by default.
        "llama.cpp": Server(RUNGS, grammar="gbnf"),
    }
)

# A prompt is text, so the adapter can begin the answer on every server.
_BEGUN: tuple[Rung, ...] = ("prompt", "prefill")
_RAW: Mapping[str, Server] = MappingProxyType(
    {
        **dict.fromkeys(SERVERS, Server(_BEGUN, schema=None)),
        "vllm": Server(
            RUNGS,
            grammar="structured_outputs",
            body=_KEEP,
            bos_body=MappingProxyType({"add_special_tokens": False}),
            unlimited=None,
        ),
        "sglang": Server(RUNGS, grammar="response_format", body=_KEEP_SGLANG),
        "llama.cpp": Server(RUNGS, schema="json_schema", grammar="gbnf", unlimited=-1),
    }
)


def server_for(kind: str, upstream: UpstreamKind) -> Server:
    """The abilities of an endpoint of a kind of server: `/chat/completions`, or `/completions`."""
    return (_RAW if upstream == "completions" else SERVERS)[kind]
