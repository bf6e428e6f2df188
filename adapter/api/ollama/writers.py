"""Answers on Ollama's wire, streamed in lines of JSON and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.ollama.answer import AnswerObjects, call_object, done_reason, error_object, log_probabilities
from adapter.api.reasoning import REASONING, one_name
from adapter.api.writers import PlainChoices
from adapter.events import Problem
from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


def line(value: Mapping[str, Any]) -> bytes:
    """Return a line of the stream."""
    return write_json(dict(value)) + b"\n"


class LineWriter:
    """Writes a streamed answer in lines of JSON; a `StreamWriter`.

    A call leaves whole, in a line of its own, when the call is complete.

    Args:
        objects: Makes the objects of the answer.
        report: Called with a `Problem` for a call that the wire has no form for.
    """

    __slots__ = ("_arguments", "_begun", "_calls", "_objects", "_reason", "_report")

    def __init__(self, objects: AnswerObjects, report: Callable[[Problem], None]) -> None:
        self._objects = objects
        self._report = report
        self._begun = False
        self._calls: dict[int, tuple[str, str]] = {}  # ids and names
        self._arguments: dict[int, list[str]] = {}
        self._reason = "stop"

    @property
    def begun(self) -> bool:
        """True once a chunk of upstream's answer is known."""
        return self._begun

    def begin(self, upstream: Mapping[str, Any], *, fallback_id: str, now: float) -> None:  # noqa: ARG002
        """Take upstream's first chunk, of which Ollama's answers tell nothing."""
        self._begun = True

    def roles(self, index: int) -> list[bytes]:  # noqa: ARG002
        """Return nothing: each line has the role."""
        return []

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:  # noqa: ARG002
        """Write a piece of content or reasoning; a refusal is content. Calls of upstream's own are kept until the end."""
        named = one_name(delta)
        self._upstream_calls(named.get("tool_calls"))
        said = {REASONING: named.get(REASONING), "content": named.get("content") or named.get("refusal")}
        tokens = log_probabilities(logprobs)
        return line(self._objects.piece(said, tokens)) if any(said.values()) or tokens else b""

    def _upstream_calls(self, calls: Any) -> None:
        for call in calls or ():
            position, function = call.get("index") or 0, call.get("function") or {}
            if position not in self._calls:
                self.call(0, position, call.get("id") or f"call_{position}", function.get("name") or "")
            self._arguments[position].append(function.get("arguments") or "")

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:  # noqa: ARG002
        """Keep the beginning of a call."""
        self._calls[position] = (call_id, name)
        self._arguments[position] = []
        return b""

    def arguments(self, index: int, position: int, text: str) -> bytes:  # noqa: ARG002
        """Keep a piece of a call's arguments."""
        self._arguments[position].append(text)
        return b""

    def complete(self, index: int, position: int) -> bytes:  # noqa: ARG002
        """Write a call; one whose arguments are no object is told, and left as text."""
        if position not in self._calls:
            return b""
        call_id, name = self._calls.pop(position)
        arguments = "".join(self._arguments.pop(position))
        call = call_object(position, call_id, name, arguments)
        if call is None:
            self._report(without_form(name, arguments))
            return line(self._objects.piece({"content": arguments}))
        return line(self._objects.piece({"tool_calls": [call]}))

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:  # noqa: ARG002
        """End the choice: calls that upstream made itself leave now."""
        self._reason = done_reason(reason)
        return b"".join(self.complete(index, position) for position in sorted(self._calls))

    def alive(self, index: int) -> bytes:  # noqa: ARG002
        """Write a line without content."""
        return self.silent()

    def silent(self) -> bytes:
        """Write a line without content."""
        return line(self._objects.piece({}))

    def error(self, body: Mapping[str, Any]) -> bytes:
        """Write the error as the last line."""
        return line(error_object(body))

    def end(self, usage: Any) -> bytes:
        """Write the last line."""
        return line(self._objects.last(self._reason, usage))


class WholeAnswer(PlainChoices):
    """Writes a whole answer; a `WholeWriter`.

    Args:
        objects: Makes the object of the answer.
        report: Called with a `Problem` for a call that the wire has no form for.
    """

    __slots__ = ("_objects", "_report")

    def __init__(self, objects: AnswerObjects, report: Callable[[Problem], None]) -> None:
        self._objects = objects
        self._report = report

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the answer in Ollama's form; the first choice of several."""
        choices = completion["choices"] or [{"message": {}}]
        message = one_name(choices[0]["message"])
        text = [message.get("content") or message.get("refusal") or ""]
        calls = list(self._calls(message.get("tool_calls") or (), text))
        said = {REASONING: message.get(REASONING), "content": "".join(text), "tool_calls": calls}
        reason = done_reason(choices[0].get("finish_reason"))
        return self._objects.last(reason, completion.get("usage"), said, log_probabilities(choices[0].get("logprobs")))

    def _calls(self, calls: Sequence[Mapping[str, Any]], text: list[str]) -> Iterator[dict[str, Any]]:
        for position, call in enumerate(calls):
            name, arguments = call["function"]["name"], call["function"]["arguments"]
            written = call_object(position, call["id"], name, arguments)
            if written is None:
                self._report(without_form(name, arguments))
                text.append(arguments)
            else:
                yield written


def without_form(name: str, arguments: str) -> Problem:
    """Return the problem of a call that Ollama's wire cannot carry."""
    message = f"The arguments of a call of {name!r} are no JSON object, and Ollama's wire has no other form: they are content."
    return Problem("left_out", message, raw=arguments)
