"""Figures of outcomes: which case counts where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapter.evaluation.figures import NAMES, below, summarise
from adapter.evaluation.figures.values import Cell, Slice
from adapter.evaluation.outcome import Called, CaseOutcome, Fault
from tests.support.sample_outcomes import ARMS, TASKS, sample_outcomes

RAIN = Called("get_forecast", {"city": "Oslo", "days": 3})
NOW = Called("get_current_weather", {"city": "Oslo"})
ANY = Called("*", {})
ORDER = Called("find_order", {"order_id": "A-1"})


def outcome(**given: Any) -> CaseOutcome:
    """A right answer to a question for the forecast, but for what is given."""
    usual: dict[str, Any] = {
        "case": "rain", "arm": "hermes", "category": "", "cluster": "", "verdict": "right", "lenient": False, "faults": (),
        "expected": (RAIN,), "calls": (RAIN,), "offered": ("get_forecast", "get_current_weather"), "prompt": "p", "completions": ("c",),
        "content": "", "error": "", "bare": "right", "layers": (), "problems": (), "requests": 1, "seconds": 1.0, "first": 0.5,
        "prompt_tokens": 10, "completion_tokens": 5,
    }  # fmt: skip
    made = CaseOutcome(**{**usual, **given})
    return made if made.cluster else replace(made, cluster=made.case)


def wrong(*kinds: str, **given: Any) -> CaseOutcome:
    faults = tuple(Fault(kind, "…", "get_forecast", "days" if kind in PARAMETERS else "") for kind in kinds)  # type: ignore[arg-type]
    return outcome(verdict="wrong", faults=faults, **given)


PARAMETERS = {"missing", "extra", "type", "value"}
# Of each outcome the figures with a one, and those with a nought; the others do not concern it.
COUNTED = [
    pytest.param(outcome(), "end_to_end lenient selection call_made call_count schema parameters answered", "", id="right"),
    pytest.param(
        outcome(expected=(), calls=()), "end_to_end lenient abstention answered", "", id="no call expected, none made"
    ),
    pytest.param(
        wrong("called", expected=()), "schema answered", "end_to_end lenient abstention", id="no call expected, one made"
    ),
    pytest.param(
        wrong("not_called", calls=()), "answered", "end_to_end lenient selection call_made call_count", id="no call came"
    ),
    pytest.param(
        wrong("tool", calls=(NOW,)), "call_made call_count schema answered", "end_to_end lenient selection", id="another tool"
    ),
    pytest.param(
        wrong("count", calls=(RAIN, RAIN)), "selection call_made schema parameters answered", "end_to_end lenient call_count", id="twice"
    ),
    pytest.param(
        wrong("count", "tool", calls=(RAIN, NOW)), "call_made schema answered", "end_to_end lenient selection call_count", id="another too"
    ),
    pytest.param(
        wrong("order", expected=(RAIN, ORDER), calls=(ORDER, RAIN)),
        "selection call_made call_count schema parameters answered",
        "end_to_end lenient",
        id="in another order",
    ),
    pytest.param(
        wrong("value"), "selection call_made call_count schema answered", "end_to_end lenient parameters", id="a wrong value"
    ),
    pytest.param(
        wrong("type", lenient=True), "lenient selection call_made call_count schema answered", "end_to_end parameters", id="a type alone"
    ),
    pytest.param(
        wrong("schema", "missing"), "selection call_made call_count answered", "end_to_end lenient schema parameters", id="against the schema"
    ),
    pytest.param(
        outcome(calls=(NOW,), faults=()),
        "end_to_end lenient selection call_made call_count schema parameters answered",
        "",
        id="right by another list of calls",
    ),
    pytest.param(
        wrong("called", "unread", expected=(), calls=()), "answered", "end_to_end lenient abstention", id="no call expected, one refused"
    ),
    pytest.param(
        wrong("not_called", "schema", "unread", calls=()), "answered", "end_to_end lenient selection call_made call_count schema", id="refused for its schema"
    ),
    pytest.param(
        outcome(expected=(ANY,)), "end_to_end lenient selection call_made call_count schema parameters answered", "", id="any tool, one called"
    ),
    pytest.param(
        wrong("schema", expected=(ANY,), calls=(NOW, RAIN)), "selection call_made call_count parameters answered", "end_to_end lenient schema", id="any tool, against the schema"
    ),
    pytest.param(
        wrong("not_called", expected=(ANY,), calls=()), "answered", "end_to_end lenient selection call_made call_count", id="any tool, none called"
    ),
    pytest.param(outcome(verdict="cut_off", calls=()), "", "answered", id="cut off"),
    pytest.param(outcome(verdict="server_error", calls=()), "", "answered", id="a server error"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "ones", "noughts"), COUNTED)
def test_which_figures_count_an_outcome(given: CaseOutcome, ones: str, noughts: str) -> None:
    [arm] = summarise([given]).arms
    rates = arm.whole.rates
    assert tuple(rates) == NAMES
    assert {name for name, rate in rates.items() if (rate.right, rate.of) == (1, 1)} == set(ones.split())
    assert {name for name, rate in rates.items() if (rate.right, rate.of) == (0, 1)} == set(noughts.split())
    assert all(rate.value is rate.low is rate.high is None for rate in rates.values() if rate.of == 0)


def test_cut_offs_and_server_errors_are_no_inability() -> None:
    """Three right, one wrong; a hundred answers cut off change no rate but `answered`."""
    judged = [outcome(case=str(at)) for at in range(3)] + [wrong("value", case="w")]
    apart = [outcome(case=f"c{at}", verdict=("cut_off", "server_error")[at % 2], calls=()) for at in range(100)]
    few, many = (summarise(found).arms[0].whole for found in (judged, judged + apart))
    assert {**many.rates, "answered": 0} == {**few.rates, "answered": 0}
    assert (many.rates["end_to_end"].value, many.cut_off, many.server_error, many.cases) == (0.75, 50, 50, 104)
    assert (many.rates["answered"].right, many.rates["answered"].of) == (4, 104)


CONFUSED = [
    pytest.param((RAIN,), (RAIN,), {("get_forecast", "get_forecast"): 1}, id="the expected tool"),
    pytest.param((RAIN,), (NOW,), {("get_forecast", "get_current_weather"): 1}, id="another tool"),
    pytest.param((RAIN,), (), {("get_forecast", ""): 1}, id="no call, though expected"),
    pytest.param((), (NOW,), {("", "get_current_weather"): 1}, id="a call, though none is right"),
    pytest.param((), (), {("", ""): 1}, id="no call, as is right"),
    pytest.param((ANY,), (NOW, RAIN), {("get_current_weather", "get_current_weather"): 1, ("get_forecast", "get_forecast"): 1}, id="any tool is right"),
    pytest.param((ANY,), (), {("*", ""): 1}, id="no call, though any is right"),
    pytest.param(
        (RAIN, NOW), (NOW, RAIN, RAIN),
        {("get_forecast", "get_forecast"): 1, ("get_current_weather", "get_current_weather"): 1, ("", "get_forecast"): 1},
        id="equal names first, one too many",
    ),
    pytest.param(
        (RAIN, ORDER), (ORDER, NOW),
        {("find_order", "find_order"): 1, ("get_forecast", "get_current_weather"): 1},
        id="the rest in order",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "calls", "cells"), CONFUSED)
def test_confusion(expected: tuple[Called, ...], calls: tuple[Called, ...], cells: dict[tuple[str, str], int]) -> None:
    [arm] = summarise([outcome(verdict="wrong", expected=expected, calls=calls)]).arms
    assert arm.confusion == tuple(Cell(*names, count) for names, count in sorted(cells.items()))


def test_parameters_by_tool_and_path() -> None:
    """A fault inside of an array counts for its path and for the parameter that holds it; a tool not called tells nothing."""
    buy = Called("buy", {"items": [{"price": 2}], "note": "x"})

    def bought(case: str, *faults: Fault, calls: tuple[Called, ...] = (buy,)) -> CaseOutcome:
        return outcome(case=case, verdict="wrong" if faults else "right", expected=(buy,), calls=calls, faults=faults)

    [arm] = summarise([
        bought("right"),
        bought("inside", Fault("value", "…", "buy", "items[0].price"), Fault("type", "…", "buy", "items[12].price")),
        bought("missing", Fault("missing", "…", "buy", "note"), Fault("extra", "…", "buy", "gift")),
        bought("another tool", Fault("tool", "…", "buy"), Fault("missing", "…", "buy", "note"), calls=(NOW,)),
    ]).arms  # fmt: skip
    found = {
        (one.tool, one.parameter): (one.rate.right, one.rate.of, one.missing, one.extra, one.type, one.value)
        for one in arm.parameters
    }
    assert found == {
        ("buy", "gift"): (0, 1, 0, 1, 0, 0),
        ("buy", "items"): (2, 3, 0, 0, 0, 0),
        ("buy", "items[].price"): (0, 1, 0, 0, 1, 1),
        ("buy", "note"): (2, 3, 1, 0, 0, 0),
    }


# verdict, bare, layers -> gained, lost of the arm; and of the layer "repaired": gained, alone, lost, right anyway, wrong anyway, unknown
LAYERS = [
    pytest.param("right", "wrong", ("repaired",), (1, 0), (1, 1, 0, 0, 0, 0), id="gained by one layer"),
    pytest.param("right", "wrong", ("repaired", "coerced"), (1, 0), (1, 0, 0, 0, 0, 0), id="gained by two"),
    pytest.param("right", "cut_off", ("repaired",), (1, 0), (1, 1, 0, 0, 0, 0), id="gained after a cut-off"),
    pytest.param("wrong", "right", ("repaired",), (0, 1), (0, 0, 1, 0, 0, 0), id="made wrong"),
    pytest.param("right", "right", ("repaired",), (0, 0), (0, 0, 0, 1, 0, 0), id="right anyway"),
    pytest.param("wrong", "wrong", ("repaired",), (0, 0), (0, 0, 0, 0, 1, 0), id="wrong anyway"),
    pytest.param("right", None, ("repaired",), (0, 0), (0, 0, 0, 0, 0, 1), id="not judged without"),
]  # fmt: skip


@pytest.mark.parametrize(("verdict", "bare", "layers", "arm", "layer"), LAYERS)
def test_layers(verdict: Any, bare: Any, layers: Any, arm: tuple[int, int], layer: tuple[int, ...]) -> None:
    found = summarise([outcome(verdict=verdict, bare=bare, layers=layers)]).arms[0].layers
    assert (found.gained, found.lost) == arm
    assert found.lost_cases == (("rain",) if found.lost else ())
    one = next(effect for effect in found.effects if effect.layer == "repaired")
    assert (one.gained, one.gained_alone, one.lost, one.right_anyway, one.wrong_anyway, one.unknown) == layer


def test_wrong_answers_are_the_models_or_the_formats() -> None:
    [arm] = summarise(
        [wrong("value", case="v"), wrong("unread", "not_called", calls=(), case="u"), outcome(verdict="cut_off", case="c")]
    ).arms
    assert (arm.layers.judged, arm.layers.wrong_model, arm.layers.wrong_format) == (2, 1, 1)


@pytest.mark.parametrize("kind", ["called", "schema"])
def test_a_refused_call_is_the_models_fault(kind: str) -> None:
    [arm] = summarise([wrong(kind, "unread", calls=())]).arms
    assert (arm.layers.wrong_model, arm.layers.wrong_format) == (1, 0)


def test_costs() -> None:
    found = [
        outcome(case="a", seconds=1.0, first=0.2),
        outcome(case="b", seconds=3.0, first=None, verdict="wrong"),
        outcome(case="c", seconds=2.0, first=None, prompt_tokens=None),
        outcome(case="d", seconds=60.0, first=None, verdict="server_error", completion_tokens=None, requests=3),
    ]
    [arm] = summarise(found).arms
    cost = arm.cost
    assert cost.seconds
    assert cost.first
    assert (cost.seconds.cases, cost.seconds.p50) == (3, 2.0)
    assert cost.seconds.p95 == pytest.approx(2.9)
    assert (cost.first.cases, cost.first.p99) == (1, 0.2)
    assert (cost.requests, cost.counted, cost.prompt_tokens, cost.completion_tokens) == (6, 2, 20, 10)
    assert cost.tokens_per_success == 30  # both counted cases, for the one that is right
    nothing = summarise([outcome(verdict="server_error", prompt_tokens=None, first=None)]).arms[0].cost
    assert (nothing.seconds, nothing.first, nothing.tokens_per_success) == (None, None, None)


def verdicts(arm: str, *given: str, clusters: str = "") -> list[CaseOutcome]:
    kinds = {"r": "right", "w": "wrong", "c": "cut_off", "s": "server_error"}
    return [
        outcome(arm=arm, case=str(at), verdict=kinds[kind], cluster=clusters[at] if clusters else "")
        for at, kind in enumerate(given)
        if kind != "-"
    ]


def test_pairs_compare_the_cases_of_both() -> None:
    [pair] = summarise(verdicts("a", *"rrrwwcr-") + verdicts("b", *"rwwrwr-r")).pairs
    assert (pair.cases, pair.left_out, pair.alone) == (5, 1, 2)
    assert (pair.both, pair.only_first, pair.only_second, pair.neither) == (1, 2, 1, 1)
    assert (pair.difference, pair.p, pair.p_tasks, pair.p_holm) == (-0.2, 1.0, None, 1.0)
    assert pair.low
    assert pair.high
    assert pair.low < -0.2 < pair.high


def test_pairs_count_tasks() -> None:
    """Ten cases better, of two tasks: McNemar's test over cases is too sure."""
    [pair] = summarise(
        verdicts("a", *"wwwwwwwwww", clusters="aaaaabbbbb") + verdicts("b", *"rrrrrrrrrr", clusters="aaaaabbbbb")
    ).pairs
    assert (pair.p, pair.p_tasks, pair.p_holm) == (2 / 1024, 0.5, 0.5)
    assert pair.low
    assert pair.low < 0.6


