"""Options: every choice of a caller, in a frozen value.

`wrap`, `parse` and `CompletionParser` take options as keyword arguments; `Options` is the only place that documents them.
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
    """Choices for the presentation of tools, and for reading and checking answers.

    Attributes:
        dialect: The name of the model's dialect, a `Dialect` of your own, or `"auto"`: chosen by the model's name in each
            request, and told to `on_event`.
        on_invalid: The treatment of a call that is still invalid after the re-asks. `"raise"`: the request fails with
            status 502 and code `invalid_tool_call`. `"return"`: the call is handed out unchanged. `"text"`: its block
            stays in the content. A tool with `strict: true` is always treated as `"raise"`.
        retries: Re-asks at most, after an invalid call or a missing required call.
        coerce: Mend arguments of the wrong type where nothing is lost: `"5"` to `5`, `"true"` to `true`.
        recover: Accept a call written without its tags, if the answer is nothing else, the tool was offered and the
            arguments are valid.
        thinking_prefilled: True if the prompt ended inside the reasoning (`<think>` was prefilled), so that the completion
            begins inside the reasoning.
        calls_in_thinking: True if a tool call inside the reasoning ends the reasoning and counts. False: a call rehearsed in
            the reasoning is not run. None leaves the choice to the dialect: some models end their thinking with the call.
        neutralise: Make protocol markup in the text of users and tools, and in tool descriptions, harmless, lest the markup
            forge a call, a result or a turn. Switch the option off for conversations about protocol markup.
        result_role: Role of the messages with tool results, in the history, in worked examples and in re-asks; None: the
            dialect's. `"user"` for servers that refuse `tool` messages without tool calls before them (hosted APIs do).
            `"tool"` for chat templates with a turn for results and without tags of their own in the turn (plain ChatML,
            Hermes 2 and 3, Llama's); each result is then a message with its `tool_call_id`.
        merge_system: Join all system and developer messages into the first, later messages too: for servers and
            templates that take a single system message.
        merge_turns: Join neighbouring messages of the user, and of the assistant, with a blank line: for templates that
            demand alternating roles (Mistral's, Gemma's), which a result sent as `user` before the user's next message breaks.
        media: The treatment of images, audio, video and files in the messages. `"forward"`: media reach the model; media of a
            tool result follow its text or, with `result_role="tool"`, in a user message, because servers refuse media in
            `tool` messages. `"drop"`, for models that read text only: a line of text and a `Problem` of kind `media_dropped`
            name the omission.
        enforce: The constraint that makes the answer a call. `"prompt"`: words only. `"prefill"`: the answer begins with an
            opened call, if a call is required. `"json_schema"`: the server's structured output, if a call is required or the
            answer is JSON in any case. `"grammar"`: a grammar, for free text too: the grammar then holds the calls in the text.
            `"auto"`: the strongest constraint of the `server`.
        server: The kind of server: `"openai"`, `"vllm"`, `"sglang"`, `"llama.cpp"`, `"ollama"`, `"dashscope"`, `"deepseek"`, or
            `"generic"` for an unknown server; see `adapter.servers`.
        reply_tool: Offer the model a further tool, for answers in words, so that every answer is a call. Text passed to the
            tool is content. For small models under a grammar or a schema.
        examples: Worked examples before the conversation: messages of your own, with tool calls and results, or `"auto"`
            for examples made of the tools offered.
        loop_guard: The treatment of a call made just before, with the same arguments, whose result is known:
            `"report"` the call, or also `"reask"` for an answer; then calls right after a result are validated in streams too.
        profile: `"small"`, for models up to some two billion parameters, changes the defaults to `enforce="auto"`,
            `reply_tool=True`, `examples="auto"` and `loop_guard="reask"`.
        stream_calls: The time at which calls of a streamed answer leave. `"incremental"`: while the model writes, as native
            servers do; an invalid call ends the stream in an error. `"validated"`: when a call is complete, mended and
            valid; an invalid call can then be asked for again. With `on_invalid="text"` calls are always validated.
        upstream: The upstream API. `"chat"`: messages. `"completions"`: a text made by the `chat_template`, for servers with
            `/v1/completions` only, for formats that plain messages cannot carry, and for base models.
        chat_template: The template that renders a conversation, with `upstream="completions"`: a name from
            `adapter templates list`, a `.jinja` file, the folder of a Hugging Face model, its `tokenizer_config.json`, or
            a `.gguf` file; or `"auto"`, a template of ours chosen by the model's name.
        upstream_stream: `"always"` for an upstream that answers in streams only (Qwen-Omni): whole answers are assembled from
            the stream.
        store: The store of the Responses API, for `previous_response_id` and retrieval:
            `adapter.MemoryStore()`, `adapter.SqliteStore(path)` or a store of your own; see `adapter.store.Store`. None keeps
            nothing, and a request that needs a store is answered with 400.
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
    """Convert a mapping of any type to a dict, for JSON."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"object of type {type(value).__name__} is not JSON serializable")


class PromptKeywords(TypedDict, total=False):
    """The options that shape the prompt, as keyword arguments; `Options` documents them."""

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
# The values behind None, and the values behind None under a profile.
_DEFAULTS: dict[str, Any] = {"enforce": "prompt", "reply_tool": False, "loop_guard": "report"}
_PROFILES: dict[str, dict[str, Any]] = {
    "small": {"enforce": "auto", "reply_tool": True, "examples": "auto", "loop_guard": "reask"},
}


def make_options(given: Mapping[str, Any], keywords: type[Any] = OptionKeywords) -> Options:
    """`Options(**given)`, with an error that names the nearest option when a name is unknown.

    Args:
        given: Keyword arguments.
        keywords: The typed dictionary of known options.
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


# Most callers use the same options for every answer. Cached options hold strings, numbers and flags only.
_PLAIN = frozenset({str, int, bool, type(None)})
_kept: Callable[..., Options] = functools.lru_cache(maxsize=64, typed=True)(_made)
