"""The call syntax of Qwen3-Coder, MiniMax and their like: a tag for the tool, and in it a tag for each argument.

<tool_call>
<function=get_weather>
<parameter=city>
Paris
</parameter>
</function>
</tool_call>

Values are raw text, which no dialect escapes. A dialect says in `form` how its tags are spelt:

    call, parameter   the words: `function` and `parameter`, or `invoke` and `parameter`
    prefix            text before a word in a tag; white space may follow
    other_prefix      another spelling of the prefix that models use
    blocks            words that may stand in the markers of a block, which then are tags with the prefix as well
    padding           `newline` if one newline belongs to the tag on each side of a value; otherwise every character is data
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.limits import Limits
from adapter.syntax.tagged.grammar import GAP, SPACE, FlatTags, Markers
from adapter.syntax.tagged.opening import MarkedCalls

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings

# Names in a tag's quotes, or without quotes where more may follow in the tag.
_KEYS = re.compile(r"""(?!\s)[^"'<>\n=]{1,200}(?<!\s)""")
_FORM = ("call", "parameter", "prefix", "other_prefix", "blocks", "padding")
# An attribute of a value's tag in which some dialects say that the value is raw text.
_STRING = re.compile(r"""\bstring\s*=\s*["']?(true|false)""")
_ANY_BUT_STRING = frozenset({"null", "integer", "number", "boolean", "object", "array"})


def kinds_by_string(attributes: str, kinds: frozenset[str] | None) -> frozenset[str] | None:
    """Return the JSON types of a value whose tag may say `string="true"`, or `"false"` of JSON.

    Args:
        attributes: Text in the tag beside the name.
        kinds: The types of the schema.
    """
    said = _STRING.search(attributes)
    if said and said[1] == "false":
        return _ANY_BUT_STRING
    return frozenset({"string"}) if said and (kinds is None or "string" in kinds) else kinds


def _prefixes(form: dict[str, str]) -> list[str]:
    """Return all texts that may stand before a word, the dialect's own spelling first."""
    prefix, other = form["prefix"], form.get("other_prefix", "")
    if not prefix:
        return [""]
    bare = [prefix, prefix.rstrip(), *([other.rstrip()] if other else [])]
    return list(dict.fromkeys((*bare, *(f"{spelt.rstrip()} " for spelt in bare))))


def _name(group: str) -> str:
    """Return a regular expression for `=NAME` or ` name="NAME"`, and for a further attribute (the group `more` of a key)."""
    more = "(?P<more>" if group == "key" else "(?:"
    return (
        rf"(?:{GAP}={GAP}|{SPACE}{{1,8}}name{GAP}={GAP})"
        rf"""(?P<{group}_quote>["']?)(?P<{group}>[^"'<>\n]{{1,200}}?)(?P={group}_quote)"""
        rf"{more}(?:{SPACE}{{1,8}}[\w:-]{{1,40}}{GAP}=[^<>\n]{{0,200}}?)?)"
    )


def _halves(prefix: str, words: tuple[str, ...]) -> str:
    """Return a regular expression for every beginning of a word behind its prefix, and for text behind the whole word."""
    patterns = []
    for word in words:
        pattern = rf"{re.escape(word[-1])}(?:[\s=/][^<>]{{0,440}})?"
        for character in reversed(word[:-1]):
            pattern = rf"{re.escape(character)}(?:{pattern})?"
        patterns.append(pattern)
    pattern = rf"{GAP}(?:{'|'.join(patterns)})?"
    for character in reversed(prefix):
        pattern = rf"{re.escape(character)}(?:{pattern})?"
    return f"(?:{pattern})?"


def _tags(form: dict[str, str], prefixes: list[str]) -> FlatTags:
    """Return the tags of a dialect by its form."""
    bare = list(dict.fromkeys(prefix.rstrip() for prefix in prefixes))
    before = "|".join(map(re.escape, bare))
    call, parameter = (rf"{GAP}(?:{before}){GAP}{re.escape(form[word])}" for word in ("call", "parameter"))
    half = "|".join(_halves(prefix, (form["call"], form["parameter"])) for prefix in bare)
    return FlatTags(
        call=rf"<{call}{_name('tool')}{GAP}(?P<alone>(?:(?<=[\"'\s])/)?)>",
        call_begins=f"<{call}",
        call_end=f"<{GAP}/{call}{GAP}>",
        value=f"<{parameter}{_name('key')}{GAP}>",
        value_end=f"<{GAP}/{parameter}{GAP}>",
        half=rf"<(?=[^<>]*+\Z){GAP}/?{GAP}(?:{half})",  # the first look rejects a whole tag
    )


def _gapped(*parts: str) -> str:
    """Return a tag with spaces between its parts, which stand for white space, or for nothing."""
    return " ".join(" ".join(parts).split())


class Parameters(MarkedCalls):
    """The call syntax of a dialect.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: Its `form` holds an unknown key.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        unknown = sorted(set(settings.form) - set(_FORM))
        if unknown:
            raise DialectError(f"form.{unknown[0]} means nothing to the syntax 'parameters'; it knows {', '.join(_FORM)}")
        form = {"call": "function", "parameter": "parameter", "prefix": "", "blocks": "", "padding": "", **settings.form}
        padded = form["padding"] == "newline"
        prefixes = _prefixes(form)
        blocks = [f"{prefix}{word}>" for prefix in prefixes for word in form["blocks"].split()]
        markers = Markers(
            tuple(dict.fromkeys((settings.open, *(f"<{block}" for block in blocks)))),
            tuple(dict.fromkeys((settings.close, *(f"</{block}" for block in blocks)))),
            settings.tokens,
        )
        tags = _tags(form, prefixes)
        grammar = tags.grammar(markers, padded=padded, named=str.strip, kinds=kinds_by_string)
        super().__init__(settings, grammar, on_line=True)
        # Tags with a prefix say in an attribute whether a value is a string.
        self.limits = Limits(keys=_KEYS, typed=not form["prefix"], ends=tags.value_ends(markers))
        # A model that leaves out the marker before a call begins with the call itself, which words without prefix do not show.
        calls = [f"<{prefix}{form['call']}" for prefix in prefixes]
        alone = calls if form["prefix"] else [f"{calls[0]}="] if padded else []
        self.openings: tuple[str, ...] = (*markers.open, *alone)
        words = (form["parameter"], form["call"], *form["blocks"].split())
        closing = [_gapped("< /", prefix, word, ">") for prefix in prefixes for word in words]
        # On a line of its own another value's tag ends one whose closing tag was forgotten.
        next_value = [f"\n{_gapped('<', form['parameter'], after)}" for after in ("=", "name =") if padded]
        self.value_ends = tuple(dict.fromkeys((settings.close, *closing, *next_value)))
