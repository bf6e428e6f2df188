"""One completion as a row. A row that cannot be read has its problem in it: nothing is raised, and nothing is random."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypedDict

from adapter.batching.row_tools import tools_of_row
from adapter.completion.places import Places
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.completion.whole_completion import read_whole
from adapter.dialects.registry import resolve
from adapter.errors import AdapterError
from adapter.option_keywords import OnInvalid, ReadKeywords
from adapter.options import make_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.batching.columns import ParsedRow, RowCall, RowProblem, RowSpan
    from adapter.completion.result import ParsedCompletion
    from adapter.dialects.registry import Dialect
    from adapter.events import Problem
    from adapter.tools.definitions import ToolSet

_HALVES = re.compile("[\ud800-\udfff]")
_SHOWN = 120  # characters of a value in a message
COMMON: Any = object()  # the tools that all rows have


class BatchKeywords(TypedDict, total=False):
    """The options for reading many completions, as keyword arguments; `Options` documents them."""

    dialect: str | Dialect
    on_invalid: OnInvalid
    coerce: bool
    recover: bool
    thinking_prefilled: bool
    calls_in_thinking: bool | None


class _Ids:
    """Ids of calls, made of the text and the number of the call."""

    __slots__ = ("number", "text")

    def __init__(self) -> None:
        self.text, self.number = "", 0

    def __call__(self) -> str:
        self.number += 1
        return f"call_{blake2b(f'{self.number} {self.text}'.encode(), digest_size=12).hexdigest()}"


class RowReader:
    """A reader of completions, one after the other; not for several threads at once.

    Args:
        tools: The tools of all rows that have none of their own.
        options: Values of `BatchKeywords`.

    Raises:
        DialectError: No such dialect.
        TypeError: An option that does not concern reading, or a value of the wrong type.
        ValueError: A value that is not allowed.
    """

    def __init__(self, tools: ToolSet, options: Mapping[str, Any]) -> None:
        make_options(options, BatchKeywords)  # a name that is none of these is told
        self._ids = _Ids()
        self._options = make_options({**options, "new_id": self._ids}, ReadKeywords)
        resolve(self._options.dialect)  # one error for all rows, in place of one in each
        self._tools = tools
        self._rules = self._rules_of(tools)

    def _rules_of(self, tools: ToolSet) -> Rules:
        return Rules.of(tools, None, None, self._options, streamed=False)

    def row(self, text: Any, finish_reason: Any = "stop", tools: Any = COMMON) -> ParsedRow:
        """Read a completion.

        Args:
            text: The completion; anything but a string makes a bad row.
            finish_reason: The word of upstream; `"length"`, `"content_filter"` or None for a cut text.
            tools: The row's own tools: a list, or its JSON text; None for no tools.
        """
        if not isinstance(text, str):
            told = "is missing" if is_missing(text) else f"is no string, but {type(text).__name__}: {_seen(text)}"
            return bad_row(f"the text {told}; give the completion as a string", "", finish_reason)
        if not isinstance(finish_reason, str) and finish_reason is not None:
            if not is_missing(finish_reason):
                return bad_row(f"finish_reason is no string, but {_seen(finish_reason)}", text, None)
            finish_reason = None
        try:
            return self._read(text, finish_reason, tools)
        except AdapterError as error:
            where = f"{error.param}: " if error.param else ""
            return bad_row(f"{where}{' '.join(error.message.split())}", text, finish_reason)
        except Exception as error:  # noqa: BLE001  # told in the row: one text of a million ends no run
            return bad_row(f"the text cannot be read: {type(error).__name__}: {error}", text, finish_reason)

    def _read(self, text: str, finish_reason: str | None, tools: Any) -> ParsedRow:
        plain = writable(text)
        told: list[RowProblem] = []
        if plain is not text:
            told.append(_half_told("the text", text))
        rules = self._rules
        if tools is not COMMON:
            own = tools_of_row(tools)
            rules = self._rules_of(own)
            told += [_problem(problem) for problem in own.told]
        self._ids.text, self._ids.number = plain, 0
        events = read_whole(plain, finish_reason, rules, self._options)
        row = _as_row(assemble(events, finish_reason), Places(plain, events), told)
        return row if _is_writable(row) else _mended(row)


def is_missing(value: Any) -> bool:
    """Tell if a value stands for a missing one: None, or a value that is not equal to itself, as NaN and its like."""
    if value is None:
        return True
    try:
        return bool(value != value)  # noqa: PLR0124
    except (TypeError, ValueError):  # pandas' NA has no truth
        return type(value).__name__ in {"NAType", "NaTType"}


def bad_row(message: str, raw: str, finish_reason: Any) -> ParsedRow:
    """Return the row of a completion that cannot be read.

    Args:
        message: A sentence.
        raw: The text concerned, so that it is not lost.
        finish_reason: The word of upstream.
    """
    problem: RowProblem = {"kind": "bad_row", "message": writable(message), "raw": writable(raw), "call": None}
    return {
        "content": None, "reasoning": None, "calls": [], "content_spans": [], "reasoning_spans": [], "problems": [problem],
        "finish_reason": writable(finish_reason) if isinstance(finish_reason, str) else None,
    }  # fmt: skip


def writable(text: str) -> str:
    """Return a text that UTF-8 can hold, of the same length: halves of surrogate pairs become U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub("\ufffd", text)
    return text


