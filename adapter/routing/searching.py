"""The search for further tools that a request offers to its model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.routing.additions import Addition, Additions
    from adapter.routing.router import ToolRouter
    from adapter.tools.call_form import CallForm


@dataclass(frozen=True, slots=True)
class Search:
    """The tool by which the model of a request looks for further tools.

    Attributes:
        name: Its name, that of no other tool.
        router: The router.
        shown: Names of the tools that the model has been shown.
        additions: The memory of what was added to conversations.
        digest: The digest of the caller's messages.
        known: What is added after them by this request.
        forms: Forms of the calls of tools that may be found.
        made: Searches of this request.
    """

    name: str
    router: ToolRouter
    shown: frozenset[str]
    additions: Additions
    digest: str
    known: Addition
    forms: Mapping[str, CallForm] = field(default_factory=dict)
    made: int = 0
