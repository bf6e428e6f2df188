"""The walk of the documentation: its recorded answers are judged now as its page says."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from adapter.cli import run
from adapter.evaluation.results import read_results

WALK = Path(__file__).resolve().parents[2] / "examples" / "evaluation" / "walk"
RIGHT = {"before": (5, 5), "after": (9, 8), "renamed": (10, 10)}  # by arm, in the halves `mend` and `report` of 12 cases each


@pytest.mark.parametrize(("cases", "arms"), [("cases.jsonl", ["before", "after"]), ("renamed-cases.jsonl", ["renamed"])])
def test_the_recorded_answers_have_the_verdicts_of_the_page(cases: str, arms: list[str], tmp_path: Path) -> None:
    """Judged again by cases and schemas: an arm with tools of its own by these."""
    out, err = tmp_path / "judged.jsonl", io.StringIO()
    words = ["eval", str(WALK / cases), "--rejudge", str(WALK / "results.jsonl"), "--out", str(out)]
    assert run(words, io.StringIO(), err, io.StringIO()) == 0, err.getvalue()
    found = read_results(out).outcomes
    for arm in arms:
        right = [one.category for one in found if one.arm == arm and one.verdict == "right"]
        assert (right.count("mend"), right.count("report")) == RIGHT[arm]
    assert len(found) == 24 * len(arms)


def test_the_cases_with_other_names_ask_the_same() -> None:
    first, second = ([json.loads(line) for line in (WALK / name).read_text(encoding="utf-8").splitlines()]
                     for name in ("cases.jsonl", "renamed-cases.jsonl"))  # fmt: skip
    assert [(case["id"], case["messages"]) for case in first] == [(case["id"], case["messages"]) for case in second]
    assert [[call["arguments"] for call in case["expect"]] for case in first] == [
        [call["arguments"] for call in case["expect"]] for case in second
    ]
