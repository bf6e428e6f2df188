"""Names of models: the globs that match a name, and slips in a name given for a dialect."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_SLIPPED = 2  # characters too many in a slip


def for_model(model: str, globs: Iterable[tuple[str, Iterable[str]]]) -> tuple[str, str] | None:
    """Find the name whose globs match a model. Returns the name and the glob; None without a match.

    Of several matches the earliest in the model's name wins (a model tuned from another carries the other's name behind its
    own), then the longest glob.

    Args:
        model: The model's name, in upper or lower case.
        globs: Names with their globs.
    """
    wanted = model.lower()
    found = [(name, glob) for name, several in globs for glob in several if fnmatch.fnmatchcase(wanted, glob.lower())]
    return max(found, key=lambda match: (-_begins(match[1].lower(), wanted), len(match[1].replace("*", ""))), default=None)


def _begins(glob: str, model: str) -> int:
    """The offset in a model's name at which the words of a glob begin."""
    words = next((words for words in glob.split("*") if words), "")
    return model.find(words) if words else len(model)


def meant_by(name: str, glob: str, names: Iterable[str]) -> str:
    """Return the name that is meant by a slip: a letter too many beside a letter of a known word, or a digit beside a digit.

    Args:
        name: A name given for a dialect: `hermess`, `qwen33`.
        glob: The glob that matches the name.
        names: The names of the dialects.

    Returns:
        The likeliest of the glob's word and the names; empty for the name of a model.
    """
    import difflib

    word, given = glob.strip("*").lower(), name.lower()
    at = given.find(word)
    if not word or "*" in word or at < 0 or not 0 < len(given) - len(word) <= _MOST_SLIPPED:
        return ""
    seams = [given[place - 1 : place + 1] for place in (at, at + len(word)) if 0 < place < len(given)]
    if not any(seam.isalpha() or seam.isdigit() for seam in seams):
        return ""
    return next(iter(difflib.get_close_matches(given, [word, *names], n=1)), word)
