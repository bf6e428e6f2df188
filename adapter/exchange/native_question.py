"""The question whether a server puts tools into the prompt: two requests of a token, with a tool and without (behaviour 6.11).

A server that ignores tools counts the same tokens for both. An answer in words to a request with tools tells nothing: the model
may have had no use for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.errors import UpstreamFailed
from adapter.exchange.protocol import CHAT, Command, UpstreamRequest
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from adapter.exchange.model_setting import Setting

_MOST_BYTES = 1 << 20
_ASKED = [{"role": "user", "content": "Hi"}]
_TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look up a word in the dictionary of the house, and return what the dictionary says about the word.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string", "description": "the word to look up"}}},
    },
}


def offers_tools(request: Mapping[str, Any]) -> bool:
    """Return True for a request with tools, of any wire."""
    parameters = request.get("parameters")  # of DashScope
    tools = request.get("tools") or (parameters.get("tools") if isinstance(parameters, dict) else None)
    return isinstance(tools, list) and bool(tools)


def compare(setting: Setting, model: str) -> Generator[Command, Any, None]:
    """Ask, and learn that tools are ignored where they are.

    Args:
        setting: The options for the model, and what was learnt.
        model: The name of the model.
    """
    native, limit = setting.learnt.native, setting.upstream.server.limit
    body: dict[str, Any] = {"model": model, "messages": _ASKED, limit: 1}
    try:
        without = yield from _prompt_tokens(body)
        tokens = None if without is None else (yield from _prompt_tokens({**body, "tools": [_TOOL]}))
    except UpstreamFailed:
        return  # the request itself fails for the same reason, and says so
    native.asked()
    if without is not None and tokens is not None and tokens <= without:
        native.learn("all", f"a tool does not reach the prompt: {tokens} prompt tokens with it, {without} without")


def _prompt_tokens(body: dict[str, Any]) -> Generator[Command, Any, int | None]:
    """Return upstream's count of the prompt's tokens; None where the request is refused or the count is not told."""
    reply = yield UpstreamRequest(body, endpoint=CHAT, most=_MOST_BYTES)
    try:
        answer = read_json(reply.body) if reply.status == 200 else None
    except ValueError:
        return None
    usage = answer.get("usage") if isinstance(answer, dict) else None
    count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return count if type(count) is int and count > 0 else None
