"""Grammars of calls whose arguments are keys and raw values, found out from what the dialect's template writes.

A template is asked for calls without arguments, with one and with two. What stands around keys and values in them is the
frame, whatever its tags are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.enforce.gbnf import literal
from adapter.enforce.text_until import text_until
from adapter.tools.places import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.dialects.registry import Dialect
    from adapter.enforce.gbnf import Grammar

# Stand for keys and values while a call is rendered; no text holds these code points.
_KEYS, _VALUES = ("\ufdd1", "\ufdd2"), ("\ufdd3", "\ufdd4")


@dataclass(frozen=True, slots=True)
class RawFrame:
    """What the dialect writes around keys and values.

    Attributes:
        head: From the opening tag on, the name of the tool included.
        key: Before a key.
        value: Between a key and its value.
        end: After a value.
        tail: After the last one.
    """

    head: str
    key: str
    value: str
    end: str
    tail: str


def written(dialect: Dialect, name: str, arguments: Mapping[str, Any]) -> str:
    """A turn of one call and nothing else, without the line breaks that would part it from words."""
    return dialect.assistant("", [dialect.tool_call(name, arguments)]).lstrip()


def raw_frame(dialect: Dialect, name: str) -> RawFrame | None:
    """The frame of a tool's calls; None where the dialect writes arguments in another way."""
    none, one, two = (written(dialect, name, dict(zip(_KEYS[:count], _VALUES, strict=False))) for count in range(3))
    places = [two.find(mark) for mark in (_KEYS[0], _VALUES[0], _KEYS[1], _VALUES[1])]
    if -1 in places or places != sorted(places) or not one.startswith(two[: places[1]]):
        return None
    before, value, after = two[: places[0]], two[places[0] + 1 : places[1]], two[places[3] + 1 :]
    between = two[places[1] + 1 : places[2]]  # the end of one value and what precedes the next key
    # Of the ways to cut it, the one with the longest end: a value may hold all but that.
    for size in range(len(between), 0, -1):
        end, key = between[:size], between[size:]
        if before.endswith(key) and after.startswith(end):
            head, tail = before[: len(before) - len(key)], after[size:]
            if head + tail == none and two[places[2] + 1 : places[3]] == value:
                return RawFrame(head, key, value, end, tail)
    return None


def raw_call(grammar: Grammar, frame: RawFrame, source: Mapping[str, Any], tool: str) -> str:
    """A rule for what follows the head of a call: its arguments in their order, optional ones left out or not, and the tail."""
    properties = source.get("properties") or {}
    if not properties:
        return grammar.rule(literal(frame.tail))
    required = set(source.get("required") or ())
    names = list(properties)
    rests = [literal(frame.tail)] * (len(names) + 1)
    for place in range(len(names) - 1, -1, -1):
        name = names[place]
        argument = _argument(grammar, frame, source, name, f"{tool}: arguments.{name}", rests[place + 1])
        rests[place] = argument if name in required else grammar.rule(f"{argument} | {rests[place + 1]}")
    return grammar.rule(rests[0])


def _argument(grammar: Grammar, frame: RawFrame, source: Mapping[str, Any], name: str, place: str, rest: str) -> str:
    """A rule for one argument, and what follows it."""
    schema = source["properties"][name]
    begin = literal(frame.key + name + frame.value)
    kinds = Place.of(source).member(name).kinds()
    if kinds is not None and "string" not in kinds:
        value = grammar.schema(schema, source, place)
        return grammar.rule(f"{begin} ({value}) {literal(frame.end)} {rest}")
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None) if isinstance(schema, dict) else None
    if isinstance(allowed, list) and allowed and all(isinstance(item, str) for item in allowed):
        words = " | ".join(literal(item + frame.end) for item in allowed)
        return grammar.rule(f"{begin} ({words}) {rest}")
    return grammar.rule(f"{begin} {text_until(grammar, frame.end, rest, may_end=False)}")
