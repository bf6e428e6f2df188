"""A request of DashScope's generation API: a chat exchange, answered in DashScope's form (behaviour 9.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.dashscope.frames import error_object
from adapter.api.dashscope.request import read_request
from adapter.api.dashscope.writers import AnswerForm, FrameWriter, WholeAnswer
from adapter.exchange.foreign import chat_answered, in_form, with_error
from adapter.exchange.streamed_chat import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Exchange, Reply, Report


class DashScopeExchange:
    """A request and the answer.

    Args:
        body: The request, with `stream` where the headers ask for a stream.
        setting: The options for the model of the request.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
        parts: The request came to `multimodal-generation`.
    """

    def __init__(
        self,
        body: Mapping[str, Any],
        setting: Setting,
        report: Report,
        clock: Callable[[], float],
        *,
        parts: bool,
    ) -> None:
        self._body = body
        self._setting = setting
        self._report = report
        self._clock = clock
        self._parts = parts
        self._id = setting.options.new_id().rpartition("_")[2]

    def exchange(self) -> Exchange:
        """Return the generator for the shell; errors of every kind have DashScope's form."""
        return in_form(self._answered(), lambda reply: as_dashscope_error(reply, self._id))

    def _answered(self) -> Exchange:
        limit = self._setting.upstream.server.limit
        asked = read_request(self._body, limit, stream=self._body.get("stream") is True, parts=self._parts)
        for problem in asked.told:
            self._report(problem)
        form = AnswerForm(asked.as_message, asked.incremental, asked.parts, self._id)
        writers = FrameWriter(form), WholeAnswer(form)
        return (yield from chat_answered(asked.body, self._setting, self._report, self._clock, writers, EVENTS))


def as_dashscope_error(reply: Reply, request_id: str) -> Reply:
    """Return an error in DashScope's form."""
    return with_error(reply, lambda status, body: error_object(status, body, request_id))
