"""Writers of answers for the caller, streamed and whole: a pair for each wire format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from adapter.api.chat.response import choice_for
from adapter.tools.call_form import input_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.options import Options
    from adapter.tools.call_form import CallForm


class StreamWriter(Protocol):
    """Writes a streamed answer. Methods return bytes for the caller, perhaps empty."""

    @property
    def begun(self) -> bool:
        """True once a chunk of upstream's answer is known."""

    def begin(self, upstream: Mapping[str, Any], *, fallback_id: str, now: float) -> None:
        """Take upstream's first chunk.

        Args:
            upstream: The chunk.
            fallback_id: The id of the answer for an upstream without ids.
            now: The time in seconds since the epoch.
        """

    def roles(self, index: int) -> list[bytes]:
        """Begin the choices up to an index, as far as not begun."""

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:
        """Write a piece of a choice: content, reasoning, or further members of upstream's delta."""

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:
        """Write the beginning of a call."""

    def arguments(self, index: int, position: int, text: str) -> bytes:
        """Write a piece of a call's arguments."""

    def complete(self, index: int, position: int) -> bytes:
        """End a call that is complete and can stand."""

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:
        """End a choice.

        Args:
            index: The choice.
            reason: The `finish_reason`.
            extra: Further members of the choice in upstream's last chunk.
        """

    def alive(self, index: int) -> bytes:
        """Write a sign of life while the answer is held back."""

    def silent(self) -> bytes:
        """Write a sign of life while upstream is silent, at any time."""

    def error(self, body: Mapping[str, Any]) -> bytes:
        """End the answer in an error, `{"error": {"message", "type", "param", "code"}}`."""

    def end(self, usage: Any) -> bytes:
        """End the answer, with the usage as far as upstream told."""


class WholeWriter(Protocol):
    """Writes a whole answer."""

    def choice(
        self,
        request: ChatRequest,
        choice: Mapping[str, Any],
        parsed: ParsedCompletion,
        events: Sequence[Event],
        options: Options,
    ) -> dict[str, Any]:
        """Return a choice for the completion; see `adapter.api.chat.response.choice_for`."""

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the body of the answer, as a JSON value."""


class PlainChoices:
    """Makes the choices of a chat completion; a base of writers whose wire is written from the completion alone."""

    __slots__ = ()

    def choice(
        self,
        request: ChatRequest,
        choice: Mapping[str, Any],
        parsed: ParsedCompletion,
        events: Sequence[Event],
        options: Options,
    ) -> dict[str, Any]:
        """Return a choice for the completion; see `adapter.api.chat.response.choice_for`."""
        return choice_for(request, choice, parsed, events, options)


class ChatWhole:
    """Writes a chat completion."""

    def choice(
        self,
        request: ChatRequest,
        choice: Mapping[str, Any],
        parsed: ParsedCompletion,
        events: Sequence[Event],
        options: Options,
    ) -> dict[str, Any]:
        """Return a choice; calls of custom tools in their own form."""
        written = choice_for(request, choice, parsed, events, options)
        if (forms := request.forms) and written["message"].get("tool_calls"):
            calls = [_in_form(call, forms) for call in written["message"]["tool_calls"]]
            written["message"]["tool_calls"] = calls
        return written

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the completion unchanged."""
        return completion


def _in_form(call: dict[str, Any], forms: Mapping[str, CallForm]) -> dict[str, Any]:
    form = forms.get(call["function"]["name"])
    if form is None:
        return call
    custom = {"name": form.name, "input": input_text(call["function"]["arguments"])}
    return {"id": call["id"], "type": "custom", "custom": custom}
