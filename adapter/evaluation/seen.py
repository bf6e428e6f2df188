"""Layers of the adapter that took part in an answer, by its records and by the problems told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapter.evaluation.outcome import Layer
    from adapter.records import ExchangeRecord

# Problems that tell of text like a call that was not read as a call.
UNREAD = frozenset({"unreadable", "cut", "near_call", "other_dialect", "malformed"})
_BY_PROBLEM: dict[str, Layer] = {
    "repaired": "repaired",
    "markup": "repaired",
    "wire_mended": "repaired",
    "coerced": "coerced",
    "recovered": "recovered",
    "call_in_thinking": "recovered",
    "reask": "reasked",
    "refused": "refused",
    "extra_call": "refused",
    "repeated_call": "refused",
}
_CONSTRAINTS = frozenset({"grammar", "json_schema", "json_object"})


def layers_of(records: Sequence[ExchangeRecord], problems: Iterable[str]) -> tuple[Layer, ...]:
    """Return the layers, each once, in the order in which they took part."""
    found: list[Layer] = ["constrained" for record in records if record.rung in _CONSTRAINTS]
    found += [_BY_PROBLEM[kind] for kind in problems if kind in _BY_PROBLEM]
    for record in records:
        if record.outcome == "asked_again":
            found.append("reasked")
        elif record.outcome == "refused":
            found.append("refused")
    return tuple(dict.fromkeys(found))
