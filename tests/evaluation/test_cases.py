"""Files of cases in each form, made of recordings too; and one clear sentence for each mistake in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.evaluation.arms import Arm, BadArm, arms_of_file, arms_of_text, check_names
from adapter.evaluation.case_files import read_cases
from adapter.evaluation.cases import BadCases, Case
from adapter.evaluation.checking import check
from adapter.evaluation.offering import offered, pool_of
from adapter.evaluation.outcome import Called
from adapter.evaluation.recorded_cases import recorded

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA},
}
USER = [{"role": "user", "content": "Oslo?"}]
CALL = {"name": "weather", "arguments": {"city": "Oslo"}}
CASE: dict[str, Any] = {"id": "a", "messages": USER, "tools": [TOOL], "expect": [CALL]}


def written(folder: Path, *lines: Any, name: str = "cases.jsonl") -> str:
    path = folder / name
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return str(path)


def test_a_case(tmp_path: Path) -> None:
    (case,) = read_cases([written(tmp_path, {**CASE, "category": "k", "order": "same", "tool_choice": "required"}, "")])
    assert (case.id, case.category, case.cluster, case.request) == ("a", "k", "a", {"tool_choice": "required"})
    assert case.turns[0].order == "same"
    assert check(case, case.turns[0], [Called("weather", {"city": "Oslo"})]).right


def test_tools_of_a_file_and_of_another_form(tmp_path: Path) -> None:
    written(tmp_path, [{"name": "weather", "description": "d", "input_schema": SCHEMA}], name="tools.json")
    (case,) = read_cases([written(tmp_path, {**CASE, "tools": "tools.json"})])
    assert case.names == ("weather",)


def test_turns(tmp_path: Path) -> None:
    turns = [{"messages": USER, "expect": [{**CALL, "result": {"degrees": 14}}]}, {"expect": []}]
    (case,) = read_cases([written(tmp_path, {"id": "a", "tools": [TOOL], "turns": turns})])
    assert [len(turn.expect) for turn in case.turns] == [1, 0]
    assert case.turns[0].expect[0].result == '{"degrees": 14}'


MISTAKES: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "line 1: not JSON: "),
    "no object": ("[1]", "line 1: write a JSON object, not [1]"),
    "no id": ({**CASE, "id": ""}, "line 1: 'id' is \"\": give each case an id of its own, as text"),
    "an unknown key": ({**CASE, "expct": []}, "line 1: unknown key 'expct'; did you mean 'expect'?"),
    "a key like none": ({**CASE, "zzz": []}, "line 1: unknown key 'zzz'; there are id, "),
    "a number that JSON has not": ('{"id": NaN}', "line 1: not JSON: NaN is no number"),
    "a key twice": ('{"id": "a", "id": "b"}', "line 1: not JSON: the key 'id' stands twice"),
    "half a sign": ({**CASE, "id": "\ud800"}, "half a pair of surrogates is no text"),
    "a tool named by a list": ({**CASE, "expect": [{"name": ["weather"]}]}, "'expect[0].name' is [\"weather\"]"),
    "a choice of tools": ({**CASE, "tool_choice": "requird"}, "'tool_choice' is \"requird\": use 'none', "),
    "parallel calls": ({**CASE, "parallel_tool_calls": 1}, "'parallel_tool_calls' is 1: use true or false"),
    "a role that is no text": ({**CASE, "messages": [{"role": 1}]}, "each with 'role' and 'content'"),
    "tools of a folder": ({**CASE, "tools": "."}, "Is a directory"),
    "tools of a device": ({**CASE, "tools": "/dev/zero"}, "a device is not opened"),
    "a required parameter left out": (
        {**CASE, "expect": [{"name": "weather", "arguments": {}}]}, "no answer could be right: the tool requires city"
    ),
    "a value against the schema": (
        {**CASE, "expect": [{"name": "weather", "arguments": {"city": 5}}]}, "no answer could be right: "
    ),
    "a pattern too large": (
        {**CASE, "expect": [{"name": "weather", "arguments": {"city": {"regex": "a{99999999999}"}}}]},
        "no regular expression: the repetition number is too large",
    ),
    "a pattern too deep": (
        {**CASE, "expect": [{"name": "weather", "arguments": {"city": {"regex": "(" * 5000}}}]}, "no regular expression: "
    ),
    "a pattern without end": (
        {**CASE, "expect": [{"name": "weather", "arguments": {"city": {"regex": r"^(a+)+\b$"}}}]}, "write the pattern without"
    ),
    "a truth of another form": (
        {"messages": USER, "tools": [TOOL], "tool_calls_ground_truth": [{"weather": 5}]}, "'tool_calls_ground_truth': write "
    ),
    "no expectation": ({"id": "a", "messages": USER, "tools": []}, "'expect': is missing; give the calls that are right"),
    "no messages": ({**CASE, "messages": []}, "'messages' is []: give a list of messages"),
    "tools of another type": ({**CASE, "tools": {}}, "'tools' is {}: give a list of tools"),
    "a file of tools that is not there": ({**CASE, "tools": "t.json"}, "t.json\": No such file or directory; give the path of a JSON file with a list of tools"),
    "a broken tool": ({**CASE, "tools": [{"type": "function"}]}, "tools[0]"),
    "a tool that is not offered": (
        {**CASE, "expect": [{"name": "wether"}]},
        "'expect[0].name' is \"wether\", and no such tool is offered; did you mean 'weather'?",
    ),
    "a parameter that the tool lacks": (
        {**CASE, "expect": [{"name": "weather", "arguments": {"citty": "Oslo"}}]},
        "'expect[0].arguments.citty': weather has no parameter 'citty'; did you mean 'city'?",
    ),
    "a matcher of another name": (
        {**CASE, "expect": [{"name": "weather", "arguments": {"city": {"anyof": ["Oslo"]}}}]},
        "unknown matcher 'anyof'; did you mean 'any_of'?",
    ),
    "no pattern": (
        {**CASE, "expect": [{"name": "weather", "arguments": {"city": {"regex": "("}}}]},
        "'expect[0].arguments.city.regex' is \"(\": no regular expression",
    ),
    "an order": ({**CASE, "order": "sam"}, "'order' is \"sam\": use 'any' or 'same'; did you mean 'same'?"),
    "turns and messages": ({**CASE, "turns": []}, "'turns': 'messages' and 'expect' stand in the turns then"),
    "a result of no call": (
        {"id": "a", "tools": [TOOL], "turns": [{"messages": USER, "expect": []}, {"expect": []}]},
        "turns[1].messages': the turn before expects no call",
    ),
    "the same id twice": ("\n".join([json.dumps(CASE)] * 2), "line 2: the id 'a' stands in "),
    "no cases": ("", "no cases; write one JSON object on each line"),
    "a line of results": ({"case": "a", "verdict": "right"}, "a line of results; give the file of cases"),
    "a record": ({"endpoint": "/x", "completions": []}, "`adapter eval record "),
}  # fmt: skip


@pytest.mark.parametrize(("line", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(tmp_path: Path, line: Any, words: str) -> None:
    name = written(tmp_path, line)
    with pytest.raises(BadCases) as told:
        read_cases([name])
    assert words in str(told.value)
    assert name in str(told.value)
    assert "\n" not in str(told.value)


FUNCTION = {
    "name": "geo.area",
    "description": "The area.",
    "parameters": {
        "type": "dict",
        "properties": {"base": {"type": "float"}, "unit": {"type": "any"}, "at": {"type": "tuple", "items": {"type": "float"}}},
        "required": ["base"],
    },
}


def leaderboard(folder: Path, category: str, **more: Any) -> str:
    line = {"id": f"{category}_0-7-1", "question": [USER], "function": [FUNCTION], **more}
    (folder / "possible_answer").mkdir(exist_ok=True)
    answer = {"id": line["id"], "ground_truth": [{"geo.area": {"base": [10], "unit": ["", "m"], "at": [[1, 2.5], ""]}}]}
    written(folder / "possible_answer", answer, name=f"BFCL_v4_{category}.json")
    return written(folder, line, name=f"BFCL_v4_{category}.json")


def test_a_file_of_the_leaderboard(tmp_path: Path) -> None:
    (case,) = read_cases([leaderboard(tmp_path, "live_simple")])
    function = case.tools[0]["function"]
    assert (case.id, case.category, case.cluster, case.rules) == ("live_simple_0-7-1", "live_simple", "live_simple_7", "bfcl")
    assert function["parameters"]["properties"] == {
        "base": {"type": "number"}, "unit": {}, "at": {"type": "array", "items": {"type": "number"}},
    }  # fmt: skip
    answers: list[tuple[dict[str, Any], bool]] = [
        ({"base": 10}, True),
        ({"base": 10.0, "unit": "M"}, True),
        ({"base": 10, "at": [1, 2.5]}, True),
        ({"base": 11}, False),
        ({}, False),
    ]
    for arguments, right in answers:
        assert check(case, case.turns[0], [Called("geo.area", arguments)]).right is right, arguments
    lenient = check(case, case.turns[0], [Called("geo.area", {"base": "10"})])
    assert (lenient.right, lenient.lenient) == (False, True)


@pytest.mark.parametrize(("category", "names"), [("irrelevance", []), ("live_irrelevance", []), ("live_relevance", ["*"])])
def test_categories_without_answers(tmp_path: Path, category: str, names: list[str]) -> None:
    (case,) = read_cases([leaderboard(tmp_path, category)])
    assert [one.name for one in case.turns[0].expect] == names


def test_a_folder_of_the_leaderboard_without_what_cannot_be_checked(tmp_path: Path) -> None:
    leaderboard(tmp_path, "multiple")
    leaderboard(tmp_path, "simple_java")
    assert [case.category for case in read_cases([str(tmp_path)])] == ["multiple"]


@pytest.mark.parametrize("category", ["simple_java", "simple_javascript", "multi_turn_base", "memory", "web_search"])
def test_categories_that_cannot_be_checked(tmp_path: Path, category: str) -> None:
    with pytest.raises(BadCases, match=f"the category '{category}' of BFCL is not read"):
        read_cases([leaderboard(tmp_path, category)])


def test_the_leaderboard_without_its_answers(tmp_path: Path) -> None:
    name = leaderboard(tmp_path, "multiple")
    (tmp_path / "possible_answer" / "BFCL_v4_multiple.json").unlink()
    with pytest.raises(BadCases, match="keep the folder 'possible_answer' beside the file"):
        read_cases([name])


def test_cases_of_ground_truths(tmp_path: Path) -> None:
    truth = [{"weather": {"city": ["Oslo", "Oslo, Norway"], "days": ["", 1]}}]
    (case,) = read_cases([written(tmp_path, {"messages": USER, "tools": [TOOL], "tool_calls_ground_truth": truth})])
    assert case.id == "case_0"
    assert check(case, case.turns[0], [Called("weather", {"city": "oslo norway"})]).right
    with pytest.raises(BadCases, match="no tool 'wether' is offered; did you mean 'weather'"):
        read_cases([written(tmp_path, {"messages": USER, "tools": [TOOL], "tool_calls_ground_truth": [{"wether": {}}]})])


def record(exchange: str, asked: Any, calls: list[dict[str, Any]], outcome: str = "answered") -> dict[str, Any]:
    return {
        "version": 1, "exchange": exchange, "number": 1, "endpoint": "/chat/completions", "request": {}, "raw": "", "status": 200,
        "outcome": outcome, "calls": calls, "completions": [], **({"asked": asked} if asked else {}),
    }  # fmt: skip


def test_cases_of_a_recording(tmp_path: Path) -> None:
    asked = {"model": "m", "messages": USER, "tools": [TOOL], "tool_choice": "auto"}
    other = {
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{**TOOL["function"], "type": "function"}],
        "system": "S",
    }
    call = {"name": "weather", "arguments": '{"city": {"regex": "x"}}', "valid": True}
    lines = [
        record("a", asked, [call]),
        record("b", asked, [call]),
        record("c", other, []),
        record("d", None, []),
        record("e", {"messages": USER}, []),
        record("f", {"messages": USER, "tools": [{"type": "custom", "custom": {"name": "x"}}]}, []),
        record("g", {**asked, "messages": [*USER, *USER]}, [], "refused"),
        record("h", {**asked, "messages": []}, []),
        record("i", {**asked, "messages": [*USER, *USER, *USER]}, [{**call, "valid": False}]),
    ]
    found = recorded([Path(written(tmp_path, *lines, name="records.jsonl"))])
    first, second = found.cases
    assert first == {
        "id": "a", "messages": USER, "tools": [TOOL], "tool_choice": "auto",
        "expect": [{"name": "weather", "arguments": {"city": {"equals": {"regex": "x"}}}}],
    }  # fmt: skip
    assert [message["role"] for message in second["messages"]] == ["system", "user"]
    assert second["expect"] == []
    assert [reason.partition(" left out: ")[0] for reason in found.told.split("; ")] == ["1", "1", "2", "1", "1", "1"]
    assert len(read_cases([written(tmp_path, *found.cases)])) == 2


ARMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "nothing": ("", "default", {"temperature": 0, "server": "llama.cpp"}),
    "options": (
        "enforce=json_schema,recover=false,retries=0,base-url=http://h/v1", "enforce=json_schema,recover=false,retries=0,base_url=http://h/v1",
        {"temperature": 0, "enforce": "json_schema", "recover": False, "retries": 0},
    ),
    "a name": ("name=n,profile=none,model=7,temperature=0.0", "n", {"temperature": 0, "profile": None, "server": "llama.cpp"}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name", "options"), ARMS.values(), ids=ARMS)
def test_arms(text: str, name: str, options: dict[str, Any]) -> None:
    (arm,) = arms_of_text(text, {})
    assert (arm.name, arm.options) == (name, options)


def test_an_arm_for_each_combination_of_values() -> None:
    found = arms_of_text("enforce=prompt|json_schema,retries=0|1,server=vllm", {})
    assert [(arm.name, arm.options["enforce"], arm.options["retries"]) for arm in found] == [
        (f"enforce={enforce},retries={retries},server=vllm", enforce, retries)
        for enforce in ("prompt", "json_schema")
        for retries in (0, 1)
    ]
    assert [arm.name for arm in arms_of_text("name=a,distractors=0|20", {})] == ["a,distractors=0", "a,distractors=20"]
    file = 'model = "m"\n[[arm]]\ndialect = ["hermes", "llama3.1"]\nretries = 0\n'
    assert [arm.name for arm in arms_of_file("f", file, {})] == ["dialect=hermes,retries=0", "dialect=llama3.1,retries=0"]


BAD_ARMS = {
    "dialekt=hermes": "unknown setting 'dialekt'; did you mean 'dialect'?",
    "hermes": "'hermes': write KEY=VALUE",
    "on_event=print": "cannot be set here",
    "enforce=grammer": "enforce='grammer': did you mean 'grammar'?",
    "max_tokens=0": "max_tokens=0: use a whole number from 1 up",
    "distractors=many": "distractors='many': use a whole number from 0 up",
    "shuffle=1": "shuffle=1: use true or false",
}


@pytest.mark.parametrize(("text", "words"), BAD_ARMS.items(), ids=BAD_ARMS)
def test_bad_arms(text: str, words: str) -> None:
    with pytest.raises(BadArm) as told:
        arms_of_text(text, {})
    assert words in str(told.value)


def test_arms_of_a_file() -> None:
    text = 'model = "m"\nmax_tokens = 9\n[[arm]]\nname = "a"\n[[arm]]\ndialect = "hermes"\nmodel = "n"\n'
    first, second = arms_of_file("f", text, {"temperature": 0.5})
    assert (first.name, first.model, first.max_tokens, first.options["temperature"]) == ("a", "m", 9, 0.5)
    assert (second.name, second.model, second.options["dialect"]) == ("dialect=hermes,model=n", "n", "hermes")
    for wrong, words in (("arm = 1", "no arms"), ("[", "not TOML"), ("[[arm]]\nx = 1", "f: unknown setting 'x'")):
        with pytest.raises(BadArm, match=words):
            arms_of_file("f", wrong, {})
    with pytest.raises(BadArm, match="two arms are named 'a'"):
        check_names([first, first])


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def test_distractors_and_the_order_come_from_the_seed() -> None:
    cases = [Case(f"c{number}", tuple(named(f"t{number}_{n}") for n in range(3)), ()) for number in range(20)]
    pool = pool_of(cases)

    def names(arm: Arm, seed: int = 0) -> list[str]:
        return [tool["function"]["name"] for tool in offered(cases[0], arm, pool, seed)]

    own = ["t0_0", "t0_1", "t0_2"]
    assert names(Arm("a")) == own
    few, many = names(Arm("a", distractors=5)), names(Arm("a", distractors=40))
    assert [name for name in few if name in own] == own
    assert set(few) < set(many)
    assert len(few) == len(set(few)) == 8
    assert names(Arm("a", distractors=5)) == few != names(Arm("a", distractors=5), seed=1)
    assert sorted(names(Arm("a", shuffle=True))) == own
    assert len({tuple(names(Arm("a", shuffle=True), seed)) for seed in range(20)}) > 1
