"""Commands of an exchange to the driving shell, and the answers.

An exchange is a generator of commands; the shell carries each out and sends the result back:

    UpstreamRequest ──► Reply      send a request; with `stream` the body stays to be read
    Read            ──► bytes      the next piece of the last reply's body; empty at the end
    Start           ──► None       a streamed response for the caller begins, with status and headers
    Emit            ──► None       a piece of the response's body
    Break           ──► never      the response breaks off: the caller sees a connection error
    Run             ──► a value    the result of a function that may wait for a disk

Without `Start`, the generator's return value is the whole response. No I/O happens in an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from adapter.events import Problem, frozen
from adapter.text.wire_json import write_json

Headers: TypeAlias = Sequence[tuple[str, str]]
CHAT = "/chat/completions"
RESPONSES = "/responses"


@frozen
class UpstreamRequest:
    """Send a request upstream, to the server and with the headers of the caller's.

    Attributes:
        body: The JSON body in place of the caller's.
        stream: Leave the reply's body to be read piece by piece.
        endpoint: The end of the URL's path, in place of the caller's `/chat/completions` or `/responses`.
    """

    body: dict[str, Any]
    stream: bool = False
    endpoint: str = CHAT


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


@frozen
class Start:
    """Begin a streamed response."""

    status: int
    headers: Headers


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
Command: TypeAlias = UpstreamRequest | Read | Start | Emit | Break | Run
Exchange: TypeAlias = Generator[Command, Any, Reply | None]


class OpenExchange(Protocol):
    """The function that a shell asks about each request."""

    def __call__(self, path: str, body: bytes, method: str = "POST", query: Mapping[str, str] = ...) -> Exchange | None:
        """Return the exchange for a request; None for a request that upstream understands unchanged.

        Args:
            path: The path of the URL.
            body: The body.
            method: The HTTP method.
            query: The parameters of the URL.
        """


Report: TypeAlias = Callable[[Problem], None]
