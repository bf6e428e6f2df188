"""Tools that can be run: a definition for the model, and the function behind it."""

from __future__ import annotations

import functools
import inspect
import json
import re
import string
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

from adapter.running.hints import read_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_MARKS = (
    ("writes", (bool,), "True or False"),
    ("polls", (bool,), "True or False"),
    ("progress", (str,), "a text"),
    ("timeout", (int, float, type(None)), "a number of seconds, or None"),
)
_MOST_SHOWN = 80  # characters of an argument in a progress text


@dataclass(frozen=True, slots=True)
class RunnableTool:
    """A tool definition with the function behind it.

    Calling the tool calls the function, so a decorated function stays usable.

    Attributes:
        definition: Definition in Chat Completions form, as the model reads the tool.
        function: The function.
        read: Turns JSON text of valid arguments into positional and keyword arguments of the function.
        writes: The function changes something: a call needs a confirmation.
        progress: Text for people while the function runs; `{city}` stands for the argument `city`.
        timeout: Seconds that a call may take; None for the limit of the run.
        defaults: Defaults by parameter, for the progress text.
        polls: The tool looks at a state that changes: the same call with the same result is no loop.
    """

    definition: Mapping[str, Any]
    function: Callable[..., Any]
    read: Callable[[str], tuple[tuple[Any, ...], dict[str, Any]]]
    writes: bool = False
    progress: str = ""
    timeout: float | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    polls: bool = False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function."""
        return self.function(*arguments, **named)

    @property
    def name(self) -> str:
        """Name of the tool, as the model knows the tool."""
        return str(self.definition["function"]["name"])

    @property
    def description(self) -> str:
        """Description of the tool; empty without one."""
        return str(self.definition["function"].get("description") or "")

    @property
    def is_async(self) -> bool:
        """The function must be awaited, or is an asynchronous generator."""
        called = _called(self.function)
        called = called if inspect.isroutine(called) else type(called).__call__
        return inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)

    def marked_like(self, other: RunnableTool | None, bound: Mapping[str, Any]) -> RunnableTool:
        """Return the tool with the marks of another, whose function it calls, and with bound arguments."""
        if other is None:
            return self
        return replace(
            self,
            writes=other.writes,
            progress=other.progress,
            timeout=other.timeout,
            polls=other.polls or self.polls,
            defaults={**self.defaults, **bound},
        )

    def progress_text(self, arguments: Mapping[str, Any]) -> str:
        """Return the progress text with the arguments of a call filled in, each at most 80 characters long."""
        known = {**self.defaults, **arguments}
        keys = [key for _, key, _, _ in string.Formatter().parse(self.progress) if key is not None]
        fields = {key: _short(known.get(key, "…")) for key in keys}
        return self.progress.format_map(fields) if self.progress else f"Running {self.name}…"


@overload
def tool(function: Callable[..., Any], /) -> RunnableTool: ...


@overload
def tool(
    *,
    writes: bool = False,
    progress: str = "",
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    polls: bool = False,
) -> Callable[[Callable[..., Any]], RunnableTool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    writes: bool = False,
    progress: str = "",
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    polls: bool = False,
) -> RunnableTool | Callable[[Callable[..., Any]], RunnableTool]:
    """Make a tool of a function, for `run_tools`: name, description and parameters come from the function.

        @adapter.tool(writes=True, progress="Writing to {to}…")
        def send_mail(to: str, text: str) -> str:
            ...

    A function without marks needs no decorator: `run_tools` makes the tool.

    Args:
        function: A function with type hints, sync or async.
        writes: The function changes something (a file, an order, a mail): a call runs only when confirmed.
        progress: Text for people while the function runs; `{city}` stands for the argument `city`.
        name: Name for the model; the function's by default.
        description: Description for the model; out of the docstring by default.
        timeout: Seconds that a call may take; the limit of the run by default.
        polls: The tool looks at a state that changes: the same call with the same result is no loop.

    Raises:
        TypeError: A parameter has no type hint, or a hint that no JSON schema can describe.
        ValueError: A name that no server takes, a progress text with unknown fields, or a limit that is not positive.
    """

    def make(function: Callable[..., Any]) -> RunnableTool:
        made = _from_function(function, name, description)
        made = replace(
            made,
            writes=writes or made.writes,
            progress=progress or made.progress,
            timeout=made.timeout if timeout is None else timeout,
            polls=polls or made.polls,
        )
        check_marks(made, {**made.definition["function"]["parameters"]["properties"], **made.defaults})
        return made

    return make if function is None else make(function)


def _from_function(function: Callable[..., Any], name: str | None, description: str | None) -> RunnableTool:
    given: object = function
    if not callable(given) or isinstance(given, type):
        raise TypeError(f"a tool is made of a function, not of {given!r}")
    function, shape, marked = opened(function)
    called = _called(shape)
    own = marked.name if marked else called.__name__ if inspect.isroutine(called) else type(called).__name__
    known_as = str(name or own)
    if not _NAME.match(known_as):
        raise ValueError(
            f"a tool cannot be named {known_as!r}: names have up to 64 letters, digits, '_' and '-'. Give one: "
            "adapter.tool(name='…')"
        )
    signature = read_signature(shape, known_as)
    text = description
    if text is None:
        text = marked.description if marked else signature.description
    shown: dict[str, Any] = {"name": known_as, "description": text, "parameters": signature.parameters}
    definition = {"type": "function", "function": {key: value for key, value in shown.items() if value != ""}}
    made = RunnableTool(definition, function, lambda text: ((), signature.read(text)), defaults=signature.defaults)
    return made.marked_like(marked, bound_of(shape))


def opened(function: Any) -> tuple[Any, Any, RunnableTool | None]:
    """Open a tool that is wrapped: in a `functools.partial`, in a decorator with `functools.wraps`, as a method.

    Returns:
        The function to call; the function whose parameters it has; the tool, whose marks hold for the call. The first is
        `function` itself, and the last None, where no tool is inside.
    """
    if isinstance(function, RunnableTool):
        return function.function, function.function, function
    if isinstance(function, functools.partial):
        inner, shape, marked = opened(function.func)
        if marked:
            bound = [functools.partial(each, *function.args, **function.keywords) for each in (inner, shape)]
            return bound[0], bound[1], marked
    holder = getattr(function, "__self__", None)
    if isinstance(holder, RunnableTool):
        return opened(holder)
    method = getattr(function, "__func__", None)
    if isinstance(method, RunnableTool):
        return function, functools.partial(method.function, holder), method
    called = inspect.getattr_static(type(function), "__call__", None)
    if isinstance(called, RunnableTool):
        return function, called.function, called
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None and wrapped is not function:
        _, shape, marked = opened(wrapped)
        if marked:
            return function, shape, marked
    return function, function, None


def bound_of(function: Any) -> dict[str, Any]:
    """Return the arguments that `functools.partial` gives by name."""
    bound: dict[str, Any] = {}
    while isinstance(function, functools.partial):
        bound = {**function.keywords, **bound}
        function = function.func
    return bound


def check_marks(made: RunnableTool, parameters: Mapping[str, Any]) -> None:
    """Check the marks of a tool.

    Raises:
        TypeError: A mark is of the wrong type.
        ValueError: The text has fields that are no parameters, or the limit is not positive.
    """
    for mark, kinds, words in _MARKS:
        value: object = getattr(made, mark)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError(f"tool {made.name!r}: {mark}={value!r} must be {words}")
    try:
        fields = [key for _, key, _, _ in string.Formatter().parse(made.progress) if key is not None]
        made.progress.format_map(dict.fromkeys(fields, "text"))
    except (ValueError, AttributeError, KeyError, IndexError) as error:
        raise ValueError(f"tool {made.name!r}: the progress text {made.progress!r} cannot be read: {error}") from error
    for key in fields:
        if key not in parameters:
            known = ", ".join(parameters) or "none"
            raise ValueError(
                f"tool {made.name!r}: the progress text names {{{key}}}, which is no parameter; the parameters are {known}"
            )
    if made.timeout is not None and not made.timeout > 0:
        raise ValueError(f"tool {made.name!r}: timeout={made.timeout!r} must be a number of seconds above 0")


def _called(function: Any) -> Any:
    """Return the function inside of a `functools.partial`."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _short(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):  # the caller's own default: a list in itself, keys that are no texts
        text = f"({type(value).__name__})"
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
