"""`adapter tokens`: the table, JSON, and wrong input."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.cli.test_cli import REQUEST, call
from tests.facts.tools import WEATHER
from tests.support.loopback import Answer, Upstream

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROW = re.compile(r"^(?P<name> *\S.*?) +(?P<tokens>[\d,]+)(?: +[\d.]+ %)?$")


def rows(text: str) -> dict[str, int]:
    found = [ROW.match(line) for line in text.splitlines()]
    return {row["name"]: int(row["tokens"].replace(",", "")) for row in found if row}


def test_the_table_adds_up_and_fits_80_columns(tmp_path: Path) -> None:
    long = {**WEATHER, "function": {**WEATHER["function"], "name": "n" * 128}}
    many = [{**WEATHER, "function": {**WEATHER["function"], "name": f"tool_{number}"}} for number in range(30)]
    bodies = {
        "a request": REQUEST,
        "a long name": {**REQUEST, "tools": [long]},
        "many tools": {**REQUEST, "tools": many},
        "no tools": {"messages": REQUEST["messages"]},
        "a response": {"input": "Weather in Paris?", "instructions": "Be brief.", "tools": [{"type": "function", **WEATHER["function"]}]},
        "Anthropic's": {"system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}], "tools": [{"name": "f", "description": "F.", "input_schema": {"type": "object"}}]},
    }  # fmt: skip
    for fact, body in bodies.items():
        (tmp_path / "r.json").write_text(json.dumps(body), encoding="utf-8")
        status, out, _ = call("tokens", str(tmp_path / "r.json"), "--examples", "auto")
        assert status == 0, fact
        assert max(map(len, out.splitlines())) <= 80, fact
        found = rows(out)
        parts = [found.get(name, 0) for name in ("system", "tools", "examples", "history", "turns")]
        assert found["whole"] == sum(parts), fact
        assert "This is an estimate, within some 10 % for English and Chinese." in out, fact
        tools = [
            name
            for name in found
            if name.startswith("  ")
            and name.strip() not in {"compact JSON", "no descriptions", "no descriptions of parameters"}
        ]
        assert len(tools) == {"no tools": 0, "many tools": 21, "a request": 2}.get(fact, 1), fact


def test_json_is_the_result(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(REQUEST), encoding="utf-8")
    status, out, err = call("tokens", str(tmp_path / "r.json"), "--json")
    found = json.loads(out)
    assert (status, err, found["exact"]) == (0, "", False)
    assert [*found["per_tool"]] == ["get_weather", "get_time"]
    assert found["whole"] == sum(found[name] for name in ("tools", "system", "history", "examples", "turns"))


def test_a_server_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r.json").write_text(json.dumps(REQUEST), encoding="utf-8")
    monkeypatch.setenv("TOKENS_KEY", "secret")
    answer = lambda request: Answer({"tokens": [*map(ord, request.body.get("content", ""))]})  # noqa: E731
    with Upstream(answer) as upstream:
        status, out, err = call("tokens", str(tmp_path / "r.json"), "--base-url", upstream.url, "--api-key-env", "TOKENS_KEY")
        assert {request.headers["authorization"] for request in upstream.received} == {"Bearer secret"}
    assert (status, err) == (0, "")
    assert rows(out)["history"] == len("Weather in Paris?")
    assert "Counted with the server's own tokenizer, but not all parts." in out
    assert "The marks of the turns are about 5 tokens for each message" in out


def test_wrong_input_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(REQUEST), encoding="utf-8")
    (tmp_path / "bad.json").write_text(json.dumps({**REQUEST, "tool_choice": "never"}), encoding="utf-8")
    (tmp_path / "empty.json").write_text("{}", encoding="utf-8")
    request, bad, empty = (str(tmp_path / name) for name in ("r.json", "bad.json", "empty.json"))
    with Upstream(Answer({"error": "no"}, status=404)) as upstream:
        for argv, words in {
            ("none.json",): "none.json: No such file",
            (empty,): "a request has 'messages' (or 'input'); this one is empty",
            (bad,): "bad.json: tool_choice: ",
            (request, "--tokenizer", "none.gguf"): "none.gguf cannot be read as GGUF",
            (request, "--tokenizer", "t.txt"): "t.txt: a tokenizer is a tokenizer.json",
            (request, "--tokenizer", request): "r.json is no tokenizer.json",
            (request, "--tokenizer", "a.gguf", "--base-url", upstream.url): "give one of the two",
            (request, "--base-url", "localhost"): "--base-url 'localhost': write http://host:port/v1",
            (request, "--base-url", upstream.url): "/tokenize answered 404: the server does not count tokens there",
            (request, "--base-url", upstream.url, "--api-key-env", "NO_SUCH_KEY"): "no such variable is set",
            (request, "--dialect", "nope"): "nope",
            (request, "--chat-template", "nope"): "no chat template 'nope'",
        }.items():
            status, out, err = call("tokens", *argv)
            assert (status, out) == (2, ""), argv
            assert words in err, argv
            assert err.count("\n") == 1, argv
