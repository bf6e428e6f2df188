"""How calls are written: one module per call syntax, and the mechanics they share. No dialect is known here by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.errors import DialectError

if TYPE_CHECKING:
    from adapter.syntax.json_in_tags import JsonInTags

SYNTAXES = ("json_in_tags",)


def make_syntax(name: str, open_tag: str, close_tag: str, tokens: tuple[str, ...]) -> JsonInTags:
    """The reader of a call syntax, by the name that a template's front matter gives.

    Raises:
        DialectError: There is no such syntax.
    """
    if name not in SYNTAXES:
        raise DialectError(f"no call syntax {name!r}; there are {', '.join(SYNTAXES)}")
    from adapter.syntax.json_in_tags import JsonInTags

    return JsonInTags(open_tag, close_tag, tokens)
