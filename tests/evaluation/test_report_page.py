"""`docs/eval-report.md` names the figures that the code has, with the code's words."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any, get_args

import pytest

from adapter.evaluation.figures import summarise
from adapter.evaluation.figures.intervals import wilson
from adapter.evaluation.figures.rates import FIGURES
from adapter.evaluation.figures.values import ArmFigures, LayerEffect, Layers, Pair, Summary
from adapter.evaluation.outcome import Layer, Verdict
from adapter.evaluation.report import as_json, junit, markdown, page
from tests.house.pages import ROOT, blocks
from tests.support.sample_outcomes import sample_outcomes

PAGE = (ROOT / "docs" / "eval-report.md").read_text(encoding="utf-8")


def rows(section: str) -> list[list[str]]:
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\|.*\|$", text, re.MULTILINE)][2:]


def test_the_table_of_rates() -> None:
    assert rows("Rates") == [[f"`{figure.name}`", figure.counts, figure.among] for figure in FIGURES]


def test_the_table_of_verdicts() -> None:
    assert [row[0] for row in rows("Verdicts")] == [f"`{verdict}`" for verdict in get_args(Verdict)]


def test_the_tables_of_members() -> None:
    for section, kind in (("Arms compared", Pair), ("Layers", Layers)):
        named = {name for row in rows(section) for name in re.findall(r"`(\w+)`", row[0])}
        assert named
        assert named <= {field.name for field in fields(kind)}
    assert {name for name in get_args(Layer) if f"`{name}`" in PAGE} == set(get_args(Layer))


def test_the_example_of_an_interval() -> None:
    low, high = wilson(9, 10)
    assert f"from {100 * low:.1f} to {100 * high:.1f}" in PAGE


def compared(shown: Any, real: Any, at: str = "") -> None:
    """Every member of the example is one of the report's, with a value of the same type."""
    if isinstance(shown, dict):
        assert set(shown) <= set(real), at
        for name, value in shown.items():
            compared(value, real[name], f"{at}.{name}")
    elif isinstance(shown, list):
        assert isinstance(real, list), at
        for value in shown:
            compared(value, real[0], f"{at}[]")
    else:
        assert isinstance(shown, str) == isinstance(real, str), at


def test_the_example_of_the_json_report() -> None:
    """The figures are those of the sample outcomes, and whole objects of the example are whole in the report."""
    [example] = [json.loads(block.text) for block in blocks(PAGE) if block.language == "json"]
    report = json.loads(as_json(summarise(sample_outcomes()), {"model": "…"}))
    compared(example, report)
    assert set(example) == set(report) == {"version", "confidence", "about", *(field.name for field in fields(Summary))}
    assert set(example["arms"][0]) == {field.name for field in fields(ArmFigures)}
    assert set(example["pairs"][0]) == {field.name for field in fields(Pair)}
    assert set(example["arms"][0]["layers"]) == {field.name for field in fields(Layers)}
    assert set(example["arms"][0]["layers"]["effects"][0]) == {field.name for field in fields(LayerEffect)}
    assert example["arms"][0]["whole"]["right"] == report["arms"][0]["whole"]["right"]
    pair = report["pairs"][1]
    for name, value in example["pairs"][0].items():
        assert value == (pair[name] if isinstance(value, str) else pytest.approx(pair[name], rel=0.06)), name


def test_the_table_of_reports() -> None:
    assert [row[0].strip("`") for row in rows("The reports")] == ["terminal", ".html", ".md", ".json", ".xml"]
    outcomes = sample_outcomes(1)
    summary = summarise(outcomes)
    begun = [text[:13] for text in (page(summary, outcomes), markdown(summary), as_json(summary), junit(summary, outcomes))]
    assert begun == ["<!doctype htm", "# Evaluation ", '{\n  "version"', "<?xml version"]
