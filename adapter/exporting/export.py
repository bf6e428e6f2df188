"""A dialect as a response template, read back before it is handed out."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.dialects.response.executor import read_calls, read_message
from adapter.dialects.response.template import VERSION, read_template
from adapter.dialects.response.trial import SAMPLES, same
from adapter.errors import DialectError
from adapter.exporting.calls import tool_calls
from adapter.exporting.texts import CONTENT, REASONING, texts, turn_of
from adapter.exporting.written import Unsaid, written

if TYPE_CHECKING:
    from adapter.dialects.dialect import Dialect

_TRIED: tuple[tuple[str, dict[str, Any]], ...] = (
    *SAMPLES,
    ("no_arguments", {}),
    ("write", {"text": "one\n  two\n\nthree", "mode": "a < b && c > d"}),
    ("count", {"number": -3, "ratio": 2.5, "sure": True}),
)
_WITH_HEADERS = frozenset({"addressed", "channels", "recipients", "typed", "xtml"})  # whose plain answer has a header too
_TYPED = frozenset({"addressed", "arg_key", "parameters", "xtml"})  # whose values are raw text
REASONING_FIELDS = (REASONING, "thinking", "reasoning")
_MOST_SHOWN = 100
_LIST: dict[str, Any] = {"items": [None]}


class Exported(NamedTuple):
    """A response template.

    Attributes:
        template: The template, ready for JSON.
        notes: Sentences on what it reads otherwise than the dialect.
    """

    template: dict[str, Any]
    notes: tuple[str, ...]


def export(dialect: Dialect, start_anchor: str = "", reasoning_field: str = REASONING) -> Exported:
    """Write a dialect as a response template of transformers.

    Args:
        dialect: The dialect.
        start_anchor: The beginning of the assistant's turn in a prompt; empty for that of our chat template.
        reasoning_field: The name of the field of reasoning, one of `REASONING_FIELDS`: some readers know a single one.

    Raises:
        DialectError: No response template can say the dialect, or no chat template here knows its turns; the message says why.
    """
    turn = start_anchor or turn_of(dialect)
    try:
        data = _data(dialect, turn)
    except Unsaid as error:
        raise DialectError(f"dialect {dialect.name!r} cannot be said in a response template: {error}") from error
    data["fields"] = {reasoning_field if name == REASONING else name: field for name, field in data["fields"].items()}
    return Exported(data, _notes(dialect))


def _data(dialect: Dialect, turn: str) -> dict[str, Any]:
    calls = tool_calls(dialect, turn.strip())
    if not turn.strip():
        raise Unsaid("no chat template here shows the beginning of its turns; give start_anchor")
    fields = {**texts(dialect, turn.strip(), calls.tail), "tool_calls": calls.field}
    data = {"version": VERSION, "defaults": {"role": "assistant"}, "start_anchor": turn, "fields": fields}
    _check(dialect, data)
    return data


def _check(dialect: Dialect, data: dict[str, Any]) -> None:
    """Read sample calls back, alone and two at a time."""
    template = read_template(data)
    for calls in (*((each,) for each in _TRIED), *pairwise(_TRIED)):
        text = written(dialect, *calls)
        try:
            found = read_calls(template, text)
        except (ValueError, KeyError, TypeError) as error:
            raise Unsaid(f"{_short(text)} is no call to it: {' '.join(str(error).split())}") from error
        wanted = [(name, arguments) for name, arguments in calls]
        if [name for name, _ in found] != [name for name, _ in wanted] or not all(
            same(one[1], other[1]) for one, other in zip(found, wanted, strict=True)
        ):
            raise Unsaid(f"{_short(text)} would be read as {_short(json.dumps(found))}")
    end = next(
        (token for token in dialect.special if token not in (dialect.open, dialect.close, *(dialect.reasoning or ()))), ""
    )
    message = read_message(template, f"The answer.{end}")
    if dialect.syntax not in _WITH_HEADERS and message.get(CONTENT) != "The answer.":
        raise Unsaid(f"a plain answer would be read as {message!r}")


def _short(text: str) -> str:
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…")


def _notes(dialect: Dialect) -> tuple[str, ...]:
    """Return what the template reads otherwise than the dialect."""
    notes = [
        "strict: single quotes, a missing brace, a closing marker inside a string or a cut call raise an error",
        "of text before, between and behind calls the last piece alone is kept",
    ]
    if dialect.syntax in _TYPED:
        notes.append("values are texts unless parse_response is given the tools, whose schemas type them")
    if dialect.syntax == "pythonic":
        notes.append("a whole number above 2 to the power of 53 raises an error")
    elif "None" in written(dialect, ("f", _LIST)):
        notes.append("lists and objects stand in Python's notation, and stay texts")
    return tuple(notes)
