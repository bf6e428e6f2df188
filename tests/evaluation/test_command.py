"""`adapter eval` against a server on loopback: verdicts, layers, going on after a break, record and replay, thresholds."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapter.cli import run
from adapter.evaluation.results import read_results
from adapter.evaluation.running import Pace
from tests.support.loopback import Answer, Raw, Received, Reply, Upstream, completion

if TYPE_CHECKING:
    from adapter.demo.engine import Engine
    from adapter.evaluation.outcome import CaseOutcome

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "evaluation"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}
OTHER = {"type": "function", "function": {"name": "clock", "description": "The time.", "parameters": SCHEMA}}
OSLO = {"name": "weather", "arguments": {"city": "Oslo"}}


def block(name: str = "weather", **arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


BARE = json.dumps({"name": "weather", "arguments": {"city": "Oslo"}})
THREE = {"name": "weather", "arguments": {"city": "Oslo", "days": 3}}
# The answers of the server; the expected calls; options; then verdict, verdict without the adapter, layers, faults.
ANSWERS: dict[str, tuple[list[Reply], list[Any], str, tuple[str, str | None, tuple[str, ...], list[str]]]] = {
    "a call": ([completion(block(city="Oslo"))], [OSLO], "", ("right", "right", (), [])),
    "words": ([completion("Hi.")], [], "", ("right", "right", (), [])),
    "words for a call": ([completion("Hi.")], [OSLO], "", ("wrong", "wrong", (), ["not_called"])),
    "a call for words": ([completion(block(city="Oslo"))], [], "", ("wrong", "wrong", (), ["called"])),
    "a call without tags": ([completion(BARE)], [OSLO], "", ("right", "wrong", ("recovered",), [])),
    "a number as text": ([completion(block(city="Oslo", days="3"))], [THREE], "", ("right", "wrong", ("coerced",), [])),
    "a brace too few": (
        [completion('<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}\n</tool_call>')], [OSLO], "",
        ("right", "wrong", ("repaired",), []),
    ),
    "asked again": (
        [completion(block(town="Oslo")), completion(block(city="Oslo"))], [OSLO], "", ("right", "wrong", ("reasked",), []),
    ),
    "refused": (
        [completion(block(town="Oslo"))], [OSLO], "retries=0",
        ("wrong", "wrong", ("refused",), ["not_called", "schema", "unread"]),
    ),
    "refused, no call expected": (
        [completion(block(town="Oslo"))], [], "retries=0", ("wrong", "wrong", ("refused",), ["called", "schema", "unread"]),
    ),
    "returned": (
        [completion(block(town="Oslo"))], [OSLO], "retries=0,on_invalid=return",
        ("wrong", "wrong", (), ["missing", "extra", "schema"]),
    ),
    "cut in a call": (
        [completion('<tool_call>\n{"name": "weather", "argu', "length")], [OSLO], "retries=0",
        ("cut_off", "cut_off", (), ["not_called", "unread"]),
    ),
    "cut in words": ([completion("Let me", "length")], [OSLO], "", ("cut_off", "cut_off", (), ["not_called"])),
    "cut after a call that nobody asked for": (
        [completion(f"{block(city='Oslo')}\n\nand on", "length")], [], "", ("wrong", "wrong", (), ["called"]),
    ),
    "long words, as expected": ([completion("Let me", "length")], [], "", ("right", "right", (), [])),
    "constrained": (
        [completion('{"name": "weather", "arguments": {"city": "Oslo"}}')], [OSLO], "enforce=json_schema,server=vllm",
        ("right", None, ("constrained",), []),
    ),
    "words by the tool for words": (
        [completion(block("reply", text="Hi."))], [], "reply_tool=true", ("right", "right", (), []),
    ),
    "a tool that is not offered, of that name": (
        [completion(block("reply", text="Hi."))], [], "retries=0", ("wrong", "wrong", ("refused",), ["called", "unread"]),
    ),
    "an error of the server": (
        [Answer({"error": {"message": "out of memory"}}, 400)], [OSLO], "", ("server_error", None, (), []),
    ),
}  # fmt: skip


def case_of(name: str, expect: list[Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "messages": [{"role": "user", "content": name}], "tools": [TOOL, OTHER], "expect": expect, **more}


def named(name: str) -> dict[str, Any]:
    return {"function": {"name": name, "description": name, "parameters": SCHEMA}}


def written(folder: Path, *cases: dict[str, Any]) -> str:
    path = folder / "cases.jsonl"
    path.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
    return str(path)


def evaluate(folder: Path, *argv: str, url: str = "") -> tuple[int, list[CaseOutcome], str]:
    """Run the command. Returns the status, the outcomes in its file, and all that it says."""
    out, err = io.StringIO(), io.StringIO()
    where = ["--base-url", url, "--model", "m"] if url else []
    status = run(["eval", *argv, "--out", str(folder / "out.jsonl"), *where], out, err, io.StringIO())
    results = folder / "out.jsonl"
    return status, read_results(results).outcomes if results.exists() else [], out.getvalue() + err.getvalue()


@pytest.mark.parametrize(("replies", "expect", "options", "wanted"), ANSWERS.values(), ids=ANSWERS)
def test_outcomes(tmp_path: Path, replies: list[Reply], expect: list[Any], options: str, wanted: Any) -> None:
    forced = {"tool_choice": "required"} if "json_schema" in options else {}  # a free choice is not held by a schema
    cases = written(tmp_path, case_of("question", expect, **forced))
    with Upstream(*replies) as upstream:
        status, (one,), _ = evaluate(tmp_path, cases, "--arm", f"name=a,{options}", url=upstream.url)
    assert status == 0
    assert (one.verdict, one.bare, one.layers, [fault.kind for fault in one.faults]) == wanted
    assert (one.arm, one.case, one.offered, one.requests) == ("a", "question", ("weather", "clock"), len(replies))


def test_an_outcome_has_prompt_completion_tokens_and_times(tmp_path: Path) -> None:
    with Upstream(completion(block(city="Oslo"))) as upstream:
        _, (one,), said = evaluate(tmp_path, written(tmp_path, case_of("q", [OSLO], category="k")), url=upstream.url)
        (body,) = upstream.bodies
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0, 4096, "m")
    assert "weather" in one.prompt
    assert one.completions == (block(city="Oslo"),)
    assert (one.prompt_tokens, one.completion_tokens) != (None, None)
    assert one.first is not None
    assert 0 < one.first <= one.seconds
    assert (one.category, one.cluster, one.expected) == ("k", "q", one.calls)
    assert "1 of 1 judged cases" in said


def test_a_conversation_goes_on_with_the_scripted_results(tmp_path: Path) -> None:
    turns = [
        {"messages": [{"role": "user", "content": "Oslo?"}], "expect": [{**OSLO, "result": "14 degrees"}]},
        {"expect": []},
        {"messages": [{"role": "user", "content": "And the time?"}], "expect": [{"name": "clock"}]},
    ]
    replies = [completion(block(city="Oslo")), completion("14 degrees."), completion(block("weather", city="Oslo"))]
    with Upstream(*replies) as upstream:
        _, (one,), _ = evaluate(
            tmp_path, written(tmp_path, {"id": "c", "tools": [TOOL, OTHER], "turns": turns}), url=upstream.url
        )
        bodies = upstream.bodies
    assert [message["role"] for message in bodies[-1]["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    assert "14 degrees" in bodies[1]["messages"][-1]["content"]
    assert (one.verdict, one.turns, one.requests) == ("wrong", 3, 3)
    assert [call.name for call in one.calls] == ["weather", "weather"]
    assert one.faults[0].message == "turn 3: weather was called; expected clock"


def by_question(request: Received) -> Reply:
    """Right for an even number, wrong for an odd one, and an error for `fails`."""
    question = request.body["messages"][-1]["content"]
    if question == "fails":
        return Answer({"error": {"message": "busy"}}, 400)
    return completion(block(city="Oslo") if int(question) % 2 == 0 else "Hm.")


def test_many_cases_at_a_time_and_only_some(tmp_path: Path) -> None:
    cases = [case_of(str(number), [OSLO], category="odd" if number % 2 else "even") for number in range(20)]
    name = written(tmp_path, *cases)
    with Upstream(by_question) as upstream:
        status, found, said = evaluate(tmp_path, name, "--concurrency", "8", url=upstream.url)
        assert status == 0
        assert {one.case: one.verdict for one in found} == {str(n): "wrong" if n % 2 else "right" for n in range(20)}
        assert "adapter eval: 20 of 20: 10 right, 10 wrong" in said
        status, found, _ = evaluate(tmp_path, name, "--fresh", "--category", "odd", "--limit", "3", url=upstream.url)
        assert [one.case for one in sorted(found, key=lambda one: int(one.case))] == ["1", "3", "5"]
        (tmp_path / "out.jsonl").rename(tmp_path / "before.jsonl")
        status, found, _ = evaluate(tmp_path, name, "--failed-from", str(tmp_path / "before.jsonl"), url=upstream.url)
        assert {one.case for one in found} == {"1", "3", "5"}


def test_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    name = written(tmp_path, *(case_of(question, [OSLO]) for question in ("0", "2", "fails")))
    with Upstream(by_question) as upstream:
        _, found, said = evaluate(tmp_path, name, url=upstream.url)
        assert sorted(one.verdict for one in found) == ["right", "right", "server_error"]
        assert "fails, default: the server: Error code: 400" in said
        results = tmp_path / "out.jsonl"
        lines = results.read_bytes().splitlines(keepends=True)
        kept = next(line for line in lines if json.loads(line)["case"] == "0")
        results.write_bytes(kept + lines[1][:40])  # the end of a process that was killed
        before = len(upstream.received)
        _, found, said = evaluate(tmp_path, name, url=upstream.url)
        assert len(upstream.received) - before == 2
        assert "1 of 3 are done" in said
        assert "ended in a part of a line" in said
        assert sorted(one.case for one in found) == ["0", "2", "fails"]
        assert results.read_bytes().startswith(kept)
        _, _, said = evaluate(tmp_path, name, url=upstream.url)
        assert len(upstream.received) - before == 3, "an error of the server is asked again, and nothing else"
        status, _, said = evaluate(tmp_path, name, "--max-tokens", "9", url=upstream.url)
        assert status == 2
        assert "was asked there with other settings or another text; give another --out, or --fresh" in said


def test_record_and_replay_give_the_same_outcomes(tmp_path: Path) -> None:
    name, records = written(tmp_path, *(case_of(str(n), [OSLO]) for n in range(4))), str(tmp_path / "records.jsonl")
    arms = ("--arm", "name=a", "--arm", "name=b,profile=small,server=vllm")
    with Upstream(by_question) as upstream:
        _, found, _ = evaluate(tmp_path, name, *arms, "--record", records, url=upstream.url)
        (tmp_path / "out.jsonl").unlink()
        url = upstream.url
    status, again, _ = evaluate(tmp_path, name, *arms, "--replay", records, "--concurrency", "1", url=url)
    assert status == 0

    def facts(outcomes: list[CaseOutcome]) -> list[Any]:
        return sorted((one.case, one.arm, one.verdict, one.faults, one.completions, one.layers) for one in outcomes)

    assert facts(found) == facts(again)
    assert len(found) == 8
    assert (tmp_path / "records.jsonl").stat().st_mode & 0o077 == 0, "prompts are for their owner"


def test_the_example_answers_without_a_server(tmp_path: Path) -> None:
    files = ["--arms", str(EXAMPLE / "arms.toml"), "--replay", str(EXAMPLE / "records.jsonl")]
    reports = [str(tmp_path / f"report{suffix}") for suffix in (".html", ".md", ".json", ".xml")]
    flags = [word for name in reports for word in ("--report", name)]
    status, found, said = evaluate(tmp_path, str(EXAMPLE / "cases.jsonl"), *files, *flags)
    assert status == 0
    right = {arm: {one.case for one in found if one.arm == arm and one.verdict == "right"} for arm in ("words", "small")}
    assert right == {"words": {"thanks"}, "small": {"weather", "rain", "time", "thanks", "answer"}}
    assert [line for line in said.splitlines() if line.startswith("adapter eval: report in ")] == [
        f"adapter eval: report in {name}" for name in reports
    ]
    assert all((tmp_path / f"report{suffix}").stat().st_size > 1000 for suffix in (".html", ".md", ".json", ".xml"))


@pytest.mark.proof
@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_the_example_on_the_real_engine(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six cases with two arms: the model calls no tool by words alone, and the grammar of the profile makes it."""
    monkeypatch.setenv("ENGINE_KEY", engine.api_key)
    where = ["--base-url", engine.base_url, "--api-key-env", "ENGINE_KEY", "--server", "llama.cpp", "--concurrency", "1"]
    cases, arms = str(EXAMPLE / "cases.jsonl"), ["--arms", str(EXAMPLE / "arms.toml")]
    status, found, said = evaluate(tmp_path, cases, *arms, *where, "--record", str(tmp_path / "records.jsonl"))
    assert (status, len(found)) == (0, 12), said
    rights = {arm: sum(one.verdict == "right" for one in found if one.arm == arm) for arm in ("words", "small")}
    assert rights["small"] >= 4 > rights["words"]
    assert all("constrained" in one.layers for one in found if one.arm == "small")
    (tmp_path / "out.jsonl").unlink()
    status, again, said = evaluate(tmp_path, cases, *arms, *where, "--replay", str(tmp_path / "records.jsonl"))
    assert {(one.case, one.arm, one.verdict) for one in again} == {(one.case, one.arm, one.verdict) for one in found}, said


