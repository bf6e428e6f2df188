"""Faults of an upstream: the rows of the sweep in `wire/test_upstream_faults.py`.

A fault is a function of the answer that a sound upstream would give: whole or in a stream, chat or raw completion.
"""

from __future__ import annotations

import copy
import gzip
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.support.loopback import DONE, Answer, Raw, Reply, Stream, completion, event, raw_completion, raw_streamed, streamed

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Sound:
    """The answer of a sound upstream, in the form that was asked for."""

    text: str
    stream: bool
    raw: bool

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON of a whole answer."""
        return copy.deepcopy((raw_completion if self.raw else completion)(self.text).body)

    @property
    def events(self) -> list[bytes]:
        """Return the events of a stream, the last of them `[DONE]`."""
        middle = len(self.text) // 2
        made = (raw_streamed if self.raw else streamed)(self.text[:middle], self.text[middle:])
        return [piece for piece in made.pieces if isinstance(piece, bytes)]

    @property
    def chunks(self) -> list[Any]:
        """Return the JSON of the events but for `[DONE]`."""
        return [json.loads(one.removeprefix(b"data: ")) for one in self.events[:-1]]

    @property
    def data(self) -> bytes:
        """Return the bytes of the body."""
        return b"".join(self.events) if self.stream else json.dumps(self.body).encode()

    @property
    def kind(self) -> str:
        """Return the content type."""
        return "text/event-stream" if self.stream else "application/json"

    def sent(self, data: bytes, **headers: str) -> Reply:
        """Send other bytes as the body."""
        named = {"content-type": self.kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return Stream((data,), named) if self.stream else Answer(data, headers=named)

    def changed(self, change: Callable[[dict[str, Any]], None]) -> Reply:
        """Change the body, or each chunk."""
        values = self.chunks if self.stream else [self.body]
        for value in values:
            change(value)
        if self.stream:
            return Stream((*map(event, values), DONE))
        return Answer(values[0])


Fault: TypeAlias = "Callable[[Sound], Reply]"


def _in_choices(key: str, value: Any) -> Fault:
    def change(body: dict[str, Any]) -> None:
        for choice in body["choices"]:
            choice[key] = value

    return lambda one: one.changed(change)


def _in_body(key: str, value: Any) -> Fault:
    return lambda one: one.changed(lambda body: body.update({key: value}))


def _in_message(key: str, value: Any) -> Fault:
    def change(body: dict[str, Any]) -> None:
        for choice in body["choices"]:
            inner = choice.get("message", choice.get("delta"))
            (choice if inner is None else inner)[key] = value

    return lambda one: one.changed(change)


def _events(change: Callable[[list[bytes]], list[bytes]]) -> Fault:
    """Change the events of a stream; a whole answer is sent as those events."""
    return lambda one: Stream(tuple(change(Sound(one.text, True, one.raw).events)))


def _cut(after: int) -> Fault:
    return lambda one: Stream(
        tuple(one.events[:after]) if one.stream else (one.data[: after * 40],), {"content-type": one.kind}, cut=True
    )


def _head(status: str, *lines: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode()


ERROR = {"error": {"message": "no room here", "type": "server_error", "code": None}}
PAGE = b"<!doctype html><html><body><h1>502 Bad Gateway</h1>" + b"<p>nginx</p>" * 2000
MEGABYTE = "x" * 1_000_000
STATUS: dict[str, Fault] = {
    **{f"status {code}": lambda _, code=code: Answer(ERROR, code) for code in (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529, 599)},  # type: ignore[misc]  # a default keeps the code
    "status 500 and nothing": lambda _: Answer(b"", 500),
    "status 502 and a page": lambda _: Answer(PAGE, 502, {"content-type": "text/html"}),
    "status 500 and a list": lambda _: Answer([1], 500),
    "status 400 and bytes": lambda _: Answer(b"\xff\xfe\x00", 400),
    "status 400 and nesting": lambda _: Answer(b"[" * 50_000, 400),
    "status 400 and an error that is a number": lambda _: Answer({"error": 5}, 400),
    "status 204": lambda _: Raw(_head("204 No Content")),
    "status 206 and half": lambda one: Answer(one.data[:30], 206),
    "status 201": lambda one: Answer(one.body, 201),
    "status 304": lambda _: Raw(_head("304 Not Modified")),
    "a redirect to itself": lambda _: Answer(b"", 307, {"location": "/v1/chat/completions"}),
    "a redirect to nowhere": lambda _: Answer(b"", 302, {"location": "http://127.0.0.1:1/"}),
    "a redirect without an address": lambda _: Answer(b"", 302),
    "a redirect that is no address": lambda _: Answer(b"", 307, {"location": "http://[::1"}),
}  # fmt: skip
BODIES: dict[str, Fault] = {
    "an empty body": lambda one: one.sent(b""),
    "a page": lambda one: one.sent(PAGE, content_type="text/html"),
    "a page labelled as the answer": lambda one: one.sent(PAGE),
    "null": lambda one: one.sent(event(None) if one.stream else b"null"),
    "a list": lambda one: one.sent(event([1]) if one.stream else b"[1]"),
    "a text": lambda one: one.sent(event("x") if one.stream else b'"x"'),
    "a number of 10,000 digits": lambda one: one.sent(event(b"1" * 10_000) if one.stream else b"1" * 10_000),
    "NaN in the answer": lambda one: one.sent(one.data.replace(b"1700000000", b"NaN")),
    "nesting": lambda one: one.sent(event(b'{"a":' * 50_000) if one.stream else b'{"a":' * 50_000),
    "half of the JSON": lambda one: one.sent(one.data[: len(one.data) // 2]),
    "two documents": lambda one: one.sent(one.data + one.data),
    "text behind": lambda one: one.sent(one.data + b"\nOK"),
    "NUL bytes": lambda one: one.sent(one.data.replace(b" ", b"\0")),
    "no UTF-8": lambda one: one.sent(one.data.replace(b"text-only", b"\xff\xfe")),
    "half a character of UTF-8": lambda one: one.sent(one.data.replace(b"text-only", "é".encode()[:1])),
    "UTF-16": lambda one: one.sent(one.data.decode().encode("utf-16")),
    "an error object": lambda one: one.sent(event(ERROR) if one.stream else json.dumps(ERROR).encode()),
    "an error that is a list": lambda one: one.sent(event({"error": [5]}) if one.stream else b'{"error": [5]}'),
    "the content type of an image": lambda one: one.sent(one.data, content_type="image/png"),
    "a content type of no form": lambda one: one.sent(one.data, content_type=";;=\"charset=\xff"),
    "a charset nobody knows": lambda one: one.sent(one.data, content_type=f"{one.kind}; charset=nobody"),
    "gzip that is none": lambda one: one.sent(one.data, content_encoding="gzip"),
    "gzip cut off": lambda one: one.sent(gzip.compress(one.data)[:-20], content_encoding="gzip"),
    "gzip and text behind": lambda one: one.sent(gzip.compress(one.data) + b"xx", content_encoding="gzip"),
    "deflate": lambda one: one.sent(zlib.compress(one.data), content_encoding="deflate"),
    "brotli that is none": lambda one: one.sent(one.data, content_encoding="br"),
    "an encoding nobody knows": lambda one: one.sent(one.data, content_encoding="nobody"),
}  # fmt: skip
_ODD: dict[str, Any] = {"null": None, "a list": [], "a number": 10**30, "an object": {"a": []}, "a megabyte": MEGABYTE}
MEMBERS: dict[str, Fault] = {
    **{f"choices {shown}": _in_body("choices", value) for shown, value in _ODD.items()},
    **{f"usage {shown}": _in_body("usage", value) for shown, value in {**_ODD, "nonsense": {"prompt_tokens": "x", "completion_tokens": -1}}.items()},
    **{f"id {shown}": _in_body("id", value) for shown, value in _ODD.items()},
    **{f"created {shown}": _in_body("created", value) for shown, value in {**_ODD, "infinite": 1e400}.items()},
    **{f"model {shown}": _in_body("model", value) for shown, value in _ODD.items()},
    **{f"finish_reason {shown}": _in_choices("finish_reason", value) for shown, value in _ODD.items()},
    **{f"index {shown}": _in_choices("index", value) for shown, value in {**_ODD, "below nothing": -1, "true": True, "1.5": 1.5}.items()},
    **{f"logprobs {shown}": _in_choices("logprobs", value) for shown, value in {**_ODD, "of nothing": {"content": [None, {"token": 5}]}}.items()},
    **{f"content {shown}": _in_message("content", value) for shown, value in {**_ODD, "parts": [{"type": "text"}, 5, {"text": []}]}.items()},
    **{f"reasoning {shown}": _in_message("reasoning_content", value) for shown, value in _ODD.items()},
    **{f"role {shown}": _in_message("role", value) for shown, value in _ODD.items()},
    **{f"native calls {shown}": _in_message("tool_calls", value) for shown, value in {**_ODD, "of nothing": [None, {}], "of a tool": [{"index": 0, "id": "x", "type": "function", "function": {"name": "evil", "arguments": "{}"}}]}.items()},
    "choices of texts": _in_body("choices", ["x"]),
    "choices of choices": _in_body("choices", [[]]),
    "200 choices": _in_body("choices", [{"index": n, "message": {"content": "x"}, "delta": {"content": "x"}, "finish_reason": "stop"} for n in range(200)]),
    "two choices of one index": lambda one: one.changed(lambda body: body.update(choices=body["choices"] * 2)),
    "choices out of order": lambda one: one.changed(lambda body: body.update(choices=[{**choice, "index": n} for n in (2, 0, 1) for choice in body["choices"]])),
    "a choice without a message": lambda one: one.changed(lambda body: body.update(choices=[{"index": 0}])),
    "a megabyte of unknown members": _in_body("x", [MEGABYTE]),
}  # fmt: skip
EVENTS: dict[str, Fault] = {
    "no blank lines": _events(lambda all_: [one[:-1] for one in all_]),
    "lines of CR": _events(lambda all_: [one.replace(b"\n", b"\r") for one in all_]),
    "a byte order mark": _events(lambda all_: [b"\xef\xbb\xbf", *all_]),
    "a flood of comments": _events(lambda all_: [b": ping\n\n" * 20_000, *all_]),
    "a flood of empty data": _events(lambda all_: [b"data:\n\n" * 20_000, *all_]),
    "a flood of data lines": _events(lambda all_: [b"data: x\n" * 20_000, *all_]),
    "a line of a megabyte": _events(lambda all_: [f"x: {MEGABYTE}\n".encode(), *all_]),
    "an event of a megabyte": _events(lambda all_: [f"data: {MEGABYTE}\n\n".encode(), *all_]),
    "names, ids and retries": _events(lambda all_: [b"event: x\nid: \0\nretry: -1e9\n" + one for one in all_]),
    "events named error": _events(lambda all_: [b"event: error\n" + one for one in all_]),
    "half a character": _events(lambda all_: [all_[0], b"data: \xc3\n\n", *all_[1:]]),
    "an event cut in the middle": _events(lambda all_: [*all_[:-2], all_[-2][:20]]),
    "an event in two": _events(lambda all_: [all_[0][:30] + b"\n\n" + all_[0][30:], *all_[1:]]),
    "no [DONE]": _events(lambda all_: all_[:-1]),
    "[DONE] at once": _events(lambda all_: [DONE, *all_]),
    "[DONE] in the middle": _events(lambda all_: [*all_[:2], DONE, *all_[2:]]),
    "[DONE] again and again": _events(lambda all_: [*all_, *[DONE] * 5_000]),
    "no finish reason": _events(lambda all_: [one for one in all_ if b'"finish_reason": "stop"' not in one]),
    "no finish reason and no [DONE]": _events(lambda all_: [one for one in all_[:-1] if b'"finish_reason": "stop"' not in one]),
    "an error in the middle": _events(lambda all_: [*all_[:2], event(ERROR), *all_[2:]]),
    "an error behind the end": _events(lambda all_: [*all_, event(ERROR)]),
    "a page in the middle": _events(lambda all_: [*all_[:2], PAGE, *all_[2:]]),
    "the end twice, then more text": _events(lambda all_: [*all_[:-1], *all_]),
}  # fmt: skip
CONNECTIONS: dict[str, Fault] = {
    **{f"cut after {after} pieces": _cut(after) for after in (0, 1, 2, 3)},
    "nothing at all": lambda _: Raw(b""),
    "no HTTP": lambda _: Raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "half a head": lambda _: Raw(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "a head that is none": lambda _: Raw(b"HTTP/1.1 abc OK\r\n\r\n"),
    "a head of a megabyte": lambda _: Raw(_head("200 OK", f"x-a: {MEGABYTE}")),
    "a length that is too long": lambda one: Raw(_head("200 OK", f"content-type: {one.kind}", f"content-length: {len(one.data) + 9}") + one.data),
    "a length that is too short": lambda one: Raw(_head("200 OK", f"content-type: {one.kind}", "content-length: 30") + one.data),
    "a length that is none": lambda one: Raw(_head("200 OK", f"content-type: {one.kind}", "content-length: -5") + one.data),
    "no length": lambda one: Raw(_head("200 OK", f"content-type: {one.kind}", "connection: close") + one.data),
    "a wrong size of a piece": lambda one: Raw(_head("200 OK", f"content-type: {one.kind}", "transfer-encoding: chunked") + b"zz\r\n" + one.data),
    "the end inside a piece": lambda one: Raw(_head("200 OK", f"content-type: {one.kind}", "transfer-encoding: chunked") + b"ffff\r\n" + one.data),
    "headers of NUL": lambda one: Raw(b"HTTP/1.1 200 OK\r\nx: \0\r\n\r\n" + one.data),
}  # fmt: skip
# The client's patience ends these.
SILENT: dict[str, Fault] = {
    "silence": lambda _: Raw(b"", linger=True),
    "silence behind the head": lambda one: Raw(_head("200 OK", f"content-type: {one.kind}"), linger=True),
    "silence in the middle": lambda one: Raw(
        _head("200 OK", f"content-type: {one.kind}") + one.data[: len(one.data) // 2], linger=True
    ),
}
FAULTS: dict[str, Fault] = {**STATUS, **BODIES, **MEMBERS, **EVENTS, **CONNECTIONS, **SILENT}
