"""Ranges of integers as GBNF, digit by digit."""

from __future__ import annotations

# Digits of an unbounded integer at most, lest a model write digits for ever.
_MOST_DIGITS = 16


def integer_range(least: int | None, most: int | None) -> str:
    """An expression for the integers from `least` to `most`, both included; None is no bound.

    A range without integers allows its lower bound, which validation refuses: a grammar must allow at least a text.
    """
    if least is not None and most is not None and most < least:
        return f'"{least}"'
    parts = []
    if least is None or least < 0:
        nearest = 1 if most is None else max(1, -most)
        parts.append(f'"-" ({_between(nearest, None if least is None else -least)})')
    if most is None or most >= 0:
        parts.append(_between(max(0, least or 0), most))
    return " | ".join(parts)


def _between(low: int, high: int | None) -> str:
    """Numbers without a sign, 0 ≤ low ≤ high."""
    parts: list[str] = []
    while high is None or low <= high:
        length = len(str(low))
        if high is None and low == 10 ** (length - 1):
            return " | ".join([*parts, f"[1-9] {_digits(length - 1, max(length, _MOST_DIGITS) - 1)}".rstrip()])
        end = 10**length - 1 if high is None else min(10**length - 1, high)
        parts.append(_same_length(str(low), str(end)))
        low = end + 1
    return " | ".join(parts)


def _same_length(low: str, high: str) -> str:
    """Numbers with the same count of digits as both bounds."""
    if not low:
        return ""
    rest = len(low) - 1
    if low[1:] == "0" * rest and high[1:] == "9" * rest:
        return f"{_digit(low[0], high[0])} {_digits(rest, rest)}".rstrip()
    if low[0] == high[0]:
        return f'"{low[0]}" ({_same_length(low[1:], high[1:])})'
    parts = [f'"{low[0]}" ({_same_length(low[1:], "9" * rest)})']
    if int(high[0]) - int(low[0]) > 1:
        parts.append(f"{_digit(str(int(low[0]) + 1), str(int(high[0]) - 1))} {_digits(rest, rest)}".rstrip())
    parts.append(f'"{high[0]}" ({_same_length("0" * rest, high[1:])})')
    return " | ".join(parts)


def _digit(low: str, high: str) -> str:
    return f'"{low}"' if low == high else f"[{low}-{high}]"


def _digits(least: int, most: int) -> str:
    if most == 0:
        return ""
    return f"[0-9]{{{least}}}" if least == most else f"[0-9]{{{least},{most}}}"
