"""A request that goes upstream with its tools, and the objection to an answer at fault (behaviour 6.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.chat.request import upstream_body
from adapter.prompt.as_calls import as_calls, called
from adapter.prompt.past_reasoning import renamed
from adapter.prompt.shown import meant_tools
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adapter.api.chat.request import ChatRequest
    from adapter.completion.result import ParsedCompletion
    from adapter.dialects.registry import Dialect
    from adapter.exchange.learnt import Learnt
    from adapter.exchange.retry_policy import Fault
    from adapter.options import Options
    from adapter.prompt.neutralise import Neutraliser
    from adapter.tools.choice import ToolChoice

_AGAIN = "Make the call again, corrected."


class NativeRequest:
    """A chat request in the form of a native server.

    Args:
        request: The request.
        choice: The tool choice to go by.
        messages: The messages, in the form of Chat Completions.
        tools: The definitions of the tools.
    """

    def __init__(
        self, request: ChatRequest, choice: ToolChoice, messages: list[dict[str, Any]], tools: Iterable[Mapping[str, Any]]
    ) -> None:
        self._request = request
        self._choice = choice
        self._messages = messages
        self._tools = [dict(tool) for tool in tools]

    def body(self, further: Iterable[Mapping[str, Any]] | None, response_format: Any) -> dict[str, Any]:
        """Return the body of the request.

        Args:
            further: Messages of a re-ask, which wants a single choice.
            response_format: The caller's format of every answer, or None.
        """
        messages = [*self._messages, *map(dict, further or ())]
        body = upstream_body(self._request, messages, response_format, n=None if further is None else 1)
        if not self._tools:
            return body
        body["tools"] = self._tools
        choice = self._choice
        if choice.name is not None:
            body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        elif choice.mode != "auto" or self._request.body.get("tool_choice") == "auto":
            body["tool_choice"] = choice.mode
        if self._request.parallel is not None:
            body["parallel_tool_calls"] = self._request.parallel
        return body


def native_request(
    request: ChatRequest,
    choice: ToolChoice,
    messages: Any,
    dialect: Dialect,
    options: Options,
    learnt: Learnt,
    reasoning: str,
    note: str,
) -> NativeRequest | None:
    """Return a request with its tools; None for a request that goes in words.

    Args:
        request: The request.
        choice: The tool choice to go by.
        messages: The caller's messages, as upstream can read them.
        dialect: The dialect whose markup is neutralised.
        options: The caller's choices.
        learnt: Facts about the server.
        reasoning: The name of the field of past reasoning.
        note: A sentence for the system message; empty for none.
    """
    if options.native == "never" or options.upstream == "completions":
        return None
    if options.native == "auto" and learnt.native.in_words(choice):
        return None
    plain = renamed(as_calls(messages, dialect, options, note), reasoning)
    # A choice among some of the tools is made by showing these; a named choice names one of all.
    few = choice.allowed if choice.mode != "named" else None
    shown = meant_tools(request.tools.only(few), dialect, neutralise=options.neutralise)
    return NativeRequest(request, choice, plain, shown)


_WISHES = {
    "required": "Answer with a function call.",
    "format": "Answer again, with nothing but the JSON.",
}


def native_reask(parsed: ParsedCompletion, fault: Fault, guard: Neutraliser | None) -> list[dict[str, Any]]:
    """Return an answer at fault and the objection, as further messages of the conversation.

    Calls whose arguments are no JSON object are quoted as text: servers refuse such calls in a history.

    Args:
        parsed: The answer.
        fault: The fault of the answer.
        guard: Neutralises the objection; None leaves the objection unchanged.
    """
    safe: Callable[[str], str] = str if guard is None else guard.text
    calls = [(call.id, call.name, call.arguments) for call in parsed.tool_calls]
    if fault.kind == "invalid" and all(call_id and _is_object(arguments) for call_id, _, arguments in calls):
        answer = {"role": "assistant", "content": parsed.content or None, "tool_calls": called(calls)}
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": safe(_objection(parsed, index))}
            for index, call in enumerate(parsed.tool_calls)
        ]
        return [answer, *results]
    said = "\n".join(filter(None, [parsed.content, *(call.raw for call in parsed.tool_calls)]))
    wish = _WISHES.get(fault.kind, _AGAIN)
    answered = [{"role": "assistant", "content": said}] if said else []
    return [*answered, {"role": "user", "content": safe(f"Error: {fault.message}. {wish}")}]


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(loads(arguments), dict)
    except (ValueError, RecursionError):
        return False


def _objection(parsed: ParsedCompletion, index: int) -> str:
    """Return the result that a call of an answer at fault gets."""
    if parsed.tool_calls[index].valid:
        return "Not run, because another call of the same turn was invalid. Make all calls again."
    reasons = [problem.message for problem in parsed.problems if problem.index == index and problem.kind in _INVALID]
    return f"Error: {'; '.join(reasons) or 'invalid call'}. {_AGAIN}"


_INVALID = {"unknown_tool", "invalid_arguments", "malformed"}
