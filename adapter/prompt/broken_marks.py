"""Markers that were broken in untrusted text, counted for people."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

from adapter.dialects.markup import markup_of
from adapter.prompt.neutralise import BREAK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.dialects.markup import Markup
    from adapter.dialects.registry import Dialect

_MOST_MARKS = 8


def broken_marks(sent: Mapping[str, Any], request: Mapping[str, Any], dialect: Dialect) -> str:
    """Return the markers that were broken, each with its number; empty without any.

    Args:
        sent: The request to upstream.
        request: The caller's request, whose own breaks are not counted.
        dialect: The dialect whose markers were broken, with the special tokens of the chat template.
    """
    texts = [text for text in _texts(sent.get("prompt") or sent.get("messages")) if BREAK in text]
    own = sum(said.count(BREAK) for said in _texts(request))
    if sum(text.count(BREAK) for text in texts) <= own:
        return ""
    markup = markup_of(dialect)
    marks = Counter(mark for text in texts for mark in _broken(text, markup) if mark)
    named = ", ".join(f"{mark} ×{count}" if count > 1 else mark for mark, count in marks.most_common(_MOST_MARKS))
    return named + (f" and {len(marks) - _MOST_MARKS} more" if len(marks) > _MOST_MARKS else "")


def _broken(text: str, markup: Markup) -> list[str]:
    """Return the markers that are broken in a text; empty ones for breaks of the caller's own."""
    pieces = text.split(BREAK)
    places = itertools.accumulate(map(len, pieces[:-1]))
    plain = "".join(pieces)
    return [markup.broken_at(plain, place) for place in places]


def _texts(value: Any) -> list[str]:
    """Return all texts in a JSON value."""
    texts, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return texts
