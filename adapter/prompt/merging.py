"""Merging of neighbouring messages with the same role, for chat templates that demand alternating roles."""

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
    """Merge neighbouring messages of the user, and of the assistant. Idempotent."""
    plain: list[dict[str, Any]] = []
    for role, group in itertools.groupby(messages, lambda message: message["role"]):
        run = list(group)
        plain += [_joined(run)] if role in _TURNS and len(run) > 1 else run
    return plain


def _joined(messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Join messages: texts with a blank line between them; any other field from the first message that has the field.

    The structured form beside the text is dropped. A `name` stays only if all messages share the name: the words of two people
    must not go under the name of one person.
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
    """Join contents: a string if all contents are strings, else a list of parts."""
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
