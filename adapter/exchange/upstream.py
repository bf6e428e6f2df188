"""The forms in which upstream gets a conversation: messages of a chat, or a single text to continue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from adapter.api.raw_completions import request_body, template_variables
from adapter.enforce.structured_output import schema_fields, wants_json
from adapter.exchange.protocol import CHAT
from adapter.exchange.refused_fields import without
from adapter.prompt.chat_template import check_text_only
from adapter.prompt.native import without_native
from adapter.prompt.parts import text_of
from adapter.servers import not_taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.prompt.chat_template import ChatTemplate
    from adapter.prompt.history import Place
    from adapter.servers import Server


# Characters of a turn's header, at least: a shorter match is a coincidence of words or line breaks.
_SHORTEST_HEADER = 8
# Characters of a header, at most: a beginning that holds the thinking can be long.
_LONGEST_HEADER = 200


class Upstream(Protocol):
    """A form of the conversation.

    Attributes:
        server: The features of the server.
        endpoint: The end of the URL's path.
    """

    server: Server
    endpoint: str

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request for upstream, from a chat request with plain messages.

        Raises:
            BadRequest: The request asks for an answer that this form cannot give.
        """

    def check(self, messages: Any, place: Place) -> None:
        """Check the caller's messages, named by their places.

        Raises:
            BadRequest: This form cannot carry a part of a message.
        """

    def ending(self, body: Mapping[str, Any]) -> str:
        """Return the end of the text that the model reads, as far as known."""

    def begun(self, body: Mapping[str, Any], beginning: str) -> dict[str, Any]:
        """Return the request with the beginning of the answer."""


class ChatUpstream:
    """Messages, for a server with a chat template."""

    endpoint = CHAT

    def __init__(self, server: Server) -> None:
        self.server = server

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request, with the server's own fields."""
        gone = not_taken(body, self.server)
        known = without(body, gone) if gone else body
        return {**self.server.body, **known, "messages": without_native(body["messages"])}

    def check(self, _messages: Any, _place: Place) -> None:
        """Accept all messages: the server knows its model."""

    def ending(self, _body: Mapping[str, Any]) -> str:
        """Return nothing: the text made by the server is unknown."""
        return ""

    def begun(self, body: Mapping[str, Any], beginning: str) -> dict[str, Any]:
        """Return the request with a last message of the assistant's, to be continued."""
        message = {"role": "assistant", "content": beginning, **self.server.prefill_message}
        return {**body, "messages": [*body["messages"], message], **self.server.prefill_body}


class RawUpstream:
    """A single text, rendered with a chat template of the adapter or of the model.

    Args:
        server: The features of the server.
        template: The chat template.
        clock: The time in seconds since the epoch, for templates that name the day.
    """

    endpoint = "/completions"

    def __init__(self, server: Server, template: ChatTemplate, clock: Callable[[], float]) -> None:
        self.server = server
        self._template = template
        self._clock = clock

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request with the conversation as a prompt."""
        prompt, more = self._with_one_bos(self._prompt(body))
        body = {**self.server.body, **without(body, not_taken(body, self.server))}
        raw = request_body(body, prompt, self._template.stop, self.server.unlimited, more)
        answer_format = body.get("response_format")
        return {**raw, **(schema_fields(self.server, answer_format) if wants_json(answer_format) else {})}

    def _with_one_bos(self, prompt: str) -> tuple[str, Mapping[str, Any]]:
        """Return the prompt and further fields, for a model that reads the first token once, not twice."""
        bos = self._template.bos
        if not bos or not self._template.adds_bos or not prompt.startswith(bos):
            return prompt, {}
        if self.server.bos_body is None:
            return prompt.removeprefix(bos), {}
        return prompt, self.server.bos_body

    def check(self, messages: Any, place: Place) -> None:
        """Refuse messages with parts other than text."""
        check_text_only(messages, place)

    def ending(self, body: Mapping[str, Any]) -> str:
        """Return the prompt."""
        prompt: str = body["prompt"]
        return prompt

    def begun(self, body: Mapping[str, Any], beginning: str) -> dict[str, Any]:
        """Return the request with the beginning after the prompt; a turn's header at the end of both stands once."""
        prompt: str = body["prompt"]
        sizes = range(min(len(beginning), _LONGEST_HEADER), _SHORTEST_HEADER, -1)
        shared = next((size for size in sizes if prompt.endswith(beginning[:size])), 0)
        return {**body, "prompt": prompt + beginning[shared:]}

    def _prompt(self, body: Mapping[str, Any]) -> str:
        variables = template_variables(body)
        messages = list(body["messages"])
        now = self._clock()
        if body.get("continue_final_message"):
            # The last message is the beginning of the answer: the turn stays open.
            begun = text_of(messages.pop().get("content"))
            return self._template.render(messages, now=now, **variables) + begun
        opened = body.get("add_generation_prompt", True)
        return self._template.render(messages, now=now, add_generation_prompt=bool(opened), **variables)
