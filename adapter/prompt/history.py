"""The caller's messages, checked: every result finds its call, every call has its result.

OpenAI answers 400 to a conversation with unpaired calls and results, and a model answers nonsense. Errors use OpenAI's words
as far as OpenAI has words for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from adapter.errors import BadRequest
from adapter.text.json_spans import loads

# The commonest type first: checks against `Mapping` and `Sequence` are slow.
_OBJECTS = (dict, Mapping)
_ARRAYS = (list, Sequence)
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


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


def read_turns(messages: Any, roles: Sequence[str] = ()) -> list[Turn]:
    """Check the messages of a request, and put the results in the order of their calls.

    Args:
        messages: The request's `messages`.
        roles: Roles that the dialect knows besides the API's.

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
        message = _message(messages[position], f"messages[{position}]", roles)
        if message["role"] in {"tool", "function"}:
            raise BadRequest(
                f"Invalid parameter: messages with role {message['role']!r} must be a response to a preceding message "
                "with 'tool_calls'.",
                param=f"messages[{position}].role",
            )
        calls = _calls(message, f"messages[{position}]") if message["role"] == "assistant" else ()
        if not calls:
            turns.append(Turn(message))
            position += 1
            continue
        end = position + 1
        while end < len(messages) and _role(messages[end]) in {"tool", "function"}:
            end += 1
        results = _results(messages, position, end, calls)
        turns.append(Turn(message, calls, results))
        position = end
    return turns


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, _OBJECTS) else None


def _message(message: Any, param: str, others: Sequence[str] = ()) -> Mapping[str, Any]:
    if not isinstance(message, _OBJECTS):
        raise BadRequest(
            f"Invalid type for '{param}': expected an object, but got {type(message).__name__}.",
            param=param,
            code="invalid_type",
        )
    role = message.get("role")
    if role is None:
        raise BadRequest(
            f"Missing required parameter: '{param}.role'.", param=f"{param}.role", code="missing_required_parameter"
        )
    if role not in _ROLES and role not in others:
        raise BadRequest(
            f"Invalid value: {role!r} for '{param}.role'. Supported values are: {', '.join(map(repr, (*_ROLES, *others)))}.",
            param=f"{param}.role",
            code="invalid_value",
        )
    content = message.get("content")
    if content is not None and not isinstance(content, str | list):
        raise BadRequest(
            f"Invalid type for '{param}.content': expected a string or an array of parts, but got {type(content).__name__}.",
            param=f"{param}.content",
            code="invalid_type",
        )
    if isinstance(content, list):
        _check_parts(content, f"{param}.content")
    return message


def _check_parts(parts: list[Any], param: str) -> None:
    for position, part in enumerate(parts):
        if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
            raise BadRequest(
                f"Invalid value for '{param}[{position}]': a content part is an object with a 'type'.",
                param=f"{param}[{position}]",
            )
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise BadRequest(
                f"Invalid type for '{param}[{position}].text': expected a string, but got {type(part.get('text')).__name__}.",
                param=f"{param}[{position}].text",
                code="invalid_type",
            )


def _calls(message: Mapping[str, Any], param: str) -> tuple[PastCall, ...]:
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
    found: dict[str, PastCall] = {}
    for position, call in enumerate(calls):
        past = _call(call, f"{param}.tool_calls[{position}]")
        if past.id in found:
            raise BadRequest(
                f"Duplicate tool call id {past.id!r} in '{param}.tool_calls'.",
                param=f"{param}.tool_calls[{position}].id",
            )
        found[past.id] = past
    return tuple(found.values())


def _call(call: Any, param: str) -> PastCall:
    if not isinstance(call, Mapping):
        raise BadRequest(f"Invalid type for '{param}': expected an object.", param=param, code="invalid_type")
    if call.get("type", "function") != "function":
        raise BadRequest(
            f"Invalid value: {call['type']!r} for '{param}.type'. Only calls of type 'function' can be shown to this model.",
            param=f"{param}.type",
            code="invalid_value",
        )
    call_id = call.get("id")
    if not isinstance(call_id, str) or not call_id:
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


def _results(messages: Sequence[Any], position: int, end: int, calls: tuple[PastCall, ...]) -> tuple[Mapping[str, Any], ...]:
    """The results of an assistant message, in the order of its calls."""
    found: dict[str, Mapping[str, Any]] = {}
    ids = dict.fromkeys(call.id for call in calls)
    for place in range(position + 1, end):
        message = _message(messages[place], f"messages[{place}]")
        key = "tool_call_id" if message["role"] == "tool" else "name"
        call_id = message.get(key)
        if not isinstance(call_id, str):
            raise BadRequest(
                f"Missing required parameter: 'messages[{place}].{key}'.",
                param=f"messages[{place}].{key}",
                code="missing_required_parameter",
            )
        if call_id not in ids:
            raise BadRequest(
                f"Invalid parameter: '{key}' of {call_id!r} not found in 'tool_calls' of the previous message; "
                f"its ids are {', '.join(map(repr, ids))}.",
                param=f"messages[{place}].{key}",
            )
        if call_id in found:
            raise BadRequest(
                f"Duplicate value for '{key}' of {call_id!r}: the call has its result already.",
                param=f"messages[{place}].{key}",
            )
        found[call_id] = message
    missing = [call_id for call_id in ids if call_id not in found]
    if missing:
        raise BadRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(missing)}",
            param=f"messages[{position}].tool_calls",
        )
    return tuple(found[call_id] for call_id in ids)


def past_ids(messages: Any, roles: Sequence[str] = ()) -> frozenset[str]:
    """The ids of the calls in a conversation.

    Raises:
        BadRequest: As `read_turns`.
    """
    return frozenset(call.id for turn in read_turns(messages, roles) for call in turn.calls)


def settled_calls(messages: Any, roles: Sequence[str] = ()) -> frozenset[tuple[str, str]]:
    """The calls of the last assistant message, if only their results follow: names and arguments.

    Arguments are in the form of `canonical`.

    Raises:
        BadRequest: As `read_turns`.
    """
    if isinstance(messages, _ARRAYS) and messages and _role(messages[-1]) not in {"tool", "function"}:
        return frozenset()  # without reading the whole history: most requests end in the user's words
    last = read_turns(messages, roles)[-1]
    return frozenset((call.name, canonical(call.arguments)) for call in last.calls)


def canonical(arguments: Any) -> str:
    """Arguments as canonical text: equal values give equal text. Text that is no JSON stays unchanged."""
    if isinstance(arguments, str):
        try:
            arguments = loads(arguments)
        except ValueError:
            return arguments.strip() or "{}"
    return json.dumps({} if arguments is None else arguments, sort_keys=True, default=str)
