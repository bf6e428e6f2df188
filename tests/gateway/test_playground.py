"""The data of the Playground: prompts, texts read, the requests of other clients; who may have them (behaviour 9.12)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import adapter
from adapter.cli import run
from adapter.gateway.playground import kept as kept_module
from adapter.gateway.playground.assets import assets
from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import Answer, Stream, Upstream, completion, event, streamed
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather in Paris?"}]
ASKED: dict[str, Any] = {"model": "m", "messages": MESSAGES, "tools": TOOLS}
CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'
WRONG = CALL.replace("city", "town")


OPEN: list[httpx.Client] = []


@pytest.fixture(autouse=True)
def _clients_are_closed() -> Iterator[None]:
    before = len(OPEN)
    yield
    while len(OPEN) > before:
        OPEN.pop().close()


class Page:
    """A client that asks as the page does."""

    def __init__(self, url: str, **headers: str) -> None:
        self.base = url.removesuffix("/v1")
        self.client = httpx.Client(base_url=self.base, timeout=LIMIT, headers=headers)
        OPEN.append(self.client)

    def post(self, name: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.client.post(f"/playground/api/{name}", json=body or {}, headers=headers)

    def data(self, name: str, body: Any = None) -> Any:
        got = self.post(name, body)
        assert got.status_code == 200, got.text
        return got.json()

    def lines(self, body: Any) -> list[Any]:
        return [json.loads(line) for line in self.post("run", body).text.splitlines() if line]


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def page(script: Script) -> Iterator[Page]:
    with Upstream(script) as upstream, running(upstream.url) as url:
        made = Page(url)
        yield made
        made.client.close()


def joined(parts: list[list[str]]) -> str:
    return "".join(text for _, text in parts)


def test_the_prompt_is_that_of_the_command(page: Page, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For each row of options: the same body as `adapter preview --json`, and parts that join to its texts."""
    file = tmp_path / "request.json"
    rows: dict[str, tuple[dict[str, str], set[str]]] = {
        "as it is": ({"dialect": "hermes"}, {"system", "tools", "history"}),
        "a dialect": ({"dialect": "qwen3-coder"}, {"system", "tools", "history"}),
        "examples": ({"dialect": "hermes", "examples": "auto"}, {"system", "tools", "history", "examples"}),
        "a rung": ({"dialect": "hermes", "enforce": "json_schema", "server": "openai"}, {"system", "tools", "history"}),
        "small": ({"dialect": "hermes", "profile": "small"}, {"system", "tools", "history", "examples"}),
    }
    for name, (options, kinds) in rows.items():
        asked = {**ASKED, "tool_choice": "required"} if name == "a rung" else ASKED
        file.write_text(json.dumps(asked))
        found = page.data("preview", {"request": asked, "options": options})
        flags = [part for key, value in options.items() for part in (f"--{key}", value)]
        assert run(["preview", str(file), "--json", *flags]) == 0
        assert found["body"] == json.loads(capsys.readouterr().out), name
        assert [joined(one["parts"]) for one in found["messages"]] == [one["content"] for one in found["body"]["messages"]]
        assert {kind for one in found["messages"] for kind, _ in one["parts"]} == kinds, name
        assert (found["tokens"]["exact"], found["tokens"]["whole"] > 50) == (False, True)
        assert [held for held, _ in found["constraints"]] == (["response_format"] if name == "a rung" else []), name


def test_a_native_request(page: Page) -> None:
    """`auto` shows the prompt in words and the request that goes before; `always` that request alone."""
    words = page.data("preview", {"request": ASKED, "options": {"native": "never"}})
    auto, always = (page.data("preview", {"request": ASKED, "options": {"native": word}}) for word in ("auto", "always"))
    assert (words["native"], auto["body"], auto["tokens"]) == (None, words["body"], words["tokens"])
    assert auto["native"] == always["native"] == always["body"] == ASKED
    assert [one["parts"] for one in always["messages"]] == [[["system", "Be brief."]], [["history", "Weather in Paris?"]]]
    assert always["tokens"] is None


