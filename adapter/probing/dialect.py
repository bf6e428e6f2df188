"""The dialect that fits: by the model's name, by its chat template, by a call that the server left as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.completion.result import parse
from adapter.dialects import registry
from adapter.dialects.families import marked_in, unmarked
from adapter.dialects.model_names import for_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.probing.session import Session

_TEXT: dict[str, Any] = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
_TOOLS: list[Any] = [{"type": "function", "function": {"name": "report_word", "parameters": _TEXT}}]


def call_in(text: str, model: str) -> str:
    """Return the dialect that reads a call in a text; empty for a text without a call.

    Args:
        text: The content of an answer to the question about a tool.
        model: The model's name, whose dialect comes first.
    """
    if "report_word" not in text:
        return ""
    for name in _plausible(text, model):
        calls = parse(text, _TOOLS, dialect=name).tool_calls
        if any(call.valid and call.name == "report_word" for call in calls):
            return name
    return ""


def _plausible(text: str, model: str) -> Iterator[str]:
    named = by_name(model)
    if named:
        yield named[0]
    for families in (marked_in(text), unmarked()):  # of dialects with the same calls, the nearest relative comes first
        members = [name for family in families for name in family.names]
        yield from sorted(members, key=lambda name: -_shared(name, model.rpartition("/")[2].lower()))
    yield registry.FALLBACK


def _shared(name: str, other: str) -> int:
    """Count the letters with which both names begin."""
    return next(
        (at for at, (left, right) in enumerate(zip(name, other, strict=False)) if left != right), min(len(name), len(other))
    )


def by_name(model: str) -> tuple[str, str] | None:
    """Return the dialect that names the model, and its glob."""
    return for_model(model, ((name, registry.outline(name).models) for name in registry.names()))


def by_template(template: str) -> tuple[str, str] | None:
    """Return a dialect whose markers stand in a chat template, and the markers; the dialect with the most."""
    found = []
    for family in marked_in(template):
        marks = sorted(literal for literal in family.literals if literal in template)
        if family.dialect.open in marks:
            found.append((len(marks) / len(family.literals), len(marks), family.names[0], marks))
    if not found:
        return None
    _, _, name, marks = max(found, key=lambda one: one[:2])
    return name, ", ".join(marks[:3])


def chosen(session: Session) -> tuple[str, str]:
    """Return the dialect for the model, or `auto`, and the evidence in a sentence."""
    named = by_name(session.model)
    if session.left_call and (named is None or named[0] != session.left_call):
        other = f", and not {named[0]!r}, as the model's name says" if named else ""
        return session.left_call, f"a call that the server left as text is in the dialect{other}"
    if named:
        return named[0], f"the model's name has {named[1]!r}"
    shown = by_template(session.identity.chat_template)
    if shown:
        return shown[0], f"the chat template holds {shown[1]}; dialects with the same markers differ in the prompt only"
    return "auto", f"no dialect names the model, so the adapter takes {registry.FALLBACK!r}"
