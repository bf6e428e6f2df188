"""The check of calls against the Berkeley leaderboard's own checker: its reference answers, and 10,000 mutated answers."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter.evaluation.case_files import read_cases
from adapter.evaluation.checking import check
from adapter.evaluation.judging import judging_of
from adapter.evaluation.outcome import Answer
from tests.support import leaderboard
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from pathlib import Path

    from adapter.evaluation.cases import Case

# Reference values that its own checker refuses: a parameter that no tool declares, or required and only to be left out.
UNSOUND = {"live_simple_106-63-0", "live_simple_112-68-0", "live_multiple_862-181-3", "live_multiple_964-207-0"}
MUTATED = 10_000
PLAYED = 4_000


@pytest.fixture(scope="module")
def folder() -> Path:
    found = leaderboard.place()
    if found is None:
        pytest.skip(leaderboard.MISSING)
    return found


@pytest.fixture(scope="module")
def cases(folder: Path) -> list[Case]:
    return [case for case in read_cases([str(folder)]) if "relevance" not in case.category]


def right(case: Case, calls: Any) -> bool:
    return check(case, case.turns[0], calls).right


@pytest.mark.proof
def test_all_files_that_can_be_checked_are_read(folder: Path) -> None:
    found = read_cases([str(folder)])
    assert len(found) == 3491
    none, some = (
        {case.turns[0].expect for case in found if case.category.endswith(kind)} for kind in ("irrelevance", "live_relevance")
    )
    assert none == {()}
    assert [[one.name for one in expect] for expect in some] == [["*"]]


@pytest.mark.proof
def test_its_reference_answers_are_right(cases: list[Case]) -> None:
    assert len(cases) == 2351
    assert {case.id for case in cases if not right(case, leaderboard.reference(case))} == UNSOUND


@pytest.mark.proof
def test_mutated_answers_get_the_verdict_of_its_checker(folder: Path, cases: list[Case]) -> None:
    """The only exception: its pairing of parallel calls is greedy, and misses a right pairing that an earlier choice blocks."""
    own, chance = leaderboard.own_checker(folder), random.Random(20261130)
    rights, unexplained = 0, []
    for _ in range(MUTATED):
        case = chance.choice(cases)
        calls = leaderboard.mutated(leaderboard.reference(case), case, chance)
        verdict = right(case, calls)
        rights += verdict
        if verdict != own(case, calls):
            paired = verdict and any(own(case, order) for order in leaderboard.in_every_order(calls))
            unexplained += [] if paired else [(case.id, calls)]
    assert unexplained == []
    assert 2000 < rights < 4000  # both verdicts are tried


# --- Conversations on simulated APIs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conversations(folder: Path) -> list[Case]:
    pytest.importorskip("mpmath") if not (folder / "mpmath").is_dir() else None
    return [case for case in read_cases([str(folder)], simulate=True) if case.simulation is not None]


def judged(case: Case, played: leaderboard.Played) -> str:
    """The verdict on a conversation with these calls, whose turns end with words."""
    judging = judging_of(case)
    for number, turn in enumerate(played, 1):
        for step in [*(step for step in turn if step), []]:
            if judging.question() is not None:
                judging.hear(Answer(number, tuple(step)))
    return judging.found.verdict


@pytest.mark.proof
def test_all_reference_conversations_are_right(conversations: list[Case]) -> None:
    assert len(conversations) == 800
    assert [case.id for case in conversations if judged(case, leaderboard.reference_turns(case)) != "right"] == []


@pytest.mark.proof
def test_mutated_conversations_get_the_verdict_of_its_checker(folder: Path, conversations: list[Case]) -> None:
    own, chance = leaderboard.own_conversation_checker(folder), random.Random(20261130)
    rights, different = 0, []
    for _ in range(PLAYED):
        case = chance.choice(conversations)
        played = leaderboard.mutated_turns(leaderboard.reference_turns(case), case, chance)
        verdict = judged(case, played) == "right"
        rights += verdict
        if verdict != own(case, played):
            different.append((case.id, played))
    assert different == []
    assert 0.2 * PLAYED < rights < 0.7 * PLAYED  # both verdicts are tried


@pytest.mark.proof
def test_a_run_of_reference_conversations(folder: Path, conversations: list[Case], tmp_path: Path) -> None:
    """The command with a server that calls as the reference does: results go to the model, and every conversation is right."""
    chosen = {case.id: case for case in conversations if case.id.rpartition("_")[2] in {"0", "57", "111", "199"}}
    replies = []
    for case in chosen.values():
        for turn in case.turns:
            called = [{"name": one.name, "arguments": one.arguments or {}} for one in turn.expect]
            replies += [completion("\n".join(f"<tool_call>{json.dumps(one)}</tool_call>" for one in called))] if called else []
            replies.append(completion("That is done."))
    with Upstream(*replies) as upstream, OpenAI(base_url=upstream.url, api_key="none") as client:
        found = adapter.evaluate(
            [*chosen.values()], client=client, model="m", simulate=True, concurrency=1, on_invalid="return"
        )
        assert len(upstream.received) == len(replies)
    assert len(chosen) == 16
    assert [(one.case, one.faults) for one in found.failed] == []
