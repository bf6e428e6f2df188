"""The tags of a dialect that writes calls as tags and raw values, as patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.syntax.json.end_scanner import is_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import SyntaxSettings

# White space in a tag; bounded, so that a tag which is not complete yet is soon read anew.
_SPACE = r"[ \t\r\n]"
_GAP = rf"{_SPACE}{{0,8}}"
_NAME = (
    rf"(?:{_GAP}={_GAP}|{_SPACE}{{1,8}}name{_GAP}={_GAP})"
    r"""(?P<quote>["']?)(?P<name>[^"'<>\n]{1,200}?)(?P=quote)"""
    rf"(?P<more>(?:{_SPACE}{{1,8}}[\w:-]{{1,40}}{_GAP}=[^<>\n]{{0,200}}?)?)"
)
# How some dialects say of a value whether it is raw text.
_STRING = re.compile(r"""\bstring\s*=\s*["']?(true|false)""")
_ANY_BUT_STRING = frozenset({"null", "integer", "number", "boolean", "object", "array"})


def kinds_by_string(attributes: str, kinds: frozenset[str] | None) -> frozenset[str] | None:
    """The types of a value whose tag may say `string="true"`, or `"false"` of JSON.

    Args:
        attributes: What stands in the tag beside the name.
        kinds: What the schema says.
    """
    said = _STRING.search(attributes)
    if said and said[1] == "false":
        return _ANY_BUT_STRING
    return frozenset({"string"}) if said and (kinds is None or "string" in kinds) else kinds


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a dialect, compiled.

    Attributes:
        open: The markers before a block, the dialect's own first.
        close: Those after it.
        tokens: Literals that end a block left open.
        call: The opening tag of a call; its group `name` is the tool, as `parameter`'s is the parameter. With a group `alone`
            that is not empty it is the whole call. A parameter's without a name holds all arguments, as one JSON object.
        call_begins: Its first word.
        call_end: Its closing tag; a parameter's is `parameter_end`.
        half: What any of these tags looks like while it is incomplete.
        padded: Whether one newline on each side of a value belongs to the tags.
        named: What a name is that a tag shows.
        kinds: The types of a value, by what else its tag says (the group `more`) and by the schema.
    """

    open: tuple[str, ...]
    close: tuple[str, ...]
    tokens: tuple[str, ...]
    call: re.Pattern[str]
    call_begins: re.Pattern[str]
    call_end: re.Pattern[str]
    parameter: re.Pattern[str]
    parameter_end: re.Pattern[str]
    half: re.Pattern[str]
    padded: bool
    named: Callable[[str], str] = str.strip
    kinds: Callable[[str, frozenset[str] | None], frozenset[str] | None] = kinds_by_string

    def waits(self, text: str, position: int) -> bool:
        """Whether the text ends inside what may become a tag."""
        return (
            is_half(text, position, (*self.close, *self.open, *self.tokens)) or self.half.fullmatch(text, position) is not None
        )

    @property
    def value_ends(self) -> re.Pattern[str]:
        """What ends a value: a closing tag with a tag of the block after it, or a parameter's tag that ends a line."""
        ends = "|".join((self.call_end.pattern, self.parameter_end.pattern, *map(re.escape, self.close)))
        after = "|".join((ends, self.call_begins.pattern, *map(re.escape, (*self.open, *self.tokens))))
        opening = re.sub(r"\(\?P<\w+>", "(?:", self.parameter.pattern).replace("(?P=quote)", "[\"']?")
        return re.compile(rf"(?:{ends})\s*(?:{after}|{opening}|\Z)|{opening}(?:[\r\n]|\Z)")

    def closed(self, text: str, position: int) -> int:
        """Where the marker after a block ends that begins here; `position` when none does."""
        return position + next((len(close) for close in self.close if text.startswith(close, position)), 0)


def prefixes(form: dict[str, str]) -> list[str]:
    """What may stand before a word, the dialect's own spelling first."""
    prefix, other = form["prefix"], form.get("other_prefix", "")
    if not prefix:
        return [""]
    bare = [prefix, prefix.rstrip(), *([other.rstrip()] if other else [])]
    return list(dict.fromkeys((*bare, *(f"{spelt.rstrip()} " for spelt in bare))))


def compile_tags(settings: SyntaxSettings, form: dict[str, str]) -> Tags:
    """The tags of a dialect.

    Args:
        settings: What the dialect says.
        form: Its `form`, complete.
    """
    spelt = prefixes(form)
    bare = list(dict.fromkeys(prefix.rstrip() for prefix in spelt))
    before = "|".join(map(re.escape, bare))
    call, parameter = (rf"{_GAP}(?:{before}){_GAP}{re.escape(form[word])}" for word in ("call", "parameter"))
    blocks = [f"{prefix}{word}>" for prefix in spelt for word in form["blocks"].split()]
    halves = [_halves(prefix, form[word]) for prefix in bare for word in ("call", "parameter")]
    return Tags(
        open=tuple(dict.fromkeys((settings.open, *(f"<{block}" for block in blocks)))),
        close=tuple(dict.fromkeys((settings.close, *(f"</{block}" for block in blocks)))),
        tokens=settings.tokens,
        call=re.compile(f"<{call}{_NAME}{_GAP}(?P<alone>(?:(?<=[\"'\\s])/)?)>"),
        call_begins=re.compile(f"<{call}"),
        call_end=re.compile(f"<{_GAP}/{call}{_GAP}>"),
        parameter=re.compile(f"<{parameter}{_NAME}{_GAP}>"),
        parameter_end=re.compile(f"<{_GAP}/{parameter}{_GAP}>"),
        half=re.compile(f"<{_GAP}/?{_GAP}(?:{'|'.join(halves)})"),
        padded=form["padding"] == "newline",
    )


def _halves(prefix: str, word: str) -> str:
    """A pattern for every beginning of a word after its prefix, and for what may stand after the whole of it."""
    pattern = rf"{re.escape(word[-1])}(?:[\s=/][^<>]{{0,440}})?"
    for character in reversed(word[:-1]):
        pattern = rf"{re.escape(character)}(?:{pattern})?"
    pattern = rf"{_GAP}(?:{pattern})?"
    for character in reversed(prefix):
        pattern = rf"{re.escape(character)}(?:{pattern})?"
    return f"(?:{pattern})?"
