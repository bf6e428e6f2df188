"""Hostile text in every place of a request, and the special tokens that a tokenizer would read in the prompt."""

from __future__ import annotations

import functools
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from adapter.dialects.known_tokens import KNOWN
from adapter.dialects.registry import resolve
from adapter.dialects.templates import names
from adapter.errors import BadRequest
from adapter.exchange import preview
from adapter.options import make_options
from adapter.prompt.chat_template import choose_chat_template, load_chat_template
from adapter.text.literal_tree import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# For every character that markers are made of another, that no marker has: a text and its harmless twin.
_HARMLESS = str.maketrans("<>[]|｜:", "‹›⟦⟧¦¦;")
# Places of text that is not the caller's own.
PLACES = (
    "a user's words", "a user's name", "a field of a user's message", "a first part", "a second part", "a refusal",
    "an earlier turn", "a result", "a second result", "a result's part", "a result's next part", "a result as an object",
    "a past value", "a past key", "a past list", "past arguments", "a past id", "a past name", "a description", "a title",
    "a property name", "a property's description", "a value of an enumeration", "a constant", "a default", "an example", "a pattern",
    "an unknown keyword", "a name of $defs", "a second tool's description", "a format's property", "a format's description",
)  # fmt: skip
ABSENT = "zz"


def twin(text: str) -> str:
    """A harmless text of the same form: of JSON the words alone change."""
    try:
        value = json.loads(text)
    except ValueError:
        return text.translate(_HARMLESS)
    return json.dumps(_twin_of(value), ensure_ascii=False) if isinstance(value, dict | list) else text.translate(_HARMLESS)


def _twin_of(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_HARMLESS)
    if isinstance(value, dict):
        return {_twin_of(key): _twin_of(item) for key, item in value.items()}
    return [_twin_of(item) for item in value] if isinstance(value, list) else value


def request(texts: Mapping[str, str]) -> dict[str, Any]:
    """A request with these texts in these places, and with a harmless word in the others."""
    said = {place: texts.get(place, f"{ABSENT}{number}") for number, place in enumerate(PLACES)}
    value = {"type": "string", "description": said["a property's description"], "enum": [said["a value of an enumeration"]]}
    others = {
        "const": {"const": said["a constant"]},
        "default": {"type": "string", "default": said["a default"], "examples": [said["an example"]]},
        "shape": {"type": "string", "pattern": re.escape(said["a pattern"])},
    }
    schema = {
        "type": "object",
        "title": said["a title"],
        "properties": {said["a property name"]: value, **others},
        "$defs": {said["a name of $defs"]: {"type": "string"}},
        "x-note": said["an unknown keyword"],
    }
    tool = {"name": "look_up", "description": said["a description"], "parameters": schema}
    second = {
        "name": "g",
        "description": said["a second tool's description"],
        "parameters": {"type": "object", "properties": {}},
    }
    return {
        "model": "m",
        "messages": _messages(said),
        "tools": [{"type": "function", "function": one} for one in (tool, second)],
        "response_format": _format(said),
    }


def _messages(said: Mapping[str, str]) -> list[dict[str, Any]]:
    past = json.dumps({"v": said["a past value"], said["a past key"]: "x", "l": [said["a past list"], {"k": 1}]})
    calls = [
        ("abcdefghi", "look_up", past),
        ("bcdefghij", "look_up", said["past arguments"]),
        (said["a past id"], "look_up", "{}"),
        ("defghijkl", said["a past name"], "{}"),
    ]
    made = [{"id": one, "type": "function", "function": {"name": name, "arguments": text}} for one, name, text in calls]
    parts = [{"type": "text", "text": said["a result's part"]}, {"type": "text", "text": said["a result's next part"]}]
    contents = [said["a result"], said["a second result"], parts, {"x": said["a result as an object"]}]
    results = [{"role": "tool", "tool_call_id": one[0], "content": text} for one, text in zip(calls, contents, strict=True)]
    spread = [
        {"type": "text", "text": said["a first part"]},
        {"type": "text", "text": said["a second part"]},
        {"type": "refusal", "refusal": said["a refusal"]},
    ]
    return [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": said["an earlier turn"]},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": spread},
        {"role": "assistant", "content": None, "tool_calls": made},
        *results,
        {
            "role": "user",
            "content": said["a user's words"],
            "name": said["a user's name"],
            "note": said["a field of a user's message"],
        },
    ]


def _format(said: Mapping[str, str]) -> dict[str, Any]:
    answer = {"type": "string", "description": said["a format's description"]}
    schema = {"type": "object", "properties": {said["a format's property"]: answer}}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


