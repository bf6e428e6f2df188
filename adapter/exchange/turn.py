"""What a chat request says, made ready: the messages for upstream, and the rules for reading the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.api import chat
from adapter.completion.rules import Rules
from adapter.dialects.registry import resolve
from adapter.enforce.json_schema import answer_schema, response_format, wants_json
from adapter.prompt.conversation import to_plain_messages
from adapter.tools.choice import ToolChoice

if TYPE_CHECKING:
    from adapter.options import Options


class Turn:
    """A chat request on its way.

    Args:
        request: The request.
        options: What the caller chose.

    Attributes:
        dialect: The dialect.
        rules: How the answer is read.
        messages: The conversation as upstream gets it.

    Raises:
        BadRequest: The messages are wrong.
    """

    __slots__ = ("_format", "_request", "dialect", "messages", "rules")

    def __init__(self, request: chat.ChatRequest, options: Options) -> None:
        self._request = request
        self.dialect = resolve(options.dialect)
        choice = request.choice if request.tools else ToolChoice("none")  # a call of nothing is text
        self._format, note = _answer_format(request, choice, options)
        parallel = False if request.legacy else request.parallel  # the legacy answer holds one call
        constrained = choice.mode != "none" and options.enforce == "json_schema" and wants_json(self._format)
        self.rules = Rules(request.tools, choice, parallel, constrained=constrained)
        self.messages = to_plain_messages(request.messages, request.tools, choice, request.parallel, self.dialect, note=note)

    def body(self, further: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """The request for upstream.

        Args:
            further: Messages of a re-ask, which wants one choice.
        """
        if further is None:
            return chat.upstream_body(self._request, self.messages, self._format)
        return chat.upstream_body(self._request, [*self.messages, *further], self._format, n=1)


def _answer_format(request: chat.ChatRequest, choice: ToolChoice, options: Options) -> tuple[Any, str]:
    """The `response_format` that upstream gets, and what the system message says of the caller's.

    Where a call may be made, the caller's own format cannot go upstream as it is: held to it, a model could write no call. With
    `enforce="json_schema"` upstream gets a schema that allows either; otherwise the model reads the format in the prompt.
    """
    own: Any = request.body.get("response_format")
    if choice.mode == "none":
        return own, ""
    tools = request.tools.only(choice.allowed)
    if options.enforce == "json_schema" and (choice.forced or wants_json(own)):
        return response_format(tools, None if choice.forced else own), ""
    if not wants_json(own):
        return own, ""
    if choice.forced:
        return None, ""
    schema = answer_schema(own)
    form = f" that fits this JSON schema:\n{json.dumps(schema, ensure_ascii=False)}" if schema else "."
    return None, f"When you answer without a function call, answer with nothing but one JSON object{form}"
