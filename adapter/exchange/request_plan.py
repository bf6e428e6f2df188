"""A chat request, made ready: the messages for upstream, and the rules for reading the answer."""

from __future__ import annotations

import dataclasses
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from adapter.api.chat.request import ChatRequest, upstream_body, wants_thinking
from adapter.api.reasoning import REASONING
from adapter.completion.given_words import held_names, shown_otherwise
from adapter.completion.request_rules import Rules
from adapter.dialects.registry import resolve
from adapter.enforce.answer_format import format_of
from adapter.enforce.ladder import Enforcement, enforce, rung_for, stronger
from adapter.enforce.shape import Shape
from adapter.enforce.structured_output import answer_schema, asked_for_json, wants_json
from adapter.exchange.after_result import after_result, may_repeat
from adapter.exchange.attempt import Attempt
from adapter.exchange.format_note import format_note
from adapter.exchange.grounds import Grounds
from adapter.exchange.just_answered import JustAnswered
from adapter.exchange.lint_notices import lint_notices
from adapter.exchange.native_request import NativeRequest, native_request
from adapter.exchange.native_use import refuses_tools
from adapter.exchange.sized import warn_of_size
from adapter.exchange.think_first import Thought, after_thinking, thinking_first, thought_in
from adapter.exchange.tool_policy import mended
from adapter.exchange.writable_tools import writable
from adapter.prompt.conversation import plain_examples, to_plain_messages
from adapter.prompt.examples import made_up_in, with_open_calls, worked_examples
from adapter.prompt.history import Place, past_ids, settled_calls
from adapter.prompt.in_words import in_words
from adapter.prompt.merging import merged_turns
from adapter.prompt.neutralise import neutraliser
from adapter.prompt.past_reasoning import renamed
from adapter.prompt.readable import readable, reasoning_name
from adapter.tools.choice import ToolChoice
from adapter.tools.definitions import ToolSet
from adapter.tools.reply_tool import reply_tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.enforce.answer_format import AnswerFormat
    from adapter.events import Problem
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.protocol import Reply
    from adapter.exchange.retry_policy import Fault
    from adapter.prompt.replay import Said
    from adapter.servers import Rung

_WORDS = Enforcement()  # the lowest rung: only the prompt asks for the calls


