"""Messages of a run: the caller's, an answer of the model as a message, results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapter.errors import UpstreamFailed
from adapter.running import replies
from adapter.running.chunks import sendable_answer, tokens
from adapter.text.json_spans import loads

# Names that servers take in a history; a model may write any.
_NAME = re.compile(r"[\w.:/-]{1,128}\Z")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call as the model wrote the call.

    Attributes:
        id: Id, unique in the answer.
        name: Name of the tool; empty if the model gave none.
        arguments: Arguments as text.
        object: The arguments decoded; None if they are no JSON object.
    """

    id: str
    name: str
    arguments: str
    object: dict[str, Any] | None


class Usage(NamedTuple):
    """Tokens of an answer.

    Attributes:
        prompt: Tokens of the prompt.
        completion: Tokens of the completion.
    """

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the model.

    Attributes:
        messages: The messages for the history.
        text: The words of the answer.
        calls: The calls, in order.
        finish_reason: `finish_reason` of the choice.
        usage: The server's counts; None without any.
        mended: Sentences about members of the message that no history can hold as they came.
    """

    messages: tuple[dict[str, Any], ...]
    text: str
    calls: tuple[WrittenCall, ...]
    finish_reason: str | None
    usage: Usage | None
    mended: tuple[str, ...]


def read_messages(messages: Any) -> list[dict[str, Any]]:
    """Return copies of the caller's messages. A text is a message of the user's.

    Raises:
        TypeError: Neither a text nor a list of messages.
    """
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if not isinstance(messages, Sequence) or isinstance(messages, bytes):
        raise TypeError(f"messages is a list of messages, or the text of the user, not {messages!r}")
    return [_plain(message, f"messages[{place}]") for place, message in enumerate(messages)]


def _plain(message: Any, place: str) -> dict[str, Any]:
    if isinstance(message, Mapping):
        return dict(message)
    if callable(getattr(message, "model_dump", None)):
        return {
            key: value for key, value in message.model_dump(exclude_unset=True, warnings=False).items() if value is not None
        }
    raise TypeError(f"{place} is {message!r}, and must be a dictionary with 'role' and 'content', or a message of a completion")


def read_answer(completion: Any, new_id: Callable[[], str]) -> Answer:
    """Read a chat completion: an object of the openai client, or a dictionary.

    Args:
        completion: The completion.
        new_id: Makes ids for calls that came without, or with the id of another call.

    Raises:
        UpstreamFailed: The completion has no message.
    """
    if not isinstance(completion, Mapping) and not callable(getattr(completion, "model_dump", None)):
        raise TypeError(f"the client answered {completion!r}, which is no chat completion")
    mended: list[str] = []
    whole = sendable_answer(completion, mended)
    choices = whole.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise UpstreamFailed(f"the model's answer has no message: {json.dumps(whole, default=repr)[:500]}")
    dropped = ("role", "tool_calls", "function_call")
    if message.get("function_call"):
        mended.append("a function_call, the former form of tool_calls, is left out")
    kept = {key: value for key, value in message.items() if value is not None and value != [] and key not in dropped}
    kept = {"role": "assistant", "content": message.get("content") or "", **kept}
    written = list(_calls(message.get("tool_calls"), new_id, mended))
    if written:
        kept["tool_calls"] = [wire for wire, _ in written]
    calls = tuple(call for _, call in written)
    return Answer((kept,), _words(kept), calls, choice.get("finish_reason"), _usage(whole.get("usage")), tuple(mended))


def _words(message: Mapping[str, Any]) -> str:
    """Return the text of an answer, of all its parts; of an answer without a text the model's refusal."""
    content = message["content"]
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return str(content or message.get("refusal") or "")


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, Mapping):
        return None
    return Usage(tokens(usage, "prompt_tokens"), tokens(usage, "completion_tokens"))


def _calls(wires: Any, new_id: Callable[[], str], mended: list[str]) -> Iterator[tuple[dict[str, Any], WrittenCall]]:
    """Yield each call as a member of the message, and read."""
    seen: set[str] = set()
    if wires and not isinstance(wires, list):
        mended.append(f"tool_calls that are no list are left out: {wires!r}")
    for wire in wires if isinstance(wires, list) else ():
        if not isinstance(wire, Mapping):
            mended.append(f"a call that is no object is left out: {wire!r}")
            continue
        inner = wire.get("function")
        inner = inner if isinstance(inner, Mapping) else {}
        call, written = read_call(wire.get("id"), inner, seen, new_id, mended)
        function = {**inner, **written}
        kept = {key: value for key, value in wire.items() if key not in {"index", "custom"} and value is not None}
        yield {**kept, "id": call.id, "type": "function", "function": function}, call


def read_call(
    given_id: Any, function: Mapping[str, Any], seen: set[str], new_id: Callable[[], str], mended: list[str]
) -> tuple[WrittenCall, dict[str, str]]:
    """Read a call.

    Args:
        given_id: The id that came.
        function: Name and arguments.
        seen: Ids of the answer's calls so far; grows by the id of this call.
        new_id: Makes an id where none came, or that of another call.
        mended: Grows by a sentence for each member that no history can hold.

    Returns:
        The call; its name and its arguments for the history.
    """
    known = given_id if isinstance(given_id, str) and given_id and given_id not in seen else new_id()
    if known != given_id:
        mended.append(f"a call with the id {given_id!r} got the id {known!r}: ids are unique")
    seen.add(known)
    arguments = function.get("arguments")
    text = arguments if isinstance(arguments, str) else "" if arguments is None else json.dumps(arguments)
    decoded = _object(text)
    if decoded is None and text:
        mended.append(f"the arguments of the call {known!r} are no JSON object, and stand in the history as {{}}")
    name = str(function.get("name") or "")
    shown = name if _NAME.match(name) else _UNSAFE.sub("_", name)[:64] or "unnamed"
    if shown != name:
        mended.append(f"the call {known!r} of {replies.quoted(name)} stands in the history as a call of {shown!r}")
    return WrittenCall(known, name, text, decoded), {"name": shown, "arguments": "{}" if decoded is None else text}


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def result_message(call_id: str, text: str) -> dict[str, Any]:
    """Return the message with the result of a call."""
    return {"role": "tool", "tool_call_id": call_id, "content": text}
