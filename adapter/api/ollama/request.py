"""Requests of `/api/chat` and `/api/generate` as chat requests.

Source: ollama/ollama, `api/types.go` and `docs/api`. Streams unless `stream` is false. Options of Ollama's own runner
(`num_ctx`, `keep_alive`, …) say nothing about the answer and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from adapter.api.ollama.history import chat_messages, image_part
from adapter.api.responses.checks import missing, object_at, wrong_type, wrong_value
from adapter.events import Problem

# Options under the same name upstream.
_SAME = ("temperature", "top_p", "top_k", "min_p", "seed", "stop", "presence_penalty", "frequency_penalty", "repeat_penalty")
# Of the runner: memory, threads, and ways to choose tokens that few servers have.
_RUNNER = (
    "num_ctx", "num_keep", "num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "use_mlock", "low_vram", "numa",
    "vocab_only", "f16_kv", "logits_all", "draft_num_predict",
)  # fmt: skip
# Members of a request that are read here, or are the runner's.
_KNOWN = {
    "model", "messages", "tools", "stream", "format", "options", "think", "logprobs", "top_logprobs", "keep_alive", "truncate",
    "shift", "prompt", "system", "images", "suffix", "template", "context", "raw",
}  # fmt: skip
_UNTIL_THE_END = 0  # num_predict from here down is no limit
_LEVELS = ("low", "medium", "high", "max")


class Asked(NamedTuple):
    """A request of Ollama's.

    Attributes:
        body: The chat request.
        model: The model, by the caller's name.
        generate: The answer is due in the form of `/api/generate`.
        loads: Nothing is asked: the caller wants the model to be loaded.
        told: Members left out.
    """

    body: dict[str, Any]
    model: str
    generate: bool
    loads: bool
    told: tuple[Problem, ...]


def read_chat(body: Mapping[str, Any], limit: str, switch: str) -> Asked:
    """Return the chat request for a request of `/api/chat`.

    Args:
        body: The request.
        limit: Upstream's name for the limit of tokens of an answer.
        switch: Upstream's way to switch thinking: `chat_template_kwargs`, `enable_thinking`, or none.

    Raises:
        BadRequest: The request is wrong; `param` names the place.
    """
    messages = body.get("messages")
    if messages is not None and not isinstance(messages, list):
        raise wrong_type("messages", messages, "an array of messages")
    asked: dict[str, Any] = {"messages": chat_messages(messages or [])}
    if body.get("tools"):
        asked["tools"] = body["tools"]
    return _asked(body, asked, limit, switch, generate=False, loads=not messages)


def read_generate(body: Mapping[str, Any], limit: str, switch: str) -> Asked:
    """Return the chat request for a request of `/api/generate`; see `read_chat` for the arguments.

    Raises:
        BadRequest: The request is wrong, or asks for a raw or a filled-in completion; `param` names the place.
    """
    for name in ("raw", "suffix", "context", "template"):
        if body.get(name):
            raise wrong_value(name, body[name], "The gateway writes prompts by chat templates; send messages to '/api/chat'.")
    prompt, system = (_text(body, name) for name in ("prompt", "system"))
    content: Any = prompt
    if body.get("images"):
        content = [{"type": "text", "text": prompt}, *(image_part(image, "images") for image in _list(body, "images"))]
    messages = [*([{"role": "system", "content": system}] if system else []), {"role": "user", "content": content}]
    loads = not prompt and not body.get("images")
    return _asked(body, {"messages": messages}, limit, switch, generate=True, loads=loads)


def _asked(body: Mapping[str, Any], asked: dict[str, Any], limit: str, switch: str, *, generate: bool, loads: bool) -> Asked:
    model = body.get("model")
    if not model:
        raise missing("model")
    if not isinstance(model, str):
        raise wrong_type("model", model, "a string")
    stream = body.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise wrong_type("stream", stream, "true or false")
    thinking, problem = _thinking(body.get("think"), switch)
    asked |= {"model": model, **_choices(body, limit), **thinking, **_format(body.get("format"))}
    if stream is not False:
        asked |= {"stream": True, "stream_options": {"include_usage": True}}
    for name in ("logprobs", "top_logprobs"):
        if body.get(name):
            asked[name] = body[name]
    return Asked(asked, model, generate, loads, (*problem, *_left_out(body)))


def _choices(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the options that say how tokens are chosen, in the words of chat requests."""
    options = object_at(body.get("options") or {}, "options")
    found = {same: options[same] for same in _SAME if options.get(same) is not None}
    limit = options.get("num_predict")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
        raise wrong_type("options.num_predict", limit, "an integer")
    if limit is not None and limit > _UNTIL_THE_END:
        found[name] = limit
    return found


def _thinking(think: Any, switch: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fields that switch the model's thinking, and a problem where upstream has no switch."""
    if think is None:
        return {}, []
    if not isinstance(think, bool) and think not in _LEVELS:
        raise wrong_value("think", think, f"Send true, false, or one of {', '.join(_LEVELS)}.")
    effort = {} if isinstance(think, bool) else {"reasoning_effort": think}
    if switch == "chat_template_kwargs":
        return {switch: {"enable_thinking": bool(think)}, **effort}, []
    if switch:
        return {switch: bool(think), **effort}, []
    message = f"'think' ({think!r}) is left out: no way is known to switch the thinking of this kind of server"
    return effort, [] if effort else [Problem("unsupported", message)]


def _format(wanted: Any) -> dict[str, Any]:
    if wanted is None or wanted == "":
        return {}
    if wanted == "json":
        return {"response_format": {"type": "json_object"}}
    if isinstance(wanted, Mapping):
        return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(wanted)}}}
    raise wrong_value("format", wanted, 'Send "json" or a JSON schema.')


def _left_out(body: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for members and options that are not read."""
    options = body.get("options") or {}
    names = [*(name for name in body if name not in _KNOWN)]
    names += [f"options.{name}" for name in options if name not in {*_SAME, *_RUNNER, "num_predict"}]
    if not names:
        return []
    return [Problem("unsupported", f"{', '.join(names)}: left out; the gateway does not know what upstream calls them.")]


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong_type(name, value, "a string")
    return value


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body[name]
    if not isinstance(value, list):
        raise wrong_type(name, value, "an array")
    return value