def test_pairs_are_adjusted_for_their_number() -> None:
    outcomes = verdicts("a", *"wwwwwwww") + verdicts("b", *"rrrrrrrr") + verdicts("c", *"wwwwwwww")
    pairs = {(pair.first, pair.second): pair for pair in summarise(outcomes).pairs}
    assert pairs["a", "b"].p == 2 / 256
    assert pairs["a", "b"].p_holm == pairs["b", "c"].p_holm == 6 / 256
    assert pairs["a", "c"].p_holm == 1


def test_arms_without_a_common_case() -> None:
    [pair] = summarise([outcome(arm="a", case="1"), outcome(arm="b", case="2")]).pairs
    assert (pair.cases, pair.alone, pair.difference, pair.low, pair.high, pair.p) == (0, 2, None, None, None, 1.0)


def test_nothing_is_no_arm() -> None:
    summary = summarise([])
    assert (summary.outcomes, summary.arms, summary.pairs, summary.curve) == (0, (), (), ())


def test_a_case_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="arm 'hermes' has two outcomes of case 'rain'"):
        summarise([outcome(), outcome()])


def test_the_curve_has_a_point_for_each_arm() -> None:
    more = tuple(f"tool_{at}" for at in range(22))
    plain, many = outcome(), outcome(arm="20 more", offered=more)
    assert [(point.arm, point.offered) for point in summarise([many, plain]).curve] == [("hermes", 2), ("20 more", 22)]
    assert summarise([plain, outcome(arm="b")]).curve == ()


