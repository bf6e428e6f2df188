"""`adapter parse` on saved answers of many APIs: whole and streamed, text and calls as objects, with and without a fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.cli.test_cli import call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
TEXT = 'Sure. <tool_call>\n{"name": "f", "arguments": {"a": "x"}}\n</tool_call>'
REFUSED = {"error": {"message": "model not found", "type": "invalid_request_error"}}
Arguments = dict[str, Any] | None


def chat(text: str, given: Arguments) -> Any:
    made = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps(given)}}
    message = {"role": "assistant", "content": text, **({} if given is None else {"tool_calls": [made]})}
    return {"object": "chat.completion", "choices": [{"message": message, "finish_reason": "stop"}]}


def response(text: str, given: Arguments) -> Any:
    said = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    made = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": json.dumps(given)}
    return {"object": "response", "status": "completed", "output": [said, *([] if given is None else [made])]}


def anthropic(text: str, given: Arguments) -> Any:
    made = {"type": "tool_use", "id": "t1", "name": "f", "input": given}
    content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": text}, *([] if given is None else [made])]
    return {"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn"}


def ollama(text: str, given: Arguments) -> Any:
    made = {} if given is None else {"tool_calls": [{"function": {"name": "f", "arguments": given}}]}
    return {"model": "m", "message": {"role": "assistant", "content": text, **made}, "done": True, "done_reason": "stop"}


def gemini(text: str, given: Arguments) -> Any:
    made = [] if given is None else [{"functionCall": {"name": "f", "args": given}}]
    return {"candidates": [{"content": {"parts": [{"text": text}, *made]}, "finishReason": "STOP"}]}


def bedrock(text: str, given: Arguments) -> Any:
    made = [] if given is None else [{"toolUse": {"toolUseId": "t1", "name": "f", "input": given}}]
    return {"output": {"message": {"role": "assistant", "content": [{"text": text}, *made]}}, "stopReason": "end_turn"}


def dashscope(text: str, given: Arguments) -> Any:
    return {"request_id": "r", "output": {"choices": chat(text, given)["choices"]}}


def message(text: str, given: Arguments) -> Any:
    return chat(text, given)["choices"][0]["message"]


def batch(text: str, given: Arguments) -> Any:
    return {"custom_id": "1", "response": {"status_code": 200, "body": chat(text, given)}}


def sse(*events: Any) -> str:
    return "".join(f"event: {event.get('type', 'x')}\ndata: {json.dumps(event)}\n\n" for event in events)


def chat_stream(text: str, given: Arguments) -> str:
    half = len(text) // 2
    deltas: list[Any] = [{"content": text[:half]}, {"content": text[half:]}]
    if given is not None:
        deltas.append({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]})
        deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": json.dumps(given)}}]})
    events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return ": keep-alive\n\n" + "".join(f"data: {json.dumps(event)}\n\n" for event in [*events, end]) + "data: [DONE]\n\n"


def anthropic_stream(text: str, given: Arguments) -> str:
    events: list[Any] = [
        {"type": "message_start", "message": {"role": "assistant"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
    ]
    if given is not None:
        block = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
        events.append({"type": "content_block_start", "index": 1, "content_block": block})
        delta = {"type": "input_json_delta", "partial_json": json.dumps(given)}
        events.append({"type": "content_block_delta", "index": 1, "delta": delta})
    return sse(*events, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"})


def response_stream(text: str, given: Arguments) -> str:
    return sse({"type": "response.created", "response": {}}, {"type": "response.completed", "response": response(text, given)})


def response_cut(text: str, given: Arguments) -> str:
    events: list[Any] = [{"type": "response.output_text.delta", "delta": text}]
    if given is not None:
        item = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": ""}
        events.append({"type": "response.output_item.added", "output_index": 1, "item": item})
        delta = {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": json.dumps(given)}
        events.append(delta)
    return sse(*events)


def ollama_lines(text: str, given: Arguments) -> str:
    pieces = [{"model": "m", "message": {"content": text[:9]}, "done": False}, ollama(text[9:], given)]
    return "".join(f"{json.dumps(piece)}\n" for piece in pieces)


def gemini_stream(text: str, given: Arguments) -> str:
    return "".join(f"data: {json.dumps(piece)}\n\n" for piece in (gemini(text[:9], None), gemini(text[9:], given)))


# Each API with its answer of a text and of a call's arguments, and words of the note about it.
FORMS: dict[str, tuple[Callable[[str, Arguments], Any], str]] = {
    "chat": (chat, "reading the content of its first choice"),
    "response": (response, "reading the text of its output"),
    "Anthropic": (anthropic, "a message of Anthropic's API"),
    "Ollama": (ollama, "an answer of Ollama's"),
    "Gemini": (gemini, "the Gemini API"),
    "Bedrock": (bedrock, "Bedrock's Converse API"),
    "DashScope": (dashscope, "DashScope's"),
    "a message": (message, "the content of a message"),
    "a line of a batch": (batch, "the content of its first choice"),
    "chat, streamed": (chat_stream, "the content of its stream"),
    "Anthropic, streamed": (anthropic_stream, "a stream of Anthropic's API"),
    "response, streamed": (response_stream, "the text of its output"),
    "response, streamed and cut": (response_cut, "the text of its output"),
    "Ollama, in lines": (ollama_lines, "an answer of Ollama's"),
    "Gemini, streamed": (gemini_stream, "the Gemini API"),
}


def parsed(tmp_path: Path, saved: Any, *more: str) -> tuple[int, Any, str]:
    (tmp_path / "t.json").write_text(json.dumps(TOOLS), encoding="utf-8")
    (tmp_path / "a").write_text(saved if isinstance(saved, str) else json.dumps(saved), encoding="utf-8")
    status, out, err = call("parse", str(tmp_path / "a"), "--tools", str(tmp_path / "t.json"), "--json", *more)
    return status, json.loads(out or "null"), err


def calls_in(found: Any) -> list[tuple[str, str]]:
    made = found["message"].get("tool_calls") or []
    return [(one["function"]["name"], one["function"]["arguments"]) for one in made]


def kinds(found: Mapping[str, Any]) -> list[str]:
    return [problem["kind"] for problem in found["problems"]]


def test_answers_of_every_api_are_read(tmp_path: Path) -> None:
    """A call in the text is read in its dialect; calls as objects are checked like a server's, also those without arguments."""
    for form, (saved, words) in FORMS.items():
        status, found, err = parsed(tmp_path, saved(TEXT, None))
        assert (form, status, calls_in(found)) == (form, 0, [("f", '{"a": "x"}')])
        assert (found["message"]["content"], words in err, "objects" in err) == ("Sure.", True, False), (form, err)
        for given, problems in (({"a": "x"}, []), ({}, ["invalid_arguments"]), ({"a": 5}, ["coerced"])):
            for more in ([], ["--dialect", "auto"]):  # which has nothing to try
                status, found, err = parsed(tmp_path, saved("Hi.", given), *more)
                made = calls_in(found)
                assert (form, status, [name for name, _ in made]) == (form, int(bool(problems)), ["f"])
                assert (json.loads(made[0][1]), kinds(found)) == ({"a": "5"} if given == {"a": 5} else given, problems), form
                assert (found["message"]["content"], "calls as objects already" in err) == ("Hi.", True), form


