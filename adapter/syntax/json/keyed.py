"""The call syntax of Apertus: a list of JSON objects between two markers, where each member is a call and its key the tool.

<|tools_prefix|>[{"get_weather": {"city": "Paris"}}, {"get_time": {}}]<|tools_suffix|>

The usual form of a call, with `name` and `arguments`, is read as well. Calls leave when the block is complete, for the
end of the block tells the form.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.events import CallPlaces
from adapter.syntax.delimiters import boundaries
from adapter.syntax.json.call_forms import decoded_once, read_calls
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.json.payload import Payload, finished
from adapter.syntax.reading import End, Nameless, RawCall, Reading, Unheard, moved
from adapter.text.json_repair import repair
from adapter.text.json_spans import FENCE_END, elements, members, skip_space, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.syntax.contract import SyntaxSettings

_ARGUMENTS = ("arguments", "parameters")


def _calls_at(text: str, begin: int) -> tuple[list[RawCall | Nameless], int]:
    """Return the calls of the value at `begin`, and the position behind the value."""
    if text.startswith("[", begin):
        try:
            found = list(elements(text, begin, _calls_at))
        except RecursionError:
            raise ValueError("nested too deeply") from None
        end = skip_space(text, found[-1][2] if found else begin + 1) + 1
        return list(chain.from_iterable(inner for inner, _, _ in found)), end
    if not text.startswith("{", begin):
        end = value_at(text, begin)[1]
        return [Nameless(text[begin:end])], end
    pairs = list(members(text, begin))  # two calls of one tool have one key
    end = skip_space(text, pairs[-1][3] if pairs else begin + 1) + 1
    by_key = {key: value for key, value, _, _ in pairs}
    if isinstance(by_key.get("name"), str) and any(key in by_key for key in _ARGUMENTS):
        return read_calls(text, begin, end), end
    if not pairs:
        return [Nameless(text[begin:end])], end
    return [_call(key, text, value, first, last) for key, value, first, last in pairs], end


def _call(key: str, text: str, value: object, first: int, last: int) -> RawCall | Nameless:
    """Return the call of a member, whose value stands in the text from `first` to `last`."""
    name, literal = key.strip(), text[first:last]
    if not name:
        return Nameless(literal)
    named = text.rfind(name, 0, first)
    places = CallPlaces(None if named < 0 else (named, named + len(name)), (first, last))
    if value is None or value == "":
        return RawCall(name, "{}", {}, places=CallPlaces(places.name))
    arguments, decoded = decoded_once(literal, value) if isinstance(value, str) else (literal, value)
    return RawCall(name, arguments, decoded, places=places)


def _all_calls(text: str) -> Iterator[RawCall | Nameless]:
    """Yield the calls of a payload: JSON values, separated by white space or commas.

    Raises:
        ValueError: The payload is not JSON.
    """
    position = skip_space(text, 0)
    while position < len(text):
        calls, position = _calls_at(text, position)
        yield from calls
        position = skip_space(text, position)
        if text.startswith(",", position):
            position = skip_space(text, position + 1)


class KeyedPayload(Payload):
    """The payloads of one dialect."""

    def read_inside(self, text: str, start: int, stop: int, end: End) -> Reading:
        """Read a payload inside a text."""
        reading = self.read(text[start:stop], end)
        return replace(reading, calls=moved(reading.calls, start))

    def read(self, payload: str, end: End) -> Reading:
        """Read a payload; only a block that was closed is repaired."""
        text, repaired = payload.rstrip(FENCE_END), False
        try:
            calls = tuple(_all_calls(text))
        except ValueError as error:
            if end is End.CUT:
                return finished(payload, f"not JSON: {error}", _calls_at)
            mended = None if end is End.TEXT else repair(text, several=True)
            if mended is None:
                return Reading((), fault=f"not JSON: {error}")
            calls, repaired = moved(_all_calls(mended), None), True
        if not any(isinstance(call, RawCall) for call in calls):
            return Reading((), repaired, "no object whose key is a name")
        return Reading(calls, repaired)


class KeyedBlock(JsonBlock):
    """A reader of one block, whose calls are reported when the block is complete."""

    def __init__(self, opening: str, payload: Payload) -> None:
        super().__init__(opening, payload)
        self.steps = Unheard()

    def plain(self) -> None:
        """None: the payload has another form."""


class KeyedJson(JsonInTags):
    """Blocks of this syntax.

    Args:
        settings: Settings of the dialect.

    Raises:
        DialectError: `form` holds a key.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        if settings.form:
            raise DialectError(f"form.{min(settings.form)} means nothing to the syntax 'keyed_json', which has no form")
        bounds = boundaries(settings.open, settings.close, settings.tokens)
        super().__init__(settings, KeyedPayload(bounds, settings.open + settings.close, known=settings.known))
        self.has_plain_blocks = False

    def block(self, opening: str) -> KeyedBlock:
        """Make a reader for one block."""
        return KeyedBlock(opening, self.payload)
