"""The options of each entry point as keyword arguments, for type checkers and for messages; `Options` documents the options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, get_args

from adapter.servers import ServerKind, UpstreamKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.events import Problem
    from adapter.records import ExchangeRecord
    from adapter.store.base import Store

OnInvalid = Literal["raise", "return", "text"]
OnTool = Literal["raise", "leave_out"]
Lint = Literal["off", "warn"]
Enforce = Literal["auto", "prompt", "prefill", "json_object", "json_schema", "grammar"]
LoopGuard = Literal["report", "reask"]
Profile = Literal["small", "auto"]
AfterResult = Literal["keep", "auto"]
Grounding = Literal["off", "report", "reask"]
Optional = Literal["keep", "drop"]
StreamCalls = Literal["incremental", "validated"]
UpstreamStream = Literal["same", "always"]
NamedFinishReason = Literal["stop", "tool_calls"]
ResultRole = Literal["user", "tool"]
Media = Literal["forward", "drop"]
History = Literal["lenient", "strict"]
ReasoningField = Literal["auto", "keep", "text", "drop"]
Native = Literal["never", "auto", "always"]
# The values of the options that take a word.
CHOICES: dict[str, tuple[str | None, ...]] = {
    "on_invalid": get_args(OnInvalid),
    "on_bad_tool": get_args(OnTool),
    "on_builtin": get_args(OnTool),
    "lint": get_args(Lint),
    "enforce": get_args(Enforce),
    "server": get_args(ServerKind),
    "loop_guard": get_args(LoopGuard),
    "tool_choice_after_result": get_args(AfterResult),
    "grounding": get_args(Grounding),
    "optional": get_args(Optional),
    "stream_calls": get_args(StreamCalls),
    "upstream": get_args(UpstreamKind),
    "upstream_stream": get_args(UpstreamStream),
    "named_finish_reason": get_args(NamedFinishReason),
    "result_role": (None, *get_args(ResultRole)),
    "media": get_args(Media),
    "history": get_args(History),
    "reasoning_field": get_args(ReasoningField),
    "native": get_args(Native),
}


class _Everywhere(TypedDict, total=False):
    dialect: str | Dialect
    on_event: Callable[[Problem], object] | None


class _Prompts(TypedDict, total=False):
    neutralise: bool
    result_role: ResultRole | None
    merge_system: bool
    merge_turns: bool
    media: Media
    history: History
    reasoning_field: ReasoningField
    thinking_prefilled: bool
    enforce: Enforce | None
    server: ServerKind
    reply_tool: bool | None
    examples: Literal["auto"] | Sequence[Mapping[str, Any]] | None
    tool_choice_after_result: AfterResult
    profile: Profile | None
    on_bad_tool: OnTool
    on_builtin: OnTool
    store: Store | None
    replay: bool


class MessageKeywords(_Prompts, _Everywhere, total=False):
    """The options that shape the messages that the model gets, as keyword arguments; `Options` documents them."""


class _Raw(TypedDict, total=False):
    upstream: UpstreamKind
    chat_template: str | None


class PromptKeywords(_Raw, MessageKeywords, total=False):
    """The options that shape the prompt, as keyword arguments; `Options` documents them."""


class ReadKeywords(_Everywhere, total=False):
    """The options for reading a whole completion, as keyword arguments; `Options` documents them."""

    on_invalid: OnInvalid
    coerce: bool
    recover: bool
    thinking_prefilled: bool
    calls_in_thinking: bool | None
    new_id: Callable[[], str]


class StreamKeywords(ReadKeywords, total=False):
    """The options for reading a completion in pieces, as keyword arguments; `Options` documents them."""

    stream_calls: StreamCalls


class OptionKeywords(_Prompts, _Raw, StreamKeywords, total=False):
    """All options as keyword arguments, for type checkers."""

    retries: int
    lint: Lint
    native: Native
    loop_guard: LoopGuard | None
    grounding: Grounding | None
    optional: Optional
    longest_string: int | None
    temperature: float | None
    upstream_stream: UpstreamStream
    max_response_bytes: int
    alive_after: float | None
    named_finish_reason: NamedFinishReason
    on_exchange: Callable[[ExchangeRecord], object] | None
