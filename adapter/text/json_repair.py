"""Structural repair of a payload that is not JSON (behaviour 1.5).

Three readers are tried, from the most exact to the most lenient: JSON with its escapes and raw newlines put right, Python's
own literals, and json-repair. json-repair mends any text, by guesses if need be, so gates let a repair pass only if the repair
changed structure and nothing else:

* the *substance* is the same before and after: every character but white space, quotes, commas, colons, braces, comments
  and fences, with Python's `True`, `False`, `None` read as JSON's words and numbers compared by value;
* no bare word became a value: `NaN`, `Infinity`, names and expressions are not JSON without quotes;
* at most a single brace or bracket was missing, and at most a single one too many;
* unescaped quotes inside a string come in pairs, so that a single reading is possible.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# json-repair is plain Python and not linear on everything. Beyond this length only the linear readings are tried.
MAX_LENGTH = 64_000

_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'(?=\s*[,:}\]])'
_STRINGS = re.compile(_STRING, re.DOTALL)
_STRING_OR_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/|#[^\n]*", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_WORD = re.compile(r"[A-Za-z_$][\w$.]*")
_COLON_NEXT = re.compile(r"\s*:")
_EXPRESSION = re.compile(r"[\w.)\]]\s*[-+*/%|&^]\s*[\w.(]|\(")
_NO_VALUE = re.compile(r":\s*(?:[,}\]]|$)")
_EXPONENT = re.compile(r"(?<=[\d.])[eE][+-]?\d+")
# A quote closes a string only before structure; any other quote belongs to the string.
_LOOSE_STRING = re.compile(r'"((?:[^"\\]|\\.|"(?!\s*(?:[,:}\]]|$)))*)"(?=\s*(?:[,:}\]]|$))', re.DOTALL)
_INNER_QUOTE = re.compile(r'(\\.)|"', re.DOTALL)
_ADJACENT = re.compile(r'"\s*"')
_CURLY = str.maketrans({"\u201c": '"', "\u201d": '"'})
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}|(.))', re.DOTALL)
_ANY_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
# json-repair strips white space from a string that ends in a newline; a noncharacter stands for the newline meanwhile.
_NEWLINE_LAST = re.compile(r"""\\(?:(n)(?=["'])|.)""", re.DOTALL)
_STAND_IN = "\ufdd0"
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_STRUCTURE = re.compile(r"[\s\"'`,:;{}\[\]]+")
_NUMBER = re.compile(r"(?<![\w.])-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_NUMBER_IN_PLACE = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_LITERAL = re.compile(r"\b(?:True|False|None)\b")
_JSON_WORD = {"True": "true", "False": "false", "None": "null"}
_WORDS = {*_JSON_WORD, *_JSON_WORD.values()}


def repair(text: str) -> str | None:
    """Repair a payload. Returns JSON text; None if no repair passes the gates.

    Args:
        text: A payload that is not JSON, or holds no call.
    """
    if '"' not in text:
        text = text.translate(_CURLY)
    escaped = _ESCAPE.sub(_keep_backslash, text)
    for spelled in _requoted(escaped):
        if _reads(spelled):
            return spelled
    if len(text) > MAX_LENGTH or _STAND_IN in text:
        return None
    value = _as_python(escaped)
    if value is None:
        value = _as_mended(_NEWLINE_LAST.sub(lambda found: _STAND_IN if found.group(1) else found.group(), escaped))
    if not isinstance(value, dict | list):
        return None
    try:
        mended = json.dumps(value, ensure_ascii=False, allow_nan=False).replace(_STAND_IN, r"\n")
    except (ValueError, TypeError, RecursionError):
        return None  # a set, a complex number, a non-finite number: not JSON in any spelling
    return mended if _same_substance(escaped, mended) else None


def _keep_backslash(escape: re.Match[str]) -> str:
    r"""Double the backslash of `\d`, which is no escape: the backslash was meant. `\'` is left to Python's reader."""
    wrong = escape.group(1)
    return escape.group() if wrong is None or wrong == "'" else f"\\\\{wrong}"


def _requoted(text: str) -> Iterator[str]:
    """The text with raw newlines escaped, then with inner quotes escaped, then with the last quote put in."""
    yield _spelled(text)
    loose = [found.group(1) for found in _LOOSE_STRING.finditer(text)]
    if all(_unescaped_quotes(string) % 2 == 0 and not _ADJACENT.search(string) for string in loose):
        yield _spelled(_LOOSE_STRING.sub(_escape_inner, text))
    if _unescaped_quotes(text) % 2:
        end = len(text.rstrip(" \t\r\n}]"))
        yield _spelled(f'{text[:end]}"{text[end:]}')


def _spelled(text: str) -> str:
    return _STRINGS.sub(lambda found: _CONTROL.sub(_escape_control, found.group()), text)


def _unescaped_quotes(text: str) -> int:
    return sum(1 for found in _INNER_QUOTE.finditer(text) if not found.group(1))


def _escape_inner(string: re.Match[str]) -> str:
    return '"' + _INNER_QUOTE.sub(lambda found: found.group(1) or '\\"', string.group(1)) + '"'


def _escape_control(character: re.Match[str]) -> str:
    return json.dumps(character.group())[1:-1]


def _reads(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _as_python(text: str) -> Any:
    """The value of a Python literal, which has exactly one reading; None for other text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's opinion on the literal's style is not ours to pass on
            return ast.literal_eval(text.replace("\\/", "/").strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _as_mended(text: str) -> Any:
    """The value that json-repair reads; None if a gate forbids the repair."""
    import json_repair  # a repair is rare, the import is not cheap

    bare = _STRING_OR_COMMENT.sub(lambda found: '""' if found.group(1) else " ", text)
    if not _words_allowed(bare) or not _braces_allowed(bare):
        return None
    try:
        value = json_repair.loads(text, skip_json_loads=True)
    except (ValueError, RecursionError):
        return None
    return value if all(_one_reading(string, text) for string in _strings(value)) else None


def _words_allowed(bare: str) -> bool:
    """True if every bare word is a key or a literal, and no expression is computed."""
    if _NO_VALUE.search(bare) or _EXPRESSION.search(_EXPONENT.sub("", bare)):
        return False
    return all(
        word.group() in _WORDS or _COLON_NEXT.match(bare, word.end())
        for word in _WORD.finditer(_NUMBER_IN_PLACE.sub("0", bare))
    )


def _braces_allowed(bare: str) -> bool:
    return all(abs(bare.count(left) - bare.count(right)) <= 1 for left, right in ("{}", "[]"))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _one_reading(string: str, source: str) -> bool:
    """True if quotes inside a mended string were escaped by the model, or come in pairs."""
    if '"' not in string and "'" not in string:
        return True
    if json.dumps(string, ensure_ascii=False) in source:
        return True
    return string.count('"') % 2 == 0 and (string.count("'") % 2 == 0 or f'"{string}"' in source)


def _same_substance(before: str, after: str) -> bool:
    said = _substance(after)
    return said in (_substance(before), _substance(_STRING_OR_COMMENT.sub(r"\1", before)))


def _substance(text: str) -> str:
    """The substance of a text: its characters without structure."""
    text = _ANY_ESCAPE.sub(_decoded, text)
    text = _LITERAL.sub(lambda word: _JSON_WORD[word.group()], text)
    text = _NUMBER.sub(_by_value, text)
    return _STRUCTURE.sub("", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decoded(escape: re.Match[str]) -> str:
    return chr(int(escape.group(1), 16)) if escape.group(1) else _ESCAPED.get(escape.group(2), escape.group(2))


def _by_value(number: re.Match[str]) -> str:
    digits = number.group()
    try:
        return str(Decimal(digits).normalize())
    except ArithmeticError:  # an exponent that no Decimal holds
        return digits
