"""The page of `adapter lint` in Chromium: no request, no complaint, no sideways scroll; in the light, in the dark, on a phone."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Served, missing, pictured
from tests.browser.looks import CONTRAST, NAMELESS, WIDER
from tests.cli.test_cli import call
from tests.house.pages import ROOT, blocks
from tests.linting.seeds import SEEDS, text, tool

if why := missing():
    pytest.skip(why, allow_module_level=True)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

HOSTILE = [tool(about="</pre><script>alert(1)</script>" + "x" * 900, city=text("<img src=http://127.0.0.1/x>" * 9))]


def of_the_docs() -> str:
    """The tools of the page about linting, whose findings are the picture."""
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    return next(block.text for block in blocks(page) if block.name == "tools.json")


SEEDED = [one for seed in SEEDS.values() if isinstance(seed.value, list) for one in seed.value]
PAGES = {"usual": of_the_docs(), "hostile": json.dumps(HOSTILE), "of many faults": json.dumps(SEEDED), "clean": "[]"}


def page_of(written: str, folder: Path) -> str:
    """The command's page about tools."""
    (folder / "tools.json").write_text(written, encoding="utf-8")
    with contextlib.chdir(folder):
        return call("lint", "tools.json", "--dialect", "qwen3-coder", "--format", "html")[1]


@pytest.fixture(scope="module", params=PAGES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(page_of(PAGES[request.param], tmp_path_factory.mktemp("lint")))
    yield made
    made.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read(
    opened: Callable[..., Page], served: Served, scheme: str, width: int, request: pytest.FixtureRequest
) -> None:
    page = opened(served, width=width, height=844 if width < 900 else 900, color_scheme=scheme)
    if "usual" in request.node.name:
        pictured(page, f"lint-{scheme}-{width}")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(CONTRAST)["faults"] == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(WIDER) <= 0
    assert page.evaluate("document.scripts.length + document.querySelectorAll('iframe, img, object, form').length") == 0
    assert set(served.asked) == {"/"}, "the page asked for more than itself"
