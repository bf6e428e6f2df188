"""A message read by a response template, as transformers reads it: fields in turn, strictly.

Used on sample calls, to learn which calls a template reads, and on what an exported template makes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.dialects.response.content import value_of
from adapter.dialects.response.template import filled

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from adapter.dialects.response.template import Field, ResponseTemplate


def read_message(template: ResponseTemplate, text: str) -> dict[str, Any]:
    """Read a text into the fields of a message.

    Raises:
        ValueError: A field's text is not in its form, or a required field is missing.
    """
    return _Reader(template, text).read()


def read_calls(template: ResponseTemplate, text: str) -> list[tuple[str, Any]]:
    """Return the calls of a text: names and arguments.

    Raises:
        ValueError: As `read_message`; or the values of `tool_calls` are not calls.
    """
    found = read_message(template, text).get("tool_calls") or []
    try:
        calls = [call["function"] for call in (found if isinstance(found, list) else [found])]
        return [(call["name"], call["arguments"]) for call in calls]
    except (TypeError, KeyError) as error:
        raise ValueError(f"tool_calls holds no call with a name and arguments: {error}") from error


class _Reader:
    def __init__(self, template: ResponseTemplate, text: str) -> None:
        self._fields = template.fields
        self._text = text
        self._found: dict[str, Any] = dict(template.defaults)
        self._rest = next((field for field in template.fields.values() if field.opens is None), None)

    def read(self) -> dict[str, Any]:
        position, begun = 0, 0  # of the text outside of fields
        while (edge := self._next_edge(position)) is not None:
            found, field, opens = edge
            outside = self._text[begun : found.start()]
            self._outside(outside)
            position = begun = found.end()
            if opens:
                position = begun = self._inside(field, found)
            elif not outside and not found[0]:
                break
        else:
            self._outside(self._text[begun:])
        missing = [name for name, field in self._fields.items() if not field.optional and name not in self._found]
        if missing:
            raise ValueError(f"no {missing[0]} in the text")
        return {name: value for name, value in self._found.items() if value not in (None, "", [], {})}

    def _next_edge(self, position: int) -> tuple[re.Match[str], Field, bool] | None:
        """Find the next beginning of a field, or the end of the text outside of fields: the first, then the longest."""
        edges = [(field.opens, field, True) for field in self._fields.values() if field.opens is not None]
        if self._rest is not None and self._rest.closes is not None:
            edges.append((self._rest.closes, self._rest, False))
        found = [(edge.pattern.search(self._text, position), field, opens) for edge, field, opens in edges]
        there = [(match, field, opens) for match, field, opens in found if match is not None]
        return min(there, key=lambda each: (each[0].start(), -len(each[0][0]), not each[2], each[1].name), default=None)

    def _outside(self, text: str) -> None:
        if text and self._rest is not None:
            self._keep(self._rest, text, {})

    def _inside(self, field: Field, opened: re.Match[str]) -> int:
        """Read a field behind its beginning. Returns the position behind its end."""
        closed = None if field.closes is None else field.closes.pattern.search(self._text, opened.end())
        groups = {**opened.groupdict(), **(closed.groupdict() if closed else {})}
        captured = {name: value for name, value in groups.items() if value is not None}
        self._keep(field, self._text[opened.end() : closed.start() if closed else None], captured)
        return closed.end() if closed else len(self._text)

    def _keep(self, field: Field, text: str, captured: Mapping[str, str]) -> None:
        value = value_of(text, field.content, field.arguments)
        if field.each:
            if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
                raise ValueError(f"{field.name} is no list of objects")
            value = [filled(field.transform, {**captured, **each}) for each in value]
        elif field.transform is not None:
            value = filled(field.transform, {**captured, "content": value})
        if field.join is not None and field.name in self._found:
            value = f"{self._found[field.name]}{field.join}{value}"
        if field.repeats and field.join is None:
            value = [*self._found.get(field.name, []), value]
        self._found[field.name] = value
