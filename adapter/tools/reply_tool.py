"""A tool for answering in words: for models whose answer is held to calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

_NAMES = ("reply", "reply_in_words", "answer_the_user")
TEXT = "text"
# To a model of half a billion parameters with one tool more, "answer the user in words" is always the better offer.
_ABOUT = "Only for greetings, thanks, small talk and general knowledge, when no other function fits."


def reply_tool(taken: Collection[str]) -> dict[str, Any]:
    """The definition, in Chat Completions form.

    Args:
        taken: Names of the caller's tools.
    """
    name = next((name for name in _NAMES if name not in taken), None) or f"reply_{len(taken)}"
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": _ABOUT,
            "parameters": {"type": "object", "properties": {TEXT: {"type": "string"}}, "required": [TEXT]},
        },
    }
