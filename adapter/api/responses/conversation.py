"""Input items as the messages of a chat.

An item is smaller than a message: the thoughts, words and calls of a single answer are separate items, and a single assistant
message in a chat. A result follows the call, at any place among the items.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.reasoning import REASONING
from adapter.api.responses.checks import missing, object_at, text_at, wrong_type, wrong_value
from adapter.api.responses.parts import chat_content, text_content
from adapter.api.responses.past_calls import CALLS, LEFT_OUT, RESULTS, PastResult
from adapter.errors import BadRequest, option
from adapter.events import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from adapter.api.responses.past_calls import PastCall

# Members without which OpenAI refuses a call or a result.
_CALLED = {"function_call": "arguments", "custom_tool_call": "input"}
_RETURNED = ("function_call_output", "custom_tool_call_output")
_ROLES = ("user", "assistant", "system", "developer")


@dataclass(slots=True)
class _Turn:
    """A message, and the results of the calls in the message, each with the caller's name of its place."""

    message: dict[str, Any]
    place: str
    results: list[tuple[dict[str, Any], str]] = field(default_factory=list)


class ChatMessages(NamedTuple):
    """A conversation of items as the messages of a chat.

    Attributes:
        messages: The messages.
        places: The caller's names of their places: of each message that of its first item.
        told: Items left out.
    """

    messages: list[dict[str, Any]]
    places: list[str]
    told: list[Problem]


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


def chat_messages(
    context: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]], *, lenient: bool = False, strict: bool = False
) -> ChatMessages:
    """Return the messages for a conversation of items, and the items left out.

    Args:
        context: The stored items of earlier responses.
        items: The items of the request.
        lenient: Leave out items of an unknown kind.
        strict: Refuse calls and results that do not pair up; else the messages are to be put in order, by
            `adapter.prompt.messy_history`.

    Raises:
        BadRequest: An item is malformed or has no place in a chat; or, if strict, a result has no call, or a call has no result
            or two; `param` names the place.
    """
    conversation = _Conversation(lenient=lenient, strict=strict)
    for item, param in with_params(context, items):
        conversation.add(item, param)
    found = conversation.messages()
    return ChatMessages([message for message, _ in found], [place for _, place in found], conversation.told)


