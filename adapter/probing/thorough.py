"""Eight short questions for each plausible dialect: the dialect in which a model calls best.

Prompts are written and answers read by the adapter; each answer counts if its only call is the wanted call. Unlike the facts of
a probe, the counts depend on the model.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.completion.result import parse
from adapter.dialects import registry
from adapter.dialects.families import marked_in
from adapter.exchange.rendering import render
from adapter.probing.dialect import by_name, by_template
from adapter.probing.session import Budget

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.probing.session import Session
    from adapter.probing.wire import Ask, Reply

MOST_DIALECTS = 3
_TOKENS = 64


class Case(NamedTuple):
    """A question with the call that answers.

    Attributes:
        text: The user's question.
        name: The name of the tool.
        arguments: The arguments.
    """

    text: str
    name: str
    arguments: dict[str, Any]


def _tool(name: str, description: str, parameter: str, kind: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {parameter: {"type": kind}}, "required": [parameter]}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


TOOLS = [
    _tool("get_weather", "Get the weather in a city.", "city", "string"),
    _tool("set_timer", "Start a timer.", "minutes", "integer"),
]
CASES = (
    Case("What is the weather in Paris?", "get_weather", {"city": "Paris"}),
    Case("Start a timer of 5 minutes.", "set_timer", {"minutes": 5}),
    Case("Is it raining in Oslo?", "get_weather", {"city": "Oslo"}),
    Case("Wake me in 20 minutes.", "set_timer", {"minutes": 20}),
    Case("How warm is Rome?", "get_weather", {"city": "Rome"}),
    Case("Set a timer for 12 minutes, please.", "set_timer", {"minutes": 12}),
    Case("Weather in Lima?", "get_weather", {"city": "Lima"}),
    Case("Timer: 3 minutes.", "set_timer", {"minutes": 3}),
)


class Score(NamedTuple):
    """The count of right calls in a dialect.

    Attributes:
        dialect: The dialect's name.
        right: Right calls.
        asked: Questions answered.
    """

    dialect: str
    right: int
    asked: int


def plausible(session: Session) -> list[str]:
    """Return the dialects worth comparing, the likeliest first, three at most."""
    template = session.identity.chat_template
    found = [by_name(session.model), by_template(template)]
    names = [session.left_call, *(one[0] for one in found if one)]
    names += [family.names[0] for family in marked_in(template)]
    return list(dict.fromkeys(filter(None, [*names, registry.FALLBACK, "generic"])))[:MOST_DIALECTS]


def compared(session: Session) -> Generator[Ask, Reply, list[Score]]:
    """Ask all cases in each plausible dialect, within a budget of their own. Returns the scores, the best first."""
    names = plausible(session)
    asked = len(names) * len(CASES)
    first, session.budget = session.budget, Budget(most_requests=asked, most_tokens=asked * _TOKENS)
    scores = []
    for name in names:
        right, answered = 0, 0
        for case in CASES:
            messages = render([{"role": "user", "content": case.text}], TOOLS, dialect=name)
            reply = yield from session.sent(session.chat(messages, _TOKENS), _TOKENS)
            if reply is not None and reply.ok:
                answered += 1
                right += _is_right(reply.text, case, name)
        scores.append(Score(name, right, answered))
    first.requests += session.budget.requests
    first.tokens += session.budget.tokens
    session.budget = first
    return sorted(scores, key=lambda score: -score.right)


def _is_right(text: str, case: Case, dialect: str) -> bool:
    calls = parse(text, TOOLS, dialect=dialect).tool_calls
    return [(call.name, json.loads(call.arguments)) for call in calls if call.valid] == [(case.name, case.arguments)]