def test_a_threshold_gives_the_status(tmp_path: Path) -> None:
    name = written(tmp_path, *(case_of(str(n), [OSLO]) for n in range(4)))
    with Upstream(by_question) as upstream:
        assert evaluate(tmp_path, name, "--fail-under", "selection=0.5", url=upstream.url)[0] == 0
    status, _, said = evaluate(tmp_path, "report", str(tmp_path / "out.jsonl"), "--fail-under", "selection=0.51")
    assert status == 1
    assert "selection is 0.5" in said


def test_a_recording_without_the_answer_is_status_1(tmp_path: Path) -> None:
    files = ["--arms", str(EXAMPLE / "arms.toml"), "--replay", str(EXAMPLE / "records.jsonl"), "--limit", "2"]
    changed = (EXAMPLE / "cases.jsonl").read_text(encoding="utf-8").replace("Singapore?", "Singapore now?")
    (tmp_path / "cases.jsonl").write_text(changed.replace("tools.json", str(EXAMPLE / "tools.json")), encoding="utf-8")
    status, found, said = evaluate(tmp_path, str(tmp_path / "cases.jsonl"), *files)
    assert status == 1
    assert [one.case for one in found if one.verdict == "server_error"] == ["weather", "weather"]
    assert "no such request is in the file; the nearest differs in messages" in said
    assert "adapter eval: 2 of 4 answers are not in " in said


