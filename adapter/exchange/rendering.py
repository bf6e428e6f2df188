"""Rendering of prompts, for callers who want to read prompts or to send them themselves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from adapter.api.chat.request import ChatRequest, read_request
from adapter.api.responses.request import read_request as read_response_request
from adapter.dialects.registry import resolve
from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.exchange.model_setting import setting_for
from adapter.exchange.past_answers import PastAnswers
from adapter.exchange.protocol import Run
from adapter.exchange.request_plan import RequestPlan
from adapter.exchange.tool_policy import policy_of
from adapter.option_keywords import MessageKeywords, PromptKeywords
from adapter.options import make_options
from adapter.prompt.replay import first_ids
from adapter.prompt.shown import system_text
from adapter.servers import server_for
from adapter.tools.choice import read_choice
from adapter.tools.definitions import RAISING, ToolSet, read_tools
from adapter.tools.message_tools import with_those_of
from adapter.tools.one_tool import wrong_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.dialects.registry import Dialect
    from adapter.exchange.protocol import Report
    from adapter.options import Options
    from adapter.prompt.replay import Said
    from adapter.tools.definitions import Policy


@overload
def render(
    messages: Iterable[Any],
    tools: Iterable[Any] | ToolSet = (),
    *,
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    model: str = "",
    extra_body: Mapping[str, Any] | None = None,
    upstream: Literal["chat"] = "chat",
    chat_template: None = None,
    **options: Unpack[MessageKeywords],
) -> list[dict[str, Any]]: ...
@overload
def render(
    messages: Iterable[Any],
    tools: Iterable[Any] | ToolSet = (),
    *,
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    model: str = "",
    extra_body: Mapping[str, Any] | None = None,
    upstream: Literal["completions"] = "completions",
    chat_template: str,
    **options: Unpack[MessageKeywords],
) -> str: ...
def render(
    messages: Iterable[Any],
    tools: Iterable[Any] | ToolSet = (),
    *,
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    model: str = "",
    extra_body: Mapping[str, Any] | None = None,
    **options: Unpack[PromptKeywords],
) -> list[dict[str, Any]] | str:
    """Render a chat request with tools as the model gets it: plain messages or, with a `chat_template`, one text.

    Args:
        messages: As in a chat request: dicts, or message objects of the openai client.
        tools: As in a chat request, or the result of `adapter.read_tools`.
        tool_choice: As in a chat request.
        parallel_tool_calls: As in a chat request.
        model: The model's name, for the options that may be `"auto"`.
        extra_body: Further members of the request, like `response_format` or `chat_template_kwargs`.
        options: The options that shape the prompt; see `adapter.option_keywords.PromptKeywords`. A `chat_template` needs no
            `upstream="completions"` here.

    Raises:
        BadRequest: The request is wrong; `param` names the parameter.
        DialectError: The dialect or the chat template is unknown.
    """
    if options.get("chat_template") is not None:
        options.setdefault("upstream", "completions")
    chosen = make_options(options, PromptKeywords)
    report = _reporter(chosen)
    request = requested(
        messages,
        tools,
        chosen,
        tool_choice=tool_choice,
        parallel_tool_calls=parallel_tool_calls,
        model=model,
        extra_body=extra_body,
    )
    setting = setting_for(chosen, report, time.time, model)
    for reason in setting.chosen:
        report(Problem("chosen", reason))
    first = RequestPlan(request, setting, _said(chosen, request.messages, report)).first
    for problem in first.problems():
        report(problem)
    rendered: list[dict[str, Any]] | str = first.body["prompt" if chosen.upstream == "completions" else "messages"]
    return rendered


def requested(
    messages: Iterable[Any],
    tools: Iterable[Any] | ToolSet,
    options: Options,
    *,
    tool_choice: Any,
    parallel_tool_calls: bool | None,
    model: str,
    extra_body: Mapping[str, Any] | None,
) -> ChatRequest:
    """Return the chat request of the arguments of `render`.

    Raises:
        BadRequest: The request is wrong; `param` names the parameter.
    """
    if isinstance(messages, str | Mapping):
        raise wrong_type("messages", messages, "an array of messages")
    plain: Any = [_plain(message) for message in messages]
    tool_set = with_those_of(plain, _tool_set(tools, policy_of(options)), policy_of(options))
    body = {**(extra_body or {}), "model": model, "messages": plain}
    return ChatRequest(body, tool_set, read_choice(tool_choice, tool_set.names), parallel_tool_calls, False)


def request_of(body: Mapping[str, Any], options: Options) -> ChatRequest:
    """Return the chat request of a body, of either API.

    Args:
        body: A chat request, or a Responses request without earlier responses.
        options: The caller's choices.

    Raises:
        BadRequest: The request is wrong; `param` names the place.
    """
    if "input" in body and "messages" not in body:
        strict = options.history == "strict"
        limit = server_for(options.server, options.upstream).limit
        return read_response_request(body, (), limit, policy_of(options), strict=strict).chat
    request = read_request(body, always=True, policy=policy_of(options))
    if request is None:
        raise BadRequest("The request cannot be read.")
    return request


def _plain(value: Any) -> Any:
    """A message or a tool as a plain mapping; the SDK's own objects are taken too."""
    dump = getattr(value, "model_dump", None)
    return dump(exclude_none=True) if callable(dump) else value


def _tool_set(tools: Iterable[Any] | ToolSet, policy: Policy = RAISING) -> ToolSet:
    if isinstance(tools, ToolSet):
        return tools
    return read_tools(tools if isinstance(tools, Mapping) else [_plain(tool) for tool in tools], policy=policy)


def _said(options: Options, messages: Any, report: Report) -> Mapping[str, Said]:
    """Return the texts of earlier answers that the caller's store has."""
    past = PastAnswers.of(options, report) if options.store is not None and first_ids(messages) else None
    if past is None:
        return {}
    recalling, answer = past.recall(messages), None
    try:
        while True:
            command = recalling.send(answer)
            answer = command.action() if isinstance(command, Run) else None
    except StopIteration as done:
        said: Mapping[str, Said] = done.value
        return said


def _reporter(options: Options) -> Report:
    """Return the function that is told of problems."""

    def report(problem: Problem) -> None:
        if options.on_event is not None:
            options.on_event(problem)

    return report


def system_prompt(
    tools: Iterable[Mapping[str, Any]] | ToolSet,
    system: str = "",
    *,
    dialect: str | Dialect = "hermes",
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    neutralise: bool = True,
) -> str:
    """Render the system message that presents tools to the model, after a system text of your own.

    Without tools the result is the system text alone: an empty list has no tools block.

    Raises:
        TypeError: `system` is no text; messages are for `render`.
    """
    if not isinstance(system, str):
        raise TypeError(
            f"system_prompt() takes the text of the system message, not {type(system).__name__} {str(system)[:80]!r}; "
            "for messages use adapter.render(messages, tools)"
        )
    tool_set = _tool_set(tools)
    choice = read_choice(tool_choice, tool_set.names)
    return system_text(system, tool_set, choice, parallel_tool_calls, resolve(dialect), neutralise)
