"""Calls as output items while they are written: function calls, custom calls and searches for tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.text.wire_json import read_json
from adapter.tools.call_form import CallForm, Kind, input_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.api.responses.items import Status
    from adapter.text.string_member import StringMember

    _Events = Iterator[tuple[str, dict[str, Any]]]


class _Written(NamedTuple):
    """The way in which calls of a kind are written.

    Attributes:
        prefix: The beginning of the item's id.
        item: The type of the item.
        key: The member for the text of the call.
        event: The beginning of the names of events about the text; empty for a kind without such events.
    """

    prefix: str
    item: str
    key: str
    event: str


_WRITTEN: dict[Kind, _Written] = {
    "function": _Written("fc", "function_call", "arguments", "response.function_call_arguments"),
    "custom": _Written("ctc", "custom_tool_call", "input", "response.custom_tool_call_input"),
    "tool_search": _Written("tsc", "tool_search_call", "arguments", ""),
}
CALLS = frozenset(written.item for written in _WRITTEN.values())


def prefix_of(form: CallForm) -> str:
    """Return the beginning of the id of an item for a call."""
    return _WRITTEN[form.kind].prefix


class CallItem:
    """A call.

    Args:
        item_id: The id of the item.
        call_id: The id of the call, named by the result.
        form: The form of the call.
    """

    __slots__ = ("_call_id", "_form", "_reader", "_texts", "_written", "id")

    def __init__(self, item_id: str, call_id: str, form: CallForm) -> None:
        self.id = item_id
        self._call_id = call_id
        self._form = form
        self._written = _WRITTEN[form.kind]
        self._texts: list[str] = []
        self._reader: StringMember | None = input_reader() if form.kind == "custom" else None

    def opened(self) -> dict[str, Any]:
        """Return the call without text."""
        return self._item("in_progress")

    def add(self, text: str) -> _Events:
        """Add a piece of the arguments."""
        yield from self._more(text if self._reader is None else self._reader.feed(text))

    def _more(self, text: str) -> _Events:
        if not text:
            return
        self._texts.append(text)
        if self._written.event:
            yield f"{self._written.event}.delta", {"delta": text}

    def closed(self, status: Status) -> _Events:
        """Return the last events about the text, for a complete call."""
        if status != "completed":
            return
        if self._reader is not None:
            yield from self._more(self._reader.close())
        if self._written.event:
            named = {"name": self._form.name} if self._form.kind == "function" else {}
            yield f"{self._written.event}.done", {**named, self._written.key: "".join(self._texts)}

    def done(self, status: Status) -> dict[str, Any]:
        """Return the call."""
        return self._item(status)

    def _item(self, status: str) -> dict[str, Any]:
        form, text = self._form, "".join(self._texts)
        head = {"id": self.id, "type": self._written.item, "status": status, "call_id": self._call_id}
        if form.kind == "tool_search":
            return {**head, "execution": "client", "arguments": _object(text)}
        space = {} if form.namespace is None else {"namespace": form.namespace}
        return {**head, "name": form.name, **space, self._written.key: text}


def _object(text: str) -> Any:
    try:
        return read_json(text) if text else {}
    except ValueError:
        return text
