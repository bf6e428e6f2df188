"""Pieces of a body read with patience: after some seconds of silence the reader is told that nothing has come yet.

A read that waits cannot be given up without losing data, so a worker of its own reads ahead by one piece: a daemon thread for
the sync shell, a task for the async shell. Without asyncio (under trio) reads wait as long as they take.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_AHEAD = 1  # pieces
_Piece = bytes | BaseException  # empty bytes are the end


class PatientPieces:
    """Pieces that a thread reads.

    Args:
        pieces: The iterator over the pieces.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._queue: queue.Queue[_Piece] = queue.Queue(_AHEAD)
        self._over = threading.Event()
        threading.Thread(target=self._read, name="adapter-reader", daemon=True).start()

    def next(self, patience: float | None) -> bytes | None:
        """Return the next piece, empty at the end; None after so many seconds of silence."""
        try:
            piece = self._queue.get(timeout=patience)
        except queue.Empty:
            return None
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def close(self) -> None:
        """Let the thread end with its present read."""
        self._over.set()
        while not self._queue.empty():
            self._queue.get_nowait()

    def _read(self) -> None:
        piece: _Piece = b"-"
        while piece and not isinstance(piece, BaseException) and not self._over.is_set():
            try:
                piece = next(self._pieces, b"")
            except BaseException as error:  # noqa: BLE001  # raised where the pieces are read
                piece = error
            self._queue.put(piece)


class AsyncPatientPieces:
    """Pieces that a task reads.

    Args:
        pieces: The iterator over the pieces.
    """

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._queue: asyncio.Queue[_Piece] = asyncio.Queue(_AHEAD)
        self._task = asyncio.ensure_future(self._read(pieces))

    async def next(self, patience: float | None) -> bytes | None:
        """Return the next piece, empty at the end; None after so many seconds of silence."""
        try:
            piece = await asyncio.wait_for(self._queue.get(), patience)
        except TimeoutError:
            return None
        if isinstance(piece, BaseException):
            raise piece
        return piece

    async def aclose(self) -> None:
        """End the task."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _read(self, pieces: AsyncIterator[bytes]) -> None:
        try:
            async for piece in pieces:
                if piece:
                    await self._queue.put(piece)
        except Exception as error:  # noqa: BLE001  # raised where the pieces are read
            await self._queue.put(error)
        else:
            await self._queue.put(b"")


def patient_async(pieces: AsyncIterator[bytes]) -> Any:
    """Return pieces read with patience; the pieces themselves where no asyncio runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return pieces
    return AsyncPatientPieces(pieces)
