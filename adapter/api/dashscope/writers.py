"""Answers on DashScope's wire, streamed in frames and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.dashscope.frames import ALIVE, UNFINISHED, answer_object, error_object, frame
from adapter.api.reasoning import REASONING, one_name
from adapter.api.writers import PlainChoices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_FAILED = 500


class AnswerForm(NamedTuple):
    """The form in which the caller wants the answer.

    Attributes:
        as_message: Choices with messages; else a text.
        incremental: Each frame has a piece; else all so far.
        parts: Content is a list of parts.
        request_id: The id of the request.
    """

    as_message: bool
    incremental: bool
    parts: bool
    request_id: str


class _Choice:
    """A choice as far as written."""

    __slots__ = ("calls", "reason", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {"content": [], REASONING: []}
        self.calls: dict[int, dict[str, Any]] = {}
        self.reason = UNFINISHED

    def message(self) -> dict[str, Any]:
        """Return the message so far."""
        found: dict[str, Any] = {"content": "".join(self.texts["content"])}
        if self.texts[REASONING]:
            found[REASONING] = "".join(self.texts[REASONING])
        if self.calls:
            found["tool_calls"] = [_whole(call) for _, call in sorted(self.calls.items())]
        return found


class FrameWriter:
    """Writes a streamed answer; a `StreamWriter`.

    Args:
        form: The form of the answer.
    """

    __slots__ = ("_begun", "_choices", "_form", "_number")

    def __init__(self, form: AnswerForm) -> None:
        self._form = form
        self._begun = False
        self._choices: list[_Choice] = []
        self._number = 0

    @property
    def begun(self) -> bool:
        """True once a chunk of upstream's answer is known."""
        return self._begun

    def begin(self, upstream: Mapping[str, Any], *, fallback_id: str, now: float) -> None:  # noqa: ARG002
        """Take upstream's first chunk, of which DashScope's frames tell nothing."""
        self._begun = True

    def roles(self, index: int) -> list[bytes]:
        """Begin the choices up to an index; frames have the role each."""
        self._choices += [_Choice() for _ in range(len(self._choices), index + 1)]
        return []

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:  # noqa: ARG002
        """Write a piece of content, of reasoning, or of calls that upstream makes itself; a refusal is content."""
        named = one_name(delta)
        piece = {key: named[key] for key in ("content", REASONING) if named.get(key)}
        if named.get("refusal"):
            piece["content"] = named["refusal"]
        for key, text in piece.items():
            self._choices[index].texts[key].append(text)
        out = [self._frame(index, piece)] if piece else []
        out += [self._upstream_call(index, call) for call in named.get("tool_calls") or ()]
        return b"".join(out)

    def _upstream_call(self, index: int, call: Mapping[str, Any]) -> bytes:
        position, function = call.get("index") or 0, call.get("function") or {}
        begin = b""
        if position not in self._choices[index].calls:
            begin = self.call(index, position, call.get("id") or f"call_{position}", function.get("name") or "")
        return begin + (self.arguments(index, position, function["arguments"]) if function.get("arguments") else b"")

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:
        """Write the beginning of a call."""
        self._choices[index].calls[position] = {"id": call_id, "name": name, "index": position, "arguments": []}
        return self._frame(index, {"tool_calls": [_piece(position, call_id, {"name": name, "arguments": ""})]})

    def arguments(self, index: int, position: int, text: str) -> bytes:
        """Write a piece of a call's arguments; the id is empty."""
        self._choices[index].calls[position]["arguments"].append(text)
        return self._frame(index, {"tool_calls": [_piece(position, "", {"arguments": text})]})

    def complete(self, index: int, position: int) -> bytes:  # noqa: ARG002
        """Write nothing: frames do not mark the end of a call."""
        return b""

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:  # noqa: ARG002
        """Keep the reason for the last frame, which has the usage too."""
        self._choices[index].reason = reason or "stop"
        return b""

    def alive(self, index: int) -> bytes:  # noqa: ARG002
        """Write a comment."""
        return ALIVE

    def silent(self) -> bytes:
        """Write a comment."""
        return ALIVE

    def error(self, body: Mapping[str, Any]) -> bytes:
        """Write the error as the last frame."""
        self._number += 1
        return frame(self._number, error_object(_FAILED, body, self._form.request_id), status=_FAILED)

    def end(self, usage: Any) -> bytes:
        """Write the last frame."""
        ended = [(one.reason, {"content": ""} if self._form.incremental else one.message()) for one in self._choices]
        return self._written(ended, usage)

    def _frame(self, index: int, piece: Mapping[str, Any]) -> bytes:
        """Return a frame with a piece of a choice, or with all choices so far."""
        if not self._form.incremental:
            return self._written([(UNFINISHED, one.message()) for one in self._choices], None)
        empty: dict[str, Any] = {"content": ""}
        pieces = [{**empty, **piece} if at == index else empty for at in range(len(self._choices))]
        return self._written([(UNFINISHED, one) for one in pieces], None)

    def _written(self, choices: Sequence[tuple[str, Mapping[str, Any]]], usage: Any) -> bytes:
        self._number += 1
        form = self._form
        return frame(self._number, answer_object(choices, usage, form.request_id, as_message=form.as_message, parts=form.parts))


class WholeAnswer(PlainChoices):
    """Writes a whole answer; a `WholeWriter`.

    Args:
        form: The form of the answer.
    """

    __slots__ = ("_form",)

    def __init__(self, form: AnswerForm) -> None:
        self._form = form

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the answer in DashScope's form."""
        choices = [(one.get("finish_reason") or "stop", _said(one["message"])) for one in completion["choices"]]
        form = self._form
        usage = completion.get("usage")
        return answer_object(choices or [("stop", {})], usage, form.request_id, as_message=form.as_message, parts=form.parts)


def _said(message: Mapping[str, Any]) -> dict[str, Any]:
    named = one_name(message)
    found: dict[str, Any] = {"content": named.get("content") or named.get("refusal") or ""}
    if named.get(REASONING):
        found[REASONING] = named[REASONING]
    if named.get("tool_calls"):
        found["tool_calls"] = [{"index": position, **call} for position, call in enumerate(named["tool_calls"])]
    return found


def _piece(position: int, call_id: str, function: dict[str, str]) -> dict[str, Any]:
    return {"index": position, "id": call_id, "type": "function", "function": function}


def _whole(call: Mapping[str, Any]) -> dict[str, Any]:
    return _piece(call["index"], call["id"], {"name": call["name"], "arguments": "".join(call["arguments"])})
