"""A Responses request: a chat exchange, with the items of earlier responses from the store (behaviour 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.responses.request import read_request
from adapter.api.responses.response import new_response
from adapter.api.responses.whole import WholeResponse
from adapter.api.responses.writer import ResponseWriter
from adapter.api.writers import ChatWhole
from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.exchange.protocol import Emit, Exchange, Reply, Report
from adapter.exchange.stored_responses import context_of, keep, record_of
from adapter.exchange.streamed_chat import StreamedChat
from adapter.exchange.whole_chat import WholeChat

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from adapter.api.responses.request import ResponsesRequest
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Command


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
        self._options, self._upstream, _ = setting
        self._report = report
        self._clock = clock

    def exchange(self) -> Exchange:
        """Return the generator for the shell.

        Raises:
            BadRequest: The request is wrong; `param` names the place.
        """
        context = yield from context_of(self._options.store, self._body)
        request = read_request(self._body, context, self._upstream.server.limit)
        writer = self._writer(request)
        if request.stream:
            return (yield from self._streamed(request, writer))
        return (yield from self._whole(request, writer))

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
        )

    def _streamed(self, request: ResponsesRequest, writer: ResponseWriter) -> Exchange:
        chat = StreamedChat(request.chat, self._options, self._report, self._clock, self._upstream, writer)
        reply = yield from chat.exchange()
        if reply is None and writer.over:
            yield from self._keep(request, writer)
            yield Emit(writer.last())
        return reply

    def _whole(self, request: ResponsesRequest, writer: ResponseWriter) -> Exchange:
        chat = WholeChat(
            request.chat, self._options, self._report, self._upstream, WholeResponse(writer, request.chat.top_logprobs)
        )
        reply = yield from chat.exchange()
        if reply is None or not writer.over:
            return reply
        yield from self._keep(request, writer)
        return Reply.of_json(reply.status, reply.headers, writer.response)

    def _keep(self, request: ResponsesRequest, writer: ResponseWriter) -> Generator[Command, Any, None]:
        """Store the response before the caller sees the last event: the next request may name the response at once."""
        if not writer.response["store"] or self._options.store is None:
            return
        problem = yield from keep(self._options.store, record_of(writer.response, request.items, self._options.new_id))
        if problem is not None:
            writer.response["store"] = False
            self._report(Problem("unstored", problem))


def preview_body(body: Mapping[str, Any], setting: Setting) -> dict[str, Any]:
    """Return the request that upstream would get for a Responses request without earlier responses.

    Raises:
        BadRequest: The request is wrong, or goes on from an earlier response; `param` names the place.
    """
    options, upstream, _ = setting
    if body.get("previous_response_id") is not None:
        message = "What was said before is in the store of the client that was there: leave 'previous_response_id' out."
        raise BadRequest(message, param="previous_response_id")
    request = read_request(body, (), upstream.server.limit)
    return WholeChat(request.chat, options, lambda _: None, upstream, ChatWhole()).upstream_body()
