"""Calls in a form of no dialect here, as front matter and macros of a new one: markers and tags out of a response template.

Each form of content stands for one or two call syntaxes: `json` for JSON between markers, JSON after a name, or braces with
quotes of their own; `xml-inline` for tags with raw values; `python-call-list` for Python's notation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from adapter.dialects.response.parts import around, parts_of, spelled
from adapter.dialects.response.strange import shown
from adapter.errors import DialectError

if TYPE_CHECKING:
    from adapter.dialects.response.parts import Part
    from adapter.dialects.response.template import Edge, Field

# Keys of a call that the JSON syntaxes read.
_NAMES, _ARGUMENTS = ("name", "tool_name"), ("arguments", "parameters")
# A tag's beginning up to its name: `<function=`, `<ns:invoke name="`.
_TAG = re.compile(r"<(?P<prefix>[^\w<>\s]*+|[^<>\s=]*[:｜|])(?P<word>[\w-]++)(?:=| name=\"?)\Z")


class OwnCalls(NamedTuple):
    """The form of calls.

    Attributes:
        syntax: The name of the call syntax.
        open: The marker before a call.
        close: The marker behind a call.
        form: The table `form` of the front matter.
        call: The macro's text of one call, in Jinja.
        markers: Literals of the prompt besides, that untrusted text must not hold.
        listed: The calls of a turn stand in one list, between the markers.
    """

    syntax: str
    open: str
    close: str
    form: dict[str, str]
    call: str
    markers: tuple[str, ...] = ()
    listed: bool = False


def own_calls(field: Field) -> OwnCalls:
    """Return the form of the calls of a field.

    Raises:
        DialectError: No call syntax reads the form; the message names the key at fault and its value.
    """
    if field.content == "json":
        named = field.opens is not None and "name" in field.opens.pattern.groupindex
        return _named(field) if named else _objects(field)
    if field.content == "xml-inline":
        return _tags(field)
    if field.content == "python-call-list":
        opens, closes = _text_of(field.opens, field), _text_of(field.closes, field)
        values = '{{ name }}={{ value | tojson }}{{ ", " if not loop.last }}'
        call = f"[{{{{ call.name }}}}({{% for name, value in call.arguments.items() %}}{values}{{% endfor %}})]"
        return OwnCalls("pythonic", opens, closes, {}, f"{literal(opens)}{call}{literal(closes)}", listed=True)
    raise DialectError(f"{field.place}.content = {field.content!r}: no call syntax here reads calls in this form")


def literal(text: str) -> str:
    """Write a text into a Jinja template, so that nothing in it is markup."""
    if text and text == text.strip() and not re.search(r"[{}%#\\\n\r\t]", text):
        return text
    return f"{{{{ {_quoted(text)} }}}}" if text else ""


def _quoted(text: str) -> str:
    """Write a text as a string of Jinja's."""
    escaped = re.sub(r"[\\\"#{}%\n\r\t]", lambda found: rf"\u{ord(found[0]):04x}", text)
    return f'"{escaped}"'


def _text_of(edge: Edge | None, field: Field) -> str:
    """Return the text of an edge without groups; empty without an edge."""
    if edge is None:
        return ""
    if edge.literals:
        return edge.literals[0].strip()
    text = spelled(parts_of(edge.source))
    if text is None:
        raise DialectError(
            f"{edge.place} = {shown(edge.source)}: no literal text, and {field.content} calls need a marker here"
        )
    return text.strip()


def _parts(parts: list[Part], edge: Edge) -> str:
    text = spelled(parts)
    if text is None:
        raise DialectError(f"{edge.place} = {shown(edge.source)}: only literal text and white space may stand around the name")
    return text


