"""Past reasoning, for a server that takes no field with reasoning (behaviour 4.7).

Reasoning goes back as the model wrote the reasoning: in the dialect's own tags, before the words of the turn. Models were
trained to read the reasoning of the running turn only, from the user's last message on; older reasoning is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING, one_name
from adapter.events import Problem
from adapter.prompt.merging import joined_contents
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.dialects.registry import Dialect

_THINKING = frozenset({"thinking", "reasoning", "redacted_thinking"})
_OLDER = "the model reads the reasoning since the user's last message only"
_AS_ASKED = "reasoning_field='drop' says so"


def without_field(
    messages: Sequence[Any], places: Sequence[str], dialect: Dialect, report: Callable[[Problem], object], *, text: bool
) -> tuple[list[Any], list[str]]:
    """Return the messages without fields of reasoning, and their places.

    Args:
        messages: As in a chat request.
        places: The caller's names of the messages.
        dialect: The dialect of the model, with the tags of reasoning.
        report: Receives a problem for reasoning that is left out.
        text: True to write the reasoning of the running turn as text.
    """
    running = after_the_user(messages)
    why = _AS_ASKED if not text else _OLDER if dialect.reasoning else f"the dialect {dialect.name!r} has no tags for reasoning"
    plain: list[tuple[Any, str]] = []
    dropped: list[tuple[str, str]] = []
    for position, (message, place) in enumerate(zip(messages, places, strict=True)):
        bare = _bare(message)
        if bare is None:
            plain.append((message, place))
            continue
        thought = bare.pop(REASONING).strip()
        if thought and text and dialect.reasoning and position >= running:
            plain.append(({**bare, "content": _written(thought, bare.get("content"), dialect.reasoning)}, place))
            continue
        if thought:
            dropped.append((place, thought))
        if not thought or _says(bare):
            plain.append((bare, place))
    if dropped:
        message = f"the reasoning of {some_of(name for name, _ in dropped)} was left out: {why}"
        report(Problem("reasoning_dropped", message, "\n\n".join(thought for _, thought in dropped)))
    return [message for message, _ in plain], [place for _, place in plain]


def renamed(messages: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return plain messages with reasoning under the name that the server knows."""
    if name == REASONING or not any(REASONING in message for message in messages):
        return messages
    return [{name if key == REASONING else key: value for key, value in message.items()} for message in messages]


def after_the_user(messages: Sequence[Any]) -> int:
    """Return the position behind the user's last message."""
    for position in range(len(messages) - 1, -1, -1):
        if isinstance(messages[position], Mapping) and messages[position].get("role") == "user":
            return position + 1
    return 0


def _bare(message: Any) -> dict[str, Any] | None:
    """Return an assistant's message with reasoning as `reasoning_content`; None for any other message."""
    if not isinstance(message, Mapping) or message.get("role") != "assistant":
        return None
    known = one_name(message)
    return known if isinstance(known.get(REASONING), str) else None


def with_field(message: Any) -> Any:
    """Return a message with all of its reasoning as a text in the field: null is none, thinking parts are reasoning."""
    if not isinstance(message, Mapping) or message.get("role") != "assistant":
        return message
    content, field = message.get("content"), message.get(REASONING, "")
    parts = content if isinstance(content, list) else []
    others = [part for part in parts if not _thinks(part)]
    if isinstance(field, str) and len(others) == len(parts):
        return message
    changed = {key: value for key, value in message.items() if key != REASONING or isinstance(value, str)}
    thought = words_in(None if isinstance(field, str) else field) + "".join(map(words_in, filter(_thinks, parts)))
    if thought:
        changed = one_name(changed)
        changed[REASONING] = (changed.get(REASONING) or "") + thought
    return changed if len(others) == len(parts) else {**changed, "content": others or None}


def _thinks(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, Mapping) else None
    return isinstance(kind, str) and kind in _THINKING


def words_in(value: Any) -> str:
    """Return the words of reasoning in a form other than a text: a part, or a list of parts."""
    if isinstance(value, list):
        return "".join(map(words_in, value))
    if isinstance(value, Mapping):
        return next(filter(None, (words_in(value.get(name)) for name in ("thinking", "reasoning", "text", "summary"))), "")
    return value if isinstance(value, str) else ""


def _written(thought: str, content: Any, tags: tuple[str, str]) -> Any:
    """Return a content that begins with the reasoning between its tags."""
    block = f"{tags[0]}\n{thought}\n{tags[1]}"
    return joined_contents([block, content]) if content else f"{block}\n"


def split_thought(text: str, tags: tuple[str, str] | None) -> tuple[str, str]:
    """Split a turn's text into the reasoning at its beginning, with its tags, and the words behind, without space between."""
    if not tags or not text.startswith(tags[0]):
        return "", text
    end = text.find(tags[1], len(tags[0]))
    if end < 0:
        return "", text
    end += len(tags[1])
    return text[:end], text[end:].lstrip("\r\n")


def _says(message: Mapping[str, Any]) -> bool:
    """Return True for a message with words or calls: a turn of reasoning alone goes with the reasoning."""
    return any(message.get(name) for name in ("content", "tool_calls", "function_call", "refusal", "audio"))