def _seen(value: Any) -> str:
    """Return a short form of a value, whatever its class does."""
    try:
        shown = repr(value)
    except Exception as error:  # noqa: BLE001  # the class is another's
        return f"a value that cannot be shown ({type(error).__name__})"
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _half_told(where: str, text: str) -> RowProblem:
    found = _HALVES.search(text)
    place = "" if found is None else f" at {found.start()}"
    message = f"{where} holds half of a surrogate pair{place}, which no UTF-8 text can; it is read as U+FFFD"
    return {"kind": "bad_row", "message": message, "raw": "\ufffd", "call": None}


def _as_row(parsed: ParsedCompletion, places: Places, told: list[RowProblem]) -> ParsedRow:
    calls: list[RowCall] = []
    for call, found in zip(parsed.tool_calls, places.calls, strict=True):
        inside = found.places
        calls.append(
            {
                "id": call.id,
                "name": call.name,
                "arguments": call.arguments,
                "valid": call.valid,
                "span": _span(found.spans[0]) if len(found.spans) == 1 else None,
                "name_span": None if inside is None else _span(inside.name),
                "arguments_span": None if inside is None else _span(inside.arguments),
            }
        )
    return {
        "content": parsed.content,
        "reasoning": parsed.reasoning,
        "calls": calls,
        "content_spans": [{"start": start, "end": end} for start, end in places.content],
        "reasoning_spans": [{"start": start, "end": end} for start, end in places.reasoning],
        "problems": [*told, *map(_problem, parsed.problems)],
        "finish_reason": parsed.finish_reason,
    }


def _span(place: tuple[int, int] | None) -> RowSpan | None:
    return None if place is None else {"start": place[0], "end": place[1]}


def _problem(problem: Problem) -> RowProblem:
    return {"kind": problem.kind, "message": problem.message, "raw": problem.raw, "call": problem.index}


def _strings(row: ParsedRow) -> Iterable[str | None]:
    yield from (row["content"], row["reasoning"], row["finish_reason"])
    for call in row["calls"]:
        yield from (call["id"], call["name"], call["arguments"])
    for problem in row["problems"]:
        yield from (problem["message"], problem["raw"])


def _is_writable(row: ParsedRow) -> bool:
    """Tell if UTF-8 can hold all strings of a row."""
    return all(text is None or writable(text) is text for text in _strings(row))


def _mended(row: ParsedRow) -> ParsedRow:
    """Return a row without halves of surrogate pairs, which an escape in a call can make, with the problem."""
    found = next(text for text in _strings(row) if text is not None and writable(text) is not text)
    made: Any = _all_writable(row)
    made["problems"].append(_half_told("a call or a word", found))
    return made  # type: ignore[no-any-return]


def _all_writable(value: Any) -> Any:
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, list):
        return [_all_writable(one) for one in value]
    return {key: _all_writable(one) for key, one in value.items()} if isinstance(value, dict) else value
