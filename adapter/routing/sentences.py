"""The sentences of a user's text, for embeddings: each may ask for a tool of its own."""

from __future__ import annotations

import re

# Signs that end a sentence, those that a space follows and those of scripts without spaces; and line ends.
_ENDS = re.compile("(?<=[.!?;\u0964\u061f\u06d4])\\s+|(?<=[\u3002\uff01\uff1f\uff1b])|\\n+")
_SAID = re.compile(r"\w\W*\w")  # fewer than two letters or digits are a number of a list, or a mark
_MOST = 8


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text, in order; none if the text is a single one.

    Of more than 8 sentences, neighbours are joined into 8 parts with about as many sentences each.
    """
    found = [part.strip() for part in _ENDS.split(text) if _SAID.search(part)]
    if len(found) > _MOST:
        found = [" ".join(found[len(found) * at // _MOST : len(found) * (at + 1) // _MOST]) for at in range(_MOST)]
    return found if len(found) > 1 else []


def with_sentences(text: str) -> list[str]:
    """Return the text, and its sentences after it."""
    return [text, *sentences_of(text)]
