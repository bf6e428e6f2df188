"""Content blocks of the Messages API as the parts of chat messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.responses.checks import object_at, text_at, wrong_type, wrong_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Part = dict[str, Any]

_SENT = "Files are not kept here: send the content itself, as base64 or text."


def blocks_of(content: Any, param: str) -> list[tuple[Mapping[str, Any], str]]:
    """Return the blocks of a content, each with its path; a string is a block of text.

    Raises:
        BadRequest: The content is neither a string nor a list of blocks; `param` names the place.
    """
    if isinstance(content, str):
        return [({"type": "text", "text": content}, param)]
    if not isinstance(content, list):
        raise wrong_type(param, content, "a string or an array of blocks")
    return [(object_at(block, f"{param}[{place}]"), f"{param}[{place}]") for place, block in enumerate(content)]


def kind_of(block: Mapping[str, Any], param: str) -> str:
    """Return the type of a block."""
    return text_at(block, "type", param)


def parts_of(block: Mapping[str, Any], param: str) -> list[Part] | None:
    """Return the parts of a block for a chat message, none for an empty text; None for a block of another kind.

    Raises:
        BadRequest: The block is malformed.
    """
    reader = _READERS.get(kind_of(block, param))
    return None if reader is None else reader(block, param)


def content_of(parts: list[Part], joint: str = "") -> Any:
    """Return parts as the content of a chat message: a string, if all are texts."""
    if all(part["type"] == "text" for part in parts):
        return joint.join(part["text"] for part in parts)
    return parts


def _text(block: Mapping[str, Any], param: str) -> list[Part]:
    text = text_at(block, "text", param)
    return [{"type": "text", "text": text}] if text else []


def _image(block: Mapping[str, Any], param: str) -> list[Part]:
    source = object_at(block.get("source"), f"{param}.source")
    kind = text_at(source, "type", f"{param}.source")
    if kind == "base64":
        return [{"type": "image_url", "image_url": {"url": _data_url(source, param)}}]
    if kind == "url":
        return [{"type": "image_url", "image_url": {"url": text_at(source, "url", f"{param}.source")}}]
    raise wrong_value(f"{param}.source.type", kind, _SENT)


def _document(block: Mapping[str, Any], param: str) -> list[Part]:
    source = object_at(block.get("source"), f"{param}.source")
    kind = text_at(source, "type", f"{param}.source")
    title = block.get("title") if isinstance(block.get("title"), str) else ""
    head = "".join(f"{text}\n" for text in (title, block.get("context")) if isinstance(text, str) and text)
    if kind == "text":
        return [{"type": "text", "text": head + text_at(source, "data", f"{param}.source")}]
    if kind == "content":
        inner = [
            part for each, place in blocks_of(source.get("content"), f"{param}.source.content") for part in _inner(each, place)
        ]
        return [{"type": "text", "text": head}, *inner] if head else inner
    if kind == "base64":
        return [{"type": "file", "file": {"file_data": _data_url(source, param), "filename": title or "document.pdf"}}]
    raise wrong_value(f"{param}.source.type", kind, _SENT)


def _inner(block: Mapping[str, Any], param: str) -> list[Part]:
    """Return the parts of a block inside another block."""
    found = parts_of(block, param)
    if found is None:
        raise wrong_value(f"{param}.type", block["type"], f"Supported values are: {', '.join(map(repr, _READERS))}.")
    return found


def _search_result(block: Mapping[str, Any], param: str) -> list[Part]:
    head = "\n".join(text for text in (block.get("title"), block.get("source")) if isinstance(text, str) and text)
    texts = [part["text"] for each, place in blocks_of(block.get("content"), f"{param}.content") for part in _text(each, place)]
    return [{"type": "text", "text": "\n".join([head, *texts] if head else texts)}]


def _tool_reference(block: Mapping[str, Any], param: str) -> list[Part]:
    return [{"type": "text", "text": text_at(block, "tool_name", param)}]


def _data_url(source: Mapping[str, Any], param: str) -> str:
    place = f"{param}.source"
    return f"data:{text_at(source, 'media_type', place)};base64,{text_at(source, 'data', place)}"


_READERS: dict[str, Callable[[Mapping[str, Any], str], list[Part]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_reference": _tool_reference,
}
