"""The model's text and calls in a saved answer: a completion, a response, a stream, a refusal of the adapter's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from adapter.api.liberties import joined, meant, words_of
from adapter.api.reasoning import REASONING, one_name
from adapter.cli.console import BadInput
from adapter.cli.saved_forms import whole_answer
from adapter.cli.saved_streams import Stream, events_of

_REQUESTS = ("messages", "input", "prompt", "contents")


class Saved(NamedTuple):
    """The model's text and calls in a saved answer.

    Attributes:
        kind: The kind of the answer, for messages.
        deltas: The answer as deltas of a chat message, whose content is a text.
        finish_reason: The reason why the answer ended, in OpenAI's word; empty if the answer has none.
        told: Sentences about what was read as it was meant.
    """

    kind: str
    deltas: tuple[Mapping[str, Any], ...]
    finish_reason: str
    told: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The model's text."""
        return "".join(str(delta.get("content") or "") for delta in self.deltas)

    @property
    def reasoning(self) -> str:
        """The reasoning that stands apart from the text."""
        return "".join(str(delta.get(REASONING) or "") for delta in self.deltas)

    @property
    def native(self) -> tuple[str, ...]:
        """Names of the calls that stand in the answer as objects already."""
        found = []
        for delta in self.deltas:
            calls = delta.get("tool_calls")
            called = [*(calls if isinstance(calls, list) else ()), {"function": delta.get("function_call")}]
            functions = (call.get("function") or call.get("custom") for call in called if isinstance(call, Mapping))
            found += [str(one["name"]) for one in functions if isinstance(one, Mapping) and one.get("name")]
        return tuple(found)


def saved_answer(text: str, name: str) -> Saved | None:
    """Find the model's text and calls in a saved answer; None for a file that is no saved answer.

    Args:
        text: The text of the file.
        name: The name of the file.

    Raises:
        BadInput: The file is an error of a server's, or a stream of no known kind.
    """
    if (events := events_of(text.lstrip())) is not None:
        return _of_stream(Stream(events), name)
    answer = _object(text)
    if answer is None:
        return None
    found = whole_answer(answer)
    if found is not None:
        return _made(found.kind, [found.message], found.reason)
    if isinstance(answer.get("error"), Mapping | str) and (words := words_of(answer)):
        raise BadInput(f"{name} is an error of a server's, and has no completion to read: {' '.join(words.split())}")
    return None


def is_request(text: str) -> bool:
    """Tell if a file holds a request, which has messages and no answer."""
    found = _object(text)
    return found is not None and "choices" not in found and ("messages" in found or {"input", "model"} <= found.keys())


def is_object(text: str) -> bool:
    """Tell if a file holds an object of JSON that is no call by its members."""
    found = _object(text)
    return found is not None and not {"name", "arguments", "parameters", "function", "tool_calls", "tool"} & found.keys()


def _object(text: str) -> Mapping[str, Any] | None:
    begun = text.lstrip()
    if not begun.startswith(("{", "[")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict) and "generated_text" in found[0]:
        found = found[0]  # as Hugging Face's servers answer
    return found if isinstance(found, Mapping) else None


def _of_stream(stream: Stream, name: str) -> Saved | None:
    if stream.error and not any(delta.get("content") or delta.get("tool_calls") for delta in stream.deltas):
        raise BadInput(f"{name} is a stream with an error of a server's, and no completion: {' '.join(stream.error.split())}")
    if not stream.kind:
        raise BadInput(
            f"{name} is a stream of no known API: {stream.read} events of JSON; those of OpenAI's, Anthropic's, Ollama's, "
            "Gemini's and DashScope's are read"
        )
    saved = _made(stream.kind, stream.deltas, stream.reason or "length")
    return saved._replace(told=(*saved.told, f"its stream ends in an error: {stream.error}")) if stream.error else saved


def _made(kind: str, deltas: list[Mapping[str, Any]], reason: str) -> Saved:
    plain: list[Mapping[str, Any]] = []
    told: dict[str, None] = {}
    for delta in deltas:
        message, said = joined(delta)
        plain.append(one_name(dict(message)))
        told[said] = None
    finish_reason, said = meant(reason)
    if kind.startswith("the content of its"):  # of a chat; other APIs have words of their own
        told[said] = None
    return Saved(kind, tuple(plain), finish_reason or "", tuple(filter(None, told)))
