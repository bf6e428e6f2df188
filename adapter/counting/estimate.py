"""An estimate of the number of tokens of a text, for want of a tokenizer.

The weights were fitted on English prose, on definitions of tools and on code, to the mean of the vocabularies of Qwen 2.5
and SmolLM2, and on Chinese to that of Qwen 2.5. On a page of prose the estimate is within 10 % of these; on a sentence, or with
a vocabulary that was not made for the language, the estimate can be further off. Of other languages, emoji, base64 and long
runs of white space the vocabularies themselves make numbers that differ by half and more: such text is rough.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PIECE = re.compile(
    r"(?P<token><\|[^|<>\s]{1,40}\|>)"
    r"|(?P<cjk>[\u2e80-\u2fff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\uff66-\uff9f]+)"
    r"|(?P<blob> ?[A-Za-z0-9+/]{32,}={0,2})|(?P<latin> ?[A-Za-z]*+[\u00c0-\u024f][A-Za-z\u00c0-\u024f]*)"
    r"|(?P<word> ?[A-Za-z]+)|(?P<digit>[0-9]+)|(?P<lines>[ \t]*(?:\r?\n[ \t]*)+)|(?P<space>[ \t]{2,})"
    r"|(?P<mark> ?[!-/:-@\[-`{-~]+)|(?P<sign>[\u3000-\u303f\uff00-\uff65\u2018-\u201f\u2026\u2014]+)"
    r"|(?P<letters>[^\W\d_]+)|(?P<rest>.)",
    re.DOTALL,
)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_IN_BLOB = re.compile(r"(?P<word> ?[A-Za-z]+)|(?P<digit>[0-9]+)|(?P<mark>[+/=]+| )")
_CLASSES = re.compile(r"[A-Z]+|[a-z]+|[0-9]+|[^A-Za-z0-9]+")
_REPEATED = re.compile(r"(.)\1{3,}", re.DOTALL)
_LONG, _ACRONYM, _MARK = 7, 2, 2  # letters and marks that mostly share a token
_NO_WORD = 24  # letters of a text that is no word any more
_MIXED = 0.3  # changes between capitals, small letters and digits for each character of base64 or hexadecimal digits
_RUN = 32  # characters of white space that vocabularies cut in different ways
_KANA = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\uff66-\uff9f]")
# Words of English sentences, which other languages have not.
_SAID = (
    "the of and to is for that with you are this from not have it on as be by or at if your when which can will has how its an "
    "only use must all each any they their one more than then there these those should would into out about what where who"
)
_ENGLISH = frozenset(_SAID.split())
_LEAST_WORDS, _LEAST_SHARE = 8, 0.12  # of words within a sentence, before its language is judged
_REPEATS = 3
_FOREIGN = 1.4  # tokens of a word in another language written in Latin letters, for one of an English word


class Estimate(NamedTuple):
    """An estimate.

    Attributes:
        tokens: The number of tokens.
        rough: The part of them in text that vocabularies cut in very different ways.
    """

    tokens: float
    rough: float


def _word(text: str) -> float:
    word = text.strip()
    capitals = max(0, len(word) - _ACRONYM) if word.isupper() else 0
    glued = 0.0 if text[0] == " " else -0.36  # shorter in the mean: parts of identifiers, openings of lines
    endless = 0.14 * max(0, len(word) - _NO_WORD)
    return 0.99 + 0.05 * max(0, len(word) - _LONG) + 0.7 * (len(_PARTS.findall(word)) - 1) + 0.26 * capitals + glued + endless


def _mark(text: str) -> float:
    marks = text.strip()
    short = _REPEATED.sub(lambda run: run[1] * 2, marks)
    return 1.14 + 0.62 * max(0, len(short) - _MARK) + 0.03 * (len(marks) - len(short))


def _is_mixed(text: str) -> bool:
    return len(_CLASSES.findall(text)) > _MIXED * len(text)


def _blob(text: str) -> float:
    if _is_mixed(text):
        return 0.76 * len(text)
    return sum(_WEIGHTS[found.lastgroup or "mark"](found.group()) for found in _IN_BLOB.finditer(text))


_WEIGHTS: Mapping[str, Callable[[str], float]] = {
    "token": lambda _: 1.0,
    "cjk": lambda text: 0.6 * len(text),
    "blob": _blob,
    "latin": lambda text: 1.3 + 0.28 * max(0, len(text) - 3),
    "word": _word,
    "digit": lambda text: 0.9 * len(text),
    "lines": lambda text: 1.02 + 0.12 * max(0, text.count("\n") - 2),
    "space": lambda text: 1.2 + 0.015 * len(text),
    "mark": _mark,
    "sign": lambda text: 1.17 * len(text),
    "letters": lambda text: 0.5 * len(text),
    "rest": lambda _: 1.26,
}


def estimated(text: str) -> int:
    """Return the estimated number of tokens of a text."""
    return round(estimate_of(text).tokens)


def estimate_of(text: str) -> Estimate:
    """Return the estimated number of tokens of a text, and the part of them that is rough."""
    in_words = others = rough = 0.0
    words: Counter[str] = Counter()
    for found in _PIECE.finditer(text):
        kind, piece = found.lastgroup or "rest", found.group()
        tokens = _WEIGHTS[kind](piece)
        if kind == "word":
            in_words += tokens
        else:
            others += tokens
        if kind in {"word", "latin"} and piece[0] == " " and piece[1:].islower():
            words[piece[1:]] += 1
        if _is_rough(kind, piece):
            rough += tokens
    if _is_foreign(words):
        in_words *= _FOREIGN
        rough += in_words
    return Estimate(in_words + others, min(rough, in_words + others))


def _is_foreign(words: Counter[str]) -> bool:
    """Return True for the words of sentences in another language than English; what a list repeats counts a few times only."""
    most = max(_REPEATS, max((words[word] for word in words.keys() & _ENGLISH), default=0))
    every = sum(min(count, most) for count in words.values())
    return every >= _LEAST_WORDS and sum(words[word] for word in words.keys() & _ENGLISH) < _LEAST_SHARE * every


def _is_rough(kind: str, piece: str) -> bool:
    """Return True for a piece that vocabularies cut in very different ways."""
    if kind in {"latin", "letters"}:
        return True
    if kind == "rest":
        return not piece.isascii()
    if kind == "blob":
        return _is_mixed(piece) or (len(piece) > 2 * _RUN and "/" not in piece)
    if kind == "cjk":
        return _KANA.search(piece) is not None
    return len(piece) > _RUN and kind in {"lines", "space", "word"}
