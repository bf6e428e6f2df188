"""The memory of answers with calls, whose text is shown to the model again (behaviour 4.9)."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Any

from adapter.errors import StoreFailed
from adapter.events import Problem
from adapter.exchange.on_store import on_store
from adapter.prompt.replay import Said, first_ids
from adapter.store.base import StoreFull
from adapter.store.bounded import BoundedMap
from adapter.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from adapter.completion.result import ParsedCompletion
    from adapter.exchange.protocol import Command, Report
    from adapter.options import Options
    from adapter.store.base import Store

# Bounds of the memory of a client without a store.
_MOST_ANSWERS, _MOST_BYTES = 4096, 16 * 1024 * 1024
PREFIX = "said:"  # of keys in a store
# Problems of answers whose text says more than the caller got.
_MORE = frozenset({"extra_call", "invented_result", "unreadable", "contradicted", "cut"})


class PastAnswers:
    """A bounded memory of answers, by the id of their first call.

    The client's own memory keeps the answers as they are; a store, whose values are bytes, gets them as JSON.

    Args:
        store: The caller's store; None for a memory of the client's own.
        report: Called with a `Problem` for an answer that cannot be stored.
    """

    def __init__(self, store: Store | None, report: Report) -> None:
        self._store = store
        self._own: BoundedMap[Said] = BoundedMap(_MOST_ANSWERS, _MOST_BYTES)  # empty beside a store
        self._report = report
        self._waits = store is not None and not isinstance(store, MemoryStore)

    @classmethod
    def of(cls, options: Options, report: Report) -> PastAnswers | None:
        """Return the memory that the options ask for; None without `replay`."""
        return cls(options.store, report) if options.replay else None

    def recall(self, messages: Any) -> Generator[Command, Any, dict[str, Said]]:
        """Return the known answers among the messages of a request, by the id of their first call."""
        ids = list(dict.fromkeys(first_ids(messages)))
        if not ids:
            return {}
        try:
            found: dict[str, Said] = (yield from on_store(lambda: self._found(ids))) if self._waits else self._found(ids)
        except StoreFailed as error:
            self._report(Problem("unstored", f"the texts of earlier answers cannot be read: {error.message}"))
            return {}
        return found

    def _found(self, ids: Sequence[str]) -> dict[str, Said]:
        if self._store is None:
            return {call_id: said for call_id in ids if (said := self._own.get(PREFIX + call_id)) is not None}
        found: dict[str, Said] = {}
        keys = [PREFIX + call_id for call_id in ids]
        many = getattr(self._store, "get_many", None)  # one turn to a server
        values = map(self._store.get, keys) if many is None else many(keys)
        for call_id, data in zip(ids, values, strict=True):
            if data is not None:
                found[call_id] = Said.from_bytes(data)
        return found

    def keep(self, answers: Sequence[Said]) -> Generator[Command, Any, None]:
        """Store answers."""
        if not answers:
            return
        try:
            if self._waits:
                yield from on_store(lambda: self._put(answers))
            else:
                self._put(answers)
        except StoreFailed as error:
            self._report(Problem("unstored", f"the text of an answer is not kept: {error.message}"))

    def _put(self, answers: Sequence[Said]) -> None:
        for said in answers:
            key = PREFIX + said.calls[0][0]
            try:
                if self._store is None:
                    self._own.put(key, said, _size(said))
                else:
                    self._store.put(key, said.to_bytes())
            except StoreFull as error:
                self._report(Problem("unstored", f"the text of an answer is not kept: {error}"))


def _size(said: Said) -> int:
    """Return the bytes that an answer takes in memory."""
    texts = [said.text, said.content, said.reasoning, *itertools.chain.from_iterable(said.calls)]
    return sum(map(sys.getsizeof, texts))


def said_in(text: str, parsed: ParsedCompletion, handed: Sequence[tuple[str, str, str]]) -> Said | None:
    """Return an answer to be remembered; None without calls, or if its calls are not those that were handed out.

    An id that the model wrote itself (`functions.get_weather:0`) is no key: another conversation may have the same, with other
    thoughts in its text.

    Args:
        text: The answer, as the model wrote it.
        parsed: The answer, read.
        handed: Ids, names and arguments of the calls that the caller got.
    """
    calls = tuple((call.id, call.name, call.arguments) for call in parsed.tool_calls)
    more = bool(parsed.problems) and any(problem.kind in _MORE for problem in parsed.problems)
    if not calls or more or calls != tuple(handed) or any(call_id in text for call_id, _, _ in calls):
        return None
    return Said(text, parsed.content or "", parsed.reasoning or "", calls)
