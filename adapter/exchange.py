"""One request and its response, as a generator that shells drive: `reply = yield UpstreamRequest(body)`.

No I/O happens here. A shell sends each yielded request upstream and sends the reply in; the generator's return value is the
reply for the caller. Errors of the caller and refused answers are raised as `AdapterError`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api import chat
from adapter.completion.parser import CompletionParser
from adapter.completion.policy import Fault, find_fault, reask_turns, refusal
from adapter.completion.result import ParsedCompletion, assemble
from adapter.completion.rules import Rules
from adapter.dialects.registry import resolve
from adapter.enforce.json_schema import response_format
from adapter.events import Problem
from adapter.prompt.conversation import to_plain_messages
from adapter.tools.choice import ToolChoice

if TYPE_CHECKING:
    from adapter.options import Options


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """A request to send upstream, to the URL and with the headers of the caller's.

    Attributes:
        body: The JSON body in place of the caller's.
    """

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: what upstream said, or what the caller gets.

    Attributes:
        status: HTTP status.
        headers: Names and values, in order.
        body: The decoded body.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


Exchange: TypeAlias = Generator[UpstreamRequest, Reply, Reply]
OpenExchange: TypeAlias = Callable[[str, bytes], Exchange | None]
Report: TypeAlias = Callable[[Problem], None]


def opener(options: Options, report: Report) -> OpenExchange:
    """The function that a shell asks about each request.

    Args:
        options: The caller's choices.
        report: Told of every repair, coercion, re-ask and refusal.

    Raises:
        DialectError: The options name a dialect that cannot be loaded.
    """
    resolve(options.dialect)

    def open_exchange(path: str, body: bytes) -> Exchange | None:
        """An exchange for a request with tools; None for one that upstream understands as it is."""
        if not path.endswith("/chat/completions"):
            return None
        try:
            request = json.loads(body)
        except ValueError:
            return None  # upstream says what is wrong with it
        read = chat.read_request(request) if isinstance(request, dict) else None
        return None if read is None else _Chat(read, options, report).exchange()

    return open_exchange


def preview(body: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """The request that upstream would get for a chat request; one that does not concern tools is returned as it is.

    Raises:
        BadRequest: The request is wrong; `param` says where.
    """
    request = chat.read_request(body)
    return dict(body) if request is None else _Chat(request, options, lambda _: None).upstream_body()


class _Chat:
    """A chat request on its way."""

    def __init__(self, request: chat.ChatRequest, options: Options, report: Report) -> None:
        self._request = request
        self._options = options
        self._report = report
        self._dialect = resolve(options.dialect)
        enforced = options.enforce == "json_schema" and request.choice.forced
        self._format = response_format(request.tools.only(request.choice.allowed)) if enforced else None
        parallel = False if request.legacy else request.parallel  # the legacy answer holds one call
        choice = request.choice if request.tools else ToolChoice("none")  # a call of nothing is text
        self._rules = Rules(request.tools, choice, parallel, constrained=enforced)
        self._messages = to_plain_messages(request.messages, request.tools, choice, request.parallel, self._dialect)

    def upstream_body(self) -> dict[str, Any]:
        return chat.upstream_body(self._request, self._messages, self._format)

    def exchange(self) -> Exchange:
        reply = yield UpstreamRequest(self.upstream_body())
        completion = chat.read_completion(reply.status, reply.body)
        if completion is None:
            return reply
        for position, choice in enumerate(completion["choices"]):
            if choice["message"].get("tool_calls"):
                continue  # upstream can call tools after all
            settled = yield from self._settle(choice)
            if isinstance(settled, Reply):
                return settled
            completion["choices"][position], usage = settled
            if usage is not None:
                completion["usage"] = chat.add_usage(completion.get("usage"), usage)
        return Reply(200, reply.headers, json.dumps(completion).encode())

    def _settle(
        self, choice: dict[str, Any]
    ) -> Generator[UpstreamRequest, Reply, Reply | tuple[dict[str, Any], dict[str, Any] | None]]:
        """Ask again until an answer can stand. Returns it with the usage of the re-asks, or upstream's error."""
        messages = self._messages
        usage: Any = None
        attempts = 0
        while True:
            text = choice["message"].get("content") or ""
            finish_reason = choice.get("finish_reason") or "stop"
            parsed = self._parse(text, finish_reason, self._rules)
            fault = find_fault(parsed, self._rules, finish_reason)
            if fault is None:
                break
            if attempts == self._options.retries:
                parsed = self._last_resort(text, finish_reason, parsed, fault)
                break
            attempts += 1
            self._report(Problem("reask", fault.message, text))
            messages = [*messages, *reask_turns(text, parsed, fault, self._dialect)]
            reply = yield UpstreamRequest(chat.upstream_body(self._request, messages, self._format, n=1))
            again = chat.read_completion(reply.status, reply.body)
            if again is None or not again["choices"]:
                return reply
            usage = chat.add_usage(usage, again.get("usage"))
            choice = {**again["choices"][0], "index": choice.get("index", 0)}
        return chat.choice_for(self._request, choice, parsed, self._options), usage

    def _last_resort(self, text: str, finish_reason: str, parsed: ParsedCompletion, fault: Fault) -> ParsedCompletion:
        """What becomes of an answer that is still at fault after the last attempt."""
        error = refusal(fault, self._options)
        if error is not None:
            self._report(Problem("refused", error.message, text))
            raise error
        if self._options.on_invalid == "text":
            return self._parse(text, finish_reason, dataclasses.replace(self._rules, invalid_as_text=True))
        return parsed

    def _parse(self, text: str, finish_reason: str, rules: Rules) -> ParsedCompletion:
        parser = CompletionParser.for_rules(rules, self._options)
        parsed = assemble(parser.feed(text) + parser.close(finish_reason), finish_reason)
        for problem in parsed.problems:
            self._report(problem)
        return parsed
