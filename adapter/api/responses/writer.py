"""A streamed response: the numbered events, and the response object that they build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.api.responses.items import CallItem, TextItem, holds
from adapter.api.responses.response import ending, failure, usage
from adapter.events import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from adapter.api.responses.items import Kind, OpenItem, Status

# Fields of a chat message that are read elsewhere, or may be left out without a report.
_NOT_MISSED = frozenset({"role", "content", "tool_calls", "function_call", "refusal", "annotations", REASONING})


class ResponseWriter:
    """Writes a response; a `StreamWriter`.

    Args:
        response: The response before any output; filled while written.
        new_id: Makes an id; only the part after the underscore is used.
        clock: The time in seconds since the epoch.
        logprobs: The caller wants log probabilities.
        summaries: Thoughts are written in the place of summaries.
        report: Called with a `Problem` for each field without a place in a response.

    Attributes:
        response: The response, as far as written.
        over: The response is finished without failure.
    """

    def __init__(
        self,
        response: dict[str, Any],
        *,
        new_id: Callable[[], str],
        clock: Callable[[], float],
        logprobs: bool,
        summaries: bool,
        report: Callable[[Problem], object],
    ) -> None:
        self.response = response
        self.over = False
        self.begun = False
        self._new_id = new_id
        self._clock = clock
        self._logprobs = logprobs
        self._report = report
        self._texts: tuple[tuple[str, Kind], ...] = (
            (REASONING, "summary_text" if summaries else "reasoning_text"),
            ("content", "output_text"),
            ("refusal", "refusal"),
        )
        self._open: OpenItem | None = None
        self._announced = False
        self._sequence = 0
        self._finish_reason: str | None = None
        self._left_out: set[str] = set()
        self._native: dict[int, CallItem] = {}  # calls of upstream's own, by index

    def begin(self, upstream: Mapping[str, Any], *, fallback_id: str, now: float) -> None:  # noqa: ARG002  # the interface's
        """Take the model's name from upstream; id and time stay."""
        self.begun = True
        self.response["model"] = upstream.get("model") or self.response["model"]
        self.response["service_tier"] = upstream.get("service_tier") or self.response["service_tier"]

    def roles(self, index: int) -> list[bytes]:  # noqa: ARG002
        """Announce the response."""
        return [self._announce()]

    def delta(self, index: int, delta: Mapping[str, Any], logprobs: Any = None) -> bytes:
        """Write a piece of text of any kind, or a call of upstream's own."""
        if index:
            return b""  # a response has a single answer
        out = [self._announce()]
        tokens = _tokens(logprobs) if self._logprobs else []
        for name, kind in self._texts:
            text = _text(delta.get(name))
            if text:
                out.append(self._add(kind, text, tokens if name == "content" else []))
        out += [self._native_call(call) for call in delta.get("tool_calls") or ()]
        if delta.get("function_call"):
            out.append(self._native_call({"function": delta["function_call"]}))
        self._mention(delta)
        return b"".join(out)

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:  # noqa: ARG002
        """Begin a call, and end the open item."""
        return self._announce() + self._begin(CallItem(self._item_id("fc"), call_id, name))

    def arguments(self, index: int, position: int, text: str) -> bytes:  # noqa: ARG002
        """Write a piece of the open call's arguments."""
        if not isinstance(self._open, CallItem):
            raise TypeError("arguments without a call that is open")
        return self._of(self._open, self._open.add(text))

    def complete(self, index: int, position: int) -> bytes:  # noqa: ARG002
        """End the open call, which is complete."""
        return self._close("completed")

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:  # noqa: ARG002
        """End the open item; cut off, if upstream's answer was cut off."""
        self._finish_reason = reason
        return self._announce() + self._close("completed" if ending(reason)["status"] == "completed" else "incomplete")

    def alive(self, index: int) -> bytes:  # noqa: ARG002
        """Write a sign of life."""
        return self._lifecycle("response.in_progress")

    def error(self, body: Mapping[str, Any]) -> bytes:
        """Write the error, raised by the SDK with the code, and then, like OpenAI, the failed response."""
        error = body["error"] if isinstance(body.get("error"), dict) else {"message": str(body.get("error"))}
        flat = {
            "code": None if error.get("code") is None else str(error["code"]),
            "message": error.get("message") or "",
            "param": error.get("param"),
        }
        out = self._announce() + self._close("incomplete") + self._event("error", {**flat, "error": error})
        self.response |= failure(error)
        return out + self._lifecycle("response.failed")

    def end(self, told: Any) -> bytes:
        """Finish the response; `last` writes the last event."""
        out = self._announce()
        self.response |= {**ending(self._finish_reason), "usage": usage(told)}
        if self.response["status"] == "completed":
            self.response["completed_at"] = int(self._clock())
        self.over = True
        return out

    def last(self) -> bytes:
        """Return the last event of a response without failure."""
        return self._lifecycle(f"response.{self.response['status']}")

    def _announce(self) -> bytes:
        if self._announced:
            return b""
        self._announced = True
        return self._lifecycle("response.created") + self._lifecycle("response.in_progress")

    def _lifecycle(self, kind: str) -> bytes:
        return self._event(kind, {"response": self.response})

    def _add(self, kind: Kind, text: str, logprobs: Sequence[Any]) -> bytes:
        begun = b""
        if not holds(self._open, kind):
            begun = self._begin(TextItem(self._item_id("msg" if kind in {"output_text", "refusal"} else "rs"), kind))
        item = self._open
        if not isinstance(item, TextItem):
            raise TypeError(f"text goes into a text item, not into {item!r}")
        return begun + self._of(item, item.add(kind, text, logprobs))

    def _native_call(self, call: Mapping[str, Any]) -> bytes:
        """Write a call of upstream's own, or a piece of the call; calls arrive in order."""
        place = call.get("index") or len(self._native) * ("id" in call)
        function = call.get("function") or {}
        item = self._native.get(place)
        begun = b""
        if item is None:
            item = CallItem(self._item_id("fc"), call.get("id") or self._new_id(), function.get("name") or "")
            self._native[place] = item
            begun = self._begin(item)
        return begun + (self._of(item, item.add(function["arguments"])) if function.get("arguments") else b"")

    def _begin(self, item: OpenItem) -> bytes:
        closed = self._close("completed")
        self._open = item
        added = {"output_index": self._place, "item": item.opened()}
        return closed + self._event("response.output_item.added", added)

    def _close(self, status: Status) -> bytes:
        item, self._open = self._open, None
        if item is None:
            return b""
        out = self._of(item, item.closed(status))
        done = item.done(status)
        out += self._event("response.output_item.done", {"output_index": self._place, "item": done})
        self.response["output"].append(done)
        return out

    @property
    def _place(self) -> int:
        """The index of the open item in the output: after the finished items."""
        return len(self.response["output"])

    def _of(self, item: OpenItem, events: Iterable[tuple[str, dict[str, Any]]]) -> bytes:
        place = {"item_id": item.id, "output_index": self._place}
        return b"".join([self._event(kind, {**place, **fields}) for kind, fields in events])

    def _event(self, kind: str, fields: Mapping[str, Any]) -> bytes:
        data = json.dumps({"type": kind, "sequence_number": self._sequence, **fields})
        self._sequence += 1
        return f"event: {kind}\ndata: {data}\n\n".encode()

    def _item_id(self, prefix: str) -> str:
        return f"{prefix}_{self._new_id().rpartition('_')[2]}"

    def _mention(self, delta: Mapping[str, Any]) -> None:
        """Report fields without a place in a response, once for each name."""
        for name in delta.keys() - _NOT_MISSED - self._left_out:
            if delta[name]:
                self._left_out.add(name)
                message = f"upstream's answer has a field {name!r}, for which a response has no place; it was left out"
                self._report(Problem("left_out", message, json.dumps(delta[name])))


def _text(value: Any) -> str:
    """Return a text, or the texts of a list of parts, a form of content that some servers write."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _tokens(logprobs: Any) -> list[dict[str, Any]]:
    """Return the tokens of a chat answer's `logprobs`, with the fields of a response's tokens."""
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return [
        {**_token(token), "top_logprobs": [_token(top) for top in token.get("top_logprobs") or ()]} for token in tokens or ()
    ]


def _token(token: Mapping[str, Any]) -> dict[str, Any]:
    text = token.get("token") or ""
    held = token.get("bytes")
    return {"token": text, "bytes": list(text.encode()) if held is None else held, "logprob": token.get("logprob")}
