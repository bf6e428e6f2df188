"""Content parts: text and media, and messages for models that read text only (behaviour 4.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapter.api.responses.parts import chat_part, is_plain
from adapter.events import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

# The types of text parts, and the key of the text.
_TEXT = {"text": "text", "refusal": "refusal"}
# Words in the types `image_url`, `input_audio`, `video`, …; any other part is named by its type.
_KINDS = ("image", "audio", "video", "file")
# Types of parts in the Responses API, where they have other names.
_OTHER_NAMES = ("input_text", "output_text", "input_image", "input_file")
_RESULTS = ("tool", "function")


def as_written(message: Any, place: str) -> Any:
    """Return a message with its content in the form of Chat Completions: the message itself where the content has the form.

    Parts of the Responses API become those of Chat Completions; a tool result that is an object, a number or a list of plain
    objects becomes its JSON text.

    Args:
        message: The message, unchecked.
        place: The caller's name of the message.

    Raises:
        BadRequest: A part of the Responses API is malformed.
    """
    content = message.get("content") if isinstance(message, Mapping) else None
    if content is None or isinstance(content, str):
        return message
    result = message.get("role") in _RESULTS
    if isinstance(content, list):
        if not result or not any(map(is_plain, content)):
            others = [isinstance(part, Mapping) and part.get("type") in _OTHER_NAMES for part in content]
            if not any(others):
                return message
            names = [f"{place}.content[{position}]" for position in range(len(content))]
            parts = zip(content, others, names, strict=True)
            return {**message, "content": [chat_part(part, name) if other else part for part, other, name in parts]}
    elif not result:
        return message
    return {**message, "content": json.dumps(content, ensure_ascii=False, default=str)}


def text_of(content: Any) -> str:
    """The text of a content: a string, or the joined text parts of a list."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part.get(_TEXT[part["type"]]) or "" for part in content if part["type"] in _TEXT)


def media_of(content: Any) -> list[Any]:
    """The parts of a content other than text."""
    return [part for part in content if part["type"] not in _TEXT] if isinstance(content, list) else []


def with_media(text: str, media: Sequence[Any]) -> Any:
    """A content of text followed by media; a string without media."""
    return [{"type": "text", "text": text}, *media] if media else text


def without_media(messages: Sequence[Any], places: Sequence[str], report: Callable[[Problem], object]) -> list[Any]:
    """Replace media in messages by a line that names the kind of media.

    Args:
        messages: As in a chat request.
        places: The caller's names of the messages.
        report: Receives a problem for every part that is left out.
    """
    return [_text_only(message, place, report) for message, place in zip(messages, places, strict=True)]


def _text_only(message: Any, place: str, report: Callable[[Problem], object]) -> Any:
    if not isinstance(message, Mapping):
        return message
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    names = [f"{place}.content[{position}]" for position in range(len(parts))]
    if message.get("role") == "assistant" and message.get("audio") is not None:  # speech of the model
        parts, names = [*parts, {"type": "audio"}], [*names, f"{place}.audio"]
    if not all(isinstance(part, Mapping) and isinstance(part.get("type"), str) for part in parts):
        return message
    if not media_of(parts):
        return message
    text = ""
    for part, name in zip(parts, names, strict=True):
        if part["type"] in _TEXT:
            text += text_of([part])
            continue
        kind = next((kind for kind in _KINDS if kind in part["type"]), f"part of type {part['type']!r}")
        report(Problem("media_dropped", f"{name}: {kind} left out, as media='drop' says"))
        text += "\n" * (text != "" and not text.endswith("\n")) + f"[{kind} left out: this model reads text only]\n"
    rest = {key: value for key, value in message.items() if key != "audio"}
    return {**rest, "content": text.removesuffix("\n")}
