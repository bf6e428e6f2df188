"""Plain words: how many of the words of docstrings and comments are vague, by folder, and how docstrings begin.

A pronoun without its noun makes a reader guess, so its share is held down. The limits are the constants below.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import adapter

if TYPE_CHECKING:
    from collections.abc import Iterator

# Vague words in 100 words of docstrings and comments, in all and in every folder; and docstrings that begin with a question word.
IN_ALL = 6.0
IN_A_FOLDER = 7.5
QUESTIONS = 20

VAGUE = frozenset(
    {
        *("it", "its", "that", "this", "these", "those", "what", "which", "one", "ones", "such", "thing", "things"),
        *("something", "anything", "so", "there", "here", "where", "whatever"),
    }
)
ASKING = ("What ", "Whether ", "How ")

PACKAGE = Path(adapter.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({folder for file in FILES for folder in file.relative_to(PACKAGE).parents if folder.name})


@dataclass(frozen=True)
class Share:
    """Counts of one text, file or folder: vague words, and words."""

    vague: int = 0
    words: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.vague + other.vague, self.words + other.words)

    @property
    def percent(self) -> float:
        return 100 * self.vague / max(self.words, 1)


def docstrings(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found = ast.get_docstring(node)
            if found:
                yield found


def comments(source: str) -> Iterator[str]:
    lines = iter(source.splitlines(keepends=True))
    yield from (token.string for token in tokenize.generate_tokens(lambda: next(lines, "")) if token.type == tokenize.COMMENT)


def share(text: str) -> Share:
    words = Counter(re.findall(r"[a-z']+", text.lower()))
    return Share(sum(words[word] for word in VAGUE), words.total())


SOURCES = {file.relative_to(PACKAGE): file.read_text(encoding="utf-8") for file in FILES}
SHARES = {
    name: sum((share(text) for text in (*docstrings(source), *comments(source))), start=Share())
    for name, source in SOURCES.items()
}


def worst(names: list[Path]) -> str:
    """The ten files with the greatest share, among those of some length."""
    long = [name for name in names if SHARES[name].words > 80]
    return ", ".join(f"{name} {SHARES[name].percent:.1f}" for name in sorted(long, key=lambda name: -SHARES[name].percent)[:10])


def test_vague_words_are_few() -> None:
    found = sum(SHARES.values(), start=Share())
    assert found.percent <= IN_ALL, worst(list(SHARES))


@pytest.mark.parametrize("folder", [pytest.param(folder, id=str(folder)) for folder in FOLDERS])
def test_vague_words_are_few_in_every_folder(folder: Path) -> None:
    """A folder is all that lies below it."""
    names = [name for name in SHARES if folder in name.parents]
    assert sum((SHARES[name] for name in names), start=Share()).percent <= IN_A_FOLDER, worst(names)


def test_vague_words_are_few_in_the_files_beside_the_folders() -> None:
    names = [name for name in SHARES if len(name.parts) == 1]
    assert sum((SHARES[name] for name in names), start=Share()).percent <= IN_A_FOLDER, worst(names)


def test_docstrings_name_their_object_first() -> None:
    asking = [
        (str(name), text.partition("\n")[0])
        for name, source in SOURCES.items()
        for text in docstrings(source)
        if text.startswith(ASKING)
    ]
    assert len(asking) <= QUESTIONS, asking


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param('"""It is this."""', Share(2, 3), id="a docstring of a module"),
        pytest.param('def f():\n    """What it reads."""', Share(2, 3), id="a docstring of a function"),
        pytest.param("x = 'that'  # what that is\n# The offset in code points.", Share(2, 8), id="comments, and no strings"),
        pytest.param(
            'class C:\n    """One thing."""\n\n    async def g(self):\n        """Such."""', Share(3, 3), id="inside of classes"
        ),
        pytest.param("this = that\n", Share(), id="names are no prose"),
    ],
)
def test_words_are_counted(text: str, found: Share) -> None:
    assert sum((share(part) for part in (*docstrings(text), *comments(text))), start=Share()) == found
