"""Response templates made for the tests, by the form of their calls, in markers of no model; right turns, and faulty ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.dialects.registry import load

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from adapter.dialects.dialect import Dialect

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "count": {"type": "integer"},
                    "sure": {"type": "boolean"},
                    "rows": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
    }
    for name in ("note", "look")
]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "no arguments": {},
    "a word": {"text": "Oslo"},
    "two lines and signs": {"text": 'one\n  two: a < b & "c"'},
    "a number and a word": {"count": -3, "text": "7"},
    "true": {"sure": True},
    "rows": {"rows": [{"a": 1}, {"b": [2, "x"]}]},
}
HEADERS = frozenset(
    {"channels", "recipients", "typed", "xtml", "addressed"}
)  # syntaxes whose words stand in messages of their own
_SIGNS = [
    *"abc XYZ 0189 .,:;!?-_=/+*#@$%^&~|'\"`()[]{}",
    "\n",
    "\n  ",
    "\\",
    "é",
    "東",
    "🙂",
    "<b>",
    " < ",
    " > ",
    "null",
    "True",
]
_FUNCTION = {"type": "function", "function": {"name": "{name}", "arguments": "{content}"}}
_WHOLE = {"type": "function", "function": "{content}"}
_THOUGHT = {"reasoning_content": {"open": "<muse>", "close_pattern": r"</muse>\s*", "content": "text"}}
_SAID = {"content": {"close": ["<|fin|>", "<|stop|>"], "content": "text"}}


def _template(calls: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "defaults": {"role": "assistant"},
        "start_anchor": "<|me|>\n",
        "fields": {**_THOUGHT, "tool_calls": calls, **_SAID, **fields},
    }


def _tags(opens: str, closes: str, tag: str) -> dict[str, Any]:
    return _template(
        {
            "open_pattern": rf"\s*{opens}",
            "close_pattern": rf"{closes}\s*",
            "repeats": True,
            "content": "xml-inline",
            "content_args": {"tag_pattern": tag},
            "transform": _FUNCTION,
        }
    )


_JSON = {"open_pattern": r"\s*<use>", "close_pattern": r"</use>\s*", "repeats": True, "content": "json"}
# Template, and the call syntax that reads it.
TEMPLATES: dict[str, tuple[dict[str, Any], str]] = {
    "JSON between tags": (_template({**_JSON, "transform": _WHOLE}), "json_in_tags"),
    "JSON with other keys": (
        _template(
            {
                **_JSON,
                "transform": {
                    "type": "function",
                    "function": {"name": "{content.tool_name}", "arguments": "{content.parameters}"},
                },
            }
        ),
        "json_in_tags",
    ),
    "a list of JSON": (
        _template(
            {
                "open": "[[USE]]",
                "close_pattern": r"\[\[/USE\]\]\s*",
                "content": "json",
                "transform_each": True,
                "transform": {"type": "function", "function": {"name": "{name}", "arguments": "{arguments}"}},
            }
        ),
        "bare_json",
    ),
    "JSON behind a name": (
        _template(
            {
                "open_pattern": r"\s*<\|do\|>(?P<name>[\w.-]+)<\|with\|>\s*",
                "close_pattern": r"<\|done\|>\s*",
                "repeats": True,
                "content": "json",
                "transform": _FUNCTION,
            }
        ),
        "named_json",
    ),
    "tags with an equals sign": (
        _tags(r"<act>\s*<do=(?P<name>[^>]+)>", r"</do>\s*</act>", r"<with=(?P<key>\w+)>\n?(?P<value>.*?)\n?</with>"),
        "parameters",
    ),
    "tags with a name in quotes": (
        _tags(
            r'<act>\s*<my:do name="(?P<name>[^"]+)">',
            r"</my:do>\s*</act>",
            r'<my:with name="(?P<key>\w+)">(?P<value>.*?)</my:with>',
        ),
        "parameters",
    ),
    "tags alone": (_tags(r"<do=(?P<name>[^>]+)>", r"</do>", r"<with=(?P<key>\w+)>(?P<value>.*?)</with>"), "parameters"),
    "keys and values in tags": (
        _tags(
            r"<run>(?P<name>\w+)\s*", r"</run>", r"<arg_key>(?P<key>[^<]+)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>"
        ),
        "arg_key",
    ),
    "braces": (
        _template(
            {
                "open_pattern": r"\s*<\[go>do:(?P<name>\w+)",
                "close_pattern": r"<go\]>\s*",
                "repeats": True,
                "content": "json",
                "content_args": {"unquoted_keys": True, "string_delims": [["<'>", "<'>"]]},
                "transform": _FUNCTION,
            }
        ),
        "call_braces",
    ),
    "Python": (
        _template(
            {
                "open": "<|py|>",
                "close_pattern": r"<\|/py\|>\s*",
                "content": "python-call-list",
                "transform_each": True,
                "transform": {"type": "function", "function": {"name": "{name}", "arguments": "{arguments}"}},
            }
        ),
        "pythonic",
    ),
}
# Fault, a turn in `JSON between tags`, the calls that are in it, and its content.
FAULTS: dict[str, tuple[str, list[tuple[str, Any]], str | None]] = {
    "single quotes": ("<use>{'name': 'note', 'arguments': {'text': 'a'}}</use>", [("note", {"text": "a"})], None),
    "a missing brace": ('<use>{"name": "note", "arguments": {"text": "a"}</use>', [("note", {"text": "a"})], None),
    "the closing tag inside a string": (
        '<use>{"name": "note", "arguments": {"text": "a </use> b"}}</use>',
        [("note", {"text": "a </use> b"})],
        None,
    ),
    "a cut call behind a whole one": (
        '<use>{"name": "note", "arguments": {"text": "a"}}</use>\n<use>{"name": "look", "arguments": {"te',
        [("note", {"text": "a"})],
        None,
    ),
    "text between two calls": (
        'First.\n<use>{"name": "note", "arguments": {}}</use>\nThen.\n<use>{"name": "look", "arguments": {}}</use>\nDone.<|fin|>',
        [("note", {}), ("look", {})],
        "First.\n\nThen.\n\nDone.",
    ),
}


def written(folder: Path, name: str) -> str:
    """Write a template into a tokenizer's configuration. Returns its path."""
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({"eos_token": "<|fin|>", "response_template": TEMPLATES[name][0]}), encoding="utf-8")
    return str(path)


