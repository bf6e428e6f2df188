"""BM25 with weighted fields over tool definitions (BM25F), and parts of words for words that no definition has.

The frequency of a term is the weighted sum over the fields, each normalised by the field's length; the sum is saturated once,
as in "Simple BM25 Extension to Multiple Weighted Fields" (Robertson, Zaragoza, Taylor 2004). A term of a question that occurs
nowhere is compared with the terms of the definitions by their trigrams: `astrological` finds `strology`. Impacts are computed
beforehand, so a question costs one addition for each definition that has one of its terms.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from adapter.routing.words import Stems, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adapter.routing.definition import Definition


class Field(NamedTuple):
    """The part of a field in a score.

    Attributes:
        weight: Factor of the frequency of a term.
        length: 0 to 1, share of the normalisation by the field's length.
    """

    weight: float
    length: float


# Tuned on half of the questions of two collections, by benchmarks/router.py; see docs/router.md for both halves.
FIELDS: tuple[Field, ...] = (Field(5.0, 0.5), Field(1.0, 0.25), Field(1.5, 0.25), Field(0.5, 0.75), Field(1.5, 0.0))
K1 = 2.5  # saturation: a term counts at most 1 + 1/K1 times as much as its first occurrence
ALIKE = 0.6  # weight of a term that is only alike
_LEAST_ALIKE = 0.4  # Dice's coefficient of the trigrams of two terms that are alike
_PART = 3


class Index:
    """An index of definitions. Never changes, so threads share an index.

    Args:
        definitions: The definitions.
    """

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.size = len(definitions)
        stems = Stems()
        counted = [[Counter(terms_of(text, stems)) for text in definition] for definition in definitions]
        frequencies = _frequencies(counted)
        self._impacts = {term: self._impact(found) for term, found in frequencies.items()}
        self._parts: dict[str, list[str]] = {}
        for term in self._impacts:
            for part in _parts_of(term):
                self._parts.setdefault(part, []).append(term)

    def _impact(self, found: Mapping[int, float]) -> list[tuple[int, float]]:
        """Return the positions of the definitions with a term, and what the term adds to the score of each."""
        rare = math.log(1 + (self.size - len(found) + 0.5) / (len(found) + 0.5))
        return [(position, rare * weight * (1 + K1) / (K1 + weight)) for position, weight in found.items()]

    def impacts(self, term: str) -> Sequence[tuple[int, float]]:
        """Return positions and impacts of a term; of the terms that are alike, for one that no definition has."""
        found = self._impacts.get(term)
        return self._alike(term) if found is None else found

    def _alike(self, term: str) -> Sequence[tuple[int, float]]:
        parts = list(_parts_of(term))
        shared = Counter(other for part in parts for other in self._parts.get(part, ()))
        best: dict[int, float] = {}
        for other, count in shared.items():
            alike = 2 * count / (len(parts) + len(other) - _PART + 1)
            if alike >= _LEAST_ALIKE:
                for position, impact in self._impacts[other]:
                    best[position] = max(best.get(position, 0.0), ALIKE * alike * impact)
        return list(best.items())


def _frequencies(counted: Sequence[Sequence[Counter[str]]]) -> dict[str, dict[int, float]]:
    """Return the weighted frequency of each term in each definition that has the term."""
    found: dict[str, dict[int, float]] = {}
    for place, field in enumerate(FIELDS):
        lengths = [fields[place].total() for fields in counted]
        mean = sum(lengths) / max(1, len(lengths)) or 1.0
        for position, fields in enumerate(counted):
            weight = field.weight / (1 - field.length + field.length * lengths[position] / mean)
            for term, count in fields[place].items():
                places = found.setdefault(term, {})
                places[position] = places.get(position, 0.0) + weight * count
    return found


def _parts_of(term: str) -> Iterator[str]:
    return (term[at : at + _PART] for at in range(len(term) - _PART + 1))
