"""The dialect and the chat template by the name of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter.dialects.registry import choose, for_model
from adapter.prompt.chat_template import choose_chat_template
from tests.facts.completions import CALL
from tests.facts.tools import TOOLS
from tests.support.loopback import Upstream, completion, raw_completion

if TYPE_CHECKING:
    from adapter.events import Problem

MODELS = [
    pytest.param("Qwen/Qwen3-8B", "hermes", id="Qwen3"),
    pytest.param("qwen2.5-coder:7b", "qwen2.5", id="Qwen2.5"),
    pytest.param("NousResearch/Hermes-3-Llama-3.1-8B", "hermes-3", id="Hermes 3"),
    pytest.param("Qwen/Qwen3-Coder-30B-A3B-Instruct", "qwen3-coder", id="Qwen3-Coder, and not Qwen3"),
    pytest.param("ibm-granite/granite-4.0-h-small", "granite-4", id="Granite 4"),
    pytest.param("some/unknown-model", "hermes", id="unknown"),
    pytest.param("", "hermes", id="no name"),
]

# Names as their makers, servers and shops write them, with the dialect and the chat template.
WRITTEN = [
    pytest.param(model, dialect, chat, id=model)
    for model, dialect, chat in (
        ("Qwen/Qwen3.7-Max", "qwen3.6", "qwen3.5"),
        ("unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF:Q4_K_M", "qwen3-coder", "chatml"),
        ("deepseek-v3:671b", "deepseek-v3", "deepseek-v3"),
        ("deepseek-v3.1:671b-cloud", "deepseek-v3.1", "deepseek-v3.1"),
        ("deepseek/deepseek-chat-v3.1", "deepseek-v3.1", "deepseek-v3.1"),
        ("deepseek/deepseek-chat-v3-0324", "deepseek-v3", "deepseek-v3"),
        ("deepseek-ai/DeepSeek-V3.2-Exp", "deepseek-v3.2", "deepseek-v3.2"),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "deepseek-v3", "deepseek-v3"),
        ("zai-org/GLM-4.6V-Flash", "glm-4.5", "glm-4.5"),
        ("zai-org/GLM-5.1-FP8", "glm-4.7", "glm-4.7"),
        ("moonshotai/Kimi-K2-Thinking", "kimi-k2", "kimi-k2.5"),
        ("granite4:micro-h", "granite-4", "granite-4"),
        ("hermes3:8b", "hermes-3", "hermes-3"),
        ("google/gemma-3n-E4B-it", "gemma-3", "gemma"),
        ("Team-ACE/ToolACE-2-8B", "toolace", "llama-3.1"),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "llama-4", "llama-4"),
        ("mistral:7b", "mistral-v3", "mistral-v3"),
        ("mixtral:8x22b", "mistral-v3", "mistral-v3"),
        ("mistralai/Mistral-Large-Instruct-2407", "mistral-v3", "mistral-v3"),
        ("mistralai/Ministral-8B-Instruct-2410", "mistral-v3", "mistral-v3-tekken"),
        ("mistral-small-2409", "mistral-v3", "mistral-v3-tekken"),
        ("mistralai/Pixtral-12B-2409", "mistral-v3", "mistral-v3-tekken"),
        ("mistralai/Mistral-Large-Instruct-2411", "mistral-v7", "mistral-v7"),
        ("mistral-small:24b", "mistral-v7", "mistral-v7"),
        ("mistral-small3.1:24b", "mistral-v7", "mistral-v7"),
        ("mistral-small3.2:24b", "mistral-v11", "mistral-v11"),
        ("devstral:24b", "mistral-v11", "mistral-v11"),
        ("devstral-small-2:24b", "mistral-v13", "mistral-v13"),
        ("mistralai/Mistral-Large-3-675B-Instruct-2512", "mistral-v13", "mistral-v13"),
    )
]


@pytest.mark.parametrize(("model", "dialect", "chat"), WRITTEN)
def test_the_dialect_and_the_chat_template_of_a_model(model: str, dialect: str, chat: str) -> None:
    assert (choose(model)[0].name, choose_chat_template(model)[0].name) == (dialect, chat)


@pytest.mark.parametrize(("model", "dialect"), MODELS)
def test_the_dialect_of_a_model(model: str, dialect: str) -> None:
    found, reason = choose(model)
    assert found.name == dialect
    assert repr(dialect) in reason
    assert repr(model) in reason


def test_the_glob_that_says_most_counts() -> None:
    globs = [("a", ["*"]), ("b", ["*model*", "x"]), ("c", ["*model-7b*"])]
    assert for_model("Some-Model-7B-it", globs) == ("c", "*model-7b*")
    assert for_model("model", globs) == ("b", "*model*")
    assert for_model("none", globs[1:]) is None


def ask(client: OpenAI, model: str) -> Any:
    tools: Any = TOOLS
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}], tools=tools)


def test_each_request_gets_its_models_and_it_is_told_once() -> None:
    told: list[Problem] = []
    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client, dialect="auto", on_event=told.append)
        for model in ("qwen2.5-7b", "qwen3-8b", "qwen2.5-7b"):
            assert ask(wrapped, model).choices[0].message.tool_calls
        systems = [body["messages"][0]["content"] for body in upstream.bodies]
    assert [text.startswith("You are Qwen") for text in systems] == [True, False, True]
    assert [(problem.kind, problem.message) for problem in told] == [
        ("chosen", "dialect 'qwen2.5' for the model 'qwen2.5-7b', by '*qwen2.5*'"),
        ("chosen", "dialect 'hermes' for the model 'qwen3-8b', by '*qwen3*'"),
    ]


def test_the_chat_template_too() -> None:
    told: list[Problem] = []
    with Upstream(raw_completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        options: Any = {"upstream": "completions", "chat_template": "auto", "dialect": "auto"}
        wrapped = adapter.wrap(client, **options, on_event=told.append)
        ask(wrapped, "meta-llama/Llama-3.1-8B")
        ask(wrapped, "who-knows")
        prompts = [body["prompt"] for body in upstream.bodies]
    assert prompts[0].startswith("<|start_header_id|>")
    assert prompts[1].startswith("<|im_start|>system\n")
    assert [problem.message for problem in told][1::2] == [
        "chat template 'llama-3.1' for the model 'meta-llama/Llama-3.1-8B', by '*llama-3.1*'",
        "chat template 'chatml', as no other names the model 'who-knows'",
    ]