def test_a_raw_prompt_in_parts(script: Script) -> None:
    options = {"upstream": "completions", "chat_template": "chatml", "dialect": "hermes"}
    with Upstream(script) as upstream, running(upstream.url, options) as url:
        found = Page(url).data("preview", {"request": ASKED})
    assert joined(found["prompt"]) == found["body"]["prompt"]
    assert [kind for kind, _ in found["prompt"]] == ["turns", "system", "tools", "turns", "history", "turns"]


def test_a_text_is_read(page: Page) -> None:
    rows: dict[str, tuple[str, str, list[tuple[str, bool]], list[str]]] = {
        "words": ("Hello.", "stop", [], []),
        "a call": (f"Well.\n{CALL}", "stop", [("get_weather", True)], []),
        "a wrong call": (WRONG, "stop", [("get_weather", False)], ["invalid_arguments"]),
        "a cut call": (CALL[:40], "length", [], ["cut"]),
        "an unknown tool": (CALL.replace("get_weather", "get_whether"), "stop", [("get_whether", False)], ["unknown_tool"]),
    }
    for name, (text, finish, calls, problems) in rows.items():
        body = {"completion": text, "finish_reason": finish, "request": ASKED, "options": {"dialect": "hermes"}}
        found = page.data("read", body)
        assert [(call["name"], call["valid"]) for call in found["calls"]] == calls, name
        assert [problem["kind"] for problem in found["problems"]] == problems, name
        assert "".join(text for _, text, _ in found["pieces"]) == text, name
        for position, problem in enumerate(found["problems"]):
            places = "".join(piece for _, piece, numbers in found["pieces"] if position in numbers)
            assert places == problem["raw"].strip(), name
    assert [kind for kind, _, _ in page.data("read", {"completion": CALL, "request": ASKED})["pieces"]] == [
        "call", "name", "call", "arguments", "call"]  # fmt: skip


def test_a_run_is_told_step_by_step(page: Page, script: Script) -> None:
    left = [WRONG, f"Once more.\n{CALL}"]
    script.reply = lambda _: streamed(*((text := left.pop(0))[:30], text[30:]))
    lines = page.lines({"request": ASKED, "options": {"dialect": "hermes"}})
    told = [line["event"] for line in lines if line["event"] != "text"]
    assert told == ["sent", "record", "sent", "record", "answer"]
    assert "".join(line["text"] for line in lines if line["event"] == "text") == f"{WRONG}Once more.\n{CALL}"
    first, second = (line for line in lines if line["event"] == "record")
    assert (first["number"], first["outcome"], second["number"], second["outcome"]) == (1, "asked_again", 2, "answered")
    assert [problem["kind"] for problem in first["problems"]] == ["invalid_arguments", "reask"]
    assert [one["parts"][0][0] for one in second["messages"]] == ["system", "history", "reask", "reask"]
    assert lines[-1]["message"]["tool_calls"][0]["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}


def test_a_run_that_fails(page: Page, script: Script) -> None:
    script.reply = Answer({"error": {"message": "out of memory"}}, 500)
    last = page.lines({"request": ASKED})[-1]
    assert (last["event"], last["status"], last["error"]["message"]) == ("error", 500, "out of memory")
    script.reply = Stream((event({"choices": [{"index": 0, "delta": {"content": "<tool"}}]}),), cut=True)
    last = page.lines({"request": ASKED})[-1]
    assert (last["event"], last["error"]["code"]) == ("error", "upstream_cut")
    wrong = page.post("run", {"request": {**ASKED, "messages": "Hi"}})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "messages")


