"""Neutralising of protocol markup in untrusted text, which must not forge a block, a result or a turn (behaviour 4.5).

Untrusted are the texts of users and tools, the definitions of tools, the arguments of past calls, and the objection to a call
at fault. A zero-width space is inserted into every marker of the dialect and every special token of chat templates: the model
reads the words as before, its tokenizer and our parser see no marker. Nothing else is touched: `<`, `&` and other markup stay.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.dialects.markup import markup_of
from adapter.text.held_markers import HELD, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adapter.dialects.registry import Dialect

BREAK = "\u200b"
# The commonest types first: checks against `Mapping` are slow for other types.
_SCALARS = (bool, int, float, type(None))
_OBJECTS = (dict, Mapping)
# Media in a text, which hold no marker.
_LONG = 1000  # characters of a string that may be media
_MEDIA = re.compile(r"(?:data:[\w/+.;=-]{0,200},)?[A-Za-z0-9+/=]*+")


@functools.lru_cache(maxsize=64)
def neutraliser(dialect: Dialect) -> Neutraliser:
    """The neutraliser of a dialect, cached by identity: a dialect never changes."""
    return Neutraliser(dialect)


class Neutraliser:
    """A neutraliser for the markup of a dialect.

    Args:
        dialect: The dialect whose markers and tokens are neutralised.
    """

    __slots__ = ("_clean", "_markup")

    def __init__(self, dialect: Dialect) -> None:
        self._markup = markup_of(dialect)
        self._clean = self._markup.clean

    def text(self, text: str) -> str:
        """A text without markers."""
        if self._clean(text):
            return text
        cuts = self._cuts(text)
        return _cut(text, cuts) if cuts else text

    def past(self, value: Any) -> Any:
        """A value of a past call as `data`, with `HELD` in front of each marker instead of a break.

        Raises:
            RecursionError: The value is nested too deeply.
        """
        return _mapped(value, self._held, self._held_key if self._markup.keys_as_tags else self._held)

    def _held_key(self, key: str) -> str:
        held = self._held(key)
        return HELD + key if held == key and self._markup.is_tag(key) else held

    def _held(self, text: str) -> str:
        if self._clean(text):
            return kept(text)
        head, tail = self._markup.head(text), self._markup.tail(text)
        ends = {place for place in (head, tail and tail - 1) if place is not None}
        places = sorted({*self._markup.starts(text), *ends})
        return HELD.join(kept(text[start:stop]) for start, stop in itertools.pairwise([0, *places, len(text)]))

    def _cuts(self, text: str) -> list[int]:
        """The places in a text, in order, where markers are broken: behind the first character of each, and at the ends."""
        cuts = [start + 1 for start in self._markup.starts(text)]
        head, tail = self._markup.head(text), self._markup.tail(text)
        if head is None and tail is None:
            return cuts
        return sorted({*cuts, *(place for place in (head, tail) if place is not None)})

    def content(self, content: Any) -> Any:
        """Neutralise the content of a message: a string, or a list of parts, over which a marker may be spread."""
        if isinstance(content, str):
            return self.text(content)
        if not isinstance(content, list):
            return content
        parts = [self._part(part) if isinstance(part, Mapping) else part for part in content]
        saying = [part for part in parts if isinstance(part, dict) and isinstance(part.get(_said(part)), str)]
        # Media between two texts is no border: the texts are joined without the media, and servers may read more types as text.
        self._spread([part for part in saying if part.get("type") in {"text", "refusal"}])
        self._spread(saying)
        return parts

    def _part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """A part with harmless fields beside its text: names of files, addresses."""
        said = _said(part)
        return {key: item if key in ("type", said) else self.data(item) for key, item in part.items()}

    def _spread(self, parts: Sequence[dict[str, Any]]) -> None:
        """Break the markers in the joined text of parts."""
        joined = "".join(part[_said(part)] for part in parts)
        places = deque(self._cuts(joined))
        begin = 0
        for part in parts:
            text = part[_said(part)]
            end = begin + len(text)
            cuts = []
            while places and places[0] <= end:
                cuts.append(places.popleft() - begin)
            part[_said(part)] = _cut(text, cuts)
            begin = end

    def tool(self, wire: Mapping[str, Any]) -> dict[str, Any]:
        """A tool definition, or a schema, with harmless words, keys and values; the name of a function holds no markup."""
        found: dict[str, Any] = self.data(wire)
        function = wire.get("function")
        if isinstance(function, Mapping) and "name" in function:
            found["function"]["name"] = function["name"]
        return found

    def data(self, value: Any) -> Any:
        """A value of JSON with harmless strings and keys.

        Raises:
            RecursionError: The value is nested too deeply.
        """
        return _mapped(value, self._word, self._word)

    def _word(self, text: str) -> str:
        return text if len(text) > _LONG and _MEDIA.fullmatch(text) else self.text(text)


def _mapped(value: Any, change: Callable[[str], str], rename: Callable[[str], str]) -> Any:
    """A value of JSON with all strings and keys changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, _OBJECTS):
        return {rename(key) if isinstance(key, str) else key: _mapped(item, change, rename) for key, item in value.items()}
    return [_mapped(item, change, rename) for item in value] if isinstance(value, list) else value


def _said(part: Mapping[str, Any]) -> str:
    """The key of a part's text."""
    return "refusal" if part.get("type") == "refusal" else "text"


def _cut(text: str, cuts: Iterable[int]) -> str:
    return BREAK.join(text[start:stop] for start, stop in itertools.pairwise([0, *cuts, len(text)]))
