"""The connection that a request to upstream goes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Way:
    """The connection of a request.

    Attributes:
        kept: The connection had another request before; upstream may have closed it meanwhile.
    """

    kept: bool = False
