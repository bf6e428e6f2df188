"""Calls in JSON without the dialect's markers: bare, in the tags of others, and in a tag that names the tool.

{"name": "get_weather", "arguments": {"city": "Paris"}}
<tools>{"name": "get_weather", "arguments": {"city": "Paris"}}</tools>
<function=get_weather>{"city": "Paris"}</function>

Models trained on one of these forms fall back on it under any system prompt. Each is a call only as the whole answer (behaviour
1.10).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.events import CallPlaces
from adapter.syntax.contract import BareForm
from adapter.syntax.delimiters import boundaries
from adapter.syntax.json.call_forms import read_arguments
from adapter.syntax.json.in_tags import BARE_KEYS, JsonInTags
from adapter.syntax.json.payload import SEPARATORS, Payload
from adapter.syntax.reading import End, Reading
from adapter.text.names import NAME_SIGNS

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings

_TAGS = ("tools", "tool", "function", "function_call", "function_calls")
_ANY = "|".join(sorted(_TAGS, key=len, reverse=True))
_LONGEST = max(map(len, _TAGS))
_NAME = rf"[{NAME_SIGNS}]{{1,128}}"
_OPENING = re.compile(rf"<function=(?P<name>{_NAME})>\s{{0,20}}(?=\{{)")


class UntaggedJson(JsonInTags):
    """JSON without tags.

    Args:
        settings: Settings of the dialect.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        bounds = boundaries(settings.open, settings.close, settings.tokens, due=False)
        super().__init__(settings, Payload(bounds, "", SEPARATORS, settings.known))


class OtherTags(UntaggedJson):
    """JSON in tags that are not the dialect's own."""

    bare = BareForm(
        first="<",
        head=re.compile(rf'<(?:{_ANY})>\s{{0,20}}(?P<payload>[\[\s]{{0,20}}\{{\s{{0,20}}"(?:{BARE_KEYS})")'),
        half=re.compile(rf'<(?:[a-z_]{{0,{_LONGEST}}}|(?:{_ANY})>[\[\s]{{0,40}}(?:\{{\s{{0,20}}(?:"[a-z_]{{0,20}})?)?)\Z'),
        closers=tuple(f"</{tag}>" for tag in _TAGS),
    )


class NamedTag(UntaggedJson):
    """The arguments of one call as JSON, in a tag that names the tool."""

    bare = BareForm(
        first="<",
        head=re.compile(rf"(?P<payload><function={_NAME}>\s{{0,20}}\{{)"),
        half=re.compile(rf"<(?:f|fu|fun|func|funct|functi|functio|function(?:=(?:{_NAME}(?:>\s{{0,20}})?)?)?)?\Z"),
        closers=("</function>",),
    )

    def read(self, payload: str, end: End) -> Reading:
        """The call of a payload, which begins with the tag."""
        del end
        opening = _OPENING.match(payload)
        if opening is None:
            return Reading((), fault="no tag that names a tool")
        text = payload[opening.end() :].rstrip()
        start = len(payload) - len(payload[opening.end() :].lstrip())
        places = CallPlaces(opening.span("name"), (start, opening.end() + len(text)))
        try:
            return Reading((read_arguments(opening["name"], text.lstrip(), places),))
        except ValueError as error:
            return Reading((), fault=f"not JSON: {error}")

    def begun(self, payload: str, *, over: bool = False) -> str:
        """The name in the tag."""
        del over
        opening = _OPENING.match(payload)
        return opening["name"] if opening else ""
