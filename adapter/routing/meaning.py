"""Nearness in meaning, by embeddings of the caller's: cosines of tools and questions, and their sum with other scores.

A question that asks for several things is near to none of the tools that it needs, but each of its sentences is near to one.
So a tool's nearness is the mean of two cosines: that to all that was said, and the greatest to a sentence of the last text.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import mul
from threading import Lock
from typing import TYPE_CHECKING, Any

from adapter.recent import Recent
from adapter.routing.sentences import sentences_of, with_sentences

if TYPE_CHECKING:
    from adapter.routing.asked import Said

Embed = Callable[[list[str]], Iterable[Iterable[float]]]
"""A function from texts to vectors of the same length, one for each text, in order."""

_MOST_TEXTS = 1 << 20  # bytes of the user's texts whose vectors are kept
_VECTOR = 4_096  # bytes of a vector, about
_SHARE = 0.7  # weight of the meaning in the sum: measured; a sum of reciprocal ranks was worse than the meaning alone


class Meaning:
    """Vectors of definitions, made at first use and once, and of the user's last texts.

    Args:
        embed: The function that makes vectors.
        known: Vectors of definitions that are made already, by the texts of each.
    """

    def __init__(self, embed: Embed, known: dict[tuple[str, ...], array[float]] | None = None) -> None:
        self.embed = embed
        self._vectors = dict(known or {})
        self._lock = Lock()
        self._making: dict[str, Lock] = {}  # by text
        self._asked: Recent[[str], list[array[float]]] = Recent(self._parts, _MOST_TEXTS, _cost)

    def vectors(self, definitions: Sequence[tuple[str, ...]]) -> list[array[float]]:
        """Return the vectors of definitions, each the mean of its texts; those that are new are made in one call.

        Raises:
            ValueError: `embed` returned anything other than one vector of finite numbers for each text.
        """
        with self._lock:  # threads wait for one call rather than make the same vectors each
            missing = [texts for texts in dict.fromkeys(definitions) if texts not in self._vectors]
            if missing:
                distinct = list(dict.fromkeys(text for texts in missing for text in texts))
                made = dict(zip(distinct, self._made(distinct), strict=True))
                self._vectors.update((texts, _mean([(1.0, made[text]) for text in texts])) for texts in missing)
            return [self._vectors[texts] for texts in definitions]

    def only(self, definitions: Iterable[tuple[str, ...]]) -> Meaning:
        """Return a copy that keeps the vectors of the given definitions only."""
        with self._lock:
            return Meaning(self.embed, {texts: self._vectors[texts] for texts in definitions if texts in self._vectors})

    def cosines(self, definitions: Sequence[tuple[str, ...]], said: Sequence[Said]) -> list[float]:
        """Return the nearness of each definition to what was said, the last text first; 0 for a vector of zeros.

        It is the cosine to the weighted mean of the texts; if the last text has several sentences, the mean of this cosine and
        the greatest of those to the sentences.
        """
        vectors = self.vectors(definitions)
        if not said or not vectors:
            return [0.0] * len(vectors)
        asked = [(weight, self._once(text)) for weight, text in said]
        whole = _mean([(weight, parts[0]) for weight, parts in asked])
        if len(whole) != len(vectors[0]):
            raise ValueError(
                f"embed returned vectors of {len(vectors[0])} numbers for the tools, and of {len(whole)} for the question"
            )
        cosines = _products(vectors, whole)
        nearest = [max(found) for found in zip(cosines, *(_products(vectors, one) for one in asked[0][1][1:]), strict=True)]
        return [(cosine + most) / 2 for cosine, most in zip(cosines, nearest, strict=True)]

    def _once(self, text: str) -> list[array[float]]:
        """Return the vectors of a text and of its sentences; threads with the same text wait for one call."""
        with self._lock:
            lock = self._making.setdefault(text, Lock())
        try:
            with lock:
                return self._asked(text)
        finally:
            with self._lock:
                self._making.pop(text, None)

    def _parts(self, text: str) -> list[array[float]]:
        return self._made(with_sentences(text))

    def _made(self, texts: list[str]) -> list[array[float]]:
        made: Any = self.embed(texts)
        try:
            vectors = [_unit([float(number) for number in vector]) for vector in made]
        except TypeError as error:
            raise ValueError(
                f"embed must return one vector of numbers for each text, but got {type(made).__name__}: {error}"
            ) from error
        if len(vectors) != len(texts):
            raise ValueError(f"embed returned {len(vectors)} vectors for {len(texts)} texts; return one for each, in order")
        lengths = {len(vector) for vector in vectors}
        if len(lengths) > 1 or 0 in lengths:
            raise ValueError(
                f"embed returned vectors of {sorted(lengths)} numbers; all vectors have the same length, at least 1"
            )
        return vectors


def _cost(text: str) -> int:
    return _VECTOR * (1 + len(sentences_of(text))) + len(text)


def _mean(vectors: Sequence[tuple[float, array[float]]]) -> array[float]:
    """Return the weighted mean, of length 1."""
    return _unit([sum(weight * vector[at] for weight, vector in vectors) for at in range(len(vectors[0][1]))])


def _products(vectors: Iterable[array[float]], other: array[float]) -> list[float]:
    numbers = other.tolist()  # read by every vector: numbers of an array would be made anew each time
    return [sum(map(mul, vector, numbers)) for vector in vectors]


def _unit(vector: Sequence[float]) -> array[float]:
    length = math.hypot(*vector)
    if not math.isfinite(length):
        raise ValueError("embed returned a vector with a number that is not finite (NaN or infinite)")
    return array("d", [number / length for number in vector] if length else vector)


def combined(words: Sequence[float], meanings: Sequence[float]) -> list[float]:
    """Return the weighted sum of two lists of scores, each as standard scores (z): .3 of the words, .7 of the meaning."""
    pairs = zip(_standard(words), _standard(meanings), strict=True)
    return [(1 - _SHARE) * word + _SHARE * meaning for word, meaning in pairs]


def _standard(scores: Sequence[float]) -> list[float]:
    """Return distances from the mean, in standard deviations; zeros if all scores are the same."""
    if not scores:
        return []
    mean = math.fsum(scores) / len(scores)
    spread = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / len(scores))
    return [(score - mean) / spread for score in scores] if spread > 1e-12 else [0.0] * len(scores)
