"""One call in Python's notation, read as name and arguments: `get_weather(city="Paris", days=[1, 2])`.

Python's own parser reads the call, and nothing is run: keyword arguments and literals only. The arguments become JSON text in
which numbers keep the model's spelling. Some text that Python refuses and tools need is read as well: JSON's words, a parameter
named like a keyword of Python or (after `**`) with any characters, a tool whose name has other characters.

Python's parser sees a name in place of every long string, of which the parser would hold several copies.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import warnings
from typing import NamedTuple

from adapter.events import CallPlaces
from adapter.syntax.python.strings import as_json, as_python, as_source
from adapter.text.names import NAME_SIGNS

NAME = rf"[^\W\d][{NAME_SIGNS}]{{0,127}}"
_CALL = re.compile(rf"\s*(?P<name>{NAME})\s*\((?P<inside>.*)\)\s*\Z", re.DOTALL)
# Possessive: Python's engine remembers a state per character for a repeated choice that may be taken back.
_STRING = "|".join(
    rf"{quote * 3}(?:[^{quote}\\]++|\\.|{quote}(?!{quote}{quote}))*+{quote * 3}|{quote}(?:[^{quote}\\]++|\\.{also})*+{quote}"
    for quote, also in (('"', ""), ("'", r"|'(?=\w)"))  # an apostrophe in a word
)
_APOSTROPHE = re.compile(r"\\.|'", re.DOTALL)
# White space, comments and a prefix, which do not part two strings.
_NOTHING = re.compile(r"(?:[\s\\]++|#[^\n]*+\n)*+[A-Za-z]{0,2}\Z")
_STRING_OR_KEY = re.compile(rf"(?P<string>{_STRING})|\b(?P<key>[A-Za-z]+)(?=\s*=(?!=))", re.DOTALL)
_LONG = 1000  # code points
_VALUE_BEGINS = re.compile(r"[=:,(\[{][ \t\r\n]*\Z")
_VALUE_ENDS = re.compile(r"[ \t\r\n]*(?:[,)\]}]|\Z)")
_KEY = "_keyword_"
_WORDS = {"true": "true", "false": "false", "null": "null"}
_CONSTANTS = {True: "true", False: "false", None: "null"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


class PythonCall(NamedTuple):
    """A call that was read, or text that is no call.

    Attributes:
        name: The tool.
        arguments: The arguments as JSON text; None for text that is no call.
        repaired: A string held raw newlines or an apostrophe, which Python does not allow.
        places: Places of the name, and of the text between the brackets.
    """

    name: str
    arguments: str | None
    repaired: bool = False
    places: CallPlaces = CallPlaces()


def read_python_call(text: str, start: int, end: int) -> PythonCall:
    """Read the call in a text from `start` to `end`."""
    found = _CALL.match(text, start, end)
    if found is None:
        return PythonCall("", None)
    places = CallPlaces(found.span("name"), found.span("inside") if found["inside"].strip() else None)
    try:
        return PythonCall(found["name"], _parsed(text, *found.span("inside"), broken=False), places=places)
    except SyntaxError:  # an expression is no value; text that is no Python may hold a slip
        pass
    try:
        arguments = _parsed(text, *found.span("inside"), broken=True)
    except SyntaxError:
        arguments = None
    return PythonCall(found["name"], arguments, arguments is not None, places)


def _parsed(text: str, start: int, end: int, *, broken: bool) -> str | None:
    """Return the arguments as JSON text; None unless all are keyword arguments with literal values.

    Raises:
        SyntaxError: The text is no Python.
    """
    try:
        inside, strings = _shortened(text, start, end, broken=broken)
        source = f"f({as_source(inside)}\n)"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes that are none
            tree = ast.parse(source, mode="eval").body
            written = {name: list(as_json(text, *span, broken=broken)) for name, span in strings.items()}
        return _Writer(source, written).arguments(tree)
    except SyntaxError:
        raise
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None


def _shortened(text: str, start: int, end: int, *, broken: bool) -> tuple[str, dict[str, tuple[int, int]]]:
    """Return the arguments in Python's spelling with a name in place of every long string, and the spans of these strings.

    Only a string that is a value by itself gets a name, and none behind a comment, which may hold quotes.

    Raises:
        ValueError: Two strings stand beside each other, which Python would join.
    """
    pieces: list[str] = []
    strings: dict[str, tuple[int, int]] = {}
    stand_in, last, comment, beside = _stand_in(text, start, end), start, False, False
    for found in _STRING_OR_KEY.finditer(text, start, end):
        before = text[last : found.start()]
        if beside and found["key"] is None and _NOTHING.match(before):
            raise ValueError("two strings beside each other are no value")
        beside = found["key"] is None
        last, comment = found.end(), comment or "#" in before
        long = last - found.start() > _LONG and found["key"] is None and not _loose(found.group())
        if long and not comment and _VALUE_BEGINS.search(before) and _VALUE_ENDS.match(text, last, end):
            name = f"{stand_in}{len(strings)}"
            strings[name] = found.span()
            pieces += (before, name)
        else:
            pieces += (before, _spelled(found, broken=broken))
    pieces.append(text[last:end])
    return "".join(pieces), strings


def _stand_in(text: str, start: int, end: int) -> str:
    """Return the beginning of names that the call does not hold."""
    name = "_long_"
    while text.find(name, start, end) >= 0:
        name += "_"
    return name


def _spelled(part: re.Match[str], *, broken: bool) -> str:
    """Return a string or a key in the spelling that Python accepts."""
    key, string = part["key"], part["string"]
    if key is not None:
        return f"{_KEY}{key}" if keyword.iskeyword(key) else key
    three = string.startswith(('"""', "'''"))
    if broken and not three and _loose(string):
        string = f"'{_APOSTROPHE.sub(_escaped, string[1:-1])}'"
    return as_python(string, three=three, broken=broken)


