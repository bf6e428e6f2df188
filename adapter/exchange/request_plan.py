"""A chat request, made ready: the messages for upstream, and the rules for reading the answer."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Literal

from adapter.api.chat.request import ChatRequest, upstream_body, wants_thinking
from adapter.completion.request_rules import Rules
from adapter.dialects.registry import resolve
from adapter.enforce.ladder import Enforcement, enforce, rung_for, stronger
from adapter.enforce.shape import Shape
from adapter.enforce.structured_output import answer_schema, wants_json
from adapter.exchange.attempt import Attempt
from adapter.exchange.retry_policy import Fault, repeated
from adapter.exchange.think_first import Thought, thought_in
from adapter.prompt.conversation import plain_examples, to_plain_messages
from adapter.prompt.examples import worked_examples
from adapter.prompt.history import past_ids, settled_calls
from adapter.prompt.merging import merged_turns
from adapter.prompt.neutralise import neutraliser
from adapter.prompt.parts import without_media
from adapter.tools.choice import ToolChoice
from adapter.tools.reply_tool import reply_tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.events import Problem
    from adapter.exchange.upstream import Upstream
    from adapter.options import Options
    from adapter.servers import Rung


# The lowest rung: only the prompt asks for the calls.
_WORDS = Enforcement()


class RequestPlan:
    """A chat request, made ready: the source of the attempts to have the request answered.

    Args:
        request: The request.
        options: The caller's choices.
        upstream: The form in which upstream gets the conversation.

    Attributes:
        dialect: The dialect.
        first: The first attempt.
        settled: Calls that were made just before and have their results, as `(name, arguments)`.

    Raises:
        BadRequest: The messages are wrong.
    """

    def __init__(self, request: ChatRequest, options: Options, upstream: Upstream) -> None:
        self._request = request
        self._options = options
        self._upstream = upstream
        self._format: Any = request.body.get("response_format")
        self.dialect = resolve(options.dialect, options.result_role)
        self._choice = request.choice if request.tools else ToolChoice("none")  # a call of nothing is text
        roles, messages = self.dialect.roles, request.messages
        self.settled = settled_calls(messages, roles) if self._choice.mode == "auto" else frozenset()
        # After a result the caller wants words, and they come best as words.
        before_call = not self.settled and self._choice.mode == "auto" and self._choice.allowed is None
        replies = bool(options.reply_tool) and before_call
        extra = reply_tool(request.tools.names) if replies else None
        self._reply = None if extra is None else extra["function"]["name"]
        self._tools = request.tools if extra is None else request.tools.and_also(extra)
        self._noted: list[Problem] = []
        self._messages = to_plain_messages(
            self._readable(messages) if options.media == "drop" else messages,
            self._tools,
            self._choice,
            request.parallel,
            self.dialect,
            options,
            note=self._note() if self._format is not None else "",
            examples=self._examples(options.examples) if options.examples is not None else (),
        )
        first = self.attempt()
        self.first = dataclasses.replace(first, noted=tuple(self._noted)) if self._noted else first

    def _readable(self, messages: Any) -> Any:
        """Return the messages without the parts that are no text; each part left out is noted."""
        return without_media(messages, self._noted.append)

    def _examples(self, examples: Any) -> list[dict[str, Any]]:
        if self._choice.mode == "none":
            return []
        if isinstance(examples, str):
            tools = self._request.tools.only(self._choice.allowed)
            guard = neutraliser(self.dialect) if self._options.neutralise else None
            return worked_examples(tools, self._request.messages, self._reply, self.dialect, guard)
        readable = self._readable(examples) if self._options.media == "drop" else examples
        return plain_examples(readable, self.dialect)

    def _note(self) -> str:
        """Return the sentence on the caller's own answer format for the system message, or an empty string.

        Beside tools the format cannot go upstream unchanged: a model held to the format could write no call.
        """
        if not wants_json(self._format) or self._choice.forced or self._holds_format():
            return ""
        schema = answer_schema(self._format)
        form = f" that fits this JSON schema:\n{json.dumps(schema, ensure_ascii=False)}" if schema else "."
        when = "Answer" if self._choice.mode == "none" else "When you answer without a function call, answer"
        return f"{when} with nothing but one JSON object{form}"

    def _holds_format(self) -> bool:
        """Return True where upstream is held to the caller's format, or to a schema that allows the format or a call."""
        server = self._upstream.server
        if self._choice.mode == "none":
            return server.schema is not None
        return self._reply is None and rung_for(self._options.enforce or "prompt", server) == "json_schema"

    def _shape(self, body: Mapping[str, Any]) -> Shape:
        parallel = False if self._request.legacy else self._request.parallel
        # A model held to calls goes on making calls: several, unasked, only with the freedom to stop.
        several = parallel is True or (parallel is None and not self._choice.forced and self._reply is None)
        thinking: Literal["no", "may", "begun"] = "may" if wants_thinking(self._request) else "no"
        if self._begins_thinking(body):
            thinking = "begun"
        tools = self._tools.only(self._choice.allowed)
        return Shape(tools, self._choice.forced, several, self._reply, thinking)

    def _begins_thinking(self, body: Mapping[str, Any]) -> bool:
        """Return True where the answer to a request begins inside the thinking."""
        if self._options.thinking_prefilled or self.dialect.reasoning is None:
            return self._options.thinking_prefilled
        return self._upstream.ending(body).rstrip().endswith(self.dialect.reasoning[0])

    def attempt(
        self,
        further: list[dict[str, Any]] | None = None,
        *,
        rung: Rung | None = None,
        in_words: bool = False,
        thinks: bool = True,
    ) -> Attempt:
        """Return an attempt: a request for upstream, and the rules for the answer.

        Args:
            further: Messages of a re-ask, which wants a single choice.
            rung: The rung of the ladder; None for the rung that the options ask for.
            in_words: The answer is not to be held to calls.
            thinks: The model may think before a call with a prefill.
        """
        messages = [*self._messages, *(further or ())]
        if self._options.merge_turns:
            messages = merged_turns(messages)
        ours = self._format is not None and self._choice.mode != "none" and wants_json(self._format)
        own = None if ours else self._format
        body = self._upstream.request(upstream_body(self._request, messages, own, n=None if further is None else 1))
        wanted = rung or rung_for(self._options.enforce or "prompt", self._upstream.server)
        held, shape = _WORDS, None
        if wanted != "prompt" and self._choice.mode != "none" and not in_words:
            shape = self._shape(body)
            held = enforce(wanted, self._upstream.server, self.dialect, shape, self._format)
        attempt = Attempt(
            body={**body, **held.body} if held.body else body,
            endpoint=self._upstream.endpoint,
            rules=self._rules(body, bare=held.bare),
            prefill="",
            rung=held.rung,
            unenforced=held.unenforced,
        )
        if shape is None or not held.prefill:
            return attempt
        if shape.thinking == "no" or not thinks:
            return dataclasses.replace(attempt, body=self._upstream.begun(body, held.prefill), prefill=held.prefill)
        return self._thinking_first(attempt, held.prefill)

    def _thinking_first(self, attempt: Attempt, then: str) -> Attempt:
        """Return the attempt that ends with the thinking, before a call with a prefill."""
        if self.dialect.reasoning is None or (attempt.body.get("n") or 1) > 1:
            several = "the required call is asked for in words only: several answers cannot think before a call that is begun"
            return dataclasses.replace(attempt, rung="prompt", unenforced=several)
        body = {**attempt.body, "stop": [self.dialect.reasoning[1]]}
        return dataclasses.replace(attempt, body=body, after=attempt.body, then=then)

    def thought(self, attempt: Attempt, content: str, field: str) -> Thought | None:
        """Return the thinking in an answer that was to end with the thinking; None for any other answer.

        Args:
            attempt: The attempt.
            content: The content of the answer.
            field: The `reasoning_content` of the answer.
        """
        if attempt.after is None or self.dialect.reasoning is None:
            return None
        return thought_in(content, field, self.dialect.reasoning, begun=attempt.rules.thinking)

    def after(self, attempt: Attempt, thought: Thought, used: int) -> Attempt:
        """Return the attempt that goes on from the thinking.

        Args:
            attempt: The attempt that ended with the thinking.
            thought: The thinking.
            used: The length of the thinking in tokens; 0 when unknown.
        """
        beginning = thought.text + attempt.then
        body = self._upstream.begun(attempt.after or {}, beginning)
        for name in ("max_tokens", "max_completion_tokens"):
            limit = body.get(name)
            if isinstance(limit, int) and limit > 0:
                body[name] = max(1, limit - used)
        return dataclasses.replace(attempt, body=body, prefill=beginning, after=None, then="")

    def again(self, attempt: Attempt, fault: Fault, further: list[dict[str, Any]]) -> Attempt:
        """Return the attempt after an answer that cannot stand: a required call is held to the next higher rung, if any."""
        if fault.kind == "repeated":
            return self.attempt(further, in_words=True)
        higher = stronger(attempt.rung, self._upstream.server) if fault.kind == "required" else None
        return self.attempt(further, rung=higher or attempt.rung, thinks=attempt.after is None)

    def repeats(self, calls: Iterable[tuple[str, str]]) -> Fault | None:
        """Return the fault of calls, as `(name, arguments)`, that were made just before and have their results, or None."""
        return repeated(calls, self.settled)

    def _rules(self, body: Mapping[str, Any], *, bare: bool) -> Rules:
        thinking = self._begins_thinking(body)
        parallel = False if self._request.legacy else self._request.parallel  # the legacy answer holds one call
        return Rules(
            self._tools,
            self._choice,
            parallel,
            constrained=bare,
            reply=self._reply,
            thinking=thinking,
            taken=past_ids(self._request.messages, self.dialect.roles) if self.dialect.call_ids else frozenset(),
        )
