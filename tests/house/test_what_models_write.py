"""The page on what models really write: each row of its table is read as the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import adapter

PAGE = Path(__file__).resolve().parents[2] / "docs" / "what-models-write.md"
TEXT: dict[str, Any] = {"type": "string"}


def tool(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}


TOOLS = [
    tool("f", {"a": TEXT, "b": TEXT, "n": {"type": "integer"}}),
    tool("now", {}),
    tool("g", {"l": {"type": "array", "items": TEXT}}),
]


def literal(cell: str) -> str:
    """The text of a cell that is code."""
    fence = re.match("`+", cell)
    assert fence is not None, cell
    inner = cell.removeprefix(fence.group()).removesuffix(fence.group())
    inner = inner[1:-1] if len(fence.group()) > 1 else inner
    return inner.replace("\\|", "|").replace("↵", "\n")


def rows() -> list[Any]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "---" not in line]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines[1:]]
    return [pytest.param(*cell[1:2], *cell[3:], id=f"{cell[0]}: {cell[2]}") for cell in cells]


def test_the_table_is_long() -> None:
    assert len(rows()) >= 35


@pytest.mark.parametrize(("dialect", "written", "becomes", "told"), rows())
def test_a_row_is_true(dialect: str, written: str, becomes: str, told: str) -> None:
    parsed = adapter.parse(literal(written), TOOLS, dialect=literal(dialect), on_invalid="return")
    found = [f"{call.name} {call.arguments}" + ("" if call.valid else " (invalid)") for call in parsed.tool_calls]
    found += [f"text {parsed.content}"] if parsed.content else []
    found += [f"reasoning {parsed.reasoning}"] if parsed.reasoning else []
    assert found == ([] if becomes == "–" else [literal(each) for each in re.split(r"; (?=`)", becomes)])
    kinds = list(dict.fromkeys(problem.kind for problem in parsed.problems))
    assert kinds == ([] if told == "–" else re.findall(r"`(\w+)`", told))
