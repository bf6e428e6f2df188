"""Histories as agents send them, put in an order that a model understands (behaviour 4.8).

A result stands behind its call, found by the id, whatever else came between; a call without a result gets one that says so; a
result without a call is shown as words of the user. Calls of neighbouring messages are calls of a single message, because the
model made them without seeing a result. Where ids are empty, results go by order, within the last message with calls: no result
moves to a call of another turn.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING, one_name
from adapter.events import Problem
from adapter.prompt.checked_message import checked_message
from adapter.prompt.history import past_calls
from adapter.prompt.merging import joined_contents
from adapter.prompt.parts import as_written, text_of
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.prompt.history import PastCall

_RESULTS = frozenset({"tool", "function"})
_NO_RESULT = "No result: the call was interrupted before its result came."
_ORPHAN = "Result of an earlier tool call that is no longer part of this conversation"

_PARTS = "content in another form than Chat Completions has was read as meant"
_MOVED = "a result was moved behind its call"
_JOINED = "calls of neighbouring messages are shown as calls of one message"
_LOST = "a call without a result is shown as interrupted"
_STRAY = "a result whose call is not in the conversation is shown as words of the user"
_AGAIN = "a further result of a call was joined to the first, or left out where both are equal"
_BY_ORDER = "calls and results without ids of their own were paired by their order"


class _Turn:
    """A message, with the results of its calls.

    Attributes:
        message: The message.
        place: The caller's name of the message.
        calls: Its calls.
        results: Their results, as far as found, each with its place.
        open: The positions of the calls without a result, by id.
    """

    __slots__ = ("calls", "message", "open", "place", "results")

    def __init__(self, message: Mapping[str, Any], place: str, calls: Sequence[PastCall] = ()) -> None:
        self.message = message
        self.place = place
        self.calls: list[PastCall] = []
        self.results: list[tuple[dict[str, Any], str] | None] = []
        self.open: dict[str, deque[int]] = {}
        self.add(calls)

    def add(self, calls: Sequence[PastCall]) -> None:
        """Add calls."""
        for call in calls:
            self.open.setdefault(call.id, deque()).append(len(self.calls))
            self.calls.append(call)
            self.results.append(None)

    def take(self, call_id: str, name: object) -> int | None:
        """Take the first open call with an id; of several without ids, the first of the tool that the result names."""
        waiting = self.open.get(call_id)
        if not waiting:
            return None
        if not call_id and isinstance(name, str) and name:
            position = next((position for position in waiting if self.calls[position].name == name), None)
            if position is not None:
                waiting.remove(position)
            return position
        return waiting.popleft()

    def only_open(self, name: object) -> int | None:
        """Take the only open call, if there is one only and the result names no other tool."""
        left = [position for waiting in self.open.values() for position in waiting]
        if len(left) != 1 or (isinstance(name, str) and name and name != self.calls[left[0]].name):
            return None
        self.open.clear()
        return left[0]


def in_order(
    messages: Sequence[Any], roles: Sequence[str], place: Callable[[int], str], report: Callable[[Problem], object]
) -> tuple[Sequence[Any], list[str]]:
    """Return the messages in order, and the caller's names of their places.

    Args:
        messages: As in a chat request, unchecked.
        roles: Roles that the dialect knows besides the API's.
        place: The caller's name of a message, by its position.
        report: Receives a problem for each way in which the history was mended.

    Raises:
        BadRequest: A message is malformed; `param` names the place.
    """
    history = _History()
    for position, message in enumerate(messages):
        history.add(message, place(position), roles)
    if not history.told and not history.incomplete():
        return messages, [place(position) for position in range(len(messages))]
    plain = history.messages()
    for sentence, found in history.told.items():
        places = some_of(dict.fromkeys(name for name, _ in found))
        report(Problem("history", f"{places}: {sentence}", "\n".join(raw for _, raw in found)))
    return [message for message, _ in plain], [name for _, name in plain]


class _History:
    """Messages in order, put into turns.

    Attributes:
        told: The places and texts concerned, by the sentence that tells the mending.
    """

    def __init__(self) -> None:
        self._turns: list[_Turn] = []
        self._waiting: dict[str, list[_Turn]] = {}  # by id, the latest last
        self._answered: dict[str, tuple[_Turn, int]] = {}
        self._last: _Turn | None = None  # with calls
        self._ids = 0
        self.told: dict[str, list[tuple[str, str]]] = {}

    def add(self, message: Any, place: str, roles: Sequence[str]) -> None:
        """Add the next message.

        Raises:
            BadRequest: The message is malformed.
        """
        written = as_written(message, place)
        if written is not message:
            self._tell(_PARTS, place, repr(message.get("content")))
        checked = checked_message(written, place, roles)
        if checked["role"] in _RESULTS:
            self._result(dict(checked), place)
            return
        calls = past_calls(checked, place, strict=False) if checked["role"] == "assistant" else ()
        if calls and self._joins(checked):
            self._join(checked, place, calls)
            return
        turn = _Turn(checked, place, calls)
        self._turns.append(turn)
        if calls:
            self._expect(turn, calls)

    def incomplete(self) -> bool:
        """Return True where a call has no result, or where ids have to be made."""
        return any(None in turn.results or _unclear(turn) for turn in self._turns if turn.calls)

    def messages(self) -> list[tuple[dict[str, Any], str]]:
        """Return the messages of all turns, each with its place."""
        plain: list[tuple[dict[str, Any], str]] = []
        for turn in self._turns:
            ids = [call.id for call in turn.calls]
            if _unclear(turn):
                self._tell(_BY_ORDER, turn.place, ", ".join(call.name for call in turn.calls))
                ids = [self._new_id() for _ in turn.calls]
                calls = zip(turn.message["tool_calls"], ids, strict=True)
                turn.message = {**turn.message, "tool_calls": [{**call, "id": made} for call, made in calls]}
            plain.append((dict(turn.message), turn.place))
            for call_id, call, result in zip(ids, turn.calls, turn.results, strict=True):
                if result is None:
                    self._tell(_LOST, turn.place, call.name)
                message, place = result or ({"role": "tool", "content": _NO_RESULT}, turn.place)
                legacy = "tool_calls" not in turn.message
                known = {"role": "function", "name": call_id} if legacy else {"role": "tool", "tool_call_id": call_id}
                plain.append(({**message, **known}, place))
        return plain

    def _tell(self, sentence: str, place: str, raw: str) -> None:
        self.told.setdefault(sentence, []).append((place, raw))

    def _new_id(self) -> str:
        self._ids += 1
        made = f"call_{self._ids}"
        return made if made not in self._answered and made not in self._waiting else self._new_id()

    def _expect(self, turn: _Turn, calls: Sequence[PastCall]) -> None:
        self._last = turn
        for call_id in dict.fromkeys(call.id for call in calls):
            self._waiting.setdefault(call_id, []).append(turn)

    def _joins(self, message: Mapping[str, Any]) -> bool:
        """Return True for calls behind a message whose calls have no results yet."""
        last = self._turns[-1] if self._turns else None
        if last is None or last is not self._last or any(last.results):
            return False
        return all(isinstance(each.get("tool_calls"), list) for each in (message, last.message))

    def _join(self, message: Mapping[str, Any], place: str, calls: Sequence[PastCall]) -> None:
        turn = self._turns[-1]
        first, second = one_name(turn.message), one_name(message)
        joined = {**second, **first, "tool_calls": [*first["tool_calls"], *second["tool_calls"]]}
        joined["content"] = joined_contents([first.get("content"), second.get("content")]) or None
        thoughts = [each[REASONING] for each in (first, second) if each.get(REASONING)]
        if thoughts:
            joined[REASONING] = "\n\n".join(thoughts)
        turn.message = joined
        turn.add(calls)
        self._expect(turn, calls)
        self._tell(_JOINED, place, ", ".join(call.name for call in calls))

    def _result(self, message: dict[str, Any], place: str) -> None:
        key = "tool_call_id" if message["role"] == "tool" else "name"
        call_id = message.get(key) or ""
        name = message.get("name") or message.get("tool_name")
        turn, position = self._call_of(call_id, name) if isinstance(call_id, str) else (None, None)
        if turn is not None and position is not None:
            if not call_id:
                self._tell(_BY_ORDER, place, turn.calls[position].name)
            elif turn is not self._turns[-1]:
                self._tell(_MOVED, place, call_id)
            turn.results[position] = (message, place)
            self._answered[turn.calls[position].id] = (turn, position)
            return
        if call_id and isinstance(call_id, str) and call_id in self._answered:
            turn, position = self._answered[call_id]
            first, where = turn.results[position] or ({}, place)
            if first.get("content") != message.get("content"):
                message = {**first, "content": joined_contents([first.get("content"), message.get("content")])}
                turn.results[position] = (message, where)
            self._tell(_AGAIN, place, call_id)
            return
        self._tell(_STRAY, place, text_of(message.get("content")))
        said = f"{_ORPHAN} ({name}):" if isinstance(name, str) and name else f"{_ORPHAN}:"
        self._turns.append(_Turn({"role": "user", "content": joined_contents([said, message.get("content")])}, place))

    def _call_of(self, call_id: str, name: object) -> tuple[_Turn | None, int | None]:
        """Return the call that a result belongs to: the latest open call with the id, or by order where ids are empty."""
        if not call_id:
            last = self._last
            if last is None:
                return None, None
            position = last.take("", name) if last.open.get("") else last.only_open(name)
            return last, position
        waiting = self._waiting.get(call_id, [])
        while waiting:
            position = waiting[-1].take(call_id, name)
            if position is not None:
                return waiting[-1], position
            waiting.pop()
        return None, None


def _unclear(turn: _Turn) -> bool:
    """Return True for calls with empty ids, or with one id for several."""
    ids = [call.id for call in turn.calls]
    return "" in ids or len(set(ids)) < len(ids)
