"""Messages of Ollama's wire as messages of a chat.

Calls have arguments as objects, and often no ids: Ollama's own Python client has no member for them. A result belongs to the
first open call of its tool, or else to the first open call.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.api.responses.checks import object_at, text_at, wrong_type, wrong_value

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROLES = ("system", "user", "assistant", "tool")
_MEDIA = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}


def chat_messages(messages: list[Any]) -> list[dict[str, Any]]:
    """Return the messages of a chat.

    Raises:
        BadRequest: A message is malformed; `param` names the place.
    """
    history = _History()
    return [history.message(message, f"messages[{position}]") for position, message in enumerate(messages)]


class _History:
    """The calls so far, and which of them have no result yet."""

    def __init__(self) -> None:
        self._made = 0
        self._open: list[tuple[str, str]] = []  # ids and names

    def message(self, message: Any, place: str) -> dict[str, Any]:
        role = text_at(object_at(message, place), "role", place)
        if role not in _ROLES:
            raise wrong_value(f"{place}.role", role, f"Send one of {', '.join(_ROLES)}.")
        if role == "tool":
            return self._result(message, place)
        found: dict[str, Any] = {"role": role, "content": _content(message, place)}
        if role != "assistant":
            return found
        if message.get("thinking"):
            found[REASONING] = text_at(message, "thinking", place)
        if message.get("tool_calls"):
            found["tool_calls"] = self._calls(message["tool_calls"], f"{place}.tool_calls")
        return found

    def _calls(self, calls: Any, place: str) -> list[dict[str, Any]]:
        if not isinstance(calls, list):
            raise wrong_type(place, calls, "an array of calls")
        self._open = []  # results of earlier turns come too late
        return [self._call(call, f"{place}[{position}]") for position, call in enumerate(calls)]

    def _call(self, call: Any, place: str) -> dict[str, Any]:
        function = object_at(object_at(call, place).get("function"), f"{place}.function")
        name = text_at(function, "name", f"{place}.function")
        arguments = function.get("arguments")
        self._made += 1
        call_id = call.get("id") or f"call_{self._made}"
        self._open.append((call_id, name))
        written = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)
        return {"id": call_id, "type": "function", "function": {"name": name, "arguments": written}}

    def _result(self, message: Mapping[str, Any], place: str) -> dict[str, Any]:
        told = message.get("tool_call_id")
        name = message.get("tool_name") or message.get("name")
        found = {"role": "tool", "content": _content(message, place), "tool_call_id": told or self._answered(name)}
        if told:
            self._open = [(call_id, of) for call_id, of in self._open if call_id != told]
        if name:
            found["name"] = name
        return {key: value for key, value in found.items() if value is not None}

    def _answered(self, name: Any) -> str | None:
        """Return the id of the call that a result without an id belongs to; None without an open call."""
        if not self._open:
            return None
        position = next((at for at, (_, of) in enumerate(self._open) if of == name), 0)
        return self._open.pop(position)[0]


def _content(message: Mapping[str, Any], place: str) -> Any:
    text = message.get("content")
    if text is not None and not isinstance(text, str):
        raise wrong_type(f"{place}.content", text, "a string")
    images = message.get("images")
    if not images:
        return text or ""
    if not isinstance(images, list):
        raise wrong_type(f"{place}.images", images, "an array of base64 strings")
    parts = [image_part(image, f"{place}.images[{position}]") for position, image in enumerate(images)]
    return [*([{"type": "text", "text": text}] if text else []), *parts]


def image_part(image: Any, place: str) -> dict[str, Any]:
    """Return the part of a chat message for an image in base64.

    Raises:
        BadRequest: The image is no base64.
    """
    if not isinstance(image, str):
        raise wrong_type(place, image, "a base64 string")
    if image.startswith("data:"):
        return {"type": "image_url", "image_url": {"url": image}}
    try:
        head = base64.b64decode(image[:16] + "=" * (-len(image[:16]) % 4), validate=True)
    except binascii.Error:
        raise wrong_value(place, image[:24], "Send the image in base64.") from None
    media = next((media for sign, media in _MEDIA.items() if head.startswith(sign)), "image/png")
    return {"type": "image_url", "image_url": {"url": f"data:{media};base64,{image}"}}