def _keys(field: Field) -> tuple[str, str]:
    """Return the keys of the name and the arguments in a JSON object."""
    held = field.transform if isinstance(field.transform, dict) else {}
    function = held.get("function")
    if function == "{content}":
        return _NAMES[0], _ARGUMENTS[0]
    before = "" if field.each else r"content\."
    found = [
        re.fullmatch(rf"\{{{before}(\w+)\}}", str(function.get(key))) if isinstance(function, dict) else None
        for key in ("name", "arguments")
    ]
    name, arguments = (each[1] if each else "" for each in found)
    if name not in _NAMES or arguments not in _ARGUMENTS:
        raise DialectError(
            f"{field.place}.transform = {shown(field.transform)}: JSON calls are read with the keys "
            f"{' or '.join(_NAMES)}, and {' or '.join(_ARGUMENTS)}"
        )
    return name, arguments


def _objects(field: Field) -> OwnCalls:
    """JSON objects with the name inside, between markers."""
    if field.arguments.get("unquoted_keys") or field.arguments.get("string_delims"):
        raise DialectError(
            f"{field.place}.content_args = {shown(dict(field.arguments))}: read only behind a name, as NAME{{…}}"
        )
    opens, closes = _text_of(field.opens, field), _text_of(field.closes, field)
    name, arguments = _keys(field)
    tags = opens.startswith("<") and closes.startswith("<")
    call = f'{{"{name}": {{{{ call.name | tojson }}}}, "{arguments}": {{{{ call.arguments | tojson }}}}}}'
    call = f"[{call}]" if field.each else call
    call = f"{literal(opens)}{call}{literal(closes)}"
    return OwnCalls("json_in_tags" if tags else "bare_json", opens, closes, {}, call, listed=field.each)


def _named(field: Field) -> OwnCalls:
    """A name, then the arguments as JSON."""
    edge = field.opens
    sides = around(parts_of(edge.source), "name") if edge is not None else None
    if edge is None or sides is None:
        raise DialectError(f"{field.place}: a name is captured nowhere")
    lead, close = _parts(sides[0], edge).strip(), _text_of(field.closes, field)
    if field.arguments.get("string_delims"):
        return _braces(field, edge, lead, close)
    behind = [part for part in sides[1] if part.kind == "text" and not part.loose]
    separator = behind[-1].text.strip() if behind else ""
    if not lead or not separator:
        raise DialectError(f"{edge.place} = {shown(edge.source)}: a marker before the name and a text behind it are needed")
    form = {"separator": separator, **({"end": close} if close else {})}
    between = "".join(part.text for part in behind)
    if any(part.kind == "gap" for part in sides[1]):
        form["head"] = rf"(?P<name>[^\s<]{{1,128}})[^{{]{{0,200}}?{re.escape(separator)}"
    call = f"{literal(lead)}{{{{ call.name }}}}{literal(between)}{{{{ call.arguments | tojson }}}}{literal(close)}"
    markers = tuple(text for text in (separator, close) if len(text) > 1)
    return OwnCalls("named_json", lead, "", form, call, markers)


def _braces(field: Field, edge: Edge, lead: str, close: str) -> OwnCalls:
    """A name, then braces with bare keys and strings between quotes of their own."""
    quotes = field.arguments["string_delims"]
    marker, _, word = lead.rpartition(">")
    if len(quotes) != 1 or quotes[0][0] != quotes[0][1] or not field.arguments.get("unquoted_keys"):
        raise DialectError(
            f"{field.place}.content_args = {shown(dict(field.arguments))}: one quote on both sides, and bare keys, are read"
        )
    if not close:
        raise DialectError(f"{field.place}: neither close nor close_pattern spells an end, which braces need")
    if not marker or not word:
        raise DialectError(
            f"{edge.place} = {shown(edge.source)}: a marker that ends with '>' and a word are due before the name"
        )
    quote, opens = quotes[0][0], f"{marker}>"
    value = f"{{{{ name }}}}:{{{{ {_quoted(quote)} ~ value ~ {_quoted(quote)} if value is string else value | tojson }}}}"
    values = f'{{% for name, value in call.arguments.items() %}}{value}{{{{ "," if not loop.last }}}}{{% endfor %}}'
    call = f"{literal(lead)}{{{{ call.name }}}}{literal('{')}{values}{literal('}')}{literal(close)}"
    return OwnCalls("call_braces", opens, close, {"call": word, "quote": quote}, call, (quote,))


