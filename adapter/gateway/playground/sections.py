"""The sections of a prompt: text of the caller's system message, of tools, examples and history, and marks of turns.

A section is found by comparison: the prompt without tools, and without examples, stands in the whole prompt. Joined, the parts
of a text are the text.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

from adapter.errors import AdapterError
from adapter.exchange import previewed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapter.options import Options

Parts = list[tuple[str, str]]  # kind and text
_ROLES = frozenset({"system", "developer"})
_OF_TOOLS = ("tools", "functions", "tool_choice", "function_call", "parallel_tool_calls")


def sections(sent: Mapping[str, Any], request: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Return the prompt of a request to upstream in parts: `messages` with roles and parts, or `prompt`.

    Args:
        sent: The request to upstream.
        request: The caller's chat request.
        options: The caller's choices.
    """
    plain = dataclasses.replace(options, upstream="chat", chat_template=None, native="never")
    unexampled = dataclasses.replace(plain, examples=())
    bare = _messages({name: value for name, value in request.items() if name not in _OF_TOOLS}, unexampled)
    native = bool(sent.get("tools"))  # the messages of a native request have no tools and no examples in them
    known = [] if native else [text_of(message) for message in _messages(request, unexampled)]
    prompt = sent.get("prompt")
    if isinstance(prompt, str):
        messages = _marked(_messages(request, plain), known, bare)
        return {"prompt": _laid_on(prompt, (part for message in messages for part in message["parts"]))}
    given = sent.get("messages")
    return {"messages": _marked(given if isinstance(given, list) else [], known, bare)}


def _messages(request: Mapping[str, Any], options: Options) -> list[Mapping[str, Any]]:
    """Return the messages that upstream would get; none for a request that is refused."""
    try:
        found = previewed(request, options, time.time).body.get("messages")
    except AdapterError:
        return []
    return [message for message in found if isinstance(message, dict)] if isinstance(found, list) else []


def _marked(messages: Any, known: Sequence[str], bare: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return messages in parts.

    Args:
        messages: The messages that upstream gets.
        known: The texts of the messages without examples.
        bare: The messages without tools and examples.
    """
    waiting = [(str(message.get("role")), text_of(message)) for message in bare]
    found = []
    for message in messages:
        shown = message if isinstance(message, dict) else {"content": message}
        role, text = str(shown.get("role")), text_of(shown)
        own = "system" if role in _ROLES else "history"
        parts: Parts = [("tools" if own == "system" else own, text)]
        if known and text not in known:
            parts = [("examples" if waiting else "reask", text)]
        for position, (its_role, words) in enumerate(waiting):
            if its_role == role and words and words in text:
                parts = _around(text, words, own)
                del waiting[: position + 1]
                break
        found.append({"role": role, "parts": parts})
    return found


def _around(text: str, words: str, kind: str) -> Parts:
    before, _, after = text.partition(words)
    return [part for part in (("tools", before), (kind, words), ("tools", after)) if part[1]]


def _laid_on(prompt: str, parts: Iterable[tuple[str, str]]) -> Parts:
    """Return a prompt in parts: those of the messages where they stand in the prompt, the marks of turns between."""
    found: Parts = []
    end = 0
    for kind, text in parts:
        for words in (text, text.strip()):
            start = prompt.find(words, end) if words else -1
            if start >= 0:
                found += [("turns", prompt[end:start]), (kind, words)]
                end = start + len(words)
                break
    return [part for part in [*found, ("turns", prompt[end:])] if part[1]]


def text_of(message: Mapping[str, Any]) -> str:
    """Return a message as text: reasoning, content, parts other than text by their type, calls in upstream's own form."""
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(_part(part) for part in content)
    calls = message.get("tool_calls") or ()
    made = [call.get("function") for call in calls if isinstance(call, dict) and isinstance(call.get("function"), dict)]
    reasoning = message.get("reasoning_content")
    lines = [f"[reasoning] {reasoning}" if reasoning else "", str(content or "")]
    lines += [f"[call] {call.get('name')} {call.get('arguments')}" for call in made if call]
    return "\n".join(filter(None, lines))


def _part(part: Any) -> str:
    kind = part.get("type") if isinstance(part, dict) else type(part).__name__
    return str(part.get("text", "")) if kind == "text" else f"[{kind}]"
