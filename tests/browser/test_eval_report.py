"""The report of `adapter eval` in Chromium: no request, no complaint, no sideways scroll; read by keyboard, in the dark, on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapter.evaluation.figures import summarise
from adapter.evaluation.report import page as report
from tests.browser.conftest import Served, missing, pictured
from tests.browser.looks import CONTRAST, NAMELESS, WIDER
from tests.support.sample_outcomes import sample_outcomes, with_hostile_texts

if why := missing():
    pytest.skip(why, allow_module_level=True)

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

ABOUT = {"model": "a made-up one", "cases": "11 tasks in 6 variants", "seed": "7"}


@pytest.fixture(scope="module", params=["usual", "hostile"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    outcomes = sample_outcomes()
    outcomes = with_hostile_texts(outcomes) if request.param == "hostile" else outcomes
    made = Served(report(summarise(outcomes), outcomes, ABOUT))
    yield made
    made.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_can_be_read(
    opened: Callable[..., Page], served: Served, scheme: str, width: int, request: pytest.FixtureRequest
) -> None:
    page = opened(served, width=width, height=844 if width < 900 else 900, color_scheme=scheme)
    usual = "usual" in request.node.name
    if usual:
        pictured(page, f"eval-report-{scheme}-{width}")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = page.evaluate(CONTRAST)
    assert (found["faults"], found["seen"] > 500) == ([], True)
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(WIDER) <= 0
    assert (
        page.evaluate("document.scripts.length + document.querySelectorAll('iframe, img, object, form, main style').length")
        == 0
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 28)" if scheme == "dark" else "rgb(244, 245, 247)"
    )
    if usual:
        for part in ("confusion", "failed"):
            page.evaluate(f"document.getElementById({part!r}).scrollIntoView()")
            pictured(page, f"eval-report-{part}-{scheme}-{width}")
    assert set(served.asked) == {"/"}, "the page asked for more than itself"


def test_the_report_is_read_by_keyboard(opened: Callable[..., Page], served: Served) -> None:
    """The skip link, the sections, and a case that opens; every wide table can be reached and scrolled."""
    page = opened(served, width=390, height=844)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the figures")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Figures", exact=True)).to_be_focused()
    case = page.locator("#failed details.case").first
    case.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(case.get_by_role("heading", name="Prompt")).to_be_visible()
    regions = page.locator(".scroll")
    assert regions.count() >= 10
    assert page.evaluate(
        "[...document.querySelectorAll('.scroll')].every((one) => one.tabIndex === 0 && one.getAttribute('aria-label'))"
    )
