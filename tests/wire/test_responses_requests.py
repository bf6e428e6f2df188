"""Responses requests: what upstream gets for each, and what is refused before it gets anything (behaviour 7)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI
from pydantic import BaseModel

import adapter
from tests.facts.completions import CALL
from tests.support.loopback import Upstream, completion, raw_completion, raw_streamed, streamed
from tests.wire.test_responses_events import TIME, TOOLS, WEATHER, create, frames

PNG = "data:image/png;base64,AA=="
PARIS = {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city": "Paris"}'}
NOW = {"type": "function_call", "call_id": "call_2", "name": "get_time", "arguments": "{}"}
SUN = {"type": "function_call_output", "call_id": "call_1", "output": "Sun."}
NOON = {"type": "function_call_output", "call_id": "call_2", "output": "Noon."}
ASK = {"role": "user", "content": "Weather?"}
TIME_CALL = '<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>'


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(parts)}


def said(*texts: str) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": parts}


def thought(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": text}], **more}


def results(*texts: str) -> dict[str, Any]:
    return {"role": "user", "content": "\n".join(f"<tool_response>\n{text}\n</tool_response>" for text in texts)}


def assistant(content: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


# What the model reads after the system message, which has the tools.
CONVERSATIONS: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "a string": ("Weather?", [ASK]),
    "an easy message": ([ASK], [ASK]),
    "a message with one text": ([user({"type": "input_text", "text": "Weather?"})], [ASK]),
    "a message with two texts": (
        [user({"type": "input_text", "text": "A"}, {"type": "input_text", "text": "B"})],
        [{"role": "user", "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]}],
    ),
    "an image": (
        [user({"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": PNG, "detail": "low"})],
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What?"},
                    {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                ],
            }
        ],
    ),
    "a file": (
        [user({"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="})],
        [
            {
                "role": "user",
                "content": [
                    {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}},
                ],
            }
        ],
    ),
    "a call and its output": ([ASK, PARIS, SUN], [ASK, assistant(CALL), results("Sun.")]),
    "text and a call are one message": (
        [ASK, said("I look."), PARIS, SUN],
        [ASK, assistant(f"I look.\n{CALL}"), results("Sun.")],
    ),
    "text around a call": (
        [ASK, said("I look."), PARIS, said(" Wait."), SUN],
        [ASK, assistant(f"I look. Wait.\n{CALL}"), results("Sun.")],
    ),
    "two calls, their outputs the other way round": (
        [ASK, PARIS, NOW, NOON, SUN],
        [ASK, assistant(f"{CALL}\n{TIME_CALL}"), results("Sun.", "Noon.")],
    ),
    "a call, its output, a call, its output": (
        [ASK, PARIS, SUN, NOW, NOON],
        [ASK, assistant(CALL), results("Sun."), assistant(TIME_CALL), results("Noon.")],
    ),
    "an output that comes after the next message": (
        [ASK, PARIS, {"role": "user", "content": "Well?"}, SUN],
        [ASK, assistant(CALL), results("Sun."), {"role": "user", "content": "Well?"}],
    ),
    "an output of parts": (
        [ASK, PARIS, {**SUN, "output": [{"type": "input_text", "text": "Sun"}, {"type": "input_text", "text": "."}]}],
        [ASK, assistant(CALL), results("Sun.")],
    ),
    "an output with an image": (
        [ASK, PARIS, {**SUN, "output": [{"type": "input_text", "text": "Sun."}, {"type": "input_image", "image_url": PNG}]}],
        [
            ASK,
            assistant(CALL),
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<tool_response>\nSun.\n</tool_response>"},
                    {"type": "image_url", "image_url": {"url": PNG}},
                ],
            },
        ],
    ),
    "reasoning goes with the call": (
        [ASK, thought("Look it up."), PARIS, SUN],
        [ASK, assistant(CALL, reasoning_content="Look it up."), results("Sun.")],
    ),
    "reasoning before each of two calls": (
        [ASK, thought("First."), PARIS, thought("Then."), NOW, SUN, NOON],
        [
            ASK,
            assistant(CALL, reasoning_content="First."),
            results("Sun."),
            assistant(TIME_CALL, reasoning_content="Then."),
            results("Noon."),
        ],
    ),
    "a summary where there is nothing else": (
        [ASK, {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Looked."}]}, said("Sun.")],
        [ASK, assistant("Sun.", reasoning_content="Looked.")],
    ),
    "reasoning that nobody can read": (
        [ASK, {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}, said("Sun.")],
        [ASK, assistant("Sun.")],
    ),
    "reasoning alone": ([ASK, thought("Hm."), ASK], [ASK, assistant("", reasoning_content="Hm."), ASK]),
    "two messages of the assistant's": ([ASK, said("One."), said("Two.")], [ASK, assistant("One."), assistant("Two.")]),
    "a refusal": (
        [ASK, {**said(), "content": [{"type": "refusal", "refusal": "No."}]}],
        [ASK, assistant("No.")],
    ),
}


@pytest.mark.parametrize("case", CONVERSATIONS)
def test_input_items_as_messages(case: str) -> None:
    items, wanted = CONVERSATIONS[case]
    with Upstream(completion("Fine.")) as upstream:
        create(upstream, {"reasoning_field": "keep"}, input=items)
        system, *messages = upstream.bodies[0]["messages"]
    assert system["role"] == "system"
    assert '<tools>\n{"type": "function", "function": {"name": "get_weather"' in system["content"]
    assert messages == wanted


@pytest.mark.parametrize("case", CONVERSATIONS)
def test_what_the_model_reads_is_what_it_reads_in_a_chat(case: str) -> None:
    """Tools and history are rendered as those of a chat request are."""
    items, _ = CONVERSATIONS[case]
    tools = [{"type": "function", "function": {key: value for key, value in tool.items() if key != "type"}} for tool in TOOLS]
    with Upstream(completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client)
        wrapped.responses.create(model="m", input=items, tools=TOOLS)
        history = json.loads(json.dumps(_chat_history(items)))
        wrapped.chat.completions.create(model="m", messages=history, tools=tools)  # type: ignore[arg-type]
    assert upstream.bodies[0] == upstream.bodies[1]


def _chat_history(items: Any) -> Any:
    from adapter.api.responses.conversation import chat_messages, input_items

    messages, _, told = chat_messages((), input_items(items))
    assert told == []
    return messages


def test_instructions_and_system_messages() -> None:
    items: Any = [{"role": "developer", "content": "Answer in French."}, ASK]
    with Upstream(completion("Fine.")) as upstream:
        create(upstream, input=items, instructions="Be brief.", tools=[])
    assert upstream.bodies[0]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "system", "content": "Answer in French."},
        ASK,
    ]


def test_what_upstream_is_asked_beside_the_conversation() -> None:
    request: dict[str, Any] = {
        "max_output_tokens": 50,
        "temperature": 0.5,
        "top_p": 0.9,
        "user": "u",
        "service_tier": "flex",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
        "text": {"verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "truncation": "auto",
        "metadata": {"a": "b"},
        "store": False,
        "max_tool_calls": 3,
        "extra_body": {"top_k": 5, "chat_template_kwargs": {"enable_thinking": False}},
    }
    with Upstream(completion("Fine.")) as upstream:
        create(upstream, tools=[], **request)
        assert upstream.received[0].path == "/v1/chat/completions"
    body = {key: value for key, value in upstream.bodies[0].items() if key != "messages"}
    assert body == {
        "model": "m",
        "max_tokens": 50,
        "temperature": 0.5,
        "top_p": 0.9,
        "user": "u",
        "reasoning_effort": "low",
        "top_k": 5,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    with Upstream(completion("Fine.")) as upstream:
        create(upstream, {"server": "openai"}, max_output_tokens=50)
    assert upstream.bodies[0]["max_completion_tokens"] == 50


def test_a_streamed_request_asks_for_its_usage() -> None:
    with Upstream(streamed("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        list(
            adapter.wrap(client).responses.create(
                model="m", input="?", stream=True, stream_options={"include_obfuscation": True}
            )
        )
    assert upstream.bodies[0]["stream_options"] == {"include_usage": True}


def test_an_answer_in_json() -> None:
    form = {"type": "json_schema", "name": "city", "schema": {"type": "object"}, "strict": True}
    with Upstream(completion('{"a": 1}')) as upstream:
        create(upstream, tools=[], text={"format": form})
    described = {"name": "city", "schema": {"type": "object"}, "strict": True}
    assert upstream.bodies[0]["response_format"] == {"type": "json_schema", "json_schema": described}
    with Upstream(completion('{"a": 1}')) as upstream:
        create(upstream, tools=[], text={"format": {"type": "json_object"}})
    assert upstream.bodies[0]["response_format"] == {"type": "json_object"}


class City(BaseModel):
    name: str
    people: int


def test_parse() -> None:
    said = completion('{"name": "Paris", "people": 2000000}')
    with Upstream(said) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        response = adapter.wrap(client).responses.parse(model="m", input="?", text_format=City)
    assert response.output_parsed == City(name="Paris", people=2000000)


def test_parse_of_a_call() -> None:
    strict: Any = {**WEATHER, "parameters": {**WEATHER["parameters"], "additionalProperties": False}, "strict": True}  # type: ignore[dict-item]
    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        response = adapter.wrap(client).responses.parse(model="m", input="?", tools=[strict])
    (item,) = response.output
    assert item.type == "function_call"
    assert item.parsed_arguments == {"city": "Paris"}


def test_the_stream_helper() -> None:
    with (
        Upstream(streamed(*f"I look.\n{CALL}")) as upstream,
        OpenAI(base_url=upstream.url, api_key="key") as client,
        adapter.wrap(client).responses.stream(model="m", input="?", tools=TOOLS) as stream,
    ):
        kinds = [item.type for item in stream]
        response = stream.get_final_response()
    assert kinds[-1] == "response.completed"
    assert response.output_text == "I look."
    assert [item.type for item in response.output] == ["message", "function_call"]


def test_async() -> None:
    async def main() -> tuple[Any, Any]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            wrapped = adapter.wrap(client)
            stream = await wrapped.responses.create(model="m", input="?", tools=TOOLS, stream=True)
            kinds = [item.type async for item in stream]
            return await wrapped.responses.create(model="m", input="?", tools=TOOLS), kinds

    with Upstream(streamed(CALL), completion(CALL)) as upstream:
        response, kinds = asyncio.run(main())
    assert [item.type for item in response.output] == ["function_call"]
    assert kinds[-1] == "response.completed"


def test_the_async_helpers() -> None:
    async def main() -> tuple[Any, Any]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            wrapped = adapter.wrap(client)
            async with wrapped.responses.stream(model="m", input="?", tools=TOOLS) as stream:
                kinds = [item.type async for item in stream]
                assert kinds[-1] == "response.completed"
                streamed_response = await stream.get_final_response()
            return streamed_response, await wrapped.responses.parse(model="m", input="?", text_format=City)

    with Upstream(streamed(*CALL), completion('{"name": "Paris", "people": 2}')) as upstream:
        response, parsed = asyncio.run(main())
    assert [item.type for item in response.output] == ["function_call"]
    assert parsed.output_parsed == City(name="Paris", people=2)


def test_raw_completions_streamed() -> None:
    options = {"upstream": "completions", "chat_template": "chatml"}
    with Upstream(raw_streamed(*f"I look.\n{CALL}")) as upstream:
        found = frames(upstream, options)
        assert upstream.received[0].path == "/v1/completions"
    assert [item["type"] for item in found[-1]["response"]["output"]] == ["message", "function_call"]
    assert found[-1]["response"]["usage"]["total_tokens"] == 15


def test_raw_completions() -> None:
    options = {"upstream": "completions", "chat_template": "chatml"}
    with Upstream(raw_completion(CALL)) as upstream:
        response = create(upstream, options, max_output_tokens=50)
        assert upstream.received[0].path == "/v1/completions"
    assert [item["type"] for item in response["output"]] == ["function_call"]
    assert upstream.bodies[0]["prompt"].endswith("<|im_start|>user\nWeather in Paris?<|im_end|>\n<|im_start|>assistant\n")
    assert upstream.bodies[0]["max_tokens"] == 50


def test_azure() -> None:
    """Azure's newer paths are OpenAI's; the older ones name the deployment, which a Responses request has in its body."""
    with Upstream(completion(CALL)) as upstream:
        root = upstream.url.removesuffix("/v1")
        with AzureOpenAI(azure_endpoint=root, api_key="key", api_version="2025-03-01-preview") as client:
            adapter.wrap(client).responses.create(model="my model", input="?", tools=TOOLS)
        with OpenAI(base_url=f"{root}/openai/v1", api_key="key") as newer:
            adapter.wrap(newer).responses.create(model="m", input="?", tools=TOOLS)

        async def asynchronous() -> None:
            async with AsyncAzureOpenAI(azure_endpoint=root, api_key="key", api_version="2025-03-01-preview") as client:
                await adapter.wrap(client).responses.create(model="m", input="?", tools=TOOLS)

        asyncio.run(asynchronous())
    assert [request.path for request in upstream.received] == [
        "/openai/deployments/my%20model/chat/completions?api-version=2025-03-01-preview",
        "/openai/v1/chat/completions",
        "/openai/deployments/m/chat/completions?api-version=2025-03-01-preview",
    ]


def test_the_preview() -> None:
    from adapter.exchange import preview
    from adapter.options import Options

    body = {"model": "m", "input": "Weather?", "instructions": "Be brief.", "tools": TOOLS}
    messages = preview(body, Options(), lambda: 0.0)["messages"]
    assert messages[0]["content"].startswith("Be brief.\n\n# Tools")
    assert messages[1] == ASK
    with pytest.raises(adapter.BadRequest, match="leave 'previous_response_id' out"):
        preview({**body, "previous_response_id": "resp_1"}, Options(), lambda: 0.0)


CHOICES: dict[str, tuple[Any, str]] = {
    "auto": ("auto", "auto"),
    "none": ("none", "none"),
    "required": ("required", "required"),
    "named": ({"type": "function", "name": "get_time"}, "named"),
    "allowed, auto": ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "get_time"}]}, "auto"),
    "allowed, required": (
        {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "get_time"}]},
        "required",
    ),
}


@pytest.mark.parametrize("case", CHOICES)
def test_tool_choices(case: str) -> None:
    """Each as the chat request's own form of it."""
    choice, _ = CHOICES[case]
    if isinstance(choice, dict):
        tools = [{"type": "function", "function": {"name": tool["name"]}} for tool in choice.get("tools", [])]
        allowed = {"type": "allowed_tools", "allowed_tools": {"mode": choice.get("mode"), "tools": tools}}
        chat: Any = {"type": "function", "function": {"name": "get_time"}} if choice["type"] == "function" else allowed
    else:
        chat = choice
    chat_tools: Any = [{"type": "function", "function": {k: v for k, v in tool.items() if k != "type"}} for tool in TOOLS]
    answer = TIME_CALL if case not in {"auto", "none"} else "Fine."
    with Upstream(completion(answer)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client)
        wrapped.responses.create(model="m", input="?", tools=TOOLS, tool_choice=choice)
        wrapped.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "?"}], tools=chat_tools, tool_choice=chat
        )
    assert upstream.bodies[0] == upstream.bodies[1]


