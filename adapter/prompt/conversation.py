"""A conversation with tools, as plain messages (behaviour 4).

Tool definitions go into the system message, calls into the text of the assistant, results into the dialect's place. Everything
else (content parts, names, unknown fields) reaches the model as the caller wrote it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import one_name
from adapter.prompt.call_ids import renamed
from adapter.prompt.examples import NO_RESULT
from adapter.prompt.history import PastCall, Turn, read_turns
from adapter.prompt.merging import merged_turns
from adapter.prompt.native import NATIVE
from adapter.prompt.neutralise import neutraliser
from adapter.prompt.parts import media_of, text_of, with_media
from adapter.prompt.past_reasoning import split_thought
from adapter.prompt.replay import WRITTEN
from adapter.prompt.results import result_messages
from adapter.prompt.shown import asked_text, shown_tools, system_text
from adapter.text.held_markers import broken, holding
from adapter.text.json_spans import loads
from adapter.tools.choice import ToolChoice
from adapter.tools.message_tools import BRINGING, brings_tools, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.options import Options
    from adapter.prompt.neutralise import Neutraliser
    from adapter.tools.definitions import ToolSet

# Fields of assistant messages that are rendered as text, or that only servers write.
TAKEN_OVER = {"tool_calls", "function_call", "refusal", "annotations", WRITTEN}
# Roles whose words are the caller's own, or the model's. The fields of other messages that are guarded in their own way.
_TRUSTED = {"system", "developer", "assistant"}
_OURS = {"role", "content"}
_SAID = ToolChoice()  # for turns whose tool choice is stated in another message


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
    """Render a conversation as plain messages, with the structured form beside the text (`adapter.prompt.native`).

    Args:
        messages: The request's messages.
        tools: The tools offered; not shown if the choice is `none`.
        choice: The tool choice.
        parallel: `parallel_tool_calls`; None leaves the number of calls to the model.
        dialect: The dialect of the model.
        options: The options `neutralise`, `result_role`, `merge_system` and `merge_turns`.
        note: Text added to the system message, after the caller's words.
        examples: Plain messages to put between the system message and the conversation.

    Raises:
        BadRequest: The conversation does not add up; see `adapter.prompt.history`.
    """
    turns: Sequence[Turn] = read_turns(messages, dialect.roles)
    if dialect.call_ids:
        before = sum(len(shown.get(NATIVE, {}).get("calls", ())) for shown in examples)
        turns = renamed(turns, dialect.call_ids, before)
    guard = neutraliser(dialect) if options.neutralise else None
    if guard is not None:
        turns = [guarded(turn, guard) for turn in turns]
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
        plain += _turn(turn, dialect, guard)
    if render is not None and to_user:
        _show_to_user(plain, render, shown)
    return merged_turns(plain) if options.merge_turns else plain


def _split(turns: Sequence[Turn], *, everywhere: bool) -> tuple[list[Mapping[str, Any]], list[Turn]]:
    """Split off the system messages at the beginning, or of the whole conversation.

    Tools that the system messages bring are shown beside the request's tools.
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
    """Render the tools that a message brings into the text of its turn.

    Args:
        turn: The turn.
        tools: The tools that may be shown.
        said: The tool choice and the value of `parallel_tool_calls` to state.
        dialect: The dialect of the model.
        options: The option `neutralise`.
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


def guarded(turn: Turn, guard: Neutraliser) -> Turn:
    """The turn with harmless text of users and tools, in all fields."""
    message = turn.message
    if message["role"] in _TRUSTED and not turn.results:
        return turn
    if message["role"] not in _TRUSTED:
        content = message.get("content")
        said = guard.content(content)
        if said is content and message.keys() == _OURS and not turn.results:
            return turn
        message = {**{key: item if key in _OURS else guard.data(item) for key, item in message.items()}, "content": said}
    if not turn.results:
        return Turn(message, turn.calls)
    results = tuple({**result, "content": guard.content(result.get("content"))} for result in turn.results)
    return Turn(message, turn.calls, results)


def plain_examples(messages: Sequence[Mapping[str, Any]], dialect: Dialect) -> list[dict[str, Any]]:
    """Render the caller's own worked examples, with tool calls and results, as plain messages.

    A placeholder for a result (`adapter.prompt.examples.with_open_calls`) is not shown.
    """
    turns = renamed(read_turns(messages, dialect.roles), dialect.call_ids) if messages else []
    return [message for turn in turns for message in _example(turn, dialect)]


def _example(turn: Turn, dialect: Dialect) -> list[dict[str, Any]]:
    shown = _turn(turn, dialect, None)
    unanswered = bool(turn.results) and all(result.get("content") == NO_RESULT for result in turn.results)
    return shown[:1] if unanswered else shown


def _system(
    messages: Sequence[Mapping[str, Any]], text: str, dialect: Dialect, render: Callable[[str], str] | None, *, one: bool
) -> list[dict[str, Any]]:
    """Join the system messages to a single message, or to two if the dialect gives tools a message of their own.

    Args:
        messages: The caller's system messages.
        text: Their text.
        dialect: The dialect, which places the tools.
        render: Writes the tools, after or before a text; None without tools.
        one: True to join to a single message in any case.
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
    """The caller's system text, or the dialect's default text, followed by the note."""
    texts = [text_of(message.get("content")) for message in messages] if messages else [dialect.default_system]
    return "\n\n".join(filter(None, [*texts, note]))


