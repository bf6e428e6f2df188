"""Places of a whole completion that are found in order are those of `Locator`, event for event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.completion.places import Locator, in_order
from adapter.completion.request_rules import Rules
from adapter.completion.whole_completion import read_whole
from adapter.events import CallFinished, Markup, ReasoningDelta, TextDelta
from adapter.option_keywords import ReadKeywords
from adapter.options import make_options
from tests.facts.completions import CALL, CASES, Case
from tests.facts.test_places import MORE
from tests.facts.tools import TOOLS


def both(text: str, finish: str = "stop", **options: Any) -> tuple[Any, Any]:
    chosen = make_options({**options, "new_id": lambda: "id"}, ReadKeywords)
    events = read_whole(text, finish, Rules.of(TOOLS, None, None, chosen, streamed=False), chosen)
    return in_order(text, events), Locator().feed(text, events)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in (*CASES, *MORE)])
def test_a_completion(case: Case) -> None:
    quick, longer = both(case.text, case.finish, **{name: value for name, value in case.options.items() if name != "new_id"})
    assert quick in (None, longer)


TAKEN = [
    pytest.param("words", id="words"),
    pytest.param("", id="nothing"),
    pytest.param(CALL, id="a call"),
    pytest.param(f"words \n{CALL}", id="white space before a call"),
    pytest.param(f"words\n\n{CALL}\n{CALL} \n", id="calls and white space"),
    pytest.param(f"<think>So.</think>{CALL}", id="reasoning"),
]


@pytest.mark.parametrize("text", TAKEN)
def test_the_short_way_is_taken(text: str) -> None:
    quick, longer = both(text)
    assert quick == longer


PIECES = [
    CALL,
    "<tool_call>",
    "</tool_call>",
    "<think>",
    "</think>",
    "\n",
    " ",
    " \n",
    "x",
    "<|im_end|>",
    "```",
    '{"',
    "<tool_response>",
]


@given(st.lists(st.sampled_from(PIECES), max_size=10))
def test_any_text(pieces: list[str]) -> None:
    quick, longer = both("".join(pieces))
    assert quick in (None, longer)


EVENTS = st.builds(
    lambda kind, text: kind(text), st.sampled_from([TextDelta, ReasoningDelta, Markup]), st.text("ab ", max_size=3)
) | st.builds(lambda raw: CallFinished(0, "i", "n", "{}", True, raw), st.text("ab ", max_size=2))


@given(st.text("ab ", max_size=9), st.lists(EVENTS, max_size=6))
def test_any_events(text: str, events: list[Any]) -> None:
    """Events that no parser makes, too: the short way steps aside, or agrees."""
    assert in_order(text, events) in (None, Locator().feed(text, events))
