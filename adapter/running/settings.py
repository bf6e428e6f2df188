"""Settings of a run, checked before the model is asked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.running.toolbox import Toolbox
    from adapter.running.values import RunEvent, ToolCall

FALLBACK = "Sorry, this information cannot be retrieved right now. Please try again later."
# Calls of an answer that run at the same time with `parallel=True`: each may have a thread.
AT_ONCE = 64
_OURS = ("input", "messages", "model", "stream", "tools")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of a run; `run_tools` describes each.

    Attributes:
        model: Name of the model.
        api: API of the client: `"chat"` or `"responses"`.
        max_turns: Answers of the model at most.
        timeout: Seconds that a call may take; None for no limit.
        timeouts: The same by name of tool.
        total_timeout: Seconds that the run may take, without the time of `confirm`; None for no limit.
        fallback: Text for the model in place of a result that did not come in time.
        confirm: Function that decides on a call that writes.
        on_event: Function that is told of each step.
        parallel: True, False, or the number of calls that run at the same time.
        max_result_chars: Characters of a result that the model reads.
        stream: Answers are streamed.
        dry_run: No tool is run.
        request: Further members of each request.
    """

    model: str
    api: str = "chat"
    max_turns: int = 10
    timeout: float | None = 30.0
    timeouts: Mapping[str, float] = field(default_factory=dict)
    total_timeout: float | None = None
    fallback: str = FALLBACK
    confirm: Callable[[ToolCall], Any] | None = None
    on_event: Callable[[RunEvent], Any] | None = None
    parallel: bool | int = True
    max_result_chars: int = 20_000
    stream: bool = False
    dry_run: bool = False
    request: Mapping[str, Any] = field(default_factory=dict)

    @property
    def at_once(self) -> int:
        """Calls that run at the same time."""
        return AT_ONCE if self.parallel is True else max(1, int(self.parallel))


def check_settings(settings: RunSettings, tools: Toolbox) -> RunSettings:
    """Check the settings of a run. Returns the settings.

    Raises:
        TypeError: A value is of the wrong type, or a member of the request is set by the runner itself.
        ValueError: A value is out of range, or a limit is for an unknown tool.
    """
    model: object = settings.model
    if not isinstance(model, str) or not model:
        raise TypeError(f"model={settings.model!r} must be the name of a model")
    if settings.api not in ("chat", "responses"):
        raise ValueError(f"api={settings.api!r} must be 'chat' or 'responses'")
    _at_least_one("max_turns", settings.max_turns)
    _at_least_one("max_result_chars", settings.max_result_chars)
    if not isinstance(settings.parallel, bool):
        _at_least_one("parallel", settings.parallel)
    _seconds("timeout", settings.timeout)
    _seconds("total_timeout", settings.total_timeout)
    _check_timeouts(settings.timeouts, tools)
    if not isinstance(settings.fallback, str):
        raise TypeError(f"fallback={settings.fallback!r} must be a text")
    for flag in ("stream", "dry_run"):
        if not isinstance(getattr(settings, flag), bool):
            raise TypeError(f"{flag}={getattr(settings, flag)!r} must be True or False")
    for called in ("confirm", "on_event"):
        if getattr(settings, called) is not None and not callable(getattr(settings, called)):
            raise TypeError(f"{called}={getattr(settings, called)!r} must be a function")
    if inspect.iscoroutinefunction(settings.on_event):
        raise TypeError(f"on_event={settings.on_event!r} is async, and must be a plain function: nobody awaits it")
    _check_request(settings.request)
    return settings


def _check_timeouts(timeouts: Mapping[str, float], tools: Toolbox) -> None:
    if not isinstance(timeouts, Mapping):
        raise TypeError(f"timeouts={timeouts!r} must be a dictionary of seconds by tool")
    for name, limit in timeouts.items():
        if name not in tools.by_name:
            raise ValueError(f"timeouts has {name!r}, which is no tool; the tools are {', '.join(tools.by_name) or 'none'}")
        _seconds(f"timeouts[{name!r}]", limit)


def _check_request(request: Mapping[str, Any]) -> None:
    taken = [name for name in _OURS if name in request]
    if taken:
        raise TypeError(f"{', '.join(taken)} in the request: the runner sets this itself")
    if request.get("n", 1) not in (1, None):
        raise ValueError(f"n={request['n']!r}: a run follows one answer, so n must be 1")
    if "functions" in request or "function_call" in request:
        raise ValueError("functions and function_call are the former names of tools and tool_choice, which the runner uses")


def _at_least_one(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}={value!r} must be a whole number")
    if value < 1:
        raise ValueError(f"{name}={value!r} must be 1 or more")


def _seconds(name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}={value!r} must be a number of seconds, or None for no limit")
    if not value > 0:
        raise ValueError(f"{name}={value!r} must be above 0")
