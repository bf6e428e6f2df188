"""The guide to a new call syntax, followed to the letter in a copy of the package: its files, its line, its commands, its tests."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house.pages import ROOT, Block, blocks

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = ROOT / "docs" / "writing-a-syntax.md"
_TABLE = re.compile(r"^SYNTAXES = \{\n", re.MULTILINE)


def run(folder: Path, *words: str) -> str:
    """Run a Python module in the copy. Returns its output, without notes on stderr; an exit status other than 0 is a failure."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder, env=environment, text=True, check=False, timeout=120, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def follow(block: Block, folder: Path) -> None:
    """Do what a block asks a reader to do."""
    if block.kind == "file":
        target = folder / block.name
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not target.exists()
        target.write_text(block.text, encoding="utf-8")
    elif block.kind == "line":
        target = folder / block.name
        text, count = _TABLE.subn(lambda found: found[0] + block.text, target.read_text(encoding="utf-8"))
        assert count == 1
        target.write_text(text, encoding="utf-8")
    elif block.language == "console":
        command, _, expected = block.text.partition("\n")
        assert run(folder, *shlex.split(command.removeprefix("$ "))).strip() == expected.strip()
    elif block.language == "sh":
        words = shlex.split(block.text)
        assert words[:3] == ["python", "-m", "pytest"]
        said = run(folder, *words[2:], "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder))
        assert re.search(r"\d+ passed", said), said
        assert "skipped" not in said
    else:
        assert block.language == "text", f"{GUIDE.name}:{block.line}: a block that nothing does"


@pytest.mark.proof
def test_the_guide_is_followed_to_the_letter(tmp_path: Path) -> None:
    for name in ("adapter", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    done = [*blocks(GUIDE.read_text(encoding="utf-8"))]
    for block in done:
        follow(block, tmp_path)
    assert [block.kind or block.language for block in done].count("file") == 4
