"""A conversation without tools: past calls and results as words of the user's (behaviour 5.10).

A small model that has just seen a call repeats it; shown the result in plain words, and no tool, the model answers.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from adapter.prompt.history import read_turns
from adapter.prompt.parts import media_of, text_of, with_media
from adapter.prompt.replay import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.prompt.history import Turn

_CALLS = ("tool_calls", "function_call", WRITTEN)
# A small model answers in the language of the last sentence that it reads.
_WISH = "This is done. Tell me the outcome in one sentence, with these facts."
_WISH_IN_CHINESE = "请用一句中文告诉我结果，写出其中的内容。"
_HAN, _KANA = re.compile("[\u3400-\u9fff]"), re.compile("[\u3040-\u30ff]")
_MOST_LINES = 64  # members of a result
_LOOKED_AT = 2000  # characters of a result
_PENDING = re.compile(
    r"""["']?(?:status|state)["']?\s*[:=]\s*["']?(?:pending|running|queued|processing|in[ _-]?progress|started|waiting)\b
    |^\W*(?:pending|running|queued|processing|in[ _-]progress|waiting)\b
    |\b(?:still|is|are|currently|now)\s+(?:pending|running|queued|processing|being\s+processed|waiting|in\s+progress)\b
    |\bin[ _-]progress\b|\btry\s+again\b|\bretry\b|\bplease\s+wait\b|\bnot\s+(?:yet\s+)?(?:ready|finished|done|complete)
    |\btimed\s+out\b|\btimeout\b|\brate[ _-]limit|\btemporarily\b|\btoo\s+many\s+requests\b
    |稍后|稍候|请等待|重试|排队|处理中|进行中|运行中|等待中|未完成|尚未""",
    re.IGNORECASE | re.VERBOSE,
)


def is_pending(content: Any) -> bool:
    """Return True for a result that says that there is no result yet: the same call, made again, may get another."""
    return _PENDING.search(text_of(content)[:_LOOKED_AT]) is not None


def in_words(messages: Any, roles: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the messages without calls.

    Args:
        messages: The conversation, as in a chat request.
        roles: Roles that the dialect knows besides the API's.

    Raises:
        BadRequest: As `read_turns`.
    """
    plain: list[dict[str, Any]] = []
    turns = read_turns(messages, roles)
    wish = _wish(turns)
    for position, turn in enumerate(turns):
        if not turn.calls:
            plain.append(dict(turn.message))
            continue
        if text_of(turn.message.get("content")):
            plain.append({key: value for key, value in turn.message.items() if key not in _CALLS})
        told = _told(turn) + (f"\n\n{wish}" if position == len(turns) - 1 else "")
        media = [part for result in turn.results for part in media_of(result.get("content"))]
        if plain and plain[-1].get("role") == "user":
            before = plain.pop()
            told = "\n\n".join(filter(None, (text_of(before.get("content")), told)))
            plain.append({**before, "content": with_media(told, [*media_of(before.get("content")), *media])})
        else:
            plain.append({"role": "user", "content": with_media(told, media)})
    return plain


def _wish(turns: Sequence[Turn]) -> str:
    """The wish for an answer in words, in the language of the user's last words as far as their script tells."""
    asked = (text_of(turn.message.get("content")) for turn in reversed(turns) if turn.message.get("role") == "user")
    words = next(asked, "")
    return _WISH_IN_CHINESE if _HAN.search(words) and not _KANA.search(words) else _WISH


def _told(turn: Turn) -> str:
    """The calls of a turn and their results, in words: a small model that sees JSON, or a function's name, writes JSON."""
    told = []
    for call, result in zip(turn.calls, turn.results, strict=True):
        arguments = _decoded(call.arguments) if isinstance(call.arguments, str) else call.arguments
        given = (
            ", ".join(f"{name}: {_flat(value)}" for name, value in arguments.items())
            if isinstance(arguments, dict)
            else arguments
        )
        made = call.name.replace("_", " ")
        told.append(f"{made} ({given}):\n{_text(result)}" if given else f"{made}:\n{_text(result)}")
    return "\n\n".join(told)


def _text(result: Mapping[str, Any]) -> str:
    """A result in lines, a member of an object each."""
    text = text_of(result.get("content"))
    value = _decoded(text)
    if not isinstance(value, dict) or not 0 < len(value) <= _MOST_LINES:
        return text or "(nothing)"
    return "\n".join(f"- {_spoken(name)}: {_flat(item)}" for name, item in value.items())


def _flat(value: Any) -> str:
    """A value in words; what is nested deeper stays JSON."""
    if isinstance(value, dict) and not any(isinstance(item, dict | list) for item in value.values()):
        return ", ".join(f"{_spoken(name)} {_flat(item)}" for name, item in value.items())
    if isinstance(value, list) and not any(isinstance(item, list) for item in value):
        return "; ".join(map(_flat, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _decoded(text: str) -> Any:
    """The value of a text in JSON; the text itself, if it is none."""
    try:
        return json.loads(text) if text.lstrip().startswith("{") else text
    except (ValueError, RecursionError):
        return text
