"""Neighbouring messages of one role joined, for chat templates that demand alternating roles."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.prompt.native import without_native

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BETWEEN = "\n\n"
_TURNS = {"user", "assistant"}


def merged_turns(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Plain messages of which no two neighbours are the user's, or the assistant's. Merging twice is merging once."""
    plain: list[dict[str, Any]] = []
    for role, group in itertools.groupby(messages, lambda message: message["role"]):
        run = list(group)
        plain += [_joined(run)] if role in _TURNS and len(run) > 1 else run
    return plain


def _joined(messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One message of several: texts with a blank line between them, other fields as the first that has them says.

    What they stand for besides goes: joined, they are words. A `name` stays only where it is the name of all; the words of
    two people are not to go under the name of one.
    """
    fields: dict[str, Any] = {}
    for message in without_native(messages):
        fields = {**message, **fields}
    if any(message.get("name") != fields.get("name") for message in messages):
        del fields["name"]
    reasoning = [message[REASONING] for message in messages if message.get(REASONING)]
    if reasoning:
        fields[REASONING] = _BETWEEN.join(reasoning)
    contents = [message.get("content") for message in messages]
    return {**fields, "role": messages[0]["role"], "content": joined_contents(contents)}


def joined_contents(contents: Iterable[Any]) -> Any:
    """Contents as one: a string if all are strings, else a list of parts."""
    said = [content for content in contents if content]
    if all(isinstance(content, str) for content in said):
        return _BETWEEN.join(said)
    parts: list[Any] = []
    for content in said:
        more = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        if parts and more[0].get("type") == "text":
            more[0] = {**more[0], "text": f"{_BETWEEN}{more[0].get('text') or ''}"}
        parts += more
    return parts
