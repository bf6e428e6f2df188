"""For tests: a server that answers out of a file of records, ways to split a text, and checks that every dialect passes.

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
from adapter.exchange.rendering import render
from adapter.options import Options
from adapter.replaying import Replay
from adapter.tools.definitions import read_tools

if TYPE_CHECKING:
    from adapter.completion.result import ParsedCompletion
    from adapter.dialects.registry import Dialect
    from adapter.events import Event

__all__ = ["Finding", "Replay", "Report", "check_dialect", "splits"]

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
_TOOLS: list[Any] = [
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
_DEEP = {"null", "a list", "an object"}  # values that a syntax with deep limits cannot represent
# Wishes of a request, and the variable of the template that tells.
_NAMED = {"type": "function", "function": {"name": "first_tool"}}
_ASKED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("a required call", {"tool_choice": "required"}, "choice.mode"),
    ("a named tool", {"tool_choice": _NAMED}, "choice.mode"),
    ("parallel calls", {"parallel_tool_calls": True}, "parallel"),
    ("no parallel calls", {"parallel_tool_calls": False}, "parallel"),
)
_IN_PYTHON = "is written as Python writes it, with single quotes, True and None; write {{ call.arguments | tojson }}"
_SIZES, _SEEDS = (1, 2, 3, 7, 16), 3


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
    checks = (battery.prompt, battery.choice, battery.round_trip, battery.around, battery.several, battery.cut, battery.hostile)
    for check in checks:
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
        fault = self._read_back(text, wanted, content)
        return _IN_PYTHON if fault and any(_as_python(arguments, text) for _, arguments in wanted) else fault

    def _read_back(self, text: str, wanted: list[tuple[str, Any]], content: str | None) -> str:
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
        for tool in _TOOLS:
            name = tool["function"]["name"]
            yield f"the definition of {name}", "" if f"The tool {name}." in text else "is not in the prompt"
            in_python = any(repr(part) in text for part in (tool, tool["function"], tool["function"]["parameters"]))
            yield f"{name} as JSON", _IN_PYTHON.replace("call.arguments", "tool") if in_python else ""
        in_order = text.find("Result of Oslo.") < text.find("Result of Rome.")
        yield "results out of order", "" if in_order else "do not stand in the order of their calls"
        plain = [message["content"] for message in render(messages[:2], (), dialect=self.dialect)]
        yield "no tools", "" if plain == ["The caller's words.", "The question."] else f"the prompt is {plain!r}"

    def choice(self) -> _Cases:
        """The tool choice, and the wish for parallel calls or against them, change the prompt."""
        question = [{"role": "user", "content": "The question."}]
        for case, asked, name in _ASKED:  # a single tool: of several a named one is shown alone
            one, two = (render(question, _TOOLS[:1], dialect=self.dialect, **request) for request in (asked, {}))
            yield case, f"changes nothing in the prompt: the macro `system` does not use `{name}`" if one == two else ""

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
        said = self.dialect.assistant("Let me see.", [call])
        kept = "Let me see." if "Let me see." in said else None
        if self.dialect.open:
            yield "text before a call", self._calls(said, wanted, kept)
        for token in self.dialect.special:
            yield f"{token} after a call", self._calls(written + token, wanted)
        if self.dialect.reasoning:
            thought = "{}\nHm.\n{}\n\n".format(*self.dialect.reasoning)
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
            yield f"{written[:end]!r}", "" if got in ([], [("first_tool", arguments)]) else f"is read as {got!r}"

    def hostile(self) -> _Cases:
        """Markers in the text of users and tools are neutralised."""
        own = self.dialect
        named = (own.open, own.close, *own.result, *(own.reasoning or ()), *own.special)
        for marker in dict.fromkeys(filter(None, named)):
            said = render([{"role": "user", "content": f"x {marker} y"}], _TOOLS, dialect=own)[-1]["content"]
            yield marker, f"reaches the model as it is in {said!r}" if marker in said else ""


def _as_python(arguments: Any, text: str) -> bool:
    """True if arguments stand in a text as Python writes them, and not as JSON."""
    values = [arguments, *(value for value in arguments.values() if not isinstance(value, str))]
    return any(repr(value) in text and json.dumps(value, ensure_ascii=False) not in text for value in values)


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
