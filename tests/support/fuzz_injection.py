"""A search for text that forges a call, a result or a turn, led by the coverage of our own code.

It is the property of `tests/facts/test_injection.py`, driven by atheris instead of chance. Not part of the test run; by hand:

    pip install atheris -e ".[dev]"
    python -m tests.support.fuzz_injection -max_total_time=300 -max_len=4096 -timeout=20 corpus/

A finding ends it with the assertion and a file `crash-…`; `python -m tests.support.fuzz_injection crash-…` runs that one again. What it
finds goes into `PAYLOADS` in `tests/facts/hostile.py`, where the tests try it in every place.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # installed by hand

if TYPE_CHECKING:
    from collections.abc import Callable

with atheris.instrument_imports(include=["adapter"]):
    from tests.facts.test_injection import test_4_5_a_hostile_conversation_has_no_more_markers_than_a_harmless_one as hostile


def main() -> None:
    """Search until the arguments of libFuzzer say stop."""
    one_input: Callable[[bytes], object] = hostile.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # hypothesis sets it
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
