"""The log in lines of JSON: one for each request, and one for each other message (behaviour 9.13)."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adapter.gateway.secrecy import Secrets
from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.gateway.seen import Seen

_REQUESTS = logging.getLogger("adapter.gateway.requests")
_LONGEST = 300  # characters of a path, a name or a sentence
_LONGEST_ERROR = 4 * _LONGEST  # before keys are taken out: half a key would be unknown
_MOST = 16  # calls, and tries, that are named


class JsonLines(logging.Formatter):
    """Formats a message as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {
            "time": _iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return write_json(fields).decode("utf-8", "replace")


def without_text_line(record: logging.LogRecord) -> bool:
    """Return False for the library's own line about a request, which has its JSON here."""
    return not (
        record.name == "adapter" and record.levelno == logging.INFO and isinstance(getattr(record, "exchange", None), str)
    )


class JsonLog:
    """Writes a line for each request."""

    def __init__(self) -> None:
        self._keys: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Write nothing yet."""

    def hide(self, keys: Iterable[str]) -> None:
        """Show no such key in lines from now on."""
        self._keys |= frozenset(keys)

    def see(self, seen: Seen) -> None:
        """Write the line of a request."""
        if _REQUESTS.isEnabledFor(logging.INFO):
            fields = fields_of(seen)
            if error := fields.get("error"):
                fields["error"] = Secrets((*self._keys, seen.key)).in_text(error)[:_LONGEST]
            _REQUESTS.info("request", extra={"fields": fields})

    def close(self) -> None:
        """End: nothing waits."""


def fields_of(seen: Seen) -> dict[str, Any]:
    """Return the members of the line about a request; those that have nothing to say are left out."""
    asked = seen.asked
    last = asked[-1] if asked else None
    problems = Counter(problem.kind for record in seen.records for problem in record.problems)
    tried = [] if seen.link is None else [tried for tried in seen.link.tried if tried.failed]
    error = seen.error.message if seen.error is not None else last.error if last is not None else ""
    said: dict[str, Any] = {
        "started": _iso(seen.started),
        "id": seen.records[0].exchange if seen.records else "",
        "wire": seen.wire,
        "method": seen.method,
        "path": seen.path[:_LONGEST],
        "model": seen.model[:_LONGEST],
        "stream": seen.stream,
        "status": seen.status,
        "outcome": seen.outcome,
        "seconds": round(seen.seconds, 4),
        "first_token": None if seen.first_token is None else round(seen.first_token, 4),
        "requests": len(seen.records),
        "calls": [call.name[:_LONGEST] for call in (last.calls if last is not None else ())][:_MOST],
        "prompt_tokens": seen.tokens("prompt_tokens"),
        "completion_tokens": seen.tokens("completion_tokens"),
        "dialect": last.dialect if last is not None else "",
        "rung": last.rung if last is not None else "",
        "problems": dict(problems),
        "upstream": seen.link.member.name if seen.link is not None and seen.link.tried else "",
        "tried": [f"{one.upstream} {one.outcome}" for one in tried][:_MOST],
        "code": seen.error.code or seen.error.type if seen.error is not None else "",
        "error": error[:_LONGEST_ERROR],
    }
    return {name: value for name, value in said.items() if value not in ("", None, [], {})}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
