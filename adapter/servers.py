"""Abilities of servers beyond text: a table for chat and a table for raw completions, the only source of every decision.

Sources are the servers' own documents and code, named with each server. `docs/servers.md` shows the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Rung = Literal["prompt", "prefill", "json_object", "json_schema", "grammar"]
RUNGS: tuple[Rung, ...] = get_args(Rung)
UpstreamKind = Literal["chat", "completions"]
ServerKind = Literal[
    "generic",
    "openai",
    "ollama",
    "dashscope",
    "deepseek",
    "vllm",
    "sglang",
    "llama.cpp",
    "llamafile",
    "lmstudio",
    "koboldcpp",
    "tgi",
    "tabbyapi",
    "mlx",
    "openrouter",
    "groq",
    "together",
    "fireworks",
    "mistral",
]
# The commonest name of reasoning in messages; `adapter.api.reasoning` knows the others.
_REASONING = "reasoning_content"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """The abilities of an endpoint.

    Attributes:
        rungs: Constraints that make the answer a call, from words to grammars; the last is the strongest.
        source: The documents or code behind the entry.
        auto: The rung of `enforce="auto"`, where only some of the server's models have the strongest; None: the strongest.
        provider: The name in the conventions of OpenTelemetry, where another than that of the kind; an unknown server speaks
            OpenAI's API.
        schema: The field for structured output: OpenAI's `response_format`, the same with the schema as TGI's `value`,
            llama.cpp's `json_schema`, or None.
        grammar: The form of grammars: `gbnf` (llama.cpp) or xgrammar's structural tags, in `response_format` or in
            vLLM's `structured_outputs`.
        bounds: Structured output holds `maxLength`, up to 2000.
        prefill_body: Fields of a request whose answer continues the last message.
        prefill_message: Fields of the message to continue.
        body: Fields of every request, unless the caller sets them.
        bos_body: Fields of a request whose prompt already has the beginning-of-sequence token; None for a server without an
            option: then the prompt is sent without the token.
        unlimited: `max_tokens` for a request without a limit. The completions endpoint of most servers stops after 16 tokens
            by default, unlike their chat endpoint.
        limit: The name of the field that limits the tokens of an answer.
        reasoning: The field of past messages in which the server reads reasoning; empty for a server that may refuse one. A
            prompt is made here, of `reasoning_content`.
        takes: Fields among `VENDOR_FIELDS` that the server takes; the others are not sent.
        thinking: The field that switches a model's thinking; empty for a server without a known one.
    """

    rungs: tuple[Rung, ...] = ("prompt",)
    source: str = ""
    auto: Rung | None = None
    provider: str = ""
    schema: Literal["response_format", "value", "json_schema"] | None = "response_format"
    grammar: Literal["gbnf", "structured_outputs", "response_format"] | None = None
    bounds: bool = False
    prefill_body: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    prefill_message: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    body: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    bos_body: Mapping[str, Any] | None = None
    unlimited: int | None = 1024
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    reasoning: str = ""
    takes: frozenset[str] = frozenset()
    thinking: Literal["", "chat_template_kwargs", "enable_thinking"] = ""


# Fields that tune a vendor's own service and that other servers may refuse: caches, storage, tiers, telemetry of agents.
_OPENAIS = frozenset(
    {
        "store",
        "service_tier",
        "verbosity",
        "prompt_cache_key",
        "prompt_cache_retention",
        "prompt_cache_options",
        "safety_identifier",
    }
)
VENDOR_FIELDS = _OPENAIS | {"client_metadata", "include"}

# The markers of some dialects are special tokens, which vLLM and SGLang leave out of the text by default.
_KEEP = MappingProxyType({"skip_special_tokens": False, "spaces_between_special_tokens": False})
_KEEP_SGLANG = MappingProxyType({"skip_special_tokens": False})
_CONTINUE = MappingProxyType({"continue_final_message": True, "add_generation_prompt": False})

_HELD: tuple[Rung, ...] = ("prompt", "json_schema")
_BEGUN_OR_HELD: tuple[Rung, ...] = ("prompt", "prefill", "json_schema")
# JSON mode without a schema is for servers whose models have nothing stronger, at least some.
_BEGUN_OR_JSON: tuple[Rung, ...] = ("prompt", "prefill", "json_object", "json_schema")
_FULL: tuple[Rung, ...] = ("prompt", "prefill", "json_schema", "grammar")

SERVERS: Mapping[str, Server] = MappingProxyType(
    {
        "generic": Server(provider="openai"),
        "openai": Server(_HELD, source='OpenAI, "Structured model outputs"', limit="max_completion_tokens", takes=_OPENAIS),
        "ollama": Server(_HELD, source='Ollama, "Structured outputs"', bounds=True, reasoning="reasoning"),
        # A JSON schema is kept for some models only, and not while they think.
        "dashscope": Server(
            _BEGUN_OR_JSON,
            source='Alibaba Cloud Model Studio, "Partial mode" and "Structured output"',
            auto="prefill",
            prefill_message=MappingProxyType({"partial": True}),
            reasoning=_REASONING,
            thinking="enable_thinking",
        ),
        "deepseek": Server(
            ("prompt", "prefill", "json_object"),
            source='DeepSeek API, "Chat Prefix Completion (Beta)", "JSON Output" and "Thinking Mode"',
            auto="prefill",
            prefill_message=MappingProxyType({"prefix": True}),
            reasoning=_REASONING,
        ),
        "vllm": Server(
            _FULL,
            source='vLLM, "Structured Outputs" and "OpenAI-Compatible Server"',
            grammar="structured_outputs",
            bounds=True,
            prefill_body=_CONTINUE,
            body=_KEEP,
            reasoning=_REASONING,
            thinking="chat_template_kwargs",
        ),
        "sglang": Server(
            _FULL,
            source='SGLang, "Structured Outputs"',
            grammar="response_format",
            bounds=True,
            prefill_body=_CONTINUE,
            body=_KEEP_SGLANG,
            reasoning=_REASONING,
            thinking="chat_template_kwargs",
        ),
        # The server continues a last message of the assistant by default.
        "llama.cpp": Server(
            _FULL,
            source="llama.cpp, tools/server/README.md",
            grammar="gbnf",
            bounds=True,
            reasoning=_REASONING,
            thinking="chat_template_kwargs",
        ),
        "llamafile": Server(
            _FULL,
            source="llamafile, which is llama.cpp's server",
            grammar="gbnf",
            bounds=True,
            reasoning=_REASONING,
            thinking="chat_template_kwargs",
        ),
        "lmstudio": Server(_HELD, source="lmstudio.ai/docs/advanced/structured-output"),
        # `grammar` is the engine's own field; a last message of the assistant is continued, except with --jinja.
        "koboldcpp": Server(_FULL, source="koboldcpp, transform_genparams in koboldcpp.py", grammar="gbnf"),
        "tgi": Server(_HELD, source="text-generation-inference#2046", schema="value"),
        "tabbyapi": Server(
            _BEGUN_OR_HELD,
            source="tabbyAPI, endpoints/OAI/types/chat_completion.py",
            schema="json_schema",
            prefill_body=_CONTINUE,
            reasoning=_REASONING,
        ),
        "mlx": Server(source="mlx-lm, mlx_lm/SERVER.md"),
        # Hosts of many models, of which some only keep a schema.
        "openrouter": Server(_BEGUN_OR_JSON, source="openrouter.ai/docs/structured-outputs", auto="prompt"),
        "groq": Server(_BEGUN_OR_JSON, source="console.groq.com/docs/prefilling and /structured-outputs", auto="prefill"),
        "together": Server(_HELD, source="docs.together.ai/docs/json-mode, togethercomputer/openapi#174", auto="prompt"),
        "fireworks": Server(_HELD, source="docs.fireworks.ai/structured-responses/structured-response-formatting"),
        "mistral": Server(
            _BEGUN_OR_HELD,
            provider="mistral_ai",
            source='Mistral API, "prefix" of AssistantMessage; release note of 2025-01-28 (structured outputs for all models)',
            prefill_message=MappingProxyType({"prefix": True}),
        ),
    }
)

# A prompt is text, so the adapter can begin the answer on every server.
_BEGUN: tuple[Rung, ...] = ("prompt", "prefill")
_RAW: Mapping[str, Server] = MappingProxyType(
    {
        **dict.fromkeys(SERVERS, Server(_BEGUN, schema=None, reasoning=_REASONING, thinking="chat_template_kwargs")),
        "vllm": Server(
            _FULL,
            grammar="structured_outputs",
            bounds=True,
            body=_KEEP,
            bos_body=MappingProxyType({"add_special_tokens": False}),
            unlimited=None,
            reasoning=_REASONING,
            thinking="chat_template_kwargs",
        ),
        "sglang": Server(
            _FULL,
            grammar="response_format",
            bounds=True,
            body=_KEEP_SGLANG,
            reasoning=_REASONING,
            thinking="chat_template_kwargs",
        ),
        **dict.fromkeys(
            ("llama.cpp", "llamafile"),
            Server(
                _FULL,
                schema="json_schema",
                grammar="gbnf",
                bounds=True,
                unlimited=-1,
                reasoning=_REASONING,
                thinking="chat_template_kwargs",
            ),
        ),
    }
)


def server_for(kind: str, upstream: UpstreamKind) -> Server:
    """The abilities of an endpoint of a kind of server: `/chat/completions`, or `/completions`."""
    return (_RAW if upstream == "completions" else SERVERS)[kind]


def not_taken(body: Mapping[str, Any], server: Server) -> list[str]:
    """The fields of a request that only another vendor's servers know."""
    if VENDOR_FIELDS.isdisjoint(body):
        return []
    return [name for name in body if name in VENDOR_FIELDS and name not in server.takes]
