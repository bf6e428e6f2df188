"""Raw completions upstream: a conversation goes out as one text, and comes back as chat completions."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

import openai
import pytest
from openai import AsyncOpenAI, AzureOpenAI, OpenAI

import adapter
from adapter.dialects.templates import names
from adapter.options import Options
from adapter.prompt.chat_template import load_chat_template
from adapter.prompt.neutralise import BREAK
from tests.facts import tools
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER
from tests.support.loopback import Answer, Stream, Upstream, raw_completion, raw_streamed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.loopback import Received

TOOLS: Any = tools.TOOLS
HI: Any = [{"role": "user", "content": "Hi"}]
PROMPT = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def writes(*texts: str, finish: str = "stop") -> Any:
    """An upstream that goes on with these texts, the last again and again."""
    waiting = list(texts)

    def answer(request: Received) -> Answer | Stream:
        text = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return raw_streamed(*text, finish=finish) if request.body.get("stream") else raw_completion(text, finish)

    return answer


OPEN: list[OpenAI] = []


@pytest.fixture(autouse=True)
def clients() -> Iterator[None]:
    """Close what a test opened."""
    yield
    while OPEN:
        OPEN.pop().close()


def wrapped(upstream: Upstream, **options: Any) -> OpenAI:
    client = OpenAI(base_url=upstream.url, api_key="key", max_retries=0)
    OPEN.append(client)
    return adapter.wrap(client, **{"upstream": "completions", "chat_template": "chatml", **options})


def sent(request: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What upstream is asked for a request."""
    with Upstream(writes(CALL if "tools" in request else "Hello.")) as upstream:
        wrapped(upstream, **options).chat.completions.create(**{"model": "m", "messages": HI, **request})
        [received] = upstream.received
    assert received.path == "/v1/completions"
    body: dict[str, Any] = received.body
    return body