def test_other_descriptions_of_the_same_tools(tmp_path: Path) -> None:
    """An arm offers tools of the same names in place of the cases' own: descriptions are compared on the same cases."""
    better = {"type": "function", "function": {"name": "weather", "description": "Rain and sun.", "parameters": SCHEMA}}
    (tmp_path / "better.json").write_text(json.dumps([better]), encoding="utf-8")
    (tmp_path / "arms.toml").write_text('[[arm]]\nname = "a"\n[[arm]]\nname = "b"\ntools = "better.json"\n', encoding="utf-8")
    name = written(tmp_path, case_of("0", [OSLO]))
    with Upstream(by_question) as upstream:
        arms = ["--arms", str(tmp_path / "arms.toml"), "--concurrency", "1"]
        status, found, _ = evaluate(tmp_path, name, *arms, url=upstream.url)
        assert [one.verdict for one in found] == ["right", "right"]
        assert ["Rain and sun." in json.dumps(body) for body in upstream.bodies] == [False, True]
        assert [one.offered for one in found] == [("weather", "clock")] * 2
        (tmp_path / "better.json").write_text(json.dumps([better, named("clok") | {"type": "function"}]), encoding="utf-8")
        status, _, said = evaluate(tmp_path, name, *arms, url=upstream.url)
    assert status == 2
    assert "no case offers a tool 'clok'; did you mean 'clock'?" in said


