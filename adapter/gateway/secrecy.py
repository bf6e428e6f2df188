"""Objects written as JSON without keys: known keys in any text, and members whose names say that they hold credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GONE = "***"
SHORTEST = 8  # characters of a key; shorter words (`none`, `EMPTY`) may stand in any text
# Members of a request, of its tools and of its servers that hold credentials.
_NAMES = frozenset(
    {"api_key", "apikey", "authorization", "authorization_token", "access_token", "headers", "extra_headers", "x_api_key"}
)
LISTS = ("tools", "mcp_servers")


class Secrets:
    """Keys that no text shows.

    Args:
        keys: The keys; empty and very short ones are none.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = sorted({key for key in keys if len(key) >= SHORTEST}, key=len, reverse=True)
        self._forms = [json.dumps(key, ensure_ascii=False)[1:-1].encode("utf-8", "replace") for key in self._keys]

    def without(self, value: Mapping[str, Any]) -> bytes:
        """Return an object as JSON without the keys; `request` and `asked` in it also without credentials."""
        bodies = {name: body for name in ("request", "asked") if isinstance(body := value.get(name), dict)}
        shown = {**value, **{name: without_credentials(body) for name, body in bodies.items()}}
        data = write_json(shown)
        return write_json(self._cleaned(shown)) if any(form in data for form in self._forms) else data

    def in_text(self, text: str) -> str:
        """Return a text without the keys."""
        for key in self._keys:
            text = text.replace(key, GONE)
        return text

    def _cleaned(self, value: Any) -> Any:
        """Return a value whose texts do not hold the keys; names of members stay."""
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, dict):
            return {name: self._cleaned(one) for name, one in value.items()}
        return [self._cleaned(one) for one in value] if isinstance(value, list | tuple) else value


def without_credentials(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request whose credentials are hidden: its own members, and those of its tools and servers."""
    shown = _hidden(request)
    for name in LISTS:
        if isinstance(shown.get(name), list):
            shown[name] = [_hidden(one) if isinstance(one, dict) else one for one in shown[name]]
    return shown


def credentials_in(request: Mapping[str, Any]) -> set[str]:
    """Return the texts of the credentials in a request; messages of servers and of the adapter may quote them."""
    lists = [request.get(name) for name in LISTS]
    objects = [request, *(one for listed in lists if isinstance(listed, list) for one in listed if isinstance(one, dict))]
    waiting = [value for one in objects for name, value in one.items() if is_secret(name)]
    found = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            waiting += value.values()
    return found


def is_secret(name: str) -> bool:
    """Return True for the name of a member that holds credentials."""
    return name.lower().replace("-", "_") in _NAMES


def _hidden(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: GONE if is_secret(name) else one for name, one in value.items()}
