"""Grammar rules for text up to a tag: anything that does not hold the tag, then the tag, then what must follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.enforce.gbnf import literal

if TYPE_CHECKING:
    from adapter.enforce.gbnf import Grammar


def text_until(grammar: Grammar, tag: str, after: str, *, may_end: bool) -> str:
    """A rule for text that goes on to `after` once it holds the tag.

    One rule for each part of the tag that has been written (the automaton of Knuth, Morris and Pratt), so that no other text is
    excluded, and every character belongs to one rule only.

    Args:
        grammar: Gets the rules.
        tag: The tag.
        after: What must follow it.
        may_end: Whether the text may end without the tag.
    """
    names = [grammar.rule("") for _ in tag]
    for state, name in enumerate(names):
        nexts = {character: _next(tag, state, character) for character in dict.fromkeys(tag)}
        onward = {character: target for character, target in nexts.items() if target}
        branches = [f"[^{''.join(map(_in_class, onward))}] {names[0]}"]
        for character, target in onward.items():
            branches.append(f"{literal(character)} {after if target == len(tag) else names[target]}".rstrip())
        if may_end:
            branches.append('""')
        grammar.rules[name] = " | ".join(branches)
    return names[0]


def _next(tag: str, state: int, character: str) -> int:
    """How much of the tag has been written once this character follows."""
    written = tag[:state] + character
    return next(size for size in range(min(len(written), len(tag)), -1, -1) if written.endswith(tag[:size]))


def _in_class(character: str) -> str:
    spelt = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    return spelt or (f"\\{character}" if character in "]\\^-" else character)
