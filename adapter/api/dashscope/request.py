"""Requests of DashScope's generation API as chat requests.

Source: the `dashscope` SDK 2.0 and help.aliyun.com, "DashScope API reference". A request streams by a header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.responses.checks import missing, object_at, text_at, wrong_type, wrong_value
from adapter.events import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

# Parameters under the same name in DashScope's chat completions, which other servers share or have the adapter take back.
_SAME = (
    "temperature", "top_p", "top_k", "max_tokens", "seed", "stop", "n", "repetition_penalty", "presence_penalty", "logprobs",
    "top_logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls", "enable_thinking", "thinking_budget",
)  # fmt: skip
_FORM = ("result_format", "incremental_output")
_MEDIA = {"image": "image_url", "audio": "input_audio", "video": "video_url"}


class Asked(NamedTuple):
    """A request of DashScope's.

    Attributes:
        body: The chat request.
        model: The model, by the caller's name.
        as_message: The answer is a list of choices with messages; else, in the older form, a text.
        incremental: Each frame of a stream has a piece; else all so far.
        parts: Content is a list of parts, as for multimodal models.
        told: Members left out.
    """

    body: dict[str, Any]
    model: str
    as_message: bool
    incremental: bool
    parts: bool
    told: tuple[Problem, ...]


def read_request(body: Mapping[str, Any], limit: str, *, stream: bool, parts: bool) -> Asked:
    """Return the chat request for a request.

    Args:
        body: The request.
        limit: Upstream's name for the limit of tokens of an answer.
        stream: The headers ask for a stream.
        parts: The request came to `multimodal-generation`.

    Raises:
        BadRequest: The request is wrong; `param` names the place.
    """
    model = body.get("model")
    if not model:
        raise missing("model")
    if not isinstance(model, str):
        raise wrong_type("model", model, "a string")
    if body.get("input") is None:
        raise missing("input", "Send {'messages': [...]}.")
    parameters = object_at(body.get("parameters") or {}, "parameters")
    asked: dict[str, Any] = {"model": model, "messages": _messages(object_at(body["input"], "input"))}
    asked |= {name: parameters[name] for name in _SAME if parameters.get(name) is not None}
    if "max_tokens" in asked:
        asked[limit] = asked.pop("max_tokens")
    if stream:
        asked |= {"stream": True, "stream_options": {"include_usage": True}}
    form = parameters.get("result_format")
    if form not in (None, "message", "text"):
        raise wrong_value("parameters.result_format", form, "Send 'message' or 'text'.")
    left = [f"parameters.{name}" for name in parameters if name not in {*_SAME, *_FORM}]
    told = [Problem("unsupported", f"{', '.join(left)}: left out; only DashScope itself knows them.")] if left else []
    as_message = form == "message" or bool(parameters.get("tools")) or parts
    return Asked(asked, model, as_message, parameters.get("incremental_output") is True, parts, tuple(told))


def _messages(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a chat for an `input`: messages, or a prompt, with or without a history."""
    messages = given.get("messages")
    if messages is None:
        return [*_history(given.get("history")), {"role": "user", "content": text_at(given, "prompt", "input")}]
    if not isinstance(messages, list):
        raise wrong_type("input.messages", messages, "an array of messages")
    return [_message(message, f"input.messages[{position}]") for position, message in enumerate(messages)]


def _history(history: Any) -> list[dict[str, Any]]:
    """Return messages for the older `history`, pairs of a question and an answer."""
    if history is None:
        return []
    if not isinstance(history, list):
        raise wrong_type("input.history", history, "an array of {'user', 'bot'}")
    found: list[dict[str, Any]] = []
    for position, pair in enumerate(history):
        place = f"input.history[{position}]"
        said = object_at(pair, place)
        found += [
            {"role": "user", "content": text_at(said, "user", place)},
            {"role": "assistant", "content": text_at(said, "bot", place)},
        ]
    return found


def _message(message: Any, place: str) -> dict[str, Any]:
    found = dict(object_at(message, place))
    content = found.get("content")
    if isinstance(content, list):
        found["content"] = [_part(part, f"{place}.content[{position}]") for position, part in enumerate(content)]
    if found.get("role") == "tool":
        found["content"] = content if content is not None else ""
    return found


def _part(part: Any, place: str) -> dict[str, Any]:
    given = object_at(part, place)
    if "text" in given:
        return {"type": "text", "text": text_at(given, "text", place)}
    for name, kind in _MEDIA.items():
        if name in given:
            url = given[name]
            return {"type": kind, kind: {"data": url} if kind == "input_audio" else {"url": url}}
    if "type" in given:  # as in Chat Completions
        return dict(given)
    raise wrong_value(place, dict(given), "Send a part with 'text', 'image', 'audio' or 'video'.")
