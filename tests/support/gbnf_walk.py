"""Reads GBNF and walks through it at random: texts that a grammar allows."""

from __future__ import annotations

import functools
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

_TOKEN = re.compile(
    r'\s*(?:(?P<literal>"(?:[^"\\]|\\.)*")|(?P<set>\[\^?(?:[^\]\\]|\\.)*\])|(?P<times>\{\d+(?:,\d*)?\}|[*+?])|(?P<name>[A-Za-z0-9-]+)|(?P<sign>[()|]))'
)
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_PLAIN = "abc xyz09{}é"


def _unescaped(text: str) -> str:
    short = {"n": "\n", "r": "\r", "t": "\t"}
    return _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" and len(m[1]) == 3 else short.get(m[1], m[1]), text)


class Walk:
    """A grammar that was read.

    Args:
        text: GBNF.
    """

    def __init__(self, text: str) -> None:
        self.rules: dict[str, Any] = {}
        for line in text.rstrip("\n").split("\n"):
            name, _, body = line.partition(" ::= ")
            assert name not in self.rules, f"rule {name} twice"
            self.rules[name] = self._read(body)
        self._depths = self._shallowest()

    def _read(self, body: str) -> Any:
        tokens, place = [], 0
        while place < len(body.rstrip()):
            found = _TOKEN.match(body, place)
            assert found is not None, f"no GBNF at {body[place : place + 30]!r}"
            tokens.append((found.lastgroup, found[found.lastgroup or 0]))
            place = found.end()
        node, rest = self._alternatives(tokens)
        assert rest == []
        return node

    def _alternatives(self, tokens: list[Any]) -> tuple[Any, list[Any]]:
        branches: list[Any] = []
        items: list[Any] = []
        while tokens and tokens[0][1] != ")":
            kind, text = tokens[0]
            tokens = tokens[1:]
            if kind == "sign" and text == "|":
                branches.append(items)
                items = []
            elif kind == "sign":
                inner, tokens = self._alternatives(tokens)
                assert tokens[0][1] == ")"
                items.append(inner)
                tokens = tokens[1:]
            elif kind == "times":
                items[-1] = ("times", *_bounds(text), items[-1])
            elif kind == "literal":
                items.append(("text", _unescaped(text[1:-1])))
            else:
                items.append((kind, text))
        return ("any", [*branches, items]), tokens

    def _shallowest(self) -> dict[str, int]:
        """How deep each rule goes at least; every rule must come to an end."""
        depths: dict[str, int] = {}
        while True:  # a rule of depth n is found in the n-th round, so that no depth changes once it is known
            waiting = [(name, self._depth(node, depths)) for name, node in self.rules.items() if name not in depths]
            known = {name: 1 + depth for name, depth in waiting if depth is not None}
            if not known:
                break
            depths |= known
        assert depths.keys() == self.rules.keys(), f"rules without end: {self.rules.keys() - depths.keys()}"
        return depths

    def _depth(self, node: Any, depths: dict[str, int]) -> int | None:
        if node[0] == "name":
            return depths.get(node[1])
        if node[0] == "times":
            return 0 if node[1] == 0 else self._depth(node[3], depths)
        if node[0] != "any":
            return 0
        found = []
        for branch in node[1]:
            parts = [self._depth(item, depths) for item in branch]
            if None not in parts:
                found.append(max((part or 0 for part in parts), default=0))
        return min(found, default=None)

    def text(self, chance: random.Random, depth: int = 25) -> str:
        """One text that the grammar allows."""
        return self._walk(("name", "root"), chance, depth)

    def allows(self, text: str) -> bool:
        """Whether the grammar allows a text."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 50 * len(text))  # a rule leads to itself with each character
        try:
            return len(text) in _Match(self.rules, text).ends(("name", "root"), 0)
        finally:
            sys.setrecursionlimit(limit)

    def _walk(self, node: Any, chance: random.Random, depth: int) -> str:
        kind = node[0]
        if kind == "text":
            text: str = node[1]
            return text
        if kind == "set":
            return _one_of(node[1], chance)
        if kind == "name":
            return self._walk(self.rules[node[1]], chance, depth - 1)
        if kind == "times":
            _, least, most, inner = node
            count = least if depth < 0 else chance.randint(least, min(least + 3, most))
            return "".join(self._walk(inner, chance, depth) for _ in range(count))
        branches = node[1]
        if depth < 0:
            branches = [
                min(branches, key=lambda items: max([self._depth(item, self._depths) or 0 for item in items], default=0))
            ]
        return "".join(self._walk(item, chance, depth) for item in chance.choice(branches))


class _Match:
    """Where parts of a grammar may end in one text."""

    def __init__(self, rules: dict[str, Any], text: str) -> None:
        self._rules = rules
        self._text = text
        self._known: dict[tuple[int, int], set[int]] = {}

    def ends(self, node: Any, place: int) -> set[int]:
        """The ends of a part that begins at this place."""
        key = (id(node), place)
        if key not in self._known:
            self._known[key] = getattr(self, f"_{node[0]}_ends")(node, place)
        return self._known[key]

    def _text_ends(self, node: Any, place: int) -> set[int]:
        return {place + len(node[1])} if self._text.startswith(node[1], place) else set()

    def _set_ends(self, node: Any, place: int) -> set[int]:
        return {place + 1} if place < len(self._text) and _set(node[1]).fullmatch(self._text[place]) else set()

    def _name_ends(self, node: Any, place: int) -> set[int]:
        return self.ends(self._rules[node[1]], place)

    def _any_ends(self, node: Any, place: int) -> set[int]:
        return {end for branch in node[1] for end in self._in_turn(branch, {place})}

    def _in_turn(self, items: list[Any], places: set[int]) -> set[int]:
        for item in items:
            places = {end for place in places for end in self.ends(item, place)}
        return places

    def _times_ends(self, node: Any, place: int) -> set[int]:
        _, least, most, inner = node
        places = {place}
        found = places if least == 0 else set()
        for count in range(1, min(most, least + len(self._text)) + 1):
            places = self._in_turn([inner], places) - found
            if not places:
                break
            found = found | places if count >= least else found
        return found


def _bounds(text: str) -> tuple[int, int]:
    if text in {"*", "+", "?"}:
        return {"*": (0, 999), "+": (1, 999), "?": (0, 1)}[text]
    least, comma, most = text[1:-1].partition(",")
    return int(least), int(most or 999) if comma else int(least)


@functools.cache
def _set(text: str) -> re.Pattern[str]:
    negated = text.startswith("[^")
    body = _ESCAPE.sub(lambda m: f"\\x{ord(_unescaped(m[0])):02x}", text[2 if negated else 1 : -1])
    return re.compile(f"[{'^' if negated else ''}{body}]")


@functools.cache
def _allowed(text: str) -> list[str]:
    pattern = _set(text)
    return [character for character in (*map(chr, range(32, 127)), *_PLAIN) if pattern.fullmatch(character)]


def _one_of(text: str, chance: random.Random) -> str:
    picked: str = chance.choice(_allowed(text))
    return picked
