"""A streamed response: the numbered events, and the response object that they build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.api.responses.call_item import CallItem, prefix_of
from adapter.api.responses.items import TextItem, holds
from adapter.api.responses.response import ending, failure, item_id, usage
from adapter.events import Problem
from adapter.tools.call_form import CallForm

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
        forms: Forms of calls that are no plain function calls, by the name that the model knows.

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
        forms: Mapping[str, CallForm],
    ) -> None:
        self.response = response
        self._forms = forms
        self._items = 0  # begun so far
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
        self._open: TextItem | None = None
        self._calls: dict[int, CallItem] = {}  # calls of the model that are not complete, by position
        self._places: dict[str, int] = {}  # of the items begun, by their ids
        self._done: dict[int, dict[str, Any]] = {}  # the finished items, by place
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
        out += [self._native_call(call) for call in delta.get("tool_calls") or () if isinstance(call, dict)]
        if delta.get("function_call"):
            out.append(self._native_call({"function": delta["function_call"]}))
        self._mention(delta)
        return b"".join(out)

    def call(self, index: int, position: int, call_id: str, name: str) -> bytes:
        """Begin a call, and end the open text. Calls that were begun before may be judged later, with their block."""
        if index:
            return b""
        closed = self._announce() + self._close("completed")
        self._calls[position] = item = self._call_item(call_id, name)
        return closed + self._added(item)

    def arguments(self, index: int, position: int, text: str) -> bytes:
        """Write a piece of a call's arguments."""
        if index:
            return b""
        item = self._calls[position]
        return self._of(item, item.add(text))

    def complete(self, index: int, position: int) -> bytes:
        """End a call that is complete and can stand."""
        return b"" if index else self._end(self._calls.pop(position), "completed")

    def finish(self, index: int, reason: str | None, extra: Mapping[str, Any]) -> bytes:  # noqa: ARG002
        """End the open item; cut off, if upstream's answer was cut off: a call that is not complete is left unfinished."""
        if index:
            return b""
        self._finish_reason = reason
        if ending(reason)["status"] == "completed":
            calls = [*self._native.values(), *self._calls.values()]
            self._native, self._calls = {}, {}
            ended = b"".join([self._end(item, "completed") for item in calls])
            return self._announce() + self._close("completed") + ended
        return self._announce() + self._cut()

    def alive(self, index: int) -> bytes:  # noqa: ARG002
        """Write a sign of life."""
        return self._lifecycle("response.in_progress")

    def silent(self) -> bytes:
        """Write a sign of life that agents accept: Codex does not count comments."""
        return self._announce() or self._lifecycle("response.in_progress")

    def error(self, body: Mapping[str, Any]) -> bytes:
        """Write the error, raised by the SDK with the code, and then, like OpenAI, the failed response."""
        error = body["error"] if isinstance(body.get("error"), dict) else {"message": str(body.get("error"))}
        flat = {
            "code": None if error.get("code") is None else str(error["code"]),
            "message": error.get("message") or "",
            "param": error.get("param"),
        }
        out = self._announce() + self._cut() + self._event("error", {**flat, "error": error})
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
        """Write a call of upstream's own, or a piece of the call; several may arrive in turns."""
        index = call.get("index")
        place = index if isinstance(index, int) else len(self._native) * ("id" in call)
        function = call.get("function") or {}
        item = self._native.get(place)
        begun = b""
        if item is None:
            item = self._call_item(call.get("id") or self._new_id(), function.get("name") or "")
            self._native[place] = item
            begun = self._close("completed") + self._added(item)
        text = function.get("arguments") or ""
        text = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)  # Ollama's own form: an object
        return begun + (self._of(item, item.add(text)) if text else b"")

    def _begin(self, item: TextItem) -> bytes:
        closed = self._close("completed")
        self._open = item
        return closed + self._added(item)

    def _added(self, item: OpenItem) -> bytes:
        place = self._places[item.id] = len(self._places)
        return self._event("response.output_item.added", {"output_index": place, "item": item.opened()})

    def _close(self, status: Status) -> bytes:
        """End the open item, if there is one."""
        item, self._open = self._open, None
        return b"" if item is None else self._end(item, status)

    def _end(self, item: OpenItem, status: Status) -> bytes:
        out = self._of(item, item.closed(status))
        place, done = self._places[item.id], item.done(status)
        out += self._event("response.output_item.done", {"output_index": place, "item": done})
        self._done[place] = done
        self.response["output"] = [self._done[each] for each in sorted(self._done)]
        return out

    def _cut(self) -> bytes:
        """End the open item where the answer ends. A call gets no `done`: agents run a call that is done."""
        self._calls.clear()
        self._native.clear()
        return self._close("incomplete")

    def _of(self, item: OpenItem, events: Iterable[tuple[str, dict[str, Any]]]) -> bytes:
        place = {"item_id": item.id, "output_index": self._places[item.id]}
        return b"".join([self._event(kind, {**place, **fields}) for kind, fields in events])

    def _event(self, kind: str, fields: Mapping[str, Any]) -> bytes:
        data = json.dumps({"type": kind, "sequence_number": self._sequence, **fields})
        self._sequence += 1
        return f"event: {kind}\ndata: {data}\n\n".encode()

    def _call_item(self, call_id: str, name: str) -> CallItem:
        form = self._forms.get(name) or CallForm("function", name)
        return CallItem(self._item_id(prefix_of(form)), call_id, form)

    def _item_id(self, prefix: str) -> str:
        self._items += 1
        return item_id(prefix, self.response["id"], str(self._items))

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
