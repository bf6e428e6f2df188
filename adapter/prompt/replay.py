"""Past answers with calls, shown again as the model wrote them (behaviour 4.9).

A call that is rendered anew may be spelt in another way than the model's, and then the server's cache of the conversation ends
before the call. The text of the answer keeps the next prompt equal to the last prompt and the last completion.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.reasoning import REASONING, one_name
from adapter.prompt.parts import text_of
from adapter.prompt.past_reasoning import after_the_user
from adapter.text.json_spans import loads
from adapter.text.wire_json import write_json
from adapter.tools.call_form import input_arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The key of the model's own text in an assistant's message, on the way to a plain message.
WRITTEN = "written"


class Said(NamedTuple):
    """An answer with calls, as the model wrote it and as the caller got it.

    Attributes:
        text: The text of the answer, with the markup and the reasoning in the text.
        content: The content that was handed out.
        reasoning: The reasoning that was taken out of the text.
        calls: The ids, names and arguments of the calls, the arguments as JSON text.
    """

    text: str
    content: str
    reasoning: str
    calls: tuple[tuple[str, str, str], ...]

    def to_bytes(self) -> bytes:
        """Return the answer as JSON, for a store."""
        return write_json([*self])

    @classmethod
    def from_bytes(cls, data: bytes) -> Said:
        """Read an answer from a store."""
        text, content, reasoning, calls = json.loads(data)
        return cls(text, content, reasoning, tuple((call_id, name, arguments) for call_id, name, arguments in calls))


def first_ids(messages: Any) -> list[str]:
    """Return the id of the first call of each of the assistant's messages that has calls; messages are unchecked."""
    found: list[str] = []
    for message in messages if isinstance(messages, list | tuple) else ():
        call_id = _first_id(message)
        found += [call_id] if call_id else []
    return found


def _first_id(message: Any) -> str:
    calls = message.get("tool_calls") if isinstance(message, Mapping) and message.get("role") == "assistant" else None
    first = calls[0] if isinstance(calls, list) and calls else None
    call_id = first.get("id") if isinstance(first, Mapping) else None
    return call_id if isinstance(call_id, str) else ""


def with_texts(messages: Sequence[Any], said: Mapping[str, Said], closing: str, *, drop: bool) -> Sequence[Any]:
    """Return the messages, those that are known answers with the model's text under `written`.

    A message whose words, reasoning or calls differ from those handed out stays as it is. Like reasoning in a field, reasoning
    in the text goes back in the running turn only.

    Args:
        messages: As in a chat request, checked and in order.
        said: Known answers, by the id of their first call.
        closing: The tag at the end of reasoning.
        drop: Leave all reasoning out.
    """
    if not said:
        return messages
    running = len(messages) if drop else after_the_user(messages)
    shown: list[Any] = []
    for position, message in enumerate(messages):
        answer = said.get(_first_id(message))
        if answer is None or not _is_same(message, answer):
            shown.append(message)
            continue
        bare = one_name(message)
        text = answer.text
        if answer.reasoning:
            bare = {key: value for key, value in bare.items() if key != REASONING}
            text = text if position >= running else text.rpartition(closing)[2].lstrip("\r\n") if closing else text
        shown.append({**bare, WRITTEN: text})
    return shown


def _is_same(message: Mapping[str, Any], answer: Said) -> bool:
    """Tell if a message says what was handed out: the same words, and the same calls in any spelling."""
    if text_of(message.get("content")).strip() != answer.content.strip() or message.get("refusal"):
        return False
    thought = one_name(message).get(REASONING)
    if answer.reasoning and thought and (not isinstance(thought, str) or thought.strip() != answer.reasoning.strip()):
        return False
    return _calls(message["tool_calls"]) == [(call_id, name, _spelt(arguments)) for call_id, name, arguments in answer.calls]


def _calls(calls: Iterable[Any]) -> list[tuple[Any, Any, Any]]:
    found = []
    for call in calls:
        made = call.get("function") or call.get("custom") or {}
        arguments = made["arguments"] if "arguments" in made else input_arguments(made.get("input") or "")
        found.append((call.get("id"), made.get("name"), _spelt(arguments)))
    return found


def _spelt(arguments: Any) -> str:
    """Return arguments in one spelling; text that is no JSON stays as it is."""
    try:
        value = loads(arguments) if isinstance(arguments, str) else arguments
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return str(arguments)
