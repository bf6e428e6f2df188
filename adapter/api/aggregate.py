"""A stream of chunks joined into a chat completion, for upstreams that only stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Members that are repeated or sent once, never in pieces.
_WHOLE = {"id", "type", "role", "index", "object", "format"}


class Aggregator:
    """Joins chunks into a chat completion.

    Attributes:
        finished: Every choice has a `finish_reason`.
    """

    __slots__ = ("_choices", "_head", "_usage")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._choices: dict[int, dict[str, Any]] = {}
        self._usage: Any = None

    @property
    def finished(self) -> bool:
        """True once all choices are finished, and at least a single choice began."""
        return bool(self._choices) and all(choice.get("finish_reason") for choice in self._choices.values())

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Add the next chunk."""
        self._usage = chunk.get("usage") or self._usage
        for key, value in chunk.items():
            if key not in {"choices", "usage"}:
                self._head.setdefault(key, value)
        for choice in chunk.get("choices") or ():
            index = choice.get("index") or 0
            kept = self._choices.setdefault(index, {"index": index, "message": _Merged(), "logprobs": _Merged()})
            kept["message"].add(choice.get("delta") or {})
            logprobs = choice.get("logprobs")
            kept["logprobs"].add(logprobs if isinstance(logprobs, dict) else {})
            for key, value in choice.items():
                if key not in {"index", "delta", "logprobs"} and value is not None:
                    kept[key] = value

    def completion(self) -> dict[str, Any]:
        """Return the chat completion."""
        choices = [
            {
                **choice,
                "message": {"role": "assistant", "content": None, **choice["message"].value()},
                "logprobs": choice["logprobs"].value() or None,
                "finish_reason": choice.get("finish_reason"),
            }
            for _, choice in sorted(self._choices.items())
        ]
        whole = {**self._head, "object": "chat.completion", "choices": choices}
        return whole if self._usage is None else {**whole, "usage": self._usage}


class _Merged:
    """An object in pieces: strings are joined, lists appended, objects merged, items with an `index` by the index."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        self._members: dict[str, Any] = {}

    def add(self, piece: Mapping[str, Any]) -> None:
        for key, value in piece.items():
            if key == "name" and isinstance(value, str):
                self._members[key] = _name(self._members.get(key), value)
            elif isinstance(value, str) and key not in _WHOLE:
                self._place(key, _MergedText).add(value)
            elif isinstance(value, dict):
                self._place(key, _Merged).add(value)
            elif isinstance(value, list):
                self._place(key, _MergedList).add(value)
            elif value is not None:
                self._members.setdefault(key, value)

    def _place(self, key: str, kind: type[Any]) -> Any:
        """Return the collector for pieces of a kind; a piece of another kind replaces the pieces before."""
        if not isinstance(self._members.get(key), kind):
            self._members[key] = kind()
        return self._members[key]

    def value(self) -> dict[str, Any]:
        return {key: _value(value) for key, value in self._members.items()}


class _MergedList:
    __slots__ = ("_indexed", "_plain")

    def __init__(self) -> None:
        self._plain: list[Any] = []
        self._indexed: dict[int, _Merged] = {}

    def add(self, items: list[Any]) -> None:
        for item in items:
            if isinstance(item, dict) and isinstance(item.get("index"), int):
                self._indexed.setdefault(item["index"], _Merged()).add(item)
            else:
                self._plain.append(item)

    def value(self) -> list[Any]:
        indexed = [{key: value for key, value in item.value().items() if key != "index"} for item in self._indexed.values()]
        return [*self._plain, *indexed]


class _MergedText:
    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        self._pieces.append(text)

    def value(self) -> str:
        return "".join(self._pieces)


def _name(before: Any, piece: str) -> str:
    """Return a name with its next piece: servers write a name once, in pieces, or again in each delta, perhaps longer."""
    if not isinstance(before, str) or piece.startswith(before):
        return piece
    return before if before.endswith(piece) else before + piece


def _value(value: Any) -> Any:
    return value.value() if isinstance(value, _Merged | _MergedList | _MergedText) else value