class TestRequest:
    """What upstream is asked."""

    def test_a_conversation_without_tools(self) -> None:
        body = sent({})
        assert body == {"model": "m", "prompt": PROMPT, "max_tokens": 1024, "stop": ["<|im_end|>", "<|endoftext|>"]}

    def test_a_conversation_with_tools(self) -> None:
        messages = [
            *HI,
            {"role": "assistant", "content": None, "tool_calls": [_call("call_1", "get_weather", '{"city": "Paris"}')]},
            {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."},
        ]
        body = sent({"messages": messages, "tools": [WEATHER]})
        assert body["prompt"].startswith("<|im_start|>system\n# Tools\n\n")
        assert body["prompt"].endswith(
            "<|im_start|>user\nHi<|im_end|>\n"
            '<|im_start|>assistant\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call><|im_end|>\n'
            "<|im_start|>user\n<tool_response>\nSunny.\n</tool_response><|im_end|>\n"
            "<|im_start|>assistant\n"
        )
        assert not {"messages", "tools", "tool_choice"} & body.keys()

    FIELDS: ClassVar = [
        pytest.param({"max_tokens": 7}, {"max_tokens": 7}, id="max_tokens"),
        pytest.param({"max_completion_tokens": 7}, {"max_tokens": 7}, id="max_completion_tokens"),
        pytest.param({"stop": "x"}, {"stop": ["x", "<|im_end|>", "<|endoftext|>"]}, id="one stop sequence"),
        pytest.param({"stop": ["x", "<|im_end|>"]}, {"stop": ["x", "<|im_end|>", "<|endoftext|>"]}, id="stop sequences"),
        pytest.param({"logprobs": True}, {"logprobs": 1}, id="logprobs"),
        pytest.param({"logprobs": True, "top_logprobs": 3}, {"logprobs": 3}, id="top_logprobs"),
        pytest.param({"logprobs": False}, {"logprobs": None}, id="no logprobs"),
        pytest.param({"temperature": 0.5, "seed": 1, "n": 1}, {"temperature": 0.5, "seed": 1, "n": 1}, id="sampling"),
        pytest.param({"extra_body": {"top_k": 5}}, {"top_k": 5}, id="unknown fields"),
        pytest.param({"extra_body": {"enable_thinking": False}}, {"enable_thinking": None}, id="the template's variables"),
    ]

    @pytest.mark.parametrize(("request_", "found"), FIELDS)
    def test_fields(self, request_: dict[str, Any], found: dict[str, Any]) -> None:
        body = sent(request_)
        assert {key: body.get(key) for key in found} == found

    SERVERS: ClassVar = [
        pytest.param("generic", {"max_tokens": 1024}, id="generic"),
        pytest.param("vllm", {"max_tokens": None}, id="vllm"),
        pytest.param("sglang", {"max_tokens": 1024}, id="sglang"),
        pytest.param("llama.cpp", {"max_tokens": -1}, id="llama.cpp"),
    ]

    @pytest.mark.parametrize(("server", "found"), SERVERS)
    def test_servers(self, server: str, found: dict[str, Any]) -> None:
        body = sent({}, server=server)
        assert {key: body[key] for key in found} == found

    FIRST: ClassVar = [
        pytest.param("generic", "", "[user]", None, id="the server writes it"),
        pytest.param("vllm", "", "<s>[user]", False, id="the server is told"),
        pytest.param("generic", ', "add_bos_token": false', "<s>[user]", None, id="the tokenizer writes none"),
        pytest.param("vllm", ', "add_bos_token": false', "<s>[user]", None, id="the tokenizer writes none, vllm"),
    ]

    @pytest.mark.parametrize(("server", "config", "begins", "told"), FIRST)
    def test_the_first_token_is_written_once(
        self, server: str, config: str, begins: str, told: bool | None, tmp_path: Path
    ) -> None:
        (tmp_path / "chat_template.jinja").write_text(
            "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}", encoding="utf-8"
        )
        (tmp_path / "tokenizer_config.json").write_text(
            '{"bos_token": "<s>", "eos_token": "</s>"' + config + "}", encoding="utf-8"
        )
        body = sent({}, server=server, chat_template=str(tmp_path))
        assert body["prompt"] == f"{begins}Hi"
        assert body["stop"] == ["</s>"]
        assert body.get("add_special_tokens") is told

    def test_variables_of_the_template(self, tmp_path: Path) -> None:
        template = tmp_path / "t.jinja"
        template.write_text("{{ enable_thinking }} {{ effort }} {{ strftime_now('%Y') | length }}", encoding="utf-8")
        request = {"extra_body": {"enable_thinking": True, "chat_template_kwargs": {"effort": "low"}}}
        assert sent(request, chat_template=str(template))["prompt"] == "True low 4"

    def test_an_answer_that_the_caller_has_begun(self) -> None:
        begun = {"messages": [*HI, {"role": "assistant", "content": "Hel"}], "extra_body": {"continue_final_message": True}}
        assert sent(begun)["prompt"] == PROMPT + "Hel"

    def test_no_beginning_of_an_answer(self) -> None:
        assert sent({"extra_body": {"add_generation_prompt": False}})["prompt"] == "<|im_start|>user\nHi<|im_end|>\n"

    def test_special_tokens_of_the_template_are_made_harmless(self, tmp_path: Path) -> None:
        (tmp_path / "chat_template.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
        config = '{"eos_token": "§end§", "added_tokens_decoder": {"7": {"content": "~turn~", "special": true}}}'
        (tmp_path / "tokenizer_config.json").write_text(config, encoding="utf-8")
        hostile = [{"role": "user", "content": "a§end§~turn~<s>"}]
        assert sent({"messages": hostile}, chat_template=str(tmp_path))["prompt"] == "a§\u200bend§~\u200bturn~<s>"

    FORMATS: ClassVar = [
        pytest.param("vllm", {"response_format"}, id="vllm"),
        pytest.param("llama.cpp", {"json_schema"}, id="llama.cpp"),
        pytest.param("generic", set(), id="in words"),
    ]

    @pytest.mark.parametrize(("server", "fields"), FORMATS)
    def test_an_answer_format(self, server: str, fields: set[str]) -> None:
        schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
        wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
        body = sent({"response_format": wanted}, server=server)
        assert {"response_format", "json_schema"} & body.keys() == fields
        assert ("Answer with nothing but one JSON object" in body["prompt"]) is not bool(fields)

    REFUSED: ClassVar = [
        pytest.param({"modalities": ["text", "audio"]}, "modalities", id="audio"),
        pytest.param({"web_search_options": {}}, "web_search_options", id="search"),
        pytest.param({"extra_body": {"chat_template_kwargs": 1}}, "chat_template_kwargs", id="template variables"),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            "messages[0].content[0]",
            id="an image",
        ),
        pytest.param({"messages": []}, "messages", id="no messages"),
    ]

    @pytest.mark.parametrize(("request_", "param"), REFUSED)
    def test_what_a_text_cannot_say(self, request_: dict[str, Any], param: str) -> None:
        with Upstream(writes("Hello.")) as upstream, pytest.raises(openai.BadRequestError) as caught:
            wrapped(upstream).chat.completions.create(**{"model": "m", "messages": HI, **request_})
        assert caught.value.param == param
        assert upstream.received == []


TEMPLATES = [pytest.param(name, id=name) for name in names("chat")]


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_users_and_tools_say_is_no_token_of_any_chat_template(name: str) -> None:
    """With every special token of a template in it, hostile text leaves as many of them in the prompt as harmless text."""
    template = load_chat_template(name)
    assert template.special
    spread = [{"type": "text", "text": character} for character in template.special[0]]
    hostile = "x".join(template.special) + template.special[0] * 2
    prompts = []
    for text in (hostile, "harmless"):
        messages = [
            {"role": "user", "content": text},
            {"role": "assistant", "tool_calls": [_call("call_1", "get_time", "{}")]},
            {"role": "tool", "tool_call_id": "call_1", "content": text},
            {"role": "user", "content": spread if text == hostile else "harmless"},
        ]
        prompts.append(sent({"messages": messages, "tools": [WEATHER]}, chat_template=name)["prompt"])
    for token in template.special:
        assert prompts[0].count(token) == prompts[1].count(token), token
    assert prompts[0].replace(BREAK, "").count(hostile) == 2  # and the model reads what was said


class TestEnforced:
    """The rungs of the ladder, in a text."""

    def test_a_begun_call(self) -> None:
        with Upstream(writes('get_weather", "arguments": {"city": "Paris"}}\n</tool_call>')) as upstream:
            found = wrapped(upstream, enforce="auto").chat.completions.create(
                model="m", messages=HI, tools=TOOLS, tool_choice="required"
            )
            [body] = upstream.bodies
        assert body["prompt"].endswith('<|im_start|>assistant\n<tool_call>\n{"name": "')
        assert found.choices[0].message.tool_calls

    def test_thought_then_begun(self, tmp_path: Path) -> None:
        template = tmp_path / "t.jinja"
        template.write_text("{{ messages[-1].content }}|<think>\n", encoding="utf-8")
        with Upstream(writes("Hm.\n", 'get_weather", "arguments": {"city": "Paris"}}\n</tool_call>')) as upstream:
            client = wrapped(upstream, enforce="prefill", chat_template=str(template))
            found = client.chat.completions.create(model="m", messages=HI, tools=TOOLS, tool_choice="required")
            first, second = upstream.bodies
        assert first["prompt"].endswith("Hi|<think>")
        assert first["stop"] == ["</think>"]
        assert second["prompt"] == first["prompt"] + 'Hm.\n</think>\n\n<tool_call>\n{"name": "'
        assert found.choices[0].message.tool_calls
        assert found.choices[0].message.reasoning_content == "Hm."  # type: ignore[attr-defined]  # what servers add

    @pytest.mark.parametrize(
        ("server", "field"), [("vllm", "structured_outputs"), ("sglang", "response_format"), ("llama.cpp", "grammar")]
    )
    def test_grammars(self, server: str, field: str) -> None:
        body = sent({"tools": TOOLS, "tool_choice": "required"}, server=server, enforce="auto")
        assert field in body

    @pytest.mark.parametrize(("server", "field"), [("vllm", "response_format"), ("llama.cpp", "json_schema")])
    def test_schemas(self, server: str, field: str) -> None:
        body = sent({"tools": TOOLS, "tool_choice": "required"}, server=server, enforce="json_schema")
        assert field in body

    def test_a_rung_that_the_endpoint_lacks(self) -> None:
        with pytest.raises(ValueError, match="server 'ollama' has 'prompt', 'prefill'"):
            Options(upstream="completions", chat_template="chatml", server="ollama", enforce="json_schema")


class TestAnswer:
    """What the caller gets."""

    def test_whole(self) -> None:
        with Upstream(raw_completion("Hello.<|im_end|>", logprobs=_LEGACY)) as upstream:
            found = wrapped(upstream).chat.completions.create(model="m", messages=HI, logprobs=True)
        assert found.model_dump(exclude_unset=True) == {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "text-only",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Hello.", "refusal": None, "annotations": []},
                    "finish_reason": "stop",
                    "logprobs": {"content": [_token("Hello", -0.5), _token(".", -9999.0)], "refusal": None},
                }
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }

    def test_alternatives_of_a_token(self) -> None:
        with Upstream(raw_completion("Hello.", logprobs=_LEGACY)) as upstream:
            found = wrapped(upstream).chat.completions.create(model="m", messages=HI, logprobs=True, top_logprobs=1)
        logprobs = found.choices[0].logprobs
        assert logprobs is not None
        assert logprobs.content is not None
        assert [(other.token, other.logprob) for other in logprobs.content[0].top_logprobs] == [("Hello", -0.5)]

    def test_streamed_log_probabilities(self) -> None:
        head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m"}
        tokens = [("Hello", -0.5), (".", -0.25), ("<|im_end|>", -0.1)]
        pieces = [
            {"index": 0, "text": text, "finish_reason": None,
             "logprobs": {"tokens": [text], "token_logprobs": [logprob], "top_logprobs": [{text: logprob}]}}
            for text, logprob in tokens
        ]  # fmt: skip
        pieces.append({"index": 0, "text": "", "finish_reason": "stop", "logprobs": None})
        stream = Stream((*(b"data: " + _json({**head, "choices": [piece]}) + b"\n\n" for piece in pieces), b"data: [DONE]\n\n"))
        with Upstream(stream) as upstream:
            chunks = list(wrapped(upstream).chat.completions.create(model="m", messages=HI, stream=True, logprobs=True))
        found = [chunk.choices[0].logprobs for chunk in chunks if chunk.choices[0].delta.content]
        told = [token.model_dump(exclude_unset=True) for logprobs in found if logprobs for token in logprobs.content or ()]
        assert told == [_token("Hello", -0.5), _token(".", -0.25)]

    def test_a_long_thought_is_gone_on_from_at_once(self, tmp_path: Path) -> None:
        """What the prompt and the beginning share is looked for in a header's length, not in the whole thought."""
        template = tmp_path / "t.jinja"
        template.write_text("{{ messages[-1].content }}|<think>\n", encoding="utf-8")
        thought = "Hm. " * 250_000
        with Upstream(writes(thought, 'get_weather", "arguments": {"city": "Paris"}}\n</tool_call>')) as upstream:
            client = wrapped(upstream, enforce="prefill", chat_template=str(template))
            begun = time.process_time()
            client.chat.completions.create(model="m", messages=HI, tools=TOOLS, tool_choice="required")
            taken = time.process_time() - begun
            second = upstream.bodies[1]["prompt"]
        assert thought in second
        assert taken < 20  # a megabyte looked through for each of its lengths takes minutes

    def test_streamed(self) -> None:
        with Upstream(raw_streamed("Hel", "lo.", "<|im_", "end|>")) as upstream:
            chunks = list(
                wrapped(upstream).chat.completions.create(
                    model="m", messages=HI, stream=True, stream_options={"include_usage": True}
                )
            )
            [body] = upstream.bodies
        assert {(chunk.id, chunk.object, chunk.created, chunk.model) for chunk in chunks} == {
            ("chatcmpl-1", "chat.completion.chunk", 1700000000, "text-only")
        }
        deltas = [chunk.choices[0].delta.model_dump(exclude_unset=True) for chunk in chunks if chunk.choices]
        assert deltas == [{"role": "assistant", "content": None}, {"content": "Hel"}, {"content": "lo."}, {}]
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices] == [None, None, None, "stop"]
        assert chunks[-1].usage
        assert body["stream_options"] == {"include_usage": True}

    @pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
    def test_calls(self, streams: bool) -> None:
        with Upstream(writes(f"<think>\nHm.\n</think>\n\nI look. {CALL}")) as upstream:
            client = wrapped(upstream)
            if streams:
                with client.chat.completions.stream(model="m", messages=HI, tools=TOOLS) as stream:
                    choice: Any = stream.get_final_completion().choices[0]
            else:
                choice = client.chat.completions.create(model="m", messages=HI, tools=TOOLS).choices[0]
        assert choice.finish_reason == "tool_calls"
        assert choice.message.content == "I look."
        assert choice.message.reasoning_content == "Hm."
        assert [call.function.arguments for call in choice.message.tool_calls] == ['{"city": "Paris"}']

    def test_reasoning_without_tools(self) -> None:
        with Upstream(raw_completion("<think>\nHm.\n</think>\n\nHello.")) as upstream:
            message = wrapped(upstream).chat.completions.create(model="m", messages=HI).choices[0].message
        assert message.content == "Hello."
        assert message.reasoning_content == "Hm."  # type: ignore[attr-defined]  # what servers add

    @pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
    def test_several_answers(self, streams: bool) -> None:
        texts = ["One.", CALL]
        choices = [{"index": place, "text": text, "finish_reason": "stop"} for place, text in enumerate(texts)]
        head = {"id": "cmpl-2", "object": "text_completion", "created": 1, "model": "m"}
        stream = Stream((b"data: " + _json({**head, "choices": choices}) + b"\n\n", b"data: [DONE]\n\n"))
        with Upstream(stream if streams else Answer({**head, "choices": choices})) as upstream:
            client = wrapped(upstream)
            if streams:
                with client.chat.completions.stream(model="m", messages=HI, tools=TOOLS, n=2) as events:
                    found: Any = events.get_final_completion()
            else:
                found = client.chat.completions.create(model="m", messages=HI, tools=TOOLS, n=2)
        assert [choice.message.content for choice in found.choices] == ["One.", None]
        assert [choice.finish_reason for choice in found.choices] == ["stop", "tool_calls"]

    @pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
    def test_a_call_that_is_mended(self, streams: bool) -> None:
        wrong = CALL.replace('"Paris"', "[5]")
        with Upstream(writes(wrong, CALL)) as upstream:
            client = wrapped(upstream, stream_calls="validated")
            if streams:
                with client.chat.completions.stream(model="m", messages=HI, tools=TOOLS) as events:
                    found: Any = events.get_final_completion()
            else:
                found = client.chat.completions.create(model="m", messages=HI, tools=TOOLS)
            second = upstream.bodies[1]["prompt"]
        assert found.choices[0].message.tool_calls[0].function.arguments == '{"city": "Paris"}'
        assert f"<|im_start|>assistant\n{wrong}<|im_end|>\n<|im_start|>user\n<tool_response>\nError: " in second

    def test_cut(self) -> None:
        with Upstream(writes("Hel", finish="length")) as upstream:
            choice = wrapped(upstream).chat.completions.create(model="m", messages=HI).choices[0]
        assert (choice.message.content, choice.finish_reason) == ("Hel", "length")

    def test_an_error_of_upstream_is_its_own(self) -> None:
        refused = Answer({"error": {"message": "too long"}}, status=400)
        with Upstream(refused) as upstream, pytest.raises(openai.BadRequestError, match="too long"):
            wrapped(upstream).chat.completions.create(model="m", messages=HI)

    def test_an_upstream_that_only_streams(self) -> None:
        with Upstream(raw_streamed("Hello.")) as upstream:
            found = wrapped(upstream, upstream_stream="always").chat.completions.create(model="m", messages=HI)
        assert (found.object, found.choices[0].message.content) == ("chat.completion", "Hello.")


