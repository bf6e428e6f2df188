"""Past calls on the way upstream (behaviour 4.9): byte for byte as the model wrote them, where nothing was changed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.facts.tools import ANY, TIME, WEATHER
from tests.support.loopback import Answer, Stream, Upstream, completion, raw_completion, streamed
from tests.support.tiers import in_turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapter.demo.engine import Engine
    from tests.support.loopback import Received

USER: Any = {"role": "user", "content": "Weather?"}
TOOLS: list[Any] = [WEATHER, TIME, ANY]
FLAT: list[Any] = [{"type": "function", **tool["function"]} for tool in TOOLS]
SPELLINGS = {
    "as the template writes it": '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
    "on one line": '<tool_call>{"name": "get_weather", "arguments": {"city": "Oslo"}}</tool_call>',
    "without spaces": '<tool_call>{"name":"get_weather","arguments":{"city":"Oslo"}}</tool_call>',
    "indented": '<tool_call>\n{\n  "name": "get_weather",\n  "arguments": {\n    "city": "Oslo"\n  }\n}\n</tool_call>',
    "arguments first": '<tool_call>{"arguments": {"city": "Oslo"}, "name": "get_weather"}</tool_call>',
    "parameters for arguments": '<tool_call>{"name": "get_weather", "parameters": {"city": "Oslo"}}</tool_call>',
    "arguments as a string": '<tool_call>{"name": "get_weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}</tool_call>',
    "escapes": '<tool_call>{"name": "get_weather", "arguments": {"city": "\\u004fslo\\u0021"}}</tool_call>',
    "a number in an odd spelling": '<tool_call>{"name": "get_weather", "arguments": {"city": "Oslo", "days": 1e0}}</tool_call>',
    "a number as text, coerced": '<tool_call>{"name": "get_weather", "arguments": {"city": "Oslo", "days": "3"}}</tool_call>',
    "single quotes, repaired": "<tool_call>{'name': 'get_weather', 'arguments': {'city': 'Oslo'}}</tool_call>",
    "no closing tag": '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}',
    "words before": 'I look it up. \n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
    "white space behind": '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>\n \n',
    "in a fence": '```json\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>\n```',
    "two calls in one block": '<tool_call>[{"name": "get_weather", "arguments": {"city": "Oslo"}}, {"name": "get_time"}]</tool_call>',
    "two blocks on a line": '<tool_call>{"name": "get_time", "arguments": {}}</tool_call><tool_call>{"name": "f", "arguments": {"b": 1, "a": 2}}</tool_call>',
    "bare": '{"name": "get_weather", "arguments": {"city": "Oslo"}}',
    "thinking": '<think>\nHm.\n\n</think>\n\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
}  # fmt: skip
ONE = SPELLINGS["without spaces"]


def answering(text: str) -> Callable[[Received], Answer | Stream]:
    """A model that writes a text, and words where results are there."""

    def answer(request: Received) -> Answer | Stream:
        said = "Done." if "tool_response" in json.dumps(request.body) else text
        if "prompt" in request.body:
            return raw_completion(said)
        return (
            streamed(*(said[at : at + 7] for at in range(0, len(said), 7))) if request.body.get("stream") else completion(said)
        )

    return answer


def result(call: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call.id, "content": "fine"}


def chat(client: OpenAI, *, stream: bool = False, change: Callable[[dict[str, Any]], Any] = lambda message: message) -> None:
    """A call, its results, and the answer, over chat completions."""
    if stream:
        with client.chat.completions.stream(model="m", messages=[USER], tools=TOOLS) as events:
            message: Any = events.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model="m", messages=[USER], tools=TOOLS).choices[0].message
    history: list[Any] = [USER, change(message.model_dump(exclude_none=True)), *map(result, message.tool_calls)]
    assert client.chat.completions.create(model="m", messages=history, tools=TOOLS).choices[0].message.content == "Done."


def responses(client: OpenAI, *, stream: bool = False) -> None:
    """The same over the Responses API, the items passed back as they came."""
    if stream:
        with client.responses.stream(model="m", input=[USER], tools=FLAT) as events:
            answer: Any = events.get_final_response()
    else:
        answer = client.responses.create(model="m", input=[USER], tools=FLAT)
    items = [item.model_dump(exclude_none=True) for item in answer.output]
    calls = [item for item in items if item["type"] == "function_call"]
    results = [{"type": "function_call_output", "call_id": call["call_id"], "output": "fine"} for call in calls]
    history: list[Any] = [USER, *items, *results]
    assert client.responses.create(model="m", input=history, tools=FLAT).output_text == "Done."


def shown(upstream: Upstream) -> str:
    """The assistant's text in the last request."""
    texts = [message["content"] for message in upstream.bodies[-1]["messages"] if message["role"] == "assistant"]
    assert len(texts) == 1
    return str(texts[0])


