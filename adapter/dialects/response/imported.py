"""A response template as the source of a dialect's template, with notes on all that was chosen, left out or not enforced."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.dialects.response.own_calls import OwnCalls, literal, own_calls
from adapter.dialects.response.parts import parts_of, spelled
from adapter.dialects.response.strange import shown
from adapter.dialects.response.trial import nearest
from adapter.errors import DialectError
from adapter.syntax import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapter.dialects.dialect import Dialect
    from adapter.dialects.response.config import Config
    from adapter.dialects.response.template import Edge, Field

_CALLS, _CONTENT = "tool_calls", "content"
_REASONING = ("reasoning_content", "thinking", "reasoning")
# The dialect whose words a prompt gets for calls in a form of no dialect here.
_WORDS = "generic"
# Parts of a pattern in which `|` is a character like others.
_BETWEEN = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_TOKEN = re.compile(r"<[^<>\s()]{1,60}>|\[[^\[\]\s()]{1,40}\]")


class Imported(NamedTuple):
    """A dialect out of a response template.

    Attributes:
        source: The source of the dialect's template.
        calls: The name of the dialect whose calls it reads; empty for calls of a form of its own.
        notes: Sentences on all that was chosen, left out or not enforced.
    """

    source: str
    calls: str
    notes: tuple[str, ...]


def imported(config: Config, where: str, dialects: Iterable[Dialect], load: Callable[[str], Dialect]) -> Imported:
    """Make the source of a dialect's template.

    Args:
        config: The file with the response template.
        where: The path of the file, for messages.
        dialects: All dialects, without macros.
        load: Loads a dialect with its macros.

    Raises:
        DialectError: A field cannot be said by a dialect; the message names the field and its value.
    """
    template = config.template
    for name, field in template.fields.items():
        if name not in (_CALLS, _CONTENT, *_REASONING):
            known = ", ".join((_CALLS, _CONTENT, *_REASONING))
            raise DialectError(f"{field.place}: no part of an answer here is called {shown(name)}; known are {known}")
    calls = template.fields.get(_CALLS)
    if calls is None or calls.opens is None:
        raise DialectError(
            f"{where}: no field {_CALLS} with a beginning, so nothing says how calls are written; name a dialect"
        )
    base = nearest(template, dialects, load, config.models, config.text)
    own = None if base is not None else own_calls(calls)
    parent = base or load(_WORDS)
    notes = [_said(base, own), *_not_enforced(config)]
    data: dict[str, Any] = {"name": config.name, "extends": parent.name, "models": []}
    if base is not None and SYNTAXES[base.syntax][0].startswith("messages."):
        notes.append(f"reasoning and content are told apart by the syntax {base.syntax!r}, whose messages say which they are")
        return Imported(_source(data, where, notes, None), base.name, tuple(notes))
    if own is not None:
        data |= {"syntax": own.syntax, "open": own.open, "close": own.close, "form": own.form}
        data["markers"] = list(dict.fromkeys((*parent.markers, *own.markers)))
        notes += [*_first_only(calls.opens), *_first_only(calls.closes)]
        if calls.arguments.get("allow_non_json"):
            notes.append(
                f"{calls.place}.content_args.allow_non_json has no effect: a call that is no JSON is told as a problem"
            )
    _reasoning(template.fields, parent, data, notes)
    _content(template.fields, data, notes)
    data["special"] = [token for token in dict.fromkeys((*data["special"], *parent.special)) if token not in parent.result]
    notes = [note.replace(f"{where}: response_template.", "") for note in notes]
    return Imported(_source(data, where, notes, own), base.name if base else "", tuple(notes))


def _said(base: Dialect | None, own: OwnCalls | None) -> str:
    if base is not None:
        return f"calls are those of the dialect {base.name!r}, whose words the prompt has"
    return f"calls in a form of their own, by the syntax {own.syntax!r}" if own else ""


def _not_enforced(config: Config) -> list[str]:
    """Return notes on keys that have no effect here."""
    notes = []
    template = config.template
    if template.anchor is not None:
        notes.append("start_anchor has no effect: a completion is read without its prompt")
    for key, value in template.defaults.items():
        if (key, value) != ("role", "assistant"):
            notes.append(f"defaults.{key} = {shown(value)} has no effect: an answer has no such default")
    required = [field.name for field in template.fields.values() if not field.optional]
    notes += [f"{name}.optional = false has no effect: an answer without it is read" for name in required]
    calls = template.fields[_CALLS]
    if not calls.repeats and not calls.each and calls.content != "python-call-list":
        notes.append(f"{_CALLS}.repeats is not true: every call is read all the same, not the last alone")
    return notes


def _first_only(edge: Edge | None) -> list[str]:
    """Return the note on an edge that may be written in several ways, of which a dialect reads one."""
    if edge is None or not (len(edge.literals) > 1 or (not edge.literals and "|" in _BETWEEN.sub("", edge.source))):
        return []
    read = edge.literals[0] if edge.literals else spelled(parts_of(edge.source))
    return [f"{edge.place} = {shown(list(edge.literals) or edge.source)}: {read!r} is read, and no other of them"]


def _reasoning(fields: dict[str, Field] | Any, parent: Dialect, data: dict[str, Any], notes: list[str]) -> None:
    """Set the tags around reasoning."""
    found = [fields[name] for name in _REASONING if name in fields]
    if len(found) > 1:
        raise DialectError(f"{found[1].place}: {found[0].name} is the reasoning already; an answer has one")
    if not found:
        if parent.reasoning and "syntax" not in data:
            notes.append(f"no field of reasoning: text between {' and '.join(parent.reasoning)} stays content")
        data["reasoning"] = []
        return
    field = found[0]
    _check_text(field)
    closes = _tag(field.closes, field, "close")
    opens = _tag(field.opens, field, "open", closes)
    if field.opens is not None and not spelled(parts_of(field.opens.source)):
        notes.append(f"{field.opens.place} = {shown(field.opens.source)} spells no tag: {opens!r} is read, out of {closes!r}")
    data["reasoning"] = [opens, closes]
    notes += [*_first_only(field.opens), *_first_only(field.closes)]


def _tag(edge: Edge | None, field: Field, key: str, other: str = "") -> str:
    """Return the literal of an edge of the reasoning; the opening tag may be made of the closing one."""
    text = (
        edge.literals[0] if edge is not None and edge.literals else spelled(parts_of(edge.source)) if edge is not None else ""
    )
    if not (text or "").strip() and other.startswith("</"):
        text = f"<{other[2:]}"
    if not text or not text.strip():
        raise DialectError(
            f"{field.place}.{key} = {shown(edge.source) if edge else None}: reasoning stands between two literal tags"
        )
    return text.strip()


def _check_text(field: Field) -> None:
    if field.content != "text" or field.transform is not None:
        raise DialectError(f"{field.place}.content = {shown(field.content)}: {field.name} is text, without a transform")


def _content(fields: dict[str, Field] | Any, data: dict[str, Any], notes: list[str]) -> None:
    """Set the tags around the answer, and tokens that end it."""
    data["special"] = []
    field = fields.get(_CONTENT)
    if field is None:
        notes.append("no field of content: text outside of other fields is content, and not dropped")
        return
    _check_text(field)
    if field.arguments.get("strip") is False:
        notes.append(f"{field.place}.content_args.strip = False has no effect: white space around an answer is no content")
    edges = [edge for edge in (field.opens, field.closes) if edge is not None]
    tokens = [each for edge in edges for each in (edge.literals or _TOKEN.findall(re.sub(r"\\(.)", r"\1", edge.source)))]
    data["special"] = list(dict.fromkeys(token.strip() for token in tokens if token.strip()))
    if field.opens is not None:
        tags = " and ".join(map(repr, data["special"]))
        notes.append(f"text outside of {tags} is content as well, and not dropped")


def _source(data: dict[str, Any], where: str, notes: list[str], own: OwnCalls | None) -> str:
    """Write the template: front matter, the notes, and macros for calls in a form of their own."""
    form = data.pop("form", None)
    lines = [f"{key} = {_toml(value)}" for key, value in data.items()]
    lines += ["", "[form]", *(f"{key} = {_toml(value)}" for key, value in form.items())] if form is not None else []
    said = "\n".join(f"* {note.replace('#}', '# }')}" for note in notes)
    head = "\n".join(
        ["{# +++", *lines, "+++", f"Out of the response_template in {where.replace('#}', '# }')}.", said, "#}", ""]
    )
    return head if own is None else f"{head}\n{_macros(own)}"


def _toml(value: Any) -> str:
    """Write a text or a list of texts; `#` and `+` as escapes, since they could end the comment."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value).replace("#", "\\u0023").replace("+", "\\u002b").replace("\x7f", "\\u007f")


