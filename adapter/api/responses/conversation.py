"""Input items as the messages of a chat.

An item is smaller than a message: the thoughts, words and calls of a single answer are separate items, and a single assistant
message in a chat. A result follows the call, at any place among the items.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.api.responses.checks import missing, object_at, text_at, wrong_type, wrong_value
from adapter.api.responses.parts import chat_content, text_content
from adapter.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ROLES = ("user", "assistant", "system", "developer")


@dataclass(slots=True)
class _Turn:
    """A message, and the results of the calls in the message."""

    message: dict[str, Any]
    results: list[dict[str, Any]] = field(default_factory=list)


def input_items(value: Any) -> list[dict[str, Any]]:
    """Return the `input` of a request as items, each with a type.

    Args:
        value: A string, or a list of items.

    Raises:
        BadRequest: The value is neither; `param` names the place.
    """
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": value}]
    if value is None:
        raise missing("input")
    if not isinstance(value, list):
        raise wrong_type("input", value, "a string or an array of items")
    items = [dict(object_at(item, f"input[{position}]")) for position, item in enumerate(value)]
    return [{**item, "type": "message"} if item.get("type") is None and "role" in item else item for item in items]


def chat_messages(context: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages for a conversation of items.

    Args:
        context: The stored items of earlier responses.
        items: The items of the request.

    Raises:
        BadRequest: An item is malformed or has no place in a chat, a result has no call, or a call has no result or two;
            `param` names the place.
    """
    conversation = _Conversation()
    for item in context:
        conversation.add(item, "previous_response_id")
    for position, item in enumerate(items):
        conversation.add(item, f"input[{position}]")
    return conversation.messages()


class _Conversation:
    """Items in order, put into turns."""

    def __init__(self) -> None:
        self._turns: list[_Turn] = []
        self._open = False  # the last turn is the assistant's, and may go on
        self._calls: dict[str, _Turn] = {}
        self._answered: set[str] = set()

    def add(self, item: Mapping[str, Any], param: str) -> None:
        """Add the next item."""
        kind = text_at(item, "type", param)
        reader = _ITEMS.get(kind)
        if reader is None:
            raise wrong_value(f"{param}.type", kind, _hint(kind))
        reader(self, item, param)

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages of all turns."""
        for call_id in self._calls:
            if call_id not in self._answered:
                raise BadRequest(f"No tool output found for function call {call_id}.", param="input")
        for turn in self._turns:
            if turn.message["content"] is None and "tool_calls" not in turn.message:
                turn.message["content"] = ""  # a turn of thoughts alone
        return [message for turn in self._turns for message in (turn.message, *turn.results)]

    def _assistant(self, *, begins: Callable[[Mapping[str, Any]], bool]) -> _Turn:
        """Return the assistant's open turn, or a new turn for an item that cannot belong to the open turn."""
        if not self._open or begins(self._turns[-1].message):
            self._turns.append(_Turn({"role": "assistant", "content": None}))
            self._open = True
        return self._turns[-1]

    def message(self, item: Mapping[str, Any], param: str) -> None:
        """Add a message of any role."""
        role = text_at(item, "role", param)
        if role not in _ROLES:
            raise wrong_value(f"{param}.role", role, f"Supported values are: {', '.join(map(repr, _ROLES))}.")
        if item.get("content") is None:
            raise missing(f"{param}.content")
        if role != "assistant":
            self._turns.append(_Turn({"role": role, "content": chat_content(item["content"], f"{param}.content")}))
            self._open = False
            return
        text = text_content(item["content"], f"{param}.content")
        # Two messages in a row stay two; messages around a call are a single message in a chat.
        message = self._assistant(begins=lambda open_: open_["content"] is not None and "tool_calls" not in open_).message
        message["content"] = text if message["content"] is None else message["content"] + text

    def reasoning(self, item: Mapping[str, Any], param: str) -> None:
        """Add thoughts of the model: the full text, or the summary in place of a missing text."""
        text = "".join(_texts(item, "content", param)) or "\n\n".join(_texts(item, "summary", param))
        if not text:
            return  # (encrypted, unreadable here)
        message = self._assistant(begins=lambda open_: open_["content"] is not None or "tool_calls" in open_).message
        message[REASONING] = f"{message[REASONING]}\n{text}" if REASONING in message else text

    def call(self, item: Mapping[str, Any], param: str) -> None:
        """Add a call of the model."""
        call_id = text_at(item, "call_id", param)
        if call_id in self._calls:
            raise wrong_value(f"{param}.call_id", call_id, "Another call has it too.")
        function = {"name": text_at(item, "name", param), "arguments": text_at(item, "arguments", param)}
        turn = self._assistant(begins=lambda _: False)
        turn.message.setdefault("tool_calls", []).append({"id": call_id, "type": "function", "function": function})
        self._calls[call_id] = turn

    def output(self, item: Mapping[str, Any], param: str) -> None:
        """Add the result of a call."""
        call_id = text_at(item, "call_id", param)
        if call_id not in self._calls:
            raise BadRequest(f"No tool call found for function call output with call_id {call_id}.", param=f"{param}.call_id")
        if call_id in self._answered:
            raise wrong_value(f"{param}.call_id", call_id, "This call has an output already.")
        if item.get("output") is None:
            raise missing(f"{param}.output")
        content = chat_content(item["output"], f"{param}.output")
        self._calls[call_id].results.append({"role": "tool", "tool_call_id": call_id, "content": content})
        self._answered.add(call_id)
        self._open = False


_ITEMS: dict[str, Callable[[_Conversation, Mapping[str, Any], str], None]] = {
    "message": _Conversation.message,
    "reasoning": _Conversation.reasoning,
    "function_call": _Conversation.call,
    "function_call_output": _Conversation.output,
}


def _hint(kind: str) -> str:
    if kind == "item_reference":
        return "Items cannot be referred to here: send the item itself, or 'previous_response_id'."
    return f"A chat has no place for it. Supported values are: {', '.join(map(repr, _ITEMS))}."


def _texts(item: Mapping[str, Any], key: str, param: str) -> list[str]:
    parts = item.get(key)
    if parts is None:
        return []
    if not isinstance(parts, list):
        raise wrong_type(f"{param}.{key}", parts, "an array of parts with a 'text'")
    places = [f"{param}.{key}[{position}]" for position in range(len(parts))]
    return [text_at(object_at(part, place), "text", place) for part, place in zip(parts, places, strict=True)]
