"""Call syntaxes: one package per family, and the mechanics the families share. No dialect is named here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from adapter.errors import DialectError

if TYPE_CHECKING:
    from adapter.syntax.contract import BareSyntax, Syntax, SyntaxSettings

# Name in a template's front matter: module below this package, class in the module.
SYNTAXES = {
    "addressed": ("messages.addressed", "Addressed"),
    "arg_key": ("tagged.arg_key", "ArgKey"),
    "bare_json": ("json.bare", "BareJson"),
    "call_braces": ("braces.call_braces", "CallBraces"),
    "channels": ("messages.channels", "Channels"),
    "elements": ("tagged.elements", "Elements"),
    "json_in_tags": ("json.in_tags", "JsonInTags"),
    "keyed_json": ("json.keyed", "KeyedJson"),
    "named_json": ("json.named", "NamedJson"),
    "parameters": ("tagged.parameters", "Parameters"),
    "pythonic": ("python.pythonic", "Pythonic"),
    "recipients": ("messages.recipients", "Recipients"),
    "typed": ("messages.typed", "Typed"),
    "xtml": ("messages.xtml", "Xtml"),
}


def make_syntax(name: str, settings: SyntaxSettings) -> Syntax:
    """Make the call syntax of this name, which stands in a template's front matter.

    Raises:
        DialectError: No syntax has the name, or the dialect's `form` does not suit the syntax.
    """
    made: Syntax = syntax_class(name, settings)(settings)
    return made


def untagged(settings: SyntaxSettings) -> tuple[BareSyntax, ...]:
    """Make the readers of calls without markers that are read in every dialect: JSON, other tags, Python's notation."""
    from adapter.syntax.json.untagged import NamedTag, OtherTags, UntaggedJson
    from adapter.syntax.python.pythonic import UntaggedPython
    from adapter.syntax.tagged.untagged import UntaggedParameters

    tagged = OtherTags(settings), NamedTag(settings), UntaggedParameters(settings)
    return UntaggedJson(settings), *tagged, UntaggedPython(settings)


def syntax_class(name: str, settings: SyntaxSettings) -> type[Any]:
    """Return the class of the call syntax of this name, after a check of the settings.

    Raises:
        DialectError: No syntax has the name, or its markers do not suit the syntax.
    """
    if name not in SYNTAXES:
        raise DialectError(f"no call syntax {name!r}; there are {', '.join(SYNTAXES)}")
    module, class_name = SYNTAXES[name]
    kind: type[Any] = getattr(import_module(f"adapter.syntax.{module}"), class_name)
    if "check" in vars(kind):
        kind.check(settings)
    return kind