def _tags(field: Field) -> OwnCalls:
    """A tag for the tool, and a tag for each argument with a raw value."""
    pattern = str(field.arguments["tag_pattern"])
    place = f"{field.place}.content_args.tag_pattern"
    parts = parts_of(pattern)
    sides = around(parts, "key")
    rest = around(sides[1], "value") if sides else None
    texts = [spelled(each) for each in ((sides[0], *rest) if sides and rest else ())]
    if field.opens is None or not texts or None in texts:
        raise DialectError(f"{place} = {shown(pattern)}: literal text around a key and a value is read, and white space")
    before, between, after = (str(text).strip() for text in texts)
    padded = any(map(_spaced, rest or ()))
    outer = around(parts_of(field.opens.source), "name")
    if outer is None:
        raise DialectError(f"{field.opens.place} = {shown(field.opens.source)}: captures no name, (?P<name>…)")
    lead, behind, close = (
        _parts(outer[0], field.opens).strip(),
        _parts(outer[1], field.opens).strip(),
        _text_of(field.closes, field),
    )
    values = _values(before, between, after, padded)
    if "<" in between:
        tags = ("<arg_key>", "</arg_key><arg_value>", "</arg_value>")
        if (before, "".join(between.split()), after) != tags or not lead or not close:
            raise DialectError(
                f"{place} = {shown(pattern)}: keys and values in tags of their own are read as <arg_key> and <arg_value>"
            )
        form = {"separator": behind} if behind else {}
        line = literal("\n") if _spaced(outer[1]) else ""
        call = (
            f"{literal(lead)}{{{{ call.name }}}}{literal(behind)}{line}{_values(before, between, after, False)}{literal(close)}"
        )
        return OwnCalls("arg_key", lead, close, form, call)
    made = _parameters(field, (lead, behind, close), (before, after), values)
    return made._replace(form={**made.form, "padding": "newline"}) if padded else made


def _spaced(parts: list[Part]) -> bool:
    """Tell if white space may stand among parts."""
    return any(part.kind == "space" or (part.kind == "text" and part.text.isspace()) for part in parts)


def _values(before: str, between: str, after: str, padded: bool) -> str:
    line = literal("\n") if padded else ""
    value = f"{line}{{{{ value if value is string else value | tojson }}}}{line}"
    tag = f"{literal(before)}{{{{ name }}}}{literal(between)}{value}{literal(after)}"
    return f"{{% for name, value in call.arguments.items() %}}{tag}{{% endfor %}}"


def _parameters(field: Field, call: tuple[str, str, str], value: tuple[str, str], values: str) -> OwnCalls:
    """Tags with the name in them: `<function=NAME>`, `<invoke name="NAME">`."""
    lead, behind, close = call
    place = field.opens.place if field.opens else field.place
    start = lead.rfind("<")
    tool, key = _TAG.fullmatch(lead[max(start, 0) :]), _TAG.fullmatch(value[0])
    if tool is None or key is None or tool["prefix"] != key["prefix"]:
        raise DialectError(
            f'{place}: tags are read as <WORD=NAME> or <WORD name="NAME">, here {shown(lead)} and {shown(value[0])}'
        )
    end, opens = f"</{tool['prefix']}{tool['word']}>", lead[:start].strip()
    closes = close.removeprefix(end).strip()
    if value[1] != f"</{key['prefix']}{key['word']}>":
        raise DialectError(f"{place}: the tag {shown(value[0])} ends with {shown(value[1])}, which is not read")
    form = {"call": tool["word"], "parameter": key["word"], **({"prefix": tool["prefix"]} if tool["prefix"] else {})}
    if not opens:
        form["alone"] = "yes"
        opens, closes, written = lead, end, lead
    else:
        closes, written = closes or f"</{opens[1:]}", lead
    inner = f"{literal(written)}{{{{ call.name }}}}{literal(behind)}{values}{literal(end)}"
    tail = "" if form.get("alone") else literal(closes)
    return OwnCalls("parameters", opens, closes, form, inner + tail, (f"{value[0]}", value[1]))
