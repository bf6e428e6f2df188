"""`adapter batch run`: a file of requests through a server, one row out for one row in, in their order, after faults and kills."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

from adapter.batching.answers import Answers, put_in_order
from adapter.batching.asking import Request, RequestAsker
from adapter.batching.parts import BadRun
from adapter.cli import run
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER
from tests.support.loopback import Answer, Upstream, completion

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.loopback import Received, Reply

NUMBER = 12


def request(number: int, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": f"Question {number}"}], "tools": [WEATHER], **more}


ROWS: list[Any] = [request(number) for number in range(NUMBER)]
ROWS[3] = {"custom_id": "three", "method": "POST", "url": "/v1/chat/completions", "body": request(3)}
ROWS[5] = request(5, stream=True)


def told(received: Received) -> str:
    return str(received.body["messages"][-1]["content"])


def echo(received: Received) -> Reply:
    return completion(f"{told(received)}: {CALL}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def call(*words: str) -> tuple[int, str]:
    err = io.StringIO()
    return run(["batch", "run", *words], io.StringIO(), err, io.StringIO()), err.getvalue()


def rows_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_request_has_its_answer_in_order(folder: Path) -> None:
    with Upstream(echo) as upstream:
        status, err = call("in.jsonl", "--out", "out.jsonl", "--base-url", upstream.url, "--concurrency", "4")
        assert len(upstream.received) == NUMBER
    assert status == 0
    assert err.endswith("adapter batch: 12 rows in out.jsonl, 0 without an answer\n")
    rows = rows_of(folder / "out.jsonl")
    assert [row["row"] for row in rows] == list(range(NUMBER))
    assert [row["custom_id"] for row in rows] == [None, None, None, "three", *[None] * 8]
    for row in rows:
        message = row["response"]["body"]["choices"][0]["message"]
        assert message["content"] == f"Question {row['row']}:"
        assert message["tool_calls"][0]["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    assert [one["message"] for row in rows for one in row["problems"]] == ["stream: the answer of a row is whole"]


def test_a_run_goes_on_with_what_has_no_answer(folder: Path) -> None:
    """Errors of the server are asked again, also where a line is torn; refusals of a request are final, and nothing is asked twice."""
    asked: Counter[str] = Counter()

    def half(received: Received) -> Reply:
        asked[told(received)] += 1
        number = int(told(received).split()[1])
        if number == 4:
            return Answer({"error": {"message": "too long"}}, 400)
        return Answer({"error": {"message": "busy"}}, 503) if number % 2 and asked[told(received)] == 1 else echo(received)

    words = ("in.jsonl", "--out", "out.jsonl", "--concurrency", "3", "--tries", "1", "--base-url")
    with Upstream(half) as upstream:
        status, err = call(*words, upstream.url)
        assert (status, len(rows_of(folder / "out.jsonl"))) == (1, NUMBER)
        assert "7 without an answer" in err
        with (folder / "out.jsonl").open("ab") as out:
            out.write(b'{"row": 0, "torn')
        status, err = call(*words, upstream.url)
    assert status == 1
    assert "adapter batch: 6 of 12 have an answer in out.jsonl" in err
    rows = rows_of(folder / "out.jsonl")
    assert [row["row"] for row in rows] == list(range(NUMBER))
    assert [row["response"]["status_code"] for row in rows] == [200] * 4 + [400] + [200] * 7
    assert asked == {f"Question {number}": 2 if number % 2 else 1 for number in range(NUMBER)}


def test_the_server_is_asked_again_as_it_wishes(folder: Path) -> None:
    (folder / "in.jsonl").write_bytes(gzip.compress(json.dumps(request(1)).encode()))
    with Upstream(Answer({}, 429, {"retry-after-ms": "1"}), completion("Paris.")) as upstream:
        assert call("in.jsonl", "--out", "out.jsonl", "--base-url", upstream.url)[0] == 0
        assert len(upstream.received) == 2


BAD_ROWS = [
    pytest.param(b"no JSON", "the line is no JSON", id="no JSON"),
    pytest.param(b"[" * 100_000, "the line is no JSON", id="deep"),
    pytest.param(b"[1]", "no JSON object", id="a list"),
    pytest.param(b'{"messages": 5}', "no list 'messages'", id="no messages"),
    pytest.param(b'{"body": 5}', "no list 'messages'", id="no body"),
    pytest.param(b'{"messages": []}', "names no 'model'", id="no model"),
    pytest.param(b'{"url": "/v1/embeddings", "body": {}}', "only requests to", id="another path"),
]


@pytest.mark.parametrize(("line", "message"), BAD_ROWS)
def test_a_row_that_is_no_request(line: bytes, message: str) -> None:
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none") as client:
        row = RequestAsker(client, {}).ask(Request(0, line))
    assert row["error"]["code"] == "bad_row"
    assert message in row["error"]["message"]


def test_a_request_that_the_adapter_refuses_is_a_response() -> None:
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none") as client:
        row = RequestAsker(client, {}, "m").ask(Request(0, json.dumps({"messages": [], "tools": [5]}).encode()))
    assert row["response"]["status_code"] == 400
    assert "expected an object" in row["response"]["body"]["error"]["message"]


WRONG = [
    pytest.param("nope.jsonl", "nope.jsonl: No such file", id="no file"),
    pytest.param("blank.jsonl", "the file has no requests", id="no requests"),
    pytest.param("text.txt", "the first lines are no JSON objects", id="a text"),
    pytest.param("in.jsonl --base-url x", "--base-url 'x': write http", id="an address"),
    pytest.param("in.jsonl --base-url http://127.0.0.1:9/v1 --tries 1", "127.0.0.1:9", id="no server"),
    pytest.param("in.jsonl --tries 0", "--tries 0: give a number from 1 to 1,000,000", id="no tries"),
    pytest.param("in.jsonl --concurrency 0", "--concurrency 0: give a number from 1 to", id="no concurrency"),
    pytest.param("in.jsonl --timeout inf", "--timeout inf: give seconds above 0, 1,000,000 at most", id="seconds without end"),
    pytest.param("in.jsonl --timeout nan", "--timeout nan: give seconds above 0", id="no seconds"),
    pytest.param("cut.gz", "the packed file ends in the middle", id="a packed file that is cut"),
    pytest.param("in.jsonl --out pipe", "a FIFO, a socket or a device is not opened", id="a FIFO as output"),
    pytest.param("in.jsonl --out /dev/full", "/dev/full: no regular file", id="a device as output"),
    pytest.param(
        "in.jsonl --out other.jsonl --fresh", "no file that `adapter batch run` wrote", id="another file to begin anew"
    ),
    pytest.param("in.jsonl --out text", "no file that `adapter batch run` wrote", id="a text without an end of line"),
    pytest.param("in.jsonl --api-key-env NO_SUCH_KEY", "no such variable is set", id="a key"),
    pytest.param("in.jsonl --out in.jsonl", "this is the input", id="the input as output"),
    pytest.param("in.jsonl --out nope/o", "in no folder that there is", id="no folder"),
    pytest.param("in.jsonl --out blank.jsonl --dialect hermess", "hermess", id="a dialect"),
    pytest.param("in.jsonl --out other.jsonl", "no file that `adapter batch run` wrote", id="another file as output"),
    pytest.param("in.jsonl --tires 1", "did you mean --tries?", id="a misspelt flag"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_wrong_input_is_one_line(folder: Path, words: str, message: str) -> None:
    (folder / "blank.jsonl").write_text("\n")
    (folder / "text.txt").write_text("Some words.\n")
    (folder / "other.jsonl").write_text('{"a": 1}\n')
    (folder / "text").write_text("words without an end")
    (folder / "cut.gz").write_bytes(gzip.compress(b"{}\n" * 100)[:-9])
    os.mkfifo(folder / "pipe")
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with Upstream(echo) as upstream:
        status, err = call("--out", "out.jsonl", "--base-url", upstream.url, *words.split())
    assert status == 2
    assert err.startswith("adapter: ")
    assert err.count("\n") == 1
    assert message in err
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == kept


def test_begun_anew_without_an_answer_the_answers_before_stay(folder: Path) -> None:
    words = ("in.jsonl", "--out", "out.jsonl", "--tries", "1", "--base-url")
    with Upstream(echo) as upstream:
        assert call(*words, upstream.url)[0] == 0
        before = (folder / "out.jsonl").read_bytes()
        assert call(*words, "http://127.0.0.1:9/v1", "--fresh")[0] == 2
        assert (folder / "out.jsonl").read_bytes() == before
        asked = len(upstream.received)
        assert call(*words, upstream.url, "--fresh")[0] == 0
        assert len(upstream.received) > asked
    assert sorted(path.name for path in folder.iterdir()) == ["in.jsonl", "out.jsonl"]


@pytest.mark.parametrize("code", [400, 429, 500, 503])
def test_begun_anew_with_rows_that_are_no_answers_the_answers_before_are_kept(folder: Path, code: int) -> None:
    words = ("in.jsonl", "--out", "link.jsonl", "--tries", "1", "--base-url")
    (folder / "link.jsonl").symlink_to("out.jsonl")
    kept = folder / "out.jsonl.before"
    with Upstream(echo) as upstream:
        assert call(*words, upstream.url)[0] == 0
        before = (folder / "out.jsonl").read_bytes()
        with Upstream(Answer({"error": {"message": "down"}}, code)) as down:
            assert f"adapter batch: the answers before this run are kept in {kept}\n" in call(*words, down.url, "--fresh")[1]
        assert kept.read_bytes() == before
        status, err = call(*words, upstream.url, "--fresh")
        assert status == 2
        assert f"{kept}: the answers before an earlier --fresh, which are kept" in err
        kept.unlink()
        assert call(*words, upstream.url, "--fresh")[0] == 0
    assert not kept.exists()
    assert (folder / "link.jsonl").is_symlink()


def test_a_server_that_refuses_all_ends_the_run_at_once(folder: Path) -> None:
    with Upstream(Answer({"error": {"message": "no key"}}, 401)) as upstream:
        status, err = call("in.jsonl", "--out", "out.jsonl", "--base-url", upstream.url, "--concurrency", "1")
        assert len(upstream.received) == 1
    assert (status, err.count("\n")) == (2, 1)
    assert "401" in err
    assert not (folder / "out.jsonl").exists(), "no empty output is left behind"


@pytest.mark.parametrize(
    "changed", [pytest.param(("--enforce", "json_object"), id="another option"), pytest.param((), id="another request")]
)
def test_other_settings_or_requests_are_an_error(folder: Path, changed: tuple[str, ...]) -> None:
    with Upstream(echo) as upstream:
        words = ("in.jsonl", "--out", "out.jsonl", "--base-url", upstream.url)
        assert call(*words)[0] == 0
        assert call(*words)[0] == 0
        assert len(upstream.received) == NUMBER, "nothing is asked twice"
        if not changed:
            (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [request(99), *ROWS[1:]]))
        status, err = call(*words, *changed)
        assert status == 2
        assert "row 0 was asked with other settings, or is another request now" in err
        assert call(*words, *changed, "--fresh")[0] == 0


def test_rows_without_a_request_or_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    row = {"row": 1, "request": "x", "error": None, "response": {"status_code": 200}}
    path.write_text(json.dumps(row) + "\n")
    assert Answers(path).number == 1
    with pytest.raises(BadRun, match="row 0 has no answer"):
        put_in_order(path, 2)
    with pytest.raises(BadRun, match="row 1 has no request any more"):
        put_in_order(path, 1)
