"""The caller's messages, checked: every result finds its call, every call has its result.

OpenAI answers 400 to a conversation with unpaired calls and results, and a model answers nonsense. Errors use OpenAI's words
as far as OpenAI has words for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from adapter.errors import BadRequest
from adapter.prompt.checked_message import checked_message
from adapter.text.json_spans import loads
from adapter.text.some_of import some_of
from adapter.tools.call_form import input_arguments

# The commonest type first: checks against `Mapping` and `Sequence` are slow.
_OBJECTS = (dict, Mapping)
_ARRAYS = (list, Sequence)

# Names the place of a message as the caller counts, by its position.
Place: TypeAlias = Callable[[int], str]


class PastCall(NamedTuple):
    """A tool call of an earlier turn.

    Attributes:
        id: The call's id; the name for a legacy function call.
        name: The tool.
        arguments: JSON text, as in the message.
    """

    id: str
    name: str
    arguments: Any


class Turn(NamedTuple):
    """A message, with the tool results that answer its calls.

    Attributes:
        message: As the caller wrote it.
        calls: The calls of an assistant message.
        results: The messages that answer the calls, in the order of the calls.
    """

    message: Mapping[str, Any]
    calls: tuple[PastCall, ...] = ()
    results: tuple[Mapping[str, Any], ...] = ()


def place_in_messages(position: int) -> str:
    """Return the name of a message's place in a chat request."""
    return f"messages[{position}]"


def read_turns(messages: Any, roles: Sequence[str] = (), place: Place = place_in_messages) -> list[Turn]:
    """Check the messages of a request, and put the results in the order of their calls.

    Args:
        messages: The request's `messages`.
        roles: Roles that the dialect knows besides the API's.
        place: The caller's name of a message, by its position.

    Raises:
        BadRequest: A message is malformed, a result has no call, a call has no result, or a call has two results.
    """
    if not isinstance(messages, _ARRAYS) or isinstance(messages, str):
        raise BadRequest(
            f"Invalid type for 'messages': expected an array of messages, but got {type(messages).__name__}.",
            param="messages",
            code="invalid_type",
        )
    if not messages:
        raise BadRequest("Invalid 'messages': empty array. Expected at least one message.", param="messages")
    turns: list[Turn] = []
    position = 0
    while position < len(messages):
        message = checked_message(messages[position], place(position), roles)
        if message["role"] in {"tool", "function"}:
            raise BadRequest(
                f"Invalid parameter: messages with role {message['role']!r} must be a response to a preceding message "
                "with 'tool_calls'.",
                param=f"{place(position)}.role",
            )
        calls = past_calls(message, place(position)) if message["role"] == "assistant" else ()
        if not calls:
            turns.append(Turn(message))
            position += 1
            continue
        end = position + 1
        while end < len(messages) and _role(messages[end]) in {"tool", "function"}:
            end += 1
        results = _results(messages, range(position, end), calls, place)
        turns.append(Turn(message, calls, results))
        position = end
    return turns


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, _OBJECTS) else None


def past_calls(message: Mapping[str, Any], param: str, *, strict: bool = True) -> tuple[PastCall, ...]:
    """Return the calls of an assistant's message.

    Args:
        message: The message.
        param: The caller's name of its place.
        strict: Refuse calls without an id, or with one id for several; else an absent id is empty.

    Raises:
        BadRequest: A call is malformed.
    """
    legacy = message.get("function_call")
    calls = message.get("tool_calls")
    if legacy is not None and calls is None:
        name, arguments = _function(legacy, f"{param}.function_call")
        return (PastCall(name, name, arguments),)
    if calls is None:
        return ()
    if not isinstance(calls, list):
        raise BadRequest(
            f"Invalid type for '{param}.tool_calls': expected an array, but got {type(calls).__name__}.",
            param=f"{param}.tool_calls",
            code="invalid_type",
        )
    found: list[PastCall] = []
    ids: set[str] = set()
    for position, call in enumerate(calls):
        past = _call(call, f"{param}.tool_calls[{position}]", strict=strict)
        if strict and past.id in ids:
            raise BadRequest(
                f"Duplicate tool call id {past.id!r} in '{param}.tool_calls'.",
                param=f"{param}.tool_calls[{position}].id",
            )
        ids.add(past.id)
        found.append(past)
    return tuple(found)