def test_thoughts_beside_the_text_are_kept(tmp_path: Path) -> None:
    for saved in (anthropic("Hi.", None), {**ollama("Hi.", None), "message": {"content": "Hi.", "thinking": "Hm."}}):
        _, found, _ = parsed(tmp_path, saved)
        assert (found["message"]["reasoning_content"], found["message"]["content"]) == ("Hm.", "Hi.")


# Files that are no answer, the exit status, and words of the note.
OTHERS: dict[str, tuple[Any, int, str]] = {
    "an error": (REFUSED, 2, "is an error of a server's, and has no completion to read: model not found"),
    "Ollama's error": ({"error": "model 'x' not found"}, 2, "no completion to read: model 'x' not found"),
    "Anthropic's error": ({"type": "error", "error": {"message": "overloaded"}}, 2, "no completion to read: overloaded"),
    "an error in a stream": (sse({"error": {"message": "no memory"}}), 2, "no completion: no memory"),
    "a stream of nothing known": ('data: {"x": 1}\n\ndata: {"y": 2}\n\n', 2, "a stream of no known API: 2 events"),
    "a stream that ends in an error": (sse({"choices": [{"delta": {"content": "Hi"}}]}, REFUSED), 0, "ends in an error: model"),
    "other JSON": ({"hello": 1}, 0, "is JSON of no answer that is known, read as the model's text"),
    "a call as JSON": ({"name": "f", "arguments": {"a": "x"}}, 1, ""),
    "an odd word for the end": ({"choices": [{"text": "Hi", "finish_reason": "eos"}]}, 0, "'eos' is read as 'stop'"),
}  # fmt: skip


def test_files_that_are_no_answers_are_told(tmp_path: Path) -> None:
    for fact, (saved, expected, words) in OTHERS.items():
        status, _, err = parsed(tmp_path, saved)
        assert (fact, status) == (fact, expected), err
        assert words in err, (fact, err)
        assert (err == "") is (not words), (fact, err)


BARE = '{"name": "f", "arguments": {"a": "x"}}'
# A text, the exit status of `--dialect auto` with tools, and words of the result.
TRIED: dict[str, tuple[str, int, str]] = {
    "among words": (f"Well, {BARE} is it.", 1, "near_call: the answer holds a valid call of 'f' as JSON among words"),
    "a Python call": ('f(a="x")', 1, "near_call: the answer holds a valid call of 'f' as a Python call"),
    "bare": (BARE, 0, "llama-3.1: f (valid)"),
    "in a fence": (f"```json\n{BARE}\n```", 0, "f (valid)"),
    "no call": ("Hello.", 1, "no dialect reads a call in this text"),
}


def test_auto_finds_what_a_dialect_recovers_and_tells_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps(TOOLS), encoding="utf-8")
    for fact, (text, expected, words) in TRIED.items():
        tools = ("--tools", str(tmp_path / "t.json"))
        status, out, _ = call("parse", "-", *tools, "--dialect", "auto", stdin=text)
        assert (fact, status, words in out) == (fact, expected, True), out
        plain = json.loads(call("parse", "-", *tools, "--json", stdin=text)[1])
        if "recovered" in kinds(plain) or "near_call" in kinds(plain):
            assert "f (valid)" in out or "near_call: " in out, fact
        rows = json.loads(call("parse", "-", *tools, "--dialect", "auto", "--json", stdin=text)[1])
        near = [row["told"] for row in rows if row["problems"] == ["near_call"]]
        assert bool(near) is ("near_call" in out), fact
    assert "with --tools FILE calls without tags" in call("parse", "-", "--dialect", "auto", stdin="f")[1]
