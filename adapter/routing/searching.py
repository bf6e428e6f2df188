"""The search tool of one request (`reveal="search_tool"`): its name, its router, and the searches made so far."""

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
    """The search tool, by which the model of a request finds further tools.

    Attributes:
        name: Name of the search tool, different from every tool of the caller.
        router: Ranks the caller's tools for a query.
        shown: Names of the tools whose definitions the prompt holds.
        additions: Searches of earlier requests, kept for the next prompts of their conversations.
        digest: SHA-256 of the caller's messages, in hexadecimal digits; the searches of this request are kept under it.
        known: Searches of this request, added to the prompt behind the caller's messages.
        forms: The form of calls on the caller's wire, by the names of the tools that a search may find.
        made: Number of searches of this request.
    """

    name: str
    router: ToolRouter
    shown: frozenset[str]
    additions: Additions
    digest: str
    known: Addition
    forms: Mapping[str, CallForm] = field(default_factory=dict)
    made: int = 0