def test_thresholds() -> None:
    summary = summarise([*verdicts("a", *"rrrw"), *verdicts("b", *"ss")])
    assert below(summary, {"end_to_end": 0.75}) == ["b: end_to_end has no case to judge, so 0.75 is not reached"]
    assert below(summary, {"end_to_end": 0.751, "answered": 0.5}) == [
        "a: end_to_end is 0.7500 (3 of 4), below 0.751",
        "b: end_to_end has no case to judge, so 0.751 is not reached",
        "b: answered is 0.0000 (0 of 2), below 0.5",
    ]
    with pytest.raises(KeyError):
        below(summary, {"accuracy": 0.5})


def parts(slices: list[Slice], name: str) -> tuple[int, int]:
    return sum(one.rates[name].right for one in slices), sum(one.rates[name].of for one in slices)


def test_categories_add_up_to_the_whole() -> None:
    for arm in summarise(sample_outcomes()).arms:
        assert [one.name for one in arm.categories] == ["simple", "shop", "irrelevant"]
        for name in NAMES:
            assert parts(list(arm.categories), name) == parts([arm.whole], name)
        assert sum(one.cases for one in arm.categories) == arm.whole.cases == 6 * len(TASKS)
        whole = arm.whole
        assert whole.tasks == len(TASKS)
        assert whole.right + whole.wrong + whole.cut_off + whole.server_error == whole.cases
        assert sum(cell.count for cell in arm.confusion) >= arm.layers.judged


def test_the_samples_show_what_they_are_made_of() -> None:
    """The rates of the table lie within the intervals, and the better arm is found."""
    summary = summarise(sample_outcomes(60))
    for arm in summary.arms:
        rate = arm.whole.rates["end_to_end"]
        assert rate.low
        assert rate.high
        assert rate.low <= ARMS[arm.arm].right <= rate.high
    pair = next(pair for pair in summary.pairs if (pair.first, pair.second) == ("hermes, grammar", "bare JSON"))
    assert pair.high
    assert pair.high < 0
    assert pair.p_holm < 0.05
    faults = {fault.kind for one in sample_outcomes(60) for fault in one.faults}
    assert faults == {"not_called", "called", "tool", "count", "schema", "missing", "extra", "type", "value", "unread"}
