"""Answers in the caller's own format beside tools: unwrapped and checked (behaviour 6.4).

Upstream cannot be held to the format, for the model may call a tool instead. Models put JSON into a code fence, or say a word
before it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jsonschema.exceptions import SchemaError

from adapter.completion.given_words import given_value, may_be_shown, words_of
from adapter.enforce.structured_output import answer_schema, wants_json
from adapter.schema import validators
from adapter.schema.compiled import messages
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Mapping

_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", re.DOTALL)
# Opening braces that are tried as the beginning of the JSON among words.
_MOST_BRACES = 64
_DECODER = json.JSONDecoder()


class AnswerFormat:
    """The `response_format` of a request with tools.

    Args:
        response_format: The value in the request, of a format that is JSON.
        shown_otherwise: The model reads names or values of the schema in another form than the caller's.

    Attributes:
        held: The answer must not leave before its end, as a name or a value may have to be put back.
    """

    def __init__(self, response_format: Mapping[str, Any], *, shown_otherwise: bool = False) -> None:
        schema = answer_schema(response_format)
        self.held = shown_otherwise
        self._words = words_of(schema) if shown_otherwise else {}
        self._validator: Any = None
        if schema is not None:
            try:
                validators.check(dict(schema))
                self._validator = validators.validator(schema)
            except SchemaError:
                pass  # for the server, or the model, to make the best of

    def as_given(self, content: str) -> str:
        """Return a content with the names and the values of the schema as the caller wrote them."""
        if not self._words or not may_be_shown(content):
            return content
        try:
            value = loads(content)
            given = given_value(value, self._words)
        except (ValueError, RecursionError):
            return content
        return content if given == value else json.dumps(given, ensure_ascii=False)

    def fault(self, content: str) -> str:
        """Return the reason why a content is not in the format, in a sentence; empty for a content in the format."""
        try:
            value = loads(content)
        except (ValueError, RecursionError) as error:
            return f"the answer is not JSON ({error})"
        if not isinstance(value, dict) and self._validator is None:
            return "the answer is not a JSON object"
        errors = [] if self._validator is None else list(self._validator.iter_errors(value))
        told = [message.replace("arguments", "the answer", 1) for message in messages(errors)]
        return "; ".join(told)


def format_of(response_format: Any, *, shown_otherwise: bool = False) -> AnswerFormat | None:
    """Return the format of a request; None for text."""
    return AnswerFormat(response_format, shown_otherwise=shown_otherwise) if wants_json(response_format) else None


def unwrapped(content: str) -> str:
    """Return the JSON in a content: out of a fence, or from among words, where one reading is possible; else the content."""
    text = content.strip()
    if _is_json(text):
        return content
    fenced: list[str] = [inner.strip() for inner in _FENCE.findall(f"{text}\n") if _is_json(inner.strip())]
    if len(fenced) == 1:
        return fenced[0]
    found = _objects(text)
    return found[0] if len(found) == 1 else content


def _is_json(text: str) -> bool:
    try:
        return isinstance(loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _objects(text: str) -> list[str]:
    """Return the JSON objects among the words of a text."""
    found: list[str] = []
    place = text.find("{")
    for _ in range(_MOST_BRACES):
        if place < 0:
            break
        try:
            _, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            found.append(text[place:end])
        place = text.find("{", end)
    return found