class RequestPlan:
    """A chat request, made ready: the source of the attempts to have the request answered.

    Args:
        request: The request.
        setting: The options for the model, and the form in which upstream gets the conversation.
        said: Earlier answers whose text is known, by the id of their first call.

    Attributes:
        dialect: The dialect.
        guard: Neutralises untrusted text; None where the caller switched this off.
        learnt: Facts about the model's server, from its answers to this client.
        answer_format: The caller's own format of an answer in words, beside tools; None without one.
        first: The first attempt.
        grounds: The values of calls held against the conversation.
        settled: Calls that were made just before and have their results.
        asked, setting, texts: The arguments.

    Raises:
        BadRequest: The messages are wrong.
    """

    def __init__(self, request: ChatRequest, setting: Setting, said: Mapping[str, Said] = MappingProxyType({})) -> None:
        self._options, self._upstream, self.learnt = setting.options, setting.upstream, setting.learnt
        self.texts, self.asked, self.setting = said, request, setting
        options = self._options
        self._format: Any = request.body.get("response_format")
        self.dialect = resolve(options.dialect, options.result_role)
        self.guard = neutraliser(self.dialect) if options.neutralise else None
        self._noted: list[Problem] = list(request.tools.told)
        self._request = request = writable(request, self.dialect, options.on_bad_tool, self._noted.append)
        self._choice = request.choice if request.tools else ToolChoice("none")  # a call of nothing is text
        self._noted += mended(request.tools)
        known = setting.upstream.server.reasoning or setting.learnt.reasoning
        self._reasoning = "" if REASONING in self.learnt.refused else known
        self.learnt.left_out(request.body, self._upstream.server, options.server)
        warn_of_size(setting.size, len(request.tools.tools), options, self.learnt)
        self._history = self._readable(request.messages, request.place)
        answered = settled_calls(self._history, self.dialect.roles, partial(may_repeat, request.tools))
        made = frozenset((call.name, call.arguments) for call in answered)
        self._choice = after_result(self._choice, request.tools, made, options, self._noted.append)
        answered = answered if self._choice.mode == "auto" else ()
        # After a result the caller wants words, and they come best as words.
        before_call = not answered and self._choice.mode == "auto" and self._choice.allowed is None
        replies = bool(options.reply_tool) and before_call
        extra = reply_tool(request.tools.names) if replies else None
        self._reply = None if extra is None else extra["function"]["name"]
        self._tools = request.tools if extra is None else request.tools.and_also(extra)
        self.grounds = Grounds(self._history, self._tools, self._reply, self._choice, self.dialect, options)
        self.settled = JustAnswered(answered, self._history, self.grounds.invented)
        self._messages: list[dict[str, Any]] = []  # in words, once they are asked for
        name, note = reasoning_name(options, self._reasoning), self._format_note(native=True)
        self._native = native_request(request, self._choice, self._history, self.dialect, options, self.learnt, name, note)
        self.answer_format = None if self._format is None else self._own_format()
        first = self.attempt() if self._native is None else self._native_attempt(self._native)
        self.first = dataclasses.replace(first, noted=tuple(self._noted)) if self._noted else first

    def notices(self) -> list[Problem]:
        """Return the problems to tell when the request goes upstream: a plan may also be made to see if it can."""
        return [*self.first.problems(), *lint_notices(self._request.tools, self.dialect, self._options, self.learnt)]

    def _with_tools(self, *, examples: bool = True) -> list[dict[str, Any]]:
        """Return the conversation with the tools in words, with the examples or without."""
        if self._messages and examples:
            return self._messages
        chosen = self._options.examples if examples else None
        parallel, shown, note = self._request.parallel, self._examples(chosen), self._format_note()
        plain = to_plain_messages(
            self._history, self._tools, self._choice, parallel, self.dialect, self._options, note=note, examples=shown
        )
        plain = renamed(plain, reasoning_name(self._options, self._reasoning))
        self._messages = plain if examples else self._messages
        return plain

    def _in_words(self) -> list[dict[str, Any]]:
        """Return the conversation without tools."""
        told = in_words(self._history, self.dialect.roles)
        note, none = self._format_note(), ToolChoice("none")
        plain = to_plain_messages(told, ToolSet(), none, None, self.dialect, self._options, note=note)
        return renamed(plain, reasoning_name(self._options, self._reasoning))

    def _readable(self, messages: Any, place: Place) -> Any:
        """Return the messages as upstream can read them; the changes are noted."""
        plain, place = readable(messages, self.dialect, self._options, self._reasoning, self._noted.append, place, self.texts)
        self._upstream.check(plain, place)
        return plain

    def _examples(self, examples: Any) -> list[dict[str, Any]]:
        if self._choice.mode == "none" or examples is None:
            return []
        if isinstance(examples, str):
            tools = self._request.tools.only(self._choice.allowed)
            forced = self._choice.forced
            shown = worked_examples(tools, self._history, self._reply, self.dialect, self.guard, forced=forced)
            self.settled.shown = made_up_in(shown)
            return shown
        own = with_open_calls(examples)
        return plain_examples(self._readable(own, lambda position: f"examples[{position}]"), self.dialect)

    def _format_note(self, *, native: bool = False) -> str:
        if self._format is None:
            return ""
        held = self._choice.mode == "none" if native else self._holds_format()
        return format_note(self._format, self._choice, self.guard, held=held)

    def _own_format(self) -> AnswerFormat | None:
        """Return the format of an answer in words beside tools, or with a schema whose words are shown in another form."""
        shown = self.guard is not None and self._format_note(native=self._native is not None) != ""
        otherwise = shown and shown_otherwise(answer_schema(self._format), self.dialect)
        beside = bool(self._request.tools) and self._choice.mode == "auto"
        return format_of(self._format, shown_otherwise=otherwise) if beside or otherwise else None

    def _holds_format(self) -> bool:
        """Return True where upstream is held to the caller's format, or to a schema that allows the format or a call."""
        if self._choice.mode == "none":
            return self._upstream.server.schema is not None
        return self._reply is None and rung_for(self._options.enforce or "prompt", self._upstream.server) == "json_schema"

    def _shape(self, body: Mapping[str, Any]) -> Shape:
        parallel = False if self._request.legacy else self._request.parallel
        # A model held to calls goes on making calls: several, unasked, only with the freedom to stop.
        several = parallel is True or (parallel is None and not self._choice.forced and self._reply is None)
        may: Literal["no", "may"] = "may" if wants_thinking(self._request) else "no"
        thinking: Literal["no", "may", "begun"] = "begun" if self._begins_thinking(body) else may
        tools = self._tools.only(self._choice.allowed)
        return Shape(tools, self._choice.forced, several, self._reply, thinking, self._options.longest_string or 0)

    def _begins_thinking(self, body: Mapping[str, Any]) -> bool:
        """Return True where the answer to a request begins inside the thinking."""
        if self._options.thinking_prefilled or self.dialect.reasoning is None:
            return self._options.thinking_prefilled
        return self._upstream.ending(body).rstrip().endswith(self.dialect.reasoning[0])

    def _format_sent(self) -> Any:
        """Return the caller's answer format, where it can go upstream unchanged."""
        return None if self._choice.mode != "none" and wants_json(self._format) else self._format

    def _for_upstream(self, body: dict[str, Any]) -> dict[str, Any]:
        if self._options.temperature is not None and body.get("temperature") is None and self._request.tools:
            body["temperature"] = self._options.temperature
        return self._upstream.request(body)

    def _native_attempt(self, native: NativeRequest, further: list[dict[str, Any]] | None = None) -> Attempt:
        body = self._for_upstream(native.body(further, self._format_sent()))
        taken = past_ids(self._history, self.dialect.roles)
        rules = dataclasses.replace(self._rules(body, bare=False), tools=self._request.tools, reply=None, taken=taken)
        return Attempt(body, self._upstream.endpoint, rules, prefill="", rung="prompt", unenforced="", native=True)

    def refused(self, attempt: Attempt, reply: Reply) -> Attempt | None:
        """Return the attempt in words, after a reply that refuses an attempt with tools; None for any other error."""
        return self.attempt() if attempt.native and self._options.native == "auto" and refuses_tools(reply) else None

    def attempt(
        self,
        further: list[dict[str, Any]] | None = None,
        *,
        rung: Rung | None = None,
        in_words: bool = False,
        thinks: bool = True,
        examples: bool = True,
    ) -> Attempt:
        """Return an attempt: a request for upstream, and the rules for the answer.

        Args:
            further: Messages of a re-ask, which wants a single choice.
            rung: The rung of the ladder; None for the rung that the options ask for.
            in_words: The model is shown no tools, and past calls and results as words.
            thinks: The model may think before a call with a prefill.
            examples: The worked examples are shown.
        """
        messages = [*(self._in_words() if in_words else self._with_tools(examples=examples)), *(further or ())]
        if self._options.merge_turns:
            messages = merged_turns(messages)
        body = self._for_upstream(upstream_body(self._request, messages, self._format_sent(), n=None if further is None else 1))
        wanted = rung or rung_for(self._options.enforce or "prompt", self._upstream.server)
        held, shape = _WORDS, None
        if wanted != "prompt" and self._choice.mode != "none" and not in_words:
            shape = self._shape(body)
            held = enforce(wanted, self._upstream.server, self.dialect, shape, self._format)
        if held.rung == "json_object" and held.body:
            body = {**body, "messages": asked_for_json(body["messages"])}
        attempt = Attempt(
            body={**body, **held.body} if held.body else body,
            endpoint=self._upstream.endpoint,
            rules=self._rules(body, bare=held.bare),
            prefill="",
            rung=held.rung,
            unenforced=held.unenforced,
            constraint=tuple(held.body),
            longest=self._options.longest_string or 0,
        )
        if shape is None or not held.prefill:
            return attempt
        if shape.thinking == "no" or not thinks:
            return dataclasses.replace(attempt, body=self._upstream.begun(body, held.prefill), prefill=held.prefill)
        return thinking_first(attempt, held.prefill, self.dialect)

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
        return after_thinking(attempt, thought, used, self._upstream)

    def again(self, attempt: Attempt, fault: Fault, further: list[dict[str, Any]], *, native: bool) -> Attempt:
        """Return the attempt after an answer that cannot stand, in the form that fits the fault."""
        form = fault.form
        if not form.tools:
            return self.attempt([], in_words=True)
        if attempt.native and self._native is not None:
            return self._native_attempt(self._native, further) if native else self.attempt(further)
        higher = stronger(attempt.rung, self._upstream.server) if form.higher else None
        return self.attempt(further, rung=higher or attempt.rung, thinks=attempt.after is None, examples=form.examples)

    def _rules(self, body: Mapping[str, Any], *, bare: bool) -> Rules:
        thinking = self._begins_thinking(body)
        parallel = False if self._request.legacy else self._request.parallel  # the legacy answer holds one call
        return Rules(
            self._tools,
            self._choice,
            parallel,
            constrained=bare,
            reply=self._reply,
            search=self._request.search_name,
            thinking=thinking,
            said=self.grounds.said,
            held=frozenset() if self.guard is None else held_names(self._tools, self.dialect),
            taken=past_ids(self._history, self.dialect.roles) if self.dialect.call_ids else frozenset(),
        )
