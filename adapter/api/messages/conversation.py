"""Messages of Anthropic's API as the messages of a chat.

A user's message may hold results of tools beside words: the results become `tool` messages, which stand first. An assistant's
message holds thoughts, words and calls.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.messages.blocks import blocks_of, content_of, kind_of, parts_of
from adapter.api.reasoning import REASONING
from adapter.api.responses.checks import missing, object_at, text_at, wrong_type, wrong_value
from adapter.errors import BadRequest, option
from adapter.events import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROLES = ("user", "assistant", "system")
_UNREADABLE = "redacted_thinking"  # the vendor's own secret


class ChatMessages(NamedTuple):
    """A conversation as the messages of a chat.

    Attributes:
        messages: The messages.
        places: The caller's names of their places.
        told: Blocks left out.
    """

    messages: list[dict[str, Any]]
    places: list[str]
    told: list[Problem]


def chat_messages(system: Any, messages: Any, *, lenient: bool) -> ChatMessages:
    """Return the messages of a chat.

    Args:
        system: The system prompt: a string, a list of text blocks, or None.
        messages: The messages, unchecked.
        lenient: Leave out blocks of a vendor's own, and tell; else they are refused.

    Raises:
        BadRequest: A message is malformed; `param` names the place.
    """
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", messages, "an array of messages")
    if not messages:
        raise BadRequest("'messages' is empty: send at least one message.", param="messages")
    reader = _Reader(lenient=lenient)
    if system is not None:
        reader.add({"role": "system", "content": system}, "system", "system")
    for position, message in enumerate(messages):
        place = f"messages[{position}]"
        reader.add(object_at(message, place), place, f"{place}.content")
    return ChatMessages(reader.messages, reader.places, reader.told)


class _Reader:
    def __init__(self, *, lenient: bool) -> None:
        self._lenient = lenient
        self.messages: list[dict[str, Any]] = []
        self.places: list[str] = []
        self.told: list[Problem] = []

    def add(self, message: Mapping[str, Any], place: str, param: str) -> None:
        """Add a message; `param` is the path of its content."""
        role = text_at(message, "role", place)
        if role not in _ROLES:
            raise wrong_value(f"{place}.role", role, f"Supported values are: {', '.join(map(repr, _ROLES))}.")
        if message.get("content") is None:
            raise missing(param)
        blocks = blocks_of(message["content"], param)
        if role == "assistant":
            self._assistant(blocks, place)
        else:
            self._other(role, blocks, place)

    def _put(self, message: dict[str, Any], place: str) -> None:
        self.messages.append(message)
        self.places.append(place)

    def _other(self, role: str, blocks: list[tuple[Mapping[str, Any], str]], place: str) -> None:
        """Add a message of the user's or the system's: results first, then the other blocks."""
        parts: list[dict[str, Any]] = []
        results = 0
        for block, param in blocks:
            if kind_of(block, param) == "tool_result":
                self._put(_result(block, param), param)
                results += 1
            elif (found := parts_of(block, param)) is not None:
                parts += found
            else:
                self._leave_out(block, param)
        if parts or not results:
            self._put({"role": role, "content": content_of(parts, "\n\n")}, place)

    def _assistant(self, blocks: list[tuple[Mapping[str, Any], str]], place: str) -> None:
        words, thoughts, calls = "", [], []
        for block, param in blocks:
            kind = kind_of(block, param)
            if kind == "text":
                words += text_at(block, "text", param)
            elif kind == "thinking":
                thoughts.append(text_at(block, "thinking", param))
            elif kind == "tool_use":
                calls.append(_call(block, param))
            elif kind != _UNREADABLE:
                self._leave_out(block, param)
        message: dict[str, Any] = {"role": "assistant", "content": words if words or not calls else None}
        if any(thoughts):
            message[REASONING] = "\n".join(thoughts)
        self._put({**message, "tool_calls": calls} if calls else message, place)

    def _leave_out(self, block: Mapping[str, Any], param: str) -> None:
        if not self._lenient:
            hint = (
                "This model has text, images and calls of the caller's tools; "
                f"{option('on_builtin', 'leave_out')} leaves other blocks out."
            )
            raise wrong_value(f"{param}.type", block["type"], hint)
        message = f"a block is not shown to the model: {param}: a text model can make nothing of a {block['type']!r}"
        self.told.append(Problem("item_left_out", message, json.dumps(block, ensure_ascii=False, default=repr)))


def _call(block: Mapping[str, Any], param: str) -> dict[str, Any]:
    """Return a past call."""
    arguments = block.get("input")
    text = arguments if isinstance(arguments, str) else json.dumps({} if arguments is None else arguments, ensure_ascii=False)
    function = {"name": text_at(block, "name", param), "arguments": text}
    return {"id": text_at(block, "id", param), "type": "function", "function": function}


def _result(block: Mapping[str, Any], param: str) -> dict[str, Any]:
    """Return a result as a `tool` message; a failure says so in its text, because a chat has no mark for failures."""
    call_id = text_at(block, "tool_use_id", param)
    content = block.get("content")
    parts: list[dict[str, Any]] = []
    for inner, place in blocks_of(content, f"{param}.content") if content is not None else ():
        found = parts_of(inner, place)
        if found is None:
            raise wrong_value(f"{place}.type", inner["type"], "A result holds text, images and documents.")
        parts += found
    if block.get("is_error") is True:
        text = parts[0]["text"] if parts and parts[0]["type"] == "text" else ""
        if not text.lstrip().lower().startswith("error"):
            parts = [{"type": "text", "text": f"Error: {text}" if text else "Error"}, *parts[1 if text else 0 :]]
    return {"role": "tool", "tool_call_id": call_id, "content": content_of(parts, "\n")}
