"""A Responses request, read as a chat request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.api.chat.request import ChatRequest
from adapter.api.responses.checks import missing, object_at, wrong_type, wrong_value
from adapter.api.responses.conversation import chat_messages, input_items, with_params
from adapter.api.responses.tools import brought_tools, read_tools_and_choice
from adapter.tools.definitions import RAISING, Policy

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from adapter.events import Problem

# Members without a counterpart in a chat request, and the hint for the caller.
_REFUSED = {
    "background": "Answers are made while the caller waits: leave it out.",
    "conversation": "Use 'previous_response_id', or send the items themselves.",
    "prompt": "There are no stored prompts here: send 'instructions' and 'input'.",
    "context_management": "The conversation is put to the model as it is: leave it out.",
    "moderation": "Nothing is moderated here: leave it out.",
    "image": "This model writes text: leave it out.",
    "access_programs": "There are none here: leave it out.",
}
# Members read here, echoed in the answer, or without meaning outside a vendor's built-in tools and store.
_TAKEN_OVER = frozenset(
    {
        *("input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "max_output_tokens"),
        *("include", "truncation", "metadata", "store", "previous_response_id", "max_tool_calls", "stream_options"),
        *("top_logprobs", *_REFUSED),
    }
)
_LOGPROBS = "message.output_text.logprobs"
_SUMMARIES = ("summary", "generate_summary")
_NO_SUMMARY = (None, "none")
_SUMMARY = (*_NO_SUMMARY, "auto", "concise", "detailed")


@dataclass(frozen=True, slots=True)
class ResponsesRequest:
    """A Responses request.

    Attributes:
        body: The caller's body.
        items: The input, each item with a type.
        chat: The same as a chat request; the `messages` hold the earlier items too.
        logprobs: The caller wants log probabilities.
        told: Items left out of the conversation.
    """

    body: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]
    chat: ChatRequest
    logprobs: bool
    told: Sequence[Problem] = ()

    @property
    def summaries(self) -> bool:
        """The caller wants summaries of the reasoning: the reasoning itself is written in their place."""
        reasoning = self.body.get("reasoning") or {}
        return any(reasoning.get(name) not in _NO_SUMMARY for name in _SUMMARIES)

    @property
    def stream(self) -> bool:
        """The answer is to be streamed."""
        return self.chat.stream


def is_responses(body: Mapping[str, Any]) -> bool:
    """Return True for a request of the Responses API, by its members."""
    return "input" in body and "messages" not in body


def read_request(
    body: Mapping[str, Any],
    context: Sequence[Mapping[str, Any]],
    limit: str,
    policy: Policy = RAISING,
    *,
    strict: bool = False,
    beyond: Collection[str] = (),
) -> ResponsesRequest:
    """Read a Responses request.

    Args:
        body: The caller's body.
        context: The items of the responses before, the oldest first; empty without `previous_response_id`.
        limit: Upstream's name for the limit of tokens of an answer: `max_tokens` or `max_completion_tokens`.
        policy: The treatment of tools that cannot be offered.
        strict: Refuse calls and results that do not pair up.
        beyond: Names of tools that are not in the request, and that its choice may name: a router's.

    Raises:
        BadRequest: The body is malformed, or asks for more than a chat can give; `param` names the place.
    """
    for name, hint in _REFUSED.items():
        if body.get(name) not in (None, False, [], {}):
            raise wrong_value(name, body[name], hint)
    if body.get("n") not in (None, 1):
        raise wrong_value("n", body["n"], "A response has a single answer: leave it out.")
    for name in ("stream", "store", "parallel_tool_calls"):
        if body.get(name) is not None and not isinstance(body[name], bool):
            raise wrong_type(name, body[name], "true or false")
    items = input_items(body.get("input"))
    if not (items or context or body.get("instructions")):
        raise wrong_value("input", items, "Send at least one item.")
    tools, choice = read_tools_and_choice(body, brought_tools(with_params(context, items)), policy, beyond)
    messages, places, told = chat_messages(context, items, lenient=policy.on_builtin == "leave_out", strict=strict)
    instructions = body.get("instructions")
    if instructions is not None:
        if not isinstance(instructions, str):
            raise wrong_type("instructions", instructions, "a string")
        messages.insert(0, {"role": "system", "content": instructions})
        places.insert(0, "instructions")
    include = _include(body)
    chat = {
        **{key: value for key, value in body.items() if key not in _TAKEN_OVER and value is not None},
        "messages": messages,
        **_limit(body, limit),
        **_text(body.get("text")),
        **_reasoning(body.get("reasoning")),
        **_logprobs(body, include),
    }
    if body.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    read = ChatRequest(chat, tools, choice, body.get("parallel_tool_calls"), legacy=False, places=places)
    return ResponsesRequest(body, items, read, _LOGPROBS in include, told)


def _limit(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    most = body.get("max_output_tokens")
    if most is None:
        return {}
    if isinstance(most, bool) or not isinstance(most, int):
        raise wrong_type("max_output_tokens", most, "a whole number")
    if most < 1:
        raise wrong_value("max_output_tokens", most, "Use a number from 1 up.")
    return {name: most}


def _text(text: Any) -> dict[str, Any]:
    """Return `text.format` as `response_format`; `text.verbosity` has the same name in a chat request."""
    if text is None:
        return {}
    text = object_at(text, "text")
    found = {"verbosity": text["verbosity"]} if text.get("verbosity") is not None else {}
    if text.get("format") is None:
        return found
    form = object_at(text["format"], "text.format")
    kind = form.get("type")
    if kind == "text":
        return found
    if kind == "json_object":
        return {**found, "response_format": {"type": kind}}
    if kind != "json_schema":
        raise wrong_value("text.format.type", kind, "Supported values are: 'text', 'json_object' and 'json_schema'.")
    if form.get("name") is None:
        raise missing("text.format.name")
    object_at(form.get("schema"), "text.format.schema")
    described = {key: value for key, value in form.items() if key != "type" and value is not None}
    return {**found, "response_format": {"type": kind, "json_schema": described}}


def _reasoning(reasoning: Any) -> dict[str, Any]:
    if reasoning is None:
        return {}
    reasoning = object_at(reasoning, "reasoning")
    for name in _SUMMARIES:
        if reasoning.get(name) not in _SUMMARY:
            hint = "Use 'auto', 'concise', 'detailed' or 'none'; this model's reasoning comes as it is, not summed up."
            raise wrong_value(f"reasoning.{name}", reasoning[name], hint)
    return {} if reasoning.get("effort") is None else {"reasoning_effort": reasoning["effort"]}


def _include(body: Mapping[str, Any]) -> Sequence[Any]:
    include = body.get("include")
    if include is None:
        return ()
    if not isinstance(include, list):
        raise wrong_type("include", include, "an array of strings")
    return include


def _logprobs(body: Mapping[str, Any], include: Sequence[Any]) -> dict[str, Any]:
    if _LOGPROBS not in include:
        return {}
    most = body.get("top_logprobs")
    return {"logprobs": True} if most is None else {"logprobs": True, "top_logprobs": most}
