"""The questions to upstreams of `adapter serve --check`, and the upstreams that serve each model."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from adapter.gateway.listing import listed, union
from adapter.gateway.service import Service, fault_of_store
from adapter.store.redis_store import is_redis, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.gateway.config import Config
    from adapter.gateway.listing import Listed
    from adapter.gateway.upstreams import Member

_PATIENCE = 10.0
_MOST_SHOWN = 5
_MOST_ROUTES = 50


class Checked(NamedTuple):
    """The answers of all upstreams.

    Attributes:
        answered: All upstreams answer.
        lines: The answers, and with several upstreams the way of each model, a name and a sentence each.
    """

    answered: bool
    lines: tuple[tuple[str, str], ...]


def check_upstreams(config: Config) -> Checked:
    """Ask all upstreams for their models."""
    return asyncio.run(_asked(config))


async def _asked(config: Config) -> Checked:
    service = Service(dataclasses.replace(config, store="none", playground=False))  # a check leaves no file behind
    try:
        answers = await listed(service.upstreams.members, {"user-agent": "tool-call-adapter"}, patience=_PATIENCE)
    finally:
        await service.upstreams.close()
    several = len(answers) > 1
    lines = []
    good = True
    for answer in answers:
        well, said = _said(answer)
        good = good and well
        name = f"{answer.member.name}, " if several else ""
        lines.append(("upstream", f"{name}{answer.member.upstream.shown}: {said}"))
    if is_redis(config.store):
        fault = await asyncio.to_thread(fault_of_store, config.store)
        good = good and not fault
        lines.append(("store", fault or f"{shown(config.store)}: answers"))
    return Checked(good, (*lines, *(_routes(config, service, answers) if several else ())))


def _said(answer: Listed) -> tuple[bool, str]:
    """Return True for an upstream that can be used, and its answer in a sentence."""
    if answer.error:
        return False, answer.error
    if answer.status in {401, 403}:
        return False, f"status {answer.status}: the key is missing or wrong; --upstream-key-env, or key_env, names its variable"
    return answer.answers, f"answers with status {answer.status}{_models(answer)}"


def _models(answer: Listed) -> str:
    """Return the names of models in an answer, for a sentence; empty for an answer that names none."""
    names = [str(model["id"]) for model in answer.models or ()]
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return f", with {', '.join(names[:_MOST_SHOWN])}{more}" if answer.models is not None else ""


def _routes(config: Config, service: Service, answers: Sequence[Listed]) -> list[tuple[str, str]]:
    """Return the way of the requests for each rule and for each model that an upstream lists."""
    names = [rule.pattern for rule in config.models]
    names += [str(entry["id"]) for entry in union(answers, service.serving)]
    lines = [("route", f"{name} → {_way(service.serving(name))}") for name in dict.fromkeys(names)]
    return [*lines[:_MOST_ROUTES], *([("route", f"and {len(lines) - _MOST_ROUTES} more")] if len(lines) > _MOST_ROUTES else [])]


def _way(members: Sequence[Member]) -> str:
    return ", then ".join(member.name for member in members) or "no upstream: 404"
