"""Reasoning under a single name.

The name on the wire is `reasoning_content` (DeepSeek, SGLang, llama.cpp, Qwen's chat templates), `reasoning` (vLLM from
0.12 on, OpenRouter) or `thinking` (Ollama). The adapter writes `reasoning_content`, in answers and in the history for
upstream: the name that chat templates know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONING = "reasoning_content"
_NAMES = (REASONING, "reasoning", "thinking")
_ANY = frozenset(_NAMES)


def name_in(message: Mapping[str, Any]) -> str:
    """Return the name under which a message or a delta has its reasoning; empty for a message without reasoning."""
    if _ANY.isdisjoint(message):
        return ""
    return next((name for name in _NAMES if isinstance(message.get(name), str)), "")


def one_name(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message or a delta with the reasoning as `reasoning_content`.

    Of several names (vLLM wrote two for a while), the first with a text counts. Empty reasoning stays: some servers ask for the
    field. A value that is no text has another meaning, and stays too.
    """
    if _ANY.isdisjoint(message):
        return dict(message)
    texts = {name: message[name] for name in _NAMES if isinstance(message.get(name), str)}
    others = {key: value for key, value in message.items() if key not in texts}
    return {**others, REASONING: next(filter(None, texts.values()), "")} if texts else others
