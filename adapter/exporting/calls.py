"""The field `tool_calls` of an exported response template, by the syntax of a dialect."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from adapter.exporting.written import (
    FIRST,
    KEY,
    NAME,
    NUMBER,
    OTHER_KEY,
    OTHER_VALUE,
    SECOND,
    VALUE,
    Said,
    Unsaid,
    closing,
    common_end,
    ended_by,
    escaped,
    frame,
    opening,
    pattern_of,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.dialects.dialect import Dialect

_NAMED = f"(?P<name>{NAME}?)"
_FUNCTION: dict[str, Any] = {"type": "function", "function": {"name": "{name}", "arguments": "{content}"}}
_ONE: dict[str, Any] = {KEY: VALUE}


def tool_calls(dialect: Dialect, turn: str) -> Said:
    """Return the field for the calls of a dialect.

    Args:
        dialect: The dialect.
        turn: The beginning of the assistant's turn in a prompt.

    Raises:
        Unsaid: No response template can say the calls; the message is the reason.
    """
    build = _BUILDERS.get(dialect.syntax)
    if build is None:
        raise Unsaid(_UNSAID.get(dialect.syntax, f"the syntax {dialect.syntax!r} has no form of content in response templates"))
    return build(dialect, turn)


def _objects(dialect: Dialect, _turn: str) -> Said:
    """JSON objects with the name inside: one in each block, or all in a list."""
    text = written(dialect, (FIRST, _ONE))
    value, start, end = _json_in(text)
    before, after = text[:start].strip(), text[end:].strip()
    item = value[0] if isinstance(value, list) else value
    name = next((key for key, held in item.items() if held == FIRST), "")
    arguments = next((key for key, held in item.items() if held == _ONE), "")
    if not name or not arguments:
        raise Unsaid("its JSON has no key for the name of a call, and one for the arguments")
    listed = isinstance(value, list)
    if listed and before and written(dialect, (FIRST, _ONE), (SECOND, _ONE)).count(before) > 1:
        raise Unsaid("each call stands in a list of its own, and a response template does not join the lists of several blocks")
    if not before and not listed:
        return _bare_objects(dialect, name, arguments)
    opens = rf"\s*{pattern_of(before)}" if before else rf'(?=\[\s*\{{\s*"{name}"\s*:)'
    closes = {"close_pattern": rf"\s*{pattern_of(after)}\s*"}
    if not after:
        closes = ended_by(dialect.special, *([f"(?={pattern_of(before)})"] if before else []))
    keys = (f"{{{name}}}", f"{{{arguments}}}") if listed else (f"{{content.{name}}}", f"{{content.{arguments}}}")
    function: Any = {"name": keys[0], "arguments": keys[1]}
    if not listed and (name, arguments) == ("name", "arguments"):
        function = "{content}"
    every: dict[str, Any] = {"transform_each": True} if listed else {"repeats": True}
    return Said(
        {"open_pattern": opens, **closes, "content": "json", **every, "transform": {"type": "function", "function": function}}
    )


def _bare_objects(dialect: Dialect, name: str, arguments: str) -> Said:
    """Objects one behind the other, without a marker: the beginning of an object is the marker."""
    opens = rf'\s*\{{\s*"{name}":\s*"(?P<name>[^"]+)",\s*"{arguments}":\s*'
    closes = rf'\}}\s*(?:[;,]\s*(?=\{{\s*"{name}":\s*"[^"]+",\s*"{arguments}")|{"|".join(map(escaped, dialect.special))}|$)\s*'
    return Said({"open_pattern": opens, "close_pattern": closes, "repeats": True, "content": "json", "transform": _FUNCTION})


def _json_in(text: str) -> tuple[Any, int, int]:
    """Return the JSON value with the call's name, and its place."""
    decoder = json.JSONDecoder()
    for place in (found.start() for found in re.finditer(r"[\[{]", text)):
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError:
            continue
        if FIRST in json.dumps(value) and (isinstance(value, dict) or (value and isinstance(value[0], dict))):
            return value, place, end
    raise Unsaid("its calls are no JSON objects")


def _named(dialect: Dialect, turn: str) -> Said:
    """A name, then the arguments as JSON."""
    text = written(dialect, (FIRST, _ONE), (SECOND, _ONE))
    payload = json.dumps(_ONE)
    names = [text.find(FIRST), text.find(SECOND)]
    begins = [text.find("{", place) for place in names]
    if min(*names, *begins) < 0 or any(not text.startswith(payload, place) for place in begins):
        raise Unsaid("a name is not followed by JSON")
    return _around(dialect, turn, text, begins, len(payload), {"content": "json"})


def _typed(dialect: Dialect, _turn: str) -> Said:
    """Messages with a type, a name that may be left out, and JSON objects with the name inside."""
    text = written(dialect, (FIRST, _ONE))
    value, start, end = _json_in(text)
    name, arguments = (next(key for key, held in value.items() if held == wanted) for wanted in (FIRST, _ONE))
    before, middle = text[:start].split(FIRST)
    field = {
        "open_pattern": rf"\s*(?:{escaped(before)})?(?:{NAME}?)?{escaped(middle)}\s*",
        "close_pattern": rf"\s*{escaped(text[end:])}\s*",
        "repeats": True,
        "content": "json",
    }
    function = {"name": f"{{content.{name}}}", "arguments": f"{{content.{arguments}}}"}
    return Said({**field, "transform": {"type": "function", "function": function}})


