"""Grammar rules for a free answer in a dialect whose calls have no marker before them: text, or calls and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.enforce.gbnf.automaton import NOTHING, Watch, branches, rules_until
from adapter.enforce.gbnf.terminals import in_turn, literal, one_of

if TYPE_CHECKING:
    from adapter.enforce.gbnf.calls import Calls

_SPACE = " \t\r\n"


def text_but_calls(calls: Calls, names: list[str], *, several: bool) -> str:
    """A rule for an answer that is calls if it begins as the dialect writes one, up to its arguments, and any text otherwise.

    One rule for each beginning of what calls begin with. Where the dialect has a marker besides, which its models may write,
    calls follow that in any place.

    Args:
        calls: The calls.
        names: The tools that may be called.
        several: Whether there may be more calls than one.
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
