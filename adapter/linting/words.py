"""Words of names and descriptions: split, counted, compared, and values quoted in prose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text, which are separated by spaces."""
    return frozenset(words.split())


_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Scripts without spaces between words: about two characters are a word.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SENTENCE = re.compile(r"[.!?](?:\s|$)|[。！？]|\n\s*\n|\n\s*[-*•]")
_TO_THE_LAST_WORD = re.compile(r".*\w", re.DOTALL)
_EMPTY = word_set(
    "a an and are as at be by can for from given has have if in into is it its of on or that the their this to tool "
    "function used use uses using via when which will with you your"
)
QUOTED = re.compile(r"""(?<![\w'"`])(?P<quote>['"`‘“])(?P<value>[^'"`‘’“”\n]{1,40})['"`’”](?!\w)""")
_LIST_BEFORE = re.compile(
    r"\b(?:(?:one|any|either) of|either|options(?: (?:are|include))?|choices(?: are)?|(?:allowed|possible|valid|"
    r"supported|accepted|"
    r"available)(?: \w+)? (?:are|include)|(?:allowed|possible|valid|supported|accepted|available) (?:values?|options?|"
    r"types?|units?)|"
    r"must be|can be|should be|may be|could be|values?(?: (?:are|include))?)\b[:\s(\[]{0,9}(?:(?:one of|either|"
    r"the following)[:\s(\[]{0,9}){0,3}$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:[\s,/|;]|or\b|and\b|\([^()]{0,60}\))*", re.IGNORECASE)
_FARTHEST = 90  # characters between two values of a list


def parts_of(name: str) -> list[str]:
    """Split a name at points, dashes, underscores and changes of case. Returns the parts in lower case."""
    return [part.lower() for part in _PARTS.findall(name)]


def count_words(text: str) -> int:
    """Count the words of a text; in scripts without spaces two characters count as one word."""
    plain = _UNSPACED.sub(" ", text)
    return len(_WORD.findall(plain)) + (len(_UNSPACED.findall(text)) + 1) // 2


def count_sentences(text: str) -> int:
    """Count the sentences of a text."""
    ends = len(_SENTENCE.findall(text.strip()))
    said = _TO_THE_LAST_WORD.match(text)
    behind = text[said.end() if said else 0 :]
    return ends if any(mark in behind for mark in ".!?。！？") else ends + bool(text.strip())


def content_words(text: str) -> frozenset[str]:
    """Return the words of a text that say something, without endings of plurals and verbs."""
    found = (stem(part) for word in _WORD.findall(text) for part in parts_of(word))
    return frozenset(word for word in found if word not in _EMPTY)


def stem(word: str) -> str:
    """Return a word without common endings, so that `retrieves` equals `retrieve`."""
    for ending in ("ies", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def quoted_list(text: str) -> tuple[list[str], int, int] | None:
    """Find a list of at least two quoted values that a text says are all that is allowed.

    Returns:
        The values, and first and last position of the list in the text; None without one.
    """
    for run in _runs(text):
        begin, end = run[0].start(), run[-1].end()
        if len(run) > 1 and _LIST_BEFORE.search(text[max(0, begin - 60) : begin]) and not _open_end(text, end):
            return [found["value"].strip() for found in run], begin, end
    return None


def _open_end(text: str, end: int) -> bool:
    """Tell if a list goes on: `…`, `etc.`, `and so on`."""
    return (
        re.match(
            r"[\s,;)]*(?:etc|\.\.\.|…|and (?:so on|others?|more)|or (?:any|other|an?\b|null|None|more))", text[end : end + 24]
        )
        is not None
    )


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Yield quoted values that follow one another with nothing but commas and the like between them."""
    run: list[re.Match[str]] = []
    for found in QUOTED.finditer(text):
        between = text[run[-1].end() : found.start()] if run else ""
        if run and len(between) < _FARTHEST and _BETWEEN.fullmatch(between):
            run.append(found)
            continue
        if run:
            yield run
        run = [found]
    if run:
        yield run
