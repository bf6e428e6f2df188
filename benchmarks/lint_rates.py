"""Firing rates of the rules of `adapter lint` on real tools: `python -m benchmarks.lint_rates SET=FILE …`.

A file holds JSON: a list of tools or the answer of an MCP server; or one object in each line, as the Berkeley Function Calling
Leaderboard has them (`{"function": [...]}` for a case, or a tool in each line). The leaderboard's own type words become
those of JSON Schema. Prints a table in Markdown; with `--show ID` also each finding of that rule.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.lint_tools import lint
from adapter.linting.table import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.finding import LintFinding

_TYPES = {"dict": "object", "float": "number", "tuple": "array", "HashMap": "object", "Dict": "object", "String": "string",
          "Boolean": "boolean", "ArrayList": "array", "Array": "array", "list": "array", "long": "integer", "double": "number",
          "bool": "boolean", "int": "integer", "str": "string", "Integer": "integer", "float32": "number"}  # fmt: skip

_ANY = ["string", "number", "boolean", "object", "array"]


def converted(value: Any) -> Any:
    """Return a definition with the type words of JSON Schema; `any` stands for all types."""
    if isinstance(value, list):
        return [converted(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    found = {key: converted(inner) for key, inner in value.items()}
    if isinstance(found.get("type"), str):
        found["type"] = _ANY if found["type"] == "any" else _TYPES.get(found["type"], found["type"])
    return {key: inner for key, inner in found.items() if key != "response"}


def sets_in(path: Path) -> Iterator[list[Any]]:
    """Yield the sets of tools of a file."""
    text = path.read_text(encoding="utf-8")
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        cases = [line["function"] for line in lines if isinstance(line.get("function"), list)]
        yield from map(converted, cases or [lines])
        return
    yield value if isinstance(value, list) else value.get("tools", value.get("result", {}).get("tools"))


def measured(paths: list[Path]) -> tuple[int, Counter[str], int, list[LintFinding]]:
    """Return the number of different tools, the tools of each rule, the tools with an error, and all different findings."""
    tools: set[str] = set()
    fired: set[tuple[str, str]] = set()
    kept: dict[tuple[str, str, str], LintFinding] = {}
    for path in paths:
        for offered in sets_in(path):
            texts = [json.dumps(tool, sort_keys=True) for tool in offered]
            tools.update(texts)
            for finding in lint(offered, every=True):
                step = finding.path.split("/")[1] if finding.path else ""
                if step.isdigit() and finding.tool:
                    fired.add((finding.rule, texts[int(step)]))
                    kept[finding.rule, texts[int(step)], finding.message] = finding
    severe = {text for rule, text in fired if RULES[rule].severity == "error"}
    return len(tools), Counter(rule for rule, _ in fired), len(severe), list(kept.values())


def main(argv: list[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="+", metavar="SET=FILE")
    parser.add_argument("--show", metavar="ID", action="append", default=[])
    args = parser.parse_args(argv)
    files: dict[str, list[Path]] = {}
    for word in args.sets:
        name, _, path = word.partition("=")
        files.setdefault(name, []).append(Path(path))
    found = {name: measured(paths) for name, paths in files.items()}
    print(f"| rule | {' | '.join(f'{name} ({count})' for name, (count, *_) in found.items())} |")
    print(f"|---|{'---:|' * len(found)}")
    for rule in RULES:
        shares = [100 * fired[rule] / max(count, 1) for count, fired, *_ in found.values()]
        if any(shares):
            print(f"| {rule} | {' | '.join(f'{share:.1f}' for share in shares)} |")
    default = [
        sum(number for rule, number in fired.items() if RULES[rule].default) / max(count, 1)
        for count, fired, *_ in found.values()
    ]
    print(f"| default findings a tool | {' | '.join(f'{mean:.2f}' for mean in default)} |")
    print(
        f"| tools with an error | "
        f"{' | '.join(f'{100 * severe / max(count, 1):.1f}' for count, _, severe, _ in found.values())} |"
    )
    for name, (*_, findings) in found.items():
        for finding in findings:
            if finding.rule in args.show:
                print(f"{name} {finding.rule} {finding.severity}: {finding.message} | {finding.evidence[:300]}")


if __name__ == "__main__":
    main()
