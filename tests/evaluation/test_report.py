"""Reports: their shape, their limits, and that no text of a case becomes markup in any of them."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree, html

from adapter.cli.console import Console
from adapter.evaluation.figures import NAMES, summarise
from adapter.evaluation.figures.values import Cell
from adapter.evaluation.report import as_json, junit, markdown, page, table
from adapter.evaluation.report.failed import failed_cases
from adapter.evaluation.report.matrix import matrix
from adapter.evaluation.report.words import shortened, visible
from tests.support.sample_outcomes import ARMS, HOSTILE, sample_outcomes, with_hostile_texts

if TYPE_CHECKING:
    from adapter.evaluation.outcome import CaseOutcome

USUAL = sample_outcomes()
BAD = with_hostile_texts(USUAL)
HARMLESS = [replace(one, arm=f"{one.arm} x", category=f"{one.category} {len(one.category)}") for one in USUAL]
NOT_RIGHT = sum(outcome.verdict != "right" for outcome in USUAL)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(outcomes: list[CaseOutcome], out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    table(summarise(outcomes), Console(out, io.StringIO(), io.StringIO()))
    return out.getvalue()


def parsed(text: str) -> Any:
    """The root of a page."""
    return html.fromstring(text.encode())


def xml(text: str) -> Any:
    """The root of an XML document."""
    return etree.fromstring(text.encode())


def elements(text: str) -> list[str]:
    """The elements of a page in order, each with the names of its attributes."""
    return [f"{one.tag} {' '.join(sorted(one.attrib))}" for one in parsed(text).iter() if isinstance(one.tag, str)]


# --- The page ------------------------------------------------------------------------------------------------------------


def test_the_page_asks_nothing_and_runs_nothing() -> None:
    text = page(summarise(BAD), BAD, {"model": HOSTILE[0], HOSTILE[1]: "x"})
    root = parsed(text)
    [policy] = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]+='; img-src data:; base-uri 'none'; form-action 'none'", policy
    )
    assert {one.tag for one in root.iter() if isinstance(one.tag, str)} & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
    } == set()
    assert len(root.xpath("//style")) == len(root.xpath("//meta[@http-equiv]")) == len(root.xpath("//link")) == 1
    attributes = {(name, value) for one in root.iter() if isinstance(one.tag, str) for name, value in one.attrib.items()}
    assert {name for name, _ in attributes if name.startswith("on") or name in {"style", "src", "action"}} == set()
    assert all(value.startswith("#") or value == "data:," for name, value in attributes if name == "href")
    ids = {value for name, value in attributes if name == "id"}
    assert {value[1:] for name, value in attributes if name == "href" and value.startswith("#")} <= ids


def test_hostile_text_is_text() -> None:
    """The page of hostile outcomes has the elements of the page of harmless ones, and shows every text as it was written."""
    hostile, harmless = (page(summarise(found), found) for found in (BAD, HARMLESS))
    kinds = [
        {name for name in elements(text) if not name.startswith(("rect", "path", "td", "th"))} for text in (hostile, harmless)
    ]
    assert kinds[0] == kinds[1]
    shown = parsed(hostile).text_content()
    for text in HOSTILE:
        assert visible(text)[:200] in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", hostile)


def test_every_case_that_is_not_right_opens() -> None:
    root = parsed(page(summarise(USUAL), USUAL))
    cases = root.xpath("//details[@class='case']")
    assert len(cases) == NOT_RIGHT
    by_name = {(one.case, one.arm): one for one in USUAL if one.verdict != "right"}
    groups = root.xpath("//section[@id='failed']/details")
    assert len(groups) == len(ARMS)
    for group, arm in zip(groups, ARMS, strict=True):
        for case in group.xpath(".//details[@class='case']"):
            outcome = by_name.pop((case.xpath("string(summary/code)"), arm))
            texts = [pre.text_content() for pre in case.xpath(".//pre")]
            assert outcome.prompt in texts
            assert all(text in texts for text in outcome.completions if text)
            assert outcome.verdict.replace("_", " ") == case.xpath("string(summary/span[1])")
    assert by_name == {}


def test_the_figures_of_the_page_are_those_of_the_summary() -> None:
    text = unescape(page(summarise(USUAL), USUAL))
    for arm in summarise(USUAL).arms:
        for name in NAMES:
            rate = arm.whole.rates[name]
            assert f"{100 * (rate.value or 0):.1f} %" in text
            assert f"{rate.right} of {rate.of}" in text


def test_a_large_run_stays_usable() -> None:
    """10,032 outcomes with long prompts: the page is bounded, and every case is shown, named or counted."""
    outcomes = [replace(one, prompt=one.prompt + "x" * 9000) for one in sample_outcomes(228)]
    text = page(summarise(outcomes), outcomes)
    assert len(text.encode()) < 8_000_000
    shown = failed_cases(list(ARMS), outcomes)
    for arm in shown:
        assert arm.failed == len(arm.full) + len(arm.lines) + arm.left_out
        assert arm.full
        assert arm.lines
    assert sum(arm.failed for arm in shown) == sum(one.verdict != "right" for one in outcomes)
    assert "characters left out" in text
    assert text.count("more cases are named without their texts") == len(ARMS)


def test_many_tiny_failures_are_bounded_too() -> None:
    outcomes = [
        replace(USUAL[0], case=str(at), verdict="wrong", prompt="p", completions=("c",), content="", faults=())
        for at in range(10_000)
    ]
    text = page(summarise(outcomes), outcomes)
    assert len(text.encode()) < 8_000_000
    [arm] = failed_cases([USUAL[0].arm], outcomes)
    assert len(arm.full) + len(arm.lines) + arm.left_out == 10_000
    assert f"{arm.left_out:,} more cases are only in" in text


def test_one_case_is_bounded() -> None:
    outcome = replace(USUAL[0], verdict="wrong", completions=tuple("y" * 50_000 for _ in range(500)), prompt="p" * 10**6)
    text = page(summarise([outcome]), [outcome])
    assert len(text.encode()) < 100_000


# --- The others ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcomes", [USUAL, BAD, USUAL[:66], []], ids=["four arms", "hostile", "one arm", "nothing"])
def test_the_table_fits_eighty_columns(outcomes: list[CaseOutcome]) -> None:
    text = printed(outcomes)
    assert max(map(len, text.splitlines())) < 80
    assert "\x1b" not in text
    assert text.strip()


def test_the_table_has_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    coloured = printed(BAD, Terminal())
    assert "\x1b[1;36m" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == printed(BAD), "hostile escapes are no colours"


def test_the_table_says_what_it_leaves_out() -> None:
    outcomes = [replace(USUAL[0], arm=f"arm {at}") for at in range(7)]
    text = printed(outcomes)
    assert "3 more arms are in the reports." in text
    assert "15 more pairs are in the reports." in text


def test_the_json_keeps_its_shape() -> None:
    report = json.loads(as_json(summarise(USUAL), {"model": "m"}))
    assert (report["version"], report["confidence"], report["about"]) == (1, 0.95, {"model": "m"})
    assert list(report) == ["version", "confidence", "about", "outcomes", "arms", "pairs", "curve"]
    arm = report["arms"][0]
    assert list(arm) == ["arm", "offered", "whole", "categories", "parameters", "confusion", "cost", "layers"]
    assert list(arm["whole"]) == ["name", "cases", "tasks", "right", "wrong", "cut_off", "server_error", "rates"]
    assert list(arm["whole"]["rates"]) == list(NAMES)
    assert list(arm["whole"]["rates"]["selection"]) == ["right", "of", "value", "low", "high"]
    assert list(arm["parameters"][0]) == ["tool", "parameter", "rate", "missing", "extra", "type", "value"]
    assert list(arm["confusion"][0]) == ["expected", "called", "count"]
    assert list(arm["cost"]["seconds"]) == ["cases", "p50", "p95", "p99"]
    assert json.loads(as_json(summarise(BAD)))["outcomes"] == len(BAD)


def test_junit_counts_what_the_figures_count() -> None:
    summary = summarise(USUAL)
    root = xml(junit(summary, USUAL))
    assert root.get("tests") == str(len(USUAL))
    for suite, arm in zip(root, summary.arms, strict=True):
        assert suite.get("name") == arm.arm
        counts = (int(suite.get(name) or "") for name in ("tests", "failures", "errors", "skipped"))
        assert tuple(counts) == (arm.whole.cases, arm.whole.wrong, arm.whole.server_error, arm.whole.cut_off)
        found = [len(suite.findall(path)) for path in ("testcase", "testcase/failure", "testcase/error", "testcase/skipped")]
        assert found == [arm.whole.cases, arm.whole.wrong, arm.whole.server_error, arm.whole.cut_off]
        properties = {one.get("name"): float(one.get("value") or "") for one in suite.findall("properties/property")}
        assert properties["end_to_end"] == pytest.approx(arm.whole.rates["end_to_end"].value, abs=1e-6)


def test_junit_of_hostile_texts_is_xml() -> None:
    root = xml(junit(summarise(BAD), BAD))
    assert {one.tag for one in root.iter()} == {
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "error",
        "skipped",
    }
    assert len(root.findall(".//testcase")) == len(BAD)


def test_markdown_of_hostile_texts_has_the_tables_of_harmless_ones() -> None:
    hostile, harmless = (markdown(summarise(found), {"model": found[0].case}).splitlines() for found in (BAD, HARMLESS))
    heads = [[line for line in lines if line.startswith("#")] for lines in (hostile, harmless)]
    assert len(heads[0]) == len(heads[1])
    for line in hostile:
        bare = re.sub(r"\\.", "", line)
        assert not re.search(r"[<>`\[\]]", bare.replace("`answered`", "").replace("p < 0.001", ""))
    tables = "\n".join(re.sub(r"\\.", "", line) for line in hostile).split("\n\n")
    for block in (block for block in tables if block.startswith("|")):
        assert len({line.count("|") for line in block.splitlines()}) == 1, "every row has the columns of its head"


def test_nothing_gives_reports_of_nothing() -> None:
    summary = summarise([])
    assert "Nothing was evaluated." in page(summary, [])
    assert "No outcome." in markdown(summary)
    assert json.loads(as_json(summary))["arms"] == []
    assert xml(junit(summary, [])).get("tests") == "0"


def test_many_tools_share_a_row_and_a_column() -> None:
    cells = [Cell(f"t{at:02}", f"t{at:02}", 5) for at in range(40)] + [Cell("t39", "t00", 2), Cell("", "t38", 1)]
    found = matrix(cells)
    assert found.names[-2:] == ("16 other tools", "no call")
    assert {"t39", "t00", "t38"} <= set(found.names), "the confused ones have their own"
    assert sum(count for _, row in found.rows for count, _ in row) == 40 * 5 + 3
    assert found.note


SIGNS = [
    ("\x1b[1m", "␛[1m"),
    ("a\tb\nc", "a\tb\nc"),
    ("\r", "␍"),
    ("\u202eab", "⟨U+202E⟩ab"),
    ("\ud800", "⟨U+D800⟩"),
    ("é长", "é长"),
]


@pytest.mark.parametrize(("text", "expected"), SIGNS, ids=ascii)
def test_hidden_signs_are_shown(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_shortened_texts_say_so() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("a" * 80 + "b" * 20, 40) == "a" * 30 + "\n[… 60 characters left out …]\n" + "b" * 10
