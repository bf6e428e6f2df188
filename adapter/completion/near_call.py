"""One call as JSON, or in a code fence, among words: told, and not run (behaviour 1.18)."""

from __future__ import annotations

import dataclasses
import re
from itertools import islice
from typing import TYPE_CHECKING

from adapter.completion.validate import check
from adapter.dialects.families import stands_alone
from adapter.events import CallFinished, Problem, TextDelta
from adapter.syntax.json.call_forms import read_calls
from adapter.syntax.reading import RawCall
from adapter.text.json_spans import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapter.completion.request_rules import Rules
    from adapter.dialects.registry import Dialect
    from adapter.events import Event
    from adapter.options import Options
    from adapter.tools.definitions import ToolSet

_MOST_TRIES = 8  # objects that are read to their end for nothing: each costs as much as the text is long
_MOST_FENCES = 4
_HEAD = re.compile(r'\{[ \t\r\n]{0,64}"(?:name|arguments|parameters|type|function|id|tool_name|tool_call_id|tool_calls)"')
_NAMED = re.compile(r'name"[ \t\r\n]{0,64}:[ \t\r\n]{0,64}"([^"\\]{1,128})"')
_PYTHON = "gemma-3"  # a dialect whose calls are a list in Python's notation, without markers
_ARGUMENTS = ("arguments", "parameters")
_AROUND = "` \t\r\n"  # white space, and the ticks of a code fence
_FENCE = re.compile(r"^```.*$", re.MULTILINE)


def may_be_near(text: str, tools: ToolSet, dialect: Dialect) -> bool:
    """Tell if an answer may hold a call among words: an offered tool is named, or the dialect's form may stand in a fence.

    A Python call of an offered tool counts where the answer is nothing else.
    """
    named = (
        "{" in text
        and '"' in text
        and 'name"' in text
        and any(found[1].strip() in tools.by_name for found in _NAMED.finditer(text))
    )
    return named or ("`" in text and "```" in text and stands_alone(dialect)) or _python_call(text, tools) is not None


def near_call(
    text: str, rules: Rules, options: Options, dialect: Dialect, read: Callable[[str, Rules, Options], list[Event]]
) -> Problem | None:
    """Return the problem of an answer that holds exactly one call among words, or None.

    A call that is not valid counts if the tool was offered; of another tool, if the answer is nothing else.

    Args:
        text: The answer without its reasoning.
        rules: The rules of the request.
        options: The options of the caller.
        dialect: The dialect of the options.
        read: Reads a text by rules and options.
    """
    python = list(_python_calls(text, rules, options, read))
    found = list(_json_calls(text, rules, options)) or list(_fenced_calls(text, rules, options, dialect, read)) or python
    if not found:
        return _refused(text, rules, options)
    if len(found) > 1:
        return None
    name, raw, form = found[0]
    alone = text.strip() == raw and not options.recover and not python
    needed = "" if options.recover or stands_alone(dialect) else ", with recover=True"
    tags = f"between {dialect.open!r} and {dialect.close!r}" if dialect.close else f"behind {dialect.open!r}"
    ways = [
        *([] if python else [f"as the whole answer{needed}"]),
        *([f"{tags}, in the dialect's form"] if dialect.open else []),
    ]
    accepted = ", or ".join(ways) or "in the dialect's form"
    place = "without its tags" if alone else form if python else f"{form} among words"
    message = f"the answer holds a valid call of {name!r} {place}; it was not run. Accepted: {accepted}"
    return Problem("near_call", message, raw)


def _json_calls(text: str, rules: Rules, options: Options) -> Iterator[tuple[str, str, str]]:
    """Find the first two valid calls in JSON objects. Yields name, text and form of each."""
    position, tries, many = 0, _MOST_TRIES, 0
    while tries and many < 2 and (head := _HEAD.search(text, position)):
        start = head.start()
        try:
            value, end = value_at(text, start)
        except ValueError:
            position, tries = head.end(), tries - 1
            continue
        position = end
        if "description" in value:  # the definition of a tool
            continue
        for call in _valid(read_calls(text, start, end), rules, options):
            many += 1
            yield call.name, text[start:end], "as JSON"


def _refused(text: str, rules: Rules, options: Options) -> Problem | None:
    """Return the problem of the first object that is written like a call and is not valid, or None."""
    head = _HEAD.search(text)
    try:
        value, end = value_at(text, head.start()) if head else ({}, 0)
    except ValueError:
        return None
    if not (head and any(isinstance(value.get(key), dict) for key in _ARGUMENTS)) or "description" in value:
        return None
    raw = text[head.start() : end]
    calls = read_calls(text, head.start(), end)
    alone = text.strip(_AROUND).removeprefix("json").lstrip() == raw
    if len(calls) != 1 or not isinstance(calls[0], RawCall):
        return None
    told = alone and options.grounding == "off"  # else it is told as `ungrounded`
    if not (told or calls[0].name in rules.tools.by_name):
        return None
    reasons = [problem.message for problem in check(calls[0], rules, options).problems]
    place = "without its tags" if alone else "as JSON among words"
    message = f"the answer holds a call of {calls[0].name!r} {place}, which was not run and is not valid: {'; '.join(reasons)}"
    return Problem("near_call", message, raw)


def _valid(calls: Sequence[object], rules: Rules, options: Options) -> Iterator[RawCall]:
    named = rules.tools.by_name
    for call in calls:
        if isinstance(call, RawCall) and call.name in named and check(call, rules, options).valid:
            yield call


def _python_call(text: str, tools: ToolSet) -> str | None:
    """Return the text of an answer that may be nothing but a Python call of an offered tool, or None."""
    inside = text.strip(_AROUND)
    if inside[-1:] != ")":
        return None
    name = inside[: inside.find("(")].strip()
    first = name.removeprefix("python\n").removeprefix("tool_code\n").strip()
    return inside[inside.find(first) :] if first in tools.by_name else None


def _python_calls(
    text: str, rules: Rules, options: Options, read: Callable[[str, Rules, Options], list[Event]]
) -> Iterator[tuple[str, str, str]]:
    """Find the call of an answer that is nothing but a Python call, in one pair of brackets less than a dialect has."""
    inside = _python_call(text, rules.tools)
    if inside is None:
        return
    for event in read(f"[{inside}]", rules, dataclasses.replace(options, dialect=_PYTHON, recover=False)):
        if isinstance(event, CallFinished) and event.valid:
            yield event.name, inside, "as a Python call"


def _fenced_calls(
    text: str, rules: Rules, options: Options, dialect: Dialect, read: Callable[[str, Rules, Options], list[Event]]
) -> Iterator[tuple[str, str, str]]:
    """Find the calls in code fences whose inside is nothing but calls in the dialect's own form."""
    if not stands_alone(dialect):
        return
    lines = [*islice(_FENCE.finditer(text), 2 * _MOST_FENCES)]
    for begin, end in zip(lines[::2], lines[1::2], strict=False):
        inside = text[begin.end() : end.start()].strip()
        if not rules.tools.named_in(inside):
            continue
        events = read(inside, rules, dataclasses.replace(options, recover=False))
        if any(isinstance(event, TextDelta) for event in events):
            continue
        for event in events:
            if isinstance(event, CallFinished) and event.valid:
                yield event.name, inside, "in a code fence"
