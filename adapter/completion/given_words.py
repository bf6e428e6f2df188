"""Names and values that a model wrote as it read them, with the break that makes markup harmless, as they were given.

A property name or a value of an enumeration that holds protocol markup is shown to the model broken (behaviour 4.5).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.dialects.markup import markup_of, writes_keys_as_tags
from adapter.recent import recent
from adapter.tools.definitions import MOST_KEPT, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.dialects.registry import Dialect
    from adapter.syntax.reading import RawCall
    from adapter.tools.definitions import ToolSet

_BREAK = "\u200b"
_ESCAPED = "\\u200b"
# Keys of words that the model never writes.
_DESCRIBING = ("description", "title", "$comment")
# A character that a marker holds and few names do.
_SIGN = re.compile(r"[^\w\s.,/$-]")


def as_given(call: RawCall, tools: ToolSet) -> RawCall:
    """Return a call with the words of its tool's definition as they stand there; the call itself where they do already."""
    if call.name not in tools.by_name:
        return call
    try:
        value = call.value
        given = given_value(value, _words(tools, call.name))
    except (ValueError, RecursionError):
        return call
    return call if given == value else replace(call, arguments=json.dumps(given, ensure_ascii=False), decoded=given)


def may_be_shown(text: str) -> bool:
    """Tell if a JSON text may hold words as they were shown."""
    return _BREAK in text or _ESCAPED in text


def given_value(value: Any, words: Mapping[str, str]) -> Any:
    """Return a value with words as they were given.

    Args:
        value: The value.
        words: The words by their form without breaks.

    Raises:
        RecursionError: The value is nested too deeply.
    """
    if isinstance(value, str):
        return words.get(value.replace(_BREAK, ""), value) if _BREAK in value else value
    if isinstance(value, dict):
        return {given_value(key, words): given_value(item, words) for key, item in value.items()}
    return [given_value(item, words) for item in value] if isinstance(value, list) else value


def words_of(schema: Any) -> Mapping[str, str]:
    """Return the words of a schema by their form without breaks; none with breaks of its own."""
    found = set(_strings(schema))
    own = {word.replace(_BREAK, "") for word in found if _BREAK in word}
    return {word: word for word in found if word not in own}


@recent(MOST_KEPT, size_of)
def _words(tools: ToolSet, name: str) -> Mapping[str, str]:
    return words_of(tools.by_name[name].schema.source)


@recent(MOST_KEPT, size_of)
def held_names(tools: ToolSet, dialect: Dialect) -> frozenset[str]:
    """Return the names of the tools of which a property name or a value is shown in another form than the caller's."""
    return frozenset(tool.name for tool in tools if shown_otherwise(tool.schema.source, dialect))


def shown_otherwise(schema: Any, dialect: Dialect) -> bool:
    """Tell if a word of a schema that the model may write is shown in another form than the caller's."""
    words = list(_strings(schema, describing=False))
    signed = [word for word in words if _SIGN.search(word)]
    if signed and not all(map(markup_of(dialect).free, signed)):
        return True
    return writes_keys_as_tags(dialect) and any(map(markup_of(dialect).is_tag, words))


def _strings(value: Any, *, describing: bool = True) -> Iterator[str]:
    """Yield the keys and the strings of a value of JSON; on demand without descriptions."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            if describing or not (key in _DESCRIBING and isinstance(item, str)):
                yield from _strings(item, describing=describing)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, describing=describing)
