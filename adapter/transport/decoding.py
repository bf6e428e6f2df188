"""Bodies of unknown size, decoded in steps whose output is bounded.

A decoder of the HTTP libraries returns all that a piece of the body holds: a few kilobytes of a compressed body can hold
gigabytes. Fed with a few bytes at a time, the same decoder returns a few megabytes at most, and the reader can stop.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import ModuleType

# Bytes of a step. A byte of DEFLATE holds 1,032 at most; four bytes of Zstandard a block of 128 KiB; three bytes of Brotli a
# copy of 16 MiB.
_STEPS = {"gzip": 1024, "x-gzip": 1024, "deflate": 1024, "zstd": 64, "br": 8}
_UNKNOWN = 1024  # left undecoded by the libraries


def is_raw(response: Any) -> bool:
    """Return True for a response whose stream needs no decoder: no content encoding, and not read yet."""
    return not response.is_stream_consumed and "content-encoding" not in response.headers


def is_known_size(response: Any, most: int) -> bool:
    """Return True for a response with a body of at most so many bytes, as far as the head tells; or read by a hook already."""
    if response.is_stream_consumed:
        try:
            return len(response.content) <= most
        except RuntimeError:  # ResponseNotRead: the stream went elsewhere
            return False
    length = response.headers.get("content-length", "")
    return is_raw(response) and length.isdecimal() and len(length) < 20 and int(length) <= most


def in_steps(module: ModuleType, response: Any) -> Any:
    """Return a response with the same body, to be decoded in steps; the response itself where a hook has read the body.

    Args:
        module: httpx2 or httpx.
        response: The response of upstream.

    Raises:
        DecodingError: The body is coded several times over, which no model server does.
    """
    if response.is_stream_consumed:
        return response
    codings = [name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")]
    codings = [name for name in codings if name not in {"", "identity"}]
    if len(codings) > 1:
        message = f"content-encoding {response.headers['content-encoding']!r}: one coding can be read, not {len(codings)}"
        raise module.DecodingError(message)
    step = _STEPS.get(codings[0], _UNKNOWN) if codings else _UNKNOWN
    stream = _stream_class(module)(response, step)
    return module.Response(response.status_code, headers={"content-encoding": ", ".join(codings)}, stream=stream)


@functools.cache
def _stream_class(module: ModuleType) -> type[Any]:
    class InSteps(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[name-defined,misc]  # known at run time only
        def __init__(self, response: Any, step: int) -> None:
            self._response = response
            self._step = step

        def __iter__(self) -> Iterator[bytes]:
            for piece in self._response.iter_raw():
                for start in range(0, len(piece), self._step):
                    yield piece[start : start + self._step]

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in self._response.aiter_raw():
                for start in range(0, len(piece), self._step):
                    yield piece[start : start + self._step]

    return InSteps
