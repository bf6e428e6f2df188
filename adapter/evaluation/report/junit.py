"""JUnit XML: a testsuite for each arm, a testcase for each case.

A wrong answer is a failure. A server error is an error: the run is broken, not the model. An answer cut off is skipped: nothing
was judged, so nothing has failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.evaluation.report.words import calls, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from adapter.evaluation.figures.values import ArmFigures, Summary
    from adapter.evaluation.outcome import CaseOutcome

_TEXT = 4_000  # characters of a completion


def junit(summary: Summary, outcomes: Sequence[CaseOutcome]) -> str:
    """Return a JUnit XML document.

    Args:
        summary: The figures of the outcomes; the rates become properties of the suites.
        outcomes: The outcomes.
    """
    from lxml import etree

    root = etree.Element("testsuites", name="adapter eval", tests=str(summary.outcomes))
    for arm in summary.arms:
        own = [outcome for outcome in outcomes if outcome.arm == arm.arm]
        suite = etree.SubElement(root, "testsuite", _counts(arm, own))
        properties = etree.SubElement(suite, "properties")
        for name, rate in arm.whole.rates.items():
            if rate.value is not None:
                etree.SubElement(properties, "property", name=name, value=f"{rate.value:.6f}")
        for outcome in own:
            _case(suite, outcome)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode() + "\n"


def _counts(arm: ArmFigures, outcomes: Sequence[CaseOutcome]) -> dict[str, str]:
    whole = arm.whole
    counts = {"tests": whole.cases, "failures": whole.wrong, "errors": whole.server_error, "skipped": whole.cut_off}
    time = f"{sum(outcome.seconds for outcome in outcomes):.3f}"
    return {"name": visible(arm.arm), **{name: str(count) for name, count in counts.items()}, "time": time}


def _case(suite: _Element, outcome: CaseOutcome) -> None:
    from lxml import etree

    place = f"{outcome.arm}.{outcome.category}" if outcome.category else outcome.arm
    attributes = {"classname": visible(place), "name": visible(outcome.case), "time": f"{outcome.seconds:.3f}"}
    case = etree.SubElement(suite, "testcase", attributes)
    tags = {"wrong": "failure", "server_error": "error", "cut_off": "skipped"}
    if outcome.verdict == "right":
        return
    said = outcome.error or "; ".join(fault.message for fault in outcome.faults) or outcome.verdict
    element = etree.SubElement(case, tags[outcome.verdict], message=visible(shortened(said, 500)))
    if outcome.verdict == "wrong":
        element.set("type", ",".join(dict.fromkeys(fault.kind for fault in outcome.faults)) or "wrong")
    elif outcome.verdict == "server_error":
        element.set("type", "server_error")
    written = "\n".join(outcome.completions)
    body = f"expected:\n{calls(outcome.expected)}\nactual:\n{calls(outcome.calls)}\ncompletion:\n{written}"
    element.text = visible(shortened(body, _TEXT))
