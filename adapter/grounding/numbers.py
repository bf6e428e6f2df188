"""Numbers of a text, in digits and in words, compared by their significant digits.

Units, percentages and scales change the power of ten only (`5 km` is 5000 m, `20 %` is 0.2), so powers of ten do not count.
"""

from __future__ import annotations

import itertools
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from adapter.grounding.number_words import HAN_DIGITS, HAN_SCALES, MONTHS, PARTS, SCALES, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST = 60  # digits of a number
_NUMBER = re.compile(rf"\d{{1,{_LONGEST}}}(?:[.,]\d{{1,{_LONGEST}}}){{0,8}}")
_HAN = re.compile(f"[{''.join(HAN_DIGITS)}{''.join(HAN_SCALES)}半]{{1,{_LONGEST}}}")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)?")


def significant(number: object) -> str:
    """Return the significant digits of a number, without sign, point and power of ten; `0` for zero."""
    try:
        digits = Decimal(str(number)).as_tuple().digits
    except InvalidOperation:
        return str(number)
    return "".join(map(str, digits)).strip("0") or "0"


def numbers_of(text: str, words: Sequence[str]) -> Iterator[str]:
    """Yield the significant digits of the numbers in a text.

    Args:
        text: The text, normalised.
        words: The words of the text, in order.
    """
    for found in _NUMBER.finditer(text):
        yield from _readings(found.group())
    for found in _HAN.finditer(text):
        yield "5" if found.group() == "半" else significant(_han(found.group()))
    yield from _spelt(words)
    for word, behind in itertools.pairwise(words):
        hour = _ORDINAL.fullmatch(word)
        if hour is not None and behind in {"pm", "p"} and len(word) < 3:
            yield significant(int(hour[1]) % 12 + 12)
    yield from (significant(int(word[:-2]) % 12 + 12) for word in words if re.fullmatch(r"\d{1,2}pm", word))


def _readings(text: str) -> Iterator[str]:
    """Yield the readings of digits with points and commas: a number, a number with groups, the parts alone."""
    yield significant(text.replace(",", "").replace(".", "", max(0, text.count(".") - 1)))
    if "," in text:
        yield significant(text.replace(".", "").replace(",", ".", 1).replace(",", ""))
    if "." in text or "," in text:
        yield from (significant(part) for part in re.split(r"[.,]", text))


def _han(run: str) -> int:
    """Return the value of a number in Han characters; digits in a row are a number of so many digits."""
    if not any(sign in HAN_SCALES for sign in run):
        return int("0" + "".join(str(HAN_DIGITS[sign]) for sign in run if sign in HAN_DIGITS))
    total = part = digit = 0
    for sign in run:
        if sign in HAN_DIGITS:
            digit = HAN_DIGITS[sign]
        elif (scale := HAN_SCALES.get(sign, 1)) >= 10**4:
            total += (part + digit) * scale
            part = digit = 0
        elif scale > 1:
            part += (digit or 1) * scale
            digit = 0
    return total + part + digit


def _spelt(words: Sequence[str]) -> Iterator[str]:
    """Yield the numbers that words spell, `two hundred and fifty` as a whole, and months by their place in the year."""
    total = part = 0
    begun = False
    for word in [*words, ""]:
        if word in UNITS:
            part, begun = part + UNITS[word], True
            yield significant(UNITS[word])
        elif word in SCALES and (begun or word in {"hundred", "thousand", "million", "billion"}):
            scaled = (part or 1) * SCALES[word]
            total, part = (total, scaled) if scaled < 1000 else (total + scaled, 0)
            begun = True
        elif not (word == "and" and begun):
            if begun:
                yield significant(total + part)
            total = part = 0
            begun = False
        if word in MONTHS:
            yield significant(MONTHS[word])
        if word in PARTS:
            yield PARTS[word]
