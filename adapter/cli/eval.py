"""adapter eval: Ask cases of a model, check its calls, and compare ways to ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.option_flags import PROMPT, REQUEST, add_options

if TYPE_CHECKING:
    import argparse

RECORD, REPORT = "record", "report"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "words",
        metavar="CASES",
        nargs="+",
        help="files of cases, bfcl:CATEGORY, or a folder with BFCL's data; `record FILE` makes cases of a recording, "
        "`report FILE` shows results",
    )
    parser.add_argument("--out", metavar="FILE", help="the file of results (eval-results.jsonl), or of cases after `record`")
    _add_server(parser)
    _add_choice(parser)
    _add_run(parser)
    add_options(parser.add_argument_group("options of adapter.wrap for all arms"), (*PROMPT, *REQUEST))


def _add_server(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("arms")
    group.add_argument(
        "--arm",
        metavar="K=V,…",
        action="append",
        default=[],
        help="an arm: dialect=hermes,enforce=prompt; A|B makes an arm for each value",
    )
    group.add_argument("--arms", metavar="FILE", help="arms in a TOML file: a table [[arm]] for each")
    group.add_argument("--base-url", metavar="URL", help="the server: http://host:port/v1; else the demo's small model")
    group.add_argument("--model", metavar="NAME", help="the model; needed for a server with several")
    group.add_argument("--api-key-env", metavar="VAR", help="the environment variable that holds the key")
    group.add_argument("--max-tokens", metavar="N", type=int, help="tokens of an answer (4,096; the demo's model: 512)")
    group.add_argument("--timeout", metavar="S", type=float, help="seconds for a request (300)")
    group.add_argument("--no-download", action="store_true", help="never download the demo's model")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("choice of cases and tools")
    group.add_argument("--category", metavar="NAME", action="append", help="only cases of this category")
    group.add_argument("--limit", metavar="N", type=int, help="only the first N cases")
    group.add_argument("--failed-from", metavar="FILE", help="only cases that are not right in this file of results")
    group.add_argument("--distractors", metavar="N", type=int, help="offer N tools of other cases beside")
    group.add_argument("--tools", metavar="FILE", help="offer these tools in place of those of the same names")
    group.add_argument("--shuffle", action="store_true", default=None, help="offer the tools in another order for each case")
    group.add_argument(
        "--simulate",
        action="store_true",
        help="BFCL's conversations: run their simulated APIs, code of the package bfcl-eval",
    )
    group.add_argument("--seed", metavar="N", type=int, default=0, help="seed of order and distractors (0)")


def _add_run(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the run")
    group.add_argument(
        "--concurrency",
        metavar="N",
        type=int,
        help="cases asked at the same time (4; 1 for the demo's model, --record and --replay)",
    )
    group.add_argument("--per-minute", metavar="N", type=float, help="cases begun in a minute, at most")
    group.add_argument(
        "--ray", metavar="ADDRESS", nargs="?", const="", help="ask from a Ray cluster: at an address, or that of RAY_ADDRESS"
    )
    group.add_argument("--fresh", action="store_true", help="begin anew in place of going on from the file of results")
    group.add_argument(
        "--rejudge", metavar="FILE", help="judge the answers in this file of results by these cases; ask nothing"
    )
    group.add_argument("--record", metavar="FILE", help="write each request and its answer to a file, for --replay")
    group.add_argument("--replay", metavar="FILE", help="answer from a file of --record: no server, no key")
    group.add_argument(
        "--report", metavar="FILE", action="append", default=[], help="write a report: .html, .md, .json or JUnit's .xml"
    )
    group.add_argument(
        "--fail-under", metavar="FIGURE=RATE", action="append", default=[], help="status 1 below a rate: selection=0.9"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Run cases, make cases, or report results. Returns 1 if a figure is below its threshold."""
    from adapter.cluster import ClusterFault
    from adapter.evaluation.arms import BadArm
    from adapter.evaluation.asking import Unreachable
    from adapter.evaluation.cases import BadCases

    try:
        for flag in ("rejudge", "simulate"):
            if args.words[0] in {RECORD, REPORT} and getattr(args, flag):
                raise BadInput(f"eval {args.words[0]}: --{flag} is for cases: adapter eval CASES --{flag}")
        if args.words[0] == RECORD:
            return _record(args, console)
        if args.words[0] == REPORT:
            return _report(args, console)
        if args.rejudge:
            from adapter.cli.evaluate_rejudge import rejudge

            return rejudge(args, console)
        from adapter.cli.evaluate_run import run_cases

        return run_cases(args, console)
    except (BadArm, BadCases, ClusterFault, Unreachable) as error:
        console.wording = str  # settings of arms are written KEY=VALUE, and not as flags
        raise BadInput(" ".join(str(error).split())) from error


def _record(args: argparse.Namespace, console: Console) -> int:
    """Make cases of a recording."""
    from adapter.cli.evaluate_files import check_written
    from adapter.evaluation.recorded_cases import recorded

    if len(args.words) < 2:  # the word `record` and a file
        raise BadInput("eval record: give the file that `adapter serve --record FILE` wrote")
    check_written(args.words[1:], {"--out": [args.out]})
    made = recorded([Path(word) for word in args.words[1:]])
    text = "".join(f"{_line(case)}\n" for case in made.cases)
    if not made.cases:
        raise BadInput(f"{', '.join(args.words[1:])}: no request with tools and an answer; {made.told}")
    if args.out:
        Path(args.out).write_text(text, encoding="utf-8")
    else:
        console.text(text)
    where = f" in {args.out}" if args.out else ""
    console.error(f"adapter eval: {len(made.cases)} cases{where}; {made.told}")
    console.error("adapter eval: the model's own calls are what the cases expect: read them, and mend what is not right")
    return 0


def _line(case: dict[str, Any]) -> str:
    """Return a case as a line; half a pair of surrogates, which a model may write, is no UTF-8 and stays an escape."""
    text = json.dumps(case, ensure_ascii=False)
    return text if text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text) else json.dumps(case)


def _report(args: argparse.Namespace, console: Console) -> int:
    """Report a file of results."""
    from adapter.cli.evaluate_files import check_written
    from adapter.cli.evaluate_report import check_files, report, thresholds_of
    from adapter.evaluation.cases import among
    from adapter.evaluation.results import read_results

    if len(args.words) != 2:  # the word `report` and a file
        raise BadInput("eval report: give one file of results, as `adapter eval` wrote it")
    thresholds = thresholds_of(args.fail_under)
    check_files(args.report)
    check_written([args.words[1]], {"--report": args.report})
    for flag in ("limit", "failed_from"):
        if getattr(args, flag) is not None:
            raise BadInput(
                f"eval report: --{flag.replace('_', '-')} chooses cases to ask; a report has all of its file, or --category"
            )
    results = read_results(Path(args.words[1]))
    if results.torn:
        console.error(f"adapter eval: {args.words[1]} ends in a part of a line, which is left out")
    if not results.outcomes:
        raise BadInput(f"{args.words[1]}: no results")
    chosen = [one for one in results.outcomes if not args.category or one.category in args.category]
    known = {one.category for one in results.outcomes if one.category}
    for name in args.category or ():
        if name not in known:
            raise BadInput(f"--category {name}: no result is of this category{among(name, sorted(known))}")
    return report(sorted(chosen, key=lambda one: one.number), args.report, thresholds, console)
