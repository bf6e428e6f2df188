"""Code blocks of Markdown pages, run as a reader would run them.

A page is a promise: its files are written, its commands and snippets run in the page's order, and outputs are compared.

    ```python          run, in one namespace for each page
    ```console         `$ adapter …` and the output, compared
    ```sh              checked word by word by `check_shell`: programs, paths, options and markers must exist
    <!-- file: NAME -->    before a block: the block is written to NAME
    <!-- call: DIALECT --> before a block: the block is a call as that dialect writes it

A block of another language without such a comment is shown, not run: `text`, `jinja` and the like.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import inspect
import io
import logging
import re
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli import run, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(
    r"^(?:<!-- (?P<kind>\w+): (?P<name>[\w./-]+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_BASE_URL = "http://localhost:8000/v1"
_CLIENTS = frozenset({"anthropic", "httpx", "httpx2", "ollama", "openai"})


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: The word behind the fence.
        text: The lines between the fences.
        kind: The kind that a comment before the block gives: `file`, `command`, `call`; else empty.
        name: The name in the same comment.
        line: The line of the page on which the text begins, from 1.
    """

    language: str
    text: str
    kind: str
    name: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page that stand at the beginning of a line, in order."""
    for found in _BLOCK.finditer(page):
        line = page.count("\n", 0, found.start("text")) + 1
        yield Block(found["language"], found["text"], found["kind"] or "", found["name"] or "", line)


def run_page(path: Path, folder: Path, base_url: str = _BASE_URL, names: dict[str, Any] | None = None) -> Counter[str]:
    """Run all blocks of a page.

    Args:
        path: The page.
        folder: The working directory of the page's commands; gets the page's files.
        base_url: The address in place of the one that pages show.
        names: The namespace of Python blocks.

    Returns:
        How many blocks of each language were run or checked.
    """
    ran: Counter[str] = Counter()
    names = {} if names is None else names
    (folder / "examples").symlink_to(ROOT / "examples")
    with contextlib.chdir(folder), _log_levels_kept(), _clients_closed(names):
        for block in blocks(path.read_text(encoding="utf-8")):
            if block.kind == "file":
                target = folder / block.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text, encoding="utf-8")
            elif block.kind == "call" or block.language not in _RUNNERS:
                continue
            elif block.language == "python":
                code = "\n" * (block.line - 1) + block.text.replace(_BASE_URL, base_url)
                exec(compile(code, path, "exec"), names)  # noqa: S102  # that is the test
            else:
                _RUNNERS[block.language](
                    block.text.replace(_BASE_URL, base_url) if "adapter eval" in block.text else block.text
                )
            ran[block.language] += 1
    return ran


@contextlib.contextmanager
def _clients_closed(names: dict[str, Any]) -> Iterator[None]:
    """Close the clients that a page made: their sockets would be told in a later test, whenever they are collected."""
    try:
        yield
    finally:
        for value in names.values():
            close = getattr(value, "close", None)
            if type(value).__module__.partition(".")[0] in _CLIENTS and callable(close):
                waits = close()
                if inspect.iscoroutine(waits):
                    asyncio.run(waits)


@contextlib.contextmanager
def _log_levels_kept() -> Iterator[None]:
    """Set the levels of logs back that a page changes: other tests ask what is told while nobody listens."""
    loggers = [logging.getLogger(name) for name in (None, "adapter", "adapter.exchange")]
    levels = [logger.level for logger in loggers]
    handlers = list(logging.getLogger().handlers)
    try:
        yield
    finally:
        logging.getLogger().handlers[:] = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def check_console(text: str) -> None:
    """Run an `adapter` command and compare the output with the one shown; notes on stderr are not shown."""
    command, _, expected = text.partition("\n")
    words = shlex.split(command.removeprefix("$ "))
    assert words[0] == "adapter"
    assert _adapter(words[1:])[2].strip() == expected.strip()


def check_shell(text: str) -> None:
    """Check commands that a test cannot run again: each program is known, and takes the words behind it."""
    for command in re.split(r"\n|&&", text):
        words = shlex.split(command, comments=True)
        if not words:
            continue
        program = Path(words[0]).name
        if program.startswith("python") and words[1:2] == ["-m"]:
            program, words = words[2], words[2:]
        assert program in _PROGRAMS, f"{command.strip()!r}: a program that no test knows"
        _PROGRAMS[program](words[1:])


def _adapter(words: list[str]) -> tuple[int, str, str]:
    """Return the status of a command, all that it says, and its output alone."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(err):
        status = run(words, out, err, io.StringIO())
    return status, out.getvalue() + err.getvalue(), out.getvalue()


def _check_adapter(words: list[str]) -> None:
    if words[:1] == ["serve"]:
        status, said = _check_serve(words[1:])
        assert status == 0, said
        return
    # Evaluations and batches write files, so they run in the folder of the page.
    with contextlib.chdir("." if words[:1] == ["eval"] or "--jsonl" in words else ROOT):
        status, said, _ = (0, "", "") if words[:1] in (["demo"], ["probe"]) else _adapter(words)
    assert status == 0, said


def _check_serve(words: list[str]) -> tuple[int, str]:
    """Read the settings of a gateway, as `adapter serve` does before it listens."""
    from adapter.gateway.config import BadConfig
    from adapter.gateway.config_reading import read_config

    parser = argparse.ArgumentParser()
    serve.add(parser)
    args = parser.parse_args(words)
    try:
        read_config(vars(args), {}, args.config)
    except BadConfig as error:
        return 2, str(error)
    return 0, ""


def _check_pytest(words: list[str]) -> None:
    markers = re.findall(r'^  "(\w+):', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    for before, word in zip(["", *words], words, strict=False):
        if before == "-m":
            assert word in markers, f"no pytest marker {word!r}"
        elif not word.startswith("-"):
            assert (ROOT / word).exists(), word


def _check_pip(words: list[str]) -> None:
    extras = re.findall(r"^(\w+) = \[$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    asked = [extra for word in words for extra in re.findall(r"\[([\w,]+)\]", word)]
    assert {extra for several in asked for extra in several.split(",")} <= set(extras), words
    assert words[0] == "install"


def _check_benchmarks(words: list[str]) -> None:
    from benchmarks.rows import ROWS

    assert set(words) <= {"--only", "--quick", "--help", "peers", "page", *ROWS}, words


_PROGRAMS: dict[str, Any] = {
    "adapter": _check_adapter,
    "benchmarks": _check_benchmarks,
    "pip": _check_pip,
    "pytest": _check_pytest,
    "venv": lambda words: None,
    "ruff": lambda words: None,
    "mypy": lambda words: None,
    "zensical": lambda words: None,
}
_RUNNERS: dict[str, Any] = {"python": exec, "console": check_console, "sh": check_shell}
