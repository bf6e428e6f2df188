"""Fields that upstream refuses by name, taken back and remembered (behaviour 6.2).

The adapter adds fields of its own to a request: usage in a stream, a schema or a grammar, past reasoning. A server without a
field may answer 400 or 422 and name the field. The request is then sent again without the field; after a good answer further
requests go without the field too.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from adapter.api.liberties import words_of
from adapter.api.reasoning import REASONING
from adapter.api.upstream_events import quoted
from adapter.servers import VENDOR_FIELDS
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Constraints of the answer: a fault may lie in their value, and another value may be fine.
CONSTRAINTS = frozenset({"response_format", "json_schema", "grammar", "structured_outputs"})
# The words by which servers name a field.
_NAMES = {
    "stream_options": r"stream[_ ]options|include_usage",
    "response_format": r"response[_ ]format|json[_ ]schema|structured[_ ]outputs?|structural[_ ]tag",
    "structured_outputs": r"structured[_ ]outputs?|structural[_ ]tag|guided",
    "json_schema": r"json[_ ]schema|grammar",
    "grammar": "grammar",
    **{name: name for name in ("skip_special_tokens", "spaces_between_special_tokens", REASONING, "metadata")},
    **{name: name for name in VENDOR_FIELDS - {"store", "include"}},
    **{name: f"""['"`]{name}['"`]""" for name in ("store", "include")},  # words of every other sentence, without quotes
}
# Fields by the number of servers that know them, the rarest first.
_RARE = (
    *("spaces_between_special_tokens", "skip_special_tokens", "structured_outputs", "grammar", "json_schema"),
    *(*sorted(VENDOR_FIELDS), REASONING, "response_format", "stream_options"),
)
_PATTERNS = {name: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE) for name, words in _NAMES.items()}
# A server that does not know a field at all.
_UNKNOWN = re.compile(
    r"not (?:\w+ )?(?:support|permit|allow|recogni|accept|implement|available|know)|unsupported|unknown|unrecogni|unexpected"
    r"|extra|does not|doesn't|no such",
    re.IGNORECASE,
)
# A field that no server names: some word for a fault, then some word for a field.
_FAULTS = r"(?:unknown|unrecogni[sz]ed|unexpected|unsupported|extra|additional|not (?:permitted|allowed|supported))"
_FIELDS = r"(?:field|param\w{0,10}|argument|propert\w{0,5}|key|input|option)s?"
_SOME_FIELD = re.compile(
    rf"\b{_FAULTS}\W{{1,4}}(?:\w{{1,20}}\W{{1,4}}){{0,2}}{_FIELDS}\b|\b{_FIELDS}\W{{1,4}}(?:\w{{1,20}}\W{{1,4}}){{0,3}}{_FAULTS}\b",
    re.IGNORECASE,
)
# Members of requests that are words of many sentences, so that only quotes make a name of them.
_WORDS = frozenset({"model", "messages", "stream", "n", "stop", "user", "input", "tools", "store", "include", "metadata"})
# A server that knows the field, and cannot do with the value.
_OF_VALUE = re.compile(
    r"invalid (?:json )?(?:schema|grammar)|(?:fail|error|could not|cannot|unable)\w*:? (?:to )?(?:pars|compil|convert)"
    r"|grammar error|pars(?:e|ing) error|unsupported (?:json )?(?:schema|keyword)|keyword",
    re.IGNORECASE,
)
# Fields that only tune or annotate: taken back although the caller asked for them.
_EASY = frozenset({"stream_options", "metadata", *VENDOR_FIELDS})
# Values remembered; beyond this number all are forgotten, and may be tried again.
_MOST_VALUES = 256
_MOST_READ = 20_000


class RefusedFields:
    """The fields that a server refuses: always, or with certain values."""

    __slots__ = ("_names", "_values")

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._values: set[tuple[str, int]] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, name: str, value: Any, *, always: bool) -> None:
        """Remember a field; with `always` false the field with the value only."""
        if always:
            self._names.add(name)
            return
        if len(self._values) >= _MOST_VALUES:
            self._values.clear()
        self._values.add((name, _digest(value)))

    def among(self, body: Mapping[str, Any]) -> list[str]:
        """Return the fields of a request that the server refuses."""
        if not (self._names or self._values):
            return []
        held = {name for name, _ in self._values}
        return [
            name
            for name in fields_of(body)
            if name in self._names or (name in held and (name, _digest(body[name])) in self._values)
        ]


def _digest(value: Any) -> int:
    return hash(json.dumps(value, sort_keys=True, default=repr))


def fields_of(body: Mapping[str, Any]) -> Iterator[str]:
    """Return the names of fields in a request; past reasoning is a field of messages."""
    yield from body
    if any(REASONING in message for message in body.get("messages") or () if isinstance(message, dict)):
        yield REASONING


def without(body: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return a request without some fields."""
    gone = set(names)
    kept = {key: value for key, value in body.items() if key not in gone}
    if REASONING in gone:
        kept["messages"] = [{key: value for key, value in message.items() if key != REASONING} for message in body["messages"]]
    return kept


def named(reply: bytes, body: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the fields that an error names and that can be taken back.

    Args:
        reply: The body of upstream's error.
        body: The request that upstream got.
        asked: The caller's own request: what the caller asked for is not taken back, unless the field only tunes.
    """
    text = said(reply)
    return [
        name
        for name in fields_of(body)
        if name in _PATTERNS
        and (name in _EASY or name == REASONING or body.get(name) != asked.get(name))
        and _PATTERNS[name].search(text)
    ]


def unnamed(reply: bytes, body: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the fields that the adapter added, the likeliest first, for an error about a field without its name.

    An error with the name of a field of the caller's concerns the caller. The likeliest are those that the fewest servers know.

    Args:
        reply: The body of upstream's error.
        body: The request that upstream got.
        asked: The caller's own request.
    """
    text = said(reply)
    if _SOME_FIELD.search(text) is None or any(_is_named(name, text) for name in asked):
        return []
    added = [name for name in fields_of(body) if name in _PATTERNS and body.get(name) != asked.get(name)]
    return sorted(added, key=lambda name: _RARE.index(name) if name in _RARE else len(_RARE))


def _is_named(name: str, text: str) -> bool:
    quoted_name = rf"""['"`]{re.escape(name)}['"`]"""
    return re.search(quoted_name if name in _WORDS else rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def is_unknown(name: str, reply: bytes) -> bool:
    """Return True for an error about the field itself, not about its value."""
    text = said(reply)
    return name not in CONSTRAINTS or (bool(_UNKNOWN.search(text)) and not _OF_VALUE.search(text))


def said(reply: bytes) -> str:
    """Return the text of an error, without the request that some servers quote."""
    text = reply[:_MOST_READ].decode("utf-8", "replace")
    try:
        value = read_json(reply)
    except ValueError:
        return text
    details = value.get("detail") if isinstance(value, dict) else None
    if isinstance(details, list):
        return "; ".join(f"{one.get('loc')}: {one.get('msg')}" for one in details if isinstance(one, dict))
    return text


def quote(reply: bytes) -> str:
    """Return upstream's own words in an error, for a message."""
    try:
        words = words_of(read_json(reply))
    except ValueError:
        words = ""
    return quoted(words or said(reply))


def may_be_taken_back(body: Mapping[str, Any]) -> bool:
    """Return True for a caller's request with a field that only tunes."""
    return not _EASY.isdisjoint(body)