def _loose(string: str) -> bool:
    """Tell if an apostrophe stands in a string in single quotes."""
    return (
        string[0] == "'"
        and string.count("'") > 2
        and not string.startswith("'''")
        and any(map("'".__eq__, _APOSTROPHE.findall(string[1:-1])))
    )


def _escaped(found: re.Match[str]) -> str:
    return "\\'" if found.group() == "'" else found.group()


class _Writer:
    """Writes literals as JSON.

    Args:
        source: The source of the literals.
        written: Long strings as JSON, in parts and without quotes, by the names in their place; each name occurs once.
    """

    def __init__(self, source: str, written: dict[str, list[str]]) -> None:
        self._lines = [line.encode() for line in re.split(r"\r\n?|\n", source)]
        self._written = written
        self._out: list[str] = []

    def arguments(self, call: ast.expr) -> str:
        """Return the keyword arguments of a call as an object.

        Raises:
            TypeError: A value is no literal.
            ValueError: Not a call, or a call with other arguments.
        """
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("not a call with keyword arguments only")
        given = [argument.arg for argument in call.keywords if argument.arg is not None]
        if len(set(given)) < len(given):
            raise ValueError("an argument is given twice")
        members: list[tuple[str, ast.expr]] = []
        for argument in call.keywords:
            if argument.arg is not None:
                key = argument.arg.removeprefix(_KEY)
                members.append((key if keyword.iskeyword(key) else argument.arg, argument.value))
            elif isinstance(argument.value, ast.Dict):
                members += _members(argument.value)
            else:
                raise ValueError("after ** stands no literal")
        self._object(members)
        return "".join(self._out)

    def _object(self, members: list[tuple[str, ast.expr]]) -> None:
        self._out.append("{")
        for place, (key, value) in enumerate(members):
            self._out.append(f"{', ' if place else ''}{_text(key)}: ")
            self._value(value)
        self._out.append("}")

    def _value(self, node: ast.expr) -> None:
        if isinstance(node, ast.Dict):
            self._object(_members(node))
        elif isinstance(node, ast.List):
            self._out.append("[")
            for place, item in enumerate(node.elts):
                self._out += (", ",) if place else ()
                self._value(item)
            self._out.append("]")
        elif isinstance(node, ast.Name) and node.id in self._written:
            self._out += ('"', *self._written.pop(node.id), '"')
        else:
            self._out.append(self._scalar(node))

    def _scalar(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name) and node.id in _WORDS:
            return _WORDS[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return f"-{self._number(node.operand)}"
        if not isinstance(node, ast.Constant):
            raise TypeError("not a literal")
        if isinstance(node.value, str):
            return _text(node.value)
        if node.value is None or isinstance(node.value, bool):
            return _CONSTANTS[node.value]
        return self._number(node)

    def _number(self, node: ast.Constant) -> str:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise TypeError("not a number")
        if node.lineno == node.end_lineno:
            written = self._lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode()
            if _NUMBER.fullmatch(written):
                return written
        return json.dumps(node.value, allow_nan=False)


def _members(node: ast.Dict) -> list[tuple[str, ast.expr]]:
    """Return the members of an object. Raises TypeError for keys that are no strings."""
    members = []
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise TypeError("a key is no string")
        members.append((key.value, value))
    return members


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
