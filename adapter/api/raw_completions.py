"""Raw completions: a chat request as a request for `/v1/completions`, and the answers in the shape of chat.

A raw completion differs from a chat completion in the input, `prompt` for `messages`, and has `text` for a message or
a delta. All else is the same, sampling parameters and usage included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Members of a chat request that a raw request lacks: read here, put into the prompt, or meaningless for a text.
_READ = {
    "messages", "chat_template_kwargs", "add_generation_prompt", "continue_final_message", "enable_thinking", "thinking",
    "reasoning_effort", "response_format", "logprobs", "top_logprobs", "max_completion_tokens", "max_tokens", "stop",
}  # fmt: skip
# Variables of chat templates that a request may set directly, besides `chat_template_kwargs`.
_VARIABLES = ("enable_thinking", "thinking", "reasoning_effort")
# Members that no prompt can express: refused, for the caller would wait in vain for an answer to them.
_IMPOSSIBLE = ("audio", "web_search_options", "prediction")
# The log probability of a token for which the server gives none, in OpenAI's words "very unlikely".
_UNLIKELY = -9999.0


def request_body(
    body: Mapping[str, Any], prompt: str, stop: Sequence[str], unlimited: int | None, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the request for a raw completion.

    Args:
        body: The chat request.
        prompt: The conversation as text.
        stop: Stop sequences that end a turn of the assistant's, besides the caller's own.
        unlimited: `max_tokens` for a caller without a limit; None leaves the limit to the server.
        more: Further members of the request.

    Raises:
        BadRequest: The request asks for more than text.
    """
    for name in _IMPOSSIBLE:
        if body.get(name) is not None:
            raise BadRequest(f"Unsupported parameter: '{name}' has no meaning for a raw completion.", param=name)
    if "audio" in (body.get("modalities") or ()):
        raise BadRequest("Unsupported value: 'modalities' names 'audio', and a raw completion is text.", param="modalities")
    raw = {key: value for key, value in body.items() if key not in _READ and key != "modalities"}
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    raw |= {"prompt": prompt, "max_tokens": unlimited if limit is None else limit}
    stops = [*_stops(body.get("stop")), *stop]
    if stops:
        raw["stop"] = list(dict.fromkeys(stops))
    if body.get("logprobs"):
        raw["logprobs"] = body.get("top_logprobs") or 1  # 0 means none to some servers
    return {**raw, **more}


def template_variables(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that a chat request sets for the chat template."""
    given = body.get("chat_template_kwargs")
    if given is not None and not isinstance(given, dict):
        raise BadRequest(
            f"Invalid type for 'chat_template_kwargs': expected an object, but got {type(given).__name__}.",
            param="chat_template_kwargs",
            code="invalid_type",
        )
    said = {name: body[name] for name in _VARIABLES if body.get(name) is not None}
    return {**said, **(given or {})}


def _stops(stop: Any) -> list[str]:
    return [stop] if isinstance(stop, str) else list(stop or ())


def is_text_choice(choice: Any) -> bool:
    """Return True for a choice of a raw completion, whole or of a chunk."""
    texts = isinstance(choice, dict) and "text" in choice and isinstance(choice["text"], str | None)
    return texts and not {"message", "delta"} & choice.keys()


def as_chat(body: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return a raw completion, or a chunk of a stream, in the shape of chat.

    Args:
        body: The completion or chunk of upstream; all choices pass `is_text_choice`.
        part: The member for the text of a choice: `message` or `delta`.
    """
    choices = [_as_chat_choice(choice, part) for choice in body["choices"]]
    kind = "chat.completion" if part == "message" else "chat.completion.chunk"
    ident = body.get("id")
    if isinstance(ident, str) and ident.startswith("cmpl-"):
        body = {**body, "id": f"chat{ident}"}
    return {**body, "object": kind, "choices": choices}


def _as_chat_choice(choice: Mapping[str, Any], part: str) -> dict[str, Any]:
    known = {key: value for key, value in choice.items() if key not in {"text", "logprobs"}}
    message = {"content": choice["text"]} if part == "delta" else {"role": "assistant", "content": choice["text"]}
    return {"index": 0, **known, part: message, "logprobs": _logprobs(choice.get("logprobs"))}


def _logprobs(logprobs: Any) -> Any:
    """Return log probabilities in the form of chat; some servers write the form of chat already."""
    if not isinstance(logprobs, dict) or not isinstance(logprobs.get("tokens"), list):
        return logprobs
    tokens = logprobs["tokens"]
    chosen = logprobs.get("token_logprobs") or [None] * len(tokens)
    others = logprobs.get("top_logprobs") or [None] * len(tokens)
    content = [
        {**_token(token, logprob), "top_logprobs": [_token(*item) for item in (other or {}).items()]}
        for token, logprob, other in zip(tokens, chosen, others, strict=False)
    ]
    return {"content": content, "refusal": None}


def _token(token: str, logprob: float | None) -> dict[str, Any]:
    value = _UNLIKELY if logprob is None else logprob
    return {"token": token, "logprob": value, "bytes": list(token.encode("utf-8", "surrogatepass"))}
