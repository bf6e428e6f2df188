"""The structured form of a plain message, for chat templates whose models read calls outside the text.

A plain message carries the structured form under `native`, until the message goes to a server that takes messages:

    system      {"text": the caller's words, "tools": the definitions shown, "asked": the text about the tool choice};
                on the user's first message, without "asked", if the dialect shows tools in the user's message
    assistant   {"text": the text beside the calls, "calls": [{"id", "name", "arguments": decoded}]}
    results     {"results": [{"id", "name", "content"}]}, of one call or of all of a turn, as the dialect groups them
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NATIVE = "native"


def without_native(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages as a server takes them."""
    plain: list[dict[str, Any]] = []
    for message in messages:
        known = dict(message)
        known.pop(NATIVE, None)
        plain.append(known)
    return plain
