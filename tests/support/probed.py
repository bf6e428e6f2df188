"""Scripted model servers for the probe: each has routes of its own, and accepts, ignores or refuses each feature.

A server is a frozen value; `answer` turns a request into the answer that such a server gives, with a count of tokens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.loopback import DONE, Answer, Stream, event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received

CALL = {"name": "report_word", "arguments": {"word": "kumquat-7"}}
HERMES = f"<tool_call>\n{json.dumps(CALL)}\n</tool_call>"
XML = "<tool_call>\n<function=report_word>\n<parameter=word>\nkumquat-7\n</parameter>\n</function>\n</tool_call>"
SMALL_TALK = "Hello there, how are you?"
FREE = frozenset({"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "stream"})


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """A server.

    Attributes:
        owner: `owned_by` of its models.
        header: The header `Server`.
        entry: Further members of a model in `/v1/models`.
        routes: Other routes with their answers.
        fingerprint: `system_fingerprint`.
        model: The model's name.
        tools: A text for a call left in the content; `parsed`, `ignored`, `unseen` (not even in the prompt) or `refused`.
        forced: The field of the grammar that is kept, if any.
        json_schema, n, stop, logprobs, usage_in_stream, developer, reasoning, images: `kept`, `ignored` or `refused`.
        prefill: `kept`, `repeated`, `anew` or `refused`.
        strict: Fields beyond those of `takes` are refused by name.
        counts: Usage is told.
        thinks: Answers begin with reasoning.
        limit: Tokens are limited.
    """

    owner: str = ""
    header: str = "uvicorn"
    entry: dict[str, Any] = field(default_factory=dict)
    routes: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    model: str = "qwen2.5-7b-instruct"
    tools: str = "unseen"
    forced: str = ""
    json_schema: str = "ignored"
    json_object: str = "ignored"
    n: str = "ignored"
    stop: str = "kept"
    logprobs: str = "ignored"
    usage_in_stream: str = "kept"
    developer: str = "kept"
    reasoning: str = "ignored"
    images: str = "refused"
    prefill: str = "anew"
    takes: frozenset[str] | None = None
    counts: bool = True
    thinks: bool = False
    limit: bool = True

    def __call__(self, request: Received) -> Answer | Stream:
        path = request.path.partition("?")[0]
        headers = {"server": self.header}
        if path == "/v1/models":
            entry = {"id": self.model, "object": "model", "owned_by": self.owner, **self.entry}
            return Answer({"object": "list", "data": [entry]}, headers=headers)
        if path in self.routes:
            return Answer(self.routes[path], headers=headers)
        if path != "/v1/chat/completions":
            return Answer({"error": {"message": "not found"}}, 404, headers=headers)
        refusal = self._refusal(request.body)
        if refusal:
            return Answer({"error": {"message": refusal, "type": "invalid_request_error"}}, 400, headers=headers)
        return self._chat(request.body, headers)

    def _refusal(self, body: dict[str, Any]) -> str:
        """The words of a 400, or an empty text."""
        form = f"response_format.{(body.get('response_format') or {}).get('type')}"
        treated = {
            "tools": self.tools,
            "stop": self.stop,
            "logprobs": self.logprobs,
            "n": self.n,
            "stream_options": self.usage_in_stream,
            "response_format.json_schema": self.json_schema,
            "response_format.json_object": self.json_object,
        }
        unknown = sorted(body.keys() - FREE - self.takes) if self.takes is not None else []
        refused = [name for name in (*body, form) if treated.get(name) == "refused"]
        faults = [f"{name} is not supported by this server" for name in refused]
        faults += [f"Unrecognized request argument supplied: {name}" for name in unknown]
        return next(iter((*faults, *self._faults_of(body["messages"]))), "")

    def _faults_of(self, messages: list[Any]) -> Iterator[str]:
        for message in messages:
            if message["role"] == "developer" and self.developer == "refused":
                yield "unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`"
            if "reasoning_content" in message and self.reasoning == "refused":
                yield "Extra inputs are not permitted: messages.2.assistant.reasoning_content"
            if isinstance(message["content"], list) and self.images == "refused":
                yield "image input is not supported"
        if messages[-1]["role"] == "assistant" and self.prefill == "refused":
            yield "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"

    def _chat(self, body: dict[str, Any], headers: dict[str, str]) -> Answer | Stream:
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 400
        text, calls = self._text(body)
        cut = text[: limit * 4] if self.limit else text * 40
        finish = "length" if len(cut) < len(text) else "stop"
        if body.get("stop") and self.stop == "kept":
            ends = [cut.find(stop) for stop in body["stop"] if stop in cut]
            cut, finish = (cut[: min(ends)], "stop") if ends else (cut, finish)
        message: dict[str, Any] = {"role": "assistant", "content": cut}
        if self.thinks:
            message |= {"content": "", "reasoning_content": "Okay, the user wants"}
        if calls:
            call = {"name": CALL["name"], "arguments": json.dumps(CALL["arguments"])}
            message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
        several = range(2 if body.get("n") == 2 and self.n == "kept" else 1)
        shared = {"id": "c-1", "created": 1, "model": self.model, "system_fingerprint": self.fingerprint}
        done = -(-len(cut or "") // 4) * len(several)
        usage = {"usage": {"prompt_tokens": self._prompt(body), "completion_tokens": done}} if self.counts else {}
        if body.get("stream"):
            pieces = [event({**shared, "choices": [{"index": at, "delta": {"content": cut}}]}) for at in several]
            if usage and "stream_options" in body and self.usage_in_stream == "kept":
                pieces.append(event({**shared, "choices": [], **usage}))
            return Stream((*pieces, DONE), headers)
        logprobs = {"content": [{"token": "x", "logprob": -0.1}]} if body.get("logprobs") and self.logprobs == "kept" else None
        choices = [{"index": at, "message": message, "finish_reason": finish, "logprobs": logprobs} for at in several]
        return Answer({**shared, "object": "chat.completion", "choices": choices, **usage}, headers=headers)

    def _text(self, body: dict[str, Any]) -> tuple[str, bool]:
        """The whole text, and whether the answer is a parsed call."""
        form = body.get("response_format") or {}
        if form.get("type") == "json_schema" and self.json_schema == "kept":
            word = form["json_schema"]["schema"]["properties"]["word"]["enum"][0]
            return json.dumps({"word": word}), False
        if form.get("type") == "json_object" and self.json_object == "kept":
            return '{"hello": "there"}', False
        if self.forced and self.forced in body and form.get("type") != "json_schema":
            return _forced(body[self.forced]), False
        if body.get("tools"):
            return ("", True) if self.tools == "parsed" else (self.tools if "report_word" in self.tools else SMALL_TALK, False)
        last = body["messages"][-1]
        if last["role"] == "assistant":
            repeated = last["content"] if self.prefill == "repeated" else ""
            return (f"{repeated}uat." if self.prefill in {"kept", "repeated"} else "The secret word is kumquat."), False
        return SMALL_TALK, False

    def _prompt(self, body: dict[str, Any]) -> int:
        """Tokens of the prompt: a word each, and four for the frame of a message."""
        count = 0
        for message in body["messages"]:
            if message["role"] == "developer" and self.developer == "ignored":
                continue
            content = message["content"] if isinstance(message["content"], str) else "Hi."
            count += 4 + len(content.split())
            count += len(message.get("reasoning_content", "").split()) if self.reasoning == "kept" else 0
            count += 64 if isinstance(message["content"], list) and self.images == "kept" else 0
        return count + (60 if body.get("tools") and self.tools != "unseen" else 0)


def _forced(value: Any) -> str:
    """The only text that a grammar of the probe allows."""
    text = json.dumps(value)
    return next(word for word in ("loquat-8", "quince-9") if word in text)
