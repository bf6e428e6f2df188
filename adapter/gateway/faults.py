"""Faults of an upstream before the first byte of its answer: errors of the connection, and statuses (behaviour 9.11)."""

from __future__ import annotations

import email.utils
import math
from typing import TYPE_CHECKING, NamedTuple

import aiohttp

from adapter.errors import UpstreamFailed, UpstreamSilent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.gateway.config import Upstream

# Statuses after which the same server may answer a moment later. 500 and 504 come after work that would only be done again.
_PASSING = frozenset({429, 502, 503, 529})
_NOT_THERE = 501  # says nothing about the health of a server


class Fault(NamedTuple):
    """A failure before the first byte.

    Attributes:
        outcome: A word, for logs and metrics: `unreachable`, `timeout`, `cut`, `status_503`.
        error: The error; None for an answer with a status.
        again: The same upstream may be asked again.
        after: Seconds for which upstream asks to wait; None where upstream asks for none.
        counts: The failure counts for the circuit.
    """

    outcome: str
    error: UpstreamFailed | None = None
    again: bool = False
    after: float | None = None
    counts: bool = True


def fault_of_status(status: int, headers: Mapping[str, str], now: float) -> Fault | None:
    """Return the fault that a status tells: 429, and from 500 up; None for any other.

    Args:
        status: The HTTP status.
        headers: Upstream's headers, read without regard to case.
        now: The time in seconds since the epoch, for a `Retry-After` that is a date.
    """
    if status < 500 and status != 429:
        return None
    after = _retry_after(headers, now)
    return Fault(f"status_{status}", None, status in _PASSING, after, counts=status not in {429, _NOT_THERE})


def fault_of_error(error: BaseException, upstream: Upstream, *, began: bool = False) -> Fault:
    """Return the fault of a connection.

    Args:
        error: The error of aiohttp, or of the clock.
        upstream: The server.
        began: The answer had begun.
    """
    shown = upstream.shown
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
        message = f"The upstream at {shown} cannot be reached: {_reason(error)}. Is the server running?"
        return Fault("unreachable", UpstreamFailed(message, code="upstream_unreachable"), again=True)
    if isinstance(error, TimeoutError):
        silence = began or isinstance(error, aiohttp.ServerTimeoutError) or upstream.first_byte is None
        limit = f"upstream_timeout: {upstream.timeout:g} s" if silence else f"first byte: {upstream.first_byte:g} s"
        message = f"The upstream at {shown} did not answer in time ({limit})."
        return Fault("timeout", UpstreamSilent(message, code="upstream_timeout"))
    message = f"The upstream at {shown} broke off its answer: {_reason(error)}."
    return Fault("cut", UpstreamFailed(message, code="upstream_cut"), again=True)


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the connection closed in the middle"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "no connection in time"
    found = getattr(error, "os_error", None) or error
    return (getattr(found, "strerror", None) or str(found) or type(found).__name__).rstrip(".")


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds for which a server asks to wait; None for none, or for words that are no time."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        told = headers.get(name, "")
        try:
            seconds = float(told) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now)
    except (ValueError, OverflowError):
        return None
