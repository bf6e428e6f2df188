"""Output items while they are written: events for opening, growing and closing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind = Literal["output_text", "refusal", "reasoning_text", "summary_text"]
Status = Literal["completed", "incomplete"]
_Events: TypeAlias = "Iterator[tuple[str, dict[str, Any]]]"


class _Form(NamedTuple):
    """The form in which parts of a kind are written.

    Attributes:
        item: The type of the item around the part.
        place: The name of the list in the item; events have the index in the list.
        key: The member for the text.
        event: The beginning of the names of events about the text.
        part: The beginning of the names of events about the part.
    """

    item: str
    place: str
    key: str
    event: str
    part: str


_FORMS: dict[Kind, _Form] = {
    "output_text": _Form("message", "content", "text", "response.output_text", "response.content_part"),
    "refusal": _Form("message", "content", "refusal", "response.refusal", "response.content_part"),
    "reasoning_text": _Form("reasoning", "content", "text", "response.reasoning_text", "response.content_part"),
    "summary_text": _Form("reasoning", "summary", "text", "response.reasoning_summary_text", "response.reasoning_summary_part"),
}


class OpenItem(Protocol):
    """An open item. Events are `(type, fields)`, without the index of the item."""

    id: str

    def opened(self) -> dict[str, Any]:
        """Return the empty item."""

    def closed(self, status: Status) -> _Events:
        """Return the closing events, but for the event with the item itself."""

    def done(self, status: Status) -> dict[str, Any]:
        """Return the finished item."""


def holds(item: OpenItem | None, kind: Kind) -> bool:
    """Return True for an item that can go on with a part of a kind."""
    return isinstance(item, TextItem) and _FORMS[item.kind].item == _FORMS[kind].item


@dataclass(slots=True)
class _Part:
    kind: Kind
    texts: list[str] = field(default_factory=list)
    logprobs: list[Any] = field(default_factory=list)

    def whole(self) -> dict[str, Any]:
        """Return the part as written in the item."""
        part: dict[str, Any] = {"type": self.kind, _FORMS[self.kind].key: "".join(self.texts)}
        return {**part, "annotations": [], "logprobs": self.logprobs} if self.kind == "output_text" else part


class TextItem:
    """A message, or thoughts of the model.

    Args:
        item_id: The id of the item.
        kind: The kind of the first part.
    """

    __slots__ = ("_parts", "id", "kind")

    def __init__(self, item_id: str, kind: Kind) -> None:
        self.id = item_id
        self.kind = kind
        self._parts: list[_Part] = []

    def opened(self) -> dict[str, Any]:
        """Return the item without parts."""
        return self._item("in_progress", [])

    def add(self, kind: Kind, text: str, logprobs: Sequence[Any]) -> _Events:
        """Add a piece of text, to the present part or to a new part."""
        if not self._parts or self._parts[-1].kind != kind:
            yield from self._end_part()
            self._parts.append(_Part(kind))
            yield f"{_FORMS[kind].part}.added", {**self._place(), "part": self._parts[-1].whole()}
        part = self._parts[-1]
        part.texts.append(text)
        part.logprobs += logprobs
        more = {"logprobs": list(logprobs)} if kind == "output_text" else {}
        yield f"{_FORMS[kind].event}.delta", {**self._place(), "delta": text, **more}

    def closed(self, status: Status) -> _Events:  # noqa: ARG002  # the interface's
        """End the last part."""
        yield from self._end_part()

    def done(self, status: Status) -> dict[str, Any]:
        """Return the item with all parts."""
        return self._item(status, [part.whole() for part in self._parts])

    def _end_part(self) -> _Events:
        if not self._parts:
            return
        part = self._parts[-1]
        form = _FORMS[part.kind]
        more = {"logprobs": part.logprobs} if part.kind == "output_text" else {}
        yield f"{form.event}.done", {**self._place(), form.key: "".join(part.texts), **more}
        yield f"{form.part}.done", {**self._place(), "part": part.whole()}

    def _place(self) -> dict[str, Any]:
        return {f"{_FORMS[self.kind].place}_index": len(self._parts) - 1}

    def _item(self, status: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
        form = _FORMS[self.kind]
        own: dict[str, Any] = {"role": "assistant"} if form.item == "message" else {"summary": []}
        return {"id": self.id, "type": form.item, "status": status, **own, form.place: parts}
