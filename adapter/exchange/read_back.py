"""An answer of upstream's read from its bytes once more, for a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.aggregate import Aggregator
from adapter.api.chat.response import reasoning_of
from adapter.api.chunk_reader import Text
from adapter.api.upstream_answer import read_answer
from adapter.api.upstream_events import Done, UpstreamFault
from adapter.api.upstream_reader import TextReader, reader_for
from adapter.errors import UpstreamTooLarge
from adapter.records import RecordedCall

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUOTED = 200


class ReadBack(NamedTuple):
    """An answer, as far as a record tells it.

    Attributes:
        completions: The text of each choice.
        reasoning: The reasoning of the first choice.
        finish_reason: Upstream's word for the first choice.
        response_id: The id of the answer.
        response_model: The model that answered.
        calls: Calls in upstream's own form.
        usage: Upstream's count of tokens.
        error: Upstream's error; empty for an answer.
        finished: The answer has its end.
    """

    completions: tuple[str, ...] = ()
    reasoning: str = ""
    finish_reason: str = ""
    response_id: str = ""
    response_model: str = ""
    calls: tuple[RecordedCall, ...] = ()
    usage: Mapping[str, Any] | None = None
    error: str = ""
    finished: bool = False


def read_back(raw: bytes, status: int) -> ReadBack:
    """Read an answer.

    Args:
        raw: The body, or its beginning.
        status: The HTTP status.
    """
    if not 200 <= status < 300:
        shown = raw[:_QUOTED].decode("utf-8", "replace")
        return ReadBack(error=f"upstream answered with status {status}: {shown}", finished=True)
    answer = read_answer(raw)
    if not isinstance(answer, UpstreamFault):
        return _told(answer.body, finished=True)
    try:
        return _from_chunks(raw)
    except UpstreamTooLarge as error:
        return ReadBack(error=error.message)


def _from_chunks(raw: bytes) -> ReadBack:
    reader = reader_for(raw, max(len(raw), 1)) or TextReader()
    aggregator, error, ended = Aggregator(), "", False
    for item in [*reader.feed(raw), *reader.close()]:
        if isinstance(item, UpstreamFault):
            error = str(item.body.get("error", {}).get("message") or item.body)
        elif isinstance(item, Text):
            aggregator.add({"choices": [{"index": item.choice, "delta": {"content": item.text}}]})
        elif isinstance(item, Done):
            ended = True
        else:
            aggregator.add(item.body)
    told = _told(aggregator.completion(), finished=ended or aggregator.finished)
    return told._replace(error=error)


def _told(completion: Mapping[str, Any], *, finished: bool) -> ReadBack:
    choices = completion.get("choices") or []
    messages = [choice.get("message") or {} for choice in choices]
    calls = [call.get("function") or {} for message in messages for call in message.get("tool_calls") or ()]
    texts = [message.get("content") or "" for message in messages]
    usage = completion.get("usage")
    return ReadBack(
        completions=tuple(text if isinstance(text, str) else str(text) for text in texts),
        reasoning=reasoning_of(messages[0]) if messages else "",
        finish_reason=str(choices[0].get("finish_reason") or "") if choices else "",
        response_id=str(completion.get("id") or ""),
        response_model=str(completion.get("model") or ""),
        calls=tuple(RecordedCall(str(call.get("name") or ""), str(call.get("arguments") or "")) for call in calls),
        usage=usage if isinstance(usage, dict) else None,
        finished=finished,
    )
