"""MCP servers of `adapter chat --mcp`: commands and addresses, connected in the background for the whole conversation."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import shlex
import tempfile
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import IO, TYPE_CHECKING, Any

from adapter.cli.console import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.cli.chat_async import Background
    from adapter.running.tool import RunnableTool

_START_SECONDS = 30.0
_HINTS = "hints"


def connect(commands: Sequence[str], reads: str | None, background: Background) -> list[RunnableTool]:
    """Connect to MCP servers until the end of the background. Returns their tools.

    Args:
        commands: Commands of servers on standard input and output, and addresses of servers over HTTP.
        reads: Names of tools that only read, with commas between; `"hints"` to trust the servers.
        background: The event loop.

    Raises:
        BadInput: The package `mcp` is missing, a server cannot be used, or `reads` has a name of no tool.
    """
    if importlib.util.find_spec("mcp") is None:
        raise BadInput('--mcp needs the package mcp: pip install ".[mcp]" in the folder of the project, or pip install mcp')
    named = [name.strip() for name in (reads or "").split(",") if name.strip() and reads != _HINTS]
    found: list[RunnableTool] = []
    known: set[str] = set()
    for command in commands:
        tools, names = _connected(command, named, background, trusted=reads == _HINTS)
        found += tools
        known |= names
    for name in named:
        if name not in known:
            raise BadInput(f"--mcp-reads {name}: no tool of the servers; there are {', '.join(sorted(known)) or 'none'}")
    return found


def _connected(
    command: str, named: Sequence[str], background: Background, *, trusted: bool
) -> tuple[list[RunnableTool], set[str]]:
    """Connect to a server. Returns its tools, and their names in the server's spelling."""
    target = _target(command)
    stop, ready = asyncio.Event(), Future[Any]()
    log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # closed by the held task
    background.hold(stop, _hold(target, (named, trusted), log, stop, ready))
    try:
        return ready.result()  # type: ignore[no-any-return]
    except (OSError, TimeoutError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"--mcp {command!r}: the server does not start: {told}") from error
    except Exception as error:
        text = " ".join(str(getattr(error, "message", error)).split()) or type(error).__name__
        raise BadInput(f"--mcp {command!r}: {text}; the flag takes the command of an MCP server") from error


def _target(command: str) -> str | list[str]:
    """Return the words of a command, or an address as it is."""
    if command.startswith(("http://", "https://")):
        if not hasattr(importlib.import_module("mcp"), "Client"):
            raise BadInput(f"--mcp {command}: servers over HTTP need mcp 2: pip install -U mcp")
        return command
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"--mcp {command!r}: {error}; write a command as for a shell") from error
    if not words:
        raise BadInput("--mcp '': give the command of an MCP server, or its http:// address")
    return words


async def _hold(
    target: str | list[str], reads: tuple[Sequence[str], bool], log: IO[str], stop: asyncio.Event, ready: Future[Any]
) -> None:
    """Keep a session open until `stop`; its tools, or the error of its start, are put into `ready`."""
    from adapter.running.mcp import mcp_tools

    try:
        async with AsyncExitStack() as stack:
            stack.callback(log.close)
            async with asyncio.timeout(_START_SECONDS):
                session = await _session(target, log, stack)
                names = {tool.name for tool in (await session.list_tools()).tools}
                named, trusted = reads
                only = _HINTS if trusted else [name for name in named if name in names]
                ready.set_result((await mcp_tools(session, reads=only), names))
            await stop.wait()
    except BaseException as error:
        if not ready.done():
            ready.set_exception(_first(error))
        elif not isinstance(error, Exception):
            raise


async def _session(target: str | list[str], log: IO[str], stack: AsyncExitStack) -> Any:
    """Open a session with a server."""
    mcp, stdio = importlib.import_module("mcp"), importlib.import_module("mcp.client.stdio")
    if isinstance(target, str):
        return await stack.enter_async_context(mcp.Client(target))
    parameters = mcp.StdioServerParameters(command=target[0], args=target[1:])
    reading, writing = await stack.enter_async_context(stdio.stdio_client(parameters, errlog=log))
    session = await stack.enter_async_context(mcp.ClientSession(reading, writing))
    try:
        await session.initialize()
    except Exception as error:
        log.seek(0)
        said = log.read().strip().splitlines()
        raise RuntimeError(f"{error}; it said: {said[-1]}" if said else str(error)) from error
    return session


def _first(error: BaseException) -> BaseException:
    """Return the first error in a group of a task group; a time-out with words."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return TimeoutError(f"no answer within {_START_SECONDS:.0f} s") if isinstance(error, TimeoutError) else error
