"""The Playground for everybody: by keyboard alone, at 390 pixels, in the dark, with names and contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.browser.conftest import CALL, WRONG, Site, in_turn, missing, pictured, site
from tests.browser.looks import CONTRAST, NAMELESS, WIDER
from tests.support.gateway import LIMIT

if why := missing():
    pytest.skip(why, allow_module_level=True)

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

HIDDEN = """[...document.querySelectorAll("button, select, input, textarea, h3, .badge")].filter((one) => one.checkVisibility())
  .filter((one) => { const box = one.getBoundingClientRect(); return box.left < -1 || box.right > innerWidth + 1; }).map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def filled() -> Iterator[Site]:
    """A gateway with requests of other clients, one of them refused."""
    with site() as own:
        tools = [
            {"type": "function", "function": {"name": "get_weather_in_a_city_with_a_very_long_name_indeed", "parameters": {}}}
        ]
        own.script.reply = in_turn(["Hello." * 40])
        for body in ({"messages": [{"role": "user", "content": "x" * 300}], "tools": tools}, {"messages": 7, "tools": tools}):
            httpx.post(
                f"{own.base}/v1/chat/completions",
                json={"model": "a-model-with-a-long-name" * 3, "stream": True, **body},
                timeout=LIMIT,
            )
        yield own


def states(page: Page, own: Site, narrow: bool) -> Iterator[str]:
    """Bring the page from one state to the next."""
    tab = page.get_by_role("tab")

    def panel(name: str) -> None:
        if narrow:
            page.get_by_role("tablist", name="Panels").get_by_role("tab", name=name).click()

    expect(page.locator(".turn").first).to_be_attached()
    yield "start"
    tab.filter(has_text="Tools").click()
    yield "tools"
    panel("Prompt")
    page.get_by_role("button", name="Marks").click()
    yield "marks"
    own.script.reply = in_turn([f"Let me see.\n{WRONG}", f"<think>Hm.</think>{CALL}"])
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("article", name="Answer to the client")).to_be_visible()
    page.get_by_role("button", name="invalid_arguments").first.click()
    yield "answer"
    tab.filter(has_text="Read a text").click()
    page.get_by_label("A completion, as a model wrote it").fill(f"{CALL}\n{WRONG}\n<tool_call>")
    expect(page.get_by_role("article", name="The text as it is read")).to_be_visible()
    yield "read"
    tab.filter(has_text="Code").click()
    yield "code"
    yield from opened_states(page, panel)


def opened_states(page: Page, panel: Callable[[str], None]) -> Iterator[str]:
    tab = page.get_by_role("tab")
    panel("Request")
    tab.filter(has_text="Requests").click()
    listed = page.get_by_role("list", name="Requests of other clients")
    expect(listed).to_be_visible()
    yield "requests"
    listed.get_by_role("button").last.click()
    expect(page.get_by_text("of another client, as it went upstream")).to_be_visible()
    yield "opened"
    panel("Request")
    listed.get_by_role("button").first.click()
    panel("Answer")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "opened, refused"
    panel("Request")
    tab.filter(has_text="Tools").click()
    page.get_by_label("Tools, as in a chat request").fill("[")
    panel("Prompt")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_role("button", name="Key", exact=True).click()
    yield "wrong, and the form for a key"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read(opened: Callable[..., Page], filled: Site, scheme: str, width: int) -> None:
    """Contrast, names, no sideways scroll, nothing cut off, in each state of the page."""
    page = opened(filled, width=width, height=844 if width < 900 else 800, color_scheme=scheme, expected=("status of 400",))
    for name in states(page, filled, width < 900):
        found = page.evaluate(CONTRAST)
        assert (found["faults"], found["seen"] > 20) == ([], True), name
        assert page.evaluate(NAMELESS) == [], name
        assert page.evaluate(WIDER) <= 0, name
        assert page.evaluate(HIDDEN) == [], name
        pictured(page, f"state-{name.partition(',')[0].replace(' ', '-')}-{scheme}-{width}")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    assert dark == (scheme == "dark")


def test_the_theme_is_chosen_and_stays(opened: Callable[..., Page], gateway: Site) -> None:
    page = opened(gateway, color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Light theme").click()
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == light


FOCUS = """() => { const one = document.activeElement; const style = getComputedStyle(one);
  return [one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent.trim().slice(0, 40), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0]; }"""


def test_all_is_done_by_keyboard(opened: Callable[..., Page], gateway: Site) -> None:
    """The Tab key reaches every control and shows where it is; arrows move among tabs; a request is edited, asked, stopped."""
    page = opened(gateway)
    expect(page.locator(".turn").first).to_be_visible()
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # the browser's own controls come next
        name, outlined = page.evaluate(FOCUS)
        assert outlined, f"no mark of the focus on {name!r}"
        reached.append(name)
    said = " | ".join(reached)
    for wanted in ("Key", "Dark theme", "Model", "Dialect", "Rung", "Profile", "Native", "Examples", "Server", "Conversation", "Role of message 1",
                   "Text of message 1", "Remove message 2", "Add a message", "Marks", "Copy the prompt", "The exact prompt", "Answer", "Ask the model"):  # fmt: skip
        assert wanted in said, f"{wanted} is not among {said}"

    page.get_by_label("Dialect", exact=True).focus()
    page.keyboard.type("qwen3-c")
    expect(page.locator(".part.tools")).to_contain_text("<function=")
    page.get_by_label("Text of message 2").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Hello by keyboard.")
    expect(page.locator(".part.history")).to_contain_text("Hello by keyboard.")

    page.get_by_role("tab", name="Conversation").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Tools")).to_be_focused()
    expect(page.get_by_label("Tool choice")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Requests")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Conversation")).to_be_focused()

    gateway.script.reply = in_turn(["Well."])
    page.get_by_role("button", name="Ask the model").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Answer to the client")).to_contain_text("Well.")
    expect(page.get_by_role("banner").get_by_role("status")).to_have_text("The answer is complete")
