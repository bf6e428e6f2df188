r"""The literal parts of a pattern: what a beginning, an end or a tag of a response template spells, around its groups.

`<call>\s*<function=(?P<name>[^>]+)>` has the parts text `<call>`, space, text `<function=`, group `name`, text `>`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<named>\(\?P<(?P<name>\w+)>)|(?P<look>\(\?(?:[=!]|<[=!]))|(?P<open>\((?:\?:)?)|(?P<close>\))|(?P<or>\|)"
    r"|(?P<class>\[\^?\]?(?:[^\]\\]|\\.)*\]|\\[sSdDwW]|\.)|(?P<place>\\[AbBZ]|[\^$])|\\(?P<escaped>.)"
    r"|(?P<count>[*+?][?+]?|\{\d*+(?:,\d*+)?\}[?+]?)|(?P<char>.)",
    re.DOTALL,
)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_SPACE = re.compile(r"\\s|\[(?:\\[stnr]| )+\]")


class Part(NamedTuple):
    """A part of a pattern.

    Attributes:
        kind: `text`; `space`, white space or none; `group`, a named group; `gap`, any other text.
        text: The text, or the name of the group.
        loose: The part may be absent.
    """

    kind: str
    text: str
    loose: bool = False


def parts_of(pattern: str) -> list[Part]:
    """Return the parts of a pattern; of alternatives the first that spells anything."""
    return _either(list(_TOKEN.finditer(pattern)), 0)[0]


def spelled(parts: list[Part]) -> str | None:
    """Return the text that parts spell, without white space that may be absent; None if a gap or a group is among them."""
    if any(part.kind in {"gap", "group"} and not part.loose for part in parts):
        return None
    return "".join(part.text for part in parts if part.kind == "text" and not part.loose)


def around(parts: list[Part], name: str) -> tuple[list[Part], list[Part]] | None:
    """Return the parts before and behind a group; None without the group."""
    place = next((place for place, part in enumerate(parts) if part.kind == "group" and part.text == name), None)
    return None if place is None else (parts[:place], parts[place + 1 :])


def _either(tokens: list[re.Match[str]], at: int) -> tuple[list[Part], int]:
    """Read alternatives up to a closing bracket. Returns the parts, and the place of the bracket or the end."""
    branches: list[list[list[Part]]] = [[]]
    while at < len(tokens) and not tokens[at]["close"]:
        token = tokens[at]
        if token["or"]:
            branches.append([])
        elif token["count"]:
            if branches[-1] and (token["count"][0] in "*?" or token["count"].startswith(("{0", "{,"))):
                branches[-1][-1] = [part._replace(loose=True) for part in branches[-1][-1]]
        else:
            found, at = _single(tokens, at)
            branches[-1].append(found)
        at += 1
    flat = [[part for parts in branch for part in parts] for branch in branches]
    branch = next((each for each in flat if any(part.kind != "space" for part in each)), flat[0])
    merged: list[Part] = []
    for part in branch:
        if merged and part.kind == merged[-1].kind == "text" and part.loose == merged[-1].loose:
            merged[-1] = merged[-1]._replace(text=merged[-1].text + part.text)
        else:
            merged.append(part)
    return merged, at


def _single(tokens: list[re.Match[str]], at: int) -> tuple[list[Part], int]:
    """Read one token, or a group up to its closing bracket. Returns its parts and the place of the last token."""
    token = tokens[at]
    if token["named"]:
        return [Part("group", token["name"])], _either(tokens, at + 1)[1]
    if token["open"]:
        return _either(tokens, at + 1)
    if token["look"]:
        return [], _either(tokens, at + 1)[1]
    if token["place"]:
        return [], at
    if token["class"]:
        return [Part("space" if _SPACE.fullmatch(token["class"]) else "gap", token["class"])], at
    escaped = token["escaped"]
    return [Part("text", token["char"] if escaped is None else _CONTROL.get(escaped, escaped))], at
