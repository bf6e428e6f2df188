"""The notices of `lint="warn"`: the findings of `adapter lint` in a list of tools that a client sees for the first time."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from adapter.events import Problem
from adapter.recent import recent
from adapter.tools.definitions import MOST_KEPT, ToolSet, size_of

if TYPE_CHECKING:
    from adapter.dialects.registry import Dialect
    from adapter.exchange.learnt import Learnt
    from adapter.linting.finding import LintFinding
    from adapter.options import Options

# Findings told of one list; a list with more has its own fault many times.
_MOST_FINDINGS = 40


def lint_notices(tools: ToolSet, dialect: Dialect, options: Options, learnt: Learnt) -> list[Problem]:
    """Return the findings in tools as problems of the kind `lint`; none for a list that was looked at before.

    Args:
        tools: The tools of a request.
        dialect: The dialect that shows them to the model, unless upstream gets all tools as they are.
        options: The caller's choices.
        learnt: Remembers the lists of a client and a model.
    """
    if options.lint == "off" or not tools or not learnt.first_seen(_digest(tools)):
        return []
    found = _findings(tools, None if options.native == "always" else dialect)
    told = [Problem("lint", f"{one.severity} {one.rule}: {one.message}; {one.hint}", one.evidence) for one in found]
    more = len(told) - _MOST_FINDINGS
    if more > 0:
        words = "finding" if more == 1 else "findings"
        told[_MOST_FINDINGS:] = [Problem("lint", f"{more} further {words} in these tools: `adapter lint` shows all of them")]
    return told


def _findings(tools: ToolSet, dialect: Dialect | None) -> list[LintFinding]:
    """Return the findings of the rules that run by default."""
    from adapter.linting.lint import findings_of, subject_of
    from adapter.linting.table import chosen

    return findings_of(subject_of(tools, dialect), chosen())


@recent(MOST_KEPT, size_of)
def _digest(tools: ToolSet) -> bytes:
    """Return bytes that tell lists of tools apart."""
    wires: list[Any] = [tool.wire for tool in tools]
    return hashlib.sha256(json.dumps(wires, default=repr).encode()).digest()
