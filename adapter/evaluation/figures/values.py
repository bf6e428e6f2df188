"""The figures of a run as frozen values, in the shape of the JSON report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.evaluation.outcome import Layer


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its 95 % interval.

    Attributes:
        right: The numerator: cases.
        of: The denominator: cases that the figure judges.
        value: right / of; None where no case is judged.
        low: The lower end of the interval, or None.
        high: The upper end of the interval, or None.
    """

    right: int
    of: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Slice:
    """The figures of a set of cases with one arm.

    Attributes:
        name: The category; empty for all cases of the arm, and for cases without a category.
        cases: All cases.
        tasks: The number of different tasks (clusters) among the cases.
        right: Cases with the verdict `right`.
        wrong: Cases with the verdict `wrong`. The judged cases are the right and the wrong ones.
        cut_off: Cases whose answer the length limit ended; judged by no figure but `answered`.
        server_error: Cases that upstream did not answer; likewise.
        rates: The rates by their names; see `adapter.evaluation.figures.NAMES`.
    """

    name: str
    cases: int
    tasks: int
    right: int
    wrong: int
    cut_off: int
    server_error: int
    rates: dict[str, Rate]


@dataclass(frozen=True, slots=True)
class Parameter:
    """The faults of one parameter of one tool.

    Attributes:
        tool: The tool.
        parameter: The path, every index as `[]`: `items[].price`.
        rate: Cases in which the parameter has no fault, of the judged cases in which the parameter is expected or at fault, and
            the tool is expected and called.
        missing: Faults of this kind, over all calls.
        extra: Likewise.
        type: Likewise.
        value: Likewise.
    """

    tool: str
    parameter: str
    rate: Rate
    missing: int
    extra: int
    type: int
    value: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the confusion matrix: an expected tool, a called tool, the number of calls. An empty name is "no call"."""

    expected: str
    called: str
    count: int


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles of seconds, interpolated linearly, and the number of cases measured."""

    cases: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Time, tokens and requests of an arm.

    Attributes:
        seconds: Of whole cases, server errors left out; None without a case.
        first: To the first bytes of the answer; None where no case has any.
        requests: Requests to upstream, of all cases.
        counted: Cases of which upstream told both counts of tokens.
        prompt_tokens: The sum over the counted cases.
        completion_tokens: Likewise.
        tokens_per_success: Both sums, divided by the right cases among the counted ones; None where there are none.
    """

    seconds: Percentiles | None
    first: Percentiles | None
    requests: int
    counted: int
    prompt_tokens: int
    completion_tokens: int
    tokens_per_success: float | None


@dataclass(frozen=True, slots=True)
class LayerEffect:
    """The part of one layer of the adapter.

    Attributes:
        layer: The layer.
        cases: Judged cases in which the layer took part.
        gained: Of these, right answers whose bare completion was not right.
        gained_alone: Of the gained, those in which no other layer took part.
        lost: Wrong answers whose bare completion was right.
        right_anyway: Right answers whose bare completion was right too.
        wrong_anyway: Wrong answers whose bare completion was not right either.
        unknown: Cases whose bare completion was not judged.
    """

    layer: Layer
    cases: int
    gained: int
    gained_alone: int
    lost: int
    right_anyway: int
    wrong_anyway: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Layers:
    """The model's part and the adapter's part in right and wrong answers.

    Attributes:
        judged: Cases that are right or wrong.
        wrong_format: Wrong answers with a call that could not be read: the text's form was wrong.
        wrong_model: All other wrong answers: the model's choice was wrong.
        compared: Judged cases whose bare completion was judged too.
        bare_right: Of the compared, completions that are right as the dialect's strict form alone.
        gained: Right with the adapter and not right without.
        lost: Right without the adapter and wrong with it.
        lost_cases: The ids of the lost cases.
        p: McNemar's exact p-value of gained against lost.
        effects: One entry for each layer that took part in a judged case.
    """

    judged: int
    wrong_model: int
    wrong_format: int
    compared: int
    bare_right: int
    gained: int
    lost: int
    lost_cases: tuple[str, ...]
    p: float
    effects: tuple[LayerEffect, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """The number of tools offered, over the cases of an arm."""

    least: int
    median: float
    most: int


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The selection rate of an arm by the median number of tools that it offers."""

    arm: str
    offered: float
    selection: Rate


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """All figures of one arm.

    Attributes:
        arm: The name of the arm.
        offered: The number of tools offered.
        whole: All cases.
        categories: One slice for each category, in the order of the outcomes; empty where all cases have the same one.
        parameters: Parameters, the most faults first.
        confusion: The cells that are not empty, by expected and called tool.
        cost: Time and tokens.
        layers: The model's part and the adapter's.
    """

    arm: str
    offered: Offered
    whole: Slice
    categories: tuple[Slice, ...]
    parameters: tuple[Parameter, ...]
    confusion: tuple[Cell, ...]
    cost: Cost
    layers: Layers


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arms compared on the cases that both have judged, by `end_to_end`.

    Attributes:
        first: The name of the first arm.
        second: The name of the second arm.
        cases: Cases that both arms have, right or wrong in both.
        left_out: Cases of both arms that are cut off or a server error in at least one.
        alone: Cases that only one of the arms has.
        both: Right in both.
        only_first: Right in the first alone.
        only_second: Right in the second alone.
        neither: Right in neither.
        difference: The second's rate less the first's; None without a case.
        low: The lower end of the 95 % interval, clusters counted; None without a case.
        high: The upper end.
        p: McNemar's exact p-value, over cases.
        p_tasks: The exact sign test over tasks, by the sign of each task's difference; None where every case is its own task.
        p_holm: p_tasks, or p without it, adjusted for the number of pairs by Holm's rule.
    """

    first: str
    second: str
    cases: int
    left_out: int
    alone: int
    both: int
    only_first: int
    only_second: int
    neither: int
    difference: float | None
    low: float | None
    high: float | None
    p: float
    p_tasks: float | None
    p_holm: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run.

    Attributes:
        outcomes: The number of outcomes: cases times arms.
        arms: One entry for each arm, in the order of the outcomes.
        pairs: Every two arms.
        curve: Selection by the number of tools offered; empty unless arms differ in the number.
    """

    outcomes: int
    arms: tuple[ArmFigures, ...]
    pairs: tuple[Pair, ...]
    curve: tuple[CurvePoint, ...]
