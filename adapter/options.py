"""Every choice a caller has, in one frozen value.

`wrap`, `parse` and `CompletionParser` take these as keyword arguments; this is the one place that documents them.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypedDict, get_args

from adapter.servers import SERVERS, UpstreamKind, server_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.events import Problem
    from adapter.store.base import Store

OnInvalid = Literal["raise", "return", "text"]
Enforce = Literal["auto", "prompt", "prefill", "json_schema", "grammar"]
LoopGuard = Literal["report", "reask"]
Profile = Literal["small"]
StreamCalls = Literal["incremental", "validated"]
UpstreamStream = Literal["same", "always"]
NamedFinishReason = Literal["stop", "tool_calls"]
ResultRole = Literal["user", "tool"]
Media = Literal["forward", "drop"]


def random_call_id() -> str:
    """A new tool call id in the shape native servers use: `call_` and 24 hexadecimal digits."""
    return f"call_{os.urandom(12).hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How tools are presented, and how the answer is read and checked.

    Attributes:
        dialect: Name of the dialect the model was trained on, a `Dialect` of your own, or `"auto"`: chosen by the name of the
            model that a request asks for, and told to `on_event`.
        on_invalid: What becomes of a call that is still invalid after the re-asks. `"raise"`: the request fails with
            status 502 and code `invalid_tool_call`. `"return"`: the call is handed out as it is. `"text"`: its block
            stays in the content. A tool with `strict: true` is always treated as `"raise"`.
        retries: How often the model is asked again after an invalid call, or when a required call is missing.
        coerce: Mend arguments of the wrong type where nothing is lost: `"5"` to `5`, `"true"` to `true`.
        recover: Accept a call written without its tags, when the answer is nothing else, the tool was offered and the
            arguments are valid.
        thinking_prefilled: The prompt ended inside the reasoning (`<think>` was prefilled), so the completion begins
            there.
        calls_in_thinking: Whether a tool call inside the reasoning ends it and counts. Off, a call rehearsed there is not run.
            None leaves it to the dialect: some models end their thinking with the call.
        neutralise: Make protocol markup in the text of users and tools, and in tool descriptions, harmless, so that it forges
            no call, result or turn. Switch it off where such markup is what the conversation is about.
        result_role: Role of the messages that carry tool results, in the history, in worked examples and in re-asks; None: the
            dialect's. `"user"` for servers that refuse `tool` messages without tool calls before them (hosted APIs do).
            `"tool"` where the chat template has a turn for results and writes no tags of its own into it (ChatML as it is,
            Hermes 2 and 3, Llama's); each result is a message then, with its `tool_call_id`.
        merge_system: Join all system and developer messages into the one at the top, later ones too: for servers and
            templates that take a single system message.
        merge_turns: Join neighbouring messages of the user's, and of the assistant's, with a blank line: for templates that
            demand alternating roles (Mistral's, Gemma's), which a result sent as `user` before the user's next message breaks.
        media: What becomes of images, audio, video and files in the messages. `"forward"`: they reach the model; those of a
            tool result after its text or, with `result_role="tool"`, in a user message after it, for servers refuse them in
            `tool` messages. `"drop"`, for models that read text only: a line in their place says what was left out, and a
            `Problem` of kind `media_dropped` too.
        enforce: How the answer is made a call. `"prompt"`: in words only. `"prefill"`: it begins with an opened call, where a
            call is required. `"json_schema"`: through the server's structured output, where a call is required or the answer
            is JSON in any case. `"grammar"`: through a grammar, also where text is free: then it holds for the calls in it.
            `"auto"`: the strongest that the `server` has.
        server: What answers: `"openai"`, `"vllm"`, `"sglang"`, `"llama.cpp"`, `"ollama"`, `"dashscope"`, `"deepseek"`, or
            `"generic"` for one of which nothing is known; see `adapter.servers`.
        reply_tool: Offer the model one more tool, to answer in words, so that its answer is a call in every case. What it says
            through it is content. For small models under a grammar or a schema.
        examples: Worked examples before the conversation: messages of your own, with tool calls and results, or `"auto"`
            for some made of the tools that are offered.
        loop_guard: What becomes of a call that was made just before, with the same arguments, and has its result:
            `"report"` it, or also `"reask"` for an answer; then calls right after a result are validated in streams too.
        profile: `"small"`, for models up to some two billion parameters: where nothing else is said, `enforce="auto"`,
            `reply_tool=True`, `examples="auto"` and `loop_guard="reask"`.
        stream_calls: When the calls of a streamed answer leave. `"incremental"`: while they are written, as native servers do
            it; a call that turns out invalid ends the stream in an error. `"validated"`: when they are complete, mended and
            valid; then an invalid one can be asked for again. With `on_invalid="text"` they are always validated.
        upstream: What upstream is asked for. `"chat"`: messages. `"completions"`: one text, made by the `chat_template`, for
            servers with `/v1/completions` only, for formats that plain messages cannot carry, and for base models.
        chat_template: How a conversation is written as a text, with `upstream="completions"`: a name that
            `adapter templates list` shows, a `.jinja` file, the folder of a Hugging Face model, its `tokenizer_config.json`, or
            a `.gguf` file; or `"auto"`, one of ours by the name of the model.
        upstream_stream: `"always"` for an upstream that answers in streams only (Qwen-Omni): a caller who wants a whole answer
            gets it put together.
        store: Where responses of the Responses API are kept, for `previous_response_id` and retrieval:
            `adapter.MemoryStore()`, `adapter.SqliteStore(path)` or a store of your own; see `adapter.store.Store`. None keeps
            nothing, and a request that needs one is answered with 400.
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
    calls_in_thinking: bool | None = None
    neutralise: bool = True
    result_role: ResultRole | None = None
    merge_system: bool = False
    merge_turns: bool = False
    media: Media = "forward"
    enforce: Enforce | None = None
    server: str = "generic"
    reply_tool: bool | None = None
    examples: Literal["auto"] | Sequence[Mapping[str, Any]] | None = None
    loop_guard: LoopGuard | None = None
    profile: Profile | None = None
    stream_calls: StreamCalls = "incremental"
    upstream: UpstreamKind = "chat"
    chat_template: str | None = None
    upstream_stream: UpstreamStream = "same"
    store: Store | None = None
    named_finish_reason: NamedFinishReason = "stop"
    on_event: Callable[[Problem], object] | None = None
    new_id: Callable[[], str] = random_call_id

    def __post_init__(self) -> None:
        if self.profile not in {None, *_PROFILES}:
            raise ValueError(f"profile={self.profile!r}: use {' or '.join(map(repr, _PROFILES))}, or leave it out")
        for name, value in (_DEFAULTS | _PROFILES.get(self.profile or "", {})).items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"{name}={value!r}: use one of {', '.join(map(repr, allowed))}")
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool) and not (name in _MAYBE and getattr(self, name) is None):
                raise TypeError(f"{name}={getattr(self, name)!r}: use True or False")
        self._check_upstream()
        self._check_enforce()
        retries: Any = self.retries
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise ValueError(f"retries={self.retries!r}: use a whole number from 0 up")
        if self.store is not None and not all(callable(getattr(self.store, name, None)) for name in ("get", "put", "delete")):
            raise TypeError(f"store={self.store!r}: use adapter.MemoryStore(), adapter.SqliteStore(path), or None")
        for name in ("on_event", "new_id"):
            value = getattr(self, name)
            if value is not None and not callable(value):
                raise TypeError(f"{name}={value!r}: use a function")

    def _check_upstream(self) -> None:
        if self.chat_template is not None and not isinstance(self.chat_template, str):
            raise TypeError(f"chat_template={self.chat_template!r}: use a name or a path, as a string")
        if self.upstream == "completions" and not self.chat_template:
            raise ValueError("upstream='completions' needs a chat_template: a name, a file, a folder, or 'auto'")
        if self.upstream == "chat" and self.chat_template is not None:
            raise ValueError(
                f"chat_template={self.chat_template!r}: with upstream='chat' the server has the template; "
                "use upstream='completions'"
            )

    def _check_enforce(self) -> None:
        rungs = server_for(self.server, self.upstream).rungs
        if self.server != "generic" and self.enforce not in {"auto", *rungs}:
            raise ValueError(f"enforce={self.enforce!r}: server {self.server!r} has {', '.join(map(repr, rungs))}")
        if self.server == "generic" and self.enforce == "grammar":
            raise ValueError("enforce='grammar' needs to know whose: give server='llama.cpp', 'vllm' or 'sglang'")
        if isinstance(self.examples, str) and self.examples != "auto":
            raise ValueError(f"examples={self.examples!r}: use 'auto', or a list of messages")
        try:
            json.dumps(self.examples, default=_as_dict)
        except TypeError as error:
            raise TypeError(f"examples={self.examples!r}: {error}; messages are made of what JSON has") from None


def _as_dict(value: Any) -> Any:
    """A mapping of any kind as one that JSON knows."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"object of type {type(value).__name__} is not JSON serializable")


