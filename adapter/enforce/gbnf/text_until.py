"""RuleSet rules for text up to a tag: anything that does not hold the tag, then the tag, then what must follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.enforce.gbnf.automaton import NOTHING, State, Watch, rules_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.enforce.gbnf.grammar import RuleSet


def text_until(grammar: RuleSet, tag: str, after: str, *, may_end: bool, never: Sequence[str] = ()) -> str:
    """A rule for text that goes on to `after` once it holds the tag.

    Args:
        grammar: Gets the rules.
        tag: The tag.
        after: What must follow it.
        may_end: Whether the text may end without the tag.
        never: What the text does not hold, but at the end of the tag. A space in it stands for any white space, or none.
    """

    def rules() -> dict[State, str]:
        watch = Watch(tag, never)
        names = {state: grammar.rule("") for state in watch.states()}
        grammar.rules |= rules_until(names, watch, after, may_end=may_end)
        return names

    return grammar.once(("text until", tag, after, may_end, tuple(never)), rules)[NOTHING]
