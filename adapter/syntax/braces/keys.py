"""Keys of arguments in braces: without quotes, or in quotes of any kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.braces.literals import SPACE
from adapter.syntax.braces.segments import segment
from adapter.syntax.braces.slips import equals_key
from adapter.syntax.braces.state import Stop
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.syntax.braces.state import State

_LONGEST_KEY = 1000
_KEY_STOP = re.compile(r"[:,{}\[\]<=)]")
_EQUALS_NAME = re.compile(r"""["'\w.$@/+ -]{1,200}""")


def key(state: State, text: str, position: int) -> int:
    """Read a key up to its colon, or the end of the object. Returns the position reached; the same one asks for more text."""
    if not state.taken and (after := segment(state, text, position, behind_value=False)) >= 0:
        return after
    found = _KEY_STOP.search(text, position)
    stop = found.start() if found else len(text)
    state.taken.append(text[position:stop])
    if found is None:
        return stop
    character = found.group()
    if character == "<":
        return _smaller(state, text, stop)
    name = "".join(state.taken).strip(SPACE)
    if character == "=":
        return _equals(state, text, stop, name)
    if character == ":" and (spelled := _unquoted(state, name)) is not None:
        state.key(spelled)
    elif character in state.closers and not name:
        state.end()
    elif character == "{" and state.doubles_bracket and not name:
        state.mend("the arguments stand in two kinds of brackets")
    elif character in ":)" and (character == ")" or any(state.taken)) and sum(map(len, state.taken)) < _LONGEST_KEY:
        state.taken.append(character)  # inside a key with quotes; a bracket that closes nothing may begin one without
    else:
        state.fail("a key was due")
    return stop + 1


def _smaller(state: State, text: str, place: int) -> int:
    literals = state.literals
    if literals.at_end.match(text, place):
        state.stop = Stop.END
    if state.stop or (literals.half_mark(text, place) and not state.at_end):
        return place
    size = len(literals.quote) if text.startswith(literals.quote, place) else 1
    state.taken.append(text[place : place + size])
    return place + size


def _equals(state: State, text: str, place: int, name: str) -> int:
    """Read an equals sign: in place of a colon, or part of the key."""
    spelled = _unquoted(state, name) if _EQUALS_NAME.fullmatch(name.replace(state.literals.quote, "")) else None
    verdict = equals_key(state, text, place + 1) if spelled is not None and state.due(spelled) else False
    if verdict is None:
        return place
    if verdict and spelled is not None:
        state.mend("= stands in place of a colon")
        state.key(spelled)
    else:
        state.taken.append("=")
    return place + 1


def _unquoted(state: State, name: str) -> str | None:
    """Return the name that a key spells; None for a key with quotes that is not complete."""
    quote = state.literals.quote
    if quote in name:
        inner = name.removeprefix(quote).removesuffix(quote)
        if not inner or quote in inner or not name.endswith(quote):
            return None
        if not name.startswith(quote):
            state.mend(f"a key has no opening {quote}")
        return inner
    if name.startswith("'"):
        complete = len(name) > 2 and name.endswith("'")
        if complete:
            state.mend("a key stands in single quotes")
        return name[1:-1] if complete else None
    if not name.startswith('"'):
        return name or None
    try:
        return str(loads(name))
    except ValueError:
        return None
