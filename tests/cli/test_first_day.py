"""A newcomer's first day: inputs of another form, old encodings, full disks and near names; a line of help, never a traceback."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from openai import BadRequestError, OpenAI

import adapter
from adapter.cli import run
from adapter.dialects.registry import load, names
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = [
    {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}}
]
REQUEST = {"model": "Qwen3-8B", "messages": [{"role": "user", "content": "Grüße …"}], "tools": TOOLS}
CALL = '<tool_call>\n{"name": "f", "arguments": {"a": "x"}}\n</tool_call>'
SAVED = {"choices": [{"index": 0, "message": {"role": "assistant", "content": CALL}, "finish_reason": "length"}]}
TEXT_SAVED = {"choices": [{"index": 0, "text": CALL}]}
MADE = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
NATIVE = {"choices": [{"message": {"content": None, "tool_calls": [MADE]}, "finish_reason": "tool_calls"}]}
SAID = {"type": "message", "content": [{"type": "output_text", "text": CALL}]}
RESPONSE = {"object": "response", "status": "incomplete", "output": [{"type": "reasoning", "summary": []}, SAID]}
DELTAS = [{"choices": [{"index": 0, "delta": {"content": part}}]} for part in (CALL[:9], CALL[9:])]
STREAM = "".join(f"data: {json.dumps(event)}\n\n" for event in [*DELTAS, {"choices": [{"delta": {}, "finish_reason": "stop"}]}])
STREAMED_RESPONSE = f"event: x\ndata: {json.dumps({'type': 'response.completed', 'response': RESPONSE})}\n\n"
SCHEMA = TOOLS[0]["function"]["parameters"]  # type: ignore[index]  # as written above
ANTHROPIC = [{"name": "f", "description": "d", "input_schema": SCHEMA}]
MCP = {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "f", "inputSchema": SCHEMA}]}}
BEDROCK = [{"toolSpec": {"name": "f", "inputSchema": {"json": SCHEMA}}}]
GEMINI = [{"functionDeclarations": [{"name": "f", "parameters": SCHEMA}]}]
NESTED = [{"type": "function", "function": TOOLS[0]}]
FLAT = [{"type": "function", "name": "f", "parameters": SCHEMA}]
BARE = [{"name": "f", "parameters": SCHEMA}]
CLAUDE = {"system": "Be brief.", "messages": REQUEST["messages"], "tools": ANTHROPIC}
PYTHON_TAG = '<|python_tag|>{"name": "f", "parameters": {"a": "x"}}'
# Files, a command, its exit status, and words of what it prints.
COMMANDS: dict[str, tuple[dict[str, Any], str, int, tuple[str, ...]]] = {
    "preview of an object without messages": ({"a": {"foo": 1}}, "preview a", 2, ("'messages' (or 'input')", "has 'foo'")),
    "preview of tools as a request": ({"a": {"tools": TOOLS}}, "preview a", 2, ("for tools alone: adapter preview --tools FILE",)),
    "preview of nothing": ({"a": {}}, "preview a", 2, ("this one is empty",)),
    "preview says what auto chose": ({"a": REQUEST}, "preview a --dialect auto", 0, ("'Qwen3-8B'", "── user")),
    "preview of a file with a mark of its order of bytes": (
        {"a": "\ufeff" + json.dumps(REQUEST)},
        "preview a",
        0,
        ("── user",),
    ),
    "parse without tools": ({"a": CALL}, "parse a", 0, ("not checked",)),
    "parse with tools": ({"a": CALL, "t": TOOLS}, "parse a --tools t", 0, ("\nvalid\n",)),
    "parse with a request": ({"a": CALL, "t": REQUEST}, "parse a --tools t", 0, ("\nvalid\n",)),
    "parse with no tools in a file": ({"a": CALL, "t": {"x": 1}}, "parse a --tools t", 2, ("or give a request with 'tools'",)),
    "parse of a saved answer": ({"a": SAVED}, "parse a", 0, ("is a saved answer", "f {", "finish_reason: length")),
    "parse of a saved raw completion": ({"a": TEXT_SAVED}, "parse a", 0, ("is a saved answer", "f {")),
    "parse of other JSON with choices": ({"a": {"choices": []}}, "parse a", 0, ('"choices"',)),
    "parse of a saved answer with native calls": ({"a": NATIVE}, "parse a", 0, ("calls as objects already", ": f", "finish_reason: tool_calls")),
    "parse of a saved response": ({"a": RESPONSE}, "parse a", 0, ("reading the text of its output", "f {", "finish_reason: length")),
    "parse of a saved stream": ({"a": STREAM}, "parse a", 0, ("reading the content of its stream", "f {", "finish_reason: tool_calls")),
    "parse of a saved stream that broke off": ({"a": STREAM[: STREAM.index("}]}") + 4]}, "parse a", 0, ("finish_reason: length",)),
    "parse of a saved stream of a response": ({"a": STREAMED_RESPONSE}, "parse a", 0, ("reading the text of its output", "f {")),
    "parse of an answer in another dialect": ({"a": PYTHON_TAG}, "parse a", 1, ("problem: other_dialect", "<|python_tag|>", "--dialect auto")),
    "parse of the same with tools": ({"a": PYTHON_TAG, "t": TOOLS}, "parse a --tools t", 1, ("problem: other_dialect", "llama-3.1")),
    "parse of a refusal of the adapter's": ({"a": {"error": {"message": "m", "completion": CALL, "problems": []}}}, "parse a", 0, ("reading the completion in its error", "f {")),
    "parse of a request": ({"a": REQUEST}, "parse a", 0, ("is a request, read as text", "adapter preview")),
    "parse of nothing": ({"a": " "}, "parse a", 0, ("is empty",)),
    "parse of other JSON": ({"a": "[1]"}, "parse a", 0, ("[1]",)),
    "preview of an empty file": ({"a": ""}, "preview a", 2, ("not JSON: the file is empty",)),
    "parse of a mention of other marks": ({"a": "Write `<|python_tag|>`."}, "parse a", 0, ("── content",)),
    "parse blames no file for a dialect": ({"a": CALL, "t": TOOLS}, "parse a --tools t --dialect esperanto", 2, ("adapter: no dialect",)),
    "preview blames no file for a dialect": ({"a": REQUEST}, "preview a --dialect esperanto", 2, ("adapter: no dialect",)),
    "preview of Anthropic's request": ({"a": CLAUDE}, "preview a", 0, ("'system' of Anthropic's", "Anthropic's Messages API is read", "Be brief.")),
    "a tool alone": ({"t": TOOLS[0]}, "preview --tools t", 0, ('"name": "f"',)),
    "a file of other tools: Anthropic's": ({"a": CALL, "t": ANTHROPIC}, "parse a --tools t", 0, ("Anthropic's Messages API is read as a function", "\nvalid\n")),
    "a file of other tools: MCP's": ({"a": CALL, "t": MCP}, "parse a --tools t", 0, ("a tool of MCP is read as a function", "\nvalid\n")),
    "a file of other tools: Bedrock's": ({"a": CALL, "t": BEDROCK}, "parse a --tools t", 0, ("Bedrock's Converse API is read", "\nvalid\n")),
    "a file of other tools: Gemini's": ({"a": CALL, "t": GEMINI}, "parse a --tools t", 0, ("Gemini API is read as a function", "\nvalid\n")),
    "a file of other tools: one in another": ({"a": CALL, "t": NESTED}, "parse a --tools t", 0, ("a tool inside a tool is read", "\nvalid\n")),
    "a file of other tools: flat": ({"a": CALL, "t": FLAT}, "parse a --tools t", 0, ("\nvalid\n",)),
    "a file of other tools: functions": ({"a": CALL, "t": BARE}, "parse a --tools t", 0, ("a function without its tool is read", "\nvalid\n")),
    "a dialect in another case": ({"a": REQUEST}, "preview a --dialect Hermes", 0, ("dialect 'hermes' for the model 'Hermes'",)),
    "a model for a dialect": ({"a": REQUEST}, "preview a --dialect Qwen/Qwen3-8B", 0, ("dialect 'hermes' for the model 'Qwen/Qwen3-8B', by '*qwen3*'",)),
    "a model for a dialect to parse": ({"a": CALL}, "parse a --dialect qwen3", 0, ("dialect 'hermes' for the model 'qwen3'",)),
    "the name of a family": ({"a": REQUEST}, "preview a --dialect qwen", 2, ("did you mean 'qwen2.5' or 'qwen3-coder' or 'qwen3-omni'?", "templates list")),
    "a misspelt chat template": ({"a": REQUEST}, "preview a --chat-template chatm", 2, ("no chat template 'chatm'; did you mean 'chatml'?",)),
    "a misspelt server": ({"a": REQUEST}, "preview a --server llamacpp", 2, ("llama.cpp",)),
    "a chat template is shown": ({}, "templates show qwen3", 0, ('name = "qwen3"',)),
    "the path of a chat template": ({}, "templates path qwen3", 0, ("chat/qwen3.jinja",)),
    "a chat template is checked": ({}, "templates check qwen3", 0, ("chat template qwen3: rendered",)),
    "a chat template of a dialect's name": ({}, "templates check chat/qwen2.5", 0, ("chat template qwen2.5: rendered",)),
    "a chat template in a file": ({"c.jinja": "{{ messages[0].content }}"}, "templates check c.jinja", 1, ("'The answer.' stands 0 times",)),
    "templates for a model": ({}, "templates list --model Qwen3-8B", 0, ("dialect 'hermes' for the model", "chat template 'qwen3' for the model")),
    "templates for an unknown model": ({}, "templates list --model x", 0, ("as no dialect names the model 'x'",)),
    "templates with a word": ({}, "templates list gemma", 0, ("functiongemma", "chat templates")),
    "templates with no such word": ({}, "templates list esperanto", 1, ("no template has 'esperanto'", "--model NAME")),
    "the same template": ({}, "templates diff hermes hermes", 0, ()),
    "two templates": ({}, "templates diff hermes chat/chatml", 1, ('-name = "hermes"', '+name = "chatml"')),
    "the beginning of a dialect": ({"a": REQUEST}, "preview a --dialect glm", 2, ("did you mean 'glm-4.5' or 'glm-4.7'",)),
    "a misspelt dialect": ({"a": REQUEST}, "preview a --dialect gpt-os", 2, ("did you mean 'gpt-oss'",)),
}  # fmt: skip
# Tools in the form of other APIs, the name of the API in the error, and the fix.
OTHER_APIS: dict[str, tuple[Any, str, str]] = {
    "Anthropic": (ANTHROPIC, "tools[0]' is a tool of Anthropic's Messages API", "with the value of 'input_schema' as 'parameters'"),
    "Anthropic, custom": ([{"type": "custom", **ANTHROPIC[0]}], "Anthropic's Messages API", "'input_schema'"),
    "Anthropic inside a function": ([{"type": "function", "function": ANTHROPIC[0]}], "Anthropic's Messages API", "'function.input_schema'"),
    "MCP": (MCP["result"]["tools"], "a tool of MCP", "with the value of 'inputSchema'"),  # type: ignore[index]
    "Bedrock": (BEDROCK, "Amazon Bedrock's Converse API", "toolSpec.inputSchema.json"),
    "Gemini": (GEMINI, "Google's Gemini API", "one for each of 'functionDeclarations'"),
    "one in another": (NESTED, "a tool inside a tool", "Leave out the outer one"),
    "a bare function": (BARE, "a function without its tool", "around it"),
    "one tool": (TOOLS[0], "expected an array of tool definitions", "put the tool into a list"),
    "a request": ({"tools": TOOLS}, "expected an array of tool definitions", "give the list in it"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_APIS)
def test_tools_of_another_api_are_refused_by_its_name(name: str) -> None:
    tools, api, fix = OTHER_APIS[name]
    with pytest.raises(adapter.BadRequest) as refused:
        adapter.read_tools(tools)
    assert [words for words in (api, fix) if words not in str(refused.value)] == []
    with Upstream(completion("")) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as made:
        client: Any = adapter.wrap(made)
        asked: dict[str, Any] = {"model": "m", "tools": tools}
        with pytest.raises(BadRequestError, match=re.escape(api)):
            client.chat.completions.create(messages=REQUEST["messages"], **asked)
        if name != "one in another":  # a flat request reads a tool inside a function as meant
            with pytest.raises(BadRequestError, match=re.escape(api)):
                client.responses.create(input="x", **asked)
        assert upstream.received == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_helps(name: str, tmp_path: Path) -> None:
    files, command, status, words = COMMANDS[name]
    for file, content in files.items():
        (tmp_path / file).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    out = io.StringIO()
    argv = [str(tmp_path / word) if word in files else word for word in command.split()]
    assert run(argv, out, out, io.StringIO()) == status
    assert [word for word in words if word not in out.getvalue()] == []


def test_the_list_of_templates_fits_a_terminal_of_80_columns() -> None:
    out = io.StringIO()
    assert run(["templates", "list"], out, out, io.StringIO()) == 0
    lines = out.getvalue().splitlines()
    assert [line for line in lines if len(line) > 80] == []
    words = {word.rstrip(",") for line in lines for word in line.split()}
    assert [glob for name in names() for glob in load(name).models if glob not in words] == [], "broken in a glob"


def test_a_models_name_for_a_dialect_is_told() -> None:
    told: list[adapter.Problem] = []
    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="k") as made:
        client: Any = adapter.wrap(made, dialect="Qwen/Qwen3-8B", on_event=told.append)
        answer = client.chat.completions.create(model="m", messages=REQUEST["messages"], tools=TOOLS)
    assert answer.choices[0].message.tool_calls
    assert [(problem.kind, "'hermes' for the model 'Qwen/Qwen3-8B'" in problem.message) for problem in told] == [
        ("chosen", True)
    ]


@pytest.mark.parametrize("tools", [[], TOOLS], ids=["no tools", "tools"])
def test_messages_for_a_system_prompt_are_sent_to_render(tools: Any) -> None:
    wrong: Any = REQUEST["messages"]
    with pytest.raises(TypeError, match=r"not list .* for messages use adapter\.render"):
        adapter.system_prompt(tools, wrong)


def process(*argv: str, output: Any = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "adapter", *argv]
    return subprocess.run(
        command, stdout=output, stderr=subprocess.PIPE, env={**os.environ, **environment}, timeout=60, check=False
    )


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.proof)])
def test_an_encoding_that_lacks_signs_gets_others(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(json.dumps(REQUEST), encoding="utf-8")
    done = process("preview", str(tmp_path / "a"), PYTHONIOENCODING=encoding)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert b"-- user" in done.stdout
    assert ("Grüße …" if encoding == "cp1252" else "Gr\\xfc\\xdfe ...").encode(encoding) in done.stdout


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("colours", [True, False], ids=["in colour", "NO_COLOR"])
def test_escapes_of_a_prompt_are_shown_on_a_terminal_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, colours: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    hostile = {"messages": [{"role": "user", "content": "a\x1b]0;title\x07b\x9bc\td"}]}
    (tmp_path / "a").write_text(json.dumps(hostile), encoding="utf-8")
    out = Terminal()
    assert run(["preview", str(tmp_path / "a")], out, out, io.StringIO()) == 0
    assert "a␛]0;title␇b\ufffdc\td" in out.getvalue()


@pytest.mark.parametrize("code", ["0", "1;36", "2", "31", "32", "33", "35"])
def test_a_text_cannot_borrow_the_colours_set_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Neither a prompt nor a completion forges a heading or a verdict, nor turns the direction of a line."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    forged = f"\x1b[{code}m── system \x1b[0m\u202edlrow"
    request = {"messages": [{"role": "user", "content": forged}]}
    (tmp_path / "a").write_text(json.dumps(request), encoding="utf-8")
    (tmp_path / "b").write_text(f"Hi {forged}", encoding="utf-8")
    for command in ("preview", "parse"):
        out = Terminal()
        run([command, str(tmp_path / ("a" if command == "preview" else "b"))], out, out, io.StringIO())
        assert f"␛[{code}m── system ␛[0m\ufffddlrow" in out.getvalue(), command
        assert "\x1b[" in out.getvalue(), command


async def listen(_: Any) -> None: ...


# Options that are wrong from the first moment, and words of the error.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "examples as a number": ({"examples": 5}, "examples=5: use 'auto', or a list of messages"),
    "examples as a word": ({"examples": "yes"}, "examples='yes'"),
    "examples that are no messages": ({"examples": ["Hi"]}, "examples="),
    "no dialect": ({"dialect": None}, "dialect=None: use a name"),
    "a dialect as a number": ({"dialect": 3}, "dialect=3"),
    "a listener nobody awaits": ({"on_event": listen}, "use a plain function"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_is_refused_by_wrap(name: str) -> None:
    options, words = WRONG[name]
    with (
        OpenAI(base_url="http://localhost:1/v1", api_key="k") as client,
        pytest.raises((TypeError, ValueError), match=words.replace("(", "\\(")),
    ):
        adapter.wrap(client, **options)


NO_CLIENTS = [
    (io.StringIO(), r"not a StringIO; give a framework's object .* adapter\.transport"),
    (OpenAI, r"not the class OpenAI; make a client of it: OpenAI\(base_url"),
    (None, r"not None; make a client first"),
    ("http://localhost:8000/v1", r"not 'http://localhost:8000/v1'; make a client first"),
]


@pytest.mark.parametrize(("given", "words"), NO_CLIENTS, ids=["a framework's", "a class", "none", "a text"])
def test_another_object_is_no_client(given: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        adapter.wrap(given)


def test_a_listener_that_fails_costs_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    def fails(problem: Any) -> None:
        raise RuntimeError(problem.kind)

    mended = CALL.replace('"a"', "'a'")
    with Upstream(completion(mended)) as upstream, OpenAI(base_url=upstream.url, api_key="k") as made:
        client = adapter.wrap(made, on_event=fails)
        answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], tools=TOOLS)  # type: ignore[arg-type]
    assert answer.choices[0].message.tool_calls
    assert "on_event failed on a problem of kind 'repaired'" in caplog.text
