"""The JSON around calls: members of an object, elements of a list, values that follow one another.

A pattern matches one member, or the beginning of a member at the end of the text. `lastindex` of the match is the last group
that matched: how far the member goes.
"""

from __future__ import annotations

import json

from adapter.text.json_plain import ESCAPE, HALF, SPACE, matcher

CLOSE, COMMA, KEY, STRING, QUOTE, OPEN, NUMBER = range(1, 8)
COMPLETE = frozenset({CLOSE, QUOTE, OPEN})
# A string that may hold a closing marker is not plain.
_BODY = rf'(?:[^"\\<\x00-\x1f]++|{ESCAPE})*+'
_HALF = rf"(?:{HALF}\Z|)"
_MEMBER = rf'(?:"({_BODY})(?:"{SPACE}(?::{SPACE}(?:"({_BODY})(?:(")|{_HALF})|([{{\[])|([-\w][-+.\w]*+)|)|)|{_HALF})|)'
_ELEMENT = r"(?:(?!)()()()|)(?:([{\[])|)"
FIRST = {"{": matcher(rf"{SPACE}(?:(\}})|(){_MEMBER})"), "[": matcher(rf"{SPACE}(?:(\])|(){_ELEMENT})")}
AFTER = {"{": matcher(rf"{SPACE}(?:(\}})|(,){SPACE}{_MEMBER}|)"), "[": matcher(rf"{SPACE}(?:(\])|(,){SPACE}{_ELEMENT}|)")}
TOP = matcher(rf"[ \t\r\n,;]*+(?:(?!)()()|){_ELEMENT}")


def decoded(written: str) -> str:
    """Decode the inside of a JSON string."""
    return str(json.loads(f'"{written}"')) if "\\" in written else written


class CallFrame:
    """An object that may be a call, or a list of calls.

    Attributes:
        bracket: The opening bracket.
        wrapper: The object holds the call, or the list of calls.
        named: The name has come.
        start: Offset of the arguments in the payload; None before the arguments.
        early: Arguments that came before the name.
    """

    __slots__ = ("bracket", "early", "named", "start", "wrapper")

    def __init__(self, bracket: str) -> None:
        self.bracket = bracket
        self.wrapper = False
        self.named = False
        self.start: int | None = None
        self.early: list[str] = []
