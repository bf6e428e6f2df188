"""The measure of small models, on a scripted server: what is asked, kept and judged (`benchmarks/effect.py`)."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapter.exchange import reask_forms
from benchmarks import effect, reasks
from benchmarks.small import judging
from benchmarks.small.arms import arms
from benchmarks.small.asking import Asker, kept, run
from benchmarks.small.items import items
from benchmarks.small.tools import GROUPS, TOOLS
from tests.facts.tools import function
from tests.support.loopback import Answer, Upstream, completion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.small.items import Item
    from tests.support.loopback import Received

ITEMS = list(items())


def test_the_texts_are_as_many_as_they_should_be() -> None:
    assert Counter(item.kind for item in ITEMS) == {"question": 60, "remark": 30, "result": 20, "conversation": 12}
    assert Counter(item.half for item in ITEMS) == {"tuning": 61, "reported": 61}
    assert len(TOOLS) == 12
    assert Counter(item.tool for item in ITEMS if item.kind == "question") == dict.fromkeys(TOOLS, 5)
    assert all(
        len({item.text for item in ITEMS if item.kind == kind}) == sum(item.kind == kind for item in ITEMS)
        for kind in ("question", "remark")
    )
    for item in ITEMS:
        asked = [(item.tool, item.wanted), *((turn[1], turn[2]) for turn in item.turns)]
        assert all(
            not name or set(wanted) <= TOOLS[name]["function"]["parameters"]["properties"].keys() for name, wanted in asked
        ), item.name


def test_the_right_tool_is_always_offered() -> None:
    for item in ITEMS:
        for most in (2, 6):
            offered = [tool["function"]["name"] for tool in item.tools(most)]
            assert len(offered) == most, item.name
            assert not item.tool or item.tool in offered, item.name
        whole = [tool["function"]["name"] for tool in item.tools(6)]
        assert {turn[1] for turn in item.turns if turn[1]} <= set(whole), item.name


RIGHT: list[tuple[tuple[str, str], str, dict[str, str], bool]] = [
    (("f", '{"a": "Paris, France"}'), "f", {"a": "paris"}, True),
    (("f", '{"a": "Paris"}'), "g", {"a": "paris"}, False),
    (("f", '{"a": "Rome"}'), "f", {"a": "paris|rome"}, True),
    (("f", '{"a": 5}'), "f", {"a": "5"}, True),
    (("f", '{"a": 5.0}'), "f", {"a": "5"}, True),
    (("f", '{"a": 15}'), "f", {"a": "5"}, False),
    (("f", '{"a": "15"}'), "f", {"a": "5"}, False),
    (("f", '{"a": "1,500"}'), "f", {"a": "1500"}, True),
    (("f", '{"a": "K-4417"}'), "f", {"a": "4417"}, True),
    (("f", '{"a": true}'), "f", {"a": "true"}, False),
    (("f", "{"), "f", {}, False),
    (("f", "[]"), "f", {}, False),
]


def test_right_calls() -> None:
    for call, tool, wanted, expected in RIGHT:
        assert judging.is_right_call(call, tool, wanted) is expected, (call, wanted)


ANSWERS = {
    "It is 18 degrees.": True, "": False, "It is cold.": False, '<tool_call>{"name": "f"}</tool_call> 18': False,
    '{"name": "f", "arguments": {"x": 18}}': False,
}  # fmt: skip


def test_good_answers() -> None:
    assert {text: judging.is_good_answer({"calls": [], "content": text}, "18|eighteen") for text in ANSWERS} == ANSWERS
    assert not judging.is_good_answer({"calls": [("f", "{}")], "content": "18"}, "18")


def test_wilson_intervals() -> None:
    for count, of, low, high in ((0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763), (0, 0, 0.0, 1.0)):
        assert judging.Share(count, of).interval == pytest.approx((low, high), abs=0.001)


def scripted(right: bool) -> Any:
    """A server whose model calls, answers and talks as it should, or always says the same."""
    known: dict[str, tuple[str, dict[str, str]]] = {}
    for item in ITEMS:
        known |= {item.text: (item.tool, item.wanted)} if item.kind == "question" else {}
        known |= {turn[0]: (turn[1], turn[2]) for turn in item.turns}
    results = {item.made[1]: item.words for item in ITEMS if item.kind == "result"}
    results |= {turn[3]: turn[4] for item in ITEMS for turn in item.turns if turn[3]}

    def answer(request: Received) -> Answer:
        if not right:
            return completion("Well, well.")
        text = request.body["messages"][-1]["content"]
        for result, words in results.items():
            if result in text:
                return completion(f"It says {words.split('|')[0]}.")
        tool, wanted = known.get(text, ("", {}))
        arguments = {key: words.split("|")[0] for key, words in wanted.items()}
        call = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
        return completion(f"<tool_call>\n{call}\n</tool_call>" if tool else "You are welcome.")

    return answer


def untracked(due: Iterable[Item], _name: str) -> Iterable[Item]:
    return due


def asked(upstream: Upstream, path: Path, name: str, first: int | None = None) -> int:
    arm = arms("llama.cpp")[name]
    ask = Asker(upstream.url, "k", "m", "llama.cpp", arm, 6, 20.0)
    try:
        return run(ask, arm, "m", path, untracked, first)
    finally:
        ask.close()


@pytest.mark.proof
def test_a_perfect_model_and_one_that_never_calls(tmp_path: Path) -> None:
    for right in (True, False):
        path = tmp_path / f"{right}.jsonl"
        with Upstream(scripted(right)) as upstream:
            assert asked(upstream, path, "words") == 122
            assert asked(upstream, path, "words") == 0
        found = judging.judged(kept(path).values())
        for half in judging.HALVES:
            shares = found["m", "words", half]
            assert [shares[kind].of for kind in ("question", "remark", "result", "conversation")] == [30, 15, 10, 6]
            counts = [shares[kind].count for kind in ("question", "remark", "result", "conversation")]
            assert counts == ([30, 0, 10, 6] if right else [0, 0, 0, 0]), half


def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    with Upstream(scripted(True)) as upstream:
        assert asked(upstream, path, "words", first=2) == 8
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([*lines[:-1], lines[-1][:30]]), encoding="utf-8")  # stopped inside a line
        assert asked(upstream, path, "words", first=2) == 1
        assert asked(upstream, path, "native", first=1) == 4
    records = kept(path)
    assert len(records) == 12
    record = records["m", "words", "question-00"]
    assert record["answers"][0]["calls"] == [["get_forecast", '{"town": "bergen"}']]
    assert record["answers"][0]["raw"][0].startswith("<tool_call>")
    assert "| m | native |" in "\n".join(judging.table(records.values(), "reported"))


def stubborn(request: Received) -> Answer:
    """A server whose model calls a tool that nobody asked for, until it sees no tools."""
    text = json.dumps(request.body)
    if "get_forecast" not in text and "find_train" not in text:
        return completion("Well, well.")
    arguments = {"town": "Oslo"} if "get_forecast" in text else {"company": "Oslo"}
    name = "get_forecast" if "get_forecast" in text else "get_stock_price"
    return completion(json.dumps({"name": name, "arguments": arguments}) if "Error:" not in text else "Sorry.")


def test_re_asks_are_compared_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers, table = tmp_path / "reasks.jsonl", tmp_path / "reasks.md"
    with Upstream(stubborn) as upstream:
        command = ["run", "--base-url", upstream.url, "--model-name", "m", "--arm", "words", "--first", "2"]
        for _ in range(2):  # the second goes on where nothing is left
            reasks.main([*command, "--answers", str(answers)])
    records = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert Counter(record["item"] for record in records) == dict.fromkeys(["result-01", "remark-01", "question-01"], 6)
    reasks.main(["judge", "--answers", str(answers), "--table", str(table)])
    cells = [line.split(" | ") for line in table.read_text(encoding="utf-8").splitlines() if line.startswith("| ungrounded")]
    assert [cell[:3] for row in cells for cell in row[1:]] == ["1/3"] * 6
    assert "| ungrounded (words) |" in capsys.readouterr().out
    assert set(reask_forms.FORMS) == {"invalid", "unreadable", "required", "format", "repeated", "ungrounded", "native"}


def test_arms_are_valid_options() -> None:
    for server in ("generic", "llama.cpp", "openai"):
        known = arms(server)
        assert {"native", "words", "small", "auto", "required-prompt"} <= known.keys()
        for arm in known.values():
            Asker("http://127.0.0.1:9/v1", "k", "m", server, arm, 6, 1.0).close()
    assert all(len(group) == 6 for group in GROUPS)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kept.jsonl"
    with Upstream(scripted(True)) as upstream:
        command = [
            "run",
            "--base-url",
            upstream.url,
            "--model-name",
            "m",
            "--arm",
            "small",
            "--first",
            "1",
            "--answers",
            str(path),
        ]
        effect.main([*command, "--server", "generic"])
        effect.main([*command, "--server", "generic", "--tools", "2", "--kind", "remark"])
    effect.main(["judge", "--answers", str(path)])
    said = capsys.readouterr().out
    assert "small: 4 items asked" in said
    assert "| m | small | 1/1" in said
    assert "| m | small, 2 tools |  | 0/1" in said
    with pytest.raises(SystemExit, match="no arm 'nope'; there are native"):
        effect.main(["run", "--base-url", "http://127.0.0.1:9/v1", "--arm", "nope", "--answers", str(path)])


def test_the_demos_ways_with_tools_and_questions_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tools, questions = tmp_path / "tools.json", tmp_path / "questions.txt"
    tools.write_text(json.dumps([function("count_sheep", {"field": {"type": "string"}}, ["field"])]), encoding="utf-8")
    questions.write_text("How many sheep are in the north field?\n\nAnd in the south field?\n", encoding="utf-8")
    call = '<tool_call>\n{"name": "count_sheep", "arguments": {"field": "north"}}\n</tool_call>'
    with Upstream(completion(call)) as upstream:
        effect.main(["demo", "--base-url", upstream.url, "--tools", str(tools), "--questions", str(questions)])
        asked = json.dumps(upstream.bodies)
    assert "count_sheep" in asked
    assert "And in the south field?" in asked
    assert "Singapore" not in asked
    shown = capsys.readouterr().out
    assert "calls of 2" in shown
    assert "the server's own tools" in shown


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--tools", "t.json"], "--tools goes with --questions FILE"),
        (["--questions", "empty.txt"], "empty.txt: no questions; write one on each line"),
        (["--questions", "missing.txt"], "missing.txt"),
        (["--tools", "wrong.json", "--questions", "one.txt"], "wrong.json: "),
    ],
    ids=["tools alone", "no questions", "no file", "no tools"],
)
def test_tools_and_questions_that_are_none(
    flags: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("\n", encoding="utf-8")
    Path("one.txt").write_text("Hello?\n", encoding="utf-8")
    Path("wrong.json").write_text('[{"type": "function"}]', encoding="utf-8")
    with pytest.raises(SystemExit, match=re.escape(said)):
        effect.main(["demo", "--base-url", "http://127.0.0.1:1/v1", *flags])
