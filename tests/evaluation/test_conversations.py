"""Conversations on simulated APIs: reading, the dispatcher, states and results, and a run against a server on loopback."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from adapter.evaluation.arms import Arm
from adapter.evaluation.case_files import read_cases
from adapter.evaluation.cases import BadCases, name_of
from adapter.evaluation.judging import judging_of
from adapter.evaluation.offering import offered
from adapter.evaluation.outcome import Answer, Called
from adapter.evaluation.python_calls import read_call
from adapter.evaluation.results import read_results
from adapter.evaluation.simulated import MOST_STEPS
from adapter.evaluation.simulated_apis import Apis
from tests.cli.test_cli import call
from tests.support.loopback import Upstream, completion
from tests.support.simulated import API, ASKING, HELD, OPENING, conversation, package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapter.evaluation.cases import Case


@pytest.fixture(autouse=True)
def own_package() -> Iterator[None]:
    """Packages of this name that other tests have loaded, or will."""
    kept = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] == "bfcl_eval"}
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "bfcl_eval"]:
        del sys.modules[name]
    sys.modules.update(kept)


def case_of(folder: Path, turns: Any, **more: Any) -> Case:
    (case,) = read_cases([str(package(folder, conversation("multi_turn_base_0", turns, **more)))], simulate=True)
    return case


OPEN, COUNT = Called("open_ticket", {"title": "Leak", "priority": 2}), Called("count", {})
CLOSE, WORDS = Called("close_ticket", {"id": 1}), ()
# The turns; the calls of each answer, turn by turn; the verdict, and the kinds of the faults.
JUDGED: dict[str, tuple[Any, list[list[tuple[Called, ...]]], tuple[str, list[str]]]] = {
    "the reference": (OPENING, [[(OPEN, COUNT), WORDS], [(CLOSE,), WORDS]], ("right", [])),
    "one after the other": (OPENING, [[(OPEN,), (COUNT,), WORDS], [(CLOSE,), WORDS]], ("right", [])),
    "a look more": (OPENING, [[(COUNT,), (OPEN, COUNT), WORDS], [(CLOSE,), WORDS]], ("right", [])),
    "an error on the way": (OPENING, [[(Called("count", {"of": 1}),), (OPEN, COUNT), WORDS], [(CLOSE,), WORDS]], ("right", [])),
    "in words": (OPENING, [[WORDS]], ("wrong", ["not_called"])),
    "words later": (OPENING, [[(OPEN, COUNT), WORDS], [WORDS]], ("wrong", ["not_called"])),
    "a result too few": (OPENING, [[(OPEN,), WORDS]], ("wrong", ["result"])),
    "counted too early": (OPENING, [[(COUNT, OPEN), WORDS]], ("wrong", ["result"])),
    "another priority": (OPENING, [[(Called("open_ticket", {"title": "Leak"}), COUNT), WORDS]], ("wrong", ["state"])),
    "two states": (OPENING, [[(OPEN, COUNT, Called("sign_in", {"name": "Ann"}), CLOSE), WORDS]], ("wrong", ["state", "state"])),
    "no end": (OPENING, [[(COUNT,)] * (MOST_STEPS + 1)], ("wrong", ["steps"])),
    "asked for what is missing": (ASKING, [[WORDS], [(Called("close_ticket", {"id": 7}),), WORDS]], ("right", [])),
    "called, where no call is known": (
        ASKING, [[(COUNT,), WORDS], [(Called("close_ticket", {"id": 7}),), WORDS]], ("right", []),
    ),
    "guessed, and left another state": (
        ASKING, [[(OPEN,), WORDS], [(Called("close_ticket", {"id": 7}),), WORDS]], ("wrong", ["state"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", JUDGED)
def test_states_and_results_are_compared(name: str, tmp_path: Path) -> None:
    turns, answers, wanted = JUDGED[name]
    judging = judging_of(case_of(tmp_path, turns))
    for number, steps in enumerate(answers, 1):
        for calls in steps:
            question = judging.question()
            assert question is not None
            assert question.turn == number
            judging.hear(Answer(number, tuple(calls)))
    assert judging.question() is None
    assert (judging.found.verdict, [fault.kind for fault in judging.found.faults]) == wanted


def test_an_answer_of_too_many_tokens_is_cut_off(tmp_path: Path) -> None:
    judging = judging_of(case_of(tmp_path, OPENING))
    judging.hear(Answer(1, (), finish="length"))
    assert judging.found.verdict == "cut_off"


# Calls, and the results that the model reads.
RUN: dict[str, tuple[Called, str]] = {
    "an object": (OPEN, '{"id": 1}'),
    "a text": (Called("close_ticket", {"id": 7}), "closed"),
    "a number": (COUNT, "1"),
    "no JSON": (Called("sign_in", {"name": "Ann"}), "{'signed in': {'Ann'}}"),
    "its own error": (Called("open_ticket", {"title": ""}), "Error during execution: a title is needed"),
    "no such ticket": (Called("close_ticket", {"id": 9}), "Error during execution: '9'"),
    "a parameter too many": (
        Called("count", {"of": 1}), "Error during execution: count: got an unexpected keyword argument 'of'",
    ),
    "a parameter too few": (Called("close_ticket", {}), "Error during execution: close_ticket: missing a required argument: 'id'"),
    "no tool": (Called("drop_all", {}), "Error during execution: there is no tool 'drop_all'"),
    "a method that is no tool": (Called("undocumented", {}), "Error during execution: there is no tool 'undocumented'"),
    "a private method": (Called("_load_scenario", {"scenario": {}}), "Error during execution: there is no tool '_load_scenario'"),
    "code": (Called("__import__('os').getcwd", {}), 'Error during execution: there is no tool "__import__(\'os\').getcwd"'),
}  # fmt: skip


@pytest.mark.parametrize("name", RUN)
def test_calls_are_dispatched_and_not_evaluated(name: str, tmp_path: Path) -> None:
    one, result = RUN[name]
    simulation = case_of(tmp_path, ASKING).simulation
    assert simulation is not None
    assert Apis(simulation).run(one.name, (), one.arguments) == result


def test_an_api_gets_copies(tmp_path: Path) -> None:
    """What an API keeps, the caller cannot change, and a case begins anew each time."""
    simulation = case_of(tmp_path, ASKING).simulation
    assert simulation is not None
    first, title = Apis(simulation), ["Leak"]
    first.run("open_ticket", (title,), {})
    title.append("more")
    second = Apis(simulation)
    second.run("open_ticket", (["Leak"],), {})
    assert [*second.differences(first)] == []
    second.run("close_ticket", (7,), {})
    assert [name for name, _, _ in Apis(simulation).differences(second)] == ["TicketAPI.tickets"]


CALLS = {
    "mv('a b', to=\"c\")": ("mv", ("a b",), {"to": "c"}),
    "f(a=[1, -2.5], b={'x': None}, c=True)": ("f", (), {"a": [1, -2.5], "b": {"x": None}, "c": True}),
    " f() ": ("f", (), {}),
}
NO_CALLS = [
    "f",
    "f(g(1))",
    "a.f(1)",
    "f(*x)",
    "f(**x)",
    "f(x)",
    "f(1",
    "f() or g()",
    "1 + 1",
    "",
    "f(a=1, a=2)",
    "[f()]",
    "f(" * 999,
]


@pytest.mark.parametrize("text", CALLS)
def test_reference_calls_are_read(text: str) -> None:
    read = read_call(text)
    assert (read.name, read.positional, read.named) == CALLS[text]


@pytest.mark.parametrize("text", NO_CALLS)
def test_other_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no call that can be read"):
        read_call(text)


def test_a_case_has_tools_turns_and_reference_calls(tmp_path: Path) -> None:
    case = case_of(tmp_path, HELD, missed_function={"1": ["sign_in"]})
    assert case.names == ("open_ticket", "close_ticket", "count")
    assert case.turns[1].messages[0]["content"].startswith("More tools")
    assert [one.arguments for one in case.turns[1].expect] == [{"name": "Ann"}]
    pool = (
        [*case.tools, *case.simulation.later[1], {"type": "function", "function": {"name": "other"}}] if case.simulation else []
    )
    given = [name_of(tool) for tool in offered(case, Arm("a", distractors=5), pool, 0)]
    assert sorted(given) == ["close_ticket", "count", "open_ticket", "other"], "a tool of a later turn is no distractor"
    first = case.tools[0]["function"]
    assert "response" not in first
    assert 'The result: {"type": "dict"}.' in first["description"]
    assert (case.category, case.cluster, case.rules) == ("multi_turn_base", "multi_turn_0", "state")


# Files that cannot be used, and the words of the error.
Made = dict[str, Any]
UNUSABLE: dict[str, tuple[Made, str]] = {
    "code in the reference": ({"turns": [("Hi", ["__import__('os').system('x')"])]}, "line 1: no conversation .* no call that can"),
    "a reference of no tool": ({"turns": [("Hi", ["undocumented()"])]}, "the reference call undocumented.. is of no tool"),
    "a class that nobody knows": ({"involved_classes": ["Shell"]}, "line 1: the simulated API 'Shell' is unknown; there are Gor"),
    "a package that lacks a library": ({"api": "import no_such_library"}, "cannot be loaded: .*; pip install no_such_library"),
    "a package without the class": ({"api": "x = 1"}, "cannot be loaded: .*; install it anew"),
    "a class that is no Python": ({"api": "x ="}, "cannot be loaded: .*; install it anew"),
    "a tool held back that nobody has": ({"missed_function": {"1": ["fly"]}}, "no conversation as BFCL writes them: KeyError"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_conversations(name: str, tmp_path: Path) -> None:
    made, words = UNUSABLE[name]
    given = {key: value for key, value in made.items() if key not in {"turns", "api"}}
    file = package(tmp_path, conversation("multi_turn_base_0", made.get("turns", OPENING), **given), api=made.get("api", API))
    with pytest.raises(BadCases, match=words):
        read_cases([str(file)], simulate=True)


def test_the_code_of_the_package_runs_on_demand_only(tmp_path: Path) -> None:
    file = package(tmp_path, conversation("multi_turn_base_0", OPENING), api="raise SystemExit('ran')")
    for name in (str(file), str(tmp_path)):
        with pytest.raises(BadCases, match=r"simulate=True|no cases"):
            read_cases([name])
    status, out, err = call("eval", str(file), "--base-url", "http://127.0.0.1:9/v1", "--model", "m")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "allow to run it with --simulate" in err


def test_missing_parts(tmp_path: Path) -> None:
    file = package(tmp_path, conversation("multi_turn_base_0", OPENING))
    (file.parent / "multi_turn_func_doc" / "ticket_api.json").unlink()
    with pytest.raises(BadCases, match="keep the folder 'multi_turn_func_doc' beside"):
        read_cases([str(file)], simulate=True)
    (file.parent / "possible_answer" / file.name).write_text('{"id": "multi_turn_base_0", "ground_truth": []}\n')
    with pytest.raises(BadCases, match="no answer for each turn"):
        read_cases([str(file)], simulate=True)
    alone = tmp_path / file.name
    alone.write_bytes(file.read_bytes())
    with pytest.raises(BadCases, match="its simulated APIs are not here"):
        read_cases([str(alone)], simulate=True)


def test_two_packages_in_a_process(tmp_path: Path) -> None:
    case_of(tmp_path / "one", OPENING)
    with pytest.raises(BadCases, match="use one folder of bfcl-eval in a process"):
        case_of(tmp_path / "two", OPENING)


# --- A run ---------------------------------------------------------------------------------------------------------------


def block(*calls: Called) -> str:
    texts = [json.dumps({"name": one.name, "arguments": one.arguments}) for one in calls]
    return "\n".join(f"<tool_call>\n{text}\n</tool_call>" for text in texts)


def test_a_run_gives_results_and_asks_on(tmp_path: Path) -> None:
    """Results of the APIs go to the model, tools come when their turn does, and a wrong turn ends the conversation."""
    made = [
        conversation("multi_turn_base_0", OPENING),
        conversation("multi_turn_base_1", HELD, missed_function={"1": ["sign_in"]}),
        conversation("multi_turn_base_2", OPENING),
    ]
    replies = [
        *(block(OPEN, COUNT), "Opened.", block(CLOSE), "Closed."),
        *("I cannot.", block(Called("sign_in", {"name": "Ann"})), "Done."),
        *(block(OPEN), "Opened."),
    ]
    file, out = package(tmp_path, *made), tmp_path / "out.jsonl"
    with Upstream(*map(completion, replies)) as upstream:
        given = ["--base-url", upstream.url, "--model", "m", "--concurrency", "1", "--out", str(out)]
        status, shown, err = call("eval", str(file), "--simulate", *given)
        bodies = upstream.bodies
    assert status == 0, err
    assert len(bodies) == len(replies)
    assert "66.7 %" in shown
    second = json.dumps(bodies[1]["messages"])
    assert '{\\"id\\": 1}' in second.replace("\\\\", "\\")
    assert ["sign_in" in json.dumps(body["messages"][0]) for body in bodies] == [True] * 4 + [False] + [True] * 4
    outcomes = read_results(out).outcomes
    assert [one.verdict for one in outcomes] == ["right", "right", "wrong"]
    assert [(fault.kind, fault.message.split(":")[0]) for fault in outcomes[2].faults] == [("result", "turn 1")]
    assert {one.by for one in outcomes} == {"state"}
    assert [(one.name, one.arguments) for one in outcomes[0].expected] == [(c.name, c.arguments) for c in (OPEN, COUNT, CLOSE)]
