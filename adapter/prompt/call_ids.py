"""Ids of calls in the form that a dialect's models were trained on.

Ids come from anywhere: OpenAI's are long, other servers number their calls. A call and its result must get the same one, in
each request of a conversation, so the new id is computed from the old one and nothing is remembered.
"""

from __future__ import annotations

import hashlib
import re

_NINE = re.compile(r"[a-zA-Z0-9]{9}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _nine(call_id: str) -> str:
    """Nine letters and digits; an id that is of that form stays."""
    if _NINE.fullmatch(call_id):
        return call_id
    number = int.from_bytes(hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).digest())
    return "".join(_DIGITS[number // 36**place % 36] for place in range(9))


def shown_id(call_id: str, form: str) -> str:
    """An id as the model reads it.

    Args:
        call_id: The caller's.
        form: `kept` or `nine`, as the front matter's `call_ids` says.
    """
    return _nine(call_id) if form == "nine" else call_id