def test_calls_are_judged_by_the_schemas_offered(tmp_path: Path) -> None:
    """An arm's tools may have other types than the cases' own: its calls are checked against them, and judged again by them."""
    before = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "string"}}}
    after = {**before, "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
    tool = {"type": "function", "function": {"name": "weather", "description": "Rain and sun.", "parameters": after}}
    (tmp_path / "better.json").write_text(json.dumps([tool]), encoding="utf-8")
    expected = {"name": "weather", "arguments": {"city": "Oslo", "days": {"any_of": ["2", 2]}}}
    own = {"type": "function", "function": {"name": "weather", "description": "Weather.", "parameters": before}}
    name = written(tmp_path, case_of("Oslo for 2 days?", [expected], tools=[own]))
    call = completion('<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\n</tool_call>')
    arms = [f"--arm=name=after,coerce=false,tools={tmp_path / 'better.json'}", "--arm=name=before,coerce=false"]
    with Upstream(lambda body: call) as upstream:
        status, found, said = evaluate(tmp_path, name, *arms, "--concurrency", "1", url=upstream.url)
    assert status == 0, said
    assert {one.arm: (one.verdict, [fault.kind for fault in one.faults]) for one in found} == {
        "after": ("right", []),
        "before": ("wrong", ["not_called", "schema", "unread"]),
    }
    (tmp_path / "out.jsonl").rename(tmp_path / "asked.jsonl")
    status, again, said = evaluate(tmp_path, name, "--rejudge", str(tmp_path / "asked.jsonl"))
    assert status == 0, said
    assert {one.arm: one.verdict for one in again} == {"after": "right", "before": "wrong"}


def test_a_report_of_one_category(tmp_path: Path) -> None:
    cases = [case_of(str(number), [OSLO], category="odd" if number % 2 else "even") for number in range(5)]
    with Upstream(by_question) as upstream:
        evaluate(tmp_path, written(tmp_path, *cases), url=upstream.url)
    for category, number in (("odd", 2), ("even", 3)):
        out = io.StringIO()
        words = ["eval", "report", str(tmp_path / "out.jsonl"), "--category", category]
        assert run(words, out, io.StringIO(), io.StringIO()) == 0
        assert f"of {number} judged cases" in out.getvalue()
    _, _, said = evaluate(tmp_path, "report", str(tmp_path / "out.jsonl"), "--category", "off")
    assert "--category off: no result is of this category; there are even, odd" in said


def read_all(terminal: int, pieces: list[bytes]) -> None:
    """Read up to the end, which is an error on Linux."""
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 4096):
            pieces.append(piece)


