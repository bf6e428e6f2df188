"""One call in Python's notation, read as name and arguments: `get_weather(city="Paris", days=[1, 2])`.

Python's own parser reads it, and nothing is run: keyword arguments, and literals only. The arguments become JSON text in which
numbers keep the model's spelling. What Python does not allow and tools need is read as well: JSON's words, a parameter whose
name is one of Python's keywords or (after `**`) no name at all, a tool whose name has other characters.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import warnings
from typing import NamedTuple

from adapter.syntax.calls import Nameless, RawCall
from adapter.syntax.json_text import loads

NAME = r"[A-Za-z_][\w.:/-]{0,127}"
_CALL = re.compile(rf"\s*(?P<name>{NAME})\s*\((?P<inside>.*)\)\s*\Z", re.DOTALL)
# Possessive: a repeated choice that may be taken back is remembered for every character.
_STRING = "|".join(
    rf"{quote * 3}(?:[^{quote}\\]++|\\.|{quote}(?!{quote}{quote}))*+{quote * 3}|{quote}(?:[^{quote}\\]++|\\.)*+{quote}"
    for quote in "\"'"
)
_STRING_OR_KEY = re.compile(rf"(?P<string>{_STRING})|\b(?P<key>[A-Za-z]+)(?=\s*=(?!=))", re.DOTALL)
_RAW_BREAK = re.compile(r"[\r\n]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_KEY = "_keyword_"
_WORDS = {"true": "true", "false": "false", "null": "null"}
_CONSTANTS = {True: "true", False: "false", None: "null"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


class PythonCall(NamedTuple):
    """What was read.

    Attributes:
        call: The call, or what stands in its place.
        repaired: Whether a string held raw newlines, which Python does not allow.
    """

    call: RawCall | Nameless
    repaired: bool = False


def read_python_call(text: str) -> PythonCall:
    """The call that a text is."""
    found = _CALL.match(text)
    if found is None:
        return PythonCall(Nameless(text))
    plain = _parsed(found["inside"], broken=False)
    arguments = plain if plain is not None else _parsed(found["inside"], broken=True)
    if arguments is None:
        return PythonCall(Nameless(text))
    return PythonCall(RawCall(found["name"], arguments, loads(arguments)), plain is None)


def _parsed(inside: str, *, broken: bool) -> str | None:
    """The arguments as JSON text; None when they are no keyword arguments with literal values."""
    source = f"f({_STRING_OR_KEY.sub(lambda part: _spelled(part, broken=broken), inside)}\n)".replace("\0", "\\0")
    source = _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's opinion on escapes is not ours to pass on
            tree = ast.parse(source, mode="eval").body
        return _Writer(source).arguments(tree)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _spelled(part: re.Match[str], *, broken: bool) -> str:
    """A string or a key as Python takes it."""
    key, string = part["key"], part["string"]
    if key is not None:
        return f"{_KEY}{key}" if keyword.iskeyword(key) else key
    if string.startswith(('"""', "'''")):
        return string.replace("\r", "\\r")
    return _RAW_BREAK.sub(lambda found: json.dumps(found.group())[1:-1], string) if broken else string


class _Writer:
    """Writes literals as JSON.

    Args:
        source: What they were parsed from.
    """

    def __init__(self, source: str) -> None:
        self._lines = [line.encode() for line in re.split(r"(?<=\n)", source)]

    def arguments(self, call: ast.expr) -> str:
        """The keyword arguments of a call, as an object. Raises TypeError or ValueError for anything else."""
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("not a call with keyword arguments only")
        given = [argument.arg for argument in call.keywords if argument.arg is not None]
        if len(set(given)) < len(given):
            raise ValueError("an argument is given twice")
        members: list[str] = []
        for argument in call.keywords:
            if argument.arg is not None:
                members.append(f"{_text(argument.arg.removeprefix(_KEY))}: {self._value(argument.value)}")
            elif isinstance(argument.value, ast.Dict):
                members += self._members(argument.value)
            else:
                raise ValueError("after ** stands no literal")
        return "{" + ", ".join(members) + "}"

    def _members(self, node: ast.Dict) -> list[str]:
        members = []
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise TypeError("a key is no string")
            members.append(f"{_text(key.value)}: {self._value(value)}")
        return members

    def _value(self, node: ast.expr) -> str:
        if isinstance(node, ast.Dict):
            return "{" + ", ".join(self._members(node)) + "}"
        if isinstance(node, ast.List | ast.Tuple):
            return "[" + ", ".join(map(self._value, node.elts)) + "]"
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


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
