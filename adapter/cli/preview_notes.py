"""Notes beside a preview, on stderr: the choices and their reasons, markup made harmless, the sizes of the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.prompt.broken_marks import broken_marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.cli.console import Console
    from adapter.counting.count import TokenCount
    from adapter.exchange import Preview
    from adapter.options import Options

_PARTS = ("system", "tools", "examples", "history", "turns", "whole")


def show(request: Mapping[str, Any], found: Preview, options: Options, console: Console) -> None:
    """Print the notes.

    Args:
        request: The caller's request.
        found: The request that upstream would get, and its problems.
        options: The caller's choices.
        console: The console.
    """
    for problem in found.problems:
        label = "" if problem.kind == "chosen" else f"{problem.kind}: "
        console.told(f"{_styled('adapter:', 'dim', console)} {label}{' '.join(problem.message.split())}")
    for line in [*_neutralised(found, request), *_sizes(request, options, console)]:
        console.error(line)


def _neutralised(found: Preview, request: Mapping[str, Any]) -> list[str]:
    """Return a line on the markers that were broken in untrusted text; none without."""
    named = broken_marks(found.body, request, found.dialect)
    return [f"adapter: neutralised in untrusted text: {named}; --show-neutralised marks the places"] if named else []


def _sizes(request: Mapping[str, Any], options: Options, console: Console) -> list[str]:
    """Return the table of the parts: characters and tokens."""
    from adapter.counting.count import count_request
    from adapter.counting.vocabularies import Tokenizer, by_name
    from adapter.errors import AdapterError

    tokenizer = by_name(str(request.get("model") or ""))
    try:
        tokens = count_request(request, options, tokenizer, each=False)
        characters = count_request(request, options, Tokenizer(len, ""), each=False)
    except AdapterError:
        return []  # a request that upstream refuses in its own words
    return [_styled(f"{'':<10}{'characters':>12}{'tokens':>10}", "dim", console), *_rows(characters, tokens), *_sources(tokens)]


def _rows(characters: TokenCount, tokens: TokenCount) -> list[str]:
    """Return a row for each part that is not empty."""
    rows = []
    turns = tokens.whole - tokens.turns if characters.notes else None  # marks that are only about known have no characters
    for name in _PARTS:
        length, count = getattr(characters, name), getattr(tokens, name)
        if name == "turns" and turns is not None:
            rows.append(f"{name:<10}{'':>12}{count:>10,}")
        elif count or name in {"tools", "history", "whole"}:
            shown = length - characters.turns if name == "whole" and turns is not None else length
            rows.append(f"{name:<10}{shown:>12,}{count:>10,}")
    return rows


def _sources(tokens: TokenCount) -> list[str]:
    """Return a line on the tokenizer."""
    source = tokens.source if tokens.estimated else f"with {tokens.source}"
    others = [note for note in tokens.notes if not note.startswith("the marks of the turns")]
    return [f"(tokens: {source}; adapter tokens has more)", *(f"({note})" for note in others)]


def _styled(text: str, style: str, console: Console) -> str:
    """Return the text in a style where stderr is a terminal."""
    return console.styled(text, style, console.err)
