"""Chat Completions: the caller's request read, the upstream's answer turned into a native server's (behaviour 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapter.api.completions import as_chat, is_text_choice
from adapter.api.json_reading import loads
from adapter.api.logprobs import limited, trimmed
from adapter.api.reasoning import REASONING, one_name
from adapter.errors import BadRequest
from adapter.events import frozen
from adapter.tools.choice import ToolChoice, read_choice, read_function_call
from adapter.tools.definitions import ToolSet, read_functions, read_tools
from adapter.tools.in_messages import with_those_of

if TYPE_CHECKING:
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.options import Options

# What upstream does not know, and the prompt or the parser takes over.
_TAKEN_OVER = ("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format")
_TEXT_OR_NOTHING = (str, type(None))
# Parameters that mean nothing without others.
_NEEDS = {"tool_choice": "tools", "parallel_tool_calls": "tools", "function_call": "functions"}


@frozen
class ChatRequest:
    """A chat request that concerns tools.

    Attributes:
        body: As the caller sent it.
        tools: The tools offered; none when only the history has calls.
        choice: The tool choice.
        parallel: `parallel_tool_calls`.
        legacy: Whether the caller speaks `functions` and expects `function_call`.
    """

    body: Mapping[str, Any]
    tools: ToolSet
    choice: ToolChoice
    parallel: bool | None
    legacy: bool

    @property
    def stream(self) -> bool:
        """Whether the answer is to be streamed."""
        return bool(self.body.get("stream"))

    @property
    def include_usage(self) -> bool:
        """Whether a streamed answer is to end in its usage."""
        options = self.body.get("stream_options")
        return isinstance(options, Mapping) and bool(options.get("include_usage"))

    @property
    def top_logprobs(self) -> int:
        """How many alternatives of each token are wanted."""
        wanted = self.body.get("top_logprobs")
        return wanted if isinstance(wanted, int) else 0

    @property
    def messages(self) -> Any:
        """The messages, unchecked."""
        return self.body.get("messages")


def read_request(body: Mapping[str, Any], *, always: bool = False) -> ChatRequest | None:
    """Read a chat request.

    Args:
        body: As the caller sent it.
        always: Read one without tools, functions or tool history too.

    Returns:
        None for a request without tools, functions or tool history: it is upstream's alone.

    Raises:
        BadRequest: What it says about tools is wrong.
    """
    legacy = body.get("functions") is not None
    if legacy and body.get("tools") is not None:
        raise BadRequest("'tools' and 'functions' cannot be used together; 'functions' is the older form.", param="functions")
    own = read_functions(body["functions"]) if legacy else read_tools(body.get("tools"))
    tools = with_those_of(body.get("messages"), own)
    _check_dependents(body, tools, legacy=legacy)
    if not always and not tools and not _has_history(body.get("messages")):
        return None
    stream = body.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise BadRequest(
            f"Invalid type for 'stream': expected true or false, but got {stream!r}.", param="stream", code="invalid_type"
        )
    parallel = body.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise BadRequest(
            f"Invalid type for 'parallel_tool_calls': expected true or false, but got {parallel!r}.",
            param="parallel_tool_calls",
            code="invalid_type",
        )
    if legacy:
        return ChatRequest(body, tools, read_function_call(body.get("function_call"), tools.names), False, True)
    return ChatRequest(body, tools, read_choice(body.get("tool_choice"), tools.names), parallel, False)


def _check_dependents(body: Mapping[str, Any], tools: ToolSet, *, legacy: bool) -> None:
    """Parameters that mean nothing without tools, in OpenAI's words."""
    for name, needed in _NEEDS.items():
        if body.get(name) is not None and not (tools and legacy == (needed == "functions")):
            raise BadRequest(f"'{name}' is only allowed when '{needed}' are specified.", param=name)


def _has_history(messages: Any) -> bool:
    """Whether the conversation holds calls or results, which upstream could not read."""
    if not isinstance(messages, list):
        return False
    return any(
        isinstance(message, Mapping)
        and (message.get("role") in {"tool", "function"} or message.get("tool_calls") or message.get("function_call"))
        for message in messages
    )


