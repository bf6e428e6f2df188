"""GBNF rules for any value: the contents of an object without a schema, and the pieces that all grammars share.

JSON is allowed on a single line, as `json.dumps` writes, or on many lines. A model's layout comes from its training; a model
held to the other layout reads unfamiliar text in its own answer, and its values get worse. A small model whose array must go
on behind the bracket answers `[""]`; on a new line the same model writes the values asked for. For the same reason, values in
another notation keep the layout of the notation's training data.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from adapter.enforce.gbnf.automaton import NOTHING, Watch, branches, rules_until
from adapter.enforce.gbnf.terminals import in_turn, literal, none_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.enforce.gbnf.automaton import State
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
# Characters that no string in JSON holds, as a class spells them.
NO_CHAR = r'"\\\x00-\x1F\x7F'
_NAME = re.compile(r"[a-z]+\d*")


@lru_cache(maxsize=64)
def rules_for(notation: Notation) -> dict[str, str]:
    """The rules of a notation, by name."""
    comma, colon, words = literal(notation.comma), literal(notation.colon), notation.words
    escapes = re.escape(notation.escapes)
    rules = {
        **_RULES,
        "char": f"[^{NO_CHAR}{notation.barred}] | escape",
        "escape": rf'"\\" ([{escapes}] | "u" ([0-9a-cA-CefEF] hex{{3}} | [dD] [0-7] hex{{2}}))',
        "string": r'"\"" char* "\""',
        "boolean": f"{literal(words[True])} | {literal(words[False])}",
        "null": literal(words[None]),
        "key": "name" if notation.named_keys else "string",
        "object": f'"{{" (line key {colon} value (comma key {colon} value)* line)? "}}"',
        "line": r'("\n" " "{0,32})?' if notation.lines else '""',
        "comma": rf'"{notation.comma.rstrip()}" (" " | "\n" " "{{0,32}})' if notation.lines else comma,
    }
    if notation.quote:
        watch = Watch(notation.quote)
        names = _names(watch)
        rules |= rules_until(names, watch, "", may_end=False)
        rules["string"] = in_turn(literal(notation.quote), names[NOTHING])
    elif notation.never:
        rules |= _guarded(notation.never)
    return rules


def _guarded(never: tuple[str, ...]) -> dict[str, str]:
    """The rules of strings that show no literal of `never` except by escapes.

    A rule that counts characters cannot know the earlier characters: the first character of each literal is an escape.
    """
    watch = Watch("", never, space=" ")
    names = _names(watch)
    begin = "".join(dict.fromkeys(each[0] for each in never))
    rules = {name: " | ".join([*branches(names, watch, state, "", none=NO_CHAR), "rest"]) for state, name in names.items()}
    rest = rf'"\"" | escape {names[NOTHING]}'
    return rules | {"string": rf'"\"" {names[NOTHING]}', "rest": rest, "few": f"{none_of(begin, NO_CHAR)} | escape"}


def _names(watch: Watch) -> dict[State, str]:
    return {state: f"text{number}" for number, state in enumerate(watch.states())}


def with_all_they_use(names: Iterable[str], notation: Notation) -> dict[str, str]:
    """The named rules and every rule that they use, by name."""
    rules = rules_for(notation)
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in _NAME.findall(rules[name]) if other in rules]
    return {name: rules[name] for name in sorted(found)}
