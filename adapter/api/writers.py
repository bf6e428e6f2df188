"""How an answer is written for the caller: as it comes, or whole. One writer for each wire format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from adapter.api.chat.response import choice_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.options import Options


class StreamWriter(Protocol):
    """Writes a streamed answer. What it returns are bytes for the caller, perhaps none."""

    @property
    def begun(self) -> bool:
        """Whether anything of upstream's answer is known."""

    def begin(self, upstream: Mapping[str, Any], *, fallback_id: str, now: float) -> None:
        """Upstream's first chunk.

        Args:
            upstream: The chunk.
            fallback_id: The id of the answer where upstream gives none.
            now: The time in seconds since the epoch.
        """

    def roles(self, index: int) -> list[bytes]:
        """The choices up to this one begin."""

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:
        """A piece of a choice that is no call of ours: content, reasoning, or what upstream said besides."""

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:
        """The beginning of a call."""

    def arguments(self, index: int, position: int, text: str) -> bytes:
        """A piece of a call's arguments."""

    def complete(self, index: int, position: int) -> bytes:
        """A call is complete and can stand."""

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:
        """A choice is over.

        Args:
            index: The choice.
            reason: Its `finish_reason`.
            extra: What else upstream said of the choice as it ended.
        """

    def alive(self, index: int) -> bytes:
        """A sign of life while nothing can be said."""

    def error(self, body: Mapping[str, Any]) -> bytes:
        """The answer ends in an error, `{"error": {"message", "type", "param", "code"}}`."""

    def end(self, usage: Any) -> bytes:
        """The answer is over; with its usage, as far as upstream told."""


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
        """A choice as it is to stand in the completion; see `adapter.api.chat.choice_for`."""

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """The body of the answer, as a JSON value."""


class ChatWhole:
    """A chat completion."""

    choice = staticmethod(choice_for)

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """The completion as it is."""
        return completion