def _braces(dialect: Dialect, turn: str) -> Said:
    """A name, then braces with bare keys and quotes of their own."""
    text = written(dialect, (FIRST, _ONE), (SECOND, _ONE))
    quote = dialect.form["quote"]
    begins = [text.find("{", text.find(name)) for name in (FIRST, SECOND)]
    if min(begins) < 0:
        raise Unsaid("a name is not followed by braces")
    arguments = {"unquoted_keys": True, "string_delims": [[quote, quote]]}
    length = text.find("}", begins[0]) + 1 - begins[0]
    return _around(dialect, turn, text, begins, length, {"content": "json", "content_args": arguments})


def _around(dialect: Dialect, turn: str, text: str, begins: list[int], length: int, content: dict[str, Any]) -> Said:
    """Return a field whose beginning captures the name, and whose text is the payload behind.

    Args:
        dialect: The dialect.
        turn: The beginning of the assistant's turn.
        text: Two calls as the dialect writes them.
        begins: Positions of their payloads.
        length: The length of each payload.
        content: The keys of the field that say how the payload is read.
    """
    first, second = text.find(FIRST), text.find(SECOND)
    around = frame(text[:first], text[begins[0] + length : second], text[begins[1] + length :])
    middle = pattern_of(text[first + len(FIRST) : begins[0]].rstrip())
    opens = f"{opening(around, turn)}{_NAMED}{middle}" + (r"\s*" if middle else r"\s*(?=\{)")
    field = {"open_pattern": opens, **closing(around, dialect.special), "repeats": True, **content, "transform": _FUNCTION}
    return Said(field, pattern_of(around.tail))


def _tags(dialect: Dialect, turn: str) -> Said:
    """A tag for each argument, with the value as raw text."""
    text = written(dialect, (FIRST, {KEY: VALUE, OTHER_KEY: OTHER_VALUE}), (SECOND, {OTHER_KEY: OTHER_VALUE}))
    key = text.find(KEY)
    name = text.rfind(FIRST, 0, key)
    last, again = text.find(OTHER_VALUE), text.rfind(OTHER_VALUE)
    second = text.rfind(SECOND, 0, again)
    middle = text[text.find(VALUE) + len(VALUE) : text.find(OTHER_KEY)]
    before = text[name + len(FIRST) : key]
    tag = common_end(before, middle)
    tag = tag[max(tag.rfind("<"), 0) :]
    ends = middle[: len(middle) - len(tag)]
    if min(name, key, last, second) < 0 or not tag.strip() or not ends.strip():
        raise Unsaid("its arguments do not stand in tags of their own")
    behind = len(OTHER_VALUE) + len(ends.rstrip())
    around = frame(text[:name], text[last + behind : second], text[again + behind :])
    lead = pattern_of(before[: len(before) - len(tag)].strip())
    value = rf"{_between(dialect, text, key)}(?P<value>.*?){_newline(ends.startswith(chr(10)))}{pattern_of(ends.strip())}"
    field = {
        "open_pattern": rf"{opening(around, turn)}{_NAMED}{lead}" + ("" if lead else r"(?=\s|<)"),
        **closing(around, dialect.special),
        "repeats": True,
        "content": "xml-inline",
        "content_args": {"tag_pattern": rf'{pattern_of(tag.strip())}(?P<key>[^<>"\n]+?){value}'},
        "transform": _FUNCTION,
    }
    return Said(field, pattern_of(around.tail))


def _between(dialect: Dialect, text: str, key: int) -> str:
    """Return the pattern between a key and its value, which may tell the type of the value."""
    plain = text[key + len(KEY) : text.find(VALUE)]
    other = written(dialect, (FIRST, {KEY: NUMBER}))
    typed = other[other.find(KEY) + len(KEY) : other.find(str(NUMBER))]
    newline = _newline(plain.endswith("\n"))
    if plain == typed:
        return pattern_of(plain.strip()) + newline
    start = next(place for place in range(len(plain)) if plain[: place + 1] != typed[: place + 1])
    end = next(place for place in range(1, len(plain)) if plain[-place:] != typed[-place:]) - 1
    return f"{pattern_of(plain[:start].rstrip())}[a-z]+{pattern_of(plain[len(plain) - end :].strip())}{newline}"


def _newline(there: bool) -> str:
    return r"\n?" if there else ""


def _python(dialect: Dialect, _turn: str) -> Said:
    """A list of calls in Python's notation."""
    text = written(dialect, (FIRST, _ONE), (SECOND, _ONE))
    first, end = text.find(FIRST), text.rfind(")") + 1
    before, after = text[:first].rstrip(), text[end:].lstrip()
    if not before.endswith("[") or not after.startswith("]"):
        raise Unsaid("its calls stand on lines, and response templates read calls of Python's notation in a list alone")
    before, after = before[:-1].strip(), after[1:].strip()
    opens = rf"\s*{escaped(before)}" if before else r"(?=\[\s*[A-Za-z_][\w.]*\()"
    closes = {"close_pattern": rf"\s*{escaped(after)}\s*"} if after else ended_by(dialect.special)
    function = {"type": "function", "function": {"name": "{name}", "arguments": "{arguments}"}}
    return Said({"open_pattern": opens, **closes, "content": "python-call-list", "transform_each": True, "transform": function})


_BUILDERS: dict[str, Callable[[Dialect, str], Said]] = {
    "addressed": _tags,
    "arg_key": _tags,
    "bare_json": _objects,
    "call_braces": _braces,
    "channels": _named,
    "json_in_tags": _objects,
    "named_json": _named,
    "parameters": _tags,
    "pythonic": _python,
    "recipients": _named,
    "typed": _typed,
    "xtml": _tags,
}
_UNSAID = {
    "elements": "its values are elements within elements, and a response template reads one flat tag for each argument",
    "keyed_json": "the name of a call is a key of its JSON, and a response template has no placeholder for a key",
}
