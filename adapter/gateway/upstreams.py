"""The upstreams of a gateway: connections, circuits, and the upstreams that serve a model (behaviour 9.11)."""

from __future__ import annotations

import logging
import time
from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from adapter.errors import NotFound
from adapter.gateway.circuit import Circuit
from adapter.gateway.session import Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from adapter.gateway.config import Config, Upstream
    from adapter.gateway.faults import Fault

LOG = logging.getLogger("adapter.gateway")
_MOST_BUSY = 300.0  # seconds of a Retry-After that are believed


class Try(NamedTuple):
    """A request to an upstream.

    Attributes:
        upstream: The upstream's name.
        outcome: `answered`; `unreachable`, `timeout`, `cut` or `status_503`.
        seconds: The time until the first byte of the answer, or until the failure.
    """

    upstream: str
    outcome: str
    seconds: float

    @property
    def failed(self) -> bool:
        """True for a request that another try may follow."""
        return self.outcome != "answered"


class Member:
    """An upstream of a gateway.

    Args:
        upstream: The server.
        circuit: Its circuit.

    Attributes:
        upstream: The server.
        name: Its name.
        session: The connections.
        circuit: Its circuit.
        counts: Requests by `Try.outcome`.
    """

    __slots__ = ("_serves_all", "circuit", "counts", "name", "session", "upstream")

    def __init__(self, upstream: Upstream, circuit: Circuit) -> None:
        self.upstream, self.circuit = upstream, circuit
        self.name = upstream.name
        self._serves_all = "*" in upstream.models
        self.session = Session(upstream)
        self.counts: Counter[str] = Counter()

    def serves(self, model: str) -> bool:
        """Return True for a model that the settings say the server has."""
        return self._serves_all or any(fnmatchcase(model, pattern) for pattern in self.upstream.models)

    def note(self, tried: Try, fault: Fault | None, *, asked: bool) -> None:
        """Take down how a request went.

        Args:
            tried: The request.
            fault: The failure; None for an answer.
            asked: The model was asked. A question about the server that is answered says nothing about the model.
        """
        self.counts[tried.outcome] += 1
        now = time.monotonic()
        if fault is None or not fault.counts:
            if asked:
                self.circuit.succeeded()
            if fault is not None and fault.after is not None:
                self.circuit.busy(now + min(fault.after, _MOST_BUSY))
        elif self.circuit.failed(now):
            LOG.warning("upstream %s fails (%s): the others are asked first for a while", self.name, tried.outcome)


class Upstreams:
    """All upstreams of a gateway.

    Args:
        config: The gateway's configuration.
        before: The upstreams of the settings before; those whose settings are the same stay, with connections and circuits.

    Attributes:
        members: The upstreams, in the order in which they are asked.
    """

    def __init__(self, config: Config, before: Upstreams | None = None) -> None:
        self._limits = (config.circuit_failures, config.circuit_rest)
        kept: list[Member] = before.members if before is not None and before._limits == self._limits else []  # noqa: SLF001  # of this class
        self.members: list[Member] = [
            next((member for member in kept if member.upstream == upstream), None) or Member(upstream, Circuit(*self._limits))
            for upstream in config.upstreams
        ]
        self._named = {member.name: member for member in self.members}

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def route(self, model: str, names: Sequence[str] = ()) -> list[Member]:
        """Return the upstreams for a model, in the order in which they are asked; those with open circuits come last.

        Args:
            model: The name of the model, as the request goes on; empty for a request without one.
            names: The upstreams that a rule names.

        Raises:
            NotFound: No upstream serves the model.
        """
        found = self.serving(model, names)
        if not found:
            globs = ", ".join(dict.fromkeys(pattern for member in self.members for pattern in member.upstream.models))
            raise NotFound(
                f"No upstream serves the model {model!r}: the settings say {globs}.", param="model", code="model_not_found"
            )
        if len(found) > 1:
            now = time.monotonic()
            found.sort(key=lambda member: not member.circuit.admits(now))
        return found

    def serving(self, model: str, names: Sequence[str] = ()) -> list[Member]:
        """Return the upstreams for a model in the order of the settings; an empty list for a model of no upstream."""
        if names:
            return [self._named[name] for name in names]
        return [member for member in self.members if not model or member.serves(model)]

    async def close(self, besides: Collection[Member] = ()) -> None:
        """Close the connections.

        Args:
            besides: Upstreams whose connections stay open.
        """
        for member in self.members:
            if member not in besides:
                await member.session.close()
