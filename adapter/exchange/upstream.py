"""How a conversation is put to upstream: as the messages of a chat, or as one text to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from adapter.api.raw_completions import request_body, template_variables
from adapter.enforce.structured_output import schema_fields, wants_json
from adapter.errors import BadRequest
from adapter.exchange.protocol import CHAT
from adapter.prompt.chat_template import check_text_only
from adapter.prompt.native import without_native

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.prompt.chat_template import ChatTemplate
    from adapter.servers import Server


# What is shorter than this is a coincidence of words or line breaks, and no header.
_SHORTEST_HEADER = 8
# A thought that the model goes on from can be long; no header is.
_LONGEST_HEADER = 200


class Upstream(Protocol):
    """One way to put it.

    Attributes:
        server: What the server takes.
        endpoint: What the URL's path ends in.
    """

    server: Server
    endpoint: str

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The request for upstream, from a chat request with plain messages.

        Raises:
            BadRequest: It asks for what cannot be put this way.
        """

    def ending(self, body: Mapping[str, Any]) -> str:
        """What the model reads last, as far as is known here."""

    def begun(self, body: Mapping[str, Any], beginning: str) -> dict[str, Any]:
        """The request, with the beginning of the answer."""


class ChatUpstream:
    """Messages; the server has the chat template."""

    endpoint = CHAT

    def __init__(self, server: Server) -> None:
        self.server = server

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The request as it is."""
        return {**self.server.body, **body, "messages": without_native(body["messages"])}

    def ending(self, _body: Mapping[str, Any]) -> str:
        """Nothing is known of the text that the server makes."""
        return ""

    def begun(self, body: Mapping[str, Any], beginning: str) -> dict[str, Any]:
        """A last message of the assistant's, to be gone on with."""
        message = {"role": "assistant", "content": beginning, **self.server.prefill_message}
        return {**body, "messages": [*body["messages"], message], **self.server.prefill_body}


class RawUpstream:
    """One text, made by a chat template of our own or of the model's.

    Args:
        server: What the server takes.
        template: The chat template.
        clock: The time in seconds since the epoch, for templates that say what day it is.
    """

    endpoint = "/completions"

    def __init__(self, server: Server, template: ChatTemplate, clock: Callable[[], float]) -> None:
        self.server = server
        self._template = template
        self._clock = clock

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The conversation as a prompt."""
        prompt, more = self._with_one_bos(self._prompt(body))
        body = {**self.server.body, **body}
        raw = request_body(body, prompt, self._template.stop, self.server.unlimited, more)
        answer_format = body.get("response_format")
        return {**raw, **(schema_fields(self.server, answer_format) if wants_json(answer_format) else {})}

    def _with_one_bos(self, prompt: str) -> tuple[str, Mapping[str, Any]]:
        """The prompt, and what is to be said beside it, so that the model reads its first token once, not twice."""
        bos = self._template.bos
        if not bos or not self._template.adds_bos or not prompt.startswith(bos):
            return prompt, {}
        if self.server.bos_body is None:
            return prompt.removeprefix(bos), {}
        return prompt, self.server.bos_body

    def ending(self, body: Mapping[str, Any]) -> str:
        """The prompt."""
        prompt: str = body["prompt"]
        return prompt

    def begun(self, body: Mapping[str, Any], beginning: str) -> dict[str, Any]:
        """The prompt goes on with it; a turn's header that both have, where it is part of the call, stands once."""
        prompt: str = body["prompt"]
        sizes = range(min(len(beginning), _LONGEST_HEADER), _SHORTEST_HEADER, -1)
        shared = next((size for size in sizes if prompt.endswith(beginning[:size])), 0)
        return {**body, "prompt": prompt + beginning[shared:]}

    def _prompt(self, body: Mapping[str, Any]) -> str:
        variables = template_variables(body)
        messages = list(body["messages"])
        check_text_only(messages)
        now = self._clock()
        if body.get("continue_final_message"):
            # The last message is the beginning of the answer, so its turn is opened and not closed.
            begun = messages.pop().get("content") or ""
            if not isinstance(begun, str):
                raise BadRequest("'continue_final_message' goes on with a text, not with a list of parts.", param="messages")
            return self._template.render(messages, now=now, **variables) + begun
        opened = body.get("add_generation_prompt", True)
        return self._template.render(messages, now=now, add_generation_prompt=bool(opened), **variables)
