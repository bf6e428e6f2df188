"""The forms of a re-ask compared, for each kind of fault: for any OpenAI-compatible server.

    python benchmarks/reasks.py run --model FILE.gguf --first 20     # asks; goes on where it was stopped
    python benchmarks/reasks.py judge                                # the table, also in benchmarks/results/reasks.md

The tuning half of `benchmarks/effect.py` is asked. Where the first answer is at fault, the item is asked again in every form:
with the bad answer quoted or dropped, at the same rung or the next higher one, without the worked examples, without tools. At
temperature 0 the first answer is the same each time. `adapter/exchange/reask_forms.py` holds the choices.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapter.exchange import reask_forms
from adapter.exchange.reask_forms import Form
from benchmarks import effect
from benchmarks.small.arms import Arm
from benchmarks.small.asking import asker
from benchmarks.small.items import items
from benchmarks.small.judging import Share, is_good

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.small.asking import Asker
    from benchmarks.small.items import Item

ANSWERS = Path("benchmarks/results/reasks.jsonl")
TABLE = Path("benchmarks/results/reasks.md")
FORMS = {
    "quoted": reask_forms.QUOTED,
    "quoted, a rung higher": reask_forms.QUOTED_HIGHER,
    "dropped": reask_forms.DROPPED,
    "dropped, a rung higher": reask_forms.DROPPED_HIGHER,
    "dropped, no examples": reask_forms.WITHOUT_EXAMPLES,
    "without tools": reask_forms.WITHOUT_TOOLS,
}
_GUARDED = {"loop_guard": "reask", "grounding": "reask"}
# Ways to ask in which faults are met, and the kinds of items.
ARMS = (
    (Arm("words", _GUARDED), ("result", "remark", "question")),
    (Arm("small", {"profile": "small"}), ("remark", "question", "result")),
    (Arm("required", {}, forced=True), ("question",)),
)


class Chosen(dict[str, Form]):
    """The table of forms, in which every kind of fault has the same form.

    Attributes:
        form: The form.
        kinds: The kinds of the faults that were met.
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form
        self.kinds: list[str] = []

    def __getitem__(self, kind: str) -> Form:
        if kind not in self.kinds:
            self.kinds.append(kind)
        return self.form


@contextmanager
def only(form: Form) -> Iterator[Chosen]:
    """Have every fault asked about in one form."""
    before, chosen = reask_forms.FORMS, Chosen(form)
    reask_forms.FORMS = chosen
    try:
        yield chosen
    finally:
        reask_forms.FORMS = before


def known(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def asked(ask: Asker, item: Item, arm: Arm, model: str) -> Iterator[dict[str, Any]]:
    """Ask an item in every form, as long as the first answer is at fault. Yields a record for each form."""
    for name, form in FORMS.items():
        with only(form) as chosen:
            answers = [asdict(answer) for answer in ask.ask(item)]
        good = is_good(item, answers) != (item.kind == "remark") and answers[0]["finish"] != "tool_call_required"
        kind = chosen.kinds[0] if chosen.kinds else ""
        yield {
            "model": model,
            "arm": arm.name,
            "item": item.name,
            "fault": kind,
            "form": name,
            "good": good,
            "answers": answers,
        }
        if not kind:
            return


def run(args: argparse.Namespace) -> None:
    done = {(record["model"], record["arm"], record["item"]) for record in known(args.answers)}
    with ExitStack() as stack:
        url, key, server, model = effect.endpoint(args, stack)
        file = stack.enter_context(args.answers.open("a", encoding="utf-8"))
        for arm, kinds in ARMS:
            ask = stack.enter_context(asker(url, key, model, server, arm, 6, 300.0))
            due = [item for kind in kinds for item in items() if item.kind == kind and item.half == "tuning"]
            for item in due:
                if item.number < args.first and (model, arm.name, item.name) not in done and args.arm in (None, arm.name):
                    records = [*asked(ask, item, arm, model)]
                    file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
                    file.flush()


def table(records: list[dict[str, Any]]) -> list[str]:
    """Shares of good answers by kind of fault and form, as lines of a table in Markdown."""
    counts: dict[str, dict[str, list[bool]]] = {}
    for record in records:
        if record["fault"]:
            row = f"{record['fault']} ({record['arm']})"
            counts.setdefault(row, {}).setdefault(record["form"], []).append(record["good"])
    lines = [f"| fault (way) | {' | '.join(FORMS)} |", f"|---{'|---' * len(FORMS)}|"]
    for row, forms in sorted(counts.items()):
        cells = [str(Share(sum(forms[name]), len(forms[name]))) if name in forms else "" for name in FORMS]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return lines


def main(given: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=("run", "judge"))
    parser.add_argument("--base-url", help="an OpenAI-compatible server; its key in OPENAI_API_KEY")
    parser.add_argument("--model-name", default="default", help="the model to ask for there")
    parser.add_argument("--server", default="generic", help="what that server is")
    parser.add_argument("--model", type=Path, help="a GGUF file to serve here instead")
    parser.add_argument("--arm", choices=[arm.name for arm, _ in ARMS], help="one way to ask alone")
    parser.add_argument("--first", type=int, default=1000, help="items of each kind, from the first")
    parser.add_argument("--answers", type=Path, default=ANSWERS, help="the file of kept answers")
    parser.add_argument("--table", type=Path, default=TABLE, help="the file of the table")
    args = parser.parse_args(given)
    if args.command == "run":
        run(args)
        return
    lines = table(known(args.answers))
    args.table.write_text(
        "\n".join(["# Forms of a re-ask: good answers of the tuning half", "", *lines]) + "\n", encoding="utf-8"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
