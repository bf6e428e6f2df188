"""What a plain message stands for, beside its text: for chat templates whose models read calls in a place of their own.

A plain message carries it under `native`, until the message goes to a server that takes messages:

    system      {"text": the caller's words, "tools": the definitions shown, "asked": what is said of the tool choice};
                of the user's first message, without the last, where the dialect shows them there
    assistant   {"text": what is said beside the calls, "calls": [{"id", "name", "arguments": decoded}]}
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
