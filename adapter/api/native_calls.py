"""Tool calls of an upstream's message or deltas, in OpenAI's form or another server's, as pieces of calls.

Servers write a call in one delta or in many; without `index`, or with the index 0 for every call; with the id or the name
again in each delta, or with the arguments as an object. A call begins once its arguments do: by then the name is complete.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.completion.native.calls import CallBegun, CallText
from adapter.tools.call_form import input_arguments

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from adapter.completion.native.calls import CallPiece

CALLS = ("tool_calls", "function_call")


@dataclass(slots=True)
class _Call:
    """A call as far as upstream told.

    Attributes:
        key: Tells the calls of an answer apart; their number.
        id: Upstream's id.
        name: The name so far.
        whole: Arguments given as an object; upstream may repeat the same.
        last: The last piece of the arguments.
    """

    key: int
    id: str = ""
    name: str = ""
    whole: Any = None
    last: str = ""


class CallPieces:
    """Reads the calls of one choice of an answer.

    Args:
        names: Names of the tools that are offered.

    Attributes:
        odd: A sentence for each liberty of upstream's that was read as it was meant.
    """

    __slots__ = ("_begun", "_by_id", "_by_index", "_calls", "_names", "_written", "odd")

    def __init__(self, names: Collection[str]) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._begun = 0  # calls whose beginning was handed on
        self._names = names
        self._written: set[int] = set()  # keys of the calls in the present message
        self.odd: dict[str, None] = {}

    def add(self, message: Mapping[str, Any]) -> list[CallPiece]:
        """Return the pieces in a message, or in a delta, of upstream's."""
        pieces: list[CallPiece] = []
        calls, called = (message.get(name) for name in CALLS)
        self._written = set()
        for item in calls if isinstance(calls, list) else ():
            if isinstance(item, dict):
                pieces += self._item(item)
        if isinstance(called, dict) and called and not calls:
            pieces += self._item({"index": 0, "function": called})
        return pieces

    def close(self) -> list[CallPiece]:
        """Return the beginnings of calls without arguments."""
        return self._begin(len(self._calls))

    def _item(self, item: Mapping[str, Any]) -> list[CallPiece]:
        custom, function = (found if isinstance(found := item.get(kind), dict) else {} for kind in ("custom", "function"))
        name, given = (custom or function).get("name") or "", function.get("arguments")
        if custom.get("input") is not None:
            given = input_arguments(custom["input"])
        call = self._call_of(item, name, given)
        if name and call.key >= self._begun:
            self._name(call, name)
        text = self._text(call, given)
        if not text:
            return []
        call.last = text
        return [*self._begin(call.key + 1), CallText(call.key, text)]

    def _call_of(self, item: Mapping[str, Any], name: str, given: Any) -> _Call:
        """Return the call that an item goes on with, or a new call."""
        index, own = item.get("index"), item.get("id") or ""
        call = self._by_index.get(index) if type(index) is int else self._by_id.get(own)
        if type(index) is not int and call is None and not own and self._calls:
            call = self._calls[-1]
        if call is not None and (self._restarts(call, own, name, given) or self._stands_beside(call, item, given)):
            self.odd["several of upstream's calls share an index, or have none: each id or name begins a call"] = None
            call = None
        if call is None:
            call = _Call(len(self._calls))
            self._calls.append(call)
            if type(index) is int:
                self._by_index[index] = call
        if own and not call.id:
            call.id = own
            self._by_id.setdefault(own, call)
        self._written.add(call.key)
        return call

    def _stands_beside(self, call: _Call, item: Mapping[str, Any], given: Any) -> bool:
        """Return True for a whole call beside another one with the same id, in the list of one message."""
        if call.key not in self._written or type(item.get("index")) is int or not (item.get("function") or {}).get("name"):
            return False
        text = given if isinstance(given, str) else "{"
        return text.lstrip()[:1] == "{" and (call.whole is not None or call.last.rstrip()[-1:] == "}")

    @staticmethod
    def _restarts(call: _Call, own: str, name: str, given: Any) -> bool:
        """Return True for an item that begins a further call under the index, or in the place, of a call."""
        if not name or not call.name:
            return False
        if own and call.id:
            return own != call.id
        text = given if isinstance(given, str) else ""
        another = not isinstance(given, str | None) and call.whole is not None and call.whole != given
        return another or (text.lstrip()[:1] == "{" and call.last.rstrip()[-1:] == "}")

    def _name(self, call: _Call, name: str) -> None:
        """Add to a name: servers write a name once, in pieces, or again in each delta, perhaps longer."""
        joined = call.name + name
        if name in self._names and joined not in self._names:
            call.name = name
        elif name != call.name:
            call.name = joined

    def _text(self, call: _Call, given: Any) -> str:
        """Return the text of arguments; of an object, or another value, its JSON text, once."""
        if given is None or isinstance(given, str):
            return given or ""
        if call.whole is not None and call.whole == given:
            return ""
        call.whole = given
        kind = {dict: "an object", list: "a list", bool: "true or false"}.get(type(given), "a number")
        self.odd[f"upstream's arguments are {kind} in place of its JSON text"] = None
        return json.dumps(given, ensure_ascii=False)

    def _begin(self, stop: int) -> list[CallPiece]:
        """Return the beginnings of the calls before a key that were not handed on."""
        first, self._begun = self._begun, max(self._begun, stop)
        return [CallBegun(call.key, call.id, call.name) for call in self._calls[first:stop]]