def _macros(own: OwnCalls) -> str:
    system = (
        "{% macro system(text, tools, choice, parallel) -%}\n"
        "{% if text %}\n{{ text }}\n\n{% endif %}\n"
        "You can use these tools. Each is described by a JSON object with its name, its purpose and a schema.\n\n"
        "{% for tool in tools %}\n{{ tool.function | tojson }}\n{% endfor %}\n\n"
        "To use a tool, write a call and stop. With a tool of the name add, for example:\n\n"
        '{{ tool_call({"id": "", "name": "add", "arguments": {"a": 2, "b": 3}}) }}\n\n'
        "The result comes with the next message. When no tool is needed, answer in plain words.\n"
        '{%- if choice.mode == "required" %}\n\n\nUse a tool now.\n'
        '{%- elif choice.mode == "named" %}\n\n\nUse the tool {{ choice.name }} now.\n{%- endif %}\n'
        "{% if parallel is true %}\n\n\nWhere several independent tools are needed, call them all at once.\n"
        "{%- elif parallel is false %}\n\n\nUse at most one tool at a time.\n{%- endif %}\n{%- endmacro %}\n"
    )
    call = f"{{% macro tool_call(call) -%}}\n{own.call}\n{{%- endmacro %}}\n"
    if not own.listed:
        return f"{system}\n{call}"
    cut = f"(call | string)[{len(own.open) + 1}:{-len(own.close) - 1}]"
    inner = f'{{% for call in calls %}}{{{{ {cut} }}}}{{{{ ", " if not loop.last }}}}{{% endfor %}}'
    joined = f"{{% if calls %}}{literal(own.open)}[{inner}]{literal(own.close)}{{% endif %}}"
    return f"{system}\n{call}\n{{% macro assistant(content, calls) -%}}\n{{{{ content }}}}{joined}\n{{%- endmacro %}}\n"
