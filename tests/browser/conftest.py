"""A real browser before the gateway's Playground and the reports of `adapter eval` and `adapter lint`: `.ci/browser` installs both; elsewhere these tests are skipped."""

from __future__ import annotations

import importlib.util
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import pytest

from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import DONE, Answer, Stream, Upstream, chunk, completion, event, streamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.support.loopback import Received, Reply

PROGRAM = os.environ.get("ADAPTER_BROWSER", "")
PICTURES = os.environ.get("ADAPTER_PICTURES", "")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip
CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris", "day": "tomorrow"}}\n</tool_call>'
WRONG = '<tool_call>\n{"name": "get_weather", "arguments": {"town": "Paris"}}\n</tool_call>'
MODELS = Answer({"object": "list", "data": [{"id": "Qwen/Qwen3-8B"}]})


def missing() -> str:
    """The reason to skip; empty where all is at hand."""
    if not PROGRAM or not Path(PROGRAM).exists():
        return "no browser: .ci/browser installs Chromium and names it in ADAPTER_BROWSER"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: .ci/browser installs it"
    return ""


class Gate:
    """Pieces of a stream of which the later ones wait until `open` is set."""

    def __init__(self, before: list[bytes], after: list[bytes]) -> None:
        self.open = threading.Event()
        self._before, self._after = before, after

    def __iter__(self) -> Iterator[bytes]:
        yield from self._before
        self.open.wait(LIMIT)
        yield from self._after


def deltas(text: str, size: int = 7) -> list[bytes]:
    return [event(chunk({"content": text[at : at + size]})) for at in range(0, len(text), size)]


def gated(first: str, rest: str) -> tuple[Gate, Stream]:
    gate = Gate(deltas(first), [*deltas(rest), event(chunk({}, "stop")), DONE])
    pieces: Any = gate
    return gate, Stream(pieces)


def answer(text: str) -> Callable[[Received], Reply]:
    """Answer with a text, streamed or whole as it is asked for."""
    return lambda request: streamed(*(text[at : at + 9] for at in range(0, len(text), 9))) if request.body.get("stream") else completion(text)  # fmt: skip


def in_turn(texts: list[str]) -> Callable[[Received], Reply]:
    left = list(texts)

    def reply(request: Received) -> Reply:
        return answer(left.pop(0) if len(left) > 1 else left[0])(request)

    return reply


class Address(Protocol):
    """A server with a page at its root."""

    base: str


class Served:
    """A server on loopback that gives one page, and keeps the paths asked for."""

    def __init__(self, html: str) -> None:
        body = html.encode()
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server calls
                asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the class has it
                """No line on stderr."""

        self.asked = asked
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Site:
    """A gateway, the upstream behind it, and its address."""

    def __init__(self, url: str, upstream: Upstream, script: Script) -> None:
        self.base = url.removesuffix("/v1")
        self.upstream, self.script = upstream, script
        self.pages: list[Page] = []  # they ask now and then, and are closed before the gateway ends

    @property
    def asked(self) -> int:
        """How often the model was asked."""
        return sum(request.method == "POST" for request in self.upstream.received)


@contextmanager
def site(**given: Any) -> Iterator[Site]:
    script = Script()

    def reply(request: Any) -> Any:
        return MODELS if request.method == "GET" else script(request)

    with Upstream(reply) as upstream, running(upstream.url, **given) as url:
        made = Site(url, upstream, script)
        try:
            yield made
        finally:
            for page in made.pages:
                page.close()


@pytest.fixture(scope="module")
def gateway() -> Iterator[Site]:
    with site() as made:
        yield made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=PROGRAM, args=SWITCHES, timeout=1000 * LIMIT)
        yield started
        started.close()


class Watched:
    """What a page does that it must not: errors on the console, requests to other hosts, dialogs."""

    def __init__(self, page: Page, base: str) -> None:
        self.faults: list[str] = []
        self.expected: tuple[str, ...] = ()  # words of errors that a test asks for
        self._host = urlsplit(base).netloc
        page.on("console", lambda said: self._console(said.type, said.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", self._request)

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, asked: Any) -> None:
        if urlsplit(asked.url).netloc != self._host:
            self.faults.append(f"asked {asked.url}")

    def _console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(words in text for words in self.expected):
            self.faults.append(text)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; one that complained on the console or asked another host fails the test."""
    made: list[tuple[Any, Watched]] = []

    def open_page(site: Address, width: int = 1280, height: int = 800, expected: tuple[str, ...] = (), **context: Any) -> Page:
        context.setdefault("color_scheme", "light")
        inside = browser.new_context(viewport={"width": width, "height": height}, **context)
        inside.set_default_timeout(1000 * LIMIT)
        page = inside.new_page()
        watched = Watched(page, site.base)
        watched.expected = expected
        made.append((inside, watched))
        if isinstance(site, Site):
            site.pages.append(page)
        page.goto(site.base + "/")
        return page

    yield open_page
    for inside, _ in made:
        inside.close()
    assert [fault for _, watched in made for fault in watched.faults] == []


def pictured(page: Page, name: str) -> None:
    """Keep a picture, where somebody asks for pictures."""
    if PICTURES:
        page.evaluate("document.activeElement?.blur()")
        page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled")
