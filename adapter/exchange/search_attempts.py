"""Attempts at an answer whose model may look for further tools (behaviour 4.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.errors import RefusedAnswer
from adapter.exchange.attempts import Attempts
from adapter.exchange.request_plan import RequestPlan
from adapter.exchange.retry_policy import shown_whole
from adapter.exchange.tool_search import answered
from adapter.exchange.watching import present_watch
from adapter.prompt.replay import Said

if TYPE_CHECKING:
    from adapter.completion.result import ParsedCompletion
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.protocol import Report
    from adapter.options import Options


class SearchAttempts(Attempts):
    """The attempts at a choice of an answer, with the searches between them.

    A search takes no attempt of `retries`: it is bounded by itself.

    Attributes:
        words: The words beside the searches, which are a part of the caller's answer, in order.
        reasoning: The reasoning before the searches, likewise.
        kept: The answers with searches, to be remembered.
    """

    __slots__ = ("kept", "reasoning", "words")

    def __init__(self, plan: RequestPlan, present: Attempt, options: Options, report: Report) -> None:
        super().__init__(plan, present, options, report)
        self.words: list[str] = []
        self.reasoning = ""
        self.kept: list[Said] = []

    def searched(self, parsed: ParsedCompletion, text: str) -> None:
        """Answer the searches of an answer that begins with one; `present` is the attempt with the tools found.

        Args:
            parsed: The answer.
            text: The answer as the model wrote it.

        Raises:
            RefusedAnswer: The model goes on searching.
        """
        if (watch := present_watch()) is not None:
            watch.tell_answer(self.present, parsed)
        before = self.plan
        try:
            found = answered(before.asked, parsed, self._report)
        except RefusedAnswer as error:
            raise self.refused(error, shown_whole(text, parsed), parsed.problems) from None
        texts = dict(before.texts)
        calls = tuple((call.id, call.name, call.arguments) for call in parsed.tool_calls)
        made = found.calls == calls and all(call.raw and call.raw in text for call in parsed.tool_calls)
        in_words = not self.present.native and not any(call_id in text for call_id, _, _ in calls)
        if self._options.replay and made and in_words:
            said = Said(text, found.words, parsed.reasoning or "", calls)
            texts[calls[0][0]] = said
            self.kept.append(said)
        self.words += [found.words] if found.words else []
        self.reasoning += parsed.reasoning or ""
        self.goes_on_with(RequestPlan(found.request, before.setting, texts))
        for problem in self.present.problems():
            if problem not in before.first.noted:
                self._report(problem)
