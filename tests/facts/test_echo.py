"""A block that is written once more behind its end, without its opening marker: `[f(x=1)]<|tool_call_end|>` behind a call of lfm2."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import resolve
from adapter.dialects.templates import names
from adapter.events import CallStarted, Problem, TextDelta

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {"name": "order", "parameters": {"type": "object", "properties": {"what": {"type": "string"}}}},
    }
]


def _block(dialect: str) -> tuple[str, str]:
    """Return a call of a dialect, and the part of it behind the opening marker; empty without a closing marker."""
    form = resolve(dialect)
    call = form.assistant("", [form.tool_call("order", {"what": "tea"})]).strip()
    begin = call.find(form.open) + len(form.open)
    closed = form.open and form.close and call.startswith(form.open) and call.endswith(form.close)
    return call, call[begin:] if closed else ""


def _reads_on(dialect: str) -> bool:
    """Tell if the text behind the opening marker is a further call by itself: a marker of its own begins it."""
    marks = adapter.CompletionParser(TOOLS, dialect=dialect)._state.marks
    return dialect in {"gpt-oss", "inkling"} or _block(dialect)[1].lstrip().startswith(tuple(marks.openings))


CLOSED = [name for name in names() if _block(name)[1] and not _reads_on(name)]


def _splits(text: str) -> Iterator[list[str]]:
    """A character at a time, and five seeded splits."""
    yield list(text)
    for seed in range(5):
        chance, pieces, rest = random.Random(seed), [], text
        while rest:
            size = chance.randint(1, 12)
            pieces.append(rest[:size])
            rest = rest[size:]
        yield pieces


def _streamed(text: str, dialect: str, pieces: list[str]) -> tuple[str, int, list[str]]:
    """Return the content, the number of calls and the kinds of problems."""
    parser = adapter.CompletionParser(TOOLS, dialect=dialect)
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close()
    assert "".join(pieces) == text
    content = "".join(event.text for event in events if isinstance(event, TextDelta))
    return content, sum(isinstance(e, CallStarted) for e in events), [e.kind for e in events if isinstance(e, Problem)]


@pytest.mark.parametrize("dialect", CLOSED)
def test_a_repeated_block_is_no_content(dialect: str) -> None:
    call, behind = _block(dialect)
    for text in (call + behind, f"{call}\n{behind}", call + behind + behind, f"{call}\n{behind}\nDone."):
        whole = _streamed(text, dialect, [text])
        assert whole[0].strip() == ("Done." if text.endswith("Done.") else "")
        assert whole[1] == 1
        assert set(whole[2]) == {"markup"}
        for pieces in _splits(text):
            assert _streamed(text, dialect, pieces) == whole, pieces


@pytest.mark.parametrize("dialect", CLOSED)
def test_text_that_only_begins_like_the_block_is_content(dialect: str) -> None:
    call, behind = _block(dialect)
    part = behind[: len(behind) - len(resolve(dialect).close) - 2].strip()
    for text in (call + part, f"{call}{part} and so on"):
        whole = _streamed(text, dialect, [text])
        assert part[:3] in whole[0] or whole[1] > 1 or "cut" in whole[2], whole
        assert all(_streamed(text, dialect, pieces) == whole for pieces in _splits(text))


def test_dialects_with_a_closing_marker_are_most() -> None:
    assert len(CLOSED) > 20
