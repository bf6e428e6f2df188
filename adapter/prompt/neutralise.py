"""Neutralising of protocol markup in untrusted text, which must not forge a block, a result or a turn (behaviour 4.5).

Untrusted are the texts of users and tools, and the descriptions of tools. A zero-width space is inserted after the first
character of every marker of the dialect and of every special token of chat templates: the model reads the words as before, its
tokenizer and our parser see no marker. Nothing else is touched: `<`, `&` and all other markup stay.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.dialects.registry import Dialect

BREAK = "\u200b"
# Special tokens of chat templates, which ordinary text does not hold: <|im_start|>, <｜User｜>, <start_of_turn>, [INST].
_TOKENS = (
    r"<\|[A-Za-z0-9_]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>|<(?:start|end)_of_turn>"
    r"|\[/?(?:INST|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\]"
)
_DESCRIBING = ("description", "title", "$comment")
# The commonest types first: checks against `Mapping` are slow for other types.
_SCALARS = (str, bool, int, float, type(None))
_OBJECTS = (dict, Mapping)


@functools.lru_cache(maxsize=64)
def _pattern(markers: tuple[str, ...]) -> re.Pattern[str]:
    named = sorted({marker for marker in markers if marker}, key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, named), _TOKENS]))


@functools.lru_cache(maxsize=64)
def neutraliser(dialect: Dialect) -> Neutraliser:
    """The neutraliser of a dialect, cached by identity: a dialect never changes."""
    return Neutraliser(dialect)


class Neutraliser:
    """A neutraliser for the markup of a dialect.

    Args:
        dialect: The dialect whose markers and tokens are neutralised.
    """

    __slots__ = ("_pattern",)

    def __init__(self, dialect: Dialect) -> None:
        reasoning = dialect.reasoning or ()
        markers = (dialect.open, dialect.close, *dialect.result, *reasoning, *dialect.markers, *dialect.special)
        self._pattern = _pattern(markers)

    def text(self, text: str) -> str:
        """A text without markers."""
        return self._pattern.sub(_broken, text)

    def content(self, content: Any) -> Any:
        """Neutralise the content of a message: a string, or a list of parts, over which a marker may be spread."""
        if isinstance(content, str):
            return self._pattern.sub(_broken, content)
        if not isinstance(content, list):
            return content
        parts = [dict(part) if isinstance(part, Mapping) else part for part in content]
        saying = [part for part in parts if isinstance(part, dict) and isinstance(part.get(_said(part)), str)]
        # Media between two texts is no border: the texts are joined without the media, and servers may read more types as text.
        self._spread([part for part in saying if part.get("type") in {"text", "refusal"}])
        self._spread(saying)
        return parts

    def _spread(self, parts: Sequence[dict[str, Any]]) -> None:
        """Break the markers in the joined text of parts."""
        joined = "".join(part[_said(part)] for part in parts)
        places = deque(found.start() + 1 for found in self._pattern.finditer(joined))
        begin = 0
        for part in parts:
            text = part[_said(part)]
            end = begin + len(text)
            cuts = [begin]
            while places and places[0] <= end:
                cuts.append(places.popleft())
            pieces = [text[start - begin : stop - begin] for start, stop in itertools.pairwise([*cuts, end])]
            part[_said(part)] = BREAK.join(pieces)
            begin = end

    def tool(self, wire: Mapping[str, Any]) -> dict[str, Any]:
        """A tool definition, or a schema, with harmless descriptions.

        Names, values and all else stay, for the model has to write them.
        """
        found: dict[str, Any] = self._described(wire)
        return found

    def _described(self, value: Any) -> Any:
        if isinstance(value, _SCALARS):
            return value
        if isinstance(value, _OBJECTS):
            return {
                key: (self.text(item) if key in _DESCRIBING else item) if isinstance(item, str) else self._described(item)
                for key, item in value.items()
            }
        return [self._described(item) for item in value] if isinstance(value, list) else value


def _said(part: Mapping[str, Any]) -> str:
    """The key of a part's text."""
    return "refusal" if part.get("type") == "refusal" else "text"


def _broken(found: re.Match[str]) -> str:
    marker = found.group()
    return marker[0] + BREAK + marker[1:]
