"""`run_tools` and `arun_tools`: a conversation with tools from the question to the answer."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, Literal

from adapter.running.asynchronous import run_async
from adapter.running.history import read_messages
from adapter.running.settings import FALLBACK, RunSettings, check_settings
from adapter.running.state import Run
from adapter.running.sync import run_sync
from adapter.running.toolbox import read_toolbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from adapter.running.values import RunEvent, RunResult, ToolCall


def run_tools(  # noqa: PLR0913  # each is a choice of the caller's
    client: Any,
    messages: str | Sequence[Any],
    tools: Sequence[Any],
    *,
    model: str,
    api: Literal["chat", "responses"] = "chat",
    max_turns: int = 10,
    timeout: float | None = 30.0,
    timeouts: Mapping[str, float] | None = None,
    total_timeout: float | None = None,
    fallback: str = FALLBACK,
    confirm: Callable[[ToolCall], bool] | None = None,
    on_event: Callable[[RunEvent], object] | None = None,
    parallel: bool | int = True,
    max_result_chars: int = 20_000,
    stream: bool = False,
    dry_run: bool = False,
    **request: Any,
) -> RunResult:
    """Ask the model, run the tools that it calls, and go on until the model answers in words.

    Functions are read-only unless marked by `adapter.tool(writes=True)`; a call of a tool that writes runs only when `confirm`
    answers True. Arguments are checked against the tool's schema before a function runs. A call that cannot be run, fails or is
    late is answered for the model in a fixed form, and nothing is run twice.

    Each function runs in a thread of its own, with the context variables of the caller (in the caller's thread with
    `timeout=None, parallel=False`). Python cannot stop a thread: a function past its limit is left behind, and its record says
    `abandoned`. `confirm` and `on_event` are always called in the caller's thread.

    Args:
        client: An `OpenAI` client, wrapped or not, or an object with the same `create` methods.
        messages: The conversation, or the text of the user. The list is not changed.
        tools: Functions with type hints, tools of `adapter.tool`, and pairs `(definition, function)`.
        model: Name of the model.
        api: API of the client: Chat Completions, or Responses, where messages are items.
        max_turns: Answers of the model at most.
        timeout: Seconds that a call may take; None for no limit.
        timeouts: The same by name of tool, before the tool's own.
        total_timeout: Seconds that the whole run may take, without the time of `confirm`; None for no limit. The openai client
            makes no retries then.
        fallback: Text for the model in place of a result that did not come in time.
        confirm: Decides on a call that writes: True runs the call, False refuses.
        on_event: Is told of each step, for display.
        parallel: True runs the calls of an answer side by side, at most 64 at a time; a number that many; False one after the
            other. Calls that write always run alone, in their place.
        max_result_chars: Characters of a result that the model reads; the record keeps the whole.
        stream: The model's answers are streamed, and `on_event` gets their deltas.
        dry_run: No tool is run, and `confirm` is not asked: the run ends with the first calls.
        request: Further members of each request, such as `temperature`. A `tool_choice` that forces a call is left out once a
            call was made.

    Returns:
        The answer, the conversation, the calls with their results, times and tokens.

    Raises:
        TypeError: A tool or a value is of the wrong type; an async client, tool or `confirm`.
        ValueError: A value is out of range.
        BadRequest: A tool definition is malformed, or two tools share a name.

    Errors of the client, of `confirm` and of `on_event`, and `KeyboardInterrupt`, go on to the caller as they are;
    `run_of(error)` has the result so far, in which every call is answered.
    """
    run = _made(
        messages, tools, timeouts,
        model=model, api=api, max_turns=max_turns, timeout=timeout, total_timeout=total_timeout, fallback=fallback,
        confirm=confirm, on_event=on_event, parallel=parallel, max_result_chars=max_result_chars, stream=stream,
        dry_run=dry_run, request=request,
    )  # fmt: skip
    return run_sync(run, client)


async def arun_tools(  # noqa: PLR0913  # each is a choice of the caller's
    client: Any,
    messages: str | Sequence[Any],
    tools: Sequence[Any],
    *,
    model: str,
    api: Literal["chat", "responses"] = "chat",
    max_turns: int = 10,
    timeout: float | None = 30.0,  # of each call
    timeouts: Mapping[str, float] | None = None,
    total_timeout: float | None = None,
    fallback: str = FALLBACK,
    confirm: Callable[[ToolCall], bool | Awaitable[bool]] | None = None,
    on_event: Callable[[RunEvent], object] | None = None,
    parallel: bool | int = True,
    max_result_chars: int = 20_000,
    stream: bool = False,
    dry_run: bool = False,
    **request: Any,
) -> RunResult:
    """Ask the model, run the tools that it calls, and go on until the model answers in words; `run_tools` for async clients.

    Coroutine functions run as tasks of the loop, and are cancelled at their limit; a task that ignores its cancellation for a
    second is left behind. Plain functions run in threads, as in `run_tools`. `confirm` may be async.

    Args:
        client: An `AsyncOpenAI` client, wrapped or not, or an object with the same `create` methods.
        messages: See `run_tools`, as for all further arguments.
        tools: Functions, sync or async, tools of `adapter.tool`, and pairs `(definition, function)`.
        model: Name of the model.
        api: API of the client: Chat Completions, or Responses, where messages are items.
        max_turns: Answers of the model at most.
        timeout: Seconds that a call may take; None for no limit.
        timeouts: The same by name of tool.
        total_timeout: Seconds that the whole run may take, without the time of `confirm`.
        fallback: Text for the model in place of a result that did not come in time.
        confirm: Decides on a call that writes; sync or async.
        on_event: Is told of each step; a plain function.
        parallel: True, False, or the number of calls that run side by side.
        max_result_chars: Characters of a result that the model reads.
        stream: The model's answers are streamed.
        dry_run: No tool is run.
        request: Further members of each request.

    Returns:
        The answer, the conversation, the calls with their results, times and tokens.

    Raises:
        TypeError: A tool or a value is of the wrong type, or a sync client.
        ValueError: A value is out of range.
        BadRequest: A tool definition is malformed, or two tools share a name.
    """
    run = _made(
        messages, tools, timeouts,
        model=model, api=api, max_turns=max_turns, timeout=timeout, total_timeout=total_timeout, fallback=fallback,
        confirm=confirm, on_event=on_event, parallel=parallel, max_result_chars=max_result_chars, stream=stream,
        dry_run=dry_run, request=request,
    )  # fmt: skip
    return await run_async(run, client)


def _made(messages: Any, tools: Any, timeouts: Mapping[str, float] | None, **settings: Any) -> Run:
    """Make a run of checked arguments."""
    toolbox = read_toolbox(tools)
    checked = check_settings(RunSettings(timeouts=timeouts or {}, **settings), toolbox)
    return Run(checked, toolbox, read_messages(messages), time.monotonic, _new_id)


def _new_id() -> str:
    """Make an id for a call that came without."""
    return f"call_{secrets.token_hex(12)}"
