"""Lines and columns of the values of a JSON text, found in one walk that does not recurse."""

from __future__ import annotations

import bisect
import re
from json import decoder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.linting.subject import Path

_scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]  # typeshed
_BETWEEN = re.compile(r"[ \t\r\n,:]*")
_SCALAR = re.compile(r"[^\s,:\]}\[{\"]*")


class _Node:
    """A value: its offset in code points, that of the key before it, and the values inside, by key or position."""

    __slots__ = ("array", "begin", "inner", "key")

    def __init__(self, begin: int, key: int, *, array: bool) -> None:
        self.begin = begin
        self.key = key
        self.array = array
        self.inner: dict[str | int, _Node] = {}


class Places:
    """The places of the values of a JSON text.

    Args:
        text: A text that `json.loads` accepts; not checked any further than the walk needs.

    Raises:
        ValueError: A key or a value is missing.
    """

    def __init__(self, text: str) -> None:
        self._root = _walk(text)
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def at(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of a value, from 1; of a place that is not in the text, those of the nearest value around.

        Args:
            path: The keys and indexes that lead to the value.
            key: Return the place of the key before the value.
        """
        node, left = self._root, len(path)
        for step in path:
            inner = node.inner.get(step)
            if inner is None:
                break
            node, left = inner, left - 1
        offset = node.key if key and not left else node.begin
        line = bisect.bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def _walk(text: str) -> _Node:
    """Return the tree of the values of a text; of a doubled key the last counts."""
    position, stack = 0, list[_Node]()
    while True:
        position = _skipped(text, position)
        if text.startswith(("}", "]"), position) and stack:
            done, position = stack.pop(), position + 1
            if not stack:
                return done
            continue
        begin, step = position, len(stack[-1].inner) if stack else 0
        named: str | int = step
        if stack and not stack[-1].array:
            if not text.startswith('"', position):
                raise ValueError(f"not JSON: a key was due at character {position}")
            named, position = _scan_string(text, position + 1, True)
            position = _skipped(text, position)
        node = _Node(position, begin, array=text.startswith("[", position))
        if stack:
            stack[-1].inner[named] = node
        position = _behind(text, position, node, stack)
        if not stack:
            return node


def _behind(text: str, position: int, node: _Node, stack: list[_Node]) -> int:
    """Open an object or an array, or pass another value. Returns the position behind."""
    if text.startswith(("{", "["), position):
        stack.append(node)
        return position + 1
    if text.startswith('"', position):
        return _scan_string(text, position + 1, True)[1]
    end = _SCALAR.match(text, position).end()  # type: ignore[union-attr]  # the pattern matches everywhere
    if end == position:
        raise ValueError(f"not JSON: a value was due at character {position}")
    return end


def _skipped(text: str, position: int) -> int:
    return _BETWEEN.match(text, position).end()  # type: ignore[union-attr]  # the pattern matches everywhere