def turns(path: str) -> list[tuple[str, str, tuple[str | None, str | None, list[tuple[str, Any]]]]]:
    """Return right turns in the dialect of a template: name, text, and the content, reasoning and calls in it."""
    dialect = load(path)
    found = []
    for case, arguments in ARGUMENTS.items():
        call, other = dialect.tool_call("note", arguments), dialect.tool_call("look", {"text": "b"})
        one, two = [("note", arguments)], [("note", arguments), ("look", {"text": "b"})]
        found += [
            (f"{case}, alone", dialect.assistant("", [call]), (None, None, one)),
            (f"{case}, behind words", f"{dialect.assistant('Let me see.', [call])}<|fin|>", ("Let me see.", None, one)),
            (f"{case}, behind thinking", f"<muse>Hm.</muse>\n{dialect.assistant('', [call])}", (None, "Hm.", one)),
            (f"{case}, two calls", dialect.assistant("", [call, other]), (None, None, two)),
        ]
    return [*found, ("no call", "<muse>Hm.</muse>\n\nThe answer.<|fin|>", ("The answer.", "Hm.", []))]


def random_arguments(chance: random.Random, *, rows: bool) -> dict[str, Any]:
    """Return arguments for a tool of `TOOLS`: texts with every kind of sign, numbers, booleans, and perhaps lists of objects."""
    made: dict[str, Any] = {}
    if chance.random() < 0.8:
        made["text"] = "".join(chance.choice(_SIGNS) for _ in range(chance.randint(0, 40))).strip()
    if chance.random() < 0.5:
        made["count"] = chance.choice([0, -1, 7, 10**9, chance.randint(-(2**53) + 1, 2**53 - 1)])
    if chance.random() < 0.5:
        made["sure"] = chance.random() < 0.5
    if rows and chance.random() < 0.4:
        made["rows"] = [
            {"a": chance.randint(0, 9), "b": chance.choice(["", "x y", None, [1, 2.5]])} for _ in range(chance.randint(0, 3))
        ]
    return made


def random_turn(dialect: Dialect, chance: random.Random, *, rows: bool) -> tuple[str, list[tuple[str, Any]]]:
    """Return a turn of one to three calls, perhaps behind thinking, and its calls."""
    calls = [(chance.choice(["note", "look"]), random_arguments(chance, rows=rows)) for _ in range(chance.randint(1, 3))]
    written = [dialect.tool_call(name, arguments) for name, arguments in calls]
    words = "Let me see." if dialect.syntax not in HEADERS and chance.random() < 0.3 else ""
    text = dialect.assistant(words, written)
    if dialect.reasoning and not words and chance.random() < 0.3:
        text = f"{dialect.reasoning[0]}\nI think, so I call.\n{dialect.reasoning[1]}\n{text}"
    return text, calls