WAYS = [
    pytest.param(chat, id="chat"),
    pytest.param(lambda client: chat(client, stream=True), id="chat, streamed"),
    pytest.param(responses, id="responses"),
    pytest.param(lambda client: responses(client, stream=True), id="responses, streamed"),
]


@pytest.mark.both_tiers
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_call_is_shown_as_it_was_written(spelling: str) -> None:
    text = SPELLINGS[spelling]
    for way in in_turn(WAYS, list(SPELLINGS).index(spelling)):
        with Upstream(answering(text)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
            way.values[0](adapter.wrap(client))  # type: ignore[operator]  # a table of any values
            assert shown(upstream) == text


@pytest.mark.parametrize("way", WAYS)
def test_validated_streams_too(way: Callable[[OpenAI], None]) -> None:
    with Upstream(answering(ONE)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
        way(adapter.wrap(client, stream_calls="validated"))
        assert shown(upstream) == ONE


def test_async() -> None:
    async def talk(url: str) -> None:
        async with AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as plain:
            client = adapter.wrap(plain)
            answer = await client.chat.completions.create(model="m", messages=[USER], tools=TOOLS)
            message: Any = answer.choices[0].message
            history: list[Any] = [USER, message, *map(result, message.tool_calls)]
            await client.chat.completions.create(model="m", messages=history, tools=TOOLS)

    with Upstream(answering(ONE)) as upstream:
        asyncio.run(talk(upstream.url))
        assert shown(upstream) == ONE


def other_argument(message: dict[str, Any]) -> dict[str, Any]:
    message["tool_calls"][0]["function"]["arguments"] = '{"city": "Bergen"}'
    return message


def other_spelling(message: dict[str, Any]) -> dict[str, Any]:
    message["tool_calls"][0]["function"]["arguments"] = '{ "city":"Oslo" }'
    return message


def other_words(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "content": "I would rather not."}


ANEW = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "%s"}}\n</tool_call>'
CHANGES = [
    pytest.param(other_argument, ANEW % "Bergen", id="another argument"),
    pytest.param(other_words, "I would rather not.\n" + ANEW % "Oslo", id="other words"),
    pytest.param(other_spelling, ONE, id="the arguments in another spelling are the same call"),
]


