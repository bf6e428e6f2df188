"""Rendering of prompts, for callers who want to read prompts or to send them themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from adapter.dialects.registry import resolve
from adapter.options import PromptKeywords, make_options
from adapter.prompt.conversation import to_plain_messages
from adapter.prompt.native import without_native
from adapter.prompt.parts import without_media
from adapter.prompt.shown import system_text
from adapter.tools.choice import read_choice
from adapter.tools.definitions import ToolSet, read_tools
from adapter.tools.message_tools import with_those_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.dialects.registry import Dialect
    from adapter.events import Problem


def _plain(value: Any) -> Any:
    """A message or a tool as a plain mapping; the SDK's own objects are taken too."""
    dump = getattr(value, "model_dump", None)
    return dump(exclude_none=True) if callable(dump) else value


def _tool_set(tools: Iterable[Any] | ToolSet) -> ToolSet:
    return tools if isinstance(tools, ToolSet) else read_tools([_plain(tool) for tool in tools])


def render(
    messages: Iterable[Any],
    tools: Iterable[Any] | ToolSet = (),
    *,
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    **options: Unpack[PromptKeywords],
) -> list[dict[str, Any]]:
    """Render a chat request with tools as plain messages.

    Args:
        messages: As in a chat request: dicts, or message objects of the openai client.
        tools: As in a chat request, or the result of `adapter.read_tools`.
        tool_choice: As in a chat request.
        parallel_tool_calls: As in a chat request.
        options: The options that shape the prompt; see `adapter.options.PromptKeywords`.

    Raises:
        BadRequest: The request is wrong; `param` names the parameter.
        DialectError: The dialect is unknown.
    """
    chosen = make_options(options, PromptKeywords)
    plain: Any = [_plain(message) for message in messages]
    tool_set = with_those_of(plain, _tool_set(tools))
    choice = read_choice(tool_choice, tool_set.names)
    if chosen.media == "drop":
        plain = without_media(plain, chosen.on_event or _ignore)
    dialect = resolve(chosen.dialect, chosen.result_role)
    return without_native(to_plain_messages(plain, tool_set, choice, parallel_tool_calls, dialect, chosen))


def _ignore(_: Problem) -> None:
    """Drop a problem: `render` has no receiver for problems."""


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
    """
    tool_set = _tool_set(tools)
    choice = read_choice(tool_choice, tool_set.names)
    return system_text(system, tool_set, choice, parallel_tool_calls, resolve(dialect), neutralise)
