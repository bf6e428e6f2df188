"""Content parts of input items, as content parts of a chat message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.api.responses.checks import missing, object_at, text_at, wrong_type, wrong_value

if TYPE_CHECKING:
    from collections.abc import Callable

# Words in the types of parts that are media even without a member of the name of the type.
_MEDIA = ("image", "audio", "video")
_FILES = "There is no store of files here: send the data itself"


def chat_content(content: Any, param: str) -> Any:
    """Return the content for a chat message: a string, or a list of parts for more than a single text.

    Args:
        content: A string or a list of parts.
        param: The place in the request.

    Raises:
        BadRequest: The content is neither, or has a part without a place in a chat message.
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise wrong_type(param, content, "a string or an array of content parts")
    parts = [chat_part(part, f"{param}[{position}]") for position, part in enumerate(content)]
    if len(parts) == 1 and parts[0]["type"] == "text":
        return parts[0]["text"]
    return parts


def text_content(content: Any, param: str) -> str:
    """Return the text of an assistant's message, which holds text only: the words of the answer or of a refusal."""
    parts = chat_content(content, param)
    if isinstance(parts, str):
        return parts
    for position, part in enumerate(parts):
        if part["type"] != "text":
            raise wrong_value(f"{param}[{position}].type", content[position]["type"], "An assistant's message holds text only.")
    return "".join(part["text"] for part in parts)


def chat_part(part: Any, param: str) -> dict[str, Any]:
    """Return a part for a chat message.

    Raises:
        BadRequest: The part is malformed, or has no place in a chat message.
    """
    kind = text_at(object_at(part, param), "type", param)
    reader = _PARTS.get(kind)
    if reader is None:
        raise wrong_value(f"{param}.type", kind, f"Supported values are: {', '.join(map(repr, _PARTS))}.")
    return reader(part, param)


def is_data(output: Any) -> bool:
    """Return True for the output of a tool that is neither a text nor content parts: data of the tool's own."""
    if isinstance(output, list):
        return any(map(is_plain, output))
    return not isinstance(output, str)


def is_plain(part: Any) -> bool:
    """Return True for a value that is no content part of either API: a part has a member of the name of its type."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str):
        return True
    return kind not in part and kind not in _PARTS and not any(word in kind for word in _MEDIA)


def _text(part: Mapping[str, Any], param: str) -> dict[str, Any]:
    return {"type": "text", "text": text_at(part, "text", param)}


def _refusal(part: Mapping[str, Any], param: str) -> dict[str, Any]:
    return {"type": "text", "text": text_at(part, "refusal", param)}


def _image(part: Mapping[str, Any], param: str) -> dict[str, Any]:
    if part.get("image_url") is None:
        if part.get("file_id") is not None:
            raise wrong_value(f"{param}.file_id", part["file_id"], f"{_FILES}, as a data URL in 'image_url'.")
        raise missing(f"{param}.image_url")
    if isinstance(part["image_url"], Mapping):  # as in Chat Completions
        return {"type": "image_url", "image_url": dict(part["image_url"])}
    image = {"url": text_at(part, "image_url", param)}
    if part.get("detail") is not None:
        image["detail"] = text_at(part, "detail", param)
    return {"type": "image_url", "image_url": image}


def _file(part: Mapping[str, Any], param: str) -> dict[str, Any]:
    for name in ("file_url", "file_id"):
        if part.get(name) is not None and part.get("file_data") is None:
            raise wrong_value(f"{param}.{name}", part[name], f"{_FILES}, in 'file_data'.")
    file = {"file_data": text_at(part, "file_data", param)}
    if part.get("filename") is not None:
        file["filename"] = text_at(part, "filename", param)
    return {"type": "file", "file": file}


def _audio(part: Mapping[str, Any], param: str) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": dict(object_at(part.get("input_audio"), f"{param}.input_audio"))}


_PARTS: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "image_url": _image,
    "input_file": _file,
    "input_audio": _audio,
}
