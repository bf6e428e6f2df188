"""A request of the Messages API, read as a chat request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.api.chat.request import ChatRequest
from adapter.api.messages.conversation import chat_messages
from adapter.api.responses.checks import object_at, wrong_type, wrong_value
from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.tools.choice import ToolChoice, read_choice
from adapter.tools.definitions import RAISING, Policy, ToolSet, read_messages_tools

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# Members that change the answer, and that nobody here can serve.
_REFUSED = {
    "mcp_servers": "No MCP servers are called here: offer their tools in 'tools'.",
    "container": "There are no containers here: leave it out.",
}
# Members that tune a vendor's own service.
_TUNING = frozenset(
    {"cache_control", "service_tier", "speed", "inference_geo", "diagnostics", "user_profile_id", "workspace_id", "betas"}
    | {"context_management", "compaction", "fallbacks", "thread"}
)
_TAKEN_OVER = frozenset(
    {"messages", "system", "tools", "tool_choice", "max_tokens", "stop_sequences", "thinking", "output_config", "output_format"}
    | {"metadata", *_REFUSED, *_TUNING}
)
_SWITCHED_ON, _SWITCHED_OFF = ("enabled", "adaptive", "between_tools"), ("disabled",)


@dataclass(frozen=True, slots=True)
class MessagesRequest:
    """A request of the Messages API.

    Attributes:
        chat: The same as a chat request.
        thoughts: The caller wants the reasoning.
        told: Blocks and fields left out.
    """

    chat: ChatRequest
    thoughts: bool
    told: Sequence[Problem] = ()

    @property
    def stops(self) -> Sequence[str]:
        """The caller's stop sequences."""
        stops: Sequence[str] = self.chat.body.get("stop") or ()
        return stops


def read_request(
    body: Mapping[str, Any], limit: str, switch: str = "", policy: Policy = RAISING, beyond: Collection[str] = ()
) -> MessagesRequest:
    """Read a request.

    Args:
        body: The caller's body.
        limit: Upstream's name for the limit of tokens of an answer: `max_tokens` or `max_completion_tokens`.
        switch: Upstream's way to switch thinking: `chat_template_kwargs`, `enable_thinking`, or none.
        policy: The treatment of tools and blocks that cannot be offered.
        beyond: Names of tools that are not in the request, and that its choice may name: a router's.

    Raises:
        BadRequest: The body is malformed, or asks for more than a chat can give; `param` names the place.
    """
    for name, hint in _REFUSED.items():
        if body.get(name):
            raise wrong_value(name, body[name], hint)
    if body.get("stream") is not None and not isinstance(body["stream"], bool):
        raise wrong_type("stream", body["stream"], "true or false")
    tools, choice, parallel = _tools(body, policy, beyond)
    messages, places, told = chat_messages(body.get("system"), body.get("messages"), lenient=policy.on_builtin == "leave_out")
    thinking, thoughts, problem = _thinking(body.get("thinking"), switch)
    chat = {
        **{key: value for key, value in body.items() if key not in _TAKEN_OVER and value is not None},
        "messages": messages,
        **_limit(body, limit),
        **_stops(body.get("stop_sequences")),
        **_output(body),
        **thinking,
        **_user(body.get("metadata")),
    }
    if body.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    left = [name for name in ("context_management", "compaction", "fallbacks") if body.get(name)]
    told += [Problem("unsupported", f"{name!r} is left out: the conversation is put to the model as it is") for name in left]
    read = ChatRequest(chat, tools, choice, parallel, legacy=False, places=places)
    return MessagesRequest(read, thoughts, [*told, *([problem] if problem else [])])


def _tools(body: Mapping[str, Any], policy: Policy, beyond: Collection[str]) -> tuple[ToolSet, ToolChoice, bool | None]:
    """Return the tools, the choice among them, and the leave for several calls at once."""
    tools = read_messages_tools(body.get("tools"), policy)
    value = body.get("tool_choice")
    choice = read_choice(value, {*tools.names, *beyond} if beyond else tools.names)
    if choice.forced and not (tools or beyond):
        raise BadRequest("'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    alone = value.get("disable_parallel_tool_use") if isinstance(value, dict) else None
    if alone is not None and not isinstance(alone, bool):
        raise wrong_type("tool_choice.disable_parallel_tool_use", alone, "true or false")
    return tools, choice, False if alone else None


def _limit(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the limit of tokens; 0, which only warms a cache, is the least that a chat can ask for."""
    most = body.get("max_tokens")
    if most is None:
        return {}
    if isinstance(most, bool) or not isinstance(most, int):
        raise wrong_type("max_tokens", most, "a whole number")
    if most < 0:
        raise wrong_value("max_tokens", most, "Use a number from 1 up.")
    return {name: max(most, 1)}


def _stops(stops: Any) -> dict[str, Any]:
    if stops is None:
        return {}
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise wrong_type("stop_sequences", stops, "an array of strings")
    return {"stop": stops} if stops else {}


def _output(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the effort, and the format of an answer in words."""
    config = object_at(body["output_config"], "output_config") if body.get("output_config") is not None else {}
    found = {} if config.get("effort") is None else {"reasoning_effort": config["effort"]}
    place = "output_config.format" if config.get("format") is not None else "output_format"
    form = config.get("format") or body.get("output_format")
    if form is None:
        return found
    form = object_at(form, place)
    if form.get("type") != "json_schema":
        raise wrong_value(f"{place}.type", form.get("type"), "Supported values are: 'json_schema'.")
    schema = object_at(form.get("schema"), f"{place}.schema")
    return {**found, "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}}


def _thinking(thinking: Any, switch: str) -> tuple[dict[str, Any], bool, Problem | None]:
    """Return the fields that switch the model's thinking, the wish to read the thoughts, and a problem."""
    if thinking is None:
        return {}, True, None
    kind = object_at(thinking, "thinking").get("type")
    if kind not in (*_SWITCHED_ON, *_SWITCHED_OFF):
        raise wrong_value("thinking.type", kind, "Use 'enabled', 'adaptive' or 'disabled'.")
    on = kind in _SWITCHED_ON
    thoughts = on and thinking.get("display") != "omitted"
    if switch == "chat_template_kwargs":
        return {switch: {"enable_thinking": on}}, thoughts, None
    if switch:
        return {switch: on}, thoughts, None
    message = f"'thinking' ({kind}) is left out: no way is known to switch the thinking of this kind of server"
    return {}, thoughts, Problem("unsupported", message)


def _user(metadata: Any) -> dict[str, Any]:
    user = metadata.get("user_id") if isinstance(metadata, dict) else None
    return {"user": user} if isinstance(user, str) else {}
