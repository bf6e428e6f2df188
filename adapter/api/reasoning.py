"""Reasoning under one name.

Servers and clients call it `reasoning_content` (DeepSeek, SGLang, llama.cpp, Qwen's chat templates), `reasoning` (vLLM from
0.12 on, OpenRouter) or `thinking` (Ollama). Here it is `reasoning_content`, in answers and in the history that goes upstream:
the name that chat templates know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONING = "reasoning_content"
_NAMES = (REASONING, "reasoning", "thinking")
_ANY = frozenset(_NAMES)


def one_name(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message or a delta with its reasoning as `reasoning_content`.

    Where it stands under several names (vLLM wrote two for a while), the first that says something counts. Empty reasoning
    stays: some servers ask for the field. What is no text under these names is something else, and stays too.
    """
    if _ANY.isdisjoint(message):
        return dict(message)
    texts = {name: message[name] for name in _NAMES if isinstance(message.get(name), str)}
    others = {key: value for key, value in message.items() if key not in texts}
    return {**others, REASONING: next(filter(None, texts.values()), "")} if texts else others