def test_requests_of_other_clients(script: Script) -> None:
    """Each wire's request is in the list, and opens with the prompt in parts, the completion in pieces, and as a chat."""
    script.reply = completion(CALL)
    tool = {"name": "get_weather", "input_schema": SCHEMA}
    user = [{"role": "user", "content": "Weather in Paris?"}]
    rows: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": user, "tools": TOOLS},
        "/v1/responses": {"input": "Weather in Paris?", "tools": [{"type": "function", "name": "get_weather", "parameters": SCHEMA}]},
        "/v1/messages": {"max_tokens": 9, "messages": user, "tools": [tool]},
        "/api/chat": {"messages": user, "tools": TOOLS, "stream": False},
        "/api/v1/services/aigc/text-generation/generation": {"input": {"messages": user}, "parameters": {"result_format": "message", "tools": TOOLS}},
    }  # fmt: skip
    with Upstream(script) as upstream, running(upstream.url, ollama=True) as url:
        page = Page(url)
        for path, body in rows.items():
            assert page.client.post(path, json={"model": "m", **body}).status_code == 200, path
        assert page.client.post("/v1/chat/completions", json={"model": "m", "messages": "x", "tools": TOOLS}).status_code == 400
        listed = page.data("requests")["requests"]
        assert [one["path"] for one in listed] == ["/v1/chat/completions", *reversed(rows)]
        assert (listed[0]["status"], listed[0]["requests"]) == (400, 0)
        assert "messages" in page.data("request", {"number": listed[0]["number"]})["error"]
        for one in listed[1:]:
            assert (one["status"], one["calls"]) == (200, ["get_weather"]), one["path"]
            found = page.data("request", {"number": one["number"]})
            [record] = found["records"]
            assert record["body"] == upstream.bodies[one["number"] - 1]
            assert record["messages"][-1]["parts"] == [["history", "Weather in Paris?"]], one["path"]
            assert "".join(text for _, text, _ in record["pieces"]) == CALL
            assert found["chat"]["messages"] == user, one["path"]
            assert [tool["function"]["name"] for tool in found["chat"]["tools"]] == ["get_weather"], one["path"]
        assert page.post("request", {"number": 99}).status_code == 404
        assert page.client.get("/").text == "Ollama is running"
        assert page.client.get("/", headers={"accept": "text/html"}).text.startswith("<!doctype html>")


def test_no_key_is_kept(script: Script) -> None:
    """Keys of the gateway, of upstream and of callers, and credentials in a request."""
    secrets = {"gateway": "k-gateway-1", "upstream": "k-upstream-2", "tool": "k-tool-3", "body": "k-body-4"}
    script.reply = completion(f"Your keys are {secrets['upstream']} and {secrets['gateway']}.")
    mcp = {"type": "mcp", "server_label": "x", "server_url": "http://x", "headers": {"Authorization": secrets["tool"]}}
    body = {"model": "m", "input": "Hi", "tools": [mcp], "api_key": secrets["body"]}
    with (
        Upstream(script) as upstream,
        running(upstream.url, keys=frozenset({secrets["gateway"]}), key=secrets["upstream"]) as url,
    ):
        page = Page(url, authorization=f"Bearer {secrets['gateway']}")
        page.client.post("/v1/responses", json=body)
        page.client.post("/v1/chat/completions", json=ASKED)
        entries = [page.data("request", {"number": number}) for number in (1, 2)]
    assert [len(entry["records"]) for entry in entries] == [1, 1]
    for name, secret in secrets.items():
        assert secret not in json.dumps(entries), name
    # A key that looks like other parts of JSON takes nothing else away.
    for odd in ("messages", "12345678", 'nn"nnnnnn', 'content":[]'):
        with Upstream(script) as upstream, running(upstream.url) as url:
            page = Page(url)
            page.client.post("/v1/chat/completions", json={**ASKED, "seed": 12345678}, headers={"x-api-key": odd})
            assert page.data("request", {"number": 1})["request"]["messages"] == MESSAGES, odd
    with Upstream(Answer({"error": {"message": "Wrong key: k-caller-5"}}, 401)) as upstream, running(upstream.url) as url:
        page = Page(url)
        assert page.client.post("/v1/chat/completions", json=ASKED, headers={"x-api-key": "k-caller-5"}).status_code == 401
        assert "k-caller-5" not in json.dumps(page.data("request", {"number": 1}))


