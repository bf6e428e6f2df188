"""Exchanges of wires that are not OpenAI's: a chat exchange inside, errors in the wire's own form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.chat.request import read_request
from adapter.errors import AdapterError
from adapter.exchange.errors_on_the_wire import error_reply
from adapter.exchange.protocol import Emit, Exchange, Reply
from adapter.exchange.streamed_chat import StreamedChat
from adapter.exchange.tool_policy import policy_of
from adapter.exchange.whole_chat import WholeChat
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.api.writers import StreamWriter, WholeWriter
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Report

_FAILED = 400
_QUOTED = 200  # characters of an upstream's error page


def chat_answered(
    body: Mapping[str, Any],
    setting: Setting,
    report: Report,
    clock: Callable[[], float],
    writers: tuple[StreamWriter, WholeWriter],
    media_type: str,
) -> Exchange:
    """Answer a chat request with the writers of another wire.

    Args:
        body: The request, as a chat request.
        setting: The options for the model.
        report: Called with each `Problem`.
        clock: The time in seconds since the epoch.
        writers: Write the answer, streamed and whole.
        media_type: The type of a streamed answer.

    Raises:
        AdapterError: The request is wrong, or the answer was refused before it began.
    """
    request = read_request(body, always=True, policy=policy_of(setting.options), beyond=setting.beyond)
    if request is None:
        raise TypeError("a request that is always read was not read")
    request = setting.routed(request, report)
    said = {} if setting.past is None else (yield from setting.past.recall(request.messages))
    stream, whole = writers
    if not request.stream:
        return (yield from WholeChat(request, setting, report, clock, whole, said).exchange())
    try:
        return (yield from StreamedChat(request, setting, report, clock, stream, said, media_type=media_type).exchange())
    except AdapterError as error:
        if not stream.begun:
            raise
        yield Emit(stream.error(error.to_body()))
        return None


def in_form(answering: Exchange, formed: Callable[[Reply], Reply]) -> Exchange:
    """Answer with errors in a wire's form.

    Args:
        answering: Answers; errors are raised, or replies in OpenAI's form or upstream's.
        formed: Writes an error in the wire's form.
    """
    try:
        reply = yield from answering
    except AdapterError as raised:
        reply = error_reply(raised)
    return reply if reply is None or reply.status < _FAILED else formed(reply)


def with_error(reply: Reply, error: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Reply:
    """Return an error with another body; the status and the headers stay.

    Args:
        reply: The error, in OpenAI's form or upstream's.
        error: Writes the body, for the status and the body in OpenAI's form.
    """
    headers = [(name, value) for name, value in reply.headers if name.lower() != "content-type"]
    return Reply.of_json(reply.status, [*headers, ("content-type", "application/json")], error(reply.status, _error_in(reply)))


def _error_in(reply: Reply) -> dict[str, Any]:
    """Return an error in OpenAI's form, for a reply in any."""
    try:
        body = read_json(reply.body)
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("error"), dict | str):
        return body
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return {"error": body}
    shown = reply.body[:_QUOTED].decode("utf-8", "replace")
    return {"error": {"message": f"Upstream answered with status {reply.status}: {shown}"}}
