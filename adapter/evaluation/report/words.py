"""Figures and texts as a reader sees them: percents, intervals, seconds, calls, and texts without hidden signs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from adapter.evaluation.cases import ANY_TOOL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.evaluation.figures.values import Pair, Rate
    from adapter.evaluation.outcome import Called

NONE = "–"
NO_CALL = "no call"
# Control characters, halves of surrogate pairs, signs that turn the direction of a text, and what XML 1.0 cannot hold.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def percent(value: float | None) -> str:
    """Return a rate as `79.7 %`."""
    return NONE if value is None else f"{100 * value:.1f} %"


def interval(rate: Rate) -> str:
    """Return the interval of a rate as `64.3 to 89.5`, in percent."""
    return NONE if rate.low is None or rate.high is None else f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"


def of(rate: Rate) -> str:
    """Return the numerator and the denominator as `51 of 64`."""
    return f"{rate.right:,} of {rate.of:,}"


def points(value: float | None) -> str:
    """Return a difference of rates in percentage points, with its sign."""
    return NONE if value is None else f"{100 * value:+.1f}".replace("-", "−")


def p_value(value: float) -> str:
    """Return a p-value with three digits behind the point."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def p_said(value: float) -> str:
    """Return a p-value in a sentence: `p = 0.041`, `p < 0.001`."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def seconds(value: float) -> str:
    """Return seconds with two digits, from ten seconds on with one."""
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def number(value: float | None) -> str:
    """Return a whole number with commas."""
    return NONE if value is None else f"{value:,.0f}"


def tool(name: str) -> str:
    """Return the name of a tool: "no call" for an empty one, "any tool" where a case expects no tool of its own."""
    return "any tool" if name == ANY_TOOL else name or NO_CALL


def verdict_of(pair: Pair) -> str:
    """Return the result of a comparison, in words."""
    if not pair.cases:
        return "no case in common"
    if pair.p_holm >= 0.05:
        return "no difference shown"
    return f"{pair.second if (pair.difference or 0) > 0 else pair.first} is better"


def calls(given: Iterable[Called]) -> str:
    """Return calls as lines of a name and JSON arguments; "no call" where there are none."""
    lines = [f"{tool(call.name)}({json.dumps(call.arguments, ensure_ascii=False)})" for call in given]
    return "\n".join(lines) or NO_CALL


def visible(text: str) -> str:
    """Return a text with hidden signs as visible ones: `␛` for an escape, `⟨U+202E⟩` for a sign that turns the text."""
    return _HIDDEN.sub(_sign, text)


def _sign(hidden: re.Match[str]) -> str:
    code = ord(hidden[0])
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"


def shortened(text: str, most: int) -> str:
    """Return the beginning and the end of a text that is longer than `most` characters, with a note of the rest."""
    if len(text) <= most:
        return text
    tail = most // 4
    head = most - tail
    return f"{text[:head]}\n[… {len(text) - most:,} characters left out …]\n{text[-tail:]}"
