"""Files and functions that are read at one sitting."""

from __future__ import annotations

import ast
from pathlib import Path

import adapter

PACKAGE = Path(adapter.__file__).parent
SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 40  # fewer than these, from the first statement on: a docstring may be as long as it must


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions_of(source: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_files_are_short() -> None:
    lengths = {name: len(source.splitlines()) for name, source in SOURCES.items()}
    assert {name: length for name, length in lengths.items() if length > LINES_OF_A_FILE} == {}


def test_functions_are_short() -> None:
    lengths = {(name, one.name): lines_of(one) for name, source in SOURCES.items() for one in functions_of(source)}
    assert {where: length for where, length in lengths.items() if length >= LINES_OF_A_FUNCTION} == {}


def test_lines_are_counted_behind_the_docstring() -> None:
    [function] = functions_of('def f():\n    """A\n    docstring.\n    """\n    # why\n    x = 1\n\n    return x\n')
    assert lines_of(function) == 3