def test_the_list_is_bounded(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "MOST", 3)
    monkeypatch.setattr(kept_module, "MOST_BYTES", 60_000)
    monkeypatch.setattr(kept_module, "MOST_OF_ONE", 50_000)
    script.reply = completion(CALL)
    with Upstream(script) as upstream, running(upstream.url) as url:
        page = Page(url)

        def numbers(text: str, times: int) -> list[int]:
            for _ in range(times):
                page.client.post("/v1/chat/completions", json={**ASKED, "messages": [{"role": "user", "content": text}]})
            return [one["number"] for one in page.data("requests")["requests"]]

        assert numbers("Hi", 5) == [5, 4, 3]
        assert numbers("x" * 11_000, 2) == [7]  # each is kept with the request that went upstream
        assert numbers("y" * 50_000, 1) == [8, 7]
        large = page.data("request", {"number": 8})
        assert (large["request"], large["records"], large["large"] > 50_000) == (None, [], True)


def test_other_pages_get_nothing(script: Script) -> None:
    """Neither a page that may not call the gateway nor one that may reads or does anything here."""
    with Upstream(script) as upstream, running(upstream.url, origins=frozenset({"https://page"})) as url:
        page = Page(url)
        rows: dict[str, tuple[dict[str, str], int]] = {
            "the page": ({"origin": page.base, "sec-fetch-site": "same-origin"}, 200),
            "no browser": ({}, 200),
            "another site": ({"origin": "https://evil"}, 403),
            "an allowed site": ({"origin": "https://page"}, 403),
            "a site with no origin": ({"sec-fetch-site": "cross-site"}, 403),
            "another port": ({"sec-fetch-site": "same-site"}, 403),
            "a form": ({"content-type": "application/x-www-form-urlencoded"}, 415),
            "text": ({"content-type": "text/plain"}, 415),
            "another name": ({"host": "evil.example"}, 421),
        }
        for name in ("start", "requests", "request", "preview", "read"):
            for row, (headers, status) in rows.items():
                got = page.post(name, {"number": 1, "completion": "x", "request": ASKED}, **headers)
                assert got.status_code == (404 if status == 200 and name == "request" else status), (name, row)
        for row, (headers, status) in rows.items():
            if status != 200:
                assert page.post("run", {"request": ASKED}, **headers).status_code == status, row
        assert upstream.received == []
        assert page.client.get("/playground/api/requests").status_code == 405
        for value in ("/etc/passwd", "x.jinja", 7):
            got = page.post("preview", {"request": ASKED, "options": {"dialect": value}})
            assert (got.status_code, got.json()["error"]["param"]) == (400, "options.dialect")
        assert page.post("preview", {"request": ASKED, "options": {"chat_template": "chatml"}}).status_code == 400


def test_keys_guard_the_data_and_not_the_page(script: Script) -> None:
    with Upstream(script) as upstream, running(upstream.url, keys=frozenset({"k-one"})) as url:
        page = Page(url)
        assert {page.client.get(path).status_code for path in assets()} == {200}
        for name in ("start", "requests", "request", "preview", "read", "run"):
            assert page.post(name).status_code == 401, name
            assert page.post(name, {"number": 1}, authorization="Bearer k-two").status_code == 401, name
        assert page.post("start", {}, authorization="Bearer k-one").status_code == 200