class PromptKeywords(TypedDict, total=False):
    """The options that shape what a conversation becomes, as keyword arguments; `Options` documents them."""

    dialect: str | Dialect
    neutralise: bool
    result_role: ResultRole | None
    merge_system: bool
    merge_turns: bool
    media: Media
    on_event: Callable[[Problem], object] | None


class OptionKeywords(PromptKeywords, total=False):
    """All options as keyword arguments, for type checkers."""

    on_invalid: OnInvalid
    retries: int
    coerce: bool
    recover: bool
    thinking_prefilled: bool
    calls_in_thinking: bool | None
    enforce: Enforce | None
    server: str
    reply_tool: bool | None
    examples: Literal["auto"] | Sequence[Mapping[str, Any]] | None
    loop_guard: LoopGuard | None
    profile: Profile | None
    stream_calls: StreamCalls
    upstream: UpstreamKind
    chat_template: str | None
    upstream_stream: UpstreamStream
    store: Store | None
    named_finish_reason: NamedFinishReason
    new_id: Callable[[], str]


_CHOICES: dict[str, tuple[str | None, ...]] = {
    "on_invalid": get_args(OnInvalid),
    "enforce": get_args(Enforce),
    "server": tuple(SERVERS),
    "loop_guard": get_args(LoopGuard),
    "stream_calls": get_args(StreamCalls),
    "upstream": get_args(UpstreamKind),
    "upstream_stream": get_args(UpstreamStream),
    "named_finish_reason": get_args(NamedFinishReason),
    "result_role": (None, *get_args(ResultRole)),
    "media": get_args(Media),
}
_FLAGS = (
    "coerce",
    "recover",
    "thinking_prefilled",
    "calls_in_thinking",
    "reply_tool",
    "neutralise",
    "merge_system",
    "merge_turns",
)
_MAYBE = ("calls_in_thinking",)  # None: as the dialect says
# What None stands for, and what else it stands for under a profile.
_DEFAULTS: dict[str, Any] = {"enforce": "prompt", "reply_tool": False, "loop_guard": "report"}
_PROFILES: dict[str, dict[str, Any]] = {
    "small": {"enforce": "auto", "reply_tool": True, "examples": "auto", "loop_guard": "reask"},
}


def make_options(given: Mapping[str, Any], keywords: type[Any] = OptionKeywords) -> Options:
    """`Options(**given)`, with an error that names the nearest option when a name is unknown.

    Args:
        given: Keyword arguments.
        keywords: The typed dictionary that says which are taken.
    """
    plain = all(type(value) in _PLAIN for value in given.values())
    return _kept(keywords, **given) if plain else _made(keywords, **given)


def _made(keywords: type, /, **given: Any) -> Options:
    import difflib

    known = [field.name for field in fields(Options) if field.name in keywords.__annotations__]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(known)}"
            raise TypeError(f"unknown option {name!r}; {hint}")
    return Options(**given)


# Most callers choose the same for each of their answers. What is kept holds nothing of theirs but words, numbers and flags.
_PLAIN = frozenset({str, int, bool, type(None)})
_kept: Callable[..., Options] = functools.lru_cache(maxsize=64, typed=True)(_made)
