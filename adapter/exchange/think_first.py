"""A call with a prefill after the thinking: the first request ends with the thinking, the second goes on with the prefill."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thought:
    """The thinking of the model, as the beginning of its answer.

    Attributes:
        text: The whole thinking, with the closing tag.
        read: The number of characters that the parser has read, or need not read.
    """

    text: str
    read: int


def thought_in(content: str, field: str, tags: tuple[str, str], *, begun: bool) -> Thought | None:
    """Return the thinking in an answer stopped at the end of the thinking; None for an answer without thinking.

    Args:
        content: The content of the answer.
        field: The `reasoning_content` of the answer, from a server that takes the thinking out of the content itself.
        tags: The tags around the thinking.
        begun: The answer began inside the thinking.
    """
    opening, closing = tags
    end = f"{closing}\n\n"
    if field and not content.strip():
        text = f"{field.rstrip()}\n" if begun else f"{opening}\n{field.strip()}\n"
        return Thought(text + end, len(text) if begun else len(text + end))
    if begun or content.lstrip().startswith(opening):
        text = content.removesuffix(closing)  # some servers keep the stop sequence
        return Thought(text + end, len(content))
    return None
