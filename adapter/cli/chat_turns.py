"""The turns of `adapter chat`: the history, one run for each line of the user, and its end by an error or Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.cli.chat_model import Model
    from adapter.cli.chat_screen import Screen
    from adapter.exchange import Preview
    from adapter.records import ExchangeRecord
    from adapter.running.tool import RunnableTool


class Chat:
    """A conversation.

    Args:
        model: The model.
        tools: The tools, of plain functions.
        start: Messages that every conversation begins with.
        members: Further members of each request.
        tool_timeout: Seconds that a call may take.
        screen: Shows the steps.

    Attributes:
        client: The wrapped client.
        messages: The history: every call in it has its result.
        record: The last request to the model and its answer.
    """

    def __init__(  # each is a choice of the user's
        self,
        model: Model,
        tools: Sequence[RunnableTool],
        start: Sequence[Mapping[str, Any]],
        members: Mapping[str, Any],
        tool_timeout: float,
        screen: Screen,
    ) -> None:
        self.model, self.tools = model, tools
        self._start, self._members, self._tool_timeout, self._screen = start, members, tool_timeout, screen
        self.client: Any = model.client
        self.messages: list[dict[str, Any]] = []
        self.record: ExchangeRecord | None = None
        self.clear()

    def clear(self) -> None:
        """Begin a new conversation."""
        self.messages = [dict(message) for message in self._start]

    def heard(self, record: ExchangeRecord) -> None:
        """Keep the last exchange in which the model was asked."""
        if record.endpoint not in {"/models", "/props"}:
            self.record = record

    def preview(self, text: str) -> Preview:
        """Return the request of the next turn.

        Args:
            text: The user's next message.

        Raises:
            AdapterError: An option, a definition or the history is at fault.
            TypeError: An option is of the wrong type.
            ValueError: An option has no allowed value.
        """
        from adapter.exchange import previewed
        from adapter.options import make_options

        request = {"model": self.model.name, "messages": self._asked(text), "stream": True, **self._members}
        if self.tools:
            request["tools"] = [dict(tool.definition) for tool in self.tools]
        return previewed(request, make_options(self.model.options), time.time)

    def _asked(self, text: str) -> list[dict[str, Any]]:
        return [*self.messages, {"role": "user", "content": text}]

    def turn(self, text: str) -> bool:
        """Have a turn. Returns False if an error ended it.

        Ctrl-C ends the turn; the history stays valid. An answer that was begun is kept as far as it was written; a question
        that led to nothing is taken back, which is told.
        """
        import adapter

        self._screen.begin_turn()
        confirm = self._screen.confirm if self._screen.can_ask else None
        try:
            run = adapter.run_tools(
                self.client, self._asked(text), self.tools, model=self.model.name, timeout=self._tool_timeout,
                confirm=confirm, on_event=self._screen.event, stream=True, **self._members,
            )  # fmt: skip
        except KeyboardInterrupt as error:
            self._screen.begin_line()
            self._break_off(error, text, "Interrupted.")
            return True
        except (BadInput, OSError):  # of the terminal and its streams
            raise
        except Exception as error:  # noqa: BLE001  # servers break their protocols in ways of which no list is complete
            self._break_off(error, text, f"{self._why(error).rstrip('.')}.")
            return False
        finally:
            self._screen.still()
        self.messages = list(run.messages)
        self._screen.end_line()
        if run.stopped != "answered":
            self._screen.note(f"No answer: {run.stopped.replace('_', ' ')} after {run.turns} answers with calls.")
        elif not run.answer:
            self._screen.note("The answer is empty.")
        if run.finish_reason == "length":
            self._screen.note("The answer was cut off at its limit of tokens; --max-tokens N gives more.")
        return True

    def _why(self, error: Exception) -> str:
        """Return a sentence about the error that ended a turn."""
        import openai

        from adapter.cli.demo import told
        from adapter.errors import AdapterError

        if isinstance(error, openai.APIConnectionError):
            return f"{self.model.place}: no answer ({error.__cause__ or error})"
        if isinstance(error, openai.APIError):
            return told(error, str(self.model.options.get("server", "generic")))
        if isinstance(error, AdapterError):
            return " ".join(error.message.split())
        return f"{self.model.place}: {type(error).__name__}: {' '.join(str(error).split())}"

    def _break_off(self, error: BaseException, text: str, why: str) -> None:
        """Keep what a turn has brought before its end."""
        import adapter

        asked = self._asked(text)
        run = adapter.run_of(error)
        messages = asked if run is None else run.messages
        if self._screen.text:
            self.messages = [*messages, {"role": "assistant", "content": self._screen.text}]
            kept = "The answer is kept as far as it was written."
        elif len(messages) > len(asked):
            self.messages = list(messages)
            kept = "The calls and their results are kept."
        else:
            kept = "The question is taken back."
        self._screen.note(f"{why} {kept}")
