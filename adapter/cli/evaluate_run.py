"""The run of `adapter eval`: cases and arms chosen, servers reached, outcomes written as they come."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.cli.batch import check_ray
from adapter.cli.console import BadInput, Console
from adapter.cli.evaluate_files import check_written
from adapter.cli.evaluate_report import check_files, report, thresholds_of
from adapter.cli.option_flags import PROMPT, REQUEST, given_values
from adapter.evaluation.arms import Arm, arms_of_file, arms_of_text, check_definitions, check_names
from adapter.evaluation.asking import Asker
from adapter.evaluation.case_files import read_cases
from adapter.evaluation.cases import among, checksum
from adapter.evaluation.going_on import done_before
from adapter.evaluation.offering import lacking, pool_of
from adapter.evaluation.results import NONE, Results, ResultsFile, read_results
from adapter.evaluation.running import Job, Pace, outcomes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from adapter.cli.evaluate_servers import Servers
    from adapter.evaluation.cases import Case
    from adapter.evaluation.outcome import CaseOutcome

RESULTS = "eval-results.jsonl"
_INTERRUPTED = 130
_AT_A_TIME = 4
_MOST_ERRORS = 10  # told while the run goes on; all are in the results
_Pair = tuple[Arm, "Case"]


def run_cases(args: argparse.Namespace, console: Console) -> int:
    """Ask all cases of all arms, and report. Returns 1 if a figure is below its threshold, 130 after an interrupt."""
    from adapter.cli.evaluate_servers import servers

    _check(args)
    thresholds = thresholds_of(args.fail_under)
    check_files(args.report)
    all_cases = read_cases(args.words, simulate=args.simulate)
    arms, out = _arms(args, console), Path(args.out or RESULTS)
    check_definitions(arms, all_cases)
    if args.ray is not None and not all(arm.base_url for arm in arms):
        raise BadInput("--ray: give --base-url; the demo's model answers on this machine only")
    pairs = _chosen(args, all_cases, arms)
    before = read_results(out) if out.exists() and not args.fresh else NONE
    with ExitStack() as stack:
        reached = stack.enter_context(servers(args, arms, console, going_on=bool(before.outcomes)))
        pairs = [(reached.arms[arm.name], case) for arm, case in pairs]
        pool = pool_of(all_cases)
        done = done_before(before, pairs, (args.seed, checksum(pool)), out)
        left = [(arm, case) for arm, case in pairs if (case.id, arm.name) not in done]
        _tell(console, pairs, left, out, before)
        _tell_of_distractors(console, pairs, all_cases)
        askers = {
            name: Asker(arm, reached.clients[name], pool, args.seed, reached.heard, patient=bool(args.replay))
            for name, arm in reached.arms.items()
        }
        numbers = {(case.id, arm.name): number for number, (arm, case) in enumerate(pairs)}
        jobs = [Job(askers[arm.name], case, numbers[case.id, arm.name]) for arm, case in left]
        file = stack.enter_context(ResultsFile(out, before, fresh=args.fresh))
        try:
            done |= _ask(args, jobs, reached, file, console)
        except KeyboardInterrupt:
            console.error(f"adapter eval: interrupted; what is done stays in {out}, and the same command goes on from there")
            return _INTERRUPTED
    console.error(f"adapter eval: results in {out}")
    models = ", ".join(dict.fromkeys(arm.model for arm, _ in pairs))
    found = [done[case.id, arm.name] for arm, case in pairs]
    status = report(found, args.report, thresholds, console, model=models, cases=", ".join(args.words))
    return _failed(found, args.replay, console) or status


def _check(args: argparse.Namespace) -> None:
    """Check numbers, and flags that go together."""
    for flag, least in (("limit", 1), ("concurrency", 1), ("per_minute", 0.01), ("distractors", 0), ("max_tokens", 1)):
        value = getattr(args, flag)
        if value is not None and not value >= least:
            raise BadInput(f"--{flag.replace('_', '-')} {value:g}: give a number from {least:g} up")
    if args.record and args.replay:
        raise BadInput("--record and --replay: give one; a replay has nothing new to record")
    if args.ray is not None:
        check_ray()
        if args.record or args.replay or args.simulate:
            raise BadInput("--ray asks servers from many machines: leave --record, --replay and --simulate out")
    written = {"--out": [args.out or RESULTS], "--record": [args.record], "--report": args.report}
    out = Path(args.out or RESULTS)
    if args.failed_from and os.path.realpath(args.failed_from) == os.path.realpath(out):
        raise BadInput(f"--failed-from {args.failed_from}: the new results need a file of their own; give another --out")
    check_written([*args.words, args.arms, args.replay, args.failed_from, args.tools], written)


def _arms(args: argparse.Namespace, console: Console) -> list[Arm]:
    """Return the arms that flags and files give; without any a single arm."""
    flags = ("base_url", "model", "api_key_env", "max_tokens", "timeout", "distractors", "shuffle", "tools")
    defaults = {name: value for name in flags if (value := getattr(args, name)) is not None}
    defaults |= given_values(args, (*PROMPT, *REQUEST), console)
    arms = [arm for text in args.arm for arm in arms_of_text(text, defaults)]
    if args.arms:
        arms += arms_of_file(args.arms, console.read(args.arms), defaults)
    arms = arms or arms_of_text("", defaults)
    check_names(arms)
    return arms


def _chosen(args: argparse.Namespace, cases: Sequence[Case], arms: Sequence[Arm]) -> list[_Pair]:
    """Return the cases to ask of each arm, case by case: a run that is broken has asked all arms the same cases."""
    categories = {case.category for case in cases if case.category}
    for name in args.category or ():
        if name not in categories:
            raise BadInput(f"--category {name}: no case is of this category{among(name, sorted(categories))}")
    found = [case for case in cases if not args.category or case.category in args.category]
    pairs = [(arm, case) for case in found[: args.limit] for arm in arms]
    if not args.failed_from:
        return pairs
    known = read_results(Path(args.failed_from)).outcomes
    failed = {(one.case, one.arm) for one in known if one.verdict != "right"}
    names, ids = {one.arm for one in known}, {case for case, _ in failed}
    pairs = [(arm, case) for arm, case in pairs if ((case.id, arm.name) in failed if arm.name in names else case.id in ids)]
    if not pairs:
        raise BadInput(f"--failed-from {args.failed_from}: no case to ask: none of these is wrong there")
    return pairs


def _tell(console: Console, pairs: Sequence[_Pair], left: Sequence[_Pair], out: Path, before: Results) -> None:
    """Tell the size of the run."""
    cases, arms = len({case.id for _, case in pairs}), len({arm.name for arm, _ in pairs})
    done = f"; {len(pairs) - len(left)} of {len(pairs)} are done in {out}" if len(left) < len(pairs) else ""
    console.error(f"adapter eval: {cases} {'case' if cases == 1 else 'cases'}, {arms} {'arm' if arms == 1 else 'arms'}{done}")
    if before.torn:
        console.error(f"adapter eval: {out} ended in a part of a line, which is cut off: its case is asked again")
    asked = {(case.id, arm.name) for arm, case in pairs}
    others = sum((one.case, one.arm) not in asked for one in before.outcomes)
    if others:
        console.error(f"adapter eval: {out} has {others} other outcomes too, which `adapter eval report` will count")


def _tell_of_distractors(console: Console, pairs: Sequence[_Pair], cases: Sequence[Case]) -> None:
    """Tell of cases that get fewer distractors than their arm wants."""
    pool = pool_of(cases)
    for name, arm in {arm.name: arm for arm, _ in pairs}.items():
        few = lacking([case for one, case in pairs if one.name == name], arm, pool)
        if few:
            wanted = f"adapter eval: arm {name!r}: distractors={arm.distractors}"
            console.error(f"{wanted}, but for {few} cases there are fewer tools of other cases; they get all of these")


def _failed(outcomes: Sequence[CaseOutcome], replay: str | None, console: Console) -> int:
    """Tell of errors of the server. Returns 1 if answers were missing in a recording."""
    failed = sum(outcome.verdict == "server_error" for outcome in outcomes)
    if not failed:
        return 0
    count = f"adapter eval: {failed} of {len(outcomes)} answers"
    if replay:
        console.error(f"{count} are not in {replay} as they are asked now: record again, with --record")
        return 1
    console.error(f"{count} are errors of the server; the same command asks these again")
    return 0


def _ask(
    args: argparse.Namespace, jobs: Sequence[Job], reached: Servers, file: ResultsFile, console: Console
) -> dict[tuple[str, str], CaseOutcome]:
    """Ask the cases that are left, and write each outcome."""
    from adapter.cli.progress import shown

    found: dict[tuple[str, str], CaseOutcome] = {}
    counts: Counter[str] = Counter()
    # A recording and its replay ask in the same order: what an answer teaches of the server shapes the requests that follow.
    most = args.concurrency or (1 if reached.embedded or args.record or args.replay else _AT_A_TIME)

    def keep(outcome: CaseOutcome) -> None:
        file.add(outcome)
        if reached.unwritten:
            raise BadInput(f"--record {args.record}: {reached.unwritten[0].strerror}; the recording is not whole: make room")

    with shown(len(jobs), console, "adapter eval") as progress:
        for outcome in _engine(args, jobs, most, keep):
            found[outcome.case, outcome.arm] = outcome
            counts[outcome.verdict] += 1
            progress.advance(1, ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in sorted(counts.items())))
            if outcome.verdict == "server_error" and counts["server_error"] <= _MOST_ERRORS:
                progress.tell(f"adapter eval: {outcome.case}, {outcome.arm}: the server: {outcome.error}")
    return found


def _engine(
    args: argparse.Namespace, jobs: Sequence[Job], most: int, keep: Callable[[CaseOutcome], object]
) -> Iterator[CaseOutcome]:
    """Ask the cases from here, or from a cluster."""
    pace = Pace(args.per_minute)
    if args.ray is None or not jobs:
        return outcomes(jobs, most, pace, keep)
    from adapter.evaluation.on_ray import outcomes_on_ray

    return outcomes_on_ray(jobs, jobs[0].asker.pool, args.seed, most, pace, keep, args.ray or None)
