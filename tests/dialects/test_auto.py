"""The dialect and the chat template by the name of the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter.dialects.model_names import for_model
from adapter.dialects.registry import by_model, choose, load, names
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
        ("CohereLabs/c4ai-command-r7b-12-2024", "command-a", "command-a"),
        ("command-a:111b", "command-a", "command-a"),
        ("tencent/Hunyuan-A13B-Instruct", "hunyuan-a13b", "chatml"),
        ("ai21labs/AI21-Jamba-Large-1.7", "hunyuan-a13b", "chatml"),
        ("ServiceNow-AI/Apriel-1.6-15b-Thinker", "apriel", "apriel"),
        ("nvidia/NVIDIA-Nemotron-Nano-9B-v2", "nemotron-nano-v2", "nemotron-nano-v2"),
        ("meituan-longcat/LongCat-Flash-Chat", "longcat", "chatml"),
        ("internlm/internlm2_5-7b-chat", "internlm2", "internlm2"),
        ("ai-sage/GigaChat3-10B-A1.8B", "gigachat-3", "gigachat-3"),
        ("ai-sage/GigaChat3.1-702B", "gigachat-3.1", "gigachat-3"),
        ("meetkai/functionary-small-v3.1", "functionary-v3.1", "functionary-v3.1"),
        ("meetkai/functionary-medium-v3.2", "functionary-v3.2", "functionary-v3.2"),
        ("allenai/Olmo-3-7B-Instruct", "olmo-3", "olmo-3"),
        ("swiss-ai/Apertus-8B-Instruct-2509", "apertus", "apertus"),
        ("facebook/Muse-Glimmer", "muse", "muse"),
        ("thinkingmachines/Inkling", "inkling", "inkling"),
        ("unsloth/Inkling-Small-GGUF", "inkling", "inkling"),
        ("tencent/Hy3-preview", "hunyuan-3", "chatml"),
        ("openbmb/MiniCPM5-8B", "minicpm5", "minicpm5"),
        ("stepfun-ai/step3", "step-3", "chatml"),
        ("stepfun-ai/Step-3.5-Flash", "qwen3.5", "chatml"),
        ("XiaomiMiMo/MiMo-V2-Flash", "qwen3.5", "chatml"),
        ("poolside/Laguna-M.1", "glm-4.7", "chatml"),
        ("inclusionAI/Ling-3.0-flash", "glm-4.5", "chatml"),
        ("baidu/ERNIE-4.5-21B-A3B-Thinking", "hermes", "chatml"),
        ("RekaAI/reka-edge-2603", "hermes", "chatml"),
        ("fireworks-ai/llama-3-firefunction-v2", "phi-4-mini", "llama-3"),
        ("deepcogito/cogito-671b-v2.1", "deepseek-v3", "chatml"),
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


# A slip in a name given for a dialect, and the name that is meant.
SLIPS = {
    "hermess": "'hermes'",
    "xhermes": "'hermes'",
    "Hermess": "'hermes'",
    "hermse": "'hermes'",
    "qwen33": "'qwen3', for which the dialect is 'hermes'",
    "qwen35": "'qwen3.5'",
    "qwen3-coders": "'qwen3-coder'",
    "gpt-osss": "'gpt-oss'",
    "kimi-k22": "'kimi-k2'",
    "glm-4.55": "'glm-4.5'",
    "llama-3.11": "'llama-3.1'",
    "smollm22": "'smollm2'",
}
# Names of models, given for a dialect.
MEANT = {
    "qwen3": "hermes",
    "QwQ": "hermes",
    "OpenHermes": "hermes",
    "hermes3": "hermes-3",
    "gemma3n-e4b": "gemma-3",
    "qwen3:8b": "hermes",
}


def test_a_slip_in_the_name_of_a_dialect_is_no_model() -> None:
    for name, meant in SLIPS.items():
        with pytest.raises(adapter.DialectError, match=re.escape(f"no dialect {name!r}; did you mean {meant}")):
            load(name)
        with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="k") as client, pytest.raises(adapter.DialectError):
            adapter.wrap(client, dialect=name)
    models: dict[str, str] = {str(row.values[0]): str(row.values[1]) for row in WRITTEN} | MEANT
    for model, dialect in models.items():
        assert {by_model(name)[0] for name in (model, model.rpartition("/")[2])} == {dialect}, model
    for name in names():
        assert by_model(name) == (name, "")
    assert choose("hermess")[0].name == "hermes", "of a model, not given for a dialect"


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
    assert [problem.message for problem in told if problem.kind == "chosen"][1::2] == [
        "chat template 'llama-3.1' for the model 'meta-llama/Llama-3.1-8B', by '*llama-3.1*'",
        "chat template 'chatml', as no other names the model 'who-knows'",
    ]
