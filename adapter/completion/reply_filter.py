"""Calls of the reply tool, turned into content."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Problem, TextDelta
from adapter.text.json_tokens import JsonWalker, Kind
from adapter.tools.reply_tool import TEXT

if TYPE_CHECKING:
    from adapter.events import Event


class ReplyFilter:
    """A filter of events: a call of the reply tool becomes text, and the calls behind move up.

    Args:
        name: The reply tool.
    """

    __slots__ = ("_name", "_replies", "_said")

    def __init__(self, name: str) -> None:
        self._name = name
        self._replies: dict[int, _TextDecoder] = {}  # by the index of the call
        self._said: set[int] = set()  # replies with a text

    def pass_on(self, events: list[Event]) -> list[Event]:
        """Return the events for the caller."""
        out: list[Event] = []
        for event in events:
            match event:
                case CallStarted(index, call_id, name):
                    if name == self._name:
                        self._replies[index] = _TextDecoder()
                    else:
                        out.append(CallStarted(self._shown(index), call_id, name))
                case ArgumentsDelta(index, text):
                    if index in self._replies:
                        self._say(index, self._replies[index].feed(text), out)
                    else:
                        out.append(ArgumentsDelta(self._shown(index), text))
                case CallFinished(index, call_id, name, arguments, valid, raw, places):
                    if index not in self._replies:
                        out.append(CallFinished(self._shown(index), call_id, name, arguments, valid, raw, places))
                    elif index not in self._said and not valid:
                        self._say(index, arguments, out)  # without a text: the arguments are not lost
                case Problem(index=int() as index):
                    self._problem(event, index, out)
                case _:
                    out.append(event)
        return out

    def _shown(self, index: int) -> int:
        """The index of a call for the caller, who sees no replies."""
        return index - sum(reply < index for reply in self._replies) if self._replies else index

    def _problem(self, problem: Problem, index: int, out: list[Event]) -> None:
        """Pass the problem of a call on. A reply cannot be contradicted: the block of the reply stays in the content too."""
        if index not in self._replies:
            out.append(replace(problem, index=self._shown(index)))
        elif problem.kind != "contradicted":
            out.append(replace(problem, index=None))

    def _say(self, index: int, text: str, out: list[Event]) -> None:
        if text:
            self._said.add(index)
            out.append(TextDelta(text))


class _TextDecoder:
    """A reader of the text in the reply tool's arguments, while the model writes them."""

    __slots__ = ("_half", "_inside", "_key", "_walker")

    def __init__(self) -> None:
        self._walker = JsonWalker()
        self._key: list[str] = []
        self._inside = False
        self._half = ""  # the first half of a surrogate pair

    def feed(self, arguments: str) -> str:
        """Return the text in the next piece of the arguments."""
        said: list[str] = []
        for kind, token in self._walker.feed(arguments):
            if kind in {Kind.KEY, Kind.KEY_END}:
                self._key.append(token)
            elif kind is Kind.COMMA:
                self._key = []
            elif kind in {Kind.STRING, Kind.STRING_END} and "".join(self._key) == json.dumps(TEXT):
                said.append(self._decoded(token, ended=kind is Kind.STRING_END))
        return "".join(said)

    def _decoded(self, token: str, *, ended: bool) -> str:
        if not self._inside:
            token = token[1:]
        self._inside = not ended
        text: str = self._half + json.loads(f'"{token[:-1] if ended else token}"')
        self._half = text[-1:] if not ended and "\ud800" <= text[-1:] <= "\udbff" else ""
        text = text[: len(text) - len(self._half)]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
