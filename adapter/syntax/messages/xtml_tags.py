"""The tags of XTML, as patterns: three markers that are tokens, with a word and attributes between them.

<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|>

In the text of an attribute `&` and `"` are written `&amp;` and `&quot;`, and all else is as it is. Tags are bounded, so that
one which is not complete yet is soon read anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.tagged.parameters_tags import Tags

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings

_GAP = r"\s{0,4}"
_WORD = r"\s{1,4}\w{1,12}"
_ATTRIBUTE = rf'(?:{_WORD}="[^"]{{0,200}}")'
_ATTRIBUTES = rf"{_ATTRIBUTE}{{0,3}}"
# The JSON types that the type of an argument stands for.
_TYPES = {
    "string": frozenset({"string"}),
    "number": frozenset({"integer", "number"}),
    "integer": frozenset({"integer"}),
    "boolean": frozenset({"boolean"}),
    "null": frozenset({"null"}),
    "object": frozenset({"object"}),
    "array": frozenset({"array"}),
}
_TYPE = re.compile(r'\stype="(\w+)"')


def named(text: str) -> str:
    """What the text of an attribute stands for."""
    return text.replace("&quot;", '"').replace("&amp;", "&")


def kinds_by_type(attributes: str, kinds: frozenset[str] | None) -> frozenset[str] | None:
    """The types of a value whose tag names one.

    The model's own type counts where the schema has it, or says nothing. Where they differ a string is read as the schema has
    it, for its text may be that of anything; any other value stays what the model says it is.

    Args:
        attributes: Those of the tag.
        kinds: What the schema says.
    """
    found = _TYPE.search(attributes)
    said = _TYPES.get(found[1]) if found else None
    if said is None:
        return kinds
    if kinds is None:
        return said
    return kinds & said or (kinds if "string" in said else said)


def begun(literal: str, then: str = "") -> str:
    """A pattern for every beginning of a literal, and for what may follow the whole of it."""
    pattern = then
    for character in reversed(literal):
        pattern = re.escape(character) + (f"(?:{pattern})?" if pattern else "")
    return pattern


def tag(opens: str, word: str, attribute: str, separator: str, other: str = "") -> re.Pattern[str]:
    """An opening tag.

    Args:
        opens: The marker before it.
        word: Its name.
        attribute: One that it must have; the group `name` is its text, and the group `more` all attributes.
        separator: The marker after it.
        other: Another name that it may have instead, without the attribute.
    """
    name = rf'{word}(?={_ATTRIBUTE}{{0,2}}?\s{{1,4}}{attribute}="(?P<name>[^"]{{0,200}})")'
    either = f"(?:{name}|{other})" if other else name
    return re.compile(rf"{re.escape(opens)}{_GAP}{either}(?P<more>{_ATTRIBUTES}){_GAP}(?P<alone>){re.escape(separator)}")


def half_end(closes: str, words: tuple[str, ...], separator: str, attributes: str = "") -> str:
    """A pattern for every beginning of a closing tag; or of an opening one, with what may stand before its end."""
    rest = f"(?:{attributes}{_GAP}(?:{begun(separator[:-1])})?)"
    if attributes:
        last = r'\s{1,4}(?:\w{1,12}(?:=(?:"[^"]{0,200})?)?)?'
        rest = f"(?:{rest}|{_ATTRIBUTE}{{0,2}}{last})"
    return begun(closes, f"{_GAP}(?:{'|'.join(begun(word, rest) for word in words)})?")


def half_tag(opens: str, words: tuple[str, ...], separator: str) -> str:
    """A pattern for every beginning of an opening tag with attributes."""
    return half_end(opens, words, separator, _ATTRIBUTES)


def compile_tags(settings: SyntaxSettings, form: dict[str, str], tokens: tuple[str, ...]) -> Tags:
    """The tags of calls.

    Args:
        settings: What the dialect says.
        form: Its `form`.
        tokens: Literals that end a block left open.
    """
    opens, closes, separator = form["opens"], form["closes"], form["separator"]
    after, ends = re.escape(closes), re.escape(separator)
    words = ("call", "argument", "json")
    return Tags(
        open=(settings.open,),
        close=(settings.close,),
        tokens=tokens,
        call=tag(opens, "call", "tool", separator),
        call_begins=re.compile(rf"{re.escape(opens)}{_GAP}call\s"),
        call_end=re.compile(f"{after}{_GAP}call{_GAP}{ends}"),
        parameter=tag(opens, "argument", "key", separator, other="json"),
        parameter_end=re.compile(f"{after}{_GAP}(?:argument|json){_GAP}{ends}"),
        half=re.compile(f"{half_tag(opens, words, separator)}|{half_end(closes, words, separator)}"),
        padded=False,
        named=named,
        kinds=kinds_by_type,
    )
