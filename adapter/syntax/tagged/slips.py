"""Misspelt tags of flat values, read where only one reading is possible: the schema decides.

A tag between values counts as the opening tag of a parameter if it names, in any way that models write, a declared parameter
that was not given yet:

    <paramete name="a">   <a>   <a=x>   <parameter=a=x   <parameter name="a>b">   <parameter string="true" name="a">

A closing tag counts if its word resembles the parameter's, or is the parameter's own name: `</param>`, `</parameter/>`, `</a>`.
Both are looked for only where the right tags were not found. A tag has at most `LONGEST` characters: the cost is bounded.
"""

from __future__ import annotations

import functools
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    # Tells if a parameter is declared and was not given yet; None: the schema is silent.
    Free = Callable[[str], bool | None]

LONGEST = 240  # code points of a tag without its brackets
_LIKE = 0.75  # share of letters in common
_TAG = re.compile(rf"<([^<>]{{0,{LONGEST}}}+)")
_OPEN_QUOTE = re.compile(r"=\s*[\"']([^\"']*+)\Z")
_REST_OF_QUOTE = re.compile(rf"[^<\"'\n]{{0,{LONGEST}}}+(?:[\"'][^<>\n]{{0,{LONGEST}}}+)?")
_QUOTED = re.compile(r"=\s*+([\"'])([^\"'<\n]++)\1")
_ATTRIBUTE = re.compile(r"""(?<!\s)\s++([\w:-]{1,40})\s*+=\s*+(?:"([^"\n]*+)"|'([^'\n]*+)'|([^\s"'=/]++))""")
_KNOWN = re.compile(r"""\s*+(?:string\s*+=\s*+(["']?)(?:true|false)\1|type\s*+=\s*+(["']?)[\w|, ]*+\2)\s*+""", re.IGNORECASE)
_PLAIN_ATTRIBUTES = frozenset({"id", "index", "type", "string"})  # of a call's tag: they say nothing that is asked for
_NAMES = ("name", "key", "parameter", "param")
_QUOTES = " \t\r\n\"'"
_CLOSER = re.compile(r"<([/\\][^<>\n]{0,80}+|[^<>\n/\\]{1,80}+)(?:>|(?=[\n<]))")
_HALF_CLOSER = re.compile(r"<[^<>\n]{0,80}+\Z")


class Slip(NamedTuple):
    """A misspelt opening tag.

    Attributes:
        end: Position behind the tag.
        key: Name of the parameter.
        more: The text of the other attributes.
        value: The whole value, if it stands in the tag; None if the value follows.
    """

    end: int
    key: str
    more: str = ""
    value: str | None = None


def attributes(text: str) -> tuple[dict[str, str], str]:
    """Read `a="x" b=y`. Returns the attributes by name, and the text that is none."""
    found = {match[1]: match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(text)}
    return found, _ATTRIBUTE.sub("", text).strip()


@functools.lru_cache(maxsize=1024)
def _alike(word: str, right: str) -> bool:
    """Tell if a word is a misspelling of another, or its beginning."""
    word = word.lower()
    begins = len(word) > 2 and (word.startswith(right[:5]) or right.startswith(word))
    return begins or SequenceMatcher(None, word, right, autojunk=False).ratio() >= _LIKE


