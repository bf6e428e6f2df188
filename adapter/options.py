"""Options: every choice of a caller, in a frozen value.

Options are keyword arguments. `wrap` takes all, `render` those of `PromptKeywords`, `parse` those of `ReadKeywords` and
`CompletionParser` those of `StreamKeywords`; an entry point refuses options that change nothing there. `Options` is the only
place that documents them.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from adapter.option_checks import check, check_native
from adapter.option_keywords import OptionKeywords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.events import Problem
    from adapter.option_keywords import (
        AfterResult,
        Enforce,
        Grounding,
        History,
        Lint,
        LoopGuard,
        Media,
        NamedFinishReason,
        Native,
        OnInvalid,
        OnTool,
        Optional,
        Profile,
        ReasoningField,
        ResultRole,
        StreamCalls,
        UpstreamStream,
    )
    from adapter.records import ExchangeRecord
    from adapter.servers import ServerKind, UpstreamKind
    from adapter.store.base import Store


def random_call_id() -> str:
    """A new tool call id in the shape native servers use: `call_` and 24 hexadecimal digits."""
    return f"call_{os.urandom(12).hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Choices for the presentation of tools, and for reading and checking answers.

    Attributes:
        dialect: The name of the model's dialect, a `Dialect` of your own, or `"auto"`: chosen by the model's name in each
            request, and told to `on_event`. A model's name in place of a dialect's chooses alike. The path of a `.jinja`
            file, or of a tokenizer's configuration with a `response_template`.
        on_invalid: The treatment of a call that is still invalid after the re-asks. `"raise"`: the request fails with
            status 422 and code `invalid_tool_call`. `"return"`: the call is handed out unchanged. `"text"`: its block
            stays in the content. A tool with `strict: true` is always treated as `"raise"`. `parse` and `CompletionParser`
            raise no error: with `"raise"` as with `"return"` they hand out the call, with `valid` false.
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
        history: The treatment of calls and results that do not pair up. `"lenient"`: they are put in an order that the model
            understands, and told. `"strict"`: the request is answered with OpenAI's 400.
        reasoning_field: The way of past reasoning (`reasoning_content` of the assistant's messages) to upstream. `"keep"`: as a
            field, always. `"text"`: in the dialect's own tags, of the turns since the user's last message, as the models were
            trained; older reasoning is left out, and told. `"drop"`: not at all, and told. `"auto"`: as a field where the
            `server` is known to read the field or has answered with one in this client, else as text.
        replay: Show the model its earlier calls as the model wrote them, byte for byte, so that the server's cache of the
            conversation holds. The texts are kept in the `store`, or within 16 MiB of the client's memory; a call that is
            unknown, or that the caller has changed, is rendered anew.
        native: The use of upstream's own tool calling. `"never"`: tools, calls and results go upstream in words. `"auto"`:
            requests go upstream with their tools as long as that gives calls; what fails is told, and goes in words for an hour
            or until `adapter.reset`. `"always"`: with their tools only. Calls are mended, checked and asked for again alike.
            `enforce`, `examples`, `reply_tool`, `result_role` and `replay` shape requests in words only.
        enforce: The constraint that makes the answer a call. `"prompt"`: words only. `"prefill"`: the answer begins with an
            opened call, if a call is required. `"json_object"`: the server's JSON mode without a schema, if every answer is to
            be a call; the prompt says so too, and validation does the rest. `"json_schema"`: the server's structured output, if
            a call is required or the answer is JSON in any case. `"grammar"`: a grammar, for free text too: the grammar then
            holds the calls in the text. `"auto"`: the strongest constraint that all models of the `server` have.
        server: The kind of server: `"openai"`, `"vllm"`, `"sglang"`, `"llama.cpp"`, `"llamafile"`, `"ollama"`, `"lmstudio"`,
            `"koboldcpp"`, `"tgi"`, `"tabbyapi"`, `"mlx"`, `"dashscope"`, `"deepseek"`, `"openrouter"`, `"groq"`, `"together"`,
            `"fireworks"`, `"mistral"`, or `"generic"` for an unknown server; see `adapter.servers`.
        reply_tool: Offer the model a further tool, for answers in words, so that every answer is a call. Text passed to the
            tool is content. For small models under a grammar or a schema.
        examples: Worked examples before the conversation: messages of your own, with tool calls and results, or `"auto"`
            for examples made of the tools offered.
        loop_guard: The treatment of a call made just before, with the same arguments, whose result is known:
            `"report"` the call, or also `"reask"`: the model is asked once more, without tools and with the result in words;
            calls right after a result are then validated in streams too. A call may be made again if its result says that it is
            pending, running or to be tried again, or if its definition is marked `"polls": true`.
        tool_choice_after_result: The treatment of a tool choice that forces the tool which has just answered. `"keep"`: as
            native servers do, and told. `"auto"`: the choice is dropped for that request, and told.
        grounding: The treatment of a call whose values do not occur in the conversation (names, numbers, dates), and of the
            bare JSON of a tool that was not offered. `"off"`. `"report"`: the call is told, and so are invented optional
            arguments. `"reask"`: the model is also asked once more, without tools, where no call is forced; calls are then
            validated in streams too.
        optional: The treatment of an optional argument that occurs nowhere in the conversation. `"keep"`, or `"drop"`: left out
            where the schema allows, and told; calls are then validated in streams too.
        longest_string: Characters of a string without `maxLength`, under a constraint of the server: a model may go on inside a
            string until its tokens end. 20,000 unless given; 0 for no bound. Calls of dialects with raw values are not bounded.
        temperature: The temperature of a request with tools that gives none; None: the server's own. Servers sample by default,
            and what a small model samples is often no call.
        profile: Defaults for a kind of model. `"small"`, for models up to some two billion parameters: `enforce="auto"`,
            `reply_tool=True`, `examples="auto"`, `loop_guard="reask"`, `grounding="reask"`, `temperature=0` and
            `longest_string=2000`.
            `"auto"`: `"small"` or none, by the size of the model (from its name, the server's `/v1/models` or `/props`, or a
            GGUF file), and told.
        stream_calls: The time at which calls of a streamed answer leave. `"incremental"`: while the model writes, as native
            servers do; an invalid call ends the stream in an error. `"validated"`: when a call is complete, mended and
            valid; an invalid call can then be asked for again. With `on_invalid="text"` calls are always validated. A
            `CompletionParser`, which asks for nothing again, hands out a complete call that is invalid too.
        on_bad_tool: The treatment of a tool definition that cannot be read. `"raise"`: the request is a 400. `"leave_out"`: the
            tool is not offered to the model, and told.
        on_builtin: The treatment of a tool that only a vendor's own servers run (`web_search`, `image_generation`, …), and of
            items about such tools: `"raise"` or `"leave_out"`, as for `on_bad_tool`.
        lint: `"warn"`: the rules of `adapter lint` look at each list of tools when a client, for a model, first sees the list;
            findings are told (`lint`), and change no request. `"off"`.
        upstream: The upstream API. `"chat"`: messages. `"completions"`: a text made by the `chat_template`, for servers with
            `/v1/completions` only, for formats that plain messages cannot carry, and for base models.
        chat_template: The template that renders a conversation, with `upstream="completions"`: a name from
            `adapter templates list`, a `.jinja` file, the folder of a Hugging Face model, its `tokenizer_config.json`, or
            a `.gguf` file; or `"auto"`, a template of ours chosen by the model's name.
        upstream_stream: `"always"` for an upstream that answers in streams only (Qwen-Omni): whole answers are assembled from
            the stream.
        max_response_bytes: Bytes of an answer of upstream's that are read, decompressed; of one event of a stream a fourth
            part. A larger answer is an error (502, `upstream_too_large`), and the connection is closed.
        alive_after: Seconds of upstream's silence in a streamed answer after which a sign of life goes to the caller, again and
            again: a comment in a chat, a repeated `response.in_progress` in a response. None: none. (Not under trio.)
        store: The store of the Responses API, for `previous_response_id` and retrieval:
            `adapter.MemoryStore()`, `adapter.SqliteStore(path)` or a store of your own; see `adapter.store.Store`. None keeps
            nothing, and a request that needs a store is answered with 400.
        named_finish_reason: `finish_reason` of an answer to a named tool choice; OpenAI sends `"stop"`.
        on_event: Called with a `Problem` for every repair, coercion, re-ask and refusal; by `parse` and `CompletionParser` for
            every problem of the completion.
        on_exchange: Called with an `adapter.ExchangeRecord` for every request to upstream, once its answer is read: the text
            sent, the text that came back, calls, problems, times, usage, the choices and their reasons. Never headers.
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
    history: History = "lenient"
    reasoning_field: ReasoningField = "auto"
    replay: bool = True
    native: Native = "never"
    enforce: Enforce | None = None
    server: ServerKind = "generic"
    reply_tool: bool | None = None
    examples: Literal["auto"] | Sequence[Mapping[str, Any]] | None = None
    loop_guard: LoopGuard | None = None
    tool_choice_after_result: AfterResult = "keep"
    grounding: Grounding | None = None
    optional: Optional = "keep"
    longest_string: int | None = None
    temperature: float | None = None
    profile: Profile | None = None
    stream_calls: StreamCalls = "incremental"
    on_bad_tool: OnTool = "raise"
    on_builtin: OnTool = "raise"
    lint: Lint = "off"
    upstream: UpstreamKind = "chat"
    chat_template: str | None = None
    upstream_stream: UpstreamStream = "same"
    max_response_bytes: int = 1 << 28
    alive_after: float | None = None
    store: Store | None = None
    named_finish_reason: NamedFinishReason = "stop"
    on_event: Callable[[Problem], object] | None = None
    on_exchange: Callable[[ExchangeRecord], object] | None = None
    new_id: Callable[[], str] = random_call_id

    def __post_init__(self) -> None:
        if self.profile not in {None, AUTO_PROFILE, *PROFILES}:
            raise ValueError(
                f"profile={self.profile!r}: use {' or '.join(map(repr, (*PROFILES, AUTO_PROFILE)))}, or leave it out"
            )
        if self.profile == AUTO_PROFILE:
            check_native(self)
            replace(self, profile=None)  # checked; what the caller left open stays open until the model is known
            return
        for name, value in (_DEFAULTS | PROFILES.get(self.profile or "", {})).items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        check(self)


# The values behind None, and the values behind None under a profile.
_DEFAULTS: dict[str, Any] = {
    "enforce": "prompt",
    "reply_tool": False,
    "loop_guard": "report",
    "grounding": "off",
    "longest_string": 20_000,
}
AUTO_PROFILE = "auto"
PROFILES: dict[str, dict[str, Any]] = {
    "small": {
        "enforce": "auto",
        "reply_tool": True,
        "examples": "auto",
        "loop_guard": "reask",
        "grounding": "reask",
        "longest_string": 2_000,
        "temperature": 0,
    },
}


def make_options(given: Mapping[str, Any], keywords: type[Any] = OptionKeywords) -> Options:
    """`Options(**given)`, with an error for a name that is unknown or not among the entry point's options.

    Args:
        given: Keyword arguments.
        keywords: The typed dictionary of the entry point's options.

    Raises:
        TypeError: A name is unknown, or none of the entry point's; or a value has the wrong type.
        ValueError: A value is not allowed.
    """
    plain = all(type(value) in _PLAIN for value in given.values())
    return _kept(keywords, **given) if plain else _made(keywords, **given)


def _made(keywords: type, /, **given: Any) -> Options:
    import difflib

    known = [field.name for field in fields(Options) if field.name in keywords.__annotations__]
    for name in given:
        if name in known:
            continue
        if name in OptionKeywords.__annotations__:
            raise TypeError(
                f"option {name!r} changes nothing here, where the options are {', '.join(known)}; leave {name!r} out: "
                "wrap() takes all options"
            )
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(known)}"
        raise TypeError(f"unknown option {name!r}; {hint}")
    return Options(**given)


# Most callers use the same options for every answer. Cached options hold strings, numbers and flags only.
_PLAIN = frozenset({str, int, bool, type(None)})
_kept: Callable[..., Options] = functools.lru_cache(maxsize=64, typed=True)(_made)
