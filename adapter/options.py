"""Every choice a caller has, in one frozen value.

`wrap`, `parse` and `CompletionParser` take these as keyword arguments; this is the one place that documents them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypedDict, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.dialects.registry import Dialect
    from adapter.events import Problem

OnInvalid = Literal["raise", "return", "text"]
Enforce = Literal["prompt", "json_schema"]
StreamCalls = Literal["incremental", "validated"]
UpstreamStream = Literal["same", "always"]
NamedFinishReason = Literal["stop", "tool_calls"]


def random_call_id() -> str:
    """A new tool call id in the shape native servers use: `call_` and 24 hexadecimal digits."""
    return f"call_{secrets.token_hex(12)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How tools are presented, and how the answer is read and checked.

    Attributes:
        dialect: Name of the dialect the model was trained on, or a `Dialect` of your own.
        on_invalid: What becomes of a call that is still invalid after the re-asks. `"raise"`: the request fails with
            status 502 and code `invalid_tool_call`. `"return"`: the call is handed out as it is. `"text"`: its block
            stays in the content. A tool with `strict: true` is always treated as `"raise"`.
        retries: How often the model is asked again after an invalid call, or when a required call is missing.
        coerce: Mend arguments of the wrong type where nothing is lost: `"5"` to `5`, `"true"` to `true`.
        recover: Accept a call written without its tags, when the answer is nothing else, the tool was offered and the
            arguments are valid.
        thinking_prefilled: The prompt ended inside the reasoning (`<think>` was prefilled), so the completion begins
            there.
        calls_in_thinking: A tool call inside the reasoning ends it and counts. Off, a call rehearsed there is not run.
        enforce: How a required or named tool choice is held. `"prompt"`: in words only. `"json_schema"`: through the
            upstream's structured output (`response_format`).
        stream_calls: When the calls of a streamed answer leave. `"incremental"`: while they are written, as native servers do
            it; a call that turns out invalid ends the stream in an error. `"validated"`: when they are complete, mended and
            valid; then an invalid one can be asked for again. With `on_invalid="text"` they are always validated.
        upstream_stream: `"always"` for an upstream that answers in streams only (Qwen-Omni): a caller who wants a whole answer
            gets it put together.
        named_finish_reason: `finish_reason` of an answer to a named tool choice; OpenAI sends `"stop"`.
        on_event: Called with a `Problem` for every repair, coercion, re-ask and refusal.
        new_id: Makes the ids of tool calls.
    """

    dialect: str | Dialect = "hermes"
    on_invalid: OnInvalid = "raise"
    retries: int = 1
    coerce: bool = True
    recover: bool = True
    thinking_prefilled: bool = False
    calls_in_thinking: bool = False
    enforce: Enforce = "prompt"
    stream_calls: StreamCalls = "incremental"
    upstream_stream: UpstreamStream = "same"
    named_finish_reason: NamedFinishReason = "stop"
    on_event: Callable[[Problem], object] | None = None
    new_id: Callable[[], str] = random_call_id

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"{name}={value!r}: use one of {', '.join(map(repr, allowed))}")
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name}={getattr(self, name)!r}: use True or False")
        retries: Any = self.retries
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise ValueError(f"retries={self.retries!r}: use a whole number from 0 up")
        for name in ("on_event", "new_id"):
            value = getattr(self, name)
            if value is not None and not callable(value):
                raise TypeError(f"{name}={value!r}: use a function")


class OptionKeywords(TypedDict, total=False):
    """The same options as keyword arguments, for type checkers; `Options` documents them."""

    dialect: str | Dialect
    on_invalid: OnInvalid
    retries: int
    coerce: bool
    recover: bool
    thinking_prefilled: bool
    calls_in_thinking: bool
    enforce: Enforce
    stream_calls: StreamCalls
    upstream_stream: UpstreamStream
    named_finish_reason: NamedFinishReason
    on_event: Callable[[Problem], object] | None
    new_id: Callable[[], str]


_CHOICES: dict[str, tuple[str, ...]] = {
    "on_invalid": get_args(OnInvalid),
    "enforce": get_args(Enforce),
    "stream_calls": get_args(StreamCalls),
    "upstream_stream": get_args(UpstreamStream),
    "named_finish_reason": get_args(NamedFinishReason),
}
_FLAGS = ("coerce", "recover", "thinking_prefilled", "calls_in_thinking")


def make_options(given: Mapping[str, Any]) -> Options:
    """`Options(**given)`, with an error that names the nearest option when a name is unknown."""
    import difflib

    known = [field.name for field in fields(Options)]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(known)}"
            raise TypeError(f"unknown option {name!r}; {hint}")
    return Options(**given)
