"""The question that a conversation puts to the index: weighted terms, texts for embeddings, and the tools called so far.

The last turn of the user counts in full; each turn of the user before it halves the weight. Tool results and the model's own
words count a quarter: a result says little about the next step, and a model's offer ("shall I book it?") gives a "yes" its
sense. System messages are the same in every turn, so they count only where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from adapter.routing.words import terms_with_words
from adapter.tools.one_tool import wrong_type

_FADING = 0.5  # factor for each turn of the user that came later
_LEAST = 0.05  # a text of less weight is not read
_WEIGHTS = {"user": 1.0, "assistant": 0.25, "tool": 0.25, "function": 0.25}
_SYSTEM = ("system", "developer")
# Items of the Responses API, by type: the role that they have in a chat.
_ITEMS = {"function_call_output": "tool", "custom_tool_call_output": "tool"}
_CALLS = ("function_call", "custom_tool_call")
_HALF = 4_000  # characters read at each end of a text: a question stands before or after a pasted document


class Said(NamedTuple):
    """A text of the conversation.

    Attributes:
        weight: 0 to 1.
        text: At most 8,001 characters: the beginning and the end of a longer text.
    """

    weight: float
    text: str


class Asked(NamedTuple):
    """The question of a conversation.

    Attributes:
        terms: Search terms, each with its weight and the word as written.
        texts: The user's texts, the last one first, for embeddings.
        called: Names of tools that the model has called, the last one first, each once.
    """

    terms: Mapping[str, tuple[float, str]]
    texts: tuple[Said, ...]
    called: tuple[str, ...]


def read_asked(messages: Any) -> Asked:
    """Read a conversation: chat messages, items of the Responses API, a client's own message objects, or one text.

    Raises:
        BadRequest: No list of messages; `param` names the place.
    """
    plain = plain_messages(messages)
    said = list(_said(plain))
    spoken = [one for role, one in said if role not in _SYSTEM] or [one for _, one in said]
    terms: dict[str, tuple[float, str]] = {}
    for weight, text in spoken:
        for term, word in terms_with_words(text):
            if weight > terms.get(term, (0.0, ""))[0]:
                terms[term] = (weight, word)
    users = [one for role, one in said if role == "user"]
    return Asked(terms, tuple(users or spoken), tuple(dict.fromkeys(calls_in(plain))))


def plain_messages(messages: Any) -> list[Mapping[str, Any]]:
    """Return the messages of a conversation as mappings; one text is a message of the user's.

    Raises:
        BadRequest: No list of messages; `param` names the place.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    if not isinstance(messages, Iterable) or isinstance(messages, Mapping | bytes):
        raise wrong_type("messages", messages, "a list of messages, or a text")
    return [_plain(message, f"messages[{place}]") for place, message in enumerate(messages)]


def _plain(message: Any, param: str) -> Mapping[str, Any]:
    """Return a message as a mapping; openai's own objects are dumped, as its client does."""
    dump = getattr(message, "model_dump", None)
    plain = dump(exclude_unset=True) if callable(dump) and not isinstance(message, type) else message
    if not isinstance(plain, Mapping):
        raise wrong_type(param, message, "a message, an object with 'role' and 'content'")
    return plain


def _said(messages: list[Mapping[str, Any]]) -> Iterator[tuple[str, Said]]:
    """Yield the role and the text of each message that counts, the last one first."""
    later = 1.0
    for message in reversed(messages):
        kind = message.get("type")
        role = message.get("role") or (_ITEMS.get(kind) if isinstance(kind, str) else None)
        if not isinstance(role, str):
            continue
        weight = _WEIGHTS.get(role, _WEIGHTS["assistant"]) * (1.0 if role in _SYSTEM else later)
        text = _text_of(message.get("content", message.get("output")))
        if weight >= _LEAST and text.strip():
            short = text if len(text) <= 2 * _HALF else f"{text[:_HALF]}\n{text[-_HALF:]}"
            yield role, Said(weight, short)
        if role == "user":
            later *= _FADING


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list | tuple) else ()
    return "\n".join(part["text"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("text"), str))


def calls_in(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the names of the calls, the last one first."""
    for message in reversed(messages):
        items = [message] if message.get("type") in _CALLS else [message.get("function_call")]
        calls = message.get("tool_calls")
        for call in (*items, *(calls if isinstance(calls, list | tuple) else ()))[::-1]:
            holder = call if isinstance(call, Mapping) else {}
            inner = next((holder[key] for key in ("function", "custom") if isinstance(holder.get(key), Mapping)), holder)
            name = inner.get("name")
            if isinstance(name, str):
                yield name
