"""The Playground in Chromium: every panel, a stream, a stop, errors, texts read, requests of other clients, code to copy."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.browser.conftest import CALL, WRONG, Site, answer, deltas, gated, in_turn, missing, pictured, site
from tests.support.gateway import LIMIT
from tests.support.loopback import Answer, Stream, completion

if why := missing():
    pytest.skip(why, allow_module_level=True)

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

TOOL: dict[str, Any] = {"name": "get_weather", "description": "The weather.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}  # fmt: skip


def prompt(page: Page) -> Any:
    return page.get_by_role("group", name="The exact prompt")


def tab(page: Page, name: str) -> Any:
    return page.get_by_role("tab", name=name)


def test_the_prompt_follows_the_request_and_the_options(opened: Callable[..., Page], gateway: Site) -> None:
    """Every change is seen, and no model is asked."""
    asked = gateway.asked
    page = opened(gateway)
    shown = prompt(page)
    expect(page.get_by_label("Model")).to_have_value("Qwen/Qwen3-8B")
    expect(shown.locator(".part.system")).to_contain_text("You help travellers. Be brief.")
    expect(shown.locator(".part.tools")).to_contain_text('"name": "get_weather"')
    expect(shown.locator(".part.history")).to_contain_text("What is the weather in Paris")
    expect(page.get_by_role("group", name="Tokens by section")).to_contain_text("estimate")
    expect(shown.locator(".part.examples")).to_have_count(0)
    pictured(page, "start-light-1280")

    page.get_by_label("Dialect", exact=True).select_option("qwen3-coder")
    expect(shown.locator(".part.tools")).to_contain_text("<function=example_function_name>")
    page.get_by_label("Examples").select_option("auto")
    expect(shown.locator(".part.examples").first).to_be_visible()
    page.get_by_label("Examples").select_option("")
    expect(shown.locator(".part.examples")).to_have_count(0)
    page.get_by_label("Profile").select_option("small")
    expect(shown.locator(".part.examples").first).to_be_visible()
    page.get_by_role("button", name="Reset options").click()
    expect(shown.locator(".part.tools")).to_contain_text("<tool_call>")

    tab(page, "Tools").click()
    page.get_by_label("Tool choice").select_option("required")
    page.get_by_label("Server").select_option("llama.cpp")
    page.get_by_label("Rung").select_option("json_schema")
    expect(shown.locator("details").first).to_contain_text("Held by")
    page.get_by_role("button", name="Reset options").click()
    page.get_by_label("Native").select_option("always")
    expect(shown).to_contain_text("the tools go upstream as objects")
    page.get_by_label("Native").select_option("auto")
    expect(shown).to_contain_text("gets them as objects")
    expect(shown.locator(".part.tools")).to_contain_text("get_weather")
    assert gateway.asked == asked


def test_the_prompt_follows_the_messages(opened: Callable[..., Page], gateway: Site) -> None:
    asked = gateway.asked
    page = opened(gateway)
    shown = prompt(page)
    page.get_by_label("Text of message 2").fill("Hello  you,\tand <|im_end|> bye.")
    expect(shown.locator(".part.history")).to_contain_text("Hello  you,\tand ")
    expect(shown).to_contain_text("Made harmless in untrusted text: <|im_end|>")
    page.get_by_role("button", name="Marks").click()
    expect(shown.locator(".part.history pre")).to_contain_text("Hello·\u200b·\u200byou,→\tand")
    expect(shown.locator(".part.history pre")).to_contain_text("‹U+200B›")
    page.get_by_role("button", name="Remove message 1").click()
    expect(shown.locator(".part.system")).to_have_count(0)
    page.get_by_role("button", name="Add a tool result").click()
    expect(page.get_by_label("Text of message 2")).to_have_value(with_words("tool_call_id"))
    assert gateway.asked == asked


def with_words(words: str) -> re.Pattern[str]:
    return re.compile(re.escape(words))


def test_a_request_that_is_wrong(opened: Callable[..., Page], gateway: Site) -> None:
    """JSON that is none is told by the page, a wrong request by the gateway, with its place; mended, both go."""
    page = opened(gateway, expected=("status of 400",))
    expect(prompt(page).locator(".turn").first).to_be_visible()
    tab(page, "Tools").click()
    tools = page.get_by_label("Tools, as in a chat request")
    good = tools.input_value()
    tools.fill(good[:-1])
    expect(page.get_by_role("alert")).to_contain_text("Tools are no JSON")
    tools.fill('[{"type": "function", "function": {"name": "a b"}}]')
    expect(prompt(page).get_by_role("list", name="Problems")).to_contain_text("tools[0].function.name")
    tools.fill("7")
    expect(page.get_by_role("alert")).to_contain_text("Error 400 at tools")
    pictured(page, "error-light-1280")
    tab(page, "Code").click()
    tab(page, "Answer").last.click()
    tools.fill(good)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_answer_is_seen_while_it_comes(opened: Callable[..., Page], gateway: Site) -> None:
    gate, gateway.script.reply = gated("I look that up.\n<tool_call>\n", CALL.removeprefix("<tool_call>\n"))
    page = opened(gateway)
    expect(prompt(page).locator(".turn").first).to_be_visible()
    page.get_by_role("button", name="Ask the model").click()
    first = page.get_by_label("Completion 1")
    expect(first).to_contain_text("I look that up.")
    expect(page.get_by_text("streaming")).to_be_visible()
    assert "get_weather" not in (first.text_content() or "")
    pictured(page, "stream-light-1280")
    gate.open.set()
    told = page.get_by_role("article", name="Answer to the client")
    expect(told).to_contain_text('"name": "get_weather"')
    assert first.text_content() == f"I look that up.\n{CALL}"
    expect(first.locator(".piece.name")).to_have_text("get_weather")
    expect(page.get_by_role("list", name="Tool calls")).to_contain_text("valid")
    told.get_by_role("button", name="Go on with this answer").click()
    expect(page.get_by_label("Text of message 4")).to_have_value(with_words('"role": "tool"'))
    expect(prompt(page)).to_contain_text("<tool_response>")


def test_a_request_is_stopped(opened: Callable[..., Page]) -> None:
    with site() as own:
        own.script.reply = Stream((*deltas("Once upon a time"),), linger=True)
        page = opened(own)
        expect(prompt(page).locator(".turn").first).to_be_visible()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_label("Completion 1")).to_contain_text("Once upon a time")
        page.keyboard.press("Escape")
        expect(page.get_by_text("Stopped; the request to upstream was ended too")).to_be_visible()
        assert own.upstream.hung_up.wait(LIMIT), "upstream's connection goes on"
        own.script.reply = answer("Well.")
        page.get_by_role("button", name="Ask the model").click()
        expect(page.get_by_role("article", name="Answer to the client")).to_contain_text("Well.")


def test_problems_and_re_asks_have_their_places(opened: Callable[..., Page], gateway: Site) -> None:
    gateway.script.reply = in_turn([f"Let me see.\n{WRONG}", CALL])
    page = opened(gateway)
    expect(prompt(page).locator(".turn").first).to_be_visible()
    page.keyboard.press("Control+Enter")
    first, second = (page.get_by_role("article", name=f"Request {number} to upstream") for number in (1, 2))
    expect(second).to_contain_text("answered")
    expect(first).to_contain_text("asked again")
    expect(first.get_by_role("list", name="Tool calls")).to_contain_text("invalid")
    problem = first.get_by_role("button", name="invalid_arguments")
    expect(first.locator(".piece.active")).to_have_count(0)
    problem.click()
    assert "".join(first.locator(".piece.active").all_text_contents()) == WRONG
    pictured(page, "problem-light-1280")
    problem.click()
    expect(first.locator(".piece.active")).to_have_count(0)


def test_a_server_that_is_away_or_fails(opened: Callable[..., Page]) -> None:
    with site() as own:
        page = opened(own)
        expect(prompt(page).locator(".turn").first).to_be_visible()
        own.script.reply = Answer({"error": {"message": "out of memory"}}, 500)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("out of memory")
        expect(page.get_by_role("alert")).to_contain_text("--upstream")
        own.script.reply = Stream((*deltas("<tool_c"), 0.2), cut=True)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("broke off")
        expect(page.get_by_label("Completion 1")).to_contain_text("<tool_c")


def test_a_text_is_read_without_a_model(opened: Callable[..., Page], gateway: Site) -> None:
    asked = gateway.asked
    page = opened(gateway)
    tab(page, "Read a text").click()
    expect(page.get_by_text("Nothing to read yet")).to_be_visible()
    text = page.get_by_label("A completion, as a model wrote it")
    text.fill(f"<think>Hm.</think>Sure.\n{CALL}\n{WRONG}")
    read = page.get_by_role("article", name="The text as it is read")
    expect(read.locator(".piece.name")).to_have_text(["get_weather", "get_weather"])
    expect(read.get_by_role("list", name="Tool calls")).to_contain_text("invalid")
    read.get_by_role("button", name="invalid_arguments").click()
    assert "".join(read.locator(".piece.active").all_text_contents()) == WRONG
    pictured(page, "read-light-1280")
    page.get_by_label("Dialect", exact=True).select_option("qwen3-coder")
    expect(read.locator(".piece.content").first).to_be_visible()
    text.fill(CALL[:50])
    page.get_by_label("Dialect", exact=True).select_option("hermes")
    page.get_by_label("Finish reason").select_option("length")
    expect(read).to_contain_text("cut")
    assert gateway.asked == asked


def test_requests_of_other_clients_are_opened(opened: Callable[..., Page]) -> None:
    with site() as own:
        page = opened(own, expected=("status of 404",))
        tab(page, "Requests").click()
        expect(page.get_by_text("No requests yet")).to_be_visible()
        own.script.reply = in_turn([WRONG, CALL])
        asked = {"model": "claude-x", "max_tokens": 99, "system": "Be kind.", "tools": [TOOL],
                 "messages": [{"role": "user", "content": "Weather in Rome?"}]}  # fmt: skip
        assert httpx.post(f"{own.base}/v1/messages", json=asked, timeout=LIMIT).status_code == 200
        listed = page.get_by_role("list", name="Requests of other clients")
        expect(listed).to_contain_text("/v1/messages")  # the list is looked at again and again
        expect(listed).to_contain_text("get_weather")
        listed.get_by_role("button").first.click()
        expect(prompt(page)).to_contain_text("Request 1 of another client")
        expect(prompt(page).locator(".part.reask").last).to_contain_text("tool_response")
        expect(page.get_by_role("article", name="Request 1 to upstream")).to_contain_text("asked again")
        pictured(page, "opened-light-1280")
        page.get_by_label("Upstream request").select_option("0")
        expect(prompt(page).locator(".part.reask")).to_have_count(0)
        expect(prompt(page).locator(".part.system")).to_have_text("systemBe kind.")
        tab(page, "Conversation").click()
        expect(page.get_by_label("Text of message 2")).to_have_value("Weather in Rome?")
        page.get_by_label("Text of message 2").fill("Weather in Oslo?")
        expect(prompt(page)).not_to_contain_text("of another client")
        expect(prompt(page).locator(".part.history")).to_contain_text("Weather in Oslo?")
        tab(page, "Requests").click()
        listed.get_by_role("button").first.click()
        page.get_by_role("button", name="Back to the draft").click()
        expect(page.get_by_label("Text of message 1")).to_have_value("You help travellers. Be brief.")


def test_code_is_copied_and_runs(opened: Callable[..., Page], gateway: Site) -> None:
    """The clipboard holds what the page shows; the commands run, whatever signs the text has."""
    odd = 'It\'s $HOME `id` "x" \\n 𝄞 \u2028 </script> %s\nend\\'
    gateway.script.reply = completion(CALL)
    page = opened(gateway, permissions=["clipboard-read", "clipboard-write"])
    expect(prompt(page).locator(".turn").first).to_be_visible()
    page.get_by_label("Text of message 2").fill(odd)
    tab(page, "Code").click()
    pictured(page, "code-light-1280")
    texts = {}
    for name in ("curl", "Python", "JavaScript"):
        page.get_by_role("button", name=f"Copy {name}").click()
        expect(page.get_by_text(f"{name} copied")).to_be_visible()
        texts[name] = page.evaluate("navigator.clipboard.readText()")
        assert texts[name] == page.get_by_label(f"{name} code").text_content()
    environment = {**os.environ, "GATEWAY_KEY": "none"}
    done = subprocess.run(
        [sys.executable, "-c", texts["Python"]], check=False, capture_output=True, text=True, timeout=60, env=environment
    )
    assert "get_weather" in done.stdout, done.stderr
    runs = [gateway.upstream.bodies[-1]]
    if shutil.which("curl"):
        done = subprocess.run(
            ["/bin/bash", "-c", texts["curl"]], check=False, capture_output=True, text=True, timeout=60, env=environment
        )
        assert json.loads(done.stdout)["choices"][0]["finish_reason"] == "tool_calls"
        runs.append(gateway.upstream.bodies[-1])
    for body in runs:
        assert body["messages"][1]["content"] == odd
        assert body["model"] == "Qwen/Qwen3-8B"
    assert json.loads(texts["JavaScript"].partition("create(")[2].rpartition(");\nconsole")[0])["messages"][1]["content"] == odd
    page.get_by_label("Dialect", exact=True).select_option("hermes")
    expect(page.get_by_text("adapter serve --dialect hermes")).to_be_visible()
    page.get_by_role("button", name="Copy the prompt").click()
    expect(page.get_by_text("the prompt copied")).to_be_visible()
    assert odd in page.evaluate("navigator.clipboard.readText()").replace("\u200b", "")


def test_a_gateway_with_keys_asks_for_one(opened: Callable[..., Page]) -> None:
    with site(keys=frozenset({"k-right"})) as own:
        page = opened(own, expected=("status of 401",))
        key = page.get_by_label("Key of the gateway")
        key.fill("k-wrong")
        page.get_by_role("button", name="Use the key").click()
        expect(page.get_by_text("The key is missing or wrong")).to_be_visible()
        key.fill("k-right")
        key.press("Enter")
        expect(prompt(page).locator(".part.system")).to_contain_text("Be brief.")
        expect(page.get_by_label("Model")).to_have_value("Qwen/Qwen3-8B")
        own.script.reply = answer("Well.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("article", name="Answer to the client")).to_contain_text("Well.")
        page.reload()
        expect(prompt(page).locator(".part.system")).to_contain_text("Be brief.")
        assert page.evaluate("JSON.stringify(localStorage)") == "{}"


def test_no_text_becomes_markup(opened: Callable[..., Page]) -> None:
    """Texts of the model, of a client, of an upstream's error: shown, and nothing more."""
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>\u202e\x1b[31m"
    with site() as own:
        own.script.reply = answer(f"{hostile}\n{CALL.replace('Paris', hostile[:40].replace(chr(34), ''))}")
        asked = {"model": hostile, "messages": [{"role": "user", "content": hostile}],
                 "tools": [{"type": "function", "function": {"name": "get_weather", "description": hostile}}]}  # fmt: skip
        assert httpx.post(f"{own.base}/v1/chat/completions", json=asked, timeout=LIMIT).status_code == 200
        page = opened(own, expected=("'TrustedHTML' assignment",))
        tab(page, "Requests").click()
        page.get_by_role("list", name="Requests of other clients").get_by_role("button").first.click()
        expect(prompt(page)).to_contain_text("<img src=x onerror=alert(1)>")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("article", name="Answer to the client")).to_be_visible()
        expect(page.get_by_label("Completion 1")).to_contain_text("<script>alert(2)</script>")
        own.script.reply = Answer({"error": {"message": hostile}}, 500)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("<svg onload=alert(3)>")
        assert page.locator("#app img, #app script, #app svg").count() == 0
        refused = page.evaluate(
            "(() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (error) { return String(error); } })()"
        )
        assert "TrustedHTML" in refused


def test_the_gateway_goes_away(opened: Callable[..., Page]) -> None:
    with site() as own:
        page = opened(own, expected=("net::ERR_FAILED",))
        expect(prompt(page).locator(".turn").first).to_be_visible()
        page.route("**/*", lambda route: route.abort())
        page.get_by_label("Text of message 2").fill("Hello?")
        expect(page.get_by_role("alert")).to_contain_text("Is `adapter serve` still running?")
        page.unroute_all()
