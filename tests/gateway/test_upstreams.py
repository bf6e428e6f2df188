"""Several upstreams: the next is asked before the first byte and never after, tries are bounded, circuits rest (behaviour 9.11)."""

from __future__ import annotations

import dataclasses
import json
import socket
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from adapter.gateway.circuit import Circuit
from adapter.gateway.config import Upstream as Server
from adapter.gateway.faults import Fault, fault_of_status
from adapter.gateway.reaching import Budget, Reach, Reaching
from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS, GOOD, call, scripted
from tests.gateway.test_tools_ignored import WIRES
from tests.support.gateway import LIMIT, Script, config_for, running, running_with
from tests.support.loopback import Answer, Raw, Received, Stream, Upstream, chunk, completion, event, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN: dict[str, Any] = {"model": "m", "messages": ASKED}
HALF = event(chunk({"role": "assistant", "content": "Hel"}))
GONE = {"error": {"message": "out of memory"}}
# The first upstream's reply to each request; the requests that it gets; the word for it. The second upstream answers.
FAULTS: dict[str, tuple[Any, int, str]] = {
    "refuses": (None, 0, "unreachable"),
    "hangs": (Raw(b"", linger=True), 1, "timeout"),
    "hangs behind its head": (Stream((), linger=True), 1, "timeout"),
    "cuts before its head": (Raw(b""), 1, "cut"),
    "cuts behind its head": (Stream((), cut=True), 1, "cut"),
    "ends behind its head": (Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 1, "cut"),
    "says 500": (Answer(GONE, 500), 1, "status_500"),
    "says 503": (Answer(GONE, 503), 1, "status_503"),
    "says 429 for long": (Answer(GONE, 429, {"retry-after": "60"}), 1, "status_429"),
    "says 429 for a moment": (Answer(GONE, 429, {"retry-after": "2"}), 1, "status_429"),
    "says 429": (Answer(GONE, 429), 1, "status_429"),
}


@contextmanager
def two(first: Any, second: Any, options: dict[str, Any] | None = None, **given: Any) -> Iterator[tuple[str, Any, Any]]:
    """A gateway over two upstreams, `main` and `spare`. Yields its base URL and both; None is an upstream that is not there."""
    with ExitStack() as stack:
        refusing = stack.enter_context(socket.socket())
        refusing.bind(("127.0.0.1", 0))  # bound, and nobody listens
        main = None if first is None else stack.enter_context(Upstream(first))
        spare = stack.enter_context(Upstream(second))
        address = f"http://127.0.0.1:{refusing.getsockname()[1]}/v1" if main is None else main.url
        servers = given.pop("servers", {})
        other = Server(url=spare.url, name="spare", timeout=LIMIT, caller_key=False, **servers)
        given = {"circuit_failures": 99, "name": "main", "caller_key": False, **given}
        yield stack.enter_context(running(address, options, others=(other,), ollama=True, **given)), main, spare


def ask(url: str, wire: str, *, stream: bool) -> httpx.Response:
    path, body = WIRES[wire]
    headers = {"x-dashscope-sse": "enable"} if stream else {}
    given = body if wire == "dashscope" else {**body, "stream": stream}
    return httpx.post(url.removesuffix("/v1") + path, json={"model": "m", **given}, headers=headers, timeout=LIMIT)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_upstream_is_asked_before_the_first_byte(fault: str) -> None:
    reply, number, word = FAULTS[fault]
    wires = WIRES if fault in {"refuses", "cuts behind its head"} else ["chat"]
    # Only where it is waited for: on a busy machine nothing is fast.
    limits: dict[str, Any] = {"first_byte": 0.4} if word == "timeout" else {}
    with two(reply, scripted([call(GOOD)]), **limits) as (url, main, spare):
        for wire in wires:
            for stream in (False,) if " for " in fault else (False, True):  # then the first is left alone
                before = 0 if main is None else len(main.received)
                got = ask(url, wire, stream=stream)
                assert (got.status_code, "Oslo" in got.text) == (200, True), (wire, stream, got.text)
                assert got.headers["x-adapter-upstream"] == "spare", (wire, stream)
                assert got.headers["x-adapter-tried"] == f"main {word}", (wire, stream)
                assert len([] if main is None else main.received) - before == number, (wire, stream)
        assert len(spare.received) == (1 if " for " in fault else 2 * len(wires))


