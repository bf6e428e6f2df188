"""GBNF rules for any value: what an object of no particular schema may hold, and the pieces that all grammars share.

JSON stands on one line, as `json.dumps` writes it, or on many. Which of them a model writes it has from its training, and one
that is held to the other reads, in its own answer, a text that it would not write: its values get worse. A small model whose
array has to go on behind the bracket answers `[""]`; on a new line it writes the values that were asked for. For the same
reason a value of another notation stands as that notation's models were shown it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from adapter.enforce.terminals import in_turn, literal
from adapter.enforce.text_until import parts_of, rules_until

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.syntax.notation import Notation

_RULES = {
    "hex": "[0-9a-fA-F]",
    "integer": '"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
    "unsigned": '("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
    "value": "string | number | boolean | null | array | object",
    "array": '"[" (line value (comma value)* line)? "]"',
    "name": "[A-Za-z_] [A-Za-z0-9_]{0,63}",
}
_NAME = re.compile(r"[a-z]+\d*")


@cache
def rules_for(notation: Notation) -> dict[str, str]:
    """The rules of a notation, by name."""
    comma, colon, words = literal(notation.comma), literal(notation.colon), notation.words
    escapes = re.escape(notation.escapes)
    rules = {
        **_RULES,
        "char": rf'[^"\\\x00-\x1F\x7F{notation.barred}] | "\\" ([{escapes}] | "u" point)',
        "point": "[0-9a-cA-CefEF] hex{3} | [dD] [0-7] hex{2}",
        "string": r'"\"" char* "\""',
        "boolean": f"{literal(words[True])} | {literal(words[False])}",
        "null": literal(words[None]),
        "key": "name" if notation.named_keys else "string",
        "object": f'"{{" (line key {colon} value (comma key {colon} value)* line)? "}}"',
        "line": r'("\n" " "{0,32})?' if notation.lines else '""',
        "comma": rf'"{notation.comma.rstrip()}" (" " | "\n" " "{{0,32}})' if notation.lines else comma,
    }
    if notation.quote:
        names = {part: f"text{len(part)}" for part in parts_of(notation.quote)}
        rules |= rules_until(names, notation.quote, "", may_end=False)
        rules["string"] = in_turn(literal(notation.quote), names[""])
    return rules


def with_all_they_use(names: Iterable[str], notation: Notation) -> dict[str, str]:
    """The rules of these names and those they need, by name."""
    rules = rules_for(notation)
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in _NAME.findall(rules[name]) if other in rules]
    return {name: rules[name] for name in sorted(found)}
