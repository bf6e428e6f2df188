"""Try all dialects on a completion, and print which of them read its calls: a table on a terminal, a line each in a pipe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.cli.console import Console
    from adapter.completion.result import ParsedCompletion

_MOST_NAMES = 3  # of dialects that read a call without its tags


class Row(NamedTuple):
    """A reading.

    Attributes:
        names: Dialects that read alike.
        parsed: Their reading.
        tagged: The calls stand between their tags; False for calls that are read without.
    """

    names: tuple[str, ...]
    parsed: ParsedCompletion
    tagged: bool = True

    @property
    def shown(self) -> str:
        """The names, or the first of many and the number of the others."""
        if self.tagged:
            return ", ".join(self.names)
        from adapter.dialects.registry import FALLBACK

        names = sorted(self.names, key=lambda name: (name != FALLBACK, name))
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        return f"without its tags, as {', '.join(names[:_MOST_NAMES])}{more}"


def try_dialects(
    text: str, tools: Sequence[Any], ways: Mapping[str, Any], console: Console, *, as_json: bool, recover: bool
) -> int:
    """Print the readings that hold calls, the best first. Returns 1 if no dialect reads the text as valid calls.

    Where no dialect reads a call between its tags, calls without tags are looked for, and text that is like a call is told.

    Args:
        text: The completion.
        tools: The tools offered.
        ways: Further keyword arguments of `adapter.parse`.
        console: Where to print.
        as_json: Print JSON.
        recover: Look for calls without tags.

    Raises:
        AdapterError: The tools are malformed.
    """
    rows = sorted(_readings(text, tools, ways), key=_merit)
    near: list[str] = []
    if recover and not any(_reads(row.parsed) for row in rows):
        more, near = _recovered(text, tools, ways)
        rows = sorted([*rows, *(row for row in more if not rows or _reads(row.parsed))], key=_merit)
    if as_json:
        told = [{"dialects": [], "calls": [], "content": text, "problems": ["near_call"], "told": said} for said in near]
        console.line(json.dumps([*map(_as_json, rows), *told], ensure_ascii=False, indent=2))
    elif console.coloured:
        _print_table(rows, console)
    else:
        for row in rows:
            console.line(f"{row.shown}: {_calls(row.parsed)}; {_rest(row.parsed)}")
    if not rows and not as_json:
        console.line("no dialect reads a call in this text")
        for said in near:
            console.line(f"near_call: {said}")
        if not tools and recover:
            console.line("with --tools FILE calls without tags are looked for too")
    return 0 if any(_reads(row.parsed) for row in rows) else 1


def _readings(text: str, tools: Sequence[Any], ways: Mapping[str, Any]) -> list[Row]:
    """Return the readings that hold a call, one for all dialects whose calls look the same."""
    from adapter.completion.result import parse
    from adapter.dialects.families import families

    found = []
    for family in families():  # calls without tags count in the dialects that write calls without tags
        parsed = parse(text, tools, dialect=family.dialect, recover=False, **ways)
        if parsed.tool_calls:
            found.append(Row(family.names, parsed))
    return found


def _recovered(text: str, tools: Sequence[Any], ways: Mapping[str, Any]) -> tuple[list[Row], list[str]]:
    """Return the readings of calls without tags, alike ones as one, and sentences about text that is like a call."""
    from adapter.completion.result import parse
    from adapter.dialects.families import families
    from adapter.dialects.registry import FALLBACK

    found: dict[object, tuple[list[str], ParsedCompletion]] = {}
    near: dict[str, None] = {}
    for family in sorted(families(), key=lambda family: FALLBACK not in family.names):
        parsed = parse(text, tools, dialect=family.dialect, **ways)
        calls = tuple((call.name, call.arguments, call.valid) for call in parsed.tool_calls)
        if calls:
            names, _ = found.setdefault((calls, parsed.content, _rest(parsed)), ([], parsed))
            names += family.names
        near |= dict.fromkeys(problem.message for problem in parsed.problems if problem.kind == "near_call")
    rows = [Row(tuple(names), parsed, tagged=False) for names, parsed in found.values()]
    return sorted(rows, key=_merit), list(near)[:1]  # the others differ in the tags that are named


def _reads(parsed: ParsedCompletion) -> bool:
    return all(call.valid for call in parsed.tool_calls)


def _merit(row: Row) -> tuple[bool, int, int]:
    """Return a key that puts valid calls first, then readings with few problems and little other text."""
    parsed = row.parsed
    return not _reads(parsed), len(parsed.problems), len(parsed.content or "")


def _calls(parsed: ParsedCompletion) -> str:
    return ", ".join(f"{call.name} ({'valid' if call.valid else 'invalid'})" for call in parsed.tool_calls)


def _rest(parsed: ParsedCompletion) -> str:
    told = ", ".join(dict.fromkeys(problem.kind for problem in parsed.problems)) or "no problems"
    return f"{told}; {len(parsed.content or '')} characters of content"


def _as_json(row: Row) -> dict[str, Any]:
    parsed = row.parsed
    calls = [{"name": call.name, "arguments": call.arguments, "valid": call.valid} for call in parsed.tool_calls]
    kinds = [problem.kind for problem in parsed.problems]
    return {"dialects": list(row.names), "tagged": row.tagged, "calls": calls, "content": parsed.content, "problems": kinds}


def _print_table(rows: Sequence[Row], console: Console) -> None:
    """Print aligned columns: calls, remarks, dialects."""
    lines = [(_calls(row.parsed), _rest(row.parsed), row.shown, _reads(row.parsed)) for row in rows]
    widths = max([5, *(len(line[0]) for line in lines)]), max([7, *(len(line[1]) for line in lines)])
    if lines:
        console.line(console.styled(f"{'calls':{widths[0]}}  {'besides':{widths[1]}}  dialects", "label"))
    for calls, rest, names, good in lines:
        styled = console.styled(f"{calls:{widths[0]}}", "good" if good else "bad")
        console.line(f"{styled}  {console.styled(f'{rest:{widths[1]}}', 'dim')}  {names}")
