"""A request sent upstream: again without the fields that upstream refuses by name (behaviour 6.2)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.events import Problem
from adapter.exchange.protocol import AWAIT, CHAT, Command, Reply, UpstreamRequest, read
from adapter.exchange.refused_fields import is_unknown, named, quote, unnamed, without

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from adapter.exchange.learnt import Learnt

_REFUSALS = frozenset({400, 422})


class Waiting(NamedTuple):
    """The wait for the head of a reply.

    Attributes:
        patience: Seconds without a head after which `sign` is asked; None: never.
        sign: Makes the commands of a sign of life for the caller.
    """

    patience: float | None
    sign: Callable[[], Iterable[Command]]


def send(
    body: dict[str, Any],
    learnt: Learnt,
    asked: Mapping[str, Any],
    *,
    stream: bool = False,
    endpoint: str = CHAT,
    waiting: Waiting | None = None,
) -> Generator[Command, Any, Reply]:
    """Send a request. Returns upstream's reply; with `stream` the body of a reply with status 200 stays to be read.

    Args:
        body: The request.
        learnt: Facts about the server.
        asked: The caller's own request.
        stream: Leave the reply's body to be read piece by piece.
        endpoint: The end of the URL's path.
        waiting: The wait for a head that does not come; None to wait silently.
    """
    known = learnt.refused.among(body)
    body = without(body, known) if known else body
    refusal: _Refusal | None = None
    while True:
        patience = None if waiting is None else waiting.patience
        reply: Reply | None = yield UpstreamRequest(body, stream, endpoint, learnt.most, patience=patience)
        while reply is None:
            yield from () if waiting is None else waiting.sign()
            reply = yield AWAIT
        if reply.status not in _REFUSALS:
            break
        reply = (yield from read_all(reply)) if stream else reply
        refusal = refusal or _Refusal(body, asked)
        again = refusal.next(body, reply.body)
        if again is None:
            return reply
        body = again
    if refusal is not None and 200 <= reply.status < 300:
        refusal.remember(learnt)
    return reply


class _Refusal:
    """The search for the fields that a server refuses in one request.

    A field that the server names is left out. Where it names none, the fields that the adapter added are left out one by one,
    and together last.

    Args:
        body: The request.
        asked: The caller's own request.
    """

    def __init__(self, body: dict[str, Any], asked: Mapping[str, Any]) -> None:
        self._whole = body  # without the fields that were named
        self._asked = asked
        self._taken: list[tuple[str, Any, bytes]] = []
        self._guesses: list[list[str]] | None = None  # to come
        self._guess: list[str] = []
        self._error = b""

    def next(self, body: Mapping[str, Any], error: bytes) -> dict[str, Any] | None:
        """Return the request to send after an error; None where no field of the adapter's is to blame."""
        names = named(error, body, self._asked)
        if names:
            self._taken += [(name, body.get(name), error) for name in names]
            self._whole = without(self._whole, names)
            return without(body, names)
        doubtful = unnamed(error, self._whole, self._asked)
        if self._guesses is None:
            self._guesses = [[name] for name in doubtful] + ([doubtful] if len(doubtful) > 1 else [])
        if not doubtful or not self._guesses:
            return None
        self._guess, self._error = self._guesses.pop(0), error
        return without(self._whole, self._guess)

    def remember(self, learnt: Learnt) -> None:
        """Remember and tell the fields, after an answer without them."""
        for name, value, error in self._taken:
            _remember(learnt, name, value, error)
        others = [name for name in self._guess if len(self._guess) > 1]
        for name in self._guess:
            _remember(learnt, name, self._whole.get(name), self._error, others)


def as_success(reply: Reply, learnt: Learnt) -> Reply:
    """Return a reply with the status 200 in place of any other status of success; some frameworks answer a POST with 201."""
    if not 200 < reply.status < 300:
        return reply
    learnt.once("wire_mended", f"upstream's status {reply.status} is read as 200")
    return dataclasses.replace(reply, status=200)


def _remember(learnt: Learnt, name: str, value: Any, error: bytes, together: Sequence[str] = ()) -> None:
    always = is_unknown(name, error)
    learnt.refused.add(name, value, always=always)
    after = "this and further requests go without the field" if always else "requests with the same value go without the field"
    several = f", at least beside one of {', '.join(repr(other) for other in together if other != name)}" if together else ""
    message = f"upstream refuses {name!r}{several}: {after}. Upstream said: {quote(error)}"
    learnt.report(Problem("unsupported", message, error.decode("utf-8", "replace")))


def read_all(reply: Reply) -> Generator[Command, Any, Reply]:
    """Return a reply with its whole body, read from the stream unless read before."""
    if reply.body:
        return reply
    pieces = []
    while piece := (yield from read()):
        pieces.append(piece)
    return Reply(reply.status, reply.headers, b"".join(pieces))
