"""Checks for authors of dialects: ways to split a text, and a battery of checks that every dialect of ours passes.

    report = adapter.testing.check_dialect("mine.jinja")
    assert report.ok, report

`adapter templates check FILE` prints the same.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.completion.state import State
from adapter.dialects.registry import resolve
from adapter.events import ArgumentsDelta, CallFinished, CallStarted
from adapter.options import Options
from adapter.prompt.render import render
from adapter.tools.definitions import read_tools

if TYPE_CHECKING:
    from adapter.completion.result import ParsedCompletion
    from adapter.dialects.registry import Dialect
    from adapter.events import Event

__all__ = ["Finding", "Report", "check_dialect", "splits"]

_POINT = {"type": "array", "items": {"type": "number"}}
_PROPERTIES = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "ratio": {"type": "number"},
    "flag": {"type": "boolean"},
    "items": {"type": "array"},
    "options": {"type": "object"},
    "maybe": {"type": ["string", "null"]},
    "rows": {"type": "array", "items": {"type": "object", "properties": {"at": _POINT, "name": {"type": "string"}}}},
}
_TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "description": f"The tool {name}.", "parameters": {"type": "object", "properties": given}},
    }
    for name, given in (("first_tool", _PROPERTIES), ("second_tool", {"text": {"type": "string"}}))
]
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "no arguments": {},
    "a word": {"text": "Paris"},
    "an empty string": {"text": ""},
    "a string that looks like a number": {"text": "007"},
    "a string that looks like JSON": {"text": '{"a": [1, true, null]}'},
    "quotes and backslashes": {"text": 'a "b" \'c\' \\ \\n \\" d'},
    "angle brackets": {"text": "if a < b && c > d: <br/> </p> <|x|>"},
    "several lines": {"text": "one\n  two\n\n\tthree"},
    "unicode": {"text": "Zürich 東京 🙂 \u200d é"},
    "numbers": {"count": -3, "ratio": 2.5},
    "a big number": {"count": 123456789012345678901234567890},
    "true": {"flag": True},
    "false": {"flag": False},
    "null": {"maybe": None},
    "a list": {"items": [1, "two", [3], {"four": 4}, None, True]},
    "an object": {"options": {"a": {"b": [1, 2]}, "c": "d"}},
    "an empty list and an empty object": {"items": [], "options": {}},
    "lists and objects of known types": {"rows": [{"at": [1, -2.5], "name": "1"}, {"name": ""}, {"at": []}]},
    "all at once": {"text": "x", "count": 1, "ratio": 0.5, "flag": True, "items": [], "options": {}, "maybe": "y"},
}
# Values that a syntax with deep limits cannot represent.
_DEEP = {"null", "a list", "an object"}
_SIZES = (1, 2, 3, 7, 16)
_SEEDS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """A failed check.

    Attributes:
        check: The name of the check.
        case: The case.
        message: The difference found.
    """

    check: str
    case: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of the battery.

    Attributes:
        dialect: The name of the dialect.
        checks: Counts of cases tried, by the name of the check.
        findings: Failed checks; empty for a sound dialect.
    """

    dialect: str
    checks: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True if no check failed."""
        return not self.findings

    def __str__(self) -> str:
        """A line for each finding."""
        lines = [f"{finding.check}, {finding.case}: {finding.message}" for finding in self.findings]
        return "\n".join([f"dialect {self.dialect!r}: {len(lines)} of {sum(self.checks.values())} cases failed", *lines])


def splits(text: str) -> dict[str, list[str]]:
    """Cut a text into deltas in several ways, by name: whole, in pieces of equal size, at seeded places with empty deltas."""
    found = {"whole": [text]}
    for size in _SIZES:
        found[f"pieces of {size}"] = [text[start : start + size] for start in range(0, len(text), size)]
    for seed in range(_SEEDS):
        chance, rest, pieces = random.Random(seed), text, []  # noqa: S311  # for tests
        while rest:
            size = chance.randint(0, 12)
            pieces.append(rest[:size])
            rest = rest[size:]
        found[f"seed {seed}"] = pieces
    return found


def check_dialect(dialect: str | Dialect) -> Report:
    """Run the battery of checks on a dialect.

    Args:
        dialect: A dialect, its name, or the path of its template.

    Raises:
        DialectError: The dialect cannot be loaded; the message says file and line.
    """
    battery = _Battery(resolve(dialect))
    counts: dict[str, int] = {}
    findings: list[Finding] = []
    for check in (battery.prompt, battery.round_trip, battery.around, battery.several, battery.cut, battery.hostile):
        for case, message in check():
            name = check.__name__.replace("_", " ")
            counts[name] = counts.get(name, 0) + 1
            if message:
                findings.append(Finding(name, case, message))
    return Report(battery.dialect.name, counts, tuple(findings))


_Cases = Iterator[tuple[str, str]]  # the case, and the fault or ""


class _Battery:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.deep = State(Rules(), Options(dialect=dialect)).syntax.limits.deep
        self._rules = {mode: Rules(read_tools(_TOOLS), incremental=mode) for mode in (False, True)}

    def _read(
        self, pieces: list[str], finish: str = "stop", *, incremental: bool = False
    ) -> tuple[ParsedCompletion, list[Event]]:
        parser = CompletionParser.for_rules(self._rules[incremental], Options(dialect=self.dialect))
        events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish)
        return assemble(events, finish), events

    def _calls(self, text: str, wanted: list[tuple[str, Any]], content: str | None = None) -> str:
        """Compare the calls of a text with the wanted calls, at every split. Returns the fault, or an empty text."""
        whole, _ = self._read([text])
        for name, pieces in splits(text).items():
            for incremental in (False, True):
                parsed, events = self._read(pieces, incremental=incremental)
                mode = f"{name}, {'incremental' if incremental else 'validated'}"
                got = [(call.name, json.loads(call.arguments)) for call in parsed.tool_calls]
                if got != wanted:
                    return f"{mode}: read as {got!r} out of {text!r}"
                if parsed.problems or not all(call.valid for call in parsed.tool_calls):
                    return f"{mode}: {'; '.join(problem.message for problem in parsed.problems) or 'a call is not valid'}"
                if parsed.content != content or parsed.content != whole.content:
                    return f"{mode}: the content is {parsed.content!r}, not {content!r}"
                if wrong := _streamed_wrong(events):
                    return f"{mode}: {wrong}"
        return ""

    def prompt(self) -> _Cases:
        """Tools, calls and results stand in the prompt, each once."""
        call = {"id": "call_1", "type": "function", "function": {"name": "first_tool", "arguments": '{"text": "Oslo"}'}}
        other = {**call, "id": "call_2", "function": {"name": "second_tool", "arguments": '{"text": "Rome"}'}}
        messages: list[Any] = [
            {"role": "system", "content": "The caller's words."},
            {"role": "user", "content": "The question."},
            {"role": "assistant", "content": None, "tool_calls": [call, other]},
            {"role": "tool", "tool_call_id": "call_2", "content": "Result of Rome."},
            {"role": "tool", "tool_call_id": "call_1", "content": "Result of Oslo."},
        ]
        text = "\n".join(str(message["content"]) for message in render(messages, _TOOLS, dialect=self.dialect))
        for words in ("The caller's words.", "The question.", "Result of Oslo.", "Result of Rome."):
            yield words, "" if text.count(words) == 1 else f"stands {text.count(words)} times in the prompt"
        for name in ("first_tool", "second_tool"):
            yield f"the definition of {name}", "" if f"The tool {name}." in text else "is not in the prompt"
        in_order = text.find("Result of Oslo.") < text.find("Result of Rome.")
        yield "results out of order", "" if in_order else "do not stand in the order of their calls"
        plain = "\n".join(str(message["content"]) for message in render(messages[:2], (), dialect=self.dialect))
        yield "no tools", "" if plain == "The caller's words.\nThe question." else f"the prompt is {plain!r}"

    def round_trip(self) -> _Cases:
        """A call written by the template is read back, at every split."""
        for case, arguments in _ARGUMENTS.items():
            if self.deep and case in _DEEP:
                continue
            written = self.dialect.assistant("", [self.dialect.tool_call("first_tool", arguments)])
            yield case, self._calls(written, [("first_tool", arguments)])

    def around(self) -> _Cases:
        """Text around a call is kept, and markup is not."""
        call = self.dialect.tool_call("first_tool", {"text": "Oslo"})
        written = self.dialect.assistant("", [call])
        wanted = [("first_tool", {"text": "Oslo"})]
        if self.dialect.open:
            said = self.dialect.assistant("Let me see.", [call])
            kept = "Let me see." if "Let me see." in said else None
            yield "text before a call", self._calls(said, wanted, kept)
        for token in self.dialect.special:
            yield f"{token} after a call", self._calls(written + token, wanted)
        if self.dialect.reasoning:
            opening, closing = self.dialect.reasoning
            thought = f"{opening}\nHm.\n{closing}\n\n"
            parsed, _ = self._read([thought + written])
            yield "reasoning", "" if parsed.reasoning == "Hm." else f"is read as {parsed.reasoning!r}"
            yield "a call after reasoning", self._calls(thought + written, wanted)

    def several(self) -> _Cases:
        """Several calls of one turn are read in their order."""
        calls = [("first_tool", {"count": 1}), ("second_tool", {"text": "b"}), ("first_tool", {})]
        written = self.dialect.assistant("", [self.dialect.tool_call(*call) for call in calls])
        yield "three calls", self._calls(written, calls)

    def cut(self) -> _Cases:
        """A call that breaks off is never finished: the reader returns no call, or the complete call."""
        arguments = {"text": "a long enough string", "count": 12}
        written = self.dialect.assistant("", [self.dialect.tool_call("first_tool", arguments)])
        for end in range(1, len(written)):
            parsed, _ = self._read([written[:end]], "length")
            got = [(call.name, json.loads(call.arguments)) for call in parsed.tool_calls]
            wrong = got not in ([], [("first_tool", arguments)])
            yield f"{written[:end]!r}", f"is read as {got!r}" if wrong else ""

    def hostile(self) -> _Cases:
        """Markers in the text of users and tools are neutralised."""
        named = (
            self.dialect.open,
            self.dialect.close,
            *self.dialect.result,
            *(self.dialect.reasoning or ()),
            *self.dialect.special,
        )
        for marker in dict.fromkeys(filter(None, named)):
            said = render([{"role": "user", "content": f"x {marker} y"}], _TOOLS, dialect=self.dialect)[-1]["content"]
            yield marker, f"reaches the model as it is in {said!r}" if marker in said else ""


def _streamed_wrong(events: list[Event]) -> str:
    """The fault in the order of the events of calls; empty for none."""
    text: dict[int, str] = {}
    for event in events:
        if isinstance(event, CallStarted):
            if event.index != len(text):
                return f"call {event.index} begins as number {len(text)}"
            text[event.index] = ""
        elif isinstance(event, ArgumentsDelta):
            text[event.index] += event.text
        elif isinstance(event, CallFinished) and text.get(event.index) != event.arguments:
            return f"the fragments of call {event.index} are {text.get(event.index)!r}, its arguments {event.arguments!r}"
    return ""