def test_the_bar_of_a_terminal(tmp_path: Path) -> None:
    """On a terminal a bar with counts and the time left, and errors above it."""
    import pty

    name = written(tmp_path, *(case_of(question, [OSLO]) for question in ("0", "1", "fails")))
    near, far = pty.openpty()
    pieces: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(near, pieces))
    reader.start()
    with Upstream(by_question) as upstream, os.fdopen(far, "w", encoding="utf-8") as terminal:
        words = [name, "--base-url", upstream.url, "--model", "m", "--out", str(tmp_path / "out.jsonl"), "--concurrency", "1"]
        assert run(["eval", *words], io.StringIO(), terminal, io.StringIO()) == 0
    reader.join(10)
    os.close(near)
    shown = b"".join(pieces).decode()
    assert "3/3" in shown
    assert "1 right, 1 server error, 1 wrong" in shown
    assert "adapter eval: fails, default: the server: Error code: 400" in shown


def test_too_few_distractors_are_told(tmp_path: Path) -> None:
    name = written(
        tmp_path, case_of("0", [OSLO]), {**case_of("2", [OSLO]), "tools": [TOOL, {**named("rain"), "type": "function"}]}
    )
    with Upstream(by_question) as upstream:
        _, found, said = evaluate(tmp_path, name, "--arm", "distractors=1", "--arm", "distractors=2", url=upstream.url)
    assert {(one.case, one.arm): len(one.offered) for one in found} == {
        ("0", "distractors=1"): 3, ("2", "distractors=1"): 3, ("0", "distractors=2"): 3, ("2", "distractors=2"): 3,
    }  # fmt: skip
    told = [line for line in said.splitlines() if "fewer tools" in line]
    assert told == [
        "adapter eval: arm 'distractors=2': distractors=2, but for 2 cases there are fewer tools of other cases; they get all of these"
    ]


