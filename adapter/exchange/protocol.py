"""What an exchange and the shell that drives it say to each other.

An exchange is a generator. It yields commands; the shell carries each out and sends back what came of it:

    UpstreamRequest ──► Reply      send a request; with `stream` the body stays to be read
    Read            ──► bytes      the next piece of the body of the last reply; empty at its end
    Start           ──► None       the caller gets a streamed response with this status and these headers
    Emit            ──► None       a piece of that response's body
    Break           ──► never      the response breaks off: the caller sees a connection error
    Run             ──► a value    what a function returns that may wait for a disk

Without `Start`, the generator's return value is the whole response. No I/O happens in an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from adapter.events import Problem, frozen
from adapter.text.wire_json import dumps

Headers: TypeAlias = Sequence[tuple[str, str]]
CHAT = "/chat/completions"
RESPONSES = "/responses"


@frozen
class UpstreamRequest:
    """Send a request upstream, to the server and with the headers of the caller's.

    Attributes:
        body: The JSON body in place of the caller's.
        stream: Leave the reply's body to be read piece by piece.
        endpoint: What the URL's path ends in, in place of the caller's `/chat/completions` or `/responses`.
    """

    body: dict[str, Any]
    stream: bool = False
    endpoint: str = CHAT


@frozen
class Reply:
    """A response: what upstream said, or what the caller gets.

    Attributes:
        status: HTTP status.
        headers: Names and values, in order.
        body: The decoded body; empty when it is yet to be read.
        value: The JSON value that the body was written from, where it was written here and is nobody else's.
    """

    status: int
    headers: Headers
    body: bytes = b""
    value: dict[str, Any] | None = None

    @classmethod
    def of_json(cls, status: int, headers: Headers, value: dict[str, Any]) -> Reply:
        """A reply with a JSON body, whose value is not to change any more."""
        return cls(status, headers, dumps(value), value)


@dataclass(frozen=True, slots=True)
class Read:
    """Read the next piece of the last reply's body."""


@frozen
class Start:
    """Begin a streamed response."""

    status: int
    headers: Headers


class Emit(NamedTuple):
    """A piece of the streamed response. There are many, and a tuple is made in a third of the time of a frozen dataclass."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Upstream's stream was cut: break off the response as a lost connection would."""

    message: str


@dataclass(frozen=True, slots=True)
class Run:
    """Run something that may wait for a disk or a network, off the event loop if there is one."""

    action: Callable[[], Any]


READ = Read()
Command: TypeAlias = UpstreamRequest | Read | Start | Emit | Break | Run
Exchange: TypeAlias = Generator[Command, Any, Reply | None]


class OpenExchange(Protocol):
    """Asked about each request."""

    def __call__(self, path: str, body: bytes, method: str = "POST", query: Mapping[str, str] = ...) -> Exchange | None:
        """An exchange for a request; None for one that upstream understands as it is.

        Args:
            path: The path of its URL.
            body: Its body.
            method: Its HTTP method.
            query: The parameters of its URL.
        """


Report: TypeAlias = Callable[[Problem], None]
