"""Every regular expression of the package takes linear time, also those built from dialects' tags and from schemas."""

from __future__ import annotations

import pytest

from tests.support import patterns as measuring
from tests.support.patterns import Pattern, finding, recorded

# Expressions that are linear where they are told to begin, and not where they may begin anywhere: file, first characters, and the
# reason why nothing searches with them. Elsewhere the methods are seen, as the package runs or in its source.
BEGIN_WHERE_TOLD = {
    ("syntax/python/strings.py", "(?:'*+"): "parts of a string, matched one behind another",
    ("syntax/python/strings.py", '(?:"*+'): "parts of a string, matched one behind another",
    (
        "syntax/python/call.py",
        "(?P<st",
    ): "an open quote costs the rest of the text; the scanner has found all strings closed before",
}
# Files whose expressions see texts of a bounded length only, and the bound.
BOUNDED = {"syntax/json/named_head.py": "a head of 400 characters and as many up to its JSON"}

FOUND = [
    (r"(a+)+$", "match"),
    (r"\s+$", "search"),
    (r"[\s;,]+\Z", "search"),
    (r"\s*x?\s*y", "match"),
    (r"(?:a|a)*b", "fullmatch"),
    (r"x{0,60}\s+$", "search"),
    (r'"(?:[^"\\]|\\.)*"|x', "search"),
]
LINEAR = [
    (r"\s++$", "match"),
    (r"(?<!\s)\s++$", "search"),
    (r'"(?:[^"\\]++|\\.)*+"', "match"),
    (r"\s{0,64}x", "search"),
    (r"[}\])][\s}\])]{0,63}\Z", "search"),
    (r"(?:a{0,20}b?){0,9}c", "search"),
    (r"a*", "match"),
]


@pytest.mark.parametrize(("pattern", "method"), FOUND)
def test_what_goes_back_is_found(pattern: str, method: str) -> None:
    assert finding(pattern, 0, (method,)) is not None


@pytest.mark.parametrize(("pattern", "method"), LINEAR)
def test_what_is_linear_passes(pattern: str, method: str) -> None:
    assert finding(pattern, 0, (method,)) is None


@pytest.mark.parametrize(("pattern", "method"), LINEAR)
def test_what_is_linear_passes_when_its_growth_is_looked_at(pattern: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy moment may send any pattern to the measure of growth, whatever a first look says."""
    monkeypatch.setattr(measuring, "_QUICK", 0.0)
    monkeypatch.setattr(measuring, "_FIRST_LOOK", 0.0)
    assert finding(pattern, 0, (method,)) is None


def _methods(pattern: Pattern) -> tuple[str, ...]:
    """The methods to try: those used, without the exceptions."""
    file = pattern.place.partition(":")[0]
    told = any(file == named and pattern.text.startswith(begins) for named, begins in BEGIN_WHERE_TOLD)
    return () if file in BOUNDED else tuple(name for name in pattern.methods if name != "search" or not told)


@pytest.mark.proof
def test_every_regular_expression_is_linear() -> None:
    patterns = recorded()
    assert len(patterns) >= 1000
    files = {(pattern.place.partition(":")[0], pattern.text[:6]) for pattern in patterns}
    assert set(BEGIN_WHERE_TOLD) <= files
    assert set(BOUNDED) <= {file for file, _ in files}
    found = {
        f"{pattern.place}: {pattern.text[:200]!r}": worst
        for pattern in patterns
        if (worst := finding(pattern.text, pattern.flags, _methods(pattern))) is not None
    }
    assert not found, "\n".join(f"{name}\n    {worst}" for name, worst in found.items())
