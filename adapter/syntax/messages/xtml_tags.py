"""The tags of XTML as regular expressions: three markers that are tokens, with a word and attributes between them.

<|open|>argument key="city" type="string"<|sep|>Paris<|close|>argument<|sep|>

In the text of an attribute `&` and `"` are written `&amp;` and `&quot;`, and all other characters as they are. The length of a
tag is bounded, because an incomplete tag is matched anew with each delta.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.tagged.flat_tags import FlatTags

if TYPE_CHECKING:
    from collections.abc import Mapping

_GAP = r"\s{0,4}"
_WORD = r"\s{1,4}\w{1,12}"
_ATTRIBUTE = rf'(?:{_WORD}="[^"]{{0,200}}")'
_ATTRIBUTES = rf"{_ATTRIBUTE}{{0,3}}"
# The `type` of an argument → JSON types.
_TYPES = {
    "string": frozenset({"string"}),
    "number": frozenset({"integer", "number"}),
    "integer": frozenset({"integer"}),
    "boolean": frozenset({"boolean"}),
    "null": frozenset({"null"}),
    "object": frozenset({"object"}),
    "array": frozenset({"array"}),
}
# Attributes, and types of arguments, that no tag has.
ALIEN = rf'\s(?!(?:tool|index|key|type)=)\w+="|\stype="(?!(?:{"|".join(_TYPES)})")[^"]*"'
_TYPE = re.compile(r'\stype="(\w+)"')


def named(text: str) -> str:
    """Return the name that the text of an attribute stands for."""
    return text.replace("&quot;", '"').replace("&amp;", "&")


def kinds_by_type(attributes: str, kinds: frozenset[str] | None) -> frozenset[str] | None:
    """Return the JSON types of a value whose tag names its type.

    The model's type counts where the schema has the same type, or none. Where the two differ, a string is read by the schema,
    for its text may be that of any type; a value of another type keeps the type that the model gave.

    Args:
        attributes: The text of the tag's attributes.
        kinds: The types of the schema.
    """
    found = _TYPE.search(attributes)
    said = _TYPES.get(found[1]) if found else None
    if said is None:
        return kinds
    if kinds is None:
        return said
    return kinds & said or (kinds if "string" in said else said)


def _begun(literal: str, then: str = "") -> str:
    """Return a regular expression for every beginning of a literal, and for `then` behind the whole of it."""
    pattern = then
    for character in reversed(literal):
        pattern = re.escape(character) + (f"(?:{pattern})?" if pattern else "")
    return pattern


def tag(opens: str, word: str, attribute: str, separator: str, *, group: str = "name", other: str = "") -> str:
    """Return a regular expression for an opening tag.

    Args:
        opens: The marker before the tag.
        word: Name of the tag.
        attribute: An attribute that has to be there; its text is the group `group`, and in a tag of a value all attributes are
            the group `more`.
        separator: The marker behind the tag.
        group: As above.
        other: Another name that the tag may have, without the attribute.
    """
    name = rf'{word}(?={_ATTRIBUTE}{{0,2}}?\s{{1,4}}{attribute}="(?P<{group}>[^"]{{0,200}})")'
    either = f"(?:{name}|{other})" if other else name
    attributes = f"(?P<more>{_ATTRIBUTES})" if group == "key" else _ATTRIBUTES
    alone = "(?P<alone>)" if group == "tool" else ""
    return rf"{re.escape(opens)}{_GAP}{either}{attributes}{_GAP}{alone}{re.escape(separator)}"


def half_end(closes: str, words: tuple[str, ...], separator: str, attributes: str = "") -> str:
    """Return a regular expression for every beginning of a closing tag; with `attributes`, of an opening one."""
    rest = f"(?:{attributes}{_GAP}(?:{_begun(separator[:-1])})?)"
    if attributes:
        last = r'\s{1,4}(?:\w{1,12}(?:=(?:"[^"]{0,200})?)?)?'
        rest = f"(?:{rest}|{_ATTRIBUTE}{{0,2}}{last})"
    return _begun(closes, f"{_GAP}(?:{'|'.join(_begun(word, rest) for word in words)})?")


def half_tag(opens: str, words: tuple[str, ...], separator: str) -> str:
    """Return a regular expression for every beginning of an opening tag with attributes."""
    return half_end(opens, words, separator, _ATTRIBUTES)


def call_tags(form: Mapping[str, str]) -> FlatTags:
    """Return the tags of calls by the `form` of a dialect."""
    opens, closes, separator = form["opens"], form["closes"], form["separator"]
    after, ends = re.escape(closes), re.escape(separator)
    words = ("call", "argument", "json")
    return FlatTags(
        call=tag(opens, "call", "tool", separator, group="tool"),
        call_begins=rf"{re.escape(opens)}{_GAP}call\s",
        call_end=f"{after}{_GAP}call{_GAP}{ends}",
        value=tag(opens, "argument", "key", separator, group="key", other="json"),
        value_end=f"{after}{_GAP}(?:argument|json){_GAP}{ends}",
        half=f"{half_tag(opens, words, separator)}|{half_end(closes, words, separator)}",
    )
