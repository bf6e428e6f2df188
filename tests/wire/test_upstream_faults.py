"""The sweep of upstream's faults: a real server with each, and a caller who gets an answer or an error of the client's own.

Each fault meets whole and streamed requests, Chat and Responses, chat and raw upstreams; with a call in its answer that is
right, and with one that its schema refuses. `docs/security.md` has the table.
"""

from __future__ import annotations

import importlib
import itertools
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

import adapter
from adapter.errors import AdapterError
from tests.facts.completions import CALL
from tests.support.loopback import Upstream
from tests.support.rows import row
from tests.support.tiers import few_or_all
from tests.support.upstream_faults import FAULTS, SILENT, Sound
from tests.wire.test_transport import USABLE
from tests.wire.test_upstream_forms import MODES, request_of

if TYPE_CHECKING:
    from tests.support.loopback import Received, Reply

RIGHT = f"I look. {CALL}"
REFUSED = RIGHT.replace('"Paris"', "[5]")
WANTED = [("get_weather", '{"city": "Paris"}')]
OWN_CALL = "native calls of a tool"
UPSTREAMS: dict[str, dict[str, Any]] = {"chat": {}, "raw": {"upstream": "completions", "chat_template": "chatml"}}
HTTP = [importlib.import_module(name) for name in USABLE]
# openai 2.x hands on what httpx raises while a stream is read; 3.x makes its own error of it.
OWN = (openai.APIError, *(module.HTTPError for module in HTTP if int(openai.__version__.partition(".")[0]) < 3))
CAUSES = (AdapterError, *(module.HTTPError for module in HTTP), *(module.InvalidURL for module in HTTP))


def runnable(client: OpenAI, mode: str) -> list[tuple[str, str]]:
    """Ask, and return the calls that a caller would run."""
    request = request_of(mode)
    if mode == "chat":
        answer = client.chat.completions.create(**request)
        ChatCompletion.model_validate(answer.model_dump(), strict=True)
        return [
            (call.function.name, call.function.arguments)
            for choice in answer.choices if choice.finish_reason == "tool_calls"
            for call in choice.message.tool_calls or ()
        ]  # fmt: skip
    if mode == "chat stream":
        return of_stream(client, request)
    if mode == "responses":
        response = client.responses.create(**request)
    else:
        last = [item.response for item in client.responses.create(**request) if item.type == "response.completed"]
        if not last:
            return []
        response = last[-1]
    return [(item.name, item.arguments) for item in response.output if item.type == "function_call"]


def of_stream(client: OpenAI, request: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the calls of the choices of a stream that end in calls."""
    calls: dict[tuple[int, int], list[str]] = {}
    ended = set()
    for one in client.chat.completions.create(**request):
        ChatCompletionChunk.model_validate(one.model_dump(), strict=True)
        for choice in one.choices:
            for call in choice.delta.tool_calls or ():
                given = calls.setdefault((choice.index, call.index), ["", ""])
                given[0] += call.function.name or ""
                given[1] += call.function.arguments or ""
            if choice.finish_reason == "tool_calls":
                ended.add(choice.index)
    return [(name, arguments) for (index, _), (name, arguments) in calls.items() if index in ended]


def check(client: OpenAI, fault: str, mode: str, kind: str, text: str) -> str:
    """Ask an upstream with a fault. Returns the end: `answer`, or the name of the error."""

    def reply(request: Received) -> Reply:
        return FAULTS[fault](Sound(text, bool(request.body and request.body.get("stream")), kind == "raw"))

    with Upstream(reply) as upstream:
        patience = 0.3 if fault in SILENT else 60
        asked = adapter.wrap(client.with_options(base_url=upstream.url, timeout=patience), retries=0, **UPSTREAMS[kind])
        try:
            found = runnable(asked, mode)
        except OWN as error:
            # either end is right
            assert isinstance(error.__cause__, CAUSES) or type(error) is not openai.APIConnectionError, repr(error.__cause__)  # noqa: PT017
            assert str(error)  # noqa: PT017
            return type(error).__name__
    if fault == OWN_CALL and kind == "chat":  # an upstream that makes calls itself is believed, and calls in its text are words
        assert not any("get_weather" in name for name, _ in found), f"runnable: {found}"
        return "answer"
    assert all(call in WANTED for call in found), f"runnable: {found}"
    assert text == RIGHT or not found, f"a refused call: {found}"
    return "answer"


@pytest.mark.both_tiers
def test_every_fault_ends_in_an_answer_or_an_error_of_the_client() -> None:
    rows = list(itertools.product(FAULTS, MODES, UPSTREAMS, ("right", "refused")))
    assert len(FAULTS) >= 174
    assert len(rows) >= 2_784
    with OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0) as client:
        for fault, mode, kind, call in few_or_all(rows[:: 16 * 5 + 3], rows):
            with row(fault=fault, mode=mode, upstream=kind, call=call):
                check(client, fault, mode, kind, RIGHT if call == "right" else REFUSED)
