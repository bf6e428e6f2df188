"""A memory of what was added to conversations: searches of the model's that the caller has not seen, and tools of a choice.

A search follows from no message of the caller's. It is kept under the messages before it, so that the next request, which
begins with the same messages, gets the same prompt. Where nothing is kept, another process has answered, say, the prompt is
another one, with all tools that were called.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.routing.search import Round
from adapter.store.base import StoreFull
from adapter.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_PLACES, _MOST_BYTES = 16_384, 16 * 1024 * 1024
# Between the words before a search and the words after it, in the answer that the caller gets.
JOINT = "\n\n"
_REASONING = ("reasoning_content", "reasoning")  # the names under which callers send reasoning back


class Addition(NamedTuple):
    """What is added after certain messages.

    Attributes:
        rounds: Searches, in order.
        names: Tools that a `tool_choice` named; shown before the turn.
    """

    rounds: tuple[Round, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The words before the searches, which the caller has got before those of the answer."""
        return "".join(f"{one.content}{JOINT}" for one in self.rounds if one.content)

    @property
    def reasoning(self) -> str:
        """The reasoning before the searches, which the caller has got too."""
        return "".join(one.reasoning for one in self.rounds)

    @property
    def found(self) -> set[str]:
        """Names of the tools that the searches have shown."""
        return {name for one in self.rounds for name in one.found}


NOTHING = Addition()


class Additions:
    """The memory, by a digest of the messages before; bounded, threads share it."""

    def __init__(self) -> None:
        self._store = MemoryStore(_MOST_PLACES, _MOST_BYTES)

    @property
    def any(self) -> bool:
        """Something was added to some conversation."""
        return self._store.count > 0

    def after(self, digests: Sequence[str]) -> dict[int, Addition]:
        """Return the additions of a conversation, by the number of messages before each."""
        found = {}
        for number, digest in enumerate(digests, 1):
            data = self._store.get(digest)
            if data is not None:
                rounds, names = json.loads(data)
                found[number] = Addition(tuple(_round(one) for one in rounds), tuple(names))
        return found

    def keep(self, digest: str, addition: Addition) -> bool:
        """Keep an addition. Returns False for one that is too large."""
        try:
            self._store.put(digest, json.dumps(addition).encode())
        except StoreFull:
            return False
        return True


def _round(read: Any) -> Round:
    content, calls, results, found, reasoning = read
    made = tuple((call_id, name, arguments) for call_id, name, arguments in calls)
    return Round(content, made, tuple(results), tuple(found), reasoning)


def digests_of(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a digest for each message, of the messages up to it: equal for equal content, without empty members."""
    state = hashlib.sha256()
    found = []
    for message in messages:
        said = {key: value for key, value in message.items() if value not in (None, "", [])}
        state.update(json.dumps(said, sort_keys=True, default=str).encode("utf-8", "surrogatepass") + b"\n")
        found.append(state.hexdigest())
    return found


def without_words(message: Any, added: Addition) -> Any:
    """Return the assistant's message without words and reasoning of searches, which stand in messages of their own."""
    if message.get("role") != "assistant" or not added.rounds:
        return message
    content, words, less = message.get("content"), added.words, {}
    if words and isinstance(content, str) and (content.startswith(words) or content == words.removesuffix(JOINT)):
        less["content"] = content.removeprefix(words) if content.startswith(words) else None
    for key in _REASONING:
        thought = message.get(key)
        if added.reasoning and isinstance(thought, str) and thought.startswith(added.reasoning):
            less[key] = thought.removeprefix(added.reasoning)
    return {**message, **{key: rest or None for key, rest in less.items()}} if less else message
