"""Requests over aiohttp's connections without aiohttp's objects for a request: the quick way to upstream.

aiohttp finds and keeps the connections, reads the answers and keeps the time; the objects that it makes for each request take
longer than all of that. A request of the usual kind needs none of them: its head is text, its body a few kilobytes. The head is
the one that aiohttp writes, byte for byte; an error is the one that aiohttp raises.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from yarl import URL

_MOST = 1 << 15  # bytes of a body that a socket takes without a wait
_ODD = re.compile(r"[\x00-\x1f\x7f]")  # aiohttp says what is wrong with such a header
_USED = ("timer", "skip_payload", "read_until_eof", "auto_decompress", "read_timeout", "timeout_ceil_threshold")


def is_known() -> bool:
    """Return True for an aiohttp whose connections have the form that is used here."""
    taken = inspect.signature(ResponseHandler.set_response_params).parameters
    return (
        all(name in taken for name in _USED)
        and {"read", "should_close", "start_timeout", "writing_paused", "is_connected"} <= {*dir(ResponseHandler)}
        and [*inspect.signature(aiohttp.BaseConnector.connect).parameters] == ["self", "req", "traces", "timeout"]
    )


@dataclass(slots=True)
class Way:
    """The connection of a request.

    Attributes:
        kept: The connection had another request before; upstream may have closed it meanwhile.
    """

    kept: bool = False


class _Told:
    """Takes the place of a trace of aiohttp's, to be told of a connection that is used again.

    Args:
        way: Told of the connection.
    """

    __slots__ = ("_way",)

    def __init__(self, way: Way) -> None:
        self._way = way

    async def send_connection_reuseconn(self) -> None:
        """Take down that the connection had another request before."""
        self._way.kept = True

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        """Return the listener to any other step, which does nothing."""
        if not name.startswith("send_"):
            raise AttributeError(name)
        return _nothing


async def _nothing(*_: Any) -> None:
    """Take no notice."""


class QuickResponse:
    """The response to a request, as far as a link needs one.

    Args:
        connection: The connection.

    Attributes:
        status: The HTTP status.
        headers: Names and values, read without regard to case.
        content: The body, to be read in pieces.
    """

    __slots__ = ("_connection", "content", "headers", "status")

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def begin(self, message: Any, payload: Any) -> None:
        """Take the head of the response, and the body to come."""
        self.status: int = message.code
        self.headers: Mapping[str, str] = message.headers
        self.content = payload
        payload.on_eof(self._ended)

    def _ended(self) -> None:
        connection = self._connection
        if connection is not None and not (connection.protocol is not None and connection.protocol.upgraded):
            self._connection = None
            connection.release()

    def close(self) -> None:
        """Close a connection whose body was not read to its end; one that was is back already."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class QuickRequests:
    """Requests to one address.

    Args:
        session: The session of aiohttp, without a proxy.
        url: The address.
    """

    def __init__(self, session: aiohttp.ClientSession, url: URL) -> None:
        self._connector: Any = session.connector
        self._timeout = session.timeout
        self._form = aiohttp.ClientRequest("POST", url, loop=session._loop, session=session)  # noqa: SLF001  # of one request for all
        self._begin = f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: {self._form.headers['Host']}\r\n"
        own = aiohttp.ClientRequest.DEFAULT_HEADERS
        self._own = [(str(name), name.lower(), value) for name, value in own.items()]
        self._given: tuple[dict[str, str], str] = ({}, "")  # the headers of the last request, and their text

    def head(self, headers: dict[str, str], length: int) -> bytes | None:
        """Return the head of a request; None for headers that aiohttp is to look at.

        Args:
            headers: The headers, in lower case.
            length: The bytes of the body.
        """
        before, text = self._given
        if headers != before:
            lines = [*headers.items(), *((name, value) for name, lower, value in self._own if lower not in headers)]
            if any(_ODD.search(value) for _, value in lines):
                return None
            text = self._begin + "".join(f"{name}: {value}\r\n" for name, value in lines)
            self._given = dict(headers), text
        return f"{text}Content-Length: {length}\r\n\r\n".encode()

    async def ask(self, headers: dict[str, str], body: bytes, way: Way) -> QuickResponse | None:
        """Send a request, and wait for the head of the response.

        Args:
            headers: The headers, in lower case.
            body: The body.
            way: Told of a connection that had another request before.

        Returns:
            None for a request that aiohttp is to send: nothing was sent.

        Raises:
            aiohttp.ClientError: The connection failed.
            TimeoutError: Nothing came in time.
        """
        head = self.head(headers, len(body)) if 0 < len(body) <= _MOST else None
        if head is None:
            return None
        connection = await self._connected(way)
        while way.kept and connection.protocol.should_close:  # more came than was asked for: it is no answer to this request
            connection.close()
            way.kept = False
            connection = await self._connected(way)
        protocol = connection.protocol
        if protocol.writing_paused or not protocol.is_connected():
            connection.close()
            return None
        try:
            protocol.set_response_params(
                timer=None,
                skip_payload=False,
                read_until_eof=True,
                auto_decompress=True,
                read_timeout=self._timeout.sock_read,
                timeout_ceil_threshold=self._connector._timeout_ceil_threshold,  # noqa: SLF001  # as the session does
            )
            protocol.transport.write(head + body)
            protocol.start_timeout()
            response = QuickResponse(connection)
            response.begin(*await self._head_of(protocol))
        except OSError as error:
            connection.close()
            if isinstance(error, aiohttp.ClientError) or (isinstance(error, TimeoutError) and error.errno is None):
                raise
            raise aiohttp.ClientOSError(*error.args) from error
        except BaseException:
            connection.close()
            raise
        return response

    async def _connected(self, way: Way) -> Any:
        """Return a connection, new or kept."""
        try:
            return await self._connector.connect(self._form, traces=[_Told(way)], timeout=self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"Connection timeout to host {self._form.url}") from error
        except aiohttp.ClientError:
            raise
        except OSError as error:
            raise aiohttp.ClientOSError(*error.args) from error

    async def _head_of(self, protocol: Any) -> tuple[Any, Any]:
        """Return the head of the response, behind those that only announce another, and the body to come."""
        while True:
            try:
                message, payload = await protocol.read()
            except HttpProcessingError as error:
                info = self._form.request_info
                raise aiohttp.ClientResponseError(
                    info, (), status=error.code, message=error.message, headers=error.headers
                ) from error
            if not 100 <= message.code <= 199 or message.code == 101:
                return message, payload
