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
    string            `yes` if the tag of a value says in an attribute whether the value is a string
    sections          `cdata` if a value may be a CDATA section
    lead              a literal that stands in a block before the call's tag; the name of the tool may follow
    alone             `yes` if calls stand without markers around them: `open` is the beginning of a call's tag, `close` its end
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from adapter.errors import DialectError
from adapter.syntax.limits import Limits
from adapter.syntax.tagged.flat_tags import FlatTags
from adapter.syntax.tagged.grammar import GAP, SPACE, Markers
from adapter.syntax.tagged.opening import MarkedCalls
from adapter.syntax.tagged.slips import Slips

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings
    from adapter.syntax.tagged.grammar import TagGrammar

# Names in a tag's quotes, or without quotes where more may follow in the tag.
_KEYS = re.compile(r"""(?!\s)[^"'<>\n=]{1,200}(?<!\s)""")
_FORM = ("call", "parameter", "prefix", "other_prefix", "blocks", "padding", "string", "sections", "alone", "lead")
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


def _doubled(prefix: str) -> str:
    """Return a prefix with its signs written twice, a slip of models."""
    return re.sub(r"([^\w\s])", r"\1\1", prefix)


def _misspelt(words: list[str]) -> list[str]:
    """Return the spellings of the words in a block's markers that models mistake: without the underscore, or the plural."""
    alike = [each for word in words for each in (word.replace("_", ""), word.removesuffix("s"))]
    return [each for each in dict.fromkeys(alike) if each not in words and each != "call"]


def _name(group: str) -> str:
    """Return a regular expression for `=NAME` or ` name="NAME"`, and for a further attribute (the group `more` of a key)."""
    more = "(?P<more>" if group == "key" else "(?P<also>"
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
        bare=f"<{parameter}{GAP}>",
        half=rf"<(?=[^<>]*+\Z){GAP}/?{GAP}(?:{half})",  # the first look rejects a whole tag
    )


def _gapped(*parts: str) -> str:
    """Return a tag with spaces between its parts, which stand for white space, or for nothing."""
    return " ".join(" ".join(parts).split())


class _Spelling(NamedTuple):
    """All that depends on a dialect and not on the tools.

    Attributes:
        grammar: The tags.
        limits: See `Syntax`, as of the other two.
        openings: Markers that begin a block.
        value_ends: Literals that may end a value.
    """

    grammar: TagGrammar
    limits: Limits
    openings: tuple[str, ...]
    value_ends: tuple[str, ...]


@functools.lru_cache(maxsize=64)
def _spelling(open_: str, close: str, tokens: tuple[str, ...], entries: tuple[tuple[str, str], ...]) -> _Spelling:
    """Compile the tags of a dialect from its markers, the tokens, and the entries of its `form`."""
    form = dict(entries)
    padded = form["padding"] == "newline"
    prefixes, words = _prefixes(form), form["blocks"].split()
    doubled = [_doubled(form["prefix"])] if form["prefix"] and not form["prefix"][0].isalnum() else []
    misspelt = _misspelt(words)
    names = [*(f"{prefix}{word}" for prefix in (*prefixes, *doubled) for word in words)]
    names += [f"{prefix}{word}" for prefix in prefixes[:1] for word in misspelt]
    opens, closes = ((), ()) if form["alone"] else ((open_,), (close,))
    markers = Markers(
        tuple(dict.fromkeys((*opens, *(f"<{name}>" for name in names)))),
        tuple(dict.fromkeys((*closes, *(f"</{name}>" for name in names)))),
        tokens,
    )
    tags = _tags(form, [*prefixes, *doubled])
    alien = "|".join(map(re.escape, (*(each[:2] for each in doubled), *(f"{word}>" for word in misspelt))))
    slips = Slips(form["parameter"], form["prefix"], tags.bare, ["".join(each.split()) for each in (*prefixes, *doubled)])
    grammar = tags.grammar(markers, padded=padded, named=str.strip, kinds=kinds_by_string, slips=slips, alien=alien)
    front = re.compile(rf"{re.escape(form['lead'])}(\S*+)") if form["lead"] else None
    grammar = dataclasses.replace(grammar, sections=form["sections"] == "cdata", front=front)
    limits = Limits(keys=_KEYS, typed=not form["string"], ends=tags.value_ends(markers))
    # A model that leaves out the marker before a call begins with the call itself, which words without prefix do not show.
    calls = [f"<{prefix}{form['call']}" for prefix in (*prefixes, *doubled)]
    alone = [open_] if form["alone"] else calls if form["prefix"] else [f"{calls[0]}="] if padded else []
    every = (form["parameter"], form["call"], *words)
    closing = [_gapped("< /", prefix, word, ">") for prefix in (*prefixes, *doubled) for word in every]
    closing += [_gapped("< /", prefix, word, ">") for prefix in prefixes[:1] for word in misspelt]
    # The tag of a parameter ends a value whose closing tag was forgotten.
    after = ("=", "name =") if not form["prefix"] else ("name =",)
    next_value = [_gapped("<", prefix, form["parameter"], each) for prefix in (*prefixes, *doubled) for each in after]
    return _Spelling(grammar, limits, (*markers.open, *alone), tuple(dict.fromkeys((close, *closing, *next_value))))


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
        form = {**dict.fromkeys(_FORM, ""), "call": "function", "parameter": "parameter", **settings.form}
        spelling = _spelling(settings.open, settings.close, settings.tokens, tuple(sorted(form.items())))
        super().__init__(settings, spelling.grammar, on_line=True, lead=form["lead"])
        self.limits = spelling.limits
        self.openings: tuple[str, ...] = spelling.openings
        self.value_ends = spelling.value_ends