def test_native_calls_are_judged_as_the_server_sent_them(tmp_path: Path) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo", "days": "3"}'}}
    with Upstream(completion(None, "tool_calls", tool_calls=[call])) as upstream:
        name = written(tmp_path, case_of("q", [THREE]))
        _, (one,), _ = evaluate(tmp_path, name, "--native", "always", url=upstream.url)
        assert "tools" in upstream.bodies[0]
    assert (one.verdict, one.bare, one.layers) == ("right", "wrong", ("coerced",))
    assert one.calls[0].arguments == THREE["arguments"]


def test_facts_about_the_server_are_learnt_once(tmp_path: Path) -> None:
    """As in real use: one client asks all cases, and asks the size of the model once; the question is in the recording too."""

    def asked(request: Received) -> Reply:
        if request.method == "GET":
            return Answer({"object": "list", "data": [{"id": "m", "object": "model", "meta": {"n_params": 500_000_000}}]})
        return completion(block(city="Oslo"))

    name = written(tmp_path, *(case_of(str(n), [OSLO]) for n in range(4)))
    with Upstream(asked) as upstream:
        flags, records = ["--profile", "auto", "--server", "llama.cpp"], str(tmp_path / "records.jsonl")
        _, found, _ = evaluate(tmp_path, name, *flags, "--record", records, url=upstream.url)
        questions = [request.path for request in upstream.received if request.method == "GET"]
    assert len(questions) == len(set(questions)) > 0
    assert [one.verdict for one in found] == ["right"] * 4
    assert all("constrained" in one.layers for one in found), "the profile of small models"
    status, again, said = evaluate(tmp_path, name, *flags, "--replay", records, "--fresh", url="http://127.0.0.1:9/v1")
    assert (status, [one.completions for one in again]) == (0, [one.completions for one in found]), said


def test_a_server_that_cannot_be_asked_ends_the_run(tmp_path: Path) -> None:
    name = written(tmp_path, *(case_of(str(n), [OSLO]) for n in range(4)))
    with Upstream(Answer({"error": {"message": "wrong key"}}, 401)) as upstream:
        status, found, said = evaluate(tmp_path, name, url=upstream.url)
        url = upstream.url
    assert (status, found) == (2, [])
    assert said.splitlines()[-1].startswith(f"adapter: arm 'default': {url}/: Error code: 401")
    status, found, said = evaluate(tmp_path, name, url=url)
    assert (status, found) == (2, [])
    assert "Connection error. ([Errno 111] Connection refused)" in said


def test_an_interrupt_keeps_what_is_done(tmp_path: Path) -> None:
    name = written(tmp_path, *(case_of(str(n), [OSLO]) for n in range(0, 8, 2)))
    asked: list[str] = []

    def slow(request: Received) -> Reply:
        asked.append(request.body["messages"][-1]["content"])
        if len(asked) == 3:
            os.kill(process.pid, signal.SIGINT)
        return Raw(b"", linger=True) if len(asked) >= 3 else by_question(request)

    out = str(tmp_path / "out.jsonl")
    with Upstream(slow) as upstream:
        words = [name, "--base-url", upstream.url, "--model", "m", "--out", out, "--concurrency", "1"]
        process = subprocess.Popen([sys.executable, "-m", "adapter", "eval", *words], stderr=subprocess.PIPE, text=True)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    # The interrupt may come while the line before is written.
    assert said.endswith(f"adapter eval: interrupted; what is done stays in {out}, and the same command goes on from there\n")
    assert [one.case for one in read_results(tmp_path / "out.jsonl").outcomes] == ["0", "2"]


