"""A conversation with tools, as plain messages (behaviour 4).

Tool definitions go into the system message, calls into the text of the assistant, results into the dialect's place. What has
nothing to do with tools (content parts, names, unknown fields) reaches the model as the caller wrote it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import one_name
from adapter.prompt.call_ids import renamed
from adapter.prompt.history import PastCall, Turn, read_turns
from adapter.prompt.merging import merged_turns
from adapter.prompt.native import NATIVE
from adapter.prompt.neutralise import neutraliser
from adapter.prompt.parts import media_of, text_of, with_media
from adapter.prompt.results import result_messages
from adapter.prompt.shown import asked_text, shown_tools, system_text
from adapter.text.json_spans import loads
from adapter.tools.choice import ToolChoice
from adapter.tools.message_tools import BRINGING, brings_tools, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.options import Options
    from adapter.prompt.neutralise import Neutraliser
    from adapter.tools.definitions import ToolSet

# What an assistant message says in other words here, or what servers only write.
_TAKEN_OVER = {"tool_calls", "function_call", "refusal", "annotations"}
_SAID = ToolChoice()  # where the tool choice is said elsewhere


def to_plain_messages(
    messages: Any,
    tools: ToolSet,
    choice: ToolChoice,
    parallel: bool | None,
    dialect: Dialect,
    options: Options,
    *,
    note: str = "",
    examples: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """The messages that the model reads, with what they stand for (`adapter.prompt.native`).

    Args:
        messages: The request's messages.
        tools: The tools it may see; none are shown when the choice is `none`.
        choice: The tool choice.
        parallel: `parallel_tool_calls`; None leaves it to the model.
        dialect: How the model reads tools.
        options: Whether markup in the text of users and tools is made harmless, and which messages are joined.
        note: What else the system message has to say, after the caller's words.
        examples: Plain messages to stand between the system message and the conversation.

    Raises:
        BadRequest: The conversation does not add up; see `adapter.prompt.history`.
    """
    turns: Sequence[Turn] = read_turns(messages, dialect.roles)
    if dialect.call_ids:
        before = sum(len(shown.get(NATIVE, {}).get("calls", ())) for shown in examples)
        turns = renamed(turns, dialect.call_ids, before)
    if options.neutralise:
        guard = neutraliser(dialect)
        turns = [_guarded(turn, guard) for turn in turns]
    system, turns = _split(turns, everywhere=options.merge_system)
    offered, tools = tools, tools.without(names_in(turn.message for turn in turns))
    shown = list(shown_tools(tools, choice, dialect, neutralise=options.neutralise))
    if tools is not offered:
        said = (_SAID, None) if shown else (choice, parallel)
        turns = [_brought(turn, offered.only(choice.allowed), said, dialect, options) for turn in turns]
    render = (lambda text: system_text(text, tools, choice, parallel, dialect, options.neutralise)) if shown else None
    to_user = dialect.tools_in == "user" and any(turn.message["role"] == "user" for turn in turns)
    if note or (options.merge_system and len(system) > 1) or (shown and not to_user):
        text = _words(system, note, dialect)
        plain = _system(system, text, dialect, None if to_user else render, one=options.merge_system)
        asked = asked_text(choice, parallel, dialect) if shown and not to_user else ""
        plain[0][NATIVE] = {"text": text, "tools": [] if to_user else shown, "asked": asked}
    else:
        plain = [{**message, "role": "system"} for message in system]
    if examples:
        plain += [dict(message) for message in examples]
    for turn in turns:
        plain += _turn(turn, dialect)
    if render is not None and to_user:
        _show_to_user(plain, render, shown)
    return merged_turns(plain) if options.merge_turns else plain


def _split(turns: Sequence[Turn], *, everywhere: bool) -> tuple[list[Mapping[str, Any]], list[Turn]]:
    """The system messages at the beginning, or those of the whole conversation, and the other turns.

    The tools of the former stand with the request's.
    """
    leading = 0
    while leading < len(turns) and turns[leading].message["role"] in BRINGING:
        leading += 1
    rest = list(turns[leading:])
    system = [turn.message for turn in turns[:leading]] if leading else []
    if everywhere:
        system += [turn.message for turn in rest if turn.message["role"] in BRINGING]
        rest = [turn for turn in rest if turn.message["role"] not in BRINGING]
    return [_without_tools(message) for message in system], rest


def _without_tools(message: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in message.items() if key != "tools"}


def _brought(turn: Turn, tools: ToolSet, said: tuple[ToolChoice, bool | None], dialect: Dialect, options: Options) -> Turn:
    """The turn with the tools in its text that its message brings.

    Args:
        turn: The turn.
        tools: The tools that may be shown.
        said: What is to be said of the tool choice and of parallel calls.
        dialect: How the model reads tools.
        options: Whether markup in descriptions is made harmless.
    """
    if not brings_tools(turn.message):
        return turn
    message = dict(_without_tools(turn.message))
    here, choice = tools.only(names_in([turn.message])), said[0]
    shown = list(shown_tools(here, choice, dialect, neutralise=options.neutralise))
    if shown:
        text, media = text_of(message.get("content")), media_of(message.get("content"))
        message["content"] = with_media(system_text(text, here, *said, dialect, options.neutralise), media)
        message[NATIVE] = {"text": text, "tools": shown, "asked": asked_text(*said, dialect)}
    return Turn(message)


def _guarded(turn: Turn, guard: Neutraliser) -> Turn:
    """The turn with harmless text of users and tools."""
    message = turn.message
    if message["role"] != "user" and not turn.results:
        return turn
    if message["role"] == "user":
        message = {**message, "content": guard.content(message.get("content"))}
        if isinstance(message.get("name"), str):
            message["name"] = guard.text(message["name"])
    if not turn.results:
        return Turn(message, turn.calls)
    results = tuple({**result, "content": guard.content(result.get("content"))} for result in turn.results)
    return Turn(message, turn.calls, results)


def plain_examples(messages: Sequence[Mapping[str, Any]], dialect: Dialect) -> list[dict[str, Any]]:
    """Worked examples that the caller wrote, with tool calls and results, as plain messages."""
    return (
        [message for turn in renamed(read_turns(messages, dialect.roles), dialect.call_ids) for message in _turn(turn, dialect)]
        if messages
        else []
    )


def _system(
    messages: Sequence[Mapping[str, Any]], text: str, dialect: Dialect, render: Callable[[str], str] | None, *, one: bool
) -> list[dict[str, Any]]:
    """The system messages joined: one message, or two where there are tools and they have one of their own.

    Args:
        messages: The caller's.
        text: What they say.
        dialect: Says where the tools stand.
        render: Writes the tools, after or before a text; None when there are none to show.
        one: Whether it must be one message.
    """
    media = [part for message in messages for part in media_of(message.get("content"))] if messages else []
    first = {key: value for key, value in messages[0].items() if key != "content"} if messages else {}
    if render is None or dialect.tools_in != "own":
        text = text if render is None else render(text)
        return [{**first, "role": "system", "content": with_media(text, media) if media else text}]
    own = {"role": "system", **({"name": dialect.tools_name} if dialect.tools_name else {}), "content": render("")}
    if one:
        text = "\n\n".join(text for text in (own["content"], text) if text)
        return [{**first, "role": "system", "content": with_media(text, media)}]
    return [own, {**first, "role": "system", "content": with_media(text, media)}] if text or media else [own]


def _show_to_user(plain: Sequence[dict[str, Any]], render: Callable[[str], str], tools: Sequence[Mapping[str, Any]]) -> None:
    """Put the tools into the first message of the user's."""
    first = next(message for message in plain if message["role"] == "user")
    text = text_of(first.get("content"))
    first[NATIVE] = {"text": text, "tools": list(tools)}
    first["content"] = with_media(render(text), media_of(first.get("content")))


