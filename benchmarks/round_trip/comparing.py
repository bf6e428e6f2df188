"""One conversation through the wire and back: rendered, each turn of the assistant parsed, compared, and rendered again."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import adapter
from adapter.dialects.registry import load
from benchmarks.round_trip.conversations import Maker, call_id

if TYPE_CHECKING:
    from adapter.dialects.registry import Dialect
    from benchmarks.round_trip.conversations import Conversation, Said

_MOST_SHOWN = 5
# Notices on words that resemble a call, as `. {` does where a tool has the name `.`: nothing is read in another way.
_HINTS = frozenset({"near_call", "other_dialect"})


class Habits(NamedTuple):
    """What a dialect does to a turn by its format.

    Attributes:
        words: Words beside calls are written.
        order: The arguments keep their order.
    """

    words: bool
    order: bool

    @classmethod
    def of(cls, dialect: Dialect) -> Habits:
        """Find the habits of a dialect by looking at what it writes."""
        call = dialect.tool_call("f", {"b": "1st", "a": "2nd"})
        return cls("the words" in dialect.assistant("the words", [call]), call.find("1st") < call.find("2nd"))


class Count(NamedTuple):
    """The figures of a run.

    Attributes:
        conversations: Conversations tried.
        turns: Turns of the assistant in them.
        calls: Calls in them.
        rendered_again: Turns that were rendered again.
        different: Turns that came back different, by the kind of the difference.
        shown: The first of these, in full.
    """

    conversations: int
    turns: int
    calls: int
    rendered_again: int
    different: dict[str, int]
    shown: list[str]


def run(name: str, conversations: int, seed: int, again: int = 1) -> Count:
    """Try random conversations in a dialect.

    Args:
        name: The dialect.
        conversations: Their number.
        seed: The seed.
        again: Every so many conversations are rendered once more from what was parsed.
    """
    maker, dialect = Maker(name, seed), load(name)
    habits = Habits.of(dialect)
    different: Counter[str] = Counter()
    shown: list[str] = []
    turns = calls = rendered = 0
    for number in range(conversations):
        conversation = maker.conversation()
        texts = written(conversation, dialect)
        parsed = [adapter.parse(text, conversation.tools, dialect=dialect) for text in texts]
        faults = [differences(*pair, habits) for pair in zip(conversation.turns, parsed, strict=True)]
        if number % again == 0 and not any(faults):
            rendered += len(texts)
            faults = _rendered_again(conversation, texts, parsed, dialect)
        turns, calls = turns + len(texts), calls + sum(len(turn.calls) for turn in conversation.turns)
        for turn, text, found in zip(conversation.turns, texts, faults, strict=True):
            different.update(found)
            if found and len(shown) < _MOST_SHOWN:
                shown.append(f"{', '.join(found)}: {turn!r} was written as {text!r}")
    return Count(conversations, turns, calls, rendered, dict(different), shown)


def written(conversation: Conversation, dialect: Dialect) -> list[str]:
    """Return the text of each turn of the assistant, as the model would have written it."""
    plain = adapter.render(conversation.messages, conversation.tools, dialect=dialect, neutralise=False, reasoning_field="text")
    return [message["content"] for message in plain if message["role"] == "assistant"]


def differences(turn: Said, parsed: adapter.ParsedCompletion, habits: Habits) -> list[str]:
    """Return the kinds of differences between a turn and its text as read; white space at the edges of words is free."""
    found = []
    read = [(call.name, json.loads(call.arguments)) for call in parsed.tool_calls]
    if _spelt(read, habits) != _spelt(turn.calls, habits):
        found.append("calls")
    words = turn.content if habits.words or not turn.calls else ""
    if (parsed.content or "").strip() != words.strip():
        found.append("content")
    if (parsed.reasoning or "") != turn.reasoning:
        found.append("reasoning")
    if any(problem.kind not in _HINTS for problem in parsed.problems) or not all(call.valid for call in parsed.tool_calls):
        found.append("problems")
    return found


def _spelt(calls: list[tuple[str, Any]], habits: Habits) -> str:
    return json.dumps(calls, sort_keys=not habits.order)


def _rendered_again(
    conversation: Conversation, texts: list[str], parsed: list[adapter.ParsedCompletion], dialect: Dialect
) -> list[list[str]]:
    """Compare the texts with those rendered from what was parsed: byte for byte where the words have no space at the edges."""
    messages: list[dict[str, Any]] = []
    turn = 0
    for message in conversation.messages:
        if message["role"] != "assistant":
            messages.append(message)
            continue
        said = parsed[turn].to_dict()
        for place, call in enumerate(said.get("tool_calls", ())):
            call["id"] = call_id(turn, place)
        messages.append(said)
        turn += 1
    again = written(conversation._replace(messages=messages), dialect)
    bare = [turn.content == turn.content.strip() for turn in conversation.turns]
    return [["wire"] if exact and one != other else [] for exact, one, other in zip(bare, texts, again, strict=True)]
