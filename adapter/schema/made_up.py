"""Made-up values for worked examples, by the name, the format and the type of a parameter."""

from __future__ import annotations

import re
from typing import Any

# Values by a word of a parameter's name; several, for a conversation may hold the first.
_BY_WORD: dict[str, tuple[str, ...]] = {
    "city town location place destination origin departure arrival region venue": ("Springfield", "Riverton", "Lakewood"),
    "address street": ("12 Mill Lane, Springfield", "7 Oak Road, Riverton"),
    "country nation": ("Portugal", "Kenya", "Peru"),
    "state province": ("Ohio", "Utah"),
    "date day birthday deadline": ("2020-01-15", "2019-06-20"),
    "time hour": ("10:30", "16:45"),
    "datetime timestamp": ("2020-01-15T10:30:00Z", "2019-06-20T16:45:00Z"),
    "email mail recipient": ("alex@example.com", "kim@example.com"),
    "url uri link website page": ("https://example.com/page", "https://example.com/start"),
    "path file filename filepath": ("/tmp/example.txt", "/tmp/other-example.txt"),  # noqa: S108  # an example, never opened
    "folder directory dir": ("/tmp/example", "/tmp/other-example"),  # noqa: S108
    "phone telephone": ("555-0100", "555-0101"),
    "name user username person author artist player customer owner": ("Alex Example", "Kim Sample"),
    "language lang": ("Finnish", "Swahili"),
    "currency": ("CHF", "SEK"),
    "color colour": ("teal", "maroon"),
    "title subject topic": ("Garden tools", "Paper planes"),
    "query question search keyword keywords term phrase": ("garden tools", "paper planes"),
    "text message content body note comment description sentence prompt": ("an example text", "a sample text"),
    "id uuid code key token number identifier": ("example-17", "sample-23"),
    "unit units": ("metric", "imperial"),
    "ip host": ("192.0.2.1", "192.0.2.2"),
}
_STRINGS = {word: values for words, values in _BY_WORD.items() for word in words.split()}
_FORMATS = {
    "date": _STRINGS["date"],
    "date-time": _STRINGS["datetime"],
    "time": ("10:30:00Z", "16:45:00Z"),
    "email": _STRINGS["email"],
    "uri": _STRINGS["url"],
    "url": _STRINGS["url"],
    "uuid": ("00000000-0000-4000-8000-000000000017", "00000000-0000-4000-8000-000000000023"),
    "ipv4": _STRINGS["ip"],
    "hostname": ("example.com", "example.org"),
}
_MADE_UP = frozenset(value for values in (*_STRINGS.values(), *_FORMATS.values()) for value in values)
_MARKED = ("example ", "sample ")
# Parameters whose made-up values may be meant: a model may know the state of a city, and the usual unit.
_REAL = ["country", "state", "date", "time", "datetime", "language", "currency", "color", "unit"]
_PLACEHOLDERS = _MADE_UP - frozenset(value for word in _REAL for value in _STRINGS[word])
_NUMBERS = (3, 7, 12, 25, 40, 60, 85)
_DECIMALS = (1.5, 2.5, 12.75, 36.25)
_WORDS = re.compile(r"[A-Za-z][a-z]*|\d+")


def made_up(kind: Any, name: str, schema: Any) -> list[Any]:
    """Return made-up values of a type, the likeliest first; empty for an unknown type.

    Args:
        kind: The JSON type.
        name: The parameter's name.
        schema: Its schema, whose bounds the values keep where possible.
    """
    if kind == "integer":
        return _numbers(_NUMBERS, schema)
    if kind == "number":
        return _numbers(_DECIMALS, schema)
    if kind == "string":
        return _strings(name, schema)
    known: dict[Any, list[Any]] = {"boolean": [True, False], "null": [None]}
    return known.get(kind, [])


def is_made_up(text: str) -> bool:
    """Return True for a text that stands only in worked examples, so that a model which writes it has copied it."""
    return text in _MADE_UP or text.startswith(_MARKED)


def is_placeholder(value: Any) -> bool:
    """Return True for a made-up text that names nothing real, so that nobody but a worked example means it."""
    return isinstance(value, str) and (value in _PLACEHOLDERS or value.startswith(_MARKED))


def _strings(name: str, schema: Any) -> list[str]:
    words = [word.lower() for word in _WORDS.findall(name)]
    known = _FORMATS.get(str(schema.get("format")))
    known = known or next((_STRINGS[word] for word in reversed(words) if word in _STRINGS), ())
    values = [*known, *(mark + (" ".join(words) or "value") for mark in _MARKED)]
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(most, int) and most > 0:
        values = [value[:most] for value in values]
    return [value.ljust(least, "x") for value in values] if isinstance(least, int) and least < 100 else values


def _numbers(values: tuple[float, ...], schema: Any) -> list[Any]:
    """Numbers within the bounds of a schema."""
    least, most, step = (
        _bound(schema, *keys) for keys in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"), ("multipleOf",))
    )
    if step:
        values = tuple(step * count for count in (3, 7, 12, 25))
    fitting = [value for value in values if (least is None or value > least) and (most is None or value < most)]
    if fitting:
        return fitting
    if least is not None and most is not None:
        middle = least + (most - least) / 2
        between = int(middle) if isinstance(values[0], int) else middle
        return [between, most, least]
    return [value for value in (least, most) if value is not None] + ([least + 3] if least is not None else [])


def _bound(schema: Any, *keys: str) -> Any:
    """The number under the first of some keywords that has a number, or None."""
    found = (schema.get(key) for key in keys)
    return next((value for value in found if isinstance(value, int | float) and not isinstance(value, bool)), None)
