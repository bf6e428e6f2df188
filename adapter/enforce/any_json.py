"""GBNF rules for any JSON value: what an object of no particular schema may hold, and the pieces that all grammars share.

JSON stands on one line, as `json.dumps` writes it, or on many. Which of them a model writes it has from its training, and one
that is held to the other reads, in its own answer, a text that it would not write: its values get worse. A small model whose
array has to go on behind the bracket answers `[""]`; on a new line it writes the values that were asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RULES = {
    "char": r'[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex{3} | [dD] [0-7] hex{2}))',
    "hex": "[0-9a-fA-F]",
    "string": r'"\"" char* "\""',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
    "unsigned": '("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "value": "string | number | boolean | null | array | object",
    "array": '"[" (line value (comma value)* line)? "]"',
    "object": '"{" (line string ": " value (comma string ": " value)* line)? "}"',
    "line": r'("\n" " "{0,32})?',
    "comma": r'"," (" " | "\n" " "{0,32})',
}
_USES = {name: {other for other in re.findall(r"[a-z]+", body) if other in RULES} for name, body in RULES.items()}


def with_all_they_use(names: Iterable[str]) -> dict[str, str]:
    """The rules of these names and those they need, by name."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _USES[name]
    return {name: RULES[name] for name in sorted(found)}