class Slips:
    """The misspelt tags of a dialect.

    Args:
        word: The word of a value's tag.
        prefix: Letters of the prefix before a word; empty without one.
        bare: Regular expression of a value's opening tag without a key, which models write for a closing tag.
        prefixes: All spellings of the prefix in such a tag.
    """

    def __init__(self, word: str, prefix: str, bare: str, prefixes: Sequence[str]) -> None:
        self._word = word
        self._bare = re.compile(bare)
        self._spelt = tuple(f"{each}{word}" for each in prefixes)
        letters = re.escape("".join(filter(str.isalnum, prefix)))
        sign = r"[^\w\s<>\"'=/\\]{0,4}+"
        before = rf"[\s/\\]{{0,8}}+(?:{sign}{letters})?+{sign}\s{{0,8}}+" if letters else rf"[\s/\\]{{0,8}}+{sign}"
        self._head = re.compile(rf"{before}([^\s=<>\"'/\\]{{1,64}}+)")
        self._before = re.compile(before)

    # Opening tags.

    def opener(self, text: str, position: int, free: Free, *, at_end: bool) -> Slip | bool | None:
        """Read an opening tag that begins at `position`; False if none does, None if more text is needed."""
        found = _TAG.match(text, position)
        head = None if found is None else self._head.match(found[1])
        if found is None or (found.end() == len(text) and len(found[1]) < LONGEST):
            return False if at_end else None
        if head is None or found[1].lstrip().startswith(("/", "\\")):
            return False
        closed = text.startswith(">", found.end())
        if closed and _OPEN_QUOTE.search(found[1]):
            rest = _REST_OF_QUOTE.match(text, found.end())
            if rest and rest.end() == len(text) and len(rest[0]) < 2 * LONGEST and not at_end:
                return None
            if (slip := self._bracket_in_quotes(text, position, free)) is not None:
                return slip
        body, end = found[1], found.end() + closed
        start = position + 1 + head.end()
        rest_of_tag = body[head.end() :]
        if not rest_of_tag.strip():
            return Slip(end, head[1]) if closed and free(head[1]) else False
        if rest_of_tag.lstrip().startswith("="):
            begins = start + rest_of_tag.index("=") + 1
            return self._assigned(head[1], text[begins : found.end()], begins, end if closed else None, free)
        if rest_of_tag[0].isspace():
            return self._attributed(rest_of_tag, start, end if closed else None, free)
        return False

    def in_tag(self, tag: re.Match[str], text: str, free: Free) -> Slip | None:
        """Read a well-formed tag that says more than a name: `<parameter=a=x>`, or a value among the attributes."""
        key, more = tag["key"], tag["more"]
        if more and not _KNOWN.fullmatch(more):
            found, left = attributes(more)
            if "value" in found or left:
                return Slip(tag.end(), key.strip(), more, found.get("value", ""))
        if ("=" in key or key.endswith("/")) and free(key.strip()) is False:
            slip = self.opener(text, tag.start(), free, at_end=True)
            return slip if isinstance(slip, Slip) and slip.end == tag.end() else None
        return None

    @staticmethod
    def strange(more: str) -> str:
        """Return the attributes of a value's tag that mean nothing."""
        if _KNOWN.fullmatch(more):
            return ""
        return more.strip()

    @staticmethod
    def in_call_tag(text: str, free: Free) -> tuple[list[Slip], str]:
        """Read attributes in the tag of a call: `a="x"`, or `parameter="a"` of a value that follows.

        Returns:
            The parameters, one whose value follows last; and the text that has no reading.
        """
        found, left = attributes(text)
        slips = [Slip(0, name, "", value) for name, value in found.items() if free(name)]
        unread = [f'{name}="{value}"' for name, value in found.items() if not free(name) and name not in _PLAIN_ATTRIBUTES]
        opened = [name for name in _NAMES[1:] if found.get(name) and free(found[name]) is not False]
        if len(opened) == 1:
            slips.append(Slip(0, found[opened[0]], text))
            unread = [each for each in unread if not each.startswith(f"{opened[0]}=")]
        return slips, " ".join([*unread, *([left] if left else [])])

    @staticmethod
    def _bracket_in_quotes(text: str, position: int, free: Free) -> Slip | None:
        """Read a tag whose name holds a `>`, in quotes."""
        end = text.find("\n", position, position + 2 * LONGEST)
        line = text[position : end if end >= 0 else position + 2 * LONGEST]
        quoted = _QUOTED.search(line)
        closing = line.find(">", quoted.end()) if quoted else -1
        if quoted is None or closing < 0 or not free(quoted[2]):
            return None
        more = line[quoted.end() : closing]
        return None if attributes(more)[1] else Slip(position + closing + 1, quoted[2], more)

    def _assigned(self, word: str, said: str, begins: int, end: int | None, free: Free) -> Slip | bool:
        """Read `<a=x>`, or `<parameter=a=x`.

        Args:
            word: The word before the equals sign.
            said: The text behind, up to the end of the tag.
            begins: Position of that text.
            end: Position behind the tag; None for a tag without end.
            free: See `Free`.
        """
        if free(word) and not _alike(word, self._word):
            return Slip(begins, word) if end is None else Slip(end, word, "", said.strip(_QUOTES))
        if end is not None and free(said.strip(_QUOTES)):
            return Slip(end, said.strip(_QUOTES))
        if end is not None and free(alone := said.rstrip(" /").strip(_QUOTES)):
            return Slip(end, alone, "", "")
        found = re.match(r"""\s*+["']?([^"'=\n]++)["']?(?:[=:\n]|\Z|(?=\s))""", said)
        key = found[1].strip() if found else ""
        if found is None or not free(key):
            return False
        after = said[found.end() :]
        if end is None:
            return Slip(begins + found.end() - found[0].endswith("\n"), key)
        return Slip(end, key, "", after.strip(_QUOTES)) if found[0].endswith(("=", ":")) else False

    def _attributed(self, rest: str, start: int, end: int | None, free: Free) -> Slip | bool:
        """Read the attributes of a tag.

        Args:
            rest: The text behind the tag's word.
            start: Position of that text.
            end: Position behind the tag; None for a tag without end.
            free: See `Free`.
        """
        bare = rest.strip(_QUOTES)
        if end is not None and free(bare):
            return Slip(end, bare)
        found, left = attributes(rest)
        key = next((found[name] for name in _NAMES if free(found.get(name, ""))), None)
        if key is None:
            named = [name for name in found if free(name)]
            if len(named) == 1 and not left.strip("/") and end is not None:
                return Slip(end, named[0], rest, found[named[0]])
            return self._unquoted(rest, end, free)
        if end is None:
            last = 0
            while following := _ATTRIBUTE.match(rest, last):
                last = following.end()
            return Slip(start + last, key, rest[:last])
        if left.strip("/"):
            return False
        value = found.get("value", "" if left else None)
        return Slip(end, key, rest, value)

    @staticmethod
    def _unquoted(rest: str, end: int | None, free: Free) -> Slip | bool:
        """Read a name with a single quote around it, or with blanks and no quotes."""
        found = re.search(r"""\sname\s*+=\s*+["']?([^"'=]++)["']?\s*+\Z""", rest)
        return Slip(end, found[1].strip()) if found and end is not None and free(found[1].strip()) else False

    # Closing tags.

    def closer(self, text: str, position: int, own: str, *, at_end: bool) -> int | None:
        """Return the end of a closing tag at `position`; `position` if there is none, None if more text is needed.

        Args:
            text: The text.
            position: Position of the bracket.
            own: Name of the parameter.
            at_end: The completion ends with the text.
        """
        found = _CLOSER.match(text, position)
        if found is None:
            half = not at_end and _HALF_CLOSER.match(text, position) and self._may_close(text[position + 1 :])
            return None if half else position
        said = found[1]
        if not said.startswith(("/", "\\")):
            tag = self._bare.match(text, position)
            return position if tag is None else tag.end()
        word = said[self._match_end(said) :].rstrip(" \t\r/\\")
        closed = text[found.end() - 1] == ">"  # else letters of the text behind may belong to the word
        return found.end() if word and (word in {own, self._word} or (closed and _alike(word, self._word))) else position

    def _match_end(self, said: str) -> int:
        """Return the length of slash and prefix."""
        found = self._before.match(said)
        return found.end() if found else 0

    def _may_close(self, said: str) -> bool:
        """Tell if an unfinished tag may become a closing tag."""
        return said[:1] in "/\\" or any(spelt.startswith("".join(said.split())) for spelt in self._spelt)
