"""Text up to a marker, as an automaton whose states are rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from adapter.enforce.gbnf.terminals import in_turn, none_of, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# Which literals may have been begun where a text stands, and how many of their characters are written.
State: TypeAlias = frozenset[tuple[int, int]]


NOTHING: State = frozenset()


_GAP = ""  # in a literal: white space, or none


class Watch:
    """Literals that are looked for in a text, a character at a time (the automaton of Aho and Corasick, with gaps).

    Args:
        tag: What ends the text, to the letter; empty for none.
        never: What the text does not hold, but at the end of the tag. A space in it stands for any white space, or none.
        space: The white space that the text may hold.
    """

    def __init__(self, tag: str, never: Iterable[str] = (), space: str = " \t\r\n") -> None:
        self._space = space
        gapped = (tuple(_GAP if character == " " else character for character in each) for each in never)
        self._literals: tuple[tuple[str, ...], ...] = (tuple(tag), *gapped)
        self._fresh = [(number, 0) for number, each in enumerate(self._literals) if each]

    def after(self, text: str) -> State:
        """What has been begun where this text ends."""
        state = NOTHING
        for character in text:
            state = self._on(state, character)
        return state

    def states(self) -> list[State]:
        """Every state that is neither the tag's end nor one that must not be, beginning with nothing."""
        found = [NOTHING]
        for state in found:
            found += [then for _, then in self.ways(state) if then not in found and not (self.ended(then) or self.broken(then))]
        return found

    def ways(self, state: State) -> list[tuple[str, State]]:
        """What each character leads to, those together that lead to the same; of all others nothing is begun."""
        found: dict[State, str] = {}
        for character in self._awaited(state):
            then = self._on(state, character)
            found[then] = found.get(then, "") + character
        return [(characters, then) for then, characters in found.items()]

    def ended(self, state: State) -> bool:
        """Whether the tag is complete."""
        return (0, len(self._literals[0])) in state

    def broken(self, state: State) -> bool:
        """Whether the text holds what it must not."""
        return any(number and written == len(self._literals[number]) for number, written in state)

    def _awaited(self, state: State) -> list[str]:
        """The characters that go on with a literal, or begin one."""
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
        """What may come next of a literal: its next character, with the gap before it where there is one."""
        literal = self._literals[number]
        return literal[place : place + 1 + (literal[place : place + 1] == (_GAP,))]


def rules_until(names: Mapping[State, str], watch: Watch, after: str, *, may_end: bool) -> dict[str, str]:
    """The rules of such a text, by name.

    One rule for each state, so that no other text is excluded, and every character belongs to one rule only.

    Args:
        names: Those of the rules, by state.
        watch: What is looked for.
        after: As above.
        may_end: As above.
    """
    end = ['""'] if may_end else []
    return {name: " | ".join([*branches(names, watch, state, after), *end]) for state, name in names.items()}


def branches(names: Mapping[State, str], watch: Watch, state: State, after: str, but: str = "", none: str = "") -> list[str]:
    """How a text goes on, by its next character.

    Args:
        names: The rules of the text, by state.
        watch: What is looked for.
        state: What has been begun.
        after: What must follow the tag.
        but: Characters that are said elsewhere.
        none: Those that do not stand in the text, as a class spells them.
    """
    said: list[str] = []
    spelt = but
    for leading, then in watch.ways(state):
        characters = "".join(character for character in leading if character not in but)
        spelt += characters
        if characters and not (watch.broken(then) and not watch.ended(then)):
            said.append(in_turn(one_of(characters), after if watch.ended(then) else names[then]))
    return [f"{none_of(spelt, none)} {names[NOTHING]}", *said]
