"""A model's size, and the profile that is chosen by it (behaviour 5.13)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from adapter.exchange import preview
from adapter.model_size import size_in_gguf, size_in_models, size_in_name, size_in_props
from adapter.options import make_options
from tests.facts.tools import ECHO, TIME, WEATHER
from tests.support.loopback import Answer, Stream, Upstream, completion, streamed

if TYPE_CHECKING:
    from adapter.events import Problem
    from tests.support.loopback import Received

TOOLS: Any = [WEATHER]
ASK: Any = {"role": "user", "content": "Hi"}
# Names, and billions; 0: no size in it.
NAMES = {
    "Qwen2.5-0.5B-Instruct": 0.5, "SmolLM2-135M-Instruct.Q4_1": 0.135, "mistral-7b-instruct-v0.3": 7, "Mixtral-8x7B-v0.1": 56,
    "Qwen3-30B-A3B": 30, "Qwen1.5-MoE-A2.7B": 2.7, "qwen2.5-coder:1.5b": 1.5, "qwen2.5:0.5b-instruct-q4_K_M": 0.5, "gemma-3-270m-it": 0.27,
    "gemma-3n-E2B-it": 2, "/models/Llama-3.2-1B-Instruct-Q4_K_M.gguf": 1, "Kimi-K2-1T": 1000, "phi-3-mini-4k-instruct": 0, "gpt-4o": 0,
    "gpt-oss-120b": 120, "model-8bit": 0, "Qwen2.5-0_5B": 0.5, "any-text-model": 0, "": 0, "deepseek-v3.1": 0, "llama3.1": 0,
    "internlm2_5-1_8b": 1.8, "granite-4.0-h-350m": 0.35,
}  # fmt: skip


def test_5_13_sizes_in_names() -> None:
    for name, expected in NAMES.items():
        found = size_in_name(name)
        assert (0 if found is None else pytest.approx(found.billions)) == expected, name


def test_5_13_sizes_that_servers_tell() -> None:
    llama = {"data": [{"id": "m", "meta": {"n_params": 134515008, "size": 98_000_000}}]}
    vllm = {"data": [{"id": "other", "root": "x-70B"}, {"id": "m", "root": "Qwen/Qwen2.5-0.5B-Instruct"}]}
    ollama = {"models": [{"name": "m", "details": {"parameter_size": "7.6B"}}]}
    for answer, expected in ((llama, 0.134515008), (vllm, 0.5), (ollama, 7.6)):
        assert (size_in_models(answer, "m") or [None])[0] == expected
    nothing: Any
    for nothing in (None, [], {"data": None}, {"data": [1, {}]}, {"data": [{"id": "a-7B"}, {"id": "b-7B"}]}):
        assert size_in_models(nothing, "m") is None
    assert (size_in_props({"model_path": "/models/SmolLM2-360M.gguf"}) or [None])[0] == 0.36
    assert size_in_props({"total_slots": 1}) is size_in_props("x") is None
    for metadata, size in (
        ({"general.parameter_count": 494_000_000}, 0.494),
        ({"general.size_label": "8x7B"}, 56.0),
        ({}, None),
    ):
        assert (size_in_gguf(metadata.get) or [None])[0] == size


def server(models: Any = None, props: Any = None) -> Any:
    """An upstream that tells about its model, and answers chats."""

    def answer(request: Received) -> Answer | Stream:
        if request.method == "GET":
            told = models if request.path.endswith("/models") else props
            return Answer(told) if told is not None else Answer({"error": "no"}, status=404)
        return streamed("Hello.") if request.body.get("stream") else completion("Hello.")

    return answer


TOLD = {"data": [{"id": "m", "meta": {"n_params": 494_000_000}}]}
# The model's name, its server's answers, the paths asked before the chat, and the words of the choice.
CHOICES: dict[str, tuple[str, Any, list[str], str]] = {
    "by name, small": ("Qwen2.5-0.5B", server(), [], "profile 'small', as the model 'Qwen2.5-0.5B' has 0.5 billion"),
    "by name, large": ("Qwen2.5-7B", server(), [], "no profile, as the model 'Qwen2.5-7B' has 7 billion"),
    "by /v1/models": ("m", server(TOLD), ["/v1/models"], "profile 'small', as the model 'm' has 0.494 billion parameters (from /v1/models)"),
    "by /props": ("m", server(None, {"model_path": "/a/b-1B.gguf"}), ["/v1/models", "/props"], "1 billion parameters (from /props)"),
    "unknown": ("m", server(), ["/v1/models", "/props"], "no profile, as the size of the model 'm' is unknown"),
    "no JSON": ("m", server(b"<html>", b""), ["/v1/models", "/props"], "no profile, as the size of the model 'm' is unknown"),
}  # fmt: skip


@pytest.mark.parametrize("way", ["whole", "streamed", "async", "responses"])
def test_5_13_the_profile_is_chosen_and_told(way: str) -> None:
    for fact, (model, upstream_of, paths, words) in CHOICES.items():
        told: list[Problem] = []
        options: Any = {"profile": "auto", "server": "llama.cpp", "on_event": told.append}
        with Upstream(upstream_of) as upstream:
            if way == "async":
                asyncio.run(ask_async(upstream.url, options, model))
            else:
                with OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
                    wrapped = adapter.wrap(client, **options)
                    for _ in range(2):
                        ask(wrapped, way, model)
            assert [request.path for request in upstream.received if request.method == "GET"] == paths, fact
            assert all(request.headers["authorization"] == "Bearer k" for request in upstream.received), fact
            sent = upstream.received[len(paths)].body
        found = [problem.message for problem in told if problem.kind == "chosen" and "profile" in problem.message]
        assert len(found) == 1, fact
        assert words in found[0], fact
        assert ("grammar" in sent) == ("'small'" in words or "/props" in words), fact


def ask(client: Any, way: str, model: str) -> None:
    if way == "responses":
        client.responses.create(model=model, input="Hi", tools=[{"type": "function", **WEATHER["function"]}])
        return
    answer = client.chat.completions.create(model=model, messages=[ASK], tools=[WEATHER], stream=way == "streamed")
    _ = list(answer) if way == "streamed" else answer


async def ask_async(url: str, options: Any, model: str) -> None:
    async with AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as client:
        await adapter.wrap(client, **options).chat.completions.create(model=model, messages=[ASK], tools=TOOLS)


def test_5_13_a_request_without_tools_asks_nothing() -> None:
    with Upstream(server(TOLD)) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        adapter.wrap(client, profile="auto").chat.completions.create(model="m", messages=[ASK])
        assert [request.method for request in upstream.received] == ["POST"]


def test_5_13_what_the_caller_gives_stays() -> None:
    body = {"model": "x-0.5B", "messages": [ASK], "tools": [WEATHER]}
    for options, grammar, examples in (({}, True, True), ({"enforce": "prompt"}, False, True), ({"examples": ()}, True, False)):
        sent = preview(body, make_options({"profile": "auto", "server": "llama.cpp", **options}), lambda: 0.0)
        assert ("grammar" in sent) is grammar
        assert (len(sent["messages"]) > 2) is examples


@pytest.mark.parametrize("profile", ["small", "auto"])
def test_5_13_too_small_for_so_many_tools(profile: Any) -> None:
    tools: list[Any] = [WEATHER, TIME, ECHO]
    for model, offered, times in (("SmolLM2-135M", tools, 1), ("SmolLM2-135M", tools[:2], 0), ("Qwen2.5-0.5B", tools, 0)):
        told: list[Problem] = []
        with Upstream(server()) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
            wrapped = adapter.wrap(client, profile=profile, on_event=told.append)
            for _ in range(2):
                wrapped.chat.completions.create(model=model, messages=[ASK], tools=offered)
        assert [problem.kind for problem in told].count("too_small") == times, model


def test_5_13_values_of_the_option() -> None:
    with pytest.raises(ValueError, match="'small' or 'auto'"):
        adapter.Options(profile="large")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="retries"):
        adapter.Options(profile="auto", retries=-1)
