"""How the official Qwen chat templates render a conversation without tools, as far as the reference renderings show it.

A server applies its model's own template to the plain messages that the adapter sends. This is that step, so that what the
model reads can be compared byte for byte with what native tool use would have given it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

QWEN25_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."


def render_chatml(messages: Sequence[Mapping[str, Any]], family: str, kwargs: Mapping[str, Any]) -> str:
    """Render plain messages.

    Args:
        messages: With string contents; assistant messages may have `reasoning_content`.
        family: `qwen2.5`, `qwen3` (keeps reasoning after the last query), `instruct` (knows no reasoning) or `omni`.
        kwargs: The template's arguments: `add_generation_prompt`, `enable_thinking`.
    """
    turns = [dict(message) for message in messages]
    if family == "qwen2.5" and turns[0]["role"] != "system":
        turns.insert(0, {"role": "system", "content": QWEN25_SYSTEM})
    last_query = max((index for index, turn in enumerate(turns) if _is_query(turn)), default=len(turns) - 1)
    text = ""
    for index, turn in enumerate(turns):
        content = turn["content"]
        if turn["role"] == "assistant" and family in {"qwen3", "omni"}:
            content = _with_reasoning(turn, content, after_query=index > last_query, last=index == len(turns) - 1)
        text += f"<|im_start|>{turn['role']}\n{content}<|im_end|>\n"
    if kwargs.get("add_generation_prompt"):
        text += "<|im_start|>assistant\n"
        if kwargs.get("enable_thinking") is False and family in {"qwen3", "omni"}:
            text += "<think>\n\n</think>\n\n"
    return text


def _is_query(turn: Mapping[str, Any]) -> bool:
    content = turn["content"]
    result = content.startswith("<tool_response>") and content.endswith("</tool_response>")
    return turn["role"] == "user" and not result


def _with_reasoning(turn: Mapping[str, Any], content: str, *, after_query: bool, last: bool) -> str:
    reasoning = turn.get("reasoning_content") or ""
    if not reasoning and "</think>" in content:
        reasoning = content.split("</think>", maxsplit=1)[0].rstrip("\n").split("<think>")[-1].lstrip("\n")
        content = content.rsplit("</think>", maxsplit=1)[-1].lstrip("\n")
    if after_query and (last or reasoning):
        reasoning = reasoning.strip("\n")
        return f"<think>\n{reasoning}\n</think>\n\n" + content.lstrip("\n")
    return content
