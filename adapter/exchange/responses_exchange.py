"""A Responses request: a chat exchange, with the items of earlier responses from the store (behaviour 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.api.responses.request import read_request
from adapter.api.responses.response import new_response
from adapter.api.responses.whole import WholeResponse
from adapter.api.responses.writer import ResponseWriter
from adapter.api.writers import ChatWhole
from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.exchange.protocol import Emit, Exchange, Reply, Report
from adapter.exchange.stored_responses import NO_STORE, context_of, keep, record_of, with_references
from adapter.exchange.streamed_chat import StreamedChat
from adapter.exchange.tool_policy import policy_of
from adapter.exchange.whole_chat import WholeChat

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from adapter.api.responses.request import ResponsesRequest
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Command
    from adapter.prompt.replay import Said


class ResponsesExchange:
    """A Responses request and the answer.

    Args:
        body: The request.
        setting: The options for the model of the request.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
    """

    def __init__(self, body: Mapping[str, Any], setting: Setting, report: Report, clock: Callable[[], float]) -> None:
        self._body = body
        self._setting = setting
        self._options = setting.options
        self._report = report
        self._clock = clock

    def exchange(self) -> Exchange:
        """Return the generator for the shell.

        Raises:
            BadRequest: The request is wrong; `param` names the place.
        """
        body = yield from with_references(self._options.store, self._body)
        context = yield from context_of(self._options.store, body)
        strict = self._options.history == "strict"
        limit, policy, beyond = self._setting.upstream.server.limit, policy_of(self._options), self._setting.beyond
        request = read_request(body, context, limit, policy, strict=strict, beyond=beyond)
        request = replace(request, chat=self._setting.routed(request.chat, self._report))
        for problem in request.told:
            self._report(problem)
        if body.get("store") is True and self._options.store is None:
            self._report(Problem("unstored", f"'store' is true and the response is not kept. {NO_STORE}."))
        writer = self._writer(request)
        said = {} if self._setting.past is None else (yield from self._setting.past.recall(request.chat.messages))
        if request.stream:
            return (yield from self._streamed(request, writer, said))
        return (yield from self._whole(request, writer, said))

    def _writer(self, request: ResponsesRequest) -> ResponseWriter:
        new_id = self._options.new_id
        stored = self._options.store is not None and self._body.get("store") is not False
        response = new_response(request, f"resp_{new_id().rpartition('_')[2]}", self._clock(), stored=stored)
        return ResponseWriter(
            response,
            new_id=new_id,
            clock=self._clock,
            logprobs=request.logprobs,
            summaries=request.summaries,
            report=self._report,
            forms=request.chat.forms,
        )

    def _streamed(self, request: ResponsesRequest, writer: ResponseWriter, said: Mapping[str, Said]) -> Exchange:
        chat = StreamedChat(request.chat, self._setting, self._report, self._clock, writer, said)
        reply = yield from chat.exchange()
        if reply is None and writer.over:
            yield from self._keep(request, writer)
            yield Emit(writer.last())
        return reply

    def _whole(self, request: ResponsesRequest, writer: ResponseWriter, said: Mapping[str, Said]) -> Exchange:
        whole = WholeResponse(writer, request.chat.top_logprobs)
        chat = WholeChat(request.chat, self._setting, self._report, self._clock, whole, said)
        reply = yield from chat.exchange()
        if reply is None or not writer.over:
            return reply
        self._setting.learnt.usage(writer.response["usage"]["total_tokens"] or None)
        yield from self._keep(request, writer)
        return Reply.of_json(reply.status, reply.headers, writer.response)

    def _keep(self, request: ResponsesRequest, writer: ResponseWriter) -> Generator[Command, Any, None]:
        """Store the response before the caller sees the last event: the next request may name the response at once."""
        if not writer.response["store"] or self._options.store is None:
            return
        problem = yield from keep(self._options.store, record_of(writer.response, request.items))
        if problem is not None:
            writer.response["store"] = False
            self._report(Problem("unstored", problem))


def first_attempt(body: Mapping[str, Any], setting: Setting, clock: Callable[[], float], report: Report) -> Attempt:
    """Return the first attempt at a Responses request without earlier responses.

    Raises:
        BadRequest: The request is wrong, or goes on from an earlier response; `param` names the place.
    """
    if body.get("previous_response_id") is not None:
        message = "What was said before is in the store of the client that was there: leave 'previous_response_id' out."
        raise BadRequest(message, param="previous_response_id")
    strict = setting.options.history == "strict"
    request = read_request(body, (), setting.upstream.server.limit, policy_of(setting.options), strict=strict)
    for problem in request.told:
        report(problem)
    return WholeChat(request.chat, setting, report, clock, ChatWhole()).first
