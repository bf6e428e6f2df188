"""A choice of a streamed answer whose model may look for further tools: no part of a search leaves (behaviour 4.12)."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from adapter.completion.result import ParsedToolCall
from adapter.exchange.search_attempts import SearchAttempts
from adapter.exchange.streamed_choice import StreamedChoice
from adapter.exchange.tool_search import is_search, search_beside, without_searches
from adapter.routing.additions import JOINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.completion.result import ParsedCompletion
    from adapter.events import CallFinished, CallStarted, Event
    from adapter.exchange.attempt import Attempt
    from adapter.prompt.replay import Said


class SearchingChoice(StreamedChoice):
    """A choice of a streamed answer, for a request with a search; see `StreamedChoice`."""

    attempts: SearchAttempts
    _attempts_kind = SearchAttempts

    def __init__(self, *given: Any) -> None:
        self._searched = False
        self._own: dict[Any, ParsedToolCall] = {}  # searches that upstream reads itself, and calls behind them
        self._left_out: set[Any] = set()  # the places of searches behind a call of the caller's
        self._joint = ""  # between words before a search, which have left, and the words to come
        super().__init__(*given)

    @property
    def searches(self) -> list[Said]:
        """The answers with searches, to be remembered."""
        return self.attempts.kept

    @property
    def goes_on(self) -> bool:
        """Upstream is to be asked for more."""
        return self._searched or super().goes_on

    def go_on(self, used: int) -> Attempt:
        """Make ready for the answer after a search; see `StreamedChoice.go_on`."""
        if not self._searched:
            return super().go_on(used)
        self._searched = False
        if self.attempts.words:
            self._joint = JOINT
        self._own = {}
        self._wrote = False  # the words before the search stay, whatever follows
        self.begin()
        return self.attempts.present

    def _looks_further(self, parsed: ParsedCompletion, out: list[bytes]) -> bool:
        """Answer the searches of an answer that begins with one."""
        parsed = dataclasses.replace(parsed, tool_calls=(*self._own.values(), *parsed.tool_calls))
        if self._started or self._native or not is_search(self._request, parsed):
            return False
        if self._words is not None and self._format is None and not self._words.flows and (held := self._words.text()):
            out.append(self._writer.delta(self.index, {"content": held}))
        content = self._answer.words.text() or None
        read = dataclasses.replace(parsed, content=content, reasoning=self._answer.thoughts.text() or None)
        self.attempts.searched(read, self._answer.text.text())
        self._searched = True
        return True

    def _judge(self, parsed: ParsedCompletion, reason: str) -> None:
        super()._judge(without_searches(self._request, parsed, lambda _: None), reason)  # told as they began

    def _beside(self, delta: Mapping[str, Any], out: list[bytes]) -> list[Event]:
        if delta.get("tool_calls") and not self.attempts.present.native:
            delta = {**delta, "tool_calls": [part for part in delta["tool_calls"] if not self._is_own_search(part)]}
        return super()._beside(delta, out)

    def _is_own_search(self, part: Mapping[str, Any]) -> bool:
        """Return True for a piece of a search that upstream reads itself, or of a call behind a search; kept until the end."""
        search, key, function = self._request.search, part.get("index"), part.get("function") or {}
        name = function.get("name") or ""
        if key in self._left_out:
            return True
        if search is None or not (name == search.name or self._own):
            return False
        if self._native or self._started:  # a call of the caller's has left
            if name:
                self._report(search_beside(json.dumps(part)))
            self._left_out.add(key)
            return True
        made = self._own.get(key) or ParsedToolCall(part.get("id") or self._options.new_id(), name, "")
        self._own[key] = dataclasses.replace(made, arguments=made.arguments + (function.get("arguments") or ""))
        return True

    def _start(self, event: CallStarted, finished: CallFinished | None, out: list[bytes]) -> None:
        search = self._request.search
        if search is None or event.name != search.name:
            super()._start(event, finished, out)
        elif self._started:
            self._report(search_beside("" if finished is None else finished.raw))
        else:
            self._answer.held = True

    def _write_text(self, text: str, logprobs: Any, out: list[bytes]) -> None:
        if self._joint and text and not self._answer.held:
            text, self._joint = f"{self._joint}{text}", ""
        super()._write_text(text, logprobs, out)
