"""Patterns matched without backtracking: all places of a pattern are followed at once, in time of length times places.

Groups, alternatives, classes and repetitions are read. Looking around, references to groups and word boundaries are not: the
caller has another engine for patterns with them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_PLACES = 4000
_MOST_DEPTH = 50
_ATOM = re.compile(
    r"\[(?:[^\]\\]|\\.)*\]"
    r"|\\(?:u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{[^}]*\}|c[A-Za-z]|[^ux0-9pPcbBk])"
    r"|[^\\\[\]()|*+?{}^$]"
)
_COUNT = re.compile(r"([*+?]|\{(\d{1,5})(,)?(\d{1,5})?\})\??")
_GROUP = re.compile(r"\((?:\?:|\?<\w+>)?(?!\?)")
_Node: TypeAlias = "tuple[Any, ...]"


class Unread(Exception):
    """The pattern holds a form that is not read here, or too many places."""


class LinearPattern:
    """A pattern, ready to be searched for.

    Args:
        pattern: The pattern.
        atom: Makes the test of one character from the text of a class, an escape or a character.

    Raises:
        Unread: Another engine has to match the pattern.

    Attributes:
        risky: A repetition stands inside another, or several repetitions without end may share a text.
        places: The number of places.
    """

    def __init__(self, pattern: str, atom: Callable[[str], Callable[[str], bool]]) -> None:
        self._atom = atom
        self._steps: list[_Node] = []
        self._endless = 0
        self.risky = False
        tree, end = self._either(pattern, 0, 0)
        if end != len(pattern):
            raise Unread
        self._write(tree)
        self._steps.append(("end",))
        self.places = len(self._steps)
        self.risky = self.risky or self._endless > 1

    def found_in(self, text: str) -> bool:
        """Tell if a part of the text matches."""
        now: set[int] = set()
        for place in range(len(text) + 1):
            now = self._reached({*now, 0}, at_start=place == 0, at_end=place == len(text))
            if len(self._steps) - 1 in now:
                return True
            if place < len(text):
                char = text[place]
                now = {step + 1 for step in now if self._steps[step][0] == "char" and self._steps[step][1](char)}
        return False

    def _reached(self, steps: set[int], *, at_start: bool, at_end: bool) -> set[int]:
        """Return all places that are reached without a character."""
        seen: set[int] = set()
        stack = list(steps)
        while stack:
            step = stack.pop()
            if step in seen:
                continue
            seen.add(step)
            kind, *rest = self._steps[step]
            if kind == "split":
                stack += rest
            elif kind == "jump":
                stack.append(rest[0])
            elif (kind == "^" and at_start) or (kind == "$" and at_end):
                stack.append(step + 1)
        return seen

    def _either(self, text: str, at: int, depth: int) -> tuple[_Node, int]:
        if depth > _MOST_DEPTH:
            raise Unread
        branches: list[_Node] = []
        while True:
            branch, at = self._sequence(text, at, depth)
            branches.append(branch)
            if text[at : at + 1] != "|":
                return (branches[0] if len(branches) == 1 else ("either", branches)), at
            at += 1

    def _sequence(self, text: str, at: int, depth: int) -> tuple[_Node, int]:
        parts: list[_Node] = []
        while at < len(text) and text[at] not in "|)":
            part, at = self._single(text, at, depth)
            count = _COUNT.match(text, at)
            if count is not None:
                at = count.end()
                least, most = _bounds(count)
                part = ("repeat", part, least, most)
                self._endless += most is None
                self.risky = self.risky or (most != 1 and _varies(part[1]))
            parts.append(part)
        return ("sequence", parts), at

    def _single(self, text: str, at: int, depth: int) -> tuple[_Node, int]:
        if text[at] in "^$":
            return (text[at],), at + 1
        group = _GROUP.match(text, at)
        if group is not None:
            inner, at = self._either(text, group.end(), depth + 1)
            if text[at : at + 1] != ")":
                raise Unread
            return inner, at + 1
        found = _ATOM.match(text, at)
        if found is None:
            raise Unread
        return ("char", self._atom(found[0])), found.end()

    def _write(self, node: _Node) -> None:
        """Append the steps of a node."""
        steps, kind = self._steps, node[0]
        if len(steps) > _MOST_PLACES:
            raise Unread
        if kind == "sequence":
            for part in node[1]:
                self._write(part)
        elif kind == "either":
            self._write_either(node[1])
        elif kind == "repeat":
            self._write_repeat(*node[1:])
        else:
            steps.append(node)

    def _write_either(self, branches: list[_Node]) -> None:
        steps, jumps = self._steps, []
        for branch in branches[:-1]:
            split = len(steps)
            steps.append(())
            self._write(branch)
            jumps.append(len(steps))
            steps.append(())
            steps[split] = ("split", split + 1, len(steps))
        self._write(branches[-1])
        for jump in jumps:
            steps[jump] = ("jump", len(steps))

    def _write_repeat(self, part: _Node, least: int, most: int | None) -> None:
        steps = self._steps
        for _ in range(least):
            self._write(part)
        for _ in range(1 if most is None else most - least):
            split = len(steps)
            steps.append(())
            self._write(part)
            if most is None:
                steps.append(("jump", split))
            steps[split] = ("split", split + 1, len(steps))
            if len(steps) > _MOST_PLACES:
                raise Unread


def _bounds(count: re.Match[str]) -> tuple[int, int | None]:
    simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
    if count[1] in simple:
        return simple[count[1]]
    if count[2] is None:
        raise Unread
    least = int(count[2])
    most = int(count[4]) if count[4] else None if count[3] else least
    if most is not None and most < least:
        raise Unread
    return least, most


def _varies(node: _Node) -> bool:
    """Tell if a node may match texts of several lengths, or one text in several ways."""
    if node[0] == "sequence":
        return any(map(_varies, node[1]))
    return node[0] == "either" or (node[0] == "repeat" and (node[2] != node[3] or _varies(node[1])))
