"""The probe against scripted servers of many kinds: who answers, and each silent failure, within 12 requests and 200 tokens."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from adapter.cli import serve
from adapter.errors import ProbeFailed
from adapter.probing.facts import TITLES
from adapter.probing.identity import by_host
from tests.support.loopback import Answer, Upstream, completion
from tests.support.probed import HERMES, XML, Scripted

if TYPE_CHECKING:
    from pathlib import Path

PROPS = {
    "default_generation_settings": {"n_ctx": 8192},
    "modalities": {"vision": False},
    "build_info": "b6000-abcdef",
    "chat_template": "{{ messages }}",
}
SHOW = {
    "template": "{{ .Prompt }}",
    "capabilities": ["completion", "vision"],
    "details": {"parameter_size": "1.5B"},
    "model_info": {"qwen2.context_length": 32768, "tokenizer.ggml.pre": "qwen2"},
}
# Abbreviations of the table: the answers in the order of the report.
SHORT = {"y": "yes", "n": "no", "?": "not told", "-": "not asked"}
ORDER = (
    "tools",
    "calls",
    "required",
    "json_schema",
    "json_object",
    "grammar",
    "structural_tags",
    "prefill",
    "stop",
    "logprobs",
    "n",
)
REST = ("stream_options", "developer", "reasoning_content", "images")

# A server; the kind, the answers, and the settings that fit.
KINDS: dict[str, tuple[Scripted, str, str, dict[str, Any]]] = {
    "llama.cpp: tools never reach the prompt, n is refused, prefill is repeated": (
        Scripted(
            owner="llamacpp",
            header="llama.cpp",
            routes={"/props": PROPS},
            json_schema="kept",
            forced="grammar",
            n="refused",
            prefill="repeated",
            logprobs="kept",
        ),
        "llama.cpp",
        "n?ny-y-yyyn yynn",
        {"dialect": "qwen2.5", "server": "llama.cpp", "enforce": "auto", "media": "drop"},
    ),
    "vLLM: all kept, calls parsed": (
        Scripted(
            owner="vllm",
            entry={"max_model_len": 4096},
            routes={"/version": {"version": "0.11.0"}},
            tools="parsed",
            json_schema="kept",
            forced="structured_outputs",
            n="kept",
            prefill="kept",
            logprobs="kept",
            reasoning="kept",
            images="kept",
        ),
        "vllm",
        "yyyy--yyyyy yyyy",
        {"dialect": "qwen2.5", "server": "vllm", "native": "auto", "enforce": "auto"},
    ),
    "vLLM: without a parser refuses tools, ignores structural tags": (
        Scripted(owner="vllm", tools="refused", json_schema="kept", n="kept", prefill="kept"),
        "vllm",
        "n??y--nyyny yynn",
        {"dialect": "qwen2.5", "server": "vllm", "enforce": "json_schema", "media": "drop"},
    ),
    "SGLang: a call is left as text": (
        Scripted(
            owner="sglang",
            tools=HERMES,
            json_schema="kept",
            forced="response_format",
            n="kept",
            prefill="kept",
            routes={"/get_server_info": {"version": "0.5", "tokenizer_path": "Qwen/Qwen2.5", "context_length": 1000}},
        ),
        "sglang",
        "ynyy--yyyny yynn",
        {"dialect": "qwen2.5", "server": "sglang", "enforce": "auto", "media": "drop"},
    ),
    "Ollama: known by its fingerprint, prefill answered anew, a small model": (
        Scripted(
            owner="alice",
            model="mymodel",
            fingerprint="fp_ollama",
            routes={"/api/show": SHOW},
            tools="parsed",
            json_schema="kept",
            images="kept",
        ),
        "ollama",
        "yyyy---nynn yyny",
        {"dialect": "auto", "server": "ollama", "enforce": "auto", "profile": "small"},
    ),
    "LM Studio: the schema is kept, logprobs are not sent": (
        Scripted(
            owner="organization_owner",
            header="",
            tools=XML,
            json_schema="kept",
            json_object="refused",
            prefill="kept",
            routes={"/api/v0/models": {"data": [{"id": "qwen2.5-7b-instruct", "type": "llm", "max_context_length": 99}]}},
        ),
        "lmstudio",
        "ynyy---yynn yynn",
        {"dialect": "qwen3.5", "server": "lmstudio", "enforce": "auto", "media": "drop"},
    ),
    "TGI: a strict server refuses what it does not know": (
        Scripted(
            owner="qwen2.5-7b-instruct",
            entry={"created": 0},
            header="",
            routes={"/info": {"version": "3.0", "max_total_tokens": 77}},
            tools="ignored",
            stop="ignored",
            logprobs="kept",
            json_schema="refused",
            takes=frozenset({"stop", "tools", "tool_choice", "logprobs", "response_format", "n", "stream_options"}),
        ),
        "tgi",
        "y?nnn--nnyn yynn",
        {"dialect": "qwen2.5", "server": "tgi", "media": "drop"},
    ),
    "KoboldCpp: the grammar is kept, no usage in streams": (
        Scripted(
            owner="koboldcpp",
            header="",
            routes={"/api/extra/version": {"result": "KoboldCpp", "version": "1.99", "vision": False}},
            forced="grammar",
            usage_in_stream="ignored",
            prefill="kept",
            json_object="kept",
        ),
        "koboldcpp",
        "n?nn?y-yynn nynn",
        {"dialect": "qwen2.5", "server": "koboldcpp", "enforce": "auto", "media": "drop"},
    ),
    "TabbyAPI: developer is dropped": (
        Scripted(
            owner="tabbyAPI",
            header="",
            routes={"/v1/model": {"id": "x", "parameters": {"max_seq_len": 4000}}},
            json_schema="ignored",
            forced="grammar_string",
            developer="ignored",
            n="kept",
        ),
        "tabbyapi",
        "n?nnny-nyny ynnn",
        {"dialect": "qwen2.5", "server": "tabbyapi", "media": "drop"},
    ),
    "MLX: tells no tokens": (
        Scripted(header="", fingerprint="0.28.3-0.29.2-macOS-15.1-arm64", counts=False, tools="ignored", images="kept"),
        "mlx",
        "??nnn--nynn n???",
        {"dialect": "qwen2.5", "server": "mlx"},
    ),
    "DeepSeek: schema refused, JSON mode kept, developer and reasoning refused": (
        Scripted(
            owner="deepseek",
            model="deepseek-chat",
            tools="parsed",
            json_schema="refused",
            json_object="kept",
            prefill="kept",
            developer="refused",
            reasoning="refused",
            logprobs="kept",
        ),
        "deepseek",
        "yyyn?--yyyn ynnn",
        {"dialect": "deepseek-v3", "server": "deepseek", "native": "auto", "enforce": "auto", "media": "drop"},
    ),
    "unknown: accepts all, does nothing": (
        Scripted(header="", stop="ignored", usage_in_stream="ignored", developer="ignored", images="ignored"),
        "",
        "n?nnnnnnnnn nnn?",
        {"dialect": "qwen2.5"},
    ),
    "unknown: thinks first, so that little can be told": (
        Scripted(header="", thinks=True, tools="ignored", json_schema="kept"),
        "",
        "y????????nn yynn",
        {"dialect": "qwen2.5", "media": "drop"},
    ),
}


def answers(result: adapter.ProbeResult) -> str:
    letters = {word: letter for letter, word in SHORT.items()}
    first, rest = ("".join(letters[result.answer(name)] for name in names) for names in (ORDER, REST))
    return f"{first} {rest}"


PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="sk-secret-key", max_retries=0)  # making a client takes long


def client(upstream: Upstream) -> OpenAI:
    return PLAIN.with_options(base_url=upstream.url)


def test_the_table_has_every_question() -> None:
    assert sorted((*ORDER, *REST)) == sorted(TITLES)


def test_scripted_servers() -> None:
    wrong = {}
    for name, (script, kind, wanted, settings) in KINDS.items():
        with Upstream(script) as upstream:
            result = adapter.probe(client(upstream))
        allowed = [body.get("max_tokens") or body.get("max_completion_tokens") or 0 for body in upstream.bodies if body]
        got = (result.server, answers(result), dict(result.settings))
        if got != (kind, wanted, settings):
            wrong[name] = [got, (kind, wanted, settings), [(fact.name, fact.evidence) for fact in result.facts]]
        assert result.requests == len(upstream.received) <= 12, name
        assert result.tokens <= 200, name
        assert max(allowed) <= 48
        assert all(fact.evidence for fact in result.facts)
    assert wrong == {}


def test_an_async_client_and_a_wrapped_client_give_the_same() -> None:
    script, *_ = KINDS["vLLM: all kept, calls parsed"]

    async def waited(url: str) -> adapter.ProbeResult:
        async with AsyncOpenAI(base_url=url, api_key="sk-secret-key") as one:
            return await adapter.probe(one, script.model)

    with Upstream(script) as upstream:
        plain = adapter.probe(client(upstream))
        wrapped = adapter.probe(adapter.wrap(client(upstream)))
        asynchronous = asyncio.run(waited(upstream.url))
    assert plain == wrapped == asynchronous
    assert plain.wrap_line == "adapter.wrap(client, dialect='qwen2.5', server='vllm', native='auto', enforce='auto')"
    line = f"adapter serve --upstream {plain.base_url} --dialect qwen2.5 --server vllm --native auto --enforce auto"
    assert plain.serve_line == line
    command = argparse.ArgumentParser()
    serve.add(command)
    assert command.parse_args(line.split()[2:]) is not None
    assert (plain.version, plain.context, plain.size) == ("0.11.0", 4096, 7.0)


def test_a_server_that_keeps_no_limit_is_left_alone() -> None:
    with Upstream(Scripted(limit=False, stop="ignored")) as upstream:
        result = adapter.probe(client(upstream))
    assert result.requests == len(upstream.received) == 3  # models, props, and a single answer with too many tokens
    assert {result.answer(name) for name in TITLES if name != "stop"} == {"not asked"}
    assert result.notes[0] == "The server does not keep the token limit: 250 tokens came."


def test_thorough_compares_dialects() -> None:
    plain = Scripted(model="mymodel", header="")

    def reply(request: Any) -> Any:
        system = str(request.body["messages"][0]["content"]) if request.body else ""
        if "answer in plain words" not in system:  # this model understands a prompt in plain words only
            return plain(request)
        city = request.body["messages"][-1]["content"].rstrip("?").rpartition(" ")[2]
        return completion(json.dumps({"name": "get_weather", "arguments": {"city": city}}))

    with Upstream(reply) as upstream:
        result = adapter.probe(client(upstream), thorough=True)
    assert result.dialect == result.settings["dialect"] == "generic"
    assert result.notes[-2:] == ("Dialect 'generic': 4 of 8 right.", "Dialect 'hermes': 0 of 8 right.")
    assert result.requests == len(upstream.received) <= 12 + 16


@pytest.mark.proof
def test_silence_ends_after_two_requests() -> None:
    script = Scripted()

    def reply(request: Any) -> Any:
        answer = script(request)
        late = bool(request.body) and bool(request.body.get("tools") or request.body.get("response_format"))
        return dataclasses.replace(answer, delay=6.0) if late and isinstance(answer, Answer) else answer

    with Upstream(reply) as upstream:
        result = adapter.probe(client(upstream), timeout=3.0)
    assert (result.answer("tools"), result.answer("json_schema")) == ("not told", "not told")
    assert {result.answer(name) for name in ("grammar", "prefill", "n", "images")} == {"not asked"}
    assert "no answer within 3 s" in next(fact.evidence for fact in result.facts if fact.name == "tools")


PAGE = Answer(b"<!doctype html><title>Open WebUI</title>", headers={"content-type": "text/html"})
LISTED = Answer({"data": [{"id": "a"}, {"id": "b"}]})
KEY = Answer({"error": {"message": "Incorrect API key provided: sk-secret-key."}}, 401)
ONE = Answer({"data": [{"id": "a"}]})
MISSING = Answer({"error": {"message": "The model `x` does not exist"}}, 404)
# What the first requests get, the model asked for, and the words of the error.
REFUSED = {
    "a web page": ([PAGE], None, "a web page and no API of a model server"),
    "no such route": (
        [Answer({"detail": "Not Found"}, 404)],
        None,
        "answered 404 (Not Found) and names no model; give --model",
    ),
    "a key that is refused": ([KEY], None, "the key was refused (401): Incorrect API key provided: ***"),
    "no models": ([Answer({"data": []})], None, "no model is on offer; load a model, or give --model"),
    "several models": ([LISTED], None, "has 2 models: choose with --model: a, b"),
    "an unknown model": ([ONE, MISSING], "x", "does not know the model 'x': The model `x` does not exist; it has a"),
    "no chat endpoint": ([ONE, Answer({}, 404), Answer({}, 404)], None, "no chat endpoint here"),
    "too many requests": (
        [ONE, Answer({}, 404), Answer({"error": "slow down"}, 429)],
        None,
        "too many requests (429): slow down",
    ),
    "a server that fails": ([ONE, Answer({}, 404), Answer({"error": "boom"}, 503)], None, "the server answered 503: boom"),
    "no completion": ([ONE, Answer({}, 404), Answer({"ok": True})], None, "the server answered 200 with no chat completion"),
    "binary": ([ONE, Answer(b"\xff\x00"), Answer(b"\xff\x00\x1b[31m")], None, "the server answered 200"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_servers_that_cannot_be_asked(name: str) -> None:
    replies, model, words = REFUSED[name]
    with Upstream(*replies) as upstream, pytest.raises(ProbeFailed) as caught:
        adapter.probe(client(upstream), model)
    said = str(caught.value)
    assert words in said
    assert "sk-secret-key" not in said
    assert "\n" not in said
    assert "\x1b" not in said


def test_nobody_listens() -> None:
    with Upstream(ONE) as upstream:
        url = upstream.url
    with pytest.raises(ProbeFailed, match=r"no answer .*is the server running"):
        adapter.probe(OpenAI(base_url=url.replace("http://", "http://user:password@"), api_key="k", max_retries=0))


def test_other_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="takes an openai client"):
        adapter.probe("http://127.0.0.1:1/v1")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", "dashscope"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "dashscope"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.together.xyz/v1", "together"),
        ("https://api.fireworks.ai/inference/v1", "fireworks"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://notapi.openai.com.example.org/v1", ""),
        ("http://127.0.0.1:8000/v1", ""),
    ],
)
def test_hosts(url: str, kind: str) -> None:
    assert by_host(url).kind == kind


def test_saved_settings_fit_wrap(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    with Upstream(KINDS["SGLang: a call is left as text"][0]) as upstream:
        result = adapter.probe(client(upstream))
        result.save(file)
        assert adapter.wrap(client(upstream), **adapter.load_settings(file)) is not None
    assert adapter.load_settings(file) == dict(result.settings)
    saved = json.loads(file.read_text())
    assert saved["facts"]["calls"]["answer"] == "no"
    assert "sk-secret-key" not in file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (None, ProbeFailed, "No such file"),
        ("{", ProbeFailed, "not JSON"),
        ("[]", ProbeFailed, "no object 'settings'"),
        ('{"settings": {"dialct": "hermes"}}', TypeError, "did you mean 'dialect'"),
        ('{"settings": {"enforce": "gramar"}}', ValueError, "use one of"),
    ],
    ids=["missing", "no JSON", "no settings", "unknown option", "unknown value"],
)
def test_files_that_hold_no_settings(text: str | None, error: type[Exception], words: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(error, match=words):
        adapter.load_settings(file)


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with Upstream(Scripted()) as upstream:
        result = adapter.probe(client(upstream))
    with pytest.raises(ProbeFailed, match="give a path that can be written"):
        result.save(tmp_path / "missing" / "settings.json")
