"""Text up to a marker, as an automaton whose states are rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from adapter.enforce.gbnf.terminals import in_turn, none_of, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# Literals begun at the end of a text: (number of the literal, characters of the literal written).
State: TypeAlias = frozenset[tuple[int, int]]


NOTHING: State = frozenset()


_GAP = ""  # in a literal: white space, or none


class Watch:
    """The automaton of Aho and Corasick over literals, extended by gaps of white space.

    Args:
        tag: The literal that ends the text; empty for none.
        never: Literals that the text must not hold, except at the end of the tag. A space stands for any white space, or none.
        space: The white space that the text may hold.
    """

    def __init__(self, tag: str, never: Iterable[str] = (), space: str = " \t\r\n") -> None:
        self._space = space
        gapped = (tuple(_GAP if character == " " else character for character in each) for each in never)
        self._literals: tuple[tuple[str, ...], ...] = (tuple(tag), *gapped)
        self._fresh = [(number, 0) for number, each in enumerate(self._literals) if each]

    def after(self, text: str) -> State:
        """The state after a text."""
        state = NOTHING
        for character in text:
            state = self._on(state, character)
        return state

    def states(self) -> list[State]:
        """Every state but the end of the tag and the forbidden states, `NOTHING` first."""
        found = [NOTHING]
        for state in found:
            found += [then for _, then in self.ways(state) if then not in found and not (self.ended(then) or self.broken(then))]
        return found

    def ways(self, state: State) -> list[tuple[str, State]]:
        """The transitions, as (characters, next state). Any other character leads to `NOTHING`."""
        found: dict[State, str] = {}
        for character in self._awaited(state):
            then = self._on(state, character)
            found[then] = found.get(then, "") + character
        return [(characters, then) for then, characters in found.items()]

    def ended(self, state: State) -> bool:
        """True if the tag is complete."""
        return (0, len(self._literals[0])) in state

    def broken(self, state: State) -> bool:
        """True if the text holds a forbidden literal."""
        return any(number and written == len(self._literals[number]) for number, written in state)

    def _awaited(self, state: State) -> list[str]:
        """The characters that continue or begin a literal."""
        found: list[str] = []
        for number, place in sorted(state) + self._fresh:
            for each in self._next(number, place):
                found += each or self._space
        return list(dict.fromkeys(found))

    def _on(self, state: State, character: str) -> State:
        found = set()
        for number, place in (*state, *self._fresh):
            for step, each in enumerate(self._next(number, place)):
                if each == character:
                    found.add((number, place + step + 1))
                elif each == _GAP and character in self._space:
                    found.add((number, place + step))
        return frozenset(found)

    def _next(self, number: int, place: int) -> tuple[str, ...]:
        """The next units of a literal: its next character, after an optional gap."""
        literal = self._literals[number]
        return literal[place : place + 1 + (literal[place : place + 1] == (_GAP,))]


def rules_until(names: Mapping[State, str], watch: Watch, after: str, *, may_end: bool) -> dict[str, str]:
    """Write the rules of a text up to a tag, by name: a rule for each state.

    Args:
        names: Names of the rules, by state.
        watch: The automaton.
        after: The expression that follows the tag.
        may_end: True if the text may end without the tag.
    """
    end = ['""'] if may_end else []
    return {name: " | ".join([*branches(names, watch, state, after), *end]) for state, name in names.items()}


def branches(names: Mapping[State, str], watch: Watch, state: State, after: str, but: str = "", none: str = "") -> list[str]:
    """Write the alternatives of a state, by the next character.

    Args:
        names: Names of the rules, by state.
        watch: The automaton.
        state: The state.
        after: The expression that follows the tag.
        but: Characters for which the caller writes alternatives.
        none: Characters that the text must not hold, as a class spells them.
    """
    said: list[str] = []
    spelt = but
    for leading, then in watch.ways(state):
        characters = "".join(character for character in leading if character not in but)
        spelt += characters
        if characters and not (watch.broken(then) and not watch.ended(then)):
            said.append(in_turn(one_of(characters), after if watch.ended(then) else names[then]))
    return [f"{none_of(spelt, none)} {names[NOTHING]}", *said]
