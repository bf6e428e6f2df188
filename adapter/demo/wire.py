"""The real wire: the prompt sent upstream, shown before the wait, and the raw completion, shown as it comes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from openai import DefaultHttpxClient, OpenAI

if TYPE_CHECKING:
    from collections.abc import Iterator


class Screen(Protocol):
    """A place where texts are shown under labels, whole or piece by piece."""

    def show(self, label: str, text: str) -> None:
        """Show a text."""

    def begin(self, label: str) -> None:
        """Begin a text that comes in pieces."""

    def piece(self, text: str) -> None:
        """Show a piece of a text."""

    def end(self) -> None:
        """End a text that came in pieces."""


class Wire:
    """An openai client whose exchanges are shown, through the hooks of its HTTP client.

    Args:
        base_url: The server.
        api_key: Its key.

    Attributes:
        client: The client.
        screen: The place to show the exchanges; None: nothing is shown.
        label: The label of the next prompt.
        skip: Messages at the beginning of the next prompt that have been shown before.
        completion: The text of the last answer, as received.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        self.screen: Screen | None = None
        self.label = "prompt the model saw"
        self.skip = 0
        self.completion = ""
        self._open = False
        hooks: dict[str, list[Any]] = {"request": [self._request], "response": [self._response]}
        http = DefaultHttpxClient(event_hooks=hooks)
        self.client = OpenAI(base_url=base_url, api_key=api_key, http_client=http, max_retries=0, timeout=300)

    def _request(self, request: Any) -> None:
        if self.screen is None:
            return
        request.headers["accept-encoding"] = "identity"  # the answer is read on the wire
        body = request.read()
        messages = (json.loads(body).get("messages") or []) if body else []
        if messages:
            self.screen.show(self.label, _as_text(messages[self.skip :]))
            self.label, self.skip = "prompt of a further attempt", 0

    def _response(self, response: Any) -> None:
        if self.screen is not None and response.status_code == 200:
            self.completion = ""
            whole = "json" in response.headers.get("content-type", "")
            response.stream = _heard(type(response.stream), response.stream, self, whole=whole)

    def hear(self, data: bytes) -> None:
        """Show the text in a server-sent event, or in a whole answer."""
        text = _text_in(data)
        if not text or self.screen is None:
            return
        if not self.completion:
            self.screen.begin("raw completion")
            self._open = True
        self.completion += text
        self.screen.piece(text)

    def ended(self) -> None:
        """End the text of an answer that has begun."""
        if self._open and self.screen is not None:
            self.screen.end()
        self._open = False


def _heard(kind: type[Any], inner: Any, wire: Wire, *, whole: bool) -> Any:
    """Return a stream of the same bytes, whose text is shown on the way."""
    base = next(base for base in kind.__mro__ if base.__name__ == "SyncByteStream")

    class Heard(base):  # type: ignore[misc, valid-type]  # known at run time only
        def __iter__(self) -> Iterator[bytes]:
            held = b""
            for data in inner:
                *lines, held = [held + data] if whole else (held + data).split(b"\n")
                for line in lines:
                    wire.hear(line)
                yield data
            wire.hear(held)
            wire.ended()

        def close(self) -> None:
            wire.ended()  # a reader hangs up behind the last event
            inner.close()

    return Heard()


def _text_in(line: bytes) -> str:
    """The text of a chunk or of a whole answer; empty for anything else."""
    try:
        choice = json.loads(line.removeprefix(b"data:"))["choices"][0]
        return str((choice.get("delta") or choice.get("message") or {}).get("content") or "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _as_text(messages: list[dict[str, Any]]) -> str:
    return "\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)
