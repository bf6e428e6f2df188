"""The two APIs that a run speaks: Chat Completions and Responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.running import chunks, history, response_items

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.running.history import Answer


@dataclass(frozen=True, slots=True)
class Wire:
    """An API of the client.

    Attributes:
        path: Attributes that lead from the client to `create`.
        conversation: Member of the request that holds the conversation.
        tool: Makes the form of a tool definition out of the form of Chat Completions.
        streaming: Members of a request for a stream.
        joined: Class that joins the parts of a stream to an answer; is made with a function for text deltas.
        read: Reads an answer, with a function that makes ids.
        result: Makes the message with the result of a call, out of id and text.
        call_id: Member of that message that names the call.
    """

    path: tuple[str, ...]
    conversation: str
    tool: Callable[[Mapping[str, Any]], dict[str, Any]]
    streaming: Mapping[str, Any]
    joined: Callable[[chunks.Told], chunks.Joined]
    read: Callable[[Any, Callable[[], str]], Answer]
    result: Callable[[str, str], dict[str, Any]]
    call_id: str


CHAT = Wire(
    ("chat", "completions", "create"),
    "messages",
    dict,
    {"stream": True, "stream_options": {"include_usage": True}},
    chunks.ChatChunks,
    history.read_answer,
    history.result_message,
    "tool_call_id",
)
RESPONSES = Wire(
    ("responses", "create"),
    "input",
    response_items.flat_tool,
    {"stream": True},
    chunks.ResponseEvents,
    response_items.read_answer,
    response_items.result_item,
    "call_id",
)
WIRES: Mapping[str, Wire] = {"chat": CHAT, "responses": RESPONSES}