def _turn(turn: Turn, dialect: Dialect, guard: Neutraliser | None) -> list[dict[str, Any]]:
    message = turn.message
    if message["role"] == "developer" and "developer" not in dialect.roles:
        return [{**message, "role": "system"}]
    if message["role"] != "assistant":
        return [dict(message)]
    # The SDK's own message objects carry null for absent fields.
    said = {key: value for key, value in message.items() if key not in TAKEN_OVER and value is not None}
    plain = {**one_name(said), "content": message.get("content") or message.get("refusal") or ""}
    if not turn.calls:
        return [plain]
    made = [_call(call, dialect, guard) for call in turn.calls]
    text = text_of(plain["content"])
    written = message.get(WRITTEN)
    plain[NATIVE] = {"text": text, "calls": [call for call, _ in made], **({} if written is None else {WRITTEN: True})}
    if written is None:
        written = _assistant(text, [shown for _, shown in made], dialect)
    plain["content"] = with_media(written, media_of(message.get("content")))
    results = [
        {"content": text_of(result.get("content")), "name": call["name"], "id": call["id"]}
        for (call, _), result in zip(made, turn.results, strict=True)
    ]
    media = [part for result in turn.results for part in media_of(result.get("content"))]
    return [plain, *result_messages(dialect, results, media)]


def _assistant(text: str, calls: Sequence[str], dialect: Dialect) -> str:
    """Write a turn with calls; reasoning in its text stays in front, also where a dialect writes the text behind or never."""
    written = dialect.assistant(text, calls)
    thought, words = split_thought(text, dialect.reasoning)
    return written if not thought or written.startswith(thought) else f"{thought}\n\n{dialect.assistant(words, calls)}"


def _call(call: PastCall, dialect: Dialect, guard: Neutraliser | None) -> tuple[dict[str, Any], str]:
    """Render a call. Returns the structured form for chat templates, and the dialect's text."""
    arguments = _decoded(call)
    try:
        return _shown_call(call, arguments, dialect, guard)
    except RecursionError:  # nested more deeply than the macros go: the raw text is shown, as for unreadable arguments
        arguments = call.arguments if isinstance(call.arguments, str) else json.dumps(arguments, ensure_ascii=False)
        return _shown_call(call, arguments, dialect, guard)


def _shown_call(call: PastCall, arguments: Any, dialect: Dialect, guard: Neutraliser | None) -> tuple[dict[str, Any], str]:
    call_id, name = call.id, call.name
    if guard is None:
        return {"id": call_id, "name": name, "arguments": arguments}, dialect.tool_call(name, arguments, call_id)
    call_id, name = guard.text(call_id), guard.text(name)
    held = guard.past(arguments)
    with holding():
        text = dialect.tool_call(name, held, call_id)
    if held == arguments:
        return {"id": call_id, "name": name, "arguments": arguments}, text
    return {"id": call_id, "name": name, "arguments": guard.data(arguments)}, broken(text)


def _decoded(call: PastCall) -> Any:
    """Decode arguments, lest the template encode them twice.

    Text that is no JSON stays text, and also JSON that would change when written again: a number out of range (`1e400`), or
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
