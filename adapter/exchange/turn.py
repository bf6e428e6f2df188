"""What a chat request says, made ready: the messages for upstream, and the rules for reading the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api import chat
from adapter.completion.rules import Rules
from adapter.dialects.registry import resolve
from adapter.enforce.json_schema import response_format
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
        enforced = options.enforce == "json_schema" and request.choice.forced
        self._format = response_format(request.tools.only(request.choice.allowed)) if enforced else None
        parallel = False if request.legacy else request.parallel  # the legacy answer holds one call
        choice = request.choice if request.tools else ToolChoice("none")  # a call of nothing is text
        self.rules = Rules(request.tools, choice, parallel, constrained=enforced)
        self.messages = to_plain_messages(request.messages, request.tools, choice, request.parallel, self.dialect)

    def body(self, further: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """The request for upstream.

        Args:
            further: Messages of a re-ask, which wants one choice.
        """
        if further is None:
            return chat.upstream_body(self._request, self.messages, self._format)
        return chat.upstream_body(self._request, [*self.messages, *further], self._format, n=1)