class TestClients:
    """Other clients, other paths."""

    def test_async(self) -> None:
        async def texts(url: str) -> list[str]:
            async with AsyncOpenAI(base_url=url, api_key="key") as client:
                over = adapter.wrap(client, upstream="completions", chat_template="chatml")
                stream = await over.chat.completions.create(model="m", messages=HI, stream=True)
                return [chunk.choices[0].delta.content or "" async for chunk in stream]

        with Upstream(writes("Hello.")) as upstream:
            assert "".join(asyncio.run(texts(upstream.url))) == "Hello."
            assert upstream.received[0].path == "/v1/completions"

    def test_azure(self) -> None:
        with Upstream(writes("Hello.")) as upstream:
            root = upstream.url.removesuffix("/v1")
            client = AzureOpenAI(azure_endpoint=root, api_key="key", api_version="1", azure_deployment="a b")
            OPEN.append(client)
            over = adapter.wrap(client, upstream="completions", chat_template="chatml")
            over.chat.completions.create(model="m", messages=HI)
            path = upstream.received[0].path
        assert path == "/openai/deployments/a%20b/completions?api-version=1"

    def test_raw_completions_of_the_caller_pass(self) -> None:
        with Upstream(raw_completion("b")) as upstream:
            assert wrapped(upstream).completions.create(model="m", prompt="a").choices[0].text == "b"
            assert upstream.bodies[0] == {"model": "m", "prompt": "a"}


OPTIONS = [
    pytest.param({"upstream": "completions"}, ValueError, "needs a chat_template", id="no template"),
    pytest.param({"chat_template": "chatml"}, ValueError, "upstream='completions'", id="template for chat"),
    pytest.param({"upstream": "text"}, ValueError, "use one of 'chat', 'completions'", id="upstream"),
    pytest.param({"upstream": "completions", "chat_template": 1}, TypeError, "as a string", id="template's type"),
    pytest.param(
        {"upstream": "completions", "chat_template": "nope"}, adapter.DialectError, "there are .*chatml", id="unknown"
    ),
]


@pytest.mark.parametrize(("options", "kind", "words"), OPTIONS)
def test_wrong_options(options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        adapter.wrap(OpenAI(base_url="http://127.0.0.1:9", api_key="key"), **options)


_LEGACY = {
    "tokens": ["Hello", "."],
    "token_logprobs": [-0.5, None],
    "top_logprobs": [{"Hello": -0.5, "Hi": -1.5}, None],
    "text_offset": [0, 5],
}


def _token(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": []}


def _call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
