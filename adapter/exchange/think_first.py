"""A call begun for the model once it has thought: one request ends with the thinking, the next goes on from there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model thought, as the beginning of its answer.

    Attributes:
        text: All of it, with its closing tag.
        read: How much of that the parser has read, or need not read.
    """

    text: str
    read: int


def thought_in(content: str, field: str, tags: tuple[str, str], *, begun: bool) -> Thought | None:
    """The thinking in an answer that was stopped at its end; None when the model answered without thinking.

    Args:
        content: The content of the answer.
        field: Its `reasoning_content`, where the server takes the thinking out of the content itself.
        tags: The tags around the thinking.
        begun: The answer began inside the thinking.
    """
    opening, closing = tags
    end = f"{closing}\n\n"
    if field and not content.strip():
        text = f"{field.rstrip()}\n" if begun else f"{opening}\n{field.strip()}\n"
        return Thought(text + end, len(text) if begun else len(text + end))
    if begun or content.lstrip().startswith(opening):
        text = content.removesuffix(closing)  # some servers keep what they stopped at
        return Thought(text + end, len(content))
    return None
