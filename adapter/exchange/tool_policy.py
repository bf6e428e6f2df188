"""The treatment of tools that cannot be offered, and of schemas that were read as they were meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adapter.events import Problem
from adapter.tools.definitions import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.options import Options
    from adapter.tools.definitions import ToolSet


def policy_of(options: Options) -> Policy:
    """Return the treatment of tools that cannot be offered."""
    return Policy(options.on_bad_tool, options.on_builtin)


def mended(tools: ToolSet) -> Iterator[Problem]:
    """Yield the problems of the schemas that were read as they were meant."""
    for tool in tools:
        for sentence in tool.schema.told:
            told = f"the parameters of {tool.name!r}: {sentence}"
            yield Problem("schema_mended", told, json.dumps(tool.wire, default=repr))
