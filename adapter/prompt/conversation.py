"""A conversation with tools, as plain messages (behaviour 4).

Tool definitions go into the system message, calls into the text of the assistant, results into the dialect's place. What has
nothing to do with tools (content parts, names, unknown fields) reaches the model as the caller wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.prompt.history import PastCall, Turn, read_turns
from adapter.prompt.neutralise import Neutraliser
from adapter.syntax.json_text import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.tools.choice import ToolChoice
    from adapter.tools.definitions import ToolSet

_CALL_FIELDS = {"tool_calls", "function_call", "audio", "refusal", "annotations"}


def to_plain_messages(
    messages: Any,
    tools: ToolSet,
    choice: ToolChoice,
    parallel: bool | None,
    dialect: Dialect,
    *,
    note: str = "",
    examples: Sequence[Mapping[str, Any]] = (),
    neutralise: bool = True,
) -> list[dict[str, Any]]:
    """The messages that the model reads.

    Args:
        messages: The request's messages.
        tools: The tools it may see; none are shown when the choice is `none`.
        choice: The tool choice.
        parallel: `parallel_tool_calls`; None leaves it to the model.
        dialect: How the model reads tools.
        note: What else the system message has to say, after the caller's words.
        examples: Plain messages to stand between the system message and the conversation.
        neutralise: Whether markup in the text of users and tools, and in descriptions, is made harmless.

    Raises:
        BadRequest: The conversation does not add up; see `adapter.prompt.history`.
    """
    turns = read_turns(messages)
    guard = Neutraliser(dialect) if neutralise else None
    if guard is not None:
        turns = [_guarded(turn, guard) for turn in turns]
    leading = 0
    while leading < len(turns) and turns[leading].message["role"] in {"system", "developer"}:
        leading += 1
    shown = [] if choice.mode == "none" else [tool.wire for tool in tools.only(choice.allowed)]
    if guard is not None:
        shown = [guard.tool(wire) for wire in shown]
    given = [turn.message for turn in turns[:leading]]
    if shown or note:
        render = (lambda text: dialect.system(text, shown, choice, parallel)) if shown else None
        plain = _system(given, note, dialect, render)
    else:
        plain = [{**message, "role": "system"} for message in given]
    plain += [dict(message) for message in examples]
    for turn in turns[leading:]:
        plain += _turn(turn, dialect)
    return plain


def _guarded(turn: Turn, guard: Neutraliser) -> Turn:
    """The turn with harmless text of users and tools."""
    message = turn.message
    if message["role"] == "user":
        message = {**message, "content": guard.content(message.get("content"))}
    results = tuple({**result, "content": guard.content(result.get("content"))} for result in turn.results)
    return Turn(message, turn.calls, results)


def plain_examples(messages: Sequence[Mapping[str, Any]], dialect: Dialect) -> list[dict[str, Any]]:
    """Worked examples that the caller wrote, with tool calls and results, as plain messages."""
    return [message for turn in read_turns(messages) for message in _turn(turn, dialect)] if messages else []


def _system(
    messages: Sequence[Mapping[str, Any]], note: str, dialect: Dialect, render: Callable[[str], str] | None
) -> list[dict[str, Any]]:
    """The system messages at the beginning: one, or two where there are tools and they have one of their own.

    Args:
        messages: The caller's.
        note: What is to be said after them.
        dialect: Says where the tools stand, and what its models were trained to read where the caller says nothing.
        render: Writes the tools, after or before a text; None when there are none to show.
    """
    texts = [_text(message.get("content")) for message in messages] or [dialect.default_system]
    text = "\n\n".join(text for text in (*texts, note) if text)
    first = {key: value for key, value in messages[0].items() if key != "content"} if messages else {}
    if render is None or dialect.tools_in == "system":
        return [{**first, "role": "system", "content": text if render is None else render(text)}]
    own = {"role": "system", "content": render("")}
    return [own, {**first, "role": "system", "content": text}] if text else [own]


def _turn(turn: Turn, dialect: Dialect) -> list[dict[str, Any]]:
    message = turn.message
    if message["role"] == "developer":
        return [{**message, "role": "system"}]
    if message["role"] != "assistant":
        return [dict(message)]
    plain = {key: value for key, value in message.items() if key not in _CALL_FIELDS}
    if not turn.calls:
        plain["content"] = message.get("content") or ""
        return [plain]
    calls = [dialect.tool_call(call.name, _decoded(call)) for call in turn.calls]
    plain["content"] = dialect.assistant(_text(message.get("content")), calls)
    return [plain, _results(turn, dialect)]


def _results(turn: Turn, dialect: Dialect) -> dict[str, Any]:
    """All results of a turn in one message; images and other parts follow the text."""
    results = [
        {"content": _text(message.get("content")), "name": call.name, "id": call.id}
        for call, message in zip(turn.calls, turn.results, strict=True)
    ]
    text = dialect.tool_results(results)
    media = [part for message in turn.results for part in _media(message.get("content"))]
    content: Any = [{"type": "text", "text": text}, *media] if media else text
    return {"role": dialect.result_role, "content": content}


def _decoded(call: PastCall) -> Any:
    """Arguments as a value, so that the template does not encode them twice; text that is no JSON stays text."""
    if not isinstance(call.arguments, str):
        return {} if call.arguments is None else call.arguments
    try:
        return loads(call.arguments)
    except ValueError:
        return call.arguments if call.arguments.strip() else {}


def _text(content: Any) -> str:
    """The text of a content: a string, or the joined text parts of a list."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content if part["type"] in {"text", "refusal"})


def _media(content: Any) -> list[Any]:
    if not isinstance(content, list):
        return []
    return [part for part in content if part["type"] not in {"text", "refusal"}]
