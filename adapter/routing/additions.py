"""Searches of the model and tools named by a `tool_choice`, kept between the requests of a conversation.

The caller's messages hold neither, but the prompts of earlier turns did. Both are kept under a digest of the messages before
them: the next request begins with the same messages, and gets the same prompt prefix. If they are not kept (another process
answered, or the memory was full), the prompt shows the definitions of all called tools, but has another prefix.
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
    """Searches and tools added to the prompt behind the messages of one digest.

    Attributes:
        rounds: Searches with their results, in order.
        names: Names of tools that a `tool_choice` named; their definitions are shown before the turn.
    """

    rounds: tuple[Round, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Content before the searches. The caller received the content in front of the answer's."""
        return "".join(f"{one.content}{JOINT}" for one in self.rounds if one.content)

    @property
    def reasoning(self) -> str:
        """Reasoning before the searches. The caller received the reasoning in front of the answer's."""
        return "".join(one.reasoning for one in self.rounds)

    @property
    def found(self) -> set[str]:
        """Names of the tools found by the searches, whose definitions the prompt holds."""
        return {name for one in self.rounds for name in one.found}


NOTHING = Addition()


class Additions:
    """Additions by digest: 16,384 conversations and 16 MB at most, least recently used; safe to share between threads."""

    def __init__(self) -> None:
        self._store = MemoryStore(_MOST_PLACES, _MOST_BYTES)

    @property
    def any(self) -> bool:
        """True if an addition is kept, of any conversation."""
        return self._store.count > 0

    def after(self, digests: Sequence[str]) -> dict[int, Addition]:
        """Return the additions of a conversation; the key is the number of messages in front of each."""
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
