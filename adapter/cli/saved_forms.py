"""Whole answers of many APIs as a chat message: each form is told by its members."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from adapter.api.reasoning import REASONING


class Message(NamedTuple):
    """An answer in the form of a chat message.

    Attributes:
        kind: The kind of the answer, for messages.
        message: The message: content, reasoning, and calls that are objects already.
        reason: The reason why the answer ended, in its maker's word; empty if the answer has none.
    """

    kind: str
    message: Mapping[str, Any]
    reason: str = ""


Form = Callable[[Mapping[str, Any]], Message | None]


def whole_answer(answer: Mapping[str, Any]) -> Message | None:
    """Return the message in an answer; None for an answer of no known form."""
    for form in _FORMS:
        try:
            found = form(answer)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue
        if found is not None:
            return found
    return None


def call_of(index: int, name: Any, arguments: Any, call_id: Any = None) -> dict[str, Any]:
    """Return a call in the form of a chat message's; without arguments they are still to come."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    function = {"name": name} if arguments is None else {"name": name, "arguments": text}
    return {"index": index, "type": "function", "function": function, **({"id": call_id} if call_id else {})}


def parts_as_message(parts: Iterable[Any]) -> dict[str, Any]:
    """Return the chat message of parts of Anthropic's, Bedrock's or Gemini's API: texts, thoughts and calls."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[dict[str, Any]] = []
    for part in parts:
        if "functionCall" in part:
            called = part["functionCall"]
            calls.append(call_of(len(calls), called["name"], called.get("args") or {}))
        elif "toolUse" in part:
            called = part["toolUse"]
            calls.append(call_of(len(calls), called["name"], called["input"], called.get("toolUseId")))
        elif part.get("type") == "tool_use":
            calls.append(call_of(len(calls), part["name"], part["input"], part.get("id")))
        elif part.get("type") == "thinking" or part.get("thought"):
            thoughts.append(part.get("thinking") or part.get("text") or "")
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
    return {"content": "".join(texts), REASONING: "".join(thoughts), "tool_calls": calls}


def output_as_message(items: Iterable[Any]) -> dict[str, Any]:
    """Return the chat message of the output items of a response."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[dict[str, Any]] = []
    for item in items:
        kind = item.get("type")
        parts = [part for part in (item.get("content") or item.get("summary") or ()) if isinstance(part, Mapping)]
        if kind == "message":
            texts += [str(part.get("text") or "") for part in parts]
        elif kind == "reasoning":
            thoughts += [str(part.get("text") or "") for part in parts]
        elif kind == "function_call":
            calls.append(call_of(len(calls), item["name"], item.get("arguments") or "", item.get("call_id")))
    return {"content": "".join(texts), REASONING: "".join(thoughts), "tool_calls": calls}


def _refusal(answer: Mapping[str, Any]) -> Message | None:
    refused = answer.get("error", answer)
    if not isinstance(refused.get("completion"), str) or "problems" not in refused:
        return None
    return Message("the completion in its error", {"content": refused["completion"]})


def _chat(answer: Mapping[str, Any]) -> Message:
    choice = answer["choices"][0]
    message = choice["message"] if "message" in choice else {"content": choice["text"]}
    return Message("the content of its first choice", {**message}, str(choice.get("finish_reason") or ""))


def _response(answer: Mapping[str, Any]) -> Message | None:
    if not isinstance(answer["output"], list):
        return None
    reason = "length" if answer.get("status") == "incomplete" else "stop"
    return Message("the text of its output", output_as_message(answer["output"]), reason)


def _anthropic(answer: Mapping[str, Any]) -> Message | None:
    if answer.get("type") != "message" or not isinstance(answer["content"], list):
        return None
    message = parts_as_message(answer["content"])
    return Message("the text of a message of Anthropic's API", message, str(answer.get("stop_reason") or ""))


def _ollama(answer: Mapping[str, Any]) -> Message | None:
    if "done" not in answer and "done_reason" not in answer:
        return None
    said = answer["message"] if "message" in answer else {"content": answer["response"], "thinking": answer.get("thinking")}
    calls = [
        call_of(index, call["function"]["name"], call["function"].get("arguments"))
        for index, call in enumerate(said.get("tool_calls") or ())
    ]
    message = {"content": said.get("content") or "", REASONING: said.get("thinking") or "", "tool_calls": calls}
    reason = answer.get("done_reason") or ("stop" if answer.get("done") else "")
    return Message("the text of an answer of Ollama's", message, str(reason))


def _bedrock(answer: Mapping[str, Any]) -> Message:
    message = parts_as_message(answer["output"]["message"]["content"])
    return Message("the text of an answer of Bedrock's Converse API", message, str(answer.get("stopReason") or ""))


def _gemini(answer: Mapping[str, Any]) -> Message:
    candidate = answer["candidates"][0]
    message = parts_as_message(candidate["content"]["parts"])
    return Message("the text of an answer of the Gemini API", message, str(candidate.get("finishReason") or ""))


def _dashscope(answer: Mapping[str, Any]) -> Message | None:
    output = answer["output"]
    if "choices" in output:
        return _chat(output)._replace(kind="the content of an answer of DashScope's")
    return Message("the text of an answer of DashScope's", {"content": output["text"]}, str(output.get("finish_reason") or ""))


def _native_server(answer: Mapping[str, Any]) -> Message | None:
    """The answer of a server's own route: llama.cpp's `/completion`, SGLang's and TGI's `/generate`, KoboldCpp's."""
    told = answer.get("meta_info") or answer.get("timings") or answer.get("generation_settings") or {}
    text = answer.get("generated_text")
    if text is None and "tokens_predicted" in answer:
        text = answer.get("content")
    if text is None and isinstance(told, Mapping) and told:
        text = answer.get("text")
    if text is None and "results" in answer:
        text = answer["results"][0]["text"]
    return Message("the text of a server's own answer", {"content": text}) if isinstance(text, str) else None


def _in_batch(answer: Mapping[str, Any]) -> Message | None:
    return whole_answer(answer["response"]["body"]) if "custom_id" in answer else None


def _message(answer: Mapping[str, Any]) -> Message | None:
    if answer.get("role") != "assistant" or not ("content" in answer or "tool_calls" in answer):
        return None
    return Message("the content of a message", {**answer})


_FORMS: tuple[Form, ...] = (
    _refusal,
    _chat,
    _response,
    _anthropic,
    _ollama,
    _bedrock,
    _gemini,
    _dashscope,
    _in_batch,
    _message,
    _native_server,
)
