"""The models of all upstreams as one list, in OpenAI's form; each upstream's models as far as requests for them go there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.errors import UpstreamFailed
from adapter.exchange.protocol import MODELS, Reply
from adapter.gateway.link import Link
from adapter.gateway.upstreams import LOG, Try
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.exchange.protocol import UpstreamRequest
    from adapter.gateway.service import Service
    from adapter.gateway.upstreams import Member

PATIENCE = 5.0  # seconds for a question about an upstream's health or models
_MOST_BYTES = 1 << 24
_JSON = [("content-type", "application/json")]


class Listed(NamedTuple):
    """The answer of an upstream to the question for its models.

    Attributes:
        member: The upstream.
        status: The HTTP status; None without an answer.
        models: The entries of the list; None for an answer that is no list.
        error: The reason for no answer; empty with one.
    """

    member: Member
    status: int | None
    models: tuple[Mapping[str, Any], ...] | None = None
    error: str = ""

    @property
    def answers(self) -> bool:
        """True for an upstream that is there."""
        return self.status is not None and self.status < 500


async def listed(
    members: Sequence[Member],
    headers: Mapping[str, str],
    caller_key: str = "",
    patience: float = PATIENCE,
    rest: float | None = None,
) -> list[Listed]:
    """Ask upstreams for their models, all at once.

    Args:
        members: The upstreams.
        headers: The headers for them.
        caller_key: The caller's key, for upstreams that get callers' keys.
        patience: Seconds for the answers.
        rest: Seconds for the other answers, after the first of an upstream that is there; None for as many as they have.
    """
    asking = {member.name: asyncio.ensure_future(_asked(member, headers, caller_key, patience)) for member in members}
    waiting = set(asking.values())
    found = False
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=rest if found else None, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            found = found or any(task.result().answers for task in done)
    finally:
        for task in waiting:
            task.cancel()
    late = f"no answer within {rest or 0:g} s of another's"
    return [
        asking[member.name].result() if asking[member.name] not in waiting else Listed(member, None, error=late)
        for member in members
    ]


async def _asked(member: Member, headers: Mapping[str, str], caller_key: str, patience: float) -> Listed:
    link = Link([member], headers, caller_key)
    try:
        async with asyncio.timeout(patience):
            head = await link.send("GET", MODELS, None, _MOST_BYTES)
            return Listed(member, head.status, _entries(await link.whole()))
    except UpstreamFailed as error:
        return Listed(member, None, error=error.message)
    except TimeoutError:
        return Listed(member, None, error=f"no answer within {patience:g} s")
    finally:
        link.close()


def _entries(body: bytes) -> tuple[Mapping[str, Any], ...] | None:
    try:
        value = read_json(body)
    except ValueError:
        return None
    found = value.get("data") if isinstance(value, dict) else None
    if not isinstance(found, list):
        return None
    return tuple(entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("id"), str))


def union(answers: Sequence[Listed], serving: Callable[[str], Sequence[Member]]) -> list[Mapping[str, Any]]:
    """Return the models of all answers, each once: of an upstream those that requests would go to.

    Args:
        answers: The answers of all upstreams.
        serving: Returns the upstreams for a model.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for answer in answers:
        for entry in answer.models or ():
            if answer.member in serving(entry["id"]):
                found.setdefault(entry["id"], entry)
    return list(found.values())


class UnionLink(Link):
    """A link whose list of models is the one of all upstreams.

    Args:
        service: The service.
        headers: The headers for upstreams.
        caller_key: The caller's key, for upstreams that get callers' keys.
    """

    lists_all = True

    __slots__ = ("_service",)

    def __init__(self, service: Service, headers: Mapping[str, str], caller_key: str = "") -> None:
        super().__init__(service.upstreams.members, headers, caller_key)
        self._service = service

    async def ask(self, request: UpstreamRequest) -> Reply | None:
        """Send a request of an exchange; the question for models goes to all upstreams."""
        if request.endpoint != MODELS or request.method != "GET":
            return await super().ask(request)
        return await self.models()

    async def models(self) -> Reply:
        """Ask for the models of all upstreams.

        Raises:
            UpstreamFailed: No upstream lists models.
        """
        answers = await listed(self._service.upstreams.members, self._headers, self._caller_key)
        if all(answer.models is None for answer in answers):
            said = "; ".join(f"{one.member.name}: {one.error or f'status {one.status}'}" for one in answers)
            raise UpstreamFailed(f"No upstream lists its models: {said}", code="upstream_unreachable")
        for answer in answers:
            if answer.models is None:
                self.tried.append(Try(answer.member.name, "no_list", 0.0))
                LOG.info("upstream %s lists no models: %s", answer.member.name, answer.error or f"status {answer.status}")
        models = union(answers, self._service.serving)
        return Reply.of_json(200, _JSON, {"object": "list", "data": models})
