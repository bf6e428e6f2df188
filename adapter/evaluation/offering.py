"""The tools offered with a case: its own, and by seed distractors of other cases, and an order."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.evaluation.cases import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapter.evaluation.arms import Arm
    from adapter.evaluation.cases import Case


def pool_of(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Return the tools of all cases, each name once."""
    return [*{name_of(tool): tool for case in cases for tool in case.tools}.values()]


def lacking(cases: Iterable[Case], arm: Arm, pool: Sequence[dict[str, Any]]) -> int:
    """Return the number of cases for which the pool holds fewer distractors than the arm wants."""
    names = {name_of(tool) for tool in pool}
    return sum(len(names - case.all_names) < arm.distractors for case in cases)


def offered(case: Case, arm: Arm, pool: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Return the tools to offer; the same for the same seed, case and settings.

    Distractors are inserted at random places, and the own tools keep their order unless the arm shuffles. More distractors are
    a superset of fewer; no tool of a later turn is among them. Tools that the arm defines stand in place of tools of the same
    names.

    Args:
        case: The case.
        arm: The arm, with its number of distractors.
        pool: Tools to choose distractors from.
        seed: The seed of the run.
    """
    chance = random.Random(f"{seed}:{case.id}")  # noqa: S311  # a choice of tools, no secret
    tools, own = [*case.tools], case.all_names
    if arm.shuffle:
        chance.shuffle(tools)
    others = [tool for tool in pool if name_of(tool) not in own] if arm.distractors else []
    chance.shuffle(others)
    for tool in others[: arm.distractors]:
        tools.insert(chance.randint(0, len(tools)), tool)
    return [arm.definitions.get(name_of(tool), tool) for tool in tools]


def with_definitions(case: Case, definitions: Mapping[str, dict[str, Any]]) -> Case:
    """Return the case with an arm's tools in place of its own of the same names: calls are judged by the schemas offered."""
    if not definitions:
        return case
    return replace(case, tools=tuple(definitions.get(name_of(tool), tool) for tool in case.tools))