@dataclass(frozen=True)
class Bad:
    id: str
    request: dict[str, Any]
    param: str
    message: str


def tool(**more: Any) -> dict[str, Any]:
    return {"tools": [{**WEATHER, **more}]}


def items(*given: Any) -> dict[str, Any]:
    return {"input": list(given)}


def part(**fields: Any) -> dict[str, Any]:
    return items(user(fields))


BAD = [
    Bad("no input", {"input": None}, "input", "Missing required parameter: 'input'."),
    Bad("input is a number", {"input": 5}, "input", "expected a string or an array of items"),
    Bad("an item is a word", items("x"), "input[0]", "expected an object"),
    Bad("an item without a type", items({"text": "x"}), "input[0].type", "Missing required parameter"),
    Bad("an item of another world", items({"type": "robot_call", "id": "ws_1"}), "input[0].type", "no place for it"),
    Bad("a reference", items({"type": "item_reference", "id": "msg_1"}), "input[0].type", "MemoryStore"),
    Bad("a role of another world", items({"role": "tool", "content": "x"}), "input[0].role", "'user', 'assistant'"),
    Bad("a message without content", items({"role": "user"}), "input[0].content", "Missing required parameter"),
    Bad("a part of another world", part(type="input_video", url="x"), "input[0].content[0].type", "'input_text'"),
    Bad("a part is a word", items({"role": "user", "content": ["x"]}), "input[0].content[0]", "expected an object"),
    Bad("a text part without text", part(type="input_text"), "input[0].content[0].text", "Missing required parameter"),
    Bad("an image by file id", part(type="input_image", file_id="file_1"), "input[0].content[0].file_id", "no store of files"),
    Bad("an image of nothing", part(type="input_image"), "input[0].content[0].image_url", "Missing required parameter"),
    Bad("a file by URL", part(type="input_file", file_url="https://x"), "input[0].content[0].file_url", "file_data"),
    Bad("a file by id", part(type="input_file", file_id="file_1"), "input[0].content[0].file_id", "no store of files"),
    Bad(
        "an image of the assistant's",
        items({"role": "assistant", "content": [{"type": "input_image", "image_url": PNG}]}),
        "input[0].content[0].type",
        "text only",
    ),
    Bad("a call without its output", items(ASK, PARIS), "input", "No tool output found for function call call_1."),
    Bad("an output without its call", items(ASK, SUN), "input[1].call_id", "No tool call found for function call output"),
    Bad("an output twice", items(ASK, PARIS, SUN, SUN), "input[3].call_id", "has an output already"),
    Bad("a call id twice", items(ASK, PARIS, PARIS, SUN), "input[2].call_id", "Another call has it too"),
    Bad("a call without an id", items({**PARIS, "call_id": None}, SUN), "input[0].call_id", "Missing required parameter"),
    Bad("an output without an id", items(PARIS, {**SUN, "call_id": None}), "input[1].call_id", "Missing required parameter"),
    Bad("no items", items(), "input", "at least one item"),
    Bad("two answers", {"extra_body": {"n": 2}}, "n", "a single answer"),
    Bad("a call without a name", items({**PARIS, "name": None}, SUN), "input[0].name", "Missing required parameter"),
    Bad("arguments that are no text", items({**PARIS, "arguments": {}}, SUN), "input[0].arguments", "expected a string"),
    Bad("an output of nothing", items(PARIS, {**SUN, "output": None}), "input[1].output", "Missing required parameter"),
    Bad("a tool of another world", {"tools": [{"type": "web_search"}]}, "tools[0].type", "web_search"),
    Bad("a custom tool without a name", {"tools": [{"type": "custom"}]}, "tools[0].name", "Missing"),
    Bad("a tool of nothing", {"tools": [{"type": "function"}]}, "tools[0].name", "Missing"),
    Bad("a wrong schema", tool(parameters={"type": "float"}), "tools[0].parameters", "float"),
    Bad("a wrong name", tool(name="a b"), "tools[0].name", "a b"),
    Bad("a name twice", {"tools": [WEATHER, WEATHER]}, "tools[1].name", "Duplicate"),
    Bad("strict is a word", tool(strict="yes"), "tools[0].strict", "true or false"),
    Bad("a choice of another world", {"tool_choice": {"type": "web_search"}}, "tool_choice", "allowed_tools"),
    Bad("a choice that is a number", {"tool_choice": 5}, "tool_choice", "'auto'"),
    Bad("a choice that is a list", {"tool_choice": ["auto"]}, "tool_choice", "'auto'"),
    Bad("a choice of nothing", {"tool_choice": {"type": "function"}}, "tool_choice.name", "Missing required parameter"),
    Bad("a choice of an unknown tool", {"tool_choice": {"type": "function", "name": "x"}}, "tool_choice.name", "'x' not found"),
    Bad("a choice without tools", {"tools": [], "tool_choice": "required"}, "tool_choice", "must be specified with 'tools'"),
    Bad("stream is a word", {"extra_body": {"stream": "yes"}}, "stream", "true or false"),
    Bad("parallel is a word", {"parallel_tool_calls": "yes"}, "parallel_tool_calls", "true or false"),
    Bad("instructions are a list", {"instructions": [ASK]}, "instructions", "expected a string"),
    Bad("no tokens", {"max_output_tokens": 0}, "max_output_tokens", "from 1 up"),
    Bad("tokens are a word", {"max_output_tokens": "many"}, "max_output_tokens", "a whole number"),
    Bad("a format of another world", {"text": {"format": {"type": "grammar"}}}, "text.format.type", "'json_schema'"),
    Bad("a format without a name", {"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format.name", "Missing"),
    Bad(
        "a format without a schema", {"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema", "object"
    ),
    Bad("a summary", {"reasoning": {"summary": "long"}}, "reasoning.summary", "'auto'"),
    Bad("in the background", {"background": True}, "background", "leave it out"),
    Bad("a conversation", {"conversation": "conv_1"}, "conversation", "previous_response_id"),
    Bad("a stored prompt", {"prompt": {"id": "p"}}, "prompt", "instructions"),
    Bad("include is a word", {"include": "x"}, "include", "an array of strings"),
    Bad("an earlier response and no store", {"previous_response_id": "resp_1"}, "previous_response_id", "MemoryStore"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", BAD, ids=lambda case: case.id)
def test_what_is_refused(case: Bad, stream: bool) -> None:
    with Upstream(completion("never")) as upstream:
        request = {**case.request} if case.id == "stream is a word" else {"stream": stream, **case.request}
        with pytest.raises(openai.BadRequestError) as raised:
            create(upstream, {"history": "strict"}, **request)
        assert upstream.received == []
    assert raised.value.param == case.param
    body: Any = raised.value.body
    assert case.message in body["message"]


@pytest.mark.parametrize("path", ["compact", "input_tokens"])
def test_what_cannot_be_had_does_not_reach_upstream(path: str) -> None:
    with Upstream(completion("never")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        with pytest.raises(openai.BadRequestError, match=path):
            adapter.wrap(client).post(f"/responses/{path}", body={"model": "m", "input": "?"}, cast_to=object)
        assert upstream.received == []


def test_what_a_flat_definition_says_besides_is_not_for_the_model() -> None:
    flat: Any = {**TIME, "defer_loading": True, "allowed_callers": ["direct"], "output_schema": {"type": "object"}}
    with Upstream(completion("Fine.")) as upstream:
        create(upstream, tools=[flat])
        create(upstream, tools=[TIME])
    assert upstream.bodies[0] == upstream.bodies[1]
