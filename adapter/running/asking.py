"""Requests to the model through an OpenAI-shaped client, sync and async."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.running.state import Run

_LONGEST = 1e6  # seconds: more, and infinity, are beyond the clocks of some systems


def create_of(client: Any, run: Run, *, asynchronous: bool) -> Callable[..., Any]:
    """Return the client's `create` of the run's API, such as `chat.completions.create`.

    Raises:
        TypeError: No client of this shape, or a sync client in place of an async client, or the other way round.
    """
    create = functools.reduce(lambda inner, name: getattr(inner, name, None), run.wire.path, client)
    name = "arun_tools" if asynchronous else "run_tools"
    if not callable(create) or isinstance(client, type):
        raise TypeError(f"{name}() takes an openai client, wrapped or not, not {client!r}: it has no {'.'.join(run.wire.path)}")
    from openai import AsyncOpenAI, OpenAI

    if isinstance(client, OpenAI if asynchronous else AsyncOpenAI):
        other = "run_tools(…)" if asynchronous else "await arun_tools(…)"
        raise TypeError(
            f"{name}() takes {'an async' if asynchronous else 'a sync'} client; for a {type(client).__name__}: {other}"
        )
    found: Callable[..., Any] = create
    return found


def within(client: Any, left: float | None) -> tuple[Any, dict[str, Any]]:
    """Return the client for a request with a deadline, and the members that the request gets for it.

    Retries of the openai client are off under a deadline: each would have the whole limit anew.
    """
    if left is None:
        return client, {}
    options = getattr(client, "with_options", None)
    return (options(max_retries=0) if callable(options) else client), {"timeout": min(max(0.001, left), _LONGEST)}


def whole(create: Callable[..., Any], request: Mapping[str, Any], run: Run) -> Any:
    """Ask, and return the answer, of a stream as a dictionary."""
    answered = create(**request)
    if inspect.isawaitable(answered):
        close(answered)
        raise TypeError("run_tools() takes a sync client, and this client's answers must be awaited: await arun_tools(…)")
    if not request.get("stream"):
        return answered
    joined, came = run.wire.joined(run.say), False
    try:
        for chunk in answered:
            came = True
            joined.add(chunk)
            if run.over():
                raise TimeoutError("the answer was still coming at the deadline of the run")
    finally:
        if callable(end := getattr(answered, "close", None)):
            end()
    return create(**_unstreamed(request, run)) if not came and _is_document(answered) else joined.whole()


async def awhole(create: Callable[..., Any], request: Mapping[str, Any], run: Run) -> Any:
    """Ask, and return the answer, of a stream as a dictionary."""
    answered = create(**request)
    if not inspect.isawaitable(answered):
        raise TypeError(f"arun_tools() takes an async client, and this client answered at once: {type(answered).__name__}")
    answered = await answered
    if not request.get("stream"):
        return answered
    joined, came = run.wire.joined(run.say), False
    try:
        async for chunk in answered:
            came = True
            joined.add(chunk)
    finally:
        if callable(end := getattr(answered, "close", None)):
            await end()
    return await create(**_unstreamed(request, run)) if not came and _is_document(answered) else joined.whole()


def _is_document(answered: Any) -> bool:
    """Return True for a stream of the openai client's over an answer that is none."""
    headers = getattr(getattr(answered, "response", None), "headers", None) or {}
    return "json" in headers.get("content-type", "")


def _unstreamed(request: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Return the request for a whole answer, where the server answered the request for a stream with none."""
    run.unstreamed = True
    run.say("note", "The server answered a request for a stream without one, so it is asked again for a whole answer.")
    return {key: value for key, value in request.items() if key not in {"stream", "stream_options"}}


def close(awaitable: Any) -> None:
    """Close a coroutine that is not awaited, which Python would warn of."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()
