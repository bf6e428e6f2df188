"""Nearness in meaning, by embeddings of the caller's: cosines of texts, and their sum with other scores."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import mul
from threading import Lock
from typing import TYPE_CHECKING, Any

from adapter.recent import Recent

if TYPE_CHECKING:
    from adapter.routing.asked import Said

Embed = Callable[[list[str]], Iterable[Iterable[float]]]
"""A function from texts to vectors of the same length, one for each text, in order."""

_MOST_TEXTS = 1 << 20  # bytes of the user's texts whose vectors are kept
_SHARE = 0.65  # weight of the meaning in the sum: measured; a sum of reciprocal ranks was worse than the meaning alone


class Meaning:
    """Vectors of definitions, made at first use and once, and of the user's last texts.

    Args:
        embed: The function that makes vectors.
        known: Vectors by text that are made already.
    """

    def __init__(self, embed: Embed, known: dict[str, array[float]] | None = None) -> None:
        self.embed = embed
        self._vectors = dict(known or {})
        self._lock = Lock()
        self._making: dict[str, Lock] = {}  # by text
        self._asked: Recent[[str], array[float]] = Recent(self._one, _MOST_TEXTS, lambda text: 4_096 + len(text))

    def vectors(self, texts: Sequence[str]) -> list[array[float]]:
        """Return the vectors of definitions; those that are new are made in one call.

        Raises:
            ValueError: `embed` returned anything other than one vector of finite numbers for each text.
        """
        with self._lock:  # threads wait for one call rather than make the same vectors each
            missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
            if missing:
                self._vectors.update(zip(missing, self._made(missing), strict=True))
            return [self._vectors[text] for text in texts]

    def only(self, texts: Iterable[str]) -> Meaning:
        """Return a copy that keeps the vectors of the given texts only."""
        with self._lock:
            return Meaning(self.embed, {text: self._vectors[text] for text in texts if text in self._vectors})

    def cosines(self, texts: Sequence[str], said: Sequence[Said]) -> list[float]:
        """Return the cosine of each text to the weighted mean of what was said; 0 for a vector of zeros."""
        vectors = self.vectors(texts)
        if not said or not vectors:
            return [0.0] * len(vectors)
        asked = [(weight, self._once(text)) for weight, text in said]
        mean = _unit([sum(weight * vector[at] for weight, vector in asked) for at in range(len(asked[0][1]))])
        if len(mean) != len(vectors[0]):
            raise ValueError(
                f"embed returned vectors of {len(vectors[0])} numbers for the tools, and of {len(mean)} for the question"
            )
        return [sum(map(mul, vector, mean)) for vector in vectors]

    def _once(self, text: str) -> array[float]:
        """Return the vector of a text; threads with the same text wait for one call."""
        with self._lock:
            lock = self._making.setdefault(text, Lock())
        try:
            with lock:
                return self._asked(text)
        finally:
            with self._lock:
                self._making.pop(text, None)

    def _one(self, text: str) -> array[float]:
        return self._made([text])[0]

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


def _unit(vector: Sequence[float]) -> array[float]:
    length = math.hypot(*vector)
    if not math.isfinite(length):
        raise ValueError("embed returned a vector with a number that is not finite (NaN or infinite)")
    return array("d", [number / length for number in vector] if length else vector)


def combined(words: Sequence[float], meanings: Sequence[float]) -> list[float]:
    """Return the weighted sum of two lists of scores, each as standard scores (z): .35 of the words, .65 of the meaning."""
    pairs = zip(_standard(words), _standard(meanings), strict=True)
    return [(1 - _SHARE) * word + _SHARE * meaning for word, meaning in pairs]


def _standard(scores: Sequence[float]) -> list[float]:
    """Return distances from the mean, in standard deviations; zeros if all scores are the same."""
    if not scores:
        return []
    mean = math.fsum(scores) / len(scores)
    spread = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / len(scores))
    return [(score - mean) / spread for score in scores] if spread > 1e-12 else [0.0] * len(scores)
