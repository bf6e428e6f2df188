"""Requests of a probe and their replies, read with tolerance: a server may send anything."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from adapter.text.wire_json import read_json

_MOST_WORDS = 160  # characters of a server's words in a sentence
_REFUSED = frozenset({400, 404, 405, 415, 422, 500, 501})


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    Attributes:
        method: The HTTP method.
        url: The whole address.
        body: The JSON body; None for a GET.
        tokens: Tokens that the answer may have, in all choices.
    """

    method: str
    url: str
    body: Mapping[str, Any] | None = None
    tokens: int = 0


@dataclass(frozen=True)
class Reply:
    """An answer, or its absence.

    Attributes:
        status: The HTTP status; 0 for no answer.
        headers: Headers with lower-case names.
        body: The body, cut after a few megabytes.
        fault: The reason for no answer, in words.
        timed_out: True if the time limit was reached.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """True for status 200 with a JSON object, or with a stream of objects."""
        return self.status == 200 and bool(self.json or self.events)

    @property
    def refused(self) -> bool:
        """True for a status that refuses the request because of its content."""
        return self.status in _REFUSED

    @functools.cached_property
    def json(self) -> dict[str, Any]:
        """The decoded object; empty for any other body."""
        try:
            found = read_json(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {"data": found} if isinstance(found, list) else {}

    @functools.cached_property
    def events(self) -> list[dict[str, Any]]:
        """The objects of a stream of events."""
        found = []
        for line in self.body.splitlines():
            if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
                try:
                    value = json.loads(line[5:])
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict):
                    found.append(value)
        return found

    @property
    def is_page(self) -> bool:
        """True for a web page."""
        return "html" in self.headers.get("content-type", "") or self.body.lstrip()[:1] == b"<"

    @property
    def words(self) -> str:
        """The server's own words about an error, on a single line."""
        if self.fault:
            return self.fault
        error: Any = self.json.get("error", self.json.get("message", self.json.get("detail")))
        error = error.get("message", error) if isinstance(error, Mapping) else error
        text = error if isinstance(error, str) else json.dumps(error) if error else self.body[:2000].decode("utf-8", "replace")
        return shown(text)

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The choices of a whole answer."""
        found = self.json.get("choices")
        return [choice for choice in found if isinstance(choice, dict)] if isinstance(found, list) else []

    @property
    def message(self) -> dict[str, Any]:
        """The message of the first choice."""
        found = self.choices[0].get("message") if self.choices else None
        return found if isinstance(found, dict) else {}

    @property
    def text(self) -> str:
        """The content of the message."""
        content = self.message.get("content")
        if isinstance(content, list):
            return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        return content if isinstance(content, str) else ""

    @property
    def is_thinking(self) -> bool:
        """True for an answer that holds reasoning and no content: the token limit cut the answer before its beginning."""
        thought = any(
            isinstance(self.message.get(name), str) and self.message[name] for name in ("reasoning_content", "reasoning")
        )
        return (thought and not self.text.strip()) or (self.text.lstrip().startswith("<think>") and "</think>" not in self.text)

    def usage(self, name: str) -> int | None:
        """A count in the usage; None for an answer without the count."""
        places = [self.json, *reversed(self.events)]
        for place in places:
            usage = place.get("usage")
            value = usage.get(name) if isinstance(usage, dict) else None
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                return value
        return None

    @property
    def prompt_tokens(self) -> int | None:
        """Tokens of the prompt, if told."""
        return self.usage("prompt_tokens") or None


def shown(text: str) -> str:
    """Return a server's words fit for a report: on one line, without control characters, cut."""
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\s]+", " ", text).strip()
    return line if len(line) <= _MOST_WORDS else f"{line[:_MOST_WORDS]}…"


def shown_url(url: str) -> str:
    """Return an address without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
