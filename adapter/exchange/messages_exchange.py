"""A request of Anthropic's Messages API: a chat exchange, with errors in the API's form (behaviour 9.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.api.messages.request import read_request
from adapter.api.messages.response import error_in, error_object
from adapter.api.messages.whole import WholeMessage
from adapter.api.messages.writer import MessageWriter
from adapter.api.writers import ChatWhole
from adapter.errors import AdapterError
from adapter.events import Problem
from adapter.exchange.errors_on_the_wire import error_reply
from adapter.exchange.protocol import Emit, Exchange, Reply, Report
from adapter.exchange.streamed_chat import StreamedChat
from adapter.exchange.tool_policy import policy_of
from adapter.exchange.upstream_call import ask
from adapter.exchange.whole_chat import WholeChat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.api.messages.request import MessagesRequest
    from adapter.exchange.model_setting import Setting
    from adapter.prompt.replay import Said

# Fields that a count of the prompt's tokens needs not, or may not have.
_UNCOUNTED = frozenset(
    {"stream", "stream_options", "stop", "n", "logprobs", "top_logprobs", "max_tokens", "max_completion_tokens", "temperature"}
    | {"response_format", "json_schema", "grammar", "structured_outputs"}
)
_BYTES_OF_A_TOKEN = 4


class MessagesExchange:
    """A request and the answer.

    Args:
        body: The request.
        setting: The options for the model of the request.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
    """

    def __init__(self, body: Mapping[str, Any], setting: Setting, report: Report, clock: Callable[[], float]) -> None:
        self._body = body
        self._setting = setting
        self._report = report
        self._clock = clock
        self._id = f"msg_{setting.options.new_id().rpartition('_')[2]}"

    def exchange(self) -> Exchange:
        """Return the generator for the shell; errors of every kind have the form of the Messages API."""
        return self._guarded(self._answered())

    def counting(self) -> Exchange:
        """Return the generator for the count of the prompt's tokens."""
        return self._guarded(self._counted())

    def _guarded(self, answering: Exchange) -> Exchange:
        try:
            reply = yield from answering
        except AdapterError as error:
            return as_messages_error(error_reply(error), self._id)
        return None if reply is None else reply if reply.status == 200 else as_messages_error(reply, self._id)

    def _read(self) -> MessagesRequest:
        server = self._setting.upstream.server
        policy, beyond = policy_of(self._setting.options), self._setting.beyond
        request = read_request(self._body, server.limit, server.thinking, policy, beyond)
        for problem in request.told:
            self._report(problem)
        return replace(request, chat=self._setting.routed(request.chat, self._report))

    def _answered(self) -> Exchange:
        request = self._read()
        model = str(self._body.get("model") or "")
        said: Mapping[str, Said] = {}
        if self._setting.past is not None:
            said = yield from self._setting.past.recall(request.chat.messages)
        given: dict[str, Any] = {"thoughts": request.thoughts, "stops": request.stops}
        if not request.chat.stream:
            whole = WholeMessage(self._id, model, **given)
            return (yield from WholeChat(request.chat, self._setting, self._report, self._clock, whole, said).exchange())
        writer = MessageWriter(self._id, model, **given)
        try:
            return (yield from StreamedChat(request.chat, self._setting, self._report, self._clock, writer, said).exchange())
        except AdapterError as error:
            if not writer.started:
                raise
            yield Emit(writer.error(error.to_body()))
            return None

    def _counted(self) -> Exchange:
        """Ask upstream for the shortest answer to the prompt, and return its count of the prompt's tokens."""
        request = self._read()
        chat = WholeChat(request.chat, self._setting, lambda _: None, self._clock, ChatWhole())
        sent = {key: value for key, value in chat.first.body.items() if key not in _UNCOUNTED}
        upstream = self._setting.upstream
        sent[upstream.server.limit if upstream.endpoint.startswith("/chat") else "max_tokens"] = 1
        stream = self._setting.options.upstream_stream == "always"
        reply, completion = yield from ask(sent, self._setting.learnt, sent, stream=stream, endpoint=upstream.endpoint)
        if completion is None:
            return reply
        told = completion.get("usage")
        count = told.get("prompt_tokens") if isinstance(told, dict) else None
        if not isinstance(count, int):
            self._report(
                Problem("wire_mended", "upstream told no usage; the count of tokens is estimated by the prompt's length")
            )
            count = -(-len(str(sent.get("prompt") or sent.get("messages")).encode("utf-8", "replace")) // _BYTES_OF_A_TOKEN)
        return Reply.of_json(200, [("content-type", "application/json")], {"input_tokens": count})


def as_messages_error(reply: Reply, request_id: str) -> Reply:
    """Return an error in the form of the Messages API, with the status and the headers that it has."""
    headers = [(name, value) for name, value in reply.headers if name.lower() not in {"content-type", "request-id"}]
    more = [("content-type", "application/json"), ("request-id", request_id)]
    status = reply.status if reply.status >= 400 else 502
    return Reply.of_json(status, [*headers, *more], error_object(error_in(reply.body), status, request_id))