def test_the_pace_of_a_minute() -> None:
    now, waits = [0.0], []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    pace = Pace(30, lambda: now[0], wait)
    for _ in range(3):
        pace.hold()
    now[0] += 10
    pace.hold()
    assert waits == [2, 2]


WRONG = {
    "nope.jsonl": "No such file or directory; give the path of a file of JSON lines",
    "CASES --arm hermes": "'hermes': write KEY=VALUE, with commas between",
    "CASES --arm enforce=promt": "did you mean 'prompt'?",
    "CASES --arm model=a --arm model=a": "two arms are named 'model=a'",
    "CASES --arms CASES": "not TOML",
    "CASES --category x": "--category x: no case is of this category; there are k",
    "CASES --limit 0": "--limit 0: give a number from 1 up",
    "CASES --concurrency 0": "--concurrency 0: give a number from 1 up",
    "CASES --fail-under selecton=1": "no figure 'selecton'; did you mean 'selection'?",
    "CASES --fail-under selection=90": "the rate is from 0 to 1",
    "CASES --fail-under selection": "write FIGURE=RATE",
    "CASES --record a --replay b": "--record and --replay: give one",
    "CASES --replay nope": "--replay nope: No such file or directory",
    "CASES --replay CASES": "no record of `adapter serve --record`",
    "CASES --base-url ftp://x": "write http://host:port/v1",
    "CASES --base-url http://127.0.0.1:1/v1 --api-key-env NO_SUCH": "no such variable is set",
    "CASES --failed-from OUT": "need a file of their own",
    "CASES --failed-from nope": "give a file of results",
    "CASES --replay RECORDS --arm dialect=hermess": "arm 'dialect=hermess': no dialect 'hermess'; did you mean 'hermes'?",
    "CASES --replay RECORDS --arm chat_template=nope.jinja": "nope.jinja",
    "bfcl:nope": "bfcl:nope: no such category; there are ",
    "bfcl:simpl": "did you mean 'simple_python'?",
    "CASES --timeout inf": "1,000,000 at most",
    "CASES --record CASES": "this file is read here, and would be written over",
    "CASES --record OUT": "this file is that of --out already",
    "CASES --report no/a.html": "--report no/a.html: there is no folder no",
    "report CASES --limit 1": "--limit chooses cases to ask",
    "report /dev/zero": "a device is not opened",
    "CASES --tools nope.json": 'tools is "nope.json": No such file or directory',
    "CASES --report a.htm": "--report a.htm: the suffix names the form; did you mean '.html'?",
    "record": "give the file that `adapter serve --record FILE` wrote",
    "record CASES": "line 1: no record",
    "report": "give one file of results",
    "report CASES": "line 1: no line of results",
}


@pytest.mark.parametrize(("words", "message"), WRONG.items(), ids=WRONG)
def test_wrong_input_gets_one_line(tmp_path: Path, words: str, message: str) -> None:
    places = {"CASES": written(tmp_path, case_of("q", [OSLO], category="k")), "OUT": str(tmp_path / "out.jsonl")}
    places["RECORDS"] = str(EXAMPLE / "records.jsonl")
    status, found, said = evaluate(tmp_path, *(places.get(word, word) for word in words.split()))
    assert (status, found) == (2, [])
    assert message in said
    told = [line for line in said.splitlines() if line != "adapter eval: 1 case, 1 arm"]
    assert len(told) == 1


REQUESTS = {
    "a role": ({"messages": [{"role": "nobody", "content": "?"}]}, "messages[0].role"),
    "a tool choice": ({"tool_choice": {"type": "sometimes"}}, "tool_choice"),
    "the choice of another tool": ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
}


@pytest.mark.parametrize(("more", "param"), REQUESTS.values(), ids=REQUESTS)
def test_a_case_that_is_no_request_is_no_error_of_the_server(tmp_path: Path, more: dict[str, Any], param: str) -> None:
    name = written(tmp_path, case_of("q", [OSLO], **more))
    status, found, said = evaluate(tmp_path, name, url="http://127.0.0.1:9/v1")
    assert (status, found) == (2, [])
    assert said.splitlines()[-1].startswith(f"adapter: {name}, line 1: no chat request can be made of the case: {param}")
    assert len(said.splitlines()) == 2


