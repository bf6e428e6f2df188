"""`adapter eval CASES --rejudge RESULTS`: answers of a run judged by the present expectations, without asking."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console
from adapter.cli.evaluate_files import check_written
from adapter.cli.evaluate_report import check_files, report, thresholds_of
from adapter.cli.option_flags import PROMPT, REQUEST, flag_of

if TYPE_CHECKING:
    import argparse

_OF_A_RUN = (
    *("arm", "arms", "base_url", "model", "api_key_env", "max_tokens", "timeout", "no_download", "distractors", "tools"),
    *("shuffle", "category", "limit", "failed_from", "concurrency", "per_minute", "record", "replay", *PROMPT, *REQUEST),
)
_MOST_SHOWN = 20


def rejudge(args: argparse.Namespace, console: Console) -> int:
    """Judge the answers of a file of results again, and report. Returns 1 if a figure is below its threshold."""
    from adapter.evaluation.case_files import read_cases
    from adapter.evaluation.going_on import rejudged
    from adapter.evaluation.results import NONE, ResultsFile, read_results

    out = _checked(args)
    thresholds = thresholds_of(args.fail_under)
    check_files(args.report)
    cases = {case.id: case for case in read_cases(args.words, simulate=args.simulate)}
    before = [one for one in read_results(Path(args.rejudge)).outcomes if one.case in cases]
    found, left = [], Counter[str]()
    for outcome in before:
        again = rejudged(outcome, cases[outcome.case])
        if isinstance(again, str):
            left[again] += 1
            continue
        found.append(again)
    if not found:
        reasons = "; ".join(left) or "it has no outcome of these cases"
        raise BadInput(f"--rejudge {args.rejudge}: nothing to judge again: {reasons}")
    with ResultsFile(out, NONE, fresh=args.fresh) as file:
        for outcome in found:
            file.add(outcome)
    old = {(one.case, one.arm): one.verdict for one in before}
    changed = [one for one in found if old[one.case, one.arm] != one.verdict]
    for one in changed[:_MOST_SHOWN]:
        console.error(f"adapter eval: {one.case}, {one.arm}: {old[one.case, one.arm]}, now {one.verdict}")
    more = f" ({len(changed) - _MOST_SHOWN} are not shown)" if len(changed) > _MOST_SHOWN else ""
    console.error(f"adapter eval: {len(found)} answers judged again, {len(changed)} verdicts are others now{more}")
    console.error(f"adapter eval: results in {out}")
    for reason, number in left.items():
        console.error(f"adapter eval: {number} left out, as {reason}: the run with --out {out} asks them")
    found.sort(key=lambda one: one.number)
    return report(found, args.report, thresholds, console, cases=", ".join(args.words))


def _checked(args: argparse.Namespace) -> Path:
    """Return the file to write; refuse flags that only a run with a server has."""
    for name in _OF_A_RUN:
        if getattr(args, name) not in (None, False, []):
            raise BadInput(f"{flag_of(name)} shapes what is asked, and --rejudge asks nothing; leave one of the two out")
    if not args.out:
        raise BadInput(f"--rejudge {args.rejudge}: give --out, a file for the results")
    check_written([*args.words, args.rejudge], {"--out": [args.out], "--report": args.report})
    out = Path(args.out)
    if out.exists() and out.stat().st_size and not args.fresh:
        raise BadInput(f"--out {out}: there are results in it; --fresh begins anew, or give another name")
    return out
