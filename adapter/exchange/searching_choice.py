"""A choice of a streamed answer whose model may look for further tools: no part of a search leaves (behaviour 4.12)."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from adapter.completion.result import ParsedToolCall
from adapter.exchange.search_attempts import SearchAttempts
from adapter.exchange.streamed_answer import left_out
from adapter.exchange.streamed_choice import StreamedChoice
from adapter.exchange.tool_search import is_search, search_beside, spoken, without_searches
from adapter.routing.additions import JOINT
from adapter.text.buffer import TextBuffer

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
        self._joint = ""  # between words beside a search, which have left, and the words to come
        self._behind = TextBuffer()  # words behind a search, which are kept until the end
        self._unanswered: list[CallFinished] = []  # searches in the text
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
        self._own, self._behind, self._unanswered = {}, TextBuffer(), []
        self._wrote = False  # the words before the search stay, whatever follows
        self.begin()
        return self.attempts.present

    def _looks_further(self, parsed: ParsedCompletion, out: list[bytes]) -> bool:
        """Answer the searches of an answer that begins with one."""
        parsed = dataclasses.replace(parsed, tool_calls=(*self._own.values(), *parsed.tool_calls))
        if self._started or self._native or not is_search(self._request, parsed):
            return False
        behind = self._behind.text()
        before = self._answer.words.text().removesuffix(behind)
        words = spoken(behind, parsed.problems)
        held = self._words.text() if self._words is not None and not self._words.flows else ""
        if self._format is None and held + words:
            out.append(self._writer.delta(self.index, {"content": held + words}))
        read = dataclasses.replace(parsed, content=before + words or None, reasoning=self._answer.thoughts.text() or None)
        self.attempts.searched(read, self._answer.text.text())
        self._searched = True
        return True

    def _judge(self, parsed: ParsedCompletion, reason: str) -> None:
        super()._judge(without_searches(self._request, parsed, self._report), reason)

    def finish(self, reason: str, extra: Mapping[str, Any], out: list[bytes]) -> None:
        """End the choice; see `StreamedChoice.finish`."""
        super().finish(reason, extra, out)
        if self._native:
            for event in self._unanswered:
                self._report(left_out(event))

    def _finished(self, event: CallFinished, out: list[bytes]) -> None:
        if event.name == self._request.search_name and not self._native:
            self._unanswered.append(event)
        super()._finished(event, out)

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
        elif not self._started:
            self._answer.held = True

    def _write_text(self, text: str, logprobs: Any, out: list[bytes]) -> None:
        if self._answer.held:
            self._behind.append(text)
        elif self._joint and text:
            text, self._joint = f"{self._joint}{text}", ""
        super()._write_text(text, logprobs, out)