def upstream_body(
    request: ChatRequest,
    messages: list[dict[str, Any]],
    response_format: Mapping[str, Any] | None,
    n: int | None = None,
) -> dict[str, Any]:
    """The request that upstream gets: plain messages, nothing about tools, all else as the caller wrote it."""
    body = {key: value for key, value in request.body.items() if key not in _TAKEN_OVER}
    body["messages"] = messages
    if response_format is not None:
        body["response_format"] = response_format
    if n is not None and "n" in body:
        body["n"] = n
    return body


def wants_thinking(request: ChatRequest) -> bool:
    """Whether the request switches the model's thinking on, in the ways that servers have for it."""
    arguments = request.body.get("chat_template_kwargs")
    settings = [request.body, arguments if isinstance(arguments, Mapping) else {}]
    return any(setting.get(name) is True for setting in settings for name in ("enable_thinking", "thinking"))


def reasoning_of(message: Mapping[str, Any]) -> str:
    """The reasoning that the server took out of an answer itself."""
    reasoning = one_name(message).get(REASONING)
    return reasoning if isinstance(reasoning, str) else ""


def read_completion(status: int, body: bytes) -> dict[str, Any] | None:
    """Upstream's answer, of chat or raw, as a chat completion; None when it is something else, to be handed on as it is."""
    if status != 200:
        return None
    try:
        completion = loads(body)
    except ValueError:
        return None
    if not isinstance(completion, dict) or not isinstance(completion.get("choices"), list):
        return None
    if all(map(_is_choice, completion["choices"])):
        return completion
    return as_chat(completion, "message") if all(map(is_text_choice, completion["choices"])) else None


def _is_choice(choice: Any) -> bool:
    message = choice.get("message") if isinstance(choice, dict) else None
    return isinstance(message, dict) and isinstance(message.get("content"), _TEXT_OR_NOTHING)


def choice_for(
    request: ChatRequest, choice: Mapping[str, Any], parsed: ParsedCompletion, events: Sequence[Event], options: Options
) -> dict[str, Any]:
    """A choice of the answer, as a native server writes it.

    Args:
        request: What the caller asked.
        choice: Upstream's choice.
        parsed: What its content holds.
        events: The same, as the parser reported it.
        options: What the caller chose.
    """
    upstream = one_name({key: value for key, value in choice["message"].items() if value is not None})
    message = {**upstream, **parsed.to_dict()}
    reasoning = f"{upstream.get(REASONING, '')}{parsed.reasoning or ''}"  # the server's own comes first, as in a stream
    message.pop(REASONING, None)
    if reasoning:
        message[REASONING] = reasoning
    if parsed.tool_calls and request.body.get("response_format") is not None:
        message["content"] = None  # what stands beside a call is no answer in the caller's format
    if request.legacy and parsed.tool_calls:
        call = parsed.tool_calls[0]
        message.pop("tool_calls")
        message["function_call"] = {"name": call.name, "arguments": call.arguments}
    logprobs = choice.get("logprobs")
    if logprobs is not None:
        logprobs = limited(logprobs, request.top_logprobs)
        if parsed.content != choice["message"].get("content"):
            logprobs = trimmed(logprobs, events, request.top_logprobs)
    return {
        **choice,
        "message": message,
        "finish_reason": finish_reason(request, choice.get("finish_reason"), options, called=bool(parsed.tool_calls)),
        "logprobs": logprobs,
    }


def finish_reason(request: ChatRequest, upstream: Any, options: Options, *, called: bool) -> Any:
    """OpenAI's words: `tool_calls` for a free or required choice, `stop` for a named one; `length` stays."""
    if not called or upstream not in {"stop", None}:
        return upstream
    if request.legacy:
        return "function_call" if request.choice.mode != "named" else options.named_finish_reason
    return options.named_finish_reason if request.choice.mode == "named" else "tool_calls"


def add_usage(total: Any, more: Any) -> Any:
    """Usage of two requests together; a field that only one has counts as it is."""
    if isinstance(total, dict) and isinstance(more, dict):
        return {key: add_usage(total.get(key), more.get(key)) for key in {**total, **more}}
    if isinstance(total, int | float) and isinstance(more, int | float):
        return total + more
    return total if total is not None else more
