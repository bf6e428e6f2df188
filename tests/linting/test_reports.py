"""The reports: SARIF 2.1.0 as its schema asks, one HTML page without requests to outside, JSON, and the command."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from adapter.lint_tools import lint
from adapter.linting.report import EFFECTS, FileReport, as_html, as_sarif, summary
from adapter.linting.table import RULES
from tests.cli.test_cli import call
from tests.linting.seeds import CLEAN, SEEDS, text, tool

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "</pre><script>alert(1)</script><img src=http://127.0.0.1/x>"
BAD = [tool(about="", city={"description": EVIL}), tool("weather.get", city=text())]


def report(value: Any, name: str = "my tools/tools.json") -> FileReport:
    return FileReport(name, len(value), 12, "an estimate", lint(value, text=json.dumps(value)))


# --- SARIF ---------------------------------------------------------------------------------------------------------------


def sarif(value: Any, name: str = "my tools/tools.json") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(as_sarif([report(value, name)])))
    return made


def test_a_log_of_sarif() -> None:
    """The members that the schema of SARIF 2.1.0 requires, and no others than it knows."""
    log = sarif(BAD)
    assert (log["version"], sorted(log)) == ("2.1.0", ["$schema", "runs", "version"])
    (run,) = log["runs"]
    assert sorted(run) == ["columnKind", "results", "tool"]
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    driver = run["tool"]["driver"]
    assert sorted(driver) == ["name", "rules", "semanticVersion"]
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    for rule in driver["rules"]:
        assert sorted(rule) == ["defaultConfiguration", "fullDescription", "id", "shortDescription"]
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
        assert isinstance(rule["defaultConfiguration"]["enabled"], bool)
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"].endswith(".")


def test_a_result_of_sarif() -> None:
    (run,) = sarif(BAD)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["T01", "P02", "N01"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"note", "warning", "error"}
        assert result["message"]["text"].endswith(".")
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"] == {"uri": "my%20tools/tools.json"}
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
    assert len({result["partialFingerprints"]["adapterLint/v1"] for result in run["results"]}) == 3


def test_standard_input_has_no_file() -> None:
    (run,) = sarif(BAD, "stdin")["runs"]
    assert {"physicalLocation" in result["locations"][0] for result in run["results"]} == {False}


# --- HTML ----------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Tags and addresses of a page, and the tags that were not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in {"src", "href", "action", "data", "poster"}]
        if tag not in {"meta", "br", "img", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_asks_for_nothing_and_escapes_all() -> None:
    made = as_html([report(BAD), report(CLEAN, "clean.json")])
    page = Page()
    page.feed(made)
    assert (page.open, page.addresses) == ([], [])
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert not re.search(r"@import|url\(", made)
    assert EVIL not in made
    assert "&lt;script&gt;alert(1)" in made
    for part in (
        "2 errors, 1 warning",
        "Nothing found.",
        "prefers-color-scheme: dark",
        "width=device-width",
        EFFECTS.partition(":")[0],
    ):
        assert part in made


def test_words_of_the_counts() -> None:
    assert (summary([report(BAD)]), summary([report(CLEAN)]), summary([])) == (
        "2 errors, 1 warning",
        "nothing found",
        "nothing found",
    )


# --- The command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text(json.dumps(BAD, indent=1), encoding="utf-8")
    (tmp_path / "clean.json").write_text(json.dumps(CLEAN), encoding="utf-8")
    (tmp_path / "warned.json").write_text(json.dumps([tool("weather.get", city=text())]), encoding="utf-8")
    return tmp_path


STATUSES = [
    ("bad.json", 1),
    ("clean.json", 0),
    ("warned.json", 0),
    ("warned.json --target openai", 1),
    ("clean.json bad.json", 1),
    ("bad.json --ignore T01,P02", 0),
    ("bad.json --select N", 0),
    ("clean.json --all --budget 1", 0),
    ("bad.json --format json", 1),
    ("bad.json --format sarif", 1),
    ("bad.json --format html", 1),
    ("clean.json --dialect auto", 0),
    ("clean.json --dialect Qwen3-8B", 0),
]


@pytest.mark.parametrize(("line", "status"), [pytest.param(*case, id=case[0]) for case in STATUSES])
def test_the_status_tells_errors(line: str, status: int, files: Path) -> None:
    assert files.exists()
    assert call("lint", *line.split())[0] == status


def test_the_text_shows_place_rule_and_evidence(files: Path) -> None:
    assert files.exists()
    status, out, err = call("lint", "bad.json", "--fix-hints")
    lines = out.splitlines()
    assert (status, err) == (1, "")
    assert lines[0] == "bad.json:6:19: error T01 tool 'get_weather' has no description"
    assert lines[3] == "bad.json:10:14: error P02 tool 'get_weather': parameter 'city' has no type"
    assert EVIL in lines[4]
    assert lines[5].startswith("    hint: write the type")
    assert re.fullmatch(r"bad\.json: 2 tools, \d+ tokens in every request \(.*\)", lines[-3])
    assert lines[-2:] == ["2 errors, 1 warning", EFFECTS]


def test_json_holds_all_of_a_finding(files: Path) -> None:
    assert files.exists()
    made = json.loads(call("lint", "bad.json", "clean.json", "--format", "json")[1])
    assert made["counts"] == {"error": 2, "warning": 1, "info": 0}
    assert [(one["file"], one["tools"], len(one["findings"])) for one in made["files"]] == [
        ("bad.json", 2, 3),
        ("clean.json", 3, 0),
    ]
    assert set(made["files"][0]["findings"][0]) == {
        *("rule", "severity", "message", "tool", "path", "evidence", "hint", "line", "column")
    }


WRONG = {
    "clean.json --select P99": "adapter: --select P99: no rule has this id; write 'P09', ",
    "clean.json --ignore x,": "adapter: --ignore x: no rule has this id; ",
    "clean.json --budget -1": "adapter: --budget -1: give a number of tokens from 0",
    "clean.json --dialect hermess": "adapter: no dialect 'hermess'; did you mean 'hermes'?",
    "clean.json --format xml": "adapter: argument --format: invalid choice: 'xml'",
    "clean.json --fix": "adapter: ",
    "- -": "adapter: -: standard input can be read once",
}


@pytest.mark.parametrize(("line", "said"), [pytest.param(*case, id=case[0]) for case in WRONG.items()])
def test_wrong_arguments_are_told_in_one_line(line: str, said: str, files: Path) -> None:
    assert files.exists()
    status, out, err = call("lint", *line.split())
    if line != "clean.json --fix":  # an abbreviation of --fix-hints
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(said)


def test_every_seed_can_be_printed(files: Path) -> None:
    for place, seed in enumerate(SEEDS.values()):
        (files / f"{place}.json").write_text(json.dumps(seed.value), encoding="utf-8")
    names = [f"{place}.json" for place in range(len(SEEDS))]
    for form in ("text", "json", "sarif", "html"):
        status, out, err = call("lint", *names, "--all", "--format", form)
        assert (status, err) == (1, ""), form
        assert out


@pytest.mark.parametrize("value", [[], {"tools": []}, {"messages": [], "tools": []}], ids=repr)
def test_an_empty_list_is_told(value: Any, tmp_path: Path) -> None:
    name = tmp_path / "tools.json"
    name.write_text(json.dumps(value))
    status, out, err = call("lint", str(name))
    assert (status, out.splitlines()[-1]) == (0, "nothing found")
    assert err == f"adapter lint: {name}: the list of tools is empty, so there is nothing to find\n"