@pytest.mark.parametrize(("change", "text"), CHANGES)
def test_a_changed_call_is_rendered_anew(change: Any, text: str) -> None:
    with Upstream(answering(ONE)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
        chat(adapter.wrap(client), change=change)
        assert shown(upstream) == text


MORE = [
    pytest.param(f"{ONE}\n<tool_response>fine</tool_response>", {}, id="an invented result"),
    pytest.param(ONE, {"replay": False}, id="without replay"),
]


@pytest.mark.parametrize(("text", "options"), MORE)
@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_says_more_is_rendered_anew(way: Any, text: str, options: Any) -> None:
    with Upstream(answering(text)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
        way(adapter.wrap(client, **options))
        assert shown(upstream) == ANEW % "Oslo"


def test_reasoning_of_an_older_turn_is_left_out() -> None:
    text = SPELLINGS["thinking"].replace(", ", ",")
    with Upstream(answering(text)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as plain:
        client = adapter.wrap(plain)
        message: Any = client.chat.completions.create(model="m", messages=[USER], tools=TOOLS).choices[0].message
        history: list[Any] = [USER, message, *map(result, message.tool_calls)]
        client.chat.completions.create(model="m", messages=history, tools=TOOLS)
        assert shown(upstream) == text
        client.chat.completions.create(model="m", messages=[*history, USER], tools=TOOLS)
        assert shown(upstream) == text.partition("</think>\n\n")[2]


def test_an_id_of_the_models_own_may_be_that_of_another_conversation() -> None:
    call = "functions.get_weather:0<|tool_call_argument_begin|>%s<|tool_call_end|><|tool_calls_section_end|>"
    written = f"<think>A secret.</think><|tool_calls_section_begin|><|tool_call_begin|>{call}"
    with Upstream(completion(written % '{"city":"Oslo"}')) as upstream, OpenAI(base_url=upstream.url, api_key="k") as plain:
        client = adapter.wrap(plain, dialect="kimi-k2")
        message: Any = client.chat.completions.create(model="m", messages=[USER], tools=TOOLS).choices[0].message
        assert message.tool_calls[0].id == "functions.get_weather:0"
        theirs: list[Any] = [
            USER,
            {"role": "assistant", "tool_calls": message.model_dump()["tool_calls"]},
            result(message.tool_calls[0]),
        ]
        client.chat.completions.create(model="m", messages=theirs, tools=TOOLS)
        assert "A secret." not in shown(upstream)
        assert '{"city": "Oslo"}' in shown(upstream)


def test_other_clients_know_nothing_of_it() -> None:
    with Upstream(answering(ONE)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as plain:
        message: Any = adapter.wrap(plain).chat.completions.create(model="m", messages=[USER], tools=TOOLS).choices[0].message
        history: list[Any] = [USER, message, *map(result, message.tool_calls)]
        adapter.wrap(plain).chat.completions.create(model="m", messages=history, tools=TOOLS)
        assert shown(upstream) == ANEW % "Oslo"


TALK = """
import json, sys
from openai import OpenAI
import adapter
url, path, tools, history = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
client = adapter.wrap(OpenAI(base_url=url, api_key="k", max_retries=0), store=adapter.SqliteStore(path))
message = client.chat.completions.create(model="m", messages=history, tools=tools).choices[0].message
print(json.dumps(message.model_dump(exclude_none=True)))
"""


@pytest.mark.proof
def test_a_store_keeps_texts_between_processes(tmp_path: Path) -> None:
    def process(history: list[Any]) -> Any:
        words = [sys.executable, "-c", TALK, upstream.url, str(tmp_path / "s.db"), json.dumps(TOOLS), json.dumps(history)]
        return json.loads(subprocess.run(words, check=True, capture_output=True, timeout=60, text=True).stdout)

    with Upstream(answering(ONE)) as upstream:
        message = process([USER])
        call_id = message["tool_calls"][0]["id"]
        process([USER, message, {"role": "tool", "tool_call_id": call_id, "content": "fine"}])
        assert shown(upstream) == ONE


class Broken:
    """A store that fails."""

    def get(self, key: str) -> bytes | None:
        raise OSError(f"no disk for {key}")

    def put(self, key: str, value: bytes) -> None:
        raise OSError(f"no disk for {key} of {len(value)} bytes")

    def delete(self, key: str) -> bool:
        raise OSError(f"no disk for {key}")


def test_a_failing_store_is_told_and_stops_nothing() -> None:
    told: list[adapter.Problem] = []
    with Upstream(answering(ONE)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
        chat(adapter.wrap(client, store=Broken(), on_event=told.append))
        assert shown(upstream) == ANEW % "Oslo"
    assert [problem.kind for problem in told] == ["unstored", "unstored"]


def test_kept_texts_are_no_responses() -> None:
    store = adapter.MemoryStore()
    with Upstream(answering(ONE)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as plain:
        client = adapter.wrap(plain, store=store)
        message: Any = client.chat.completions.create(model="m", messages=[USER], tools=TOOLS).choices[0].message
        key = f"said:{message.tool_calls[0].id}"
        assert store.get(key) is not None
        with pytest.raises(Exception, match="not found"):
            client.responses.retrieve(key)
        with pytest.raises(Exception, match="not found"):
            client.responses.delete(key)


def test_the_prompt_goes_on_from_the_last_completion() -> None:
    """Raw completions: the next prompt begins with the last prompt and the last completion."""
    with Upstream(answering(ONE)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
        chat(adapter.wrap(client, upstream="completions", chat_template="chatml"))
        first, second = (body["prompt"] for body in upstream.bodies)
        assert second.startswith(first + ONE)


def turns(client: OpenAI, count: int) -> list[tuple[int, int]]:
    """Turns of a conversation with a call in each: the tokens of each prompt that were processed, and all of its tokens."""
    history: list[Any] = [{"role": "system", "content": "You help."}]
    found = []
    for number, city in enumerate(
        ["Oslo", "Paris", "Rome", "Lima", "Cairo", "Delhi", "Tokyo", "Quito", "Bonn", "Riga"][:count]
    ):
        history.append({"role": "user", "content": f"What is the weather in {city} for {number + 2} days?"})
        request: dict[str, Any] = {"tool_choice": "required", "temperature": 0.8, "seed": number, "max_tokens": 80}
        answer = client.chat.completions.create(model="m", messages=history, tools=TOOLS[:1], **request)
        message: Any = answer.choices[0].message
        assert answer.usage is not None
        found.append(((answer.model_extra or {})["timings"]["prompt_n"], answer.usage.prompt_tokens))
        history += [message.model_dump(exclude_none=True), *map(result, message.tool_calls)]
    return found


@pytest.mark.engine
@pytest.mark.proof
@pytest.mark.xdist_group("engine")
def test_the_cache_of_a_real_server_holds(engine: Engine) -> None:
    """A call as the structured output of a server, in its own spelling, is processed again at each turn; replayed, it is not."""
    with OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0, timeout=120) as plain:
        known: Any = {"server": "llama.cpp", "enforce": "json_schema", "on_invalid": "return"}
        anew = turns(adapter.wrap(plain, replay=False, **known), 6)
        again = turns(adapter.wrap(plain, **known), 6)
    processed, processed_anew = (sum(now for now, _ in found[1:]) for found in (again, anew))
    assert processed < 0.8 * processed_anew, (again, anew)