LARGE = "x" * 2_000_000
LIMITS: dict[str, tuple[Any, str]] = {
    "a short error, then a large answer": (GONE, LARGE),
    "a large error, then a short answer": ({"error": {"message": LARGE}}, "Fine."),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("row", LIMITS)
def test_the_limit_of_an_error_is_not_that_of_the_next_answer(row: str, *, stream: bool) -> None:
    error, text = LIMITS[row]
    answer = streamed(text) if stream else completion(text)
    with two(Answer(error, 503), answer) as (url, main, spare):
        got = httpx.post(f"{url}/chat/completions", json={**PLAIN, "stream": stream}, timeout=LIMIT)
        assert (got.status_code, len(main.received), len(spare.received)) == (200, 1, 1)
        assert text in got.text


def test_what_passes_unchanged_falls_to_the_next_too() -> None:
    with two(Answer(GONE, 503), lambda request: Answer({"object": request.path})) as (url, main, spare):
        for path, body in {"/completions": {"prompt": "Once"}, "/embeddings": {"input": "x"}}.items():
            got = httpx.post(url + path, json={"model": "m", **body}, timeout=LIMIT)
            assert (got.status_code, got.json()["object"]) == (200, f"/v1{path}")
            assert got.headers["x-adapter-upstream"] == "spare"
        assert (len(main.received), len(spare.received)) == (2, 2)


@pytest.mark.parametrize("wire", WIRES)
def test_nobody_else_is_asked_after_the_first_byte(wire: str) -> None:
    """A stream that is cut after its first delta, a document that is cut in the middle: an error, and one request in all."""
    half = Raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{")
    cut = {True: Stream((HALF, 0.05), cut=True), False: half}
    # DashScope's document is made of a stream or of a document, as its exchange asks.
    with two(lambda request: cut[bool(request.body.get("stream"))], completion("Fine.")) as (url, main, spare):
        for stream in (False, True):
            got = ask(url, wire, stream=stream)
            assert got.status_code == (200 if stream else 502), (stream, got.text)
            assert "Fine." not in got.text
            assert "broke off" in got.text or "ended before" in got.text, got.text
        assert (len(main.received), len(spare.received)) == (2, 0)


def test_all_fail() -> None:
    """An error that an upstream answered with is better than none; else the last is told."""
    rows: list[tuple[Any, Any, int, str, str]] = [
        (Answer(GONE, 503), Answer({"error": {"message": "full"}}, 500), 500, "full", "spare"),
        (Answer(GONE, 503), Raw(b""), 503, "out of memory", "main"),
        (None, Raw(b"", linger=True), 504, "did not answer in time (first byte: 0.3 s)", "spare"),
        (None, Answer({"error": {"message": "no such model"}}, 404), 404, "no such model", "spare"),
    ]
    for first, second, status, words, name in rows:
        limits: dict[str, Any] = {"first_byte": 0.3} if status == 504 else {}
        with two(first, second, servers=limits) as (url, _, _):
            got = httpx.post(f"{url}/chat/completions", json=PLAIN, timeout=LIMIT)
        assert (got.status_code, words in got.text) == (status, True), got.text
        assert got.headers["x-adapter-upstream"] == name, words


# The replies of a single upstream, in order; the status that the caller gets, and the requests, with two further tries.
TRIES: dict[str, tuple[list[Any], int, int]] = {
    "busy once": ([Answer(GONE, 503), completion("Fine.")], 200, 2),
    "busy twice": ([Answer(GONE, 502), Answer(GONE, 529), completion("Fine.")], 200, 3),
    "busy for ever": ([Answer(GONE, 503)], 503, 3),
    "says when": ([Answer(GONE, 429, {"retry-after": "0.01"}), completion("Fine.")], 200, 2),
    "says when, in milliseconds": ([Answer(GONE, 503, {"retry-after-ms": "9"}), completion("Fine.")], 200, 2),
    "says a date that has gone": ([Answer(GONE, 429, {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}), completion("Fine.")], 200, 2),
    "says a time that is too long": ([Answer(GONE, 429, {"retry-after": "9"}), completion("Fine.")], 429, 1),
    "fails": ([Answer(GONE, 500), completion("Fine.")], 500, 1),
    "is not able to": ([Answer(GONE, 501), completion("Fine.")], 501, 1),
    "cuts": ([Raw(b""), Raw(b""), completion("Fine.")], 200, 3),
    "refuses the request": ([Answer(GONE, 400), completion("Fine.")], 400, 1),
}  # fmt: skip


def test_a_single_upstream_is_tried_again() -> None:
    script = Script()
    with (
        Upstream(script) as upstream,
        running(upstream.url, retries=2, wait=0.2) as url,
        httpx.Client(timeout=LIMIT) as client,
    ):
        for name, (replies, status, number) in TRIES.items():
            for tools in ({}, {"tools": CHAT_TOOLS}):
                left = list(replies)
                script.reply = lambda _, left=left: left.pop(0) if len(left) > 1 else left[0]
                upstream.received.clear()
                got = client.post(f"{url}/chat/completions", json={**PLAIN, **tools})
                assert (got.status_code, len(upstream.received)) == (status, number), (name, got.text)
                if name == "says a time that is too long":
                    assert got.headers["retry-after"] == "9"
                assert ("x-adapter-tried" in got.headers) == (number > 1 or status in {429, 500, 501}), name
                assert "x-adapter-upstream" not in got.headers


def test_a_connection_is_asked_twice_if_it_was_kept() -> None:
    """A prompt that ends a server is sent as often as the tries say; a kept connection that upstream closed gets no request."""
    fine, cut = completion("Fine."), Raw(b"")
    # The further tries, the replies in order (the last for ever), the statuses of two requests, the requests upstream.
    rows: dict[str, tuple[int, list[Any], list[int], int]] = {
        "a fresh one": (0, [cut], [502, 502], 2),
        "fresh ones, and further tries": (2, [cut], [502, 502], 6),
        "a kept one": (0, [fine, cut, fine], [200, 200], 3),
        "a kept one, and a fresh one": (0, [fine, cut], [200, 502], 3),
    }
    for name, (retries, replies, statuses, number) in rows.items():
        with Upstream(*replies) as upstream, running(upstream.url, retries=retries, wait=0.02) as url:
            got = [httpx.post(f"{url}/chat/completions", json=PLAIN, timeout=LIMIT) for _ in range(2)]
            assert ([one.status_code for one in got], len(upstream.received)) == (statuses, number), name


def test_a_silent_upstream_is_not_tried_again() -> None:
    with Upstream(Raw(b"", linger=True)) as upstream, running(upstream.url, retries=2, first_byte=0.3) as url:
        got = httpx.post(f"{url}/chat/completions", json=PLAIN, timeout=LIMIT)
        assert (got.status_code, len(upstream.received), got.headers["x-adapter-tried"]) == (504, 1, "default timeout")


def test_tries_are_bounded_for_all_requests_of_a_caller_s() -> None:
    """The first answer is wrong, and the second request for a call fails: both share the tries."""
    replies = [Answer(GONE, 503), completion(call({"days": 2})), Answer(GONE, 503)]
    with Upstream(*replies) as upstream, running(upstream.url, retries=2, wait=0.05) as url:
        got = httpx.post(f"{url}/chat/completions", json={**PLAIN, "tools": CHAT_TOOLS}, timeout=LIMIT)
        assert (got.status_code, len(upstream.received)) == (503, 4)  # 503 and a try, 503 and a last try


def test_an_upstream_that_fails_is_asked_last_and_tried_after_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    later = [0.0]  # seconds by which the gateway's clock is ahead
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + later[0], time=time.time)
    for module in ("app", "link", "upstreams"):
        monkeypatch.setattr(f"adapter.gateway.{module}.time", clock)
    script = Script()
    with (
        two(script, completion("Fine."), circuit_failures=2, circuit_rest=1000.0) as (url, main, spare),
        httpx.Client(timeout=LIMIT) as client,
    ):

        def asked() -> str:
            return client.post(f"{url}/chat/completions", json=PLAIN).headers["x-adapter-upstream"]

        def ready() -> Any:
            return client.get(f"{url.removesuffix('v1')}ready").json()

        script.reply = Answer(GONE, 503)
        assert [asked() for _ in range(6)] == ["spare"] * 6
        assert [request.method for request in main.received] == ["POST", "POST"]
        assert len(spare.received) == 6
        assert (ready()["status"], ready()["upstreams"]["main"]["circuit"]) == ("ready", "open")
        later[0] += 1001
        assert ready()["upstreams"]["main"]["circuit"] == "half_open"
        assert (asked(), ready()["upstreams"]["main"]["circuit"]) == ("spare", "open")  # tried once, and rests again
        assert [request.method for request in main.received].count("POST") == 3
        later[0] += 1001
        script.reply = completion("Back.")
        assert [asked(), asked()] == ["main", "main"]
        assert ready()["upstreams"]["main"] == {"answers": True, "circuit": "closed"}


def test_a_circuit_never_blocks_the_only_upstream() -> None:
    with Upstream(Answer(GONE, 503)) as upstream, running(upstream.url, circuit_failures=1, circuit_rest=999.0) as url:
        for number in range(1, 4):
            assert httpx.post(f"{url}/chat/completions", json=PLAIN, timeout=LIMIT).status_code == 503
            assert len(upstream.received) == number


def test_states_of_a_circuit() -> None:
    """(action, time, state after it)"""
    circuit = Circuit(2, 10.0)
    rows: list[tuple[str, float, str]] = [
        ("fail", 0, "closed"), ("answer", 1, "closed"), ("fail", 2, "closed"), ("fail", 3, "open"), ("wait", 12, "open"),
        ("wait", 13, "half_open"), ("begin", 13, "open"), ("left", 14, "half_open"), ("begin", 14, "open"), ("fail", 15, "open"),
        ("wait", 24, "open"), ("wait", 25, "half_open"), ("begin", 25, "open"), ("answer", 26, "closed"), ("busy", 27, "open"),
        ("wait", 32, "closed"), ("fail", 33, "closed"),
    ]  # fmt: skip
    for step, (action, now, state) in enumerate(rows):
        if action == "fail":
            circuit.failed(now)
        elif action == "answer":
            circuit.succeeded()
        elif action == "begin":
            assert circuit.begin(now), step
            assert not circuit.begin(now), "one request tries"
        elif action == "left":
            circuit.left()
        elif action == "busy":
            circuit.busy(now + 5)
        assert (step, circuit.state(now)) == (step, state)
        assert circuit.admits(now) == (state != "open")


def test_the_order_of_tries() -> None:
    """Faults in order, and where each leads: the name, or None at the end."""
    again, never, short, long = (
        Fault("status_503", again=True), Fault("status_500"), Fault("status_429", again=True, after=1.0, counts=False),
        Fault("status_429", again=True, after=9.0, counts=False),
    )  # fmt: skip
    rows: list[tuple[list[Fault], list[str | None]]] = [
        ([never, never], ["b", None]),
        ([again, never, again, again], ["b", "a", "a", None]),
        ([again, again, again, again, again, again], ["b", "a", "b", "a", "b", None]),
        ([short, short, short, never], ["b", "a", "b", "a"]),
        ([short, short, never, never], ["b", "a", "b", None]),
        ([long, long], ["b", None]),
        ([long, short, short, short], ["b", "b", "b", None]),
        ([short, again, again, again, again, again], ["b", "b", "a", "b", "a", None]),
    ]
    for faults, names in rows:
        names_of: list[Any] = [type("M", (), {"name": name})() for name in "ab"]
        budget = Budget(Reach(2, 2.0))
        reaching = Reaching(names_of, budget)
        got: list[str | None] = []
        for fault in faults:
            wait = reaching.after(fault)
            assert wait is None or wait <= 2.25
            got.append(None if wait is None else reaching.member.name)
        assert got == names[: len(got)], faults
        assert budget.left >= 0


def test_an_upstream_is_not_asked_before_the_time_it_said() -> None:
    """Faults of `a` and `b` in order, and the least waits before the tries that follow."""
    plain, one, two = (Fault("status_503", again=True, after=after) for after in (None, 1.0, 2.0))
    rows: list[tuple[list[Fault], list[tuple[str, float]]]] = [
        ([one, two, one, plain], [("b", 0.0), ("a", 1.0), ("b", 2.0), ("b", 0.0)]),
        ([two, one, plain, plain], [("b", 0.0), ("b", 1.0), ("a", 2.0), ("b", 0.0)]),
        ([one, plain, plain, plain], [("b", 0.0), ("b", 0.0), ("a", 1.0), ("b", 0.0)]),
    ]
    for faults, tries in rows:
        members: list[Any] = [type("M", (), {"name": name})() for name in "ab"]
        reaching = Reaching(members, Budget(Reach(2, 2.0)))
        waited = 0.0
        for number, (fault, (name, least)) in enumerate(zip(faults, tries, strict=True)):
            wait = reaching.after(fault)
            assert wait is not None
            waited += wait
            assert (reaching.member.name, waited >= least - 1e-9) == (name, True), (faults, number, waited)
            assert waited < 2.75 + 0.25 * number, (faults, number)


def test_waits_that_upstream_asks_for() -> None:
    now = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT
    rows = {
        "3": 3.0, "0.5": 0.5, "-1": 0.0, "Sun, 06 Nov 1994 08:49:47 GMT": 10.0, "Sun, 06 Nov 1994 08:49:27 GMT": 0.0,
        "nan": None, "inf": None, "soon": None, "": None,
    }  # fmt: skip
    for text, seconds in rows.items():
        fault = fault_of_status(429, {"retry-after": text}, now)
        assert fault is not None
        assert fault.after == seconds, text
    assert [status for status in (200, 400, 404, 499) if fault_of_status(status, {}, now)] == []


def test_what_another_upstream_taught_is_forgotten() -> None:
    """The first upstream is asked for its model's size again after an answer of the second's."""

    def away(request: Received) -> Any:
        return Answer({"data": [{"id": "m"}]}) if request.method == "GET" else Answer(GONE, 503)

    with two(away, completion("Fine."), {"profile": "auto"}) as (url, main, _):
        for number in (1, 2):
            httpx.post(f"{url}/chat/completions", json={**PLAIN, "tools": CHAT_TOOLS}, timeout=LIMIT)
            assert [request.path for request in main.received].count("/v1/models") == number


def models(*names: str) -> Any:
    listed = Answer({"object": "list", "data": [{"id": name, "object": "model", "created": 1} for name in names]})
    return lambda request: listed if request.method == "GET" else completion(f"{request.body['model']} of {names[0]}")


def test_models_have_their_upstreams() -> None:
    """By a rule's list, by the globs of upstreams; what nobody has is a 404. The list of models is the union."""
    rules = {"both-*": {"upstreams": ["spare", "main"]}, "claude-*": {"model": "b1"}}
    servers: dict[str, Any] = {"models": ("b*",), "key": "sk-spare"}
    with two(models("a1", "both-x"), models("b1", "a9", "both-x"), models=rules, servers=servers) as (url, main, spare):
        with httpx.Client(timeout=LIMIT, headers={"authorization": "Bearer k-caller"}) as client:
            for name, said in {"a1": "a1 of a1", "b1": "b1 of b1", "both-x": "both-x of b1", "claude-9": "b1 of b1"}.items():
                got = client.post(f"{url}/chat/completions", json={**PLAIN, "model": name})
                # Both upstreams serve `b*`: the first is asked, unless a rule says otherwise.
                wanted = {"b1": "b1 of a1", "claude-9": "b1 of a1"}.get(name, said)
                assert got.json()["choices"][0]["message"]["content"] == wanted, name
            base = url.removesuffix("/v1")
            assert [model["id"] for model in client.get(f"{url}/models").json()["data"]] == ["a1", "both-x", "b1"]
            there = client.get(f"{url}/models", headers={"anthropic-version": "1"}).json()
            assert [model["id"] for model in there["data"]] == ["a1", "both-x", "b1"]
            assert [model["name"] for model in client.get(f"{base}/api/tags").json()["models"]] == ["a1", "both-x", "b1"]
        assert {request.headers.get("authorization") for request in main.received} == {None}
        assert {request.headers.get("authorization") for request in spare.received} == {"Bearer sk-spare"}


def test_a_list_of_models_without_those_of_an_upstream_is_told() -> None:
    for first, told in ((None, "main no_list"), (Answer(GONE, 500), "main no_list"), (models("a"), None)):
        with two(first, models("b")) as (url, _, _):
            got = httpx.get(f"{url}/models", timeout=LIMIT)
        assert (got.status_code, got.headers.get("x-adapter-tried"), "x-adapter-upstream" in got.headers) == (200, told, False)
        assert [model["id"] for model in got.json()["data"]] == (["b"] if told else ["a", "b"])
    with two(None, Answer(GONE, 500)) as (url, _, _):
        got = httpx.get(f"{url}/models", timeout=LIMIT)
    assert (got.status_code, "spare: status 500" in got.json()["error"]["message"]) == (502, True)


def test_a_model_of_no_upstream() -> None:
    with Upstream(completion("x")) as upstream:
        servers = (Server(url=upstream.url, name="b", models=("b*",)),)
        with running(upstream.url, others=servers, models={"a*": {"upstreams": ["b"]}}) as url:
            first = httpx.post(f"{url}/chat/completions", json={**PLAIN, "model": "zzz"}, timeout=LIMIT)
            assert first.status_code == 200  # the first upstream serves all
    with Upstream(completion("x")) as upstream:
        only = Server(url=upstream.url, name="b", models=("b*", "c"))
        with running_with(dataclasses.replace(config_for(upstream.url), upstream=only, others=(only,))) as url:
            for path, more in (("/chat/completions", {}), ("/chat/completions", {"tools": CHAT_TOOLS}), ("/completions", {})):
                got = httpx.post(url + path, json={**PLAIN, "model": "zzz", **more}, timeout=LIMIT)
                assert (got.status_code, got.json()["error"]["code"]) == (404, "model_not_found")
                assert "b*, c" in got.json()["error"]["message"]
        assert upstream.received == []


def test_an_upstream_s_own_name_of_the_model() -> None:
    said = lambda request: completion(request.body["model"])  # noqa: E731
    with two(Answer(GONE, 503), said, servers={"model": "gpt-big"}) as (url, _, spare):
        got = httpx.post(f"{url}/chat/completions", json={**PLAIN, "tools": CHAT_TOOLS}, timeout=LIMIT).json()
        assert got["choices"][0]["message"]["content"] == "gpt-big"
        assert json.dumps(spare.bodies[0]).count("gpt-big") == 1


def test_ready_is_told_while_one_upstream_answers() -> None:
    rows: list[tuple[Any, Any, int]] = [
        (None, models("b"), 200), (models("a"), Answer(GONE, 500), 200), (None, Answer(GONE, 503), 503),
        (Raw(b"", linger=True), models("b"), 200),
    ]  # fmt: skip
    for first, second, status in rows:
        with two(first, second) as (url, _, _):
            got = httpx.get(f"{url.removesuffix('v1')}ready", timeout=LIMIT)
        assert (got.status_code, set(got.json()["upstreams"])) == (status, {"main", "spare"}), got.text
        if isinstance(first, Raw):  # the probe of a supervisor waits for a second, and another upstream is there
            assert "of another's" in got.json()["upstreams"]["main"]["reason"]


def test_signs_of_life_while_the_next_upstream_is_asked() -> None:
    """The response has begun when the first upstream is given up: the caller sees one stream."""
    with two(Raw(b"", linger=True), streamed(call(GOOD)), {"alive_after": 0.1}, first_byte=0.4) as (url, _, _):
        for wire, sign in {"chat": ": waiting", "responses": "event: response.in_progress", "messages": "event: ping"}.items():
            got = ask(url, wire, stream=True)
            assert (got.status_code, sign in got.text, "Oslo" in got.text) == (200, True, True), got.text
            assert "upstream" not in got.text
