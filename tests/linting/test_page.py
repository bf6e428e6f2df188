"""The page on the rules follows the code; the hook and the measured rates work."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from adapter.linting.table import RULES
from benchmarks import lint_rates
from tests.cli.test_cli import call
from tests.house.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PAGE = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")


def test_the_table_of_rules() -> None:
    shown = PAGE.partition("<!-- rules -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    assert shown == [
        f"| {rule.id} | {rule.title} | {rule.severity}{'' if rule.default else ', off'} | {rule.source} |"
        for rule in RULES.values()
    ]


def test_the_measured_rules_exist() -> None:
    measured = PAGE.partition("\n## Measured\n")[2]
    assert set(re.findall(r"^\| (\w\d\d) \|", measured, re.MULTILINE)) <= set(RULES)


def test_every_rule_has_a_title_and_a_source() -> None:
    for rule in RULES.values():
        assert re.fullmatch(r"[A-Z]\d\d", rule.id)
        assert rule.title[-1] != "."
        assert rule.source


def test_the_hook_of_pre_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    entry = re.search(r"^  entry: adapter (.+)$", hook, re.MULTILINE)
    files = re.search(r"^  files: (.+)$", hook, re.MULTILINE)
    assert entry is not None
    assert files is not None
    names = ["tools.json", "a/tools.json", "my.tools.json", "my-tools.json", "mytools.json", "tools.yaml"]
    assert [name for name in names if re.search(files[1], name)] == names[:4]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tools.json").write_text("[]", encoding="utf-8")
    status, out, _ = call(*entry[1].split(), "tools.json")
    assert (status, out.splitlines()[-1]) == (0, "nothing found")


def test_the_rates_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = {"type": "dict", "properties": {"n": {"type": "float", "default": "x"}, "m": {"type": "any"}}, "required": ["m"]}
    case = {"function": [{"name": "a.b", "description": "Adds two numbers to one.", "parameters": schema}]}
    (tmp_path / "cases.json").write_text(f"{json.dumps(case)}\n{json.dumps(case)}\n", encoding="utf-8")
    (tmp_path / "mcp.json").write_text(json.dumps({"result": {"tools": [{"name": "f", "inputSchema": {}}]}}), encoding="utf-8")
    lint_rates.main([f"cases={tmp_path / 'cases.json'}", f"mcp={tmp_path / 'mcp.json'}", "--show", "P08"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| rule | cases (1) | mcp (1) |"
    assert {"| N01 | 100.0 | 0.0 |", "| P08 | 100.0 | 0.0 |", "| T01 | 0.0 | 100.0 |"} <= set(lines)
    assert "| tools with an error | 100.0 | 100.0 |" in lines
    assert lines[-1].startswith("cases P08 error: tool 'a.b': the default of 'n' is 'x'")
