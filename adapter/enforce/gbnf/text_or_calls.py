"""Grammar rules for a free answer in a dialect without an opening marker: text, or calls alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.enforce.gbnf.automaton import NOTHING, Watch, branches, rules_until
from adapter.enforce.gbnf.terminals import in_turn, literal, one_of

if TYPE_CHECKING:
    from adapter.enforce.gbnf.calls import Calls

_SPACE = " \t\r\n"


def text_but_calls(calls: Calls, names: list[str], *, several: bool) -> str:
    """Write a rule for an answer of calls, if the answer begins like a call up to the arguments, and of any text otherwise.

    A rule for each prefix of a call's beginning. If the dialect also has a marker, which its models may write, calls follow the
    marker at any place.

    Args:
        calls: The calls.
        names: The tools that may be called.
        several: True if more than a single call is allowed.
    """
    grammar, marker = calls.grammar, calls.dialect.open
    grammar.leave("the answer", f"a call that begins otherwise than {calls.frames[names[0]].before!r}")
    ended = calls.ended(names, several)
    begun = {calls.frames[name].before: calls.rest_of(name, ended) for name in names}
    watch, after = Watch(marker), ""
    text = {NOTHING: "any"}
    grammar.rules["any"] = r"[^\x00]*"
    if marker:
        after = grammar.rule(in_turn(calls.whole(names, several), f"({literal(calls.dialect.close)})?"))
        text = {state: grammar.rule("") for state in watch.states()}
        grammar.rules |= rules_until(text, watch, after, may_end=True)
    parts = {beginning[:size]: "" for beginning in begun for size in range(len(beginning))}
    rules = {part: grammar.rule("") for part in parts}
    for part, name in rules.items():
        follows = {beginning[len(part)]: beginning for beginning in begun if beginning.startswith(part)}
        space = "" if part else _SPACE
        ways = branches(text, watch, watch.after(part), after, "".join(follows) + space)
        ways += [f"{one_of(space)} {name}"] if space else []
        for character in follows:
            onward = part + character
            ways.append(in_turn(literal(character), begun[onward] if onward in begun else rules[onward]))
        grammar.rules[name] = " | ".join([*ways, '""'])
    return rules[""]
