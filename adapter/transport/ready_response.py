"""An httpx response whose decoded JSON is at hand: `.json()` skips parsing."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import ModuleType


@functools.cache
def known_class(module: ModuleType) -> type[Any]:
    """Return the response class for httpx2 or httpx.

    The openai client asks for the JSON value of the body at once. The value is known, and the bytes need no decoder.
    """

    class KnownResponse(module.Response):  # type: ignore[name-defined,misc]  # known at run time only
        value: Any
        body = b""
        is_closed: bool

        def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
            if self.is_closed or chunk_size is not None:
                pieces: Iterator[bytes] = super().iter_bytes(chunk_size)
                return pieces
            self.is_stream_consumed = True
            self.close()
            return iter((self.body,))

        async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
            if self.is_closed or chunk_size is not None:
                async for piece in super().aiter_bytes(chunk_size):
                    yield piece
            else:
                self.is_stream_consumed = True
                await self.aclose()
                yield self.body

        @property
        def num_bytes_downloaded(self) -> int:
            return len(self.body) if self.is_stream_consumed else 0

        def json(self, **kwargs: Any) -> Any:
            known = self.__dict__.pop("value", None)  # handed out once: the caller may change the value
            return super().json(**kwargs) if known is None or kwargs else known

        def __reduce__(self) -> Any:
            """Pickle and copy as a plain response: a class made in a function cannot be found by name."""
            return object.__new__, (module.Response,), self.__getstate__()

    return KnownResponse
