"""A call with a prefill after the thinking: the first request ends with the thinking, the second goes on with the prefill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.dialects.registry import Dialect
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.upstream import Upstream


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


def thinking_first(attempt: Attempt, then: str, dialect: Dialect) -> Attempt:
    """Return the attempt that ends with the thinking, before a call with a prefill."""
    if dialect.reasoning is None or (attempt.body.get("n") or 1) > 1:
        several = "the required call is asked for in words only: several answers cannot think before a call that is begun"
        return replace(attempt, rung="prompt", unenforced=several)
    return replace(attempt, body={**attempt.body, "stop": [dialect.reasoning[1]]}, after=attempt.body, then=then)


def after_thinking(attempt: Attempt, thought: Thought, used: int, upstream: Upstream) -> Attempt:
    """Return the attempt that goes on from the thinking; see `RequestPlan.after`."""
    beginning = thought.text + attempt.then
    body = upstream.begun(attempt.after or {}, beginning)
    for name in ("max_tokens", "max_completion_tokens"):
        limit = body.get(name)
        if isinstance(limit, int) and limit > 0:
            body[name] = max(1, limit - used)
    return replace(attempt, body=body, prefill=beginning, after=None, then="")