def with_params(
    context: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the items of earlier responses and of the request, each with its path."""
    for item in context:
        yield item, "previous_response_id"
    for position, item in enumerate(items):
        yield item, f"input[{position}]"


class _Conversation:
    """Items in order, put into turns.

    Args:
        lenient: Items of an unknown kind are left out.
        strict: Calls and results that do not pair up are refused.

    Attributes:
        told: Items left out.
    """

    def __init__(self, *, lenient: bool, strict: bool) -> None:
        self._lenient = lenient
        self._strict = strict
        self.told: list[Problem] = []
        self._turns: list[_Turn] = []
        self._open = False  # the last turn is the assistant's, and may go on
        self._calls: dict[str, _Turn] = {}  # the latest with each id
        self._answered: set[str] = set()

    def add(self, item: Mapping[str, Any], param: str) -> None:
        """Add the next item."""
        kind = text_at(item, "type", param)
        if kind in _ITEMS:
            _ITEMS[kind](self, item, param)
        elif kind in CALLS:
            self.call(CALLS[kind](item, param), item, param)
        elif kind in RESULTS:
            self.output(RESULTS[kind](item, param), item, param)
        elif kind in LEFT_OUT or (self._lenient and kind != "item_reference"):
            self._leave_out(item, f"{param}: a text model can make nothing of a {kind!r}")
        else:
            raise wrong_value(f"{param}.type", kind, _hint(kind))

    def messages(self) -> list[tuple[dict[str, Any], str]]:
        """Return the messages of all turns, each with its place."""
        for call_id in self._calls:
            if self._strict and call_id not in self._answered:
                raise BadRequest(f"No tool output found for function call {call_id}.", param="input")
        for turn in self._turns:
            if turn.message["content"] is None and "tool_calls" not in turn.message:
                turn.message["content"] = ""  # a turn of thoughts alone
        return [message for turn in self._turns for message in ((turn.message, turn.place), *turn.results)]

    def _assistant(self, param: str, *, begins: Callable[[Mapping[str, Any]], bool]) -> _Turn:
        """Return the assistant's open turn, or a new turn for an item that cannot belong to the open turn."""
        if not self._open or begins(self._turns[-1].message):
            self._turns.append(_Turn({"role": "assistant", "content": None}, param))
            self._open = True
        return self._turns[-1]

    def message(self, item: Mapping[str, Any], param: str) -> None:
        """Add a message of any role."""
        role = text_at(item, "role", param)
        if role not in _ROLES:
            raise wrong_value(f"{param}.role", role, f"Supported values are: {', '.join(map(repr, _ROLES))}.")
        content = item.get("content")
        if role != "assistant":
            if content is None:
                raise missing(f"{param}.content")
            self._turns.append(_Turn({"role": role, "content": chat_content(content, f"{param}.content")}, param))
            self._open = False
            return
        # Two messages in a row stay two; messages around a call are a single message in a chat.
        turn = self._assistant(param, begins=lambda open_: open_["content"] is not None and "tool_calls" not in open_)
        if content is not None:  # null in a message that stands for its calls
            text = text_content(content, f"{param}.content")
            turn.message["content"] = text if turn.message["content"] is None else turn.message["content"] + text

    def reasoning(self, item: Mapping[str, Any], param: str) -> None:
        """Add thoughts of the model: the full text, or the summary in place of a missing text."""
        text = "".join(_texts(item, "content", param)) or "\n\n".join(_texts(item, "summary", param))
        if not text:
            return  # (encrypted, unreadable here)
        message = self._assistant(param, begins=lambda open_: open_["content"] is not None or "tool_calls" in open_).message
        message[REASONING] = f"{message[REASONING]}\n{text}" if REASONING in message else text

    def call(self, call: PastCall, item: Mapping[str, Any], param: str) -> None:
        """Add a call of the model."""
        if call.id is None:
            self._leave_out(item, f"{param}: the call was made and answered on the vendor's own servers")
            return
        if self._strict and item["type"] in _CALLED:
            text_at(item, "call_id", param)
            text_at(item, _CALLED[item["type"]], param)
        if self._strict and call.id in self._calls:
            raise wrong_value(f"{param}.call_id", call.id, "Another call has it too.")
        function = {"name": call.name, "arguments": call.arguments}
        turn = self._assistant(param, begins=lambda _: False)
        turn.message.setdefault("tool_calls", []).append({"id": call.id, "type": "function", "function": function})
        self._calls[call.id] = turn
        if call.result is not None:
            self.output(PastResult(call.id, call.result), item, param)

    def output(self, result: PastResult, item: Mapping[str, Any], param: str) -> None:
        """Add the result of a call."""
        call_id = result.id
        if call_id is None:
            self._leave_out(item, f"{param}: the call was made and answered on the vendor's own servers")
            return
        if self._strict and item["type"] in _RETURNED:
            text_at(item, "call_id", param)
            if item.get("output") is None:
                raise missing(f"{param}.output")
        if self._strict and call_id not in self._calls:
            raise BadRequest(f"No tool call found for function call output with call_id {call_id}.", param=f"{param}.call_id")
        if self._strict and call_id in self._answered:
            raise wrong_value(f"{param}.call_id", call_id, "This call has an output already.")
        message = {"role": "tool", "tool_call_id": call_id, "content": result.content}
        if call_id in self._calls:
            self._calls[call_id].results.append((message, param))
        else:
            self._turns.append(_Turn(message, param))
        self._answered.add(call_id)
        self._open = False

    def brings(self, item: Mapping[str, Any], param: str) -> None:
        """Add nothing: tools that the input brings are offered beside those of the request."""

    def _leave_out(self, item: Mapping[str, Any], reason: str) -> None:
        self.told.append(Problem("item_left_out", f"an item of the input is not shown to the model: {reason}", _shown(item)))


_ITEMS: dict[str, Callable[[_Conversation, Mapping[str, Any], str], None]] = {
    "message": _Conversation.message,
    "reasoning": _Conversation.reasoning,
    "additional_tools": _Conversation.brings,
}
_KNOWN = (*_ITEMS, *CALLS, *RESULTS)


def _hint(kind: str) -> str:
    if kind == "item_reference":
        return "Items are not kept here: send the item itself, or give wrap() a store, such as store=adapter.MemoryStore()."
    return (
        f"A chat has no place for it. Supported values are: {', '.join(map(repr, _KNOWN))}. "
        f"The option {option('on_builtin', 'leave_out')} leaves other items out."
    )


def _shown(item: Mapping[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False, default=repr)


def _texts(item: Mapping[str, Any], key: str, param: str) -> list[str]:
    parts = item.get(key)
    if parts is None:
        return []
    if not isinstance(parts, list):
        raise wrong_type(f"{param}.{key}", parts, "an array of parts with a 'text'")
    places = [f"{param}.{key}[{position}]" for position in range(len(parts))]
    return [text_at(object_at(part, place), "text", place) for part, place in zip(parts, places, strict=True)]
