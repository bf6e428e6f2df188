"""Requests without tools, whose answers pass as they are (behaviour 4.10).

Upstream understands most of them unchanged. Their messages are put into the form that the options ask for, like those of other
requests: agents ask for the title of a conversation in two turns of the user's, without a tool.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.dialects.registry import resolve
from adapter.errors import BadRequest, UpstreamFailed
from adapter.exchange.errors_on_the_wire import error_of, error_reply
from adapter.exchange.protocol import READ, Emit, Exchange, Start, read
from adapter.exchange.refused_fields import may_be_taken_back
from adapter.exchange.sending import Waiting, read_all, send
from adapter.exchange.upstream_call import ask, is_stream
from adapter.exchange.watching import present_watch
from adapter.prompt.conversation import to_plain_messages
from adapter.prompt.history import place_in_messages
from adapter.prompt.native import without_native
from adapter.prompt.readable import readable
from adapter.text.wire_json import read_json, write_json
from adapter.tools.choice import ToolChoice
from adapter.tools.definitions import ToolSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adapter.events import Problem
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Command, Headers, Reply, Report
    from adapter.options import Options

_WAITING = b": waiting\n\n"  # a comment, which readers of events skip
# Members about tools, of a request that offers none: they ask for nothing, and upstream may not know them.
_OF_TOOLS = frozenset({"tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"})


def exchange_without_tools(body: Mapping[str, Any], setting: Setting, report: Report) -> Exchange | None:
    """Return the exchange for a chat request without tools; None for a request that goes upstream as it is.

    While somebody watches, no request goes upstream as it is.

    Args:
        body: The caller's body.
        setting: The options for the model.
        report: Called with each `Problem`.
    """
    noted: list[Problem] = []
    sent = body_without_tools(body, setting, noted.append)
    joined = setting.options.upstream_stream == "always" and not body.get("stream")
    if sent == body and not joined and not may_be_taken_back(body) and present_watch() is None:
        return None
    for problem in noted:
        report(problem)
    return _joined(sent, setting) if joined else _passed(sent, setting)


def body_without_tools(body: Mapping[str, Any], setting: Setting, report: Report) -> dict[str, Any]:
    """Return the request for upstream; messages that are malformed stay, for upstream to refuse in its own words."""
    gone = {*_OF_TOOLS, *setting.learnt.left_out(body, setting.upstream.server, setting.options.server)}
    sent = {key: value for key, value in body.items() if key not in gone}
    messages = body.get("messages")
    if isinstance(messages, list) and messages:
        try:
            sent["messages"] = _readable(messages, setting, report)
        except BadRequest:
            sent["messages"] = messages
    return sent


def _readable(messages: list[Any], setting: Setting, report: Report) -> Any:
    options, dialect = setting.options, resolve(setting.options.dialect)
    # As long as no reasoning was taken out of a text here, reasoning in the history is upstream's own.
    own = "" if setting.learnt.thinks_in_text else REASONING
    known = setting.upstream.server.reasoning or setting.learnt.reasoning or own
    plain, _ = readable(messages, dialect, options, known, report, place_in_messages)
    if options.merge_system or options.merge_turns:
        return _merged(plain, options)
    if "developer" in dialect.roles:
        return plain
    return [{**message, "role": "system"} if message.get("role") == "developer" else message for message in plain]


def _merged(messages: Sequence[Mapping[str, Any]], options: Options) -> list[dict[str, Any]]:
    """Return the messages with turns, or system messages, joined; markup stays, because no answer is read here."""
    dialect = resolve(options.dialect, options.result_role)
    as_given = dataclasses.replace(options, neutralise=False)
    return without_native(to_plain_messages(messages, ToolSet(), ToolChoice("none"), None, dialect, as_given))


def _joined(body: dict[str, Any], setting: Setting) -> Exchange:
    """Ask an upstream that only streams."""
    reply, _ = yield from ask(body, setting.learnt, body, stream=True)
    return reply


def _passed(body: dict[str, Any], setting: Setting) -> Exchange:
    """Send the request, and hand the answer on."""
    if body.get("stream"):
        return (yield from _Stream(setting).passed(body))
    return (yield from send(body, setting.learnt, body))


def _last(reply: Reply) -> bytes:
    """Return the last event of a stream that upstream answered with a document: the completion in it, or an error."""
    try:
        value = read_json(reply.body) if reply.status == 200 else error_of(reply)
    except ValueError:
        value = error_of(reply)
    return b"data: " + write_json(value) + b"\n\n"


class _Stream:
    """A stream handed on, with signs of life while upstream is silent.

    Args:
        setting: The options for the model.
    """

    def __init__(self, setting: Setting) -> None:
        self._learnt = setting.learnt
        self._patience = setting.options.alive_after
        self._started = False

    def passed(self, body: dict[str, Any]) -> Exchange:
        """Send the request, and hand the answer on; a failure within a response that has begun is its last event."""
        try:
            reply = yield from send(body, self._learnt, body, stream=True, waiting=Waiting(self._patience, self._alive))
            answer = yield from self._handed_on(reply)
        except UpstreamFailed as error:
            if not self._started:
                raise
            answer = error_reply(error)
        if answer is not None and self._started:
            yield Emit(_last(answer))
            return None
        return answer

    def _handed_on(self, reply: Reply) -> Exchange:
        """Hand a stream on. Returns any other answer, whole."""
        if reply.status != 200:
            return (yield from read_all(reply))
        first = b"" if is_stream(reply) else (yield from read())
        if first.lstrip().startswith((b"{", b"[")):  # a document: handed on when whole, lest a broken one look whole
            rest = yield from read_all(reply)
            return dataclasses.replace(rest, body=first + rest.body)
        yield from self._start(reply.status, reply.headers)
        end = b"\n\n"  # of all that was handed on: a sign of life stands between two events
        data: bytes | None = first or (yield READ)
        while data != b"":
            if data is not None:
                end = (end + data)[-4:]
                yield Emit(data)
            elif end.endswith((b"\n\n", b"\r\n\r\n")):
                yield Emit(_WAITING)
            data = yield READ
        return None

    def _start(self, status: int, headers: Headers) -> Iterator[Command]:
        """Begin the response, unless a sign of life has begun the response already."""
        if not self._started:
            self._started = True
            yield Start(status, headers, self._patience)

    def _alive(self) -> Iterator[Command]:
        """Yield the commands of a sign of life while upstream sends no head."""
        yield from self._start(200, [("content-type", "text/event-stream; charset=utf-8")])
        yield Emit(_WAITING)
