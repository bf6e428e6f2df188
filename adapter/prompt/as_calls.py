"""A conversation for an upstream that takes tools: calls and results stay what they are (behaviour 6.11).

Text of users and tools is neutralised as in a conversation in words: the server's chat template writes the text into a prompt.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import one_name
from adapter.prompt.conversation import TAKEN_OVER, guarded
from adapter.prompt.history import read_turns
from adapter.prompt.merging import joined_contents, merged_turns
from adapter.prompt.neutralise import neutraliser
from adapter.prompt.parts import media_of, text_of
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.options import Options
    from adapter.prompt.history import PastCall, Turn
    from adapter.prompt.neutralise import Neutraliser

_SYSTEM = {"system", "developer"}


def as_calls(messages: Any, dialect: Dialect, options: Options, note: str = "") -> list[dict[str, Any]]:
    """Return the messages in the form of Chat Completions, for upstream.

    Args:
        messages: The request's messages, in order.
        dialect: The dialect whose markup is neutralised.
        options: The options `neutralise`, `merge_system` and `merge_turns`.
        note: Text added to the system message, after the caller's words.

    Raises:
        BadRequest: The conversation does not add up; see `adapter.prompt.history`.
    """
    guard = neutraliser(dialect) if options.neutralise else None
    turns = read_turns(messages, dialect.roles)
    plain: list[dict[str, Any]] = []
    for turn in turns if guard is None else [guarded(turn, guard) for turn in turns]:
        plain += _turn(turn, dialect, guard)
    if options.merge_system or note:
        plain = _with_note(plain, note, one=options.merge_system)
    return _merged(plain) if options.merge_turns else plain


def called(calls: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Return calls, as `(id, name, arguments)`, as a message holds them."""
    return [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, name, arguments in calls
    ]


def _turn(turn: Turn, dialect: Dialect, guard: Neutraliser | None) -> list[dict[str, Any]]:
    message = {key: value for key, value in turn.message.items() if key != "tools"}  # sent with the request's
    if message["role"] == "developer" and "developer" not in dialect.roles:
        return [{**message, "role": "system"}]
    if message["role"] != "assistant":
        return [message]
    said = {key: value for key, value in message.items() if key not in TAKEN_OVER and value is not None}
    content = message.get("content") or message.get("refusal") or ""
    plain = {**one_name(said), "content": content}
    if not turn.calls:
        return [plain]
    safe: Callable[[str], str] = str if guard is None else guard.text
    made = [(safe(call.id), safe(call.name), _arguments(call, guard)) for call in turn.calls]
    results = [
        {"role": "tool", "tool_call_id": call_id, "content": text_of(result.get("content"))}
        for (call_id, _, _), result in zip(made, turn.results, strict=True)
    ]
    media = [part for result in turn.results for part in media_of(result.get("content"))]
    after = [{"role": "user", "content": media}] if media else []  # servers refuse media in `tool` messages
    return [{**plain, "content": content or None, "tool_calls": called(made)}, *results, *after]


def _arguments(call: PastCall, guard: Neutraliser | None) -> str:
    """Return the arguments of a past call as JSON text of an object: servers decode the text, and fail where they cannot."""
    given = call.arguments
    try:
        value = loads(given) if isinstance(given, str) else given
        held = value if guard is None else guard.data(value)
    except (ValueError, RecursionError):
        return json.dumps({"arguments": given}) if isinstance(given, str) and given.strip() else "{}"
    if value is None:
        return "{}"
    if not isinstance(value, dict):
        return json.dumps({"arguments": held}, ensure_ascii=False)
    return given if held == value and isinstance(given, str) else json.dumps(held, ensure_ascii=False)


def _with_note(plain: list[dict[str, Any]], note: str, *, one: bool) -> list[dict[str, Any]]:
    """Return the messages with a note in the system message, which is the only one with `one`."""
    leading = list(itertools.takewhile(lambda message: message["role"] in _SYSTEM, plain))
    rest = plain[len(leading) :]
    if one:
        leading += [message for message in rest if message["role"] in _SYSTEM]
        rest = [message for message in rest if message["role"] not in _SYSTEM]
    if not leading and not note:
        return rest
    joined = leading if one else leading[:1]
    content = joined_contents([*(message.get("content") for message in joined), note])
    first: Mapping[str, Any] = joined[0] if joined else {"role": "system"}
    return [{**first, "content": content}, *leading[len(joined) :], *rest]


def _merged(plain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with neighbouring turns joined; messages with calls stay by themselves."""
    runs = itertools.groupby(plain, lambda message: bool(message.get("tool_calls")))
    return [message for calls, run in runs for message in (run if calls else merged_turns(run))]
