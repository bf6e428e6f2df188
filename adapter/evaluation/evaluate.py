"""`adapter.evaluate`: cases asked in several ways, from Python."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.evaluation.evaluated import Evaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike

    from openai import OpenAI

    from adapter.evaluation.arms import Arm
    from adapter.evaluation.cases import Case
    from adapter.evaluation.outcome import CaseOutcome


def evaluate(  # noqa: PLR0913  # as many as the command has flags
    cases: str | PathLike[str] | Mapping[str, Any] | Iterable[Any],
    arms: str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] = (),
    *,
    client: OpenAI | None = None,
    out: str | PathLike[str] | None = None,
    seed: int = 0,
    concurrency: int = 4,
    per_minute: float | None = None,
    simulate: bool = False,
    on_outcome: Callable[[CaseOutcome], object] | None = None,
    **settings: Any,
) -> Evaluation:
    """Ask cases of models, check the calls, and return the figures: the engine of `adapter eval`.

    Args:
        cases: A file of cases, `bfcl:CATEGORY`, or a folder with BFCL's data; or several of these, and objects as they stand on
            a line of a file of cases.
        arms: The ways to ask: texts like `"dialect=hermes,enforce=prompt|json_schema"`, or mappings of settings, where a list
            stands for several values. None for a single arm of the `settings`.
        client: An openai client, not wrapped, for the arms without a `base_url`.
        out: A file of results: each outcome is written at once, and a further call goes on from there.
        seed: The seed of distractors and orders.
        concurrency: Cases asked at the same time.
        per_minute: Cases begun in a minute, at most.
        simulate: Run the simulated APIs of BFCL's conversations, which are code of the package bfcl-eval.
        on_outcome: Called with each outcome when it is there, in this thread.
        settings: Settings for all arms: `model`, `base_url`, `max_tokens`, `distractors`, …, and options of `adapter.wrap`.

    Raises:
        ValueError: A case, an arm or a number is unusable; the message names the place and the likely fix.
        TypeError: `client` is no openai client of the kind that waits for answers.
        ConnectionError: The server of an arm refuses all requests, or does not answer.
        OSError: `out` cannot be written.
    """
    from adapter.evaluation.arms import arms_of_values, check_definitions
    from adapter.evaluation.case_files import cases_of

    _check(concurrency, per_minute)
    read = cases_of(cases, simulate=simulate)
    made = arms_of_values(arms, {**({} if client is None else {"base_url": _address(client)}), **settings})
    check_definitions(made, read)
    with ExitStack() as stack:
        clients, reached = _reached(made, client, stack)
        run = _Run(read, reached, clients, seed, None if out is None else Path(out))
        found = run.asked(concurrency, per_minute, on_outcome or (lambda _: None), stack)
    models = ", ".join(dict.fromkeys(arm.model for arm in reached))
    return Evaluation(tuple(found), {"model": models, "cases": str(len(read)), "adapter": _version()})


def _version() -> str:
    from adapter._version import __version__

    return __version__


def _check(concurrency: Any, per_minute: Any) -> None:
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ValueError(f"concurrency={concurrency!r}: use a whole number from 1 up")
    sound = isinstance(per_minute, int | float) and not isinstance(per_minute, bool) and per_minute > 0
    if per_minute is not None and not sound:
        raise ValueError(f"per_minute={per_minute!r}: use a number above 0, or None")


def _address(client: Any) -> str:
    """Return the address of a client.

    Raises:
        TypeError: It is no openai client that waits for answers.
    """
    from openai import OpenAI

    if not isinstance(client, OpenAI):
        raise TypeError(f"client={client!r:.80}: give an OpenAI() client, which is not wrapped; not an async one")
    if getattr(client._client, "adapter_transport", None) is not None:  # noqa: SLF001  # the openai client has no public name for it
        raise TypeError("client is wrapped already; give the plain OpenAI() client, and the options as settings of the arms")
    return str(client.base_url)


def _reached(arms: Iterable[Arm], client: OpenAI | None, stack: ExitStack) -> tuple[dict[str, OpenAI], list[Arm]]:
    """Return a client for each arm, by its name, and the arms with the names of their models."""
    import os

    from openai import OpenAI

    from adapter.evaluation.arms import BadArm
    from adapter.evaluation.only_model import only_model

    clients: dict[str, OpenAI] = {}
    reached = []
    for arm in arms:
        if not arm.base_url:
            raise BadArm(f"arm {arm.name!r}: no server; give client=OpenAI(base_url=…), or base_url=…")
        if client is not None and arm.base_url == str(client.base_url) and not arm.api_key_env:
            clients[arm.name] = client.with_options(timeout=arm.timeout)
        else:
            key = os.environ.get(arm.api_key_env, "") if arm.api_key_env else "none"
            if not key:
                raise BadArm(f"arm {arm.name!r}: api_key_env={arm.api_key_env!r}: no such variable is set; give its name")
            clients[arm.name] = stack.enter_context(OpenAI(base_url=arm.base_url, api_key=key, timeout=arm.timeout))
        reached.append(replace(arm, model=arm.model or only_model(clients[arm.name], arm.base_url)))
    return clients, reached


class _Run:
    """Cases and arms, and what of them is done already."""

    def __init__(
        self, cases: Sequence[Case], arms: Sequence[Arm], clients: Mapping[str, OpenAI], seed: int, out: Path | None
    ) -> None:
        from adapter.evaluation.asking import Asker
        from adapter.evaluation.cases import checksum
        from adapter.evaluation.going_on import done_before
        from adapter.evaluation.offering import pool_of
        from adapter.evaluation.results import NONE, read_results

        pool = pool_of(cases)
        self._pairs = [(arm, case) for case in cases for arm in arms]
        self._out, self._before = out, read_results(out) if out is not None and out.exists() else NONE
        where = out or Path()
        self._done = done_before(self._before, self._pairs, (seed, checksum(pool)), where) if out is not None else {}
        self._askers = {arm.name: Asker(arm, clients[arm.name], pool, seed) for arm in arms}

    def asked(
        self, concurrency: int, per_minute: float | None, heard: Callable[[CaseOutcome], object], stack: ExitStack
    ) -> list[CaseOutcome]:
        """Ask what is left. Returns all outcomes, in the order of cases and arms."""
        from adapter.evaluation.results import ResultsFile
        from adapter.evaluation.running import Job, Pace, outcomes

        jobs = [
            Job(self._askers[arm.name], case, number)
            for number, (arm, case) in enumerate(self._pairs)
            if (case.id, arm.name) not in self._done
        ]
        keep: Callable[[CaseOutcome], object] = lambda _: None  # noqa: E731
        if self._out is not None:
            keep = stack.enter_context(ResultsFile(self._out, self._before)).add
        for outcome in outcomes(jobs, concurrency, Pace(per_minute), keep):
            self._done[outcome.case, outcome.arm] = outcome
            heard(outcome)
        return [self._done[case.id, arm.name] for arm, case in self._pairs]