def test_the_page_runs_nothing_from_elsewhere(page: Page) -> None:
    got = page.client.get("/")
    policy = got.headers["content-security-policy"]
    assert "default-src 'self';" in policy
    assert "unsafe" not in policy
    for path in [*assets(), "/playground/api/requests"]:
        answer = page.client.post(path, json={}) if "/api/" in path else page.client.get(path)
        headers = answer.headers
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY"), path
        assert (headers["cross-origin-resource-policy"], headers["cache-control"]) == ("same-origin", "no-store"), path
    own = {
        path: asset.data.decode() for path, asset in assets().items() if "/vendor/" not in path and not path.endswith(".svg")
    }
    for path, text in own.items():
        assert "innerHTML" not in text, path
        assert "dangerously" not in text, path
        assert "://" not in text.replace("http://www.w3.org", ""), path
    assert "<script>" not in own["/"]
    assert "style=" not in own["/"]


def test_strangers_read_no_list(script: Script) -> None:
    """Without keys, on an address that others reach, nothing is kept, and the page says why."""
    script.reply = completion(CALL)
    with Upstream(script) as upstream, running(upstream.url, host="0.0.0.0") as url:  # noqa: S104  # what is asked about
        page = Page(url.replace("0.0.0.0", "127.0.0.1"))  # noqa: S104
        assert page.client.post("/v1/chat/completions", json=ASKED).status_code == 200
        listed = page.data("requests")
        assert (listed["requests"], "--api-key-file" in listed["why_none"]) == ([], True)
        assert page.post("request", {"number": 1}).status_code == 404


def test_off(script: Script) -> None:
    with Upstream(script) as upstream, running(upstream.url, playground=False) as url:
        page = Page(url)
        for path in ("/", "/playground/app.js", "/playground/api/requests"):
            assert page.client.post(path, json={}).status_code == 404, path


def test_the_vendored_files_have_their_licences() -> None:
    folder = Path(adapter.__file__).parent / "gateway" / "playground" / "static" / "vendor"
    said = (folder / "README.md").read_text(encoding="utf-8")
    for name in ("preact", "htm"):
        assert f"`{name}.mjs`" in said
        assert (folder / f"{name}.LICENSE.txt").stat().st_size > 900


_JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1e300,
    "",
    "x",
    "\ud800",
    [],
    [[]],
    {},
    {"a": 1},
    "hermes",
    "none",
    10**30,
    ["user"],
    "\u0000",
]


def mutated(value: Any, chance: random.Random) -> Any:
    """A JSON value with some of its parts gone, or junk."""
    if chance.random() < 0.12:
        return chance.choice(_JUNK)
    if isinstance(value, dict):
        return {name: mutated(one, chance) for name, one in value.items() if chance.random() > 0.05}
    return [mutated(one, chance) for one in value] if isinstance(value, list) else value


@pytest.mark.both_tiers
def test_no_data_makes_the_gateway_fail(page: Page, script: Script) -> None:
    script.reply = lambda request: streamed(CALL) if request.body.get("stream") else completion(CALL)
    chance = random.Random(7)
    options = {
        "dialect": "hermes",
        "enforce": "json_schema",
        "native": "auto",
        "profile": "small",
        "examples": "auto",
        "server": "openai",
    }
    request = {**ASKED, "tool_choice": "auto", "response_format": {"type": "json_object"}, "n": 1}
    whole = {"request": request, "options": options, "completion": CALL, "finish_reason": "stop", "number": 1}
    for _ in range(few_or_all(30, 400)):
        body = mutated(whole, chance)
        given = json.dumps(body if isinstance(body, dict) else {}).encode()
        for name in ("start", "preview", "read", "run", "request"):
            got = page.client.post(f"/playground/api/{name}", content=given, headers={"content-type": "application/json"})
            assert got.status_code < 500, (name, given)
            assert "failed on this request" not in got.text, (name, given)
        asked = json.dumps((body.get("request") if isinstance(body, dict) else None) or {}).encode()
        assert page.client.post("/v1/chat/completions", content=asked).status_code != 500, asked
    for entry in page.data("requests")["requests"]:
        assert page.post("request", {"number": entry["number"]}).status_code == 200