@functools.cache
def own_template(dialect: str) -> str:
    """The chat template of a dialect's models."""
    if dialect in names("chat"):
        return dialect
    models = resolve(dialect).models
    return choose_chat_template(models[0].replace("*", "-"))[0].name if models else "chatml"


def prompt(body: dict[str, Any], dialect: str, template: str | None = None, server: str | None = None) -> str:
    """The text that a model reads.

    Args:
        body: The chat request.
        dialect: The name of the dialect.
        template: The name of the chat template of a raw upstream; None for a chat upstream.
        server: The name of the template that a chat server renders with; None for its messages, one after the other.
    """
    options: dict[str, Any] = {"dialect": dialect}
    if template is not None:
        sent: Any = preview(body, make_options({**options, "upstream": "completions", "chat_template": template}), lambda: 0.0)
        return str(sent["prompt"])
    plain: Any = preview(body, make_options(options), lambda: 0.0)["messages"]
    if server is None:
        return "\x00".join(f"{message.get('name', '')}\x01{_joined(message['content'])}" for message in plain)
    return load_chat_template(server).render(plain, now=0.0)


def _joined(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text") or part.get("refusal") or "" for part in content)


@functools.cache
def markers(dialect: str, template: str | None = None) -> tuple[str, ...]:
    """The tokens of all families, and the markers of a dialect and of a chat template."""
    known = resolve(dialect)
    own = {known.open, known.close, *known.result, *(known.reasoning or ()), *known.markers, *known.special}
    theirs = () if template is None else load_chat_template(template).special
    return tuple(sorted({*KNOWN, *own, *theirs} - {""}, key=lambda one: (-len(one), one)))


@functools.cache
def _finder(dialect: str, template: str | None) -> re.Pattern[str]:
    return re.compile(tree(markers(dialect, template)))


def tokens(text: str, dialect: str, template: str | None = None) -> list[str]:
    """The special tokens and markers of a text, as a tokenizer finds them: from left to right, the longest first."""
    return _finder(dialect, template).findall(text)


def forged(texts: Mapping[str, str], dialect: str, template: str | None = None, server: str | None = None) -> str:
    """The difference that hostile texts make to the special tokens of the prompt; empty without a difference."""
    found = []
    for made in (str, twin):
        try:
            read = prompt(request({place: made(text) for place, text in texts.items()}), dialect, template, server)
        except BadRequest as error:  # a template's own, of either text
            found.append([str(error)[:60]])
            continue
        found.append(tokens(read, dialect, template))
    hostile, harmless = found
    if hostile == harmless:
        return ""
    at = next(place for place, (one, other) in enumerate(itertools.zip_longest(hostile, harmless)) if one != other)
    return f"token {at}: {hostile[at : at + 3]}, with the harmless twin {harmless[at : at + 3]}"


def blamed(texts: Mapping[str, str], fails: Callable[[Mapping[str, str]], str]) -> str:
    """The places of texts that fail alone, for a message."""
    alone = {place: told for place, text in texts.items() if (told := fails({place: text}))}
    return "; ".join(f"{place}: {told}" for place, told in alone.items()) or "only together"


@functools.cache
def seams(dialect: str, template: str | None = None, server: str | None = None) -> dict[str, tuple[str, str]]:
    """The text before and behind each place of a prompt, of at most 64 characters; without the places that are not shown."""
    words = {place: f"{ABSENT}{number:02}{ABSENT}" for number, place in enumerate(PLACES)}
    text = prompt(request(words), dialect, template, server)
    found = {}
    for place, word in words.items():
        for number, at in enumerate(match.start() for match in re.finditer(word, text)):
            found[f"{place}#{number}"] = (text[max(at - 64, 0) : at], text[at + len(word) : at + len(word) + 64])
    return found


def completing(before: str, behind: str, every: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The texts that are a marker together with the text around: each marker with the part that a text may hold."""
    ends = {before[-size:] for size in range(1, len(before) + 1)}
    beginnings = {behind[:size] for size in range(1, len(behind) + 1)}
    for one in every:
        heads = [0, *(size for size in range(1, len(one)) if one[:size] in ends)]
        tails = [len(one), *(size for size in range(1, len(one)) if one[size:] in beginnings)]
        for head, tail in itertools.product(heads, tails):
            if head < tail and (head, tail) != (0, len(one)):
                held = one[head:tail]
                yield one, held if head and tail < len(one) else f"{held} {ABSENT}" if head else f"{ABSENT} {held}"
