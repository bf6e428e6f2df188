"""`adapter.evaluate`, against a server on loopback; and answers judged again without asking."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from adapter.evaluation.outcome import Answer, Called
from adapter.evaluation.results import ResultsFile, read_results
from tests.cli.test_cli import call
from tests.evaluation.test_command import OSLO, OTHER, THREE, TOOL, block, by_question, case_of, written
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from pathlib import Path

    from adapter.evaluation.outcome import CaseOutcome


def client_of(upstream: Upstream) -> OpenAI:
    return OpenAI(base_url=upstream.url, api_key="none", max_retries=0)


QUESTIONS = [case_of(str(number), [OSLO]) for number in range(4)]


def test_figures_of_arms(tmp_path: Path) -> None:
    with Upstream(by_question) as upstream, client_of(upstream) as client:
        heard: list[CaseOutcome] = []
        arms: list[Any] = ["name=words", {"name": "schema", "enforce": "json_schema", "server": "vllm"}]
        found = adapter.evaluate(QUESTIONS, arms, client=client, model="m", on_outcome=heard.append, concurrency=2)
        assert len(upstream.received) == len(heard) == 8
    assert [(one.case, one.arm) for one in found.outcomes] == [(str(n), arm) for n in range(4) for arm in ("words", "schema")]
    rate = found.rate(arm="words")
    assert (rate.right, rate.of, rate.value) == (2, 4, 0.5)
    assert [one.case for one in found.failed if one.arm == "schema"] == ["1", "3"]
    assert found.rate("selection", "schema").right == 2
    assert "words" in str(found)
    for form in ("html", "md", "json", "xml"):
        found.write(tmp_path / f"report.{form}")
        assert (tmp_path / f"report.{form}").stat().st_size > 500
    assert json.loads((tmp_path / "report.json").read_text())["about"] == {
        "model": "m",
        "cases": "4",
        "adapter": adapter.__version__,
    }


def test_settings_make_a_single_arm(tmp_path: Path) -> None:
    name = written(tmp_path, *QUESTIONS)
    with Upstream(by_question) as upstream:
        found = adapter.evaluate(tmp_path / name, base_url=upstream.url, model="m", dialect="qwen2.5", max_tokens=99, timeout=5)
        assert {(body["max_tokens"], body["model"]) for body in upstream.bodies} == {(99, "m")}
    assert [one.arm for one in found.outcomes] == ["default"] * 4
    assert found.rate().right == 2


def test_a_list_stands_for_several_values() -> None:
    with Upstream(completion("Hi.")) as upstream, client_of(upstream) as client:
        found = adapter.evaluate(QUESTIONS[:1], {"dialect": ["hermes", "llama3.1"]}, client=client, model="m")
    assert [one.arm for one in found.outcomes] == ["dialect=hermes", "dialect=llama3.1"]


def test_a_file_of_results_is_gone_on_from(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with Upstream(by_question) as upstream, client_of(upstream) as client:
        adapter.evaluate(QUESTIONS[:2], client=client, model="m", out=out)
        found = adapter.evaluate(QUESTIONS, client=client, model="m", out=out)
        assert len(upstream.received) == 4
        assert [one.case for one in found.outcomes] == ["0", "1", "2", "3"]
        with pytest.raises(ValueError, match="with other settings or another text"):
            adapter.evaluate(QUESTIONS, client=client, model="m", out=out, max_tokens=5)
        with pytest.raises(
            ValueError, match=r"the case '0' expects something else now; --rejudge .*out.jsonl with another --out"
        ):
            adapter.evaluate([case_of("0", [PARIS])], client=client, model="m", out=out)


def named(name: str) -> dict[str, Any]:
    """A case whose only tool has this name, and that expects no call."""
    inner: Any = TOOL["function"]
    return {**case_of(name, []), "tools": [{**TOOL, "function": {**inner, "name": name}}]}


def test_other_distractors_are_another_question(tmp_path: Path) -> None:
    """The tools to choose from come from all cases: with more cases the same case is offered others."""
    with Upstream(completion("Hi.")) as upstream, client_of(upstream) as client:
        given: Any = {"client": client, "model": "m", "out": tmp_path / "out.jsonl", "distractors": 1}
        adapter.evaluate([QUESTIONS[0], named("x")], **given)
        adapter.evaluate([QUESTIONS[0], named("x")], **given)
        assert len(upstream.received) == 2
        with pytest.raises(ValueError, match="with other settings"):
            adapter.evaluate([QUESTIONS[0], named("x"), named("y")], **given)


def test_a_server_with_one_model_needs_no_name() -> None:
    def reply(request: Any) -> Any:
        from tests.support.loopback import Answer as Sent

        return Sent({"data": [{"id": "only"}], "object": "list"}) if request.path.endswith("/models") else completion("Hi.")

    with Upstream(reply) as upstream, client_of(upstream) as client:
        found = adapter.evaluate([case_of("0", [])], client=client)
    assert found.about["model"] == "only"


# Arguments, and the words of the error.
WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no cases": ({"cases": []}, ValueError, "cases: no cases"),
    "a number for a case": ({"cases": [5]}, ValueError, r"cases\[0\] is 5; give the path"),
    "a slip in a case": ({"cases": [{**QUESTIONS[0], "expct": []}]}, ValueError, r"cases\[0\].*'expct'"),
    "the same id twice": ({"cases": [QUESTIONS[0], QUESTIONS[0]]}, ValueError, r"cases\[1\]: the id '0' stands in cases\[0\]"),
    "no such file": ({"cases": "none.jsonl"}, ValueError, "none.jsonl: No such file"),
    "no server": ({"client": None}, ValueError, "arm 'default': no server; give client="),
    "an unknown setting": ({"dialct": "hermes"}, ValueError, "unknown setting 'dialct'; did you mean 'dialect'"),
    "a number for an arm": ({"arms": [1]}, ValueError, "an arm is 1; give a text like"),
    "arms of one name": ({"arms": ["name=a", "name=a"]}, ValueError, "two arms are named 'a'"),
    "no concurrency": ({"concurrency": 0}, ValueError, "concurrency=0: use a whole number from 1 up"),
    "half a case a time": ({"concurrency": 0.5}, ValueError, "concurrency=0.5"),
    "no pace": ({"per_minute": -1}, ValueError, "per_minute=-1"),
    "another client": ({"client": "http://127.0.0.1"}, TypeError, "give an OpenAI"),
    "an async client": ({"client": AsyncOpenAI(base_url="http://127.0.0.1:9", api_key="x")}, TypeError, "not an async one"),
    "no key": ({"api_key_env": "NO_SUCH_KEY"}, ValueError, "'NO_SUCH_KEY': no such variable"),
    "nobody there": ({}, ConnectionError, "arm 'default': http://127.0.0.1:9"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str) -> None:
    given, kind, words = WRONG[name]
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none", max_retries=0) as client:
        settings: Any = {"cases": QUESTIONS[:1], "client": client, "model": "m", **given}
        with pytest.raises(kind, match=words):
            adapter.evaluate(**settings)


def test_a_wrapped_client_is_refused() -> None:
    with (
        OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none") as client,
        pytest.raises(TypeError, match="is wrapped already"),
    ):
        adapter.evaluate(QUESTIONS[:1], client=adapter.wrap(client), model="m")


def test_wrong_names_of_figures(tmp_path: Path) -> None:
    with Upstream(by_question) as upstream, client_of(upstream) as client:
        found = adapter.evaluate(QUESTIONS[:1], ["name=a", "name=b"], client=client, model="m")
    for given, words in (
        (("selecton", "a"), "did you mean 'selection'"),
        (("selection", "c"), "no such arm"),
        ((), "no such arm"),
    ):
        with pytest.raises(ValueError, match=words):
            found.rate(*given)
    with pytest.raises(ValueError, match="the suffix names the form"):
        found.write(tmp_path / "report.pdf")


# --- Judged again --------------------------------------------------------------------------------------------------------

PARIS = {"name": "weather", "arguments": {"city": "Paris"}}
# The expectation when asked, the answers, the expectation now; then both verdicts and `bare`.
AGAIN: dict[str, tuple[list[Any], list[str], list[Any], tuple[str, str], str | None]] = {
    "the same": ([OSLO], [block(city="Oslo")], [OSLO], ("right", "right"), "right"),
    "another city": ([OSLO], [block(city="Oslo")], [PARIS], ("right", "wrong"), "wrong"),
    "mended": ([PARIS], [block(city="Oslo")], [OSLO], ("wrong", "right"), "right"),
    "no call": ([OSLO], [block(city="Oslo")], [], ("right", "wrong"), "wrong"),
    "words": ([OSLO], ["Hi."], [], ("wrong", "right"), "right"),
    "without tags": (
        [PARIS],
        [json.dumps({"name": "weather", "arguments": {"city": "Oslo"}})],
        [OSLO],
        ("wrong", "right"),
        "wrong",
    ),
    "a type": ([OSLO], [block(city="Oslo", days="3")], [THREE], ("wrong", "right"), "wrong"),
    "refused": ([OSLO], [block(town="Oslo"), block(town="Oslo")], [], ("wrong", "wrong"), "wrong"),
}


@pytest.mark.parametrize("name", AGAIN)
def test_answers_are_judged_by_another_expectation(name: str, tmp_path: Path) -> None:
    expect, replies, now, verdicts, bare = AGAIN[name]
    with Upstream(*map(completion, replies)) as upstream, client_of(upstream) as client:
        found = adapter.evaluate([case_of("0", expect)], client=client, model="m")
        asked = len(upstream.received)
        again = found.judged_again([case_of("0", now)])
        assert len(upstream.received) == asked
        fresh = adapter.evaluate([case_of("0", now)], client=client, model="m")
    assert (found.outcomes[0].verdict, again.outcomes[0].verdict) == verdicts
    assert again.outcomes[0].bare == bare
    if len(replies) == 1:  # the same answer, asked for once more
        kept = {"seconds": 0.0, "first": 0.0, "answers": ()}
        assert {**again.outcomes[0].as_json(), **kept} == {**fresh.outcomes[0].as_json(), **kept}


def test_what_has_to_be_asked_again(tmp_path: Path) -> None:
    turns: list[Any] = [
        {"messages": [{"role": "user", "content": "Oslo?"}], "expect": [{**OSLO, "result": "14 degrees"}]},
        {"expect": []},
    ]
    talk = {"id": "talk", "tools": [TOOL, OTHER], "turns": turns}
    wrong = {**talk, "turns": [{**turns[0], "expect": [{**PARIS, "result": "14 degrees"}]}, turns[1]]}
    with Upstream(completion(block(city="Oslo")), completion("14 degrees.")) as upstream, client_of(upstream) as client:
        found = adapter.evaluate([wrong], client=client, model="m")
    with pytest.raises(ValueError, match="the conversation goes on now behind the last answer; ask anew"):
        found.judged_again([talk])
    with pytest.raises(ValueError, match="the question is another now"):
        found.judged_again([{**wrong, "tools": [OTHER, TOOL]}])


def rejudge(tmp_path: Path, *cases: Any, more: tuple[str, ...] = ()) -> tuple[int, str, list[CaseOutcome]]:
    out = tmp_path / "again.jsonl"
    status, _, err = call("eval", written(tmp_path, *cases), "--rejudge", str(tmp_path / "out.jsonl"), "--out", str(out), *more)
    return status, err, read_results(out).outcomes if out.exists() else []


def test_the_command_judges_again_and_the_run_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    cases = [
        case_of("0", [PARIS]),
        case_of("1", [PARIS]),
        {**case_of("2", [OSLO]), "messages": [{"role": "user", "content": "2"}]},
    ]
    with Upstream(by_question) as upstream, client_of(upstream) as client:
        adapter.evaluate(cases, client=client, model="m", out=out, concurrency=1)
        now = [case_of("0", [OSLO]), case_of("1", [OSLO]), {**cases[2], "messages": [{"role": "user", "content": "4"}]}]
        status, err, found = rejudge(tmp_path, *now)
        assert status == 0, err
        assert [(one.case, one.verdict) for one in found] == [("0", "right"), ("1", "wrong")]
        assert err.splitlines()[:4] == [
            "adapter eval: 0, default: wrong, now right",
            "adapter eval: 2 answers judged again, 1 verdicts are others now",
            f"adapter eval: results in {tmp_path / 'again.jsonl'}",
            f"adapter eval: 1 left out, as the question is another now: the run with --out {tmp_path / 'again.jsonl'} asks them",
        ]
        before = len(upstream.received)
        adapter.evaluate(now, client=client, model="m", out=tmp_path / "again.jsonl")
        assert len(upstream.received) - before == 1


REFUSED = {
    "--arm name=a": "--arm shapes what is asked, and --rejudge asks nothing",
    "--dialect hermes": "--dialect shapes what is asked",
    "--record r.jsonl": "--record shapes",
    "--fail-under x=1": "no figure 'x'",
}


@pytest.mark.parametrize("line", REFUSED)
def test_flags_that_cannot_stand_together(line: str, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("")
    status, err, found = rejudge(tmp_path, QUESTIONS[0], more=tuple(line.split()))
    assert (status, err.count("\n"), found) == (2, 1, [])
    assert REFUSED[line] in err


def test_records_and_reports_have_no_cases() -> None:
    for line in ("record x.jsonl --simulate", "report x.jsonl --rejudge y.jsonl"):
        status, _, err = call("eval", *line.split())
        word, _, flag = line.split()[:3]
        assert (status, err) == (2, f"adapter: eval {word}: {flag} is for cases: adapter eval CASES {flag}\n")


def test_files_of_judging_again(tmp_path: Path) -> None:
    name, out = written(tmp_path, QUESTIONS[0]), tmp_path / "out.jsonl"
    out.write_text("")
    for given, words in (
        ([], "give --out, a file for the results"),
        (["--out", str(out)], "is read here, and would be written over"),
        (["--out", str(tmp_path / "new.jsonl")], "nothing to judge again: it has no outcome of these cases"),
    ):
        status, _, err = call("eval", name, "--rejudge", str(out), *given)
        assert (status, err.count("\n")) == (2, 1)
        assert words in err
    (tmp_path / "new.jsonl").write_text("{}\n")
    _, _, err = call("eval", name, "--rejudge", str(out), "--out", str(tmp_path / "new.jsonl"))
    assert "there are results in it; --fresh begins anew" in err


def test_an_old_file_of_results_has_no_answers(tmp_path: Path) -> None:
    with Upstream(by_question) as upstream, client_of(upstream) as client:
        adapter.evaluate(QUESTIONS[:1], client=client, model="m", out=tmp_path / "out.jsonl")
    line = json.loads((tmp_path / "out.jsonl").read_text())
    assert [Answer.from_json(one).calls for one in line["answers"]] == [(Called("weather", {"city": "Oslo"}),)]
    del line["answers"]
    (tmp_path / "out.jsonl").write_text(json.dumps(line) + "\n")
    _, err, _ = rejudge(tmp_path, QUESTIONS[0])
    assert "nothing to judge again: an older version wrote them, without the answers" in err


# --- Files of a run ------------------------------------------------------------------------------------------------------


def test_two_runs_into_one_file_are_refused(tmp_path: Path) -> None:
    name, out = written(tmp_path, QUESTIONS[0]), tmp_path / "out.jsonl"
    given = ["eval", name, "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--out", str(out)]
    with ResultsFile(out):
        status, _, err = call(*given)
    assert (status, err.splitlines()[-1]) == (
        2, f"adapter: {out}: another run writes its results there now; wait for its end, or give another --out",
    )  # fmt: skip
    before = read_results(out)
    out.write_text("{}\n")
    with pytest.raises(ValueError, match="another run has written to the file just now"):
        ResultsFile(out, before)


def test_a_recording_on_a_full_disk_is_one_line(tmp_path: Path) -> None:
    name, out = written(tmp_path, *QUESTIONS), tmp_path / "out.jsonl"
    with Upstream(by_question) as upstream:
        given = ["--base-url", upstream.url, "--model", "m", "--out", str(out), "--record", "/dev/full"]
        status, _, err = call("eval", name, *given)
    assert status == 2
    assert re.fullmatch(
        r"adapter: --record /dev/full: No space left on device; the recording is not whole: make room", err.splitlines()[-1]
    )
    assert "Traceback" not in err
