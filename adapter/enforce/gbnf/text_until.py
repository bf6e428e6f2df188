"""Grammar rules for text up to a tag: text without the tag, then the tag, then a given expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.enforce.gbnf.automaton import NOTHING, State, Watch, rules_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.enforce.gbnf.grammar import RuleSet


def text_until(grammar: RuleSet, tag: str, after: str, *, may_end: bool, never: Sequence[str] = ()) -> str:
    """Write a rule for text up to a tag, followed by `after`.

    Args:
        grammar: The grammar that receives the rules.
        tag: The tag.
        after: The expression that follows the tag.
        may_end: True if the text may end without the tag.
        never: Literals that the text must not hold, except at the end of the tag. A space stands for any white space, or none.
    """

    def rules() -> dict[State, str]:
        watch = Watch(tag, never)
        names = {state: grammar.rule("") for state in watch.states()}
        grammar.rules |= rules_until(names, watch, after, may_end=may_end)
        return names

    return grammar.once(("text until", tag, after, may_end, tuple(never)), rules)[NOTHING]
