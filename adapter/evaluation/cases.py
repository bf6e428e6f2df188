"""Cases of an evaluation: a conversation, the tools offered, and the calls that are right, turn by turn.

Three readers make cases: `own_cases` (JSON lines of this project), `bfcl_cases` (files of the Berkeley Function Calling
Leaderboard) and `truth_cases` (`{messages, tools, tool_calls_ground_truth}`). `recorded_cases` writes files of the first kind.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from adapter.evaluation.simulation import Simulation

Order = Literal["any", "same"]
Rules = Literal[
    "json",  # values compared as JSON, or by matchers
    "bfcl",  # values compared as the Berkeley leaderboard does, with lists of accepted values
    "state",  # states and results of simulated APIs compared, as the Berkeley leaderboard does
]
ANY_TOOL = "*"  # the name of an expected call of any tool


class BadCases(ValueError):
    """Unusable cases. The message names file, line, key and value, and the likely fix."""


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """A call that a case expects.

    Attributes:
        name: The tool; `ANY_TOOL` for a call of any offered tool.
        arguments: Accepted values by parameter, in the form of the case's rules; None accepts any arguments.
        result: The scripted result of the call, for a following turn.
    """

    name: str
    arguments: dict[str, Any] | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A part of a conversation up to an answer of the model.

    Attributes:
        messages: Messages to add before the question; empty for an answer to tool results.
        expect: The calls expected; empty if only an answer in words is right.
        order: `"same"` if the calls must come in the order of `expect`.
    """

    messages: tuple[dict[str, Any], ...]
    expect: tuple[ExpectedCall, ...]
    order: Order = "any"


@dataclass(frozen=True, slots=True)
class Case:
    """A case.

    Attributes:
        id: The id, unique among the cases of a run.
        tools: Tool definitions in OpenAI's form.
        turns: At least one turn.
        category: A group of cases; may be empty.
        cluster: The task of the case, shared by its variants.
        rules: The way to compare values.
        request: Further members of the request: `tool_choice`, `parallel_tool_calls`.
        declared: The parameters of each tool as the leaderboard declares them, for the rules `"bfcl"`.
        place: File and line, for messages.
        simulation: The simulated APIs that run the calls; None for cases with scripted results.
    """

    id: str
    tools: tuple[dict[str, Any], ...]
    turns: tuple[Turn, ...]
    category: str = ""
    cluster: str = ""
    rules: Rules = "json"
    request: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, Any] = field(default_factory=dict)
    place: str = ""
    simulation: Simulation | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tools."""
        return tuple(name_of(tool) for tool in self.tools)

    @property
    def all_names(self) -> frozenset[str]:
        """The names of the tools, with those of later turns."""
        later = self.simulation.later if self.simulation else {}
        return frozenset(name_of(tool) for tools in (self.tools, *later.values()) for tool in tools)

    @property
    def asked(self) -> str:
        """Eight characters that change with the question: messages, tools, scripted results, simulated APIs."""
        turns = [[turn.messages, [[one.name, one.result] for one in turn.expect if one.result]] for turn in self.turns]
        run = self.simulation
        simulated = [] if run is None else [[run.classes, run.config, sorted(run.later.items())]]
        return checksum([self.id, self.tools, turns, self.request, *simulated])

    @property
    def expected(self) -> str:
        """Eight characters that change with the expectation."""
        turns = [[[[one.name, one.arguments] for one in turn.expect], turn.order] for turn in self.turns]
        run = self.simulation
        return checksum([turns, self.rules, *([] if run is None else [[str(calls) for calls in run.truth]])])


def name_of(tool: dict[str, Any]) -> str:
    """Return the name of a tool in OpenAI's form."""
    return str(tool["function"]["name"])


def checksum(value: Any) -> str:
    """Return eight hexadecimal characters made of a JSON value."""
    return f"{zlib.crc32(json.dumps(value, sort_keys=True).encode()):08x}"


def among(word: str, words: Any, none: str = "none") -> str:
    """Return the likeliest of some words as a question, and all of them for a word that is like none."""
    return near(word, words) or f"; there are {', '.join(words) or none}"


def near(word: str, words: Any) -> str:
    """Return a question about the likeliest of some words; empty for a word that is like none."""
    import difflib

    begun = [one for one in words if len(word) > 3 and one.startswith(word)]
    found = begun or difflib.get_close_matches(word, [*words], n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
