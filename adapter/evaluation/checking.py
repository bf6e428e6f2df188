"""The check of the calls of an answer against the calls that a case expects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.evaluation import bfcl_values, matchers
from adapter.evaluation.cases import ANY_TOOL
from adapter.evaluation.outcome import Called, Fault
from adapter.evaluation.pairing import cheapest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.cases import Case, ExpectedCall, Turn

_OTHER_TOOL = 1000.0  # costs more than all differences in arguments
_PLACE = 1e-3  # equal pairings: the one in order


class Checked(NamedTuple):
    """The check of an answer.

    Attributes:
        faults: The differences; empty for a right answer.
        lenient: The answer is right if types may differ.
    """

    faults: tuple[Fault, ...]
    lenient: bool

    @property
    def right(self) -> bool:
        """True for an answer without faults."""
        return not self.faults


def check(case: Case, turn: Turn, calls: Sequence[Called]) -> Checked:
    """Compare the calls of an answer with the calls that a turn expects."""
    faults = faults_of(case, turn, calls)
    return Checked(tuple(faults), not faults or not faults_of(case, turn, calls, lenient=True))


def faults_of(case: Case, turn: Turn, calls: Sequence[Called], *, lenient: bool = False) -> list[Fault]:
    """Return the differences between calls and expectation, in strict or in lenient terms."""
    if not turn.expect:
        said = "no call is expected; {} was called"
        return [Fault("called", said.format(call.name), call.name) for call in calls]
    first = turn.expect[0]
    if not calls:
        wanted = "a call" if first.name == ANY_TOOL else f"a call of {first.name}"
        return [Fault("not_called", f"{wanted} is expected; none came", first.name)]
    if first.name == ANY_TOOL:
        others = [call for call in calls if call.name not in case.names]
        said = f"any of {', '.join(case.names)} is expected; {{}} was called"
        broken = schema_faults(case, calls, lenient=lenient)
        return [*(Fault("tool", said.format(call.name), call.name) for call in others), *broken]
    pairs = pairs_of(case, turn.expect, calls, lenient=lenient)
    found = [fault for one, other in pairs for fault in _pair(case, turn.expect[one], calls[other], lenient=lenient)]
    found += _unpaired(turn.expect, calls, pairs)
    if not found and turn.order == "same" and any(one != other for one, other in pairs):
        made, wanted = ", ".join(call.name for call in calls), ", ".join(one.name for one in turn.expect)
        found.append(Fault("order", f"the calls came as {made}; expected {wanted}", first.name))
    # BFCL looks at no schema: an answer that is right there stays right.
    if not lenient and (found or case.rules == "json"):
        found += schema_faults(case, calls)
    if lenient and case.rules == "json":  # expected values say enough; without them the schema alone tells of wrong arguments
        free = [calls[other] for one, other in pairs if turn.expect[one].arguments is None]
        found += schema_faults(case, free, lenient=True)
    return found


def pairs_of(
    case: Case, expect: Sequence[ExpectedCall], calls: Sequence[Called], *, lenient: bool = False
) -> list[tuple[int, int]]:
    """Return the best pairs of an expected call and a call, as indices."""
    costs = [
        [
            (_OTHER_TOOL if wanted.name != call.name else len(_pair(case, wanted, call, lenient=lenient)))
            + _PLACE * abs(row - column)
            for column, call in enumerate(calls)
        ]
        for row, wanted in enumerate(expect)
    ]
    return cheapest(costs)


def _unpaired(expect: Sequence[ExpectedCall], calls: Sequence[Called], pairs: list[tuple[int, int]]) -> list[Fault]:
    """Return the faults of calls without a counterpart."""
    if len(expect) == len(calls):
        return []
    number = (
        f"{len(expect)} calls are expected, {len(calls)} came" if len(expect) != 1 else f"1 call is expected, {len(calls)} came"
    )
    left = [one.name for n, one in enumerate(expect) if n not in {row for row, _ in pairs}]
    surplus = [one.name for n, one in enumerate(calls) if n not in {column for _, column in pairs}]
    return [
        *(Fault("count", f"{number}: no call of {name}", name) for name in left),
        *(Fault("count", f"{number}: a further call of {name}", name) for name in surplus),
    ]


def _pair(case: Case, wanted: ExpectedCall, call: Called, *, lenient: bool) -> list[Fault]:
    """Compare a call with its expected counterpart."""
    if wanted.name != call.name:
        return [Fault("tool", f"{call.name} was called; expected {wanted.name}", wanted.name)]
    if wanted.arguments is None:
        return []
    if case.rules == "bfcl":
        found = _leaderboard(case, wanted, call, lenient=lenient)
    else:
        found = matchers.members(wanted.arguments, call.arguments, "", lenient=lenient)
    return [Fault(one.kind, f"{wanted.name}: {one.message}", wanted.name, one.path) for one in found]


def _leaderboard(case: Case, wanted: ExpectedCall, call: Called, *, lenient: bool) -> list[matchers.Difference]:
    """Compare arguments by the leaderboard's rules."""
    schema = case.declared.get(wanted.name) or {}
    declared, expected = schema.get("properties") or {}, wanted.arguments or {}
    given = bfcl_values.as_declared(call.arguments, schema)
    found = []
    for name, accepted in expected.items():
        required = name in (schema.get("required") or ())
        if name not in given and (required or "" not in accepted):
            words = f"{name} is left out; expected {_accepted(accepted)}"
            found.append(matchers.Difference("missing", name, words))
    found += [
        matchers.Difference("missing", name, f"{name} is left out, and is required")
        for name in schema.get("required") or ()
        if name not in given and name not in expected
    ]
    for name, value in given.items():
        if name not in expected or name not in declared:
            words = f"{name} is not expected, and is {matchers.shown(value)}"
            found.append(matchers.Difference("extra", name, words))
        else:
            found += _value(name, value, expected[name], declared[name], lenient=lenient)
    return found


def _value(name: str, value: Any, accepted: list[Any], schema: Any, *, lenient: bool) -> list[matchers.Difference]:
    """Compare a value by the leaderboard's rules."""
    declared = bfcl_values.declared_type(schema)
    for one in (value, *(bfcl_values.of_other_types(value, declared) if lenient else ())):
        if bfcl_values.accepts_type(one, accepted, declared) and bfcl_values.accepts_value(one, accepted, declared):
            return []
    kind: Any = "value" if bfcl_values.accepts_type(value, accepted, declared) else "type"
    return [matchers.Difference(kind, name, f"{name} is {matchers.shown(value)}; expected {_accepted(accepted)}")]


def _accepted(values: list[Any]) -> str:
    return " or ".join(matchers.shown(value) for value in values if value != "") or "nothing"


def schema_faults(case: Case, calls: Sequence[Called], *, lenient: bool = False) -> list[Fault]:
    """Return the faults of calls whose arguments break the schema of their tool; in lenient terms by more than types."""
    from adapter.schema.coercion import coerce
    from adapter.schema.compiled import messages
    from adapter.tools.definitions import read_tools

    tools = {tool.name: tool for tool in read_tools([*case.tools])}
    found = []
    for call in calls:
        if call.name in tools:
            schema = tools[call.name].schema
            told = messages(schema.errors(call.arguments))
            if told and lenient and coerce(json.dumps(call.arguments), schema):
                continue
            found += [Fault("schema", f"{call.name}: {'; '.join(told)}", call.name)] if told else []
    return found