def test_cases_are_not_written_over(tmp_path: Path) -> None:
    cases = written(tmp_path, case_of("q", [OSLO]))
    before, err = Path(cases).read_bytes(), io.StringIO()
    for words in (["eval", cases, "--fresh"], ["eval", "record", cases]):
        assert run([*words, "--out", cases], io.StringIO(), err, io.StringIO()) == 2
    assert err.getvalue().count("would be written over") == 2
    assert Path(cases).read_bytes() == before


def test_a_run_that_goes_on_keeps_its_records(tmp_path: Path) -> None:
    cases, records = written(tmp_path, *(case_of(name, [OSLO]) for name in "abc")), tmp_path / "records.jsonl"
    with Upstream(completion(block(city="Oslo"))) as upstream:
        evaluate(tmp_path, cases, "--limit", "2", "--record", str(records), url=upstream.url)
        with records.open("a") as file:
            file.write('{"torn')
        evaluate(tmp_path, cases, "--record", str(records), url=upstream.url)
        assert len([json.loads(line) for line in records.read_text().splitlines()]) == 3
        evaluate(tmp_path, cases, "--record", str(records), "--fresh", "--limit", "1", url=upstream.url)
        assert len(records.read_text().splitlines()) == 1


def test_half_a_sign_of_a_model_becomes_a_case(tmp_path: Path) -> None:
    records, out = tmp_path / "records.jsonl", tmp_path / "made.jsonl"
    with Upstream(completion(block(city="\ud800"))) as upstream:
        evaluate(tmp_path, written(tmp_path, case_of("a", [OSLO])), "--record", str(records), url=upstream.url)
    assert run(["eval", "record", str(records), "--out", str(out)], io.StringIO(), io.StringIO(), io.StringIO()) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["expect"] == [{"name": "weather", "arguments": {"city": "\ud800"}}]


def test_a_category_that_has_changed_since_counts(tmp_path: Path) -> None:
    with Upstream(completion(block(city="Oslo"))) as upstream:
        evaluate(tmp_path, written(tmp_path, case_of("a", [OSLO]), case_of("b", [OSLO])), url=upstream.url)
        cases = written(tmp_path, case_of("a", [OSLO], category="new"), case_of("b", [OSLO]))
        _, _, said = evaluate(tmp_path, cases, "--report", str(tmp_path / "r.json"), "--arm", "name=default", url=upstream.url)
        assert len(upstream.bodies) == 2
    (arm,) = json.loads((tmp_path / "r.json").read_text())["arms"]
    assert [one["name"] for one in arm["categories"]] == ["new", ""]
    assert "other outcomes" not in said


def test_outcomes_of_other_cases_are_told(tmp_path: Path) -> None:
    with Upstream(completion(block(city="Oslo"))) as upstream:
        evaluate(tmp_path, written(tmp_path, case_of("a", [OSLO])), url=upstream.url)
        _, _, said = evaluate(tmp_path, written(tmp_path, case_of("b", [OSLO])), url=upstream.url)
    assert "has 1 other outcomes too" in said


@pytest.mark.parametrize("member", [{"verdict": "great"}, {"seconds": "x"}, {"seconds": math.nan}, {"case": 5}, {"bare": "?"}])
def test_results_that_cannot_be_counted_are_refused(tmp_path: Path, member: dict[str, Any]) -> None:
    with Upstream(completion(block(city="Oslo"))) as upstream:
        evaluate(tmp_path, written(tmp_path, case_of("a", [OSLO])), url=upstream.url)
    results, err = tmp_path / "out.jsonl", io.StringIO()
    results.write_text(json.dumps({**json.loads(results.read_text()), **member}) + "\n")
    assert run(["eval", "report", str(results)], io.StringIO(), err, io.StringIO()) == 2
    assert "line 1: no line of results" in err.getvalue()
    assert len(err.getvalue().splitlines()) == 1
