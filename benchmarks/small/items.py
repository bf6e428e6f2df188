"""The items of the measure, each with a name of its own, and the fixed split: half to tune on, half only reported."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.small.texts import CONVERSATIONS, QUESTIONS, REMARKS, RESULTS
from benchmarks.small.tools import GROUPS, offered

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["question", "remark", "result", "conversation"]
KINDS: tuple[Kind, ...] = ("question", "remark", "result", "conversation")


@dataclass(frozen=True)
class Item:
    """One text of the measure.

    Attributes:
        kind: A question that needs a call, a remark that needs none, a result to answer from, or a conversation of three turns.
        number: The place among the items of the kind; odd ones are for tuning, even ones are only reported.
        text: The user's words; of a conversation, those of its first turn.
        tool: The tool that is right; empty for none.
        wanted: Arguments that must be right.
        made: The call that was made before, and its result.
        words: Words of a right answer, separated by `|`.
        turns: The turns of a conversation.
    """

    kind: Kind
    number: int
    text: str
    tool: str = ""
    wanted: dict[str, str] = field(default_factory=dict)
    made: tuple[str, str] = ("", "")
    words: str = ""
    turns: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The name, in the file of kept answers."""
        return f"{self.kind}-{self.number:02}"

    @property
    def half(self) -> Literal["tuning", "reported"]:
        """The half of the fixed split."""
        return "tuning" if self.number % 2 else "reported"

    def tools(self, most: int) -> list[dict[str, Any]]:
        """The tools to offer, at most so many: those of the group of the right tool; for a remark of either group in turn."""
        name = self.tool or next((turn[1] for turn in self.turns if turn[1]), "")
        group = GROUPS[self.number // 2 % 2]
        return offered(name, most) if name else group[:most]

    def messages(self) -> list[dict[str, Any]]:
        """The messages of the request; of a conversation, those of its first turn."""
        asked = {"role": "user", "content": self.text}
        return [asked] if self.kind != "result" else [asked, *answered(self.tool, self.made[0], self.made[1], "call_1")]


def answered(name: str, arguments: str, result: str, call_id: str) -> list[dict[str, Any]]:
    """The messages of a call and its result."""
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": result},
    ]


def items() -> Iterator[Item]:
    """All items, in order."""
    for number, (text, tool, wanted) in enumerate(QUESTIONS):
        yield Item("question", number, text, tool, wanted)
    for number, text in enumerate(REMARKS):
        yield Item("remark", number, text)
    for number, (text, tool, arguments, result, words) in enumerate(RESULTS):
        json.loads(arguments)
        yield Item("result", number, text, tool, made=(arguments, result), words=words)
    for number, turns in enumerate(CONVERSATIONS):
        yield Item("conversation", number, turns[0][0], turns=turns)
