"""No file keeps the marks of a merge that nobody finished."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("adapter", "benchmarks", "docs", "examples", "templates", "tests", ".ci")
KINDS = {"", ".py", ".md", ".toml", ".txt", ".jinja", ".json", ".jsonl", ".mjs", ".css"}
# A line that begins with one of these, less the first sign, lest this file be found.
MARKS = ("<<<<<< ", ">>>>>> ")


def test_no_file_keeps_the_marks_of_a_merge() -> None:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    read = [path for path in files if path.suffix in KINDS and "__pycache__" not in path.parts]
    assert len(read) > 800
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in read
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1)
        if line[1:].startswith(MARKS) and line[0] == line[1]
    ]
    assert found == []