def _call(call: Any, param: str, *, strict: bool) -> PastCall:
    if not isinstance(call, Mapping):
        raise BadRequest(f"Invalid type for '{param}': expected an object.", param=param, code="invalid_type")
    if call.get("type") == "custom" and isinstance(call.get("custom"), Mapping):
        custom = call["custom"]
        call = {**call, "function": {"name": custom.get("name"), "arguments": input_arguments(custom.get("input") or "")}}
    elif call.get("type", "function") != "function":
        raise BadRequest(
            f"Invalid value: {call['type']!r} for '{param}.type'. "
            "Only calls of type 'function' and 'custom' can be shown to this model.",
            param=f"{param}.type",
            code="invalid_value",
        )
    call_id = call.get("id")
    if call_id is None and not strict:
        call_id = ""
    if not isinstance(call_id, str) or (strict and not call_id):
        raise BadRequest(
            f"Missing required parameter: '{param}.id'. A tool result finds its call by it.",
            param=f"{param}.id",
            code="missing_required_parameter",
        )
    name, arguments = _function(call.get("function"), f"{param}.function")
    return PastCall(call_id, name, arguments)


def _function(function: Any, param: str) -> tuple[str, Any]:
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str) or not name:
        raise BadRequest(
            f"Missing required parameter: '{param}.name'.", param=f"{param}.name", code="missing_required_parameter"
        )
    return name, function.get("arguments")


def _results(messages: Sequence[Any], span: range, calls: tuple[PastCall, ...], place: Place) -> tuple[Mapping[str, Any], ...]:
    """The results of an assistant message, in the order of its calls; the span has the message and its results."""
    found: dict[str, Mapping[str, Any]] = {}
    ids = dict.fromkeys(call.id for call in calls)
    for position in span[1:]:
        message = checked_message(messages[position], place(position))
        key = "tool_call_id" if message["role"] == "tool" else "name"
        call_id = message.get(key)
        if not isinstance(call_id, str):
            raise BadRequest(
                f"Missing required parameter: '{place(position)}.{key}'.",
                param=f"{place(position)}.{key}",
                code="missing_required_parameter",
            )
        if call_id not in ids:
            raise BadRequest(
                f"Invalid parameter: '{key}' of {call_id!r} not found in 'tool_calls' of the previous message; "
                f"its ids are {some_of(map(repr, ids))}.",
                param=f"{place(position)}.{key}",
            )
        if call_id in found:
            raise BadRequest(
                f"Duplicate value for '{key}' of {call_id!r}: the call has its result already.",
                param=f"{place(position)}.{key}",
            )
        found[call_id] = message
    missing = [call_id for call_id in ids if call_id not in found]
    if missing:
        raise BadRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {some_of(missing)}",
            param=f"{place(span[0])}.tool_calls",
        )
    return tuple(found[call_id] for call_id in ids)


def past_ids(messages: Any, roles: Sequence[str] = ()) -> frozenset[str]:
    """The ids of the calls in a conversation.

    Raises:
        BadRequest: As `read_turns`.
    """
    return frozenset(call.id for turn in read_turns(messages, roles) for call in turn.calls)


class Settled(NamedTuple):
    """A call that has its result.

    Attributes:
        name: The tool.
        arguments: The arguments, in the form of `canonical`.
        result: The content of the result.
    """

    name: str
    arguments: str
    result: Any


def settled_calls(
    messages: Any, roles: Sequence[str] = (), may_repeat: Callable[[str, Any], bool] = lambda _name, _result: False
) -> tuple[Settled, ...]:
    """The calls of the last assistant message, if only their results follow.

    Args:
        messages: The conversation.
        roles: Roles that the dialect knows besides the API's.
        may_repeat: True for a call that may be made again, by its name and the content of its result.

    Raises:
        BadRequest: As `read_turns`.
    """
    if isinstance(messages, _ARRAYS) and messages and _role(messages[-1]) not in {"tool", "function"}:
        return ()  # without reading the whole history: most requests end in the user's words
    last = read_turns(messages, roles)[-1]
    return tuple(
        Settled(call.name, canonical(call.arguments), result.get("content"))
        for call, result in zip(last.calls, last.results, strict=True)
        if not may_repeat(call.name, result.get("content"))
    )


def canonical(arguments: Any) -> str:
    """Arguments as canonical text: equal values give equal text. Text that is no JSON stays unchanged."""
    if isinstance(arguments, str):
        try:
            arguments = loads(arguments)
        except ValueError:
            return arguments.strip() or "{}"
    return json.dumps({} if arguments is None else arguments, sort_keys=True, default=str)
