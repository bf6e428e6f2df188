"""Objects of an answer on Ollama's wire: a line of a stream, or the whole answer.

Calls have arguments as objects, and `done_reason` stays `stop` beside calls. Durations are nanoseconds.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NANO = 1_000_000_000


class AnswerObjects:
    """Makes the objects of an answer.

    Args:
        model: The model, by the caller's name.
        generate: The form of `/api/generate`: `response` in place of `message`.
        clock: The time in seconds since the epoch.
    """

    __slots__ = ("_begun", "_clock", "_first", "_generate", "_model")

    def __init__(self, model: str, *, generate: bool, clock: Callable[[], float]) -> None:
        self._model = model
        self._generate = generate
        self._clock = clock
        self._begun = clock()
        self._first: float | None = None  # the time of the first piece

    def piece(self, message: Mapping[str, Any], logprobs: Sequence[Any] = ()) -> dict[str, Any]:
        """Return the object for a piece of the answer.

        Args:
            message: Any of `content`, `reasoning_content` and `tool_calls`, these in Ollama's form.
            logprobs: Log probabilities of the piece's tokens.
        """
        now = self._clock()
        if self._first is None:
            self._first = now
        made = {"model": self._model, "created_at": _written(now), **self._said(message), "done": False}
        return {**made, "logprobs": list(logprobs)} if logprobs else made

    def last(
        self, reason: str, usage: Any, message: Mapping[str, Any] | None = None, logprobs: Sequence[Any] = ()
    ) -> dict[str, Any]:
        """Return the last object, or the only one.

        Args:
            reason: `stop`, `length` or `load`.
            usage: The usage in OpenAI's form; None where upstream told none.
            message: The whole answer; None where it was written in pieces.
            logprobs: Log probabilities of the whole answer.
        """
        now = self._clock()
        first = now if self._first is None else self._first
        told = usage if isinstance(usage, dict) else {}
        made = {
            **self.piece(message or {}, logprobs),
            "done": True,
            "done_reason": reason,
            "total_duration": _nanoseconds(now - self._begun),
            "load_duration": 0,
            "prompt_eval_count": told.get("prompt_tokens") or 0,
            "prompt_eval_duration": _nanoseconds(first - self._begun) if message is None else 0,
            "eval_count": told.get("completion_tokens") or 0,
            "eval_duration": _nanoseconds(now - (first if message is None else self._begun)),
        }
        return {**made, "context": []} if self._generate else made

    def _said(self, message: Mapping[str, Any]) -> dict[str, Any]:
        content, thinking = message.get("content") or "", message.get(REASONING)
        thought = {"thinking": thinking} if thinking else {}
        if self._generate:
            return {"response": content, **thought}
        calls = message.get("tool_calls")
        return {"message": {"role": "assistant", "content": content, **thought, **({"tool_calls": calls} if calls else {})}}


def call_object(position: int, call_id: str, name: str, arguments: str) -> dict[str, Any] | None:
    """Return a call in Ollama's form; None for arguments that are no object."""
    try:
        value = loads(arguments or "{}")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return {"id": call_id, "function": {"index": position, "name": name, "arguments": value}}


def log_probabilities(logprobs: Any) -> list[Any]:
    """Return the tokens of a choice's `logprobs`, which Ollama lists without the outer object."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    return content if isinstance(content, list) else []


def done_reason(finish_reason: Any) -> str:
    """Return Ollama's word for the end of an answer."""
    return "length" if finish_reason == "length" else "stop"


def error_object(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error in Ollama's form for one in OpenAI's, `{"error": {"message", …}}`."""
    error = body.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return {"error": message if isinstance(message, str) else json.dumps(body, ensure_ascii=False)}


def _nanoseconds(seconds: float) -> int:
    return max(int(seconds * _NANO), 1)


def _written(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
