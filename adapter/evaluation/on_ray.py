"""Cases asked from the machines of a Ray cluster: one outcome for each, also where a machine is lost."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.cluster import over_cluster
from adapter.evaluation.asking import Asker, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapter.evaluation.arms import Arm
    from adapter.evaluation.cases import Case
    from adapter.evaluation.outcome import CaseOutcome
    from adapter.evaluation.running import Job, Pace


class _Shared(NamedTuple):
    """All that the cases of a run have in common, with a name of the run."""

    run: str
    arms: dict[str, Arm]
    pool: Sequence[dict[str, Any]]
    seed: int


def outcomes_on_ray(
    jobs: Sequence[Job], pool: Sequence[dict[str, Any]], seed: int, concurrency: int, pace: Pace,
    keep: Callable[[CaseOutcome], object], address: str | None,
) -> Iterator[CaseOutcome]:  # fmt: skip
    """Ask all cases from the cluster, and yield each outcome when done.

    Args:
        jobs: The cases, in the order in which they are begun. Each machine asks with a client of its own.
        pool: Tools to choose distractors from.
        seed: The seed of the run.
        concurrency: Cases asked at the same time, of all machines.
        pace: The limit on cases begun.
        keep: Called with each outcome as soon as it is there.
        address: The address of the cluster; None for that of the environment.

    Raises:
        Unreachable: The server of an arm cannot be asked at all.
        ClusterFault: There is no such cluster, or a case is lost each time.
    """
    shared = _Shared(secrets.token_hex(8), {job.asker.arm.name: job.asker.arm for job in jobs}, pool, seed)

    def paced() -> Iterator[tuple[str, Case, int]]:
        for job in jobs:
            pace.hold()
            yield job.asker.arm.name, job.case, job.number

    for outcome in over_cluster(_asked, shared, paced(), address, at_most=concurrency):
        keep(outcome)
        yield outcome


_ASKERS: dict[tuple[str, str], Asker] = {}


def _asked(shared: _Shared, job: tuple[str, Case, int]) -> CaseOutcome:
    """Ask a case, in a process of the cluster, which keeps its clients."""
    arm, case, number = job
    key = (shared.run, arm)
    if key not in _ASKERS:
        _ASKERS[key] = _asker(shared, shared.arms[arm])
    return _ASKERS[key].ask(case, number)


def _asker(shared: _Shared, arm: Arm) -> Asker:
    from openai import OpenAI

    key = os.environ.get(arm.api_key_env, "") if arm.api_key_env else "none"
    if not key:
        raise Unreachable(f"arm {arm.name!r}: {os.uname().nodename}: the variable {arm.api_key_env} is not set on this machine")
    return Asker(arm, OpenAI(base_url=arm.base_url, api_key=key, timeout=arm.timeout), shared.pool, shared.seed)
