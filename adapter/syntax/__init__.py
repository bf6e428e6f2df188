"""How calls are written: one package per family of call syntaxes, and the mechanics they share. No dialect is named here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from adapter.errors import DialectError

if TYPE_CHECKING:
    from adapter.syntax.contract import Syntax, SyntaxSettings

# Name in a template's front matter: module below this package, class in the module.
SYNTAXES = {
    "arg_key": ("tagged.arg_key", "ArgKey"),
    "bare_json": ("json.bare", "BareJson"),
    "call_braces": ("braces.call_braces", "CallBraces"),
    "channels": ("messages.channels", "Channels"),
    "elements": ("tagged.elements", "Elements"),
    "json_in_tags": ("json.in_tags", "JsonInTags"),
    "named_json": ("json.named", "NamedJson"),
    "parameters": ("tagged.parameters", "Parameters"),
    "pythonic": ("python.pythonic", "Pythonic"),
    "xtml": ("messages.xtml", "Xtml"),
}


def make_syntax(name: str, settings: SyntaxSettings) -> Syntax:
    """The reader of a call syntax, by the name that a template's front matter gives.

    Raises:
        DialectError: There is no such syntax, or the dialect's `form` is not what it asks for.
    """
    made: Syntax = syntax_class(name, settings)(settings)
    return made


def syntax_class(name: str, settings: SyntaxSettings) -> type[Any]:
    """The class of such a reader, which takes settings of these markers and this form.

    Raises:
        DialectError: As above.
    """
    if name not in SYNTAXES:
        raise DialectError(f"no call syntax {name!r}; there are {', '.join(SYNTAXES)}")
    module, class_name = SYNTAXES[name]
    kind: type[Any] = getattr(import_module(f"adapter.syntax.{module}"), class_name)
    if "check" in vars(kind):
        kind.check(settings)
    return kind