def _words(messages: Sequence[Mapping[str, Any]], note: str, dialect: Dialect) -> str:
    """The caller's system text, or what models were trained to read where there is none; and what is to be said after it."""
    texts = [text_of(message.get("content")) for message in messages] if messages else [dialect.default_system]
    return "\n\n".join(filter(None, [*texts, note]))


def _turn(turn: Turn, dialect: Dialect) -> list[dict[str, Any]]:
    message = turn.message
    if message["role"] == "developer" and "developer" not in dialect.roles:
        return [{**message, "role": "system"}]
    if message["role"] != "assistant":
        return [dict(message)]
    # The SDK's own message objects come with null for what was not said.
    said = {key: value for key, value in message.items() if key not in _TAKEN_OVER and value is not None}
    plain = {**one_name(said), "content": message.get("content") or message.get("refusal") or ""}
    if not turn.calls:
        return [plain]
    made = [_call(call, dialect) for call in turn.calls]
    text = text_of(plain["content"])
    written = dialect.assistant(text, [shown for _, shown in made])
    plain[NATIVE] = {"text": text, "calls": [call for call, _ in made]}
    plain["content"] = with_media(written, media_of(message.get("content")))
    results = [
        {"content": text_of(result.get("content")), "name": call.name, "id": call.id}
        for call, result in zip(turn.calls, turn.results, strict=True)
    ]
    media = [part for result in turn.results for part in media_of(result.get("content"))]
    return [plain, *result_messages(dialect, results, media)]


def _call(call: PastCall, dialect: Dialect) -> tuple[dict[str, Any], str]:
    """A call for a chat template, and as the dialect writes it."""
    arguments = _decoded(call)
    try:
        shown = dialect.tool_call(call.name, arguments, call.id)
    except RecursionError:  # nested more deeply than the macros go: the text is shown, as of any that cannot be read
        arguments = call.arguments if isinstance(call.arguments, str) else json.dumps(arguments, ensure_ascii=False)
        shown = dialect.tool_call(call.name, arguments, call.id)
    return {"id": call.id, "name": call.name, "arguments": arguments}, shown


def _decoded(call: PastCall) -> Any:
    """Arguments as a value, so that the template does not encode them twice.

    Text that is no JSON stays text, as does JSON that would not be written as it was read: a number out of range (`1e400`), or
    of thousands of digits.
    """
    if not isinstance(call.arguments, str):
        return {} if call.arguments is None else call.arguments
    try:
        value = loads(call.arguments)
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return call.arguments if call.arguments.strip() else {}
    return value
