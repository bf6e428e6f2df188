"""How calls are written: one module per call syntax, and the mechanics they share. No dialect is known here by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from adapter.errors import DialectError

if TYPE_CHECKING:
    from adapter.syntax.base import Syntax, SyntaxSettings

# Each is a module of this package, and a class in it.
SYNTAXES = {
    "arg_key": "ArgKey",
    "bare_json": "BareJson",
    "call_braces": "CallBraces",
    "channels": "Channels",
    "elements": "Elements",
    "json_in_tags": "JsonInTags",
    "named_json": "NamedJson",
    "parameters": "Parameters",
    "pythonic": "Pythonic",
    "xtml": "Xtml",
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
    kind: type[Any] = getattr(import_module(f"adapter.syntax.{name}"), SYNTAXES[name])
    if "check" in vars(kind):
        kind.check(settings)
    return kind
