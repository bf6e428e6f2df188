"""The sweep of hostile schemas: each in six stages of a request, and each stage ends in a result or one clear error (behaviour 5.1).

Stages: definitions are read; arguments are held against the schema; prompts are rendered, with worked examples; constraints are
made for servers; calls are read, coerced and streamed; an answer is asked for again through the client, on loopback. An error
is a 400 whose `param` names the place in the tool. A stage has a limit of processor time, twenty times what any takes.
`docs/security.md` has the table.
"""

from __future__ import annotations

import contextlib
import json
import signal
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import OpenAI

import adapter
from adapter import CompletionParser, read_tools
from adapter.dialects.registry import load
from adapter.errors import AdapterError, BadRequest
from adapter.exchange import preview
from adapter.options import make_options
from adapter.schema.compiled import messages
from tests.support.hostile_schemas import KEYWORDS, READ, ROWS, WHOLE, WRONG, Row, about
from tests.support.loopback import Upstream, completion
from tests.support.rows import row
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapter import ToolSet

MOST = 60  # seconds of processor time, for one stage of one schema
DIALECTS = ("hermes", "qwen3-coder", "gemma-4", "minimax-m3", "kimi-k3", "llama-4")
RUNGS = (("llama.cpp", "grammar"), ("vllm", "grammar"), ("openai", "json_schema"))
DEEP: Any = json.loads('{"a": ' * 60 + "1" + "}" * 60)
VALUES: list[dict[str, Any]] = [
    {}, {"a": 1}, {"a": "a" * 60 + "!"}, {"a": [{"k": n} for n in range(30)]}, {"a": 1e308}, {"a": None}, {"a": True}, DEEP, {"a": ["5"]},
]  # fmt: skip


class TooLongAtWork(BaseException):
    """A stage has used up its processor time."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TooLongAtWork` after so much processor time: a neighbour on the machine changes nothing."""

    def stop(*_: object) -> None:
        raise TooLongAtWork

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def tools_of(one: Row) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": one.name, "description": "x", "parameters": one.schema}}]


def body_of(one: Row, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": tools_of(one), **more}


def reads(one: Row, dialects: tuple[str, ...]) -> None:
    del dialects
    read_tools(tools_of(one))


def validates(one: Row, dialects: tuple[str, ...]) -> None:
    del dialects
    schema = read_tools(tools_of(one)).tools[0].schema
    for value in VALUES:
        assert all(messages(schema.errors(value)))


def renders(one: Row, dialects: tuple[str, ...]) -> None:
    for dialect in dialects:
        preview(body_of(one), make_options({"dialect": dialect, "examples": "auto"}), lambda: 0.0)


def constrains(one: Row, dialects: tuple[str, ...]) -> None:
    for dialect in dialects[:2]:
        for server, rung in RUNGS:
            options = make_options({"dialect": dialect, "server": server, "enforce": rung})
            preview(body_of(one, tool_choice="required"), options, lambda: 0.0)


def calls(one: Row, dialects: tuple[str, ...]) -> None:
    tools = read_tools(tools_of(one))
    for dialect in dialects:
        for value in VALUES:
            with contextlib.suppress(AdapterError, RecursionError):  # a value that the dialect cannot write
                text = load(dialect).assistant("", [load(dialect).tool_call(one.name, value, "call_1")])
                check_call(text, tools, dialect)


def check_call(text: str, tools: ToolSet, dialect: str) -> None:
    """Whole and in pieces give the same calls, in JSON; or a call whose text had left when it should have become no text is refused."""
    whole = [(call.name, call.arguments, call.valid) for call in adapter.parse(text, tools, dialect=dialect).tool_calls]
    parser = CompletionParser(tools, dialect=dialect, stream_calls="incremental")
    events = [event for start in range(0, len(text), 7) for event in parser.feed(text[start : start + 7])] + parser.close()
    found = [(event.name, event.arguments, event.valid) for event in events if isinstance(event, adapter.events.CallFinished)]
    refused = not found and any(isinstance(event, adapter.events.Problem) for event in events)
    assert found == whole or (refused and any(valid for _, _, valid in whole)), (dialect, text)
    for _, arguments, _ in whole:
        json.loads(arguments)


def asks_again(one: Row, dialects: tuple[str, ...]) -> None:
    del dialects
    name = json.dumps(one.name)
    wrong, right = (f'<tool_call>{{"name": {name}, "arguments": {given}}}</tool_call>' for given in ("5", "{}"))
    try:
        json.dumps(body_of(one), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return  # the openai client cannot send halves of surrogates
    with (
        Upstream(completion(wrong), completion(right)) as upstream,
        OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client,
    ):
        try:
            adapter.wrap(client).chat.completions.create(**body_of(one))
        except openai.UnprocessableEntityError as error:  # the second answer is refused too
            assert error.code == "invalid_tool_call"  # noqa: PT017
        except openai.BadRequestError as error:
            raise BadRequest(error.message, param=error.param) from error
        assert {request.method for request in upstream.received} == {"POST"}
        assert len(upstream.received) == 2


STAGES: dict[str, Callable[[Row, tuple[str, ...]], None]] = {
    "read": reads, "validated": validates, "rendered": renders, "constrained": constrains, "called": calls, "asked again": asks_again,
}  # fmt: skip


def end_of(stage: str, one: Row, dialects: tuple[str, ...] = ("hermes",)) -> str:
    """Return the end of a stage: `read`, or the place of the fault."""
    with row(schema=one.id, stage=stage), limited(MOST):
        try:
            STAGES[stage](one, dialects)
        except BadRequest as error:
            assert error.message  # noqa: PT017
            assert str(error.param).startswith("tools[0].function"), f"{error.param}: {error.message}"  # noqa: PT017
            return str(error.param)
        except openai.APIConnectionError as error:
            raise error.__cause__ or error from None
    return READ


@pytest.mark.both_tiers
def test_every_schema_in_six_stages() -> None:
    assert len(ROWS) >= 124
    for number, one in enumerate(few_or_all([one for one in ROWS if len(one.id) % 4 == 0 and "000" not in one.id], ROWS)):
        turn = number % len(DIALECTS)
        dialects = ("hermes", *(DIALECTS[1:] * 2)[turn : turn + 2])
        first = end_of("read", one)
        assert first == one.end, one.id
        for stage in list(STAGES)[1:] if first == READ else ():
            end_of(stage, one, dialects)


@pytest.mark.proof
def test_every_keyword_with_a_value_of_a_wrong_kind() -> None:
    rows = [Row(f"{key}: {value!r:.30}", about({key: value})) for key in KEYWORDS for value in WRONG]
    assert len(rows) >= 1_173
    for number, one in enumerate(rows):
        end = end_of("read", one)
        assert end == READ or end.startswith(WHOLE), one.id
        for stage in ("validated", "rendered", "constrained", "called") if end == READ else ():
            end_of(stage, one, (DIALECTS[number % len(DIALECTS)],))


def test_a_reference_to_a_server_is_not_fetched() -> None:
    with Upstream(completion("x")) as upstream:
        for keyword in ("$ref", "$dynamicRef", "$schema", "$id"):
            one = Row(keyword, about({keyword: f"{upstream.url}/schema.json"}, **{"$id": upstream.url, "$ref": "other.json"}))
            for stage in list(STAGES)[:-1]:
                assert end_of(stage, one) == READ
        assert upstream.received == []
