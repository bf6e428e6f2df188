"""Ids of past calls in the form that a dialect's models were trained on.

Ids differ from server to server: OpenAI's are long, other servers number their calls. A model copies the form of past ids into
its next call, and an unfamiliar form makes the model write malformed ids. The calls of the history are therefore renamed in
each request, from the request alone; no state is kept.
"""

from __future__ import annotations

import hashlib
import re
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.prompt.history import Turn

_NINE = re.compile(r"[a-zA-Z0-9]{9}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _nine(call_id: str) -> str:
    """Nine letters and digits; an id of the right form stays."""
    if _NINE.fullmatch(call_id):
        return call_id
    number = int.from_bytes(hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).digest())
    return "".join(_DIGITS[number // 36**place % 36] for place in range(9))


def shown_id(call_id: str, form: str, *, name: str = "", index: int | None = None) -> str:
    """An id in the form that the model reads.

    Args:
        call_id: The caller's id.
        form: The front matter's `call_ids`.
        name: The tool.
        index: The number of the call in the conversation; None if unknown: then a counted id stays as given.
    """
    if form == "nine":
        return _nine(call_id)
    return form.format(name=name, index=index) if form and index is not None else call_id


def renamed(turns: Sequence[Turn], form: str, first: int = 0) -> list[Turn]:
    """The turns with calls named anew; their results go by the order of the calls.

    Args:
        turns: The history.
        form: The front matter's `call_ids`.
        first: The number of the first call.
    """
    if not form:
        return list(turns)
    numbers = count(first)
    return [
        turn._replace(
            calls=tuple(call._replace(id=shown_id(call.id, form, name=call.name, index=next(numbers))) for call in turn.calls),
        )
        for turn in turns
    ]
