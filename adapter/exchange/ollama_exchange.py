"""A request of Ollama's `/api/chat` or `/api/generate`: a chat exchange, answered in lines of JSON (behaviour 9.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.ollama.answer import AnswerObjects, error_object
from adapter.api.ollama.request import read_chat, read_generate
from adapter.api.ollama.writers import LineWriter, WholeAnswer, line
from adapter.exchange.foreign import chat_answered, in_form, with_error
from adapter.exchange.protocol import Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Report

LINES = "application/x-ndjson"


class OllamaExchange:
    """A request and the answer.

    Args:
        body: The request.
        setting: The options for the model of the request.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
        generate: The request came to `/api/generate`.
    """

    def __init__(
        self, body: Mapping[str, Any], setting: Setting, report: Report, clock: Callable[[], float], *, generate: bool
    ) -> None:
        self._reads = read_generate if generate else read_chat
        self._body = body
        self._setting = setting
        self._report = report
        self._clock = clock

    def exchange(self) -> Exchange:
        """Return the generator for the shell; errors of every kind have Ollama's form."""
        return in_form(self._answered(), as_ollama_error)

    def _answered(self) -> Exchange:
        server = self._setting.upstream.server
        asked = self._reads(self._body, server.limit, server.thinking)
        for problem in asked.told:
            self._report(problem)
        objects = AnswerObjects(asked.model, generate=asked.generate, clock=self._clock)
        if asked.loads:  # upstream has loaded the model, or does so when asked
            kind = LINES if asked.body.get("stream") else "application/json"
            return Reply(200, [("content-type", kind)], line(objects.last("load", None, {})))
        writers = LineWriter(objects, self._report), WholeAnswer(objects, self._report)
        return (yield from chat_answered(asked.body, self._setting, self._report, self._clock, writers, LINES))


def as_ollama_error(reply: Reply) -> Reply:
    """Return an error in Ollama's form."""
    return with_error(reply, lambda _, body: error_object(body))
