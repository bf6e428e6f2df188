"""Log probabilities of the content alone, without the markup tokens (behaviour 3.10)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from adapter.events import Markup, ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.events import Event


class LogprobTrimmer:
    """Selects the log probabilities of the tokens of the content.

    Tokens are matched in order with the text that the parser reports. After a token that reaches over the edge of the content,
    or differs from the text, content and markup cannot be told apart, and no further log probabilities are given.

    Args:
        most: The alternatives of a token that the caller asked for, at most; some servers give more.
    """

    __slots__ = ("_lost", "_most", "_tokens")

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._tokens: deque[dict[str, Any]] = deque()
        self._lost = False

    def add(self, logprobs: Any) -> None:
        """Add the `logprobs` of a choice, whole or of a chunk."""
        tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
        if isinstance(tokens, list) and not self._lost:
            self._tokens.extend(_limited(token, self._most) for token in tokens if isinstance(token, dict))

    def take(self, event: Event) -> dict[str, Any] | None:
        """Return the `logprobs` of a piece of content; None without fitting tokens, and for other events."""
        if not self._tokens or not isinstance(event, TextDelta | ReasoningDelta | Markup):
            return None
        taken: list[dict[str, Any]] = []
        rest = event.text
        while rest and not self._lost:
            text = self._tokens[0].get("token") if self._tokens else None
            if not isinstance(text, str) or not text or not rest.startswith(text):
                self._lost = True
                self._tokens.clear()
                return None
            taken.append(self._tokens.popleft())
            rest = rest[len(text) :]
        return {"content": taken, "refusal": None} if isinstance(event, TextDelta) else None


def _limited(token: dict[str, Any], most: int) -> dict[str, Any]:
    others = token.get("top_logprobs")
    return {**token, "top_logprobs": others[:most]} if isinstance(others, list) and len(others) > most else token


def limited(logprobs: Any, most: int) -> Any:
    """Return the `logprobs` of a choice, with at most as many alternatives of a token as the caller asked for."""
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(tokens, list):
        return logprobs
    return {**logprobs, "content": [_limited(token, most) if isinstance(token, dict) else token for token in tokens]}


def trimmed(logprobs: Any, events: Iterable[Event], most: int) -> dict[str, Any] | None:
    """Return the `logprobs` of a whole answer's content, or None; `most` as in `LogprobTrimmer`."""
    trimmer = LogprobTrimmer(most)
    trimmer.add(logprobs)
    found: list[Any] = []
    for event in events:
        piece = trimmer.take(event)
        if piece is not None:
            found += piece["content"]
        elif isinstance(event, TextDelta):
            return None
    return {"content": found, "refusal": None} if found else None
