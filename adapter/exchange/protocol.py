"""Commands of an exchange to the driving shell, and the answers.

An exchange is a generator of commands; the shell carries each out and sends the result back:

    UpstreamRequest ──► Reply      send a request; with `stream` the body stays to be read; None: no head yet
    Await           ──► Reply      wait on for the head of the reply; None: no head yet
    Read            ──► bytes      the next piece of the last reply's body; empty at the end; None: nothing yet
    Start           ──► None       a streamed response for the caller begins, with status and headers
    Emit            ──► None       a piece of the response's body
    Break           ──► never      the response breaks off: the caller sees a connection error
    Run             ──► a value    the result of a function that may wait for a disk

A shell that answers `None` to `Read` asks for a sign of life: the exchange emits one, if its response has begun, and reads
again. Only a request with `patience` may be answered with None: the exchange begins its response, emits a sign, and waits
on. Without `Start`, the generator's return value is the whole response. No I/O happens in an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from adapter.events import Problem, frozen
from adapter.text.wire_json import write_json

Headers: TypeAlias = Sequence[tuple[str, str]]
CHAT = "/chat/completions"
RESPONSES = "/responses"
MESSAGES = "/messages"
COUNT_TOKENS = "/messages/count_tokens"
MODELS = "/models"
PROPS = "/props"  # of llama.cpp, beside the API and not below
# Bytes of an answer: a hundred thousand tokens with twenty log probabilities each.
MOST_BYTES = 1 << 28


@frozen
class UpstreamRequest:
    """Send a request upstream, to the server and with the headers of the caller's.

    Attributes:
        body: The JSON body in place of the caller's.
        stream: Leave the reply's body to be read piece by piece.
        endpoint: The end of the URL's path, in place of the caller's `/chat/completions` or `/responses`.
        most: Bytes of the reply's decoded body that are read; the shell raises `UpstreamTooLarge` in the exchange for a larger
            body.
        method: `POST` for the caller's request in another form; `GET` for a question without a body.
        patience: Seconds without a head after which a shell may answer None; None: never.
        written: The body as JSON, where somebody has written it already.
    """

    body: dict[str, Any]
    stream: bool = False
    endpoint: str = CHAT
    most: int = MOST_BYTES
    method: str = "POST"
    patience: float | None = None
    written: bytes | None = field(default=None, compare=False, repr=False)

    def data(self) -> bytes:
        """Return the body as JSON, which is written once."""
        if self.written is None:
            object.__setattr__(self, "written", write_json(self.body))
        return self.written or b""


@frozen
class Reply:
    """A response, of upstream or for the caller.

    Attributes:
        status: HTTP status.
        headers: Names and values, in order.
        body: The decoded body; empty while unread.
        value: The JSON value from which the body was written here, owned by the reply; None for a body from elsewhere.
    """

    status: int
    headers: Headers
    body: bytes = b""
    value: dict[str, Any] | None = None

    @classmethod
    def of_json(cls, status: int, headers: Headers, value: dict[str, Any]) -> Reply:
        """A reply with a JSON body, whose value is not to change any more."""
        return cls(status, headers, write_json(value), value)


@dataclass(frozen=True, slots=True)
class Read:
    """Read the next piece of the last reply's body."""


@dataclass(frozen=True, slots=True)
class Await:
    """Wait on for the head of the reply to the last request."""


@frozen
class Start:
    """Begin a streamed response.

    Attributes:
        status: HTTP status.
        headers: Names and values, in order.
        patience: Seconds of upstream's silence after which a shell is to answer a `Read` with None; None: never.
    """

    status: int
    headers: Headers
    patience: float | None = None


class Emit(NamedTuple):
    """A piece of the streamed response. A tuple, made in a third of the time of a frozen dataclass: an answer has hundreds."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Upstream's stream was cut: break off the response as a lost connection would."""

    message: str


@dataclass(frozen=True, slots=True)
class Run:
    """Run a function that may wait for a disk or a network, off the event loop if any."""

    action: Callable[[], Any]


READ = Read()
AWAIT = Await()
Command: TypeAlias = UpstreamRequest | Await | Read | Start | Emit | Break | Run
Exchange: TypeAlias = Generator[Command, Any, Reply | None]


def read(sign: Callable[[], bytes] | None = None) -> Generator[Command, Any, bytes]:
    """Return the next piece of the last reply's body.

    Args:
        sign: Writes a sign of life for the caller; None before the response has begun, or without such a sign.
    """
    while True:
        data: bytes | None = yield READ
        if data is not None:
            return data
        if sign is not None:
            yield Emit(sign())


class OpenExchange(Protocol):
    """The function that a shell asks about each request."""

    def __call__(
        self, path: str, body: bytes | dict[str, Any], method: str = "POST", query: Mapping[str, str] = ...
    ) -> Exchange | None:
        """Return the exchange for a request; None for a request that upstream understands unchanged.

        Args:
            path: The path of the URL.
            body: The body; or the object in the body, read already.
            method: The HTTP method.
            query: The parameters of the URL.
        """

    def reset(self) -> None:
        """Forget all that was learnt about servers and models."""


Report: TypeAlias = Callable[[Problem], None]
