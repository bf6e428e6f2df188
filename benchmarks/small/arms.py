"""The ways to ask: the server's own tools, every rung, every profile, and the parts of a profile alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adapter.servers import SERVERS


@dataclass(frozen=True)
class Arm:
    """A way to ask.

    Attributes:
        name: The name, also in the file of kept answers.
        options: Options of `adapter.wrap`; None for the bare client.
        forced: A call is required, so that only questions make sense.
    """

    name: str
    options: dict[str, Any] | None = field(default_factory=dict)
    forced: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of items that make sense."""
        return ("question",) if self.forced else ("question", "remark", "result", "conversation")


def arms(server: str) -> dict[str, Arm]:
    """The arms that make sense with a kind of server, by name."""
    rungs = SERVERS[server].rungs if server != "generic" else ("prompt", "json_schema")
    found = [
        Arm("native", None),
        Arm("native-required", None, forced=True),
        Arm("words"),
        Arm("words-grounded", {"grounding": "reask"}),
        Arm("words-examples", {"examples": "auto"}),
        Arm("words-loop-guard", {"loop_guard": "reask"}),
        *(Arm(f"free-{rung}", {"enforce": rung, "reply_tool": rung == "json_schema"}) for rung in rungs[1:]),
        *(Arm(f"required-{rung}", {"enforce": rung}, forced=True) for rung in rungs),
        Arm("small", {"profile": "small"}),
        Arm("small-ungrounded", {"profile": "small", "grounding": "off"}),
        Arm("auto", {"profile": "auto"}),
    ]
    return {arm.name: arm for arm in found}
