"""What the model reads, for callers who want to see it or to send it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.dialects.registry import resolve
from adapter.prompt.conversation import to_plain_messages
from adapter.prompt.neutralise import Neutraliser
from adapter.tools.choice import read_choice
from adapter.tools.definitions import read_tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.dialects.registry import Dialect


def _plain(value: Any) -> Any:
    """A message or a tool as a plain mapping; the SDK's own objects are taken too."""
    dump = getattr(value, "model_dump", None)
    return dump(exclude_none=True) if callable(dump) else value


def render(
    messages: Iterable[Any],
    tools: Iterable[Any] = (),
    *,
    dialect: str | Dialect = "hermes",
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    neutralise: bool = True,
) -> list[dict[str, Any]]:
    """The plain messages that stand for a chat request with tools.

    Args:
        messages: As in a chat request: dicts, or message objects of the openai client.
        tools: As in a chat request.
        dialect: The dialect the model was trained on.
        tool_choice: As in a chat request.
        parallel_tool_calls: As in a chat request.
        neutralise: Make protocol markup in the text of users and tools, and in descriptions, harmless.

    Raises:
        BadRequest: The request is wrong; `param` says where.
        DialectError: No such dialect.
    """
    tool_set = read_tools([_plain(tool) for tool in tools])
    choice = read_choice(tool_choice, tool_set.names)
    plain = [_plain(message) for message in messages]
    return to_plain_messages(plain, tool_set, choice, parallel_tool_calls, resolve(dialect), neutralise=neutralise)


def system_prompt(
    tools: Iterable[Mapping[str, Any]],
    system: str = "",
    *,
    dialect: str | Dialect = "hermes",
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    neutralise: bool = True,
) -> str:
    """The system message that presents tools to the model, after a system text of your own.

    Without tools it is that text alone: no tools block is written for an empty list.
    """
    tool_set = read_tools(list(tools))
    choice = read_choice(tool_choice, tool_set.names)
    shown = [] if choice.mode == "none" else [tool.wire for tool in tool_set.only(choice.allowed)]
    found = resolve(dialect)
    if neutralise:
        shown = [Neutraliser(found).tool(wire) for wire in shown]
    return found.system(system, shown, choice, parallel_tool_calls) if shown else system
