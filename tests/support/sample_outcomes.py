"""Outcomes of a made-up evaluation, by seed: tools of a shop, of the weather and of travel, with every fault and layer.

Nothing is measured: the rates are those of the table `ARMS`, so that tests know what figures must show.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from adapter.evaluation.outcome import Called, CaseOutcome, Fault

if TYPE_CHECKING:
    from adapter.evaluation.outcome import Layer, Verdict


@dataclass(frozen=True)
class Task:
    """A question, the tool and the arguments that answer it; no tool where no call is right."""

    name: str
    question: str
    tool: str
    arguments: dict[str, Any]
    near: str = ""  # the tool that a model takes by mistake


TASKS = (
    Task("forecast", "Will it rain in Oslo over the next three days?", "get_forecast", {"city": "Oslo", "days": 3}, "get_current_weather"),
    Task("now", "How warm is it in Lisbon right now?", "get_current_weather", {"city": "Lisbon", "unit": "celsius"}, "get_forecast"),
    Task("order", "Where is my order A-1042?", "find_order", {"order_id": "A-1042"}, "list_orders"),
    Task("orders", "Show me the orders of the last month that were not delivered.", "list_orders", {"since": "2026-10-01", "status": "open"}, "find_order"),
    Task("refund", "Please refund 42.50 euros of order A-1042, the cup came broken.", "refund_order", {"order_id": "A-1042", "amount": 42.5, "reason": "damaged"}, "cancel_order"),
    Task("cancel", "Cancel order B-7.", "cancel_order", {"order_id": "B-7"}, "refund_order"),
    Task("train", "Two seats from Bern to Milan tomorrow morning.", "find_trains", {"origin": "Bern", "destination": "Milan", "passengers": [{"age": 34}, {"age": 9}]}, "book_train"),
    Task("rate", "How many yen are 250 Swiss francs?", "convert_currency", {"amount": 250, "source": "CHF", "target": "JPY"}, "get_exchange_rate"),
    Task("joke", "Tell me a joke about geese.", "", {}, "get_forecast"),
    Task("thanks", "Thanks, that was all.", "", {}, "list_orders"),
    Task("poem", "Write four lines about the first snow.", "", {}, "get_forecast"),
)  # fmt: skip
TOOLS = tuple(sorted({name for task in TASKS for name in (task.tool, task.near) if name}))


@dataclass(frozen=True)
class ArmRates:
    """The chance of a right answer, and of its text in the strict form; the number of other tools offered."""

    right: float
    strict: float
    distractors: int = 0


ARMS = {
    "hermes": ArmRates(0.86, 0.75),
    "hermes, grammar": ArmRates(0.93, 0.97),
    "bare JSON": ArmRates(0.7, 0.45),
    "hermes, 20 distractors": ArmRates(0.68, 0.75, 20),
}


def sample_outcomes(variants: int = 6, seed: int = 7, arms: dict[str, ArmRates] | None = None) -> list[CaseOutcome]:
    """Return the outcomes of every task in some variants with every arm."""
    return [
        _outcome(task, variant, arm, rates, random.Random(f"{seed} {arm} {task.name} {variant}"))
        for arm, rates in (arms or ARMS).items()
        for task in TASKS
        for variant in range(variants)
    ]


def _outcome(task: Task, variant: int, arm: str, rates: ArmRates, chance: random.Random) -> CaseOutcome:
    expected = (Called(task.tool, task.arguments),) if task.tool else ()
    verdict, calls, faults, error = _answer(task, expected, rates, chance)
    lenient = verdict == "right" or {fault.kind for fault in faults} == {"type"}
    layers, bare = _layers(verdict, bool(calls), rates, chance)
    text = "".join(
        f"<tool_call>\n{json.dumps({'name': call.name, 'arguments': call.arguments})}\n</tool_call>" for call in calls
    )
    written = text or ("It is a pleasure." if verdict != "server_error" else "")
    if verdict == "wrong" and any(fault.kind == "unread" for fault in faults):
        written = f'<tool_call>\n{{"name": {task.tool!r}, "arguments": {task.arguments!r}'
    distractors = tuple(f"lookup_{number:02}" for number in range(rates.distractors))
    seconds = round(chance.lognormvariate(0.4, 0.5), 3)
    return CaseOutcome(
        case=f"{task.name}-{variant}", arm=arm, category="irrelevant" if not task.tool else "shop" if "order" in task.tool else "simple",
        cluster=task.name, verdict=verdict, lenient=lenient, faults=faults, expected=expected, calls=calls,
        offered=TOOLS + distractors,
        prompt=f"<|im_start|>system\nYou may call functions.\n<tools>\n{json.dumps(TOOLS + distractors)}\n</tools><|im_end|>\n<|im_start|>user\n{task.question}<|im_end|>\n<|im_start|>assistant\n",
        completions=(written,) * (2 if "reasked" in layers else 1), content="" if calls else written, error=error, bare=bare,
        layers=layers, problems=("repaired_json",) if "repaired" in layers else (), requests=2 if "reasked" in layers else 1,
        seconds=seconds, first=None if verdict == "server_error" else round(seconds / 3, 3),
        prompt_tokens=None if verdict == "server_error" else 320 + 18 * rates.distractors + variant, completion_tokens=None if verdict == "server_error" else 24 + len(written) // 4,
    )  # fmt: skip


def _answer(
    task: Task, expected: tuple[Called, ...], rates: ArmRates, chance: random.Random
) -> tuple[Verdict, tuple[Called, ...], tuple[Fault, ...], str]:
    drawn = chance.random()
    if drawn > 0.985:
        return "server_error", (), (), "upstream answered 503: the model is being loaded"
    if drawn > 0.96:
        return "cut_off", (), (), "the length limit of 512 tokens was reached"
    if drawn < rates.right * 0.96:
        return "right", expected, (), ""
    if not task.tool:
        call = Called(task.near, {"city": "Oslo"})
        return "wrong", (call,), (Fault("called", f"no call was expected, but got {call.name}", call.name),), ""
    return "wrong", *_fault(task, expected[0], chance), ""


def _fault(task: Task, expected: Called, chance: random.Random) -> tuple[tuple[Called, ...], tuple[Fault, ...]]:
    name, (parameter, value) = expected.name, chance.choice(list(expected.arguments.items()))
    changed = dict(expected.arguments)
    match chance.choice(("tool", "tool", "missing", "value", "value", "type", "extra", "count", "not_called", "unread")):
        case "tool":
            return (Called(task.near, changed),), (Fault("tool", f"expected {name}, but got {task.near}", name),)
        case "missing":
            del changed[parameter]
            return (Called(name, changed),), (
                Fault("missing", f"{parameter} is missing", name, parameter),
                Fault("schema", f"{parameter!r} is a required property", name),
            )
        case "type":
            changed[parameter] = [value]
            return (Called(name, changed),), (Fault("type", f"expected {value!r}, but got {[value]!r}", name, parameter),)
        case "extra":
            changed["verbose"] = True
            return (Called(name, changed),), (Fault("extra", "verbose is not expected", name, "verbose"),)
        case "count":
            return (expected, expected), (Fault("count", "expected 1 call, but got 2", name),)
        case "not_called":
            return (), (Fault("not_called", f"expected {name}, but no call came", name),)
        case "unread":
            return (), (
                Fault("unread", "the completion holds the beginning of a call", name),
                Fault("not_called", f"expected {name}", name),
            )
    changed[parameter] = (
        [{"age": 35}, {"age": 9}] if isinstance(value, list) else "unknown" if isinstance(value, str) else value + 1
    )
    inside = "passengers[0].age" if isinstance(value, list) else parameter
    return (Called(name, changed),), (Fault("value", f"expected {value!r}, but got {changed[parameter]!r}", name, inside),)


def _layers(verdict: Verdict, called: bool, rates: ArmRates, chance: random.Random) -> tuple[tuple[Layer, ...], Verdict | None]:
    if verdict in {"cut_off", "server_error"}:
        return (), None
    constrained: tuple[Layer, ...] = ("constrained",) if rates.strict > 0.9 else ()
    if chance.random() < rates.strict or not called:
        return constrained, None if constrained else verdict
    kinds: tuple[Layer, ...] = ("repaired", "coerced", "recovered", "reasked", "refused")
    layers = tuple(chance.sample(kinds, k=chance.choice((1, 1, 2))))
    if constrained:
        return (*layers, *constrained), None
    return layers, "right" if verdict == "wrong" and chance.random() < 0.1 else "wrong"


HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></details><img src=https://example.com/x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "]]></failure><error/> &lt;b&gt; <!-- ",
    "{{ 7 * 7 }} {% raw %} ${7*7} `",
    "javascript:alert(1) ' onmouseover=alert(1) x='",
    "\x1b[31m\x00\x07\x9b31m\u202edcba\u2066 \ud800 \ufffe",
    "| a | b |\n|---|---|\n# head\n[link](https://example.com) ![x](https://example.com/y)",
    "<style>*{display:none}</style><base href=https://example.com><meta http-equiv=refresh content=0>",
    "长" * 300 + "-" * 300,
)


def with_hostile_texts(outcomes: list[CaseOutcome]) -> list[CaseOutcome]:
    """Return the outcomes with hostile text wherever a text of a case, a model or a server may stand."""
    return [_hostile(outcome, HOSTILE[at % len(HOSTILE)]) for at, outcome in enumerate(outcomes)]


def _hostile(outcome: CaseOutcome, text: str) -> CaseOutcome:
    def called(calls: tuple[Called, ...]) -> tuple[Called, ...]:
        return tuple(Called(call.name + text, {**call.arguments, text: [text]}) for call in calls)

    return replace(
        outcome,
        case=f"{outcome.case} {text}",
        arm=f"{outcome.arm} {HOSTILE[len(outcome.arm) % len(HOSTILE)]}",
        category=f"{outcome.category} {HOSTILE[len(outcome.category) % len(HOSTILE)]}",
        faults=tuple(
            Fault(fault.kind, text, fault.tool + text, fault.parameter and fault.parameter + text) for fault in outcome.faults
        ),
        expected=called(outcome.expected),
        calls=called(outcome.calls),
        offered=tuple(name + text for name in outcome.offered),
        prompt=text,
        completions=tuple(text for _ in outcome.completions),
        content=text,
        error=outcome.error and text,
        problems=(text,),
    )
