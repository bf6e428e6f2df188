"""D: parts of tools that the chosen dialect, its tags or its grammar cannot hold. They run where a dialect is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.dialects.families import syntax_for
from adapter.linting.finding import Found, Rule
from adapter.linting.reading import shown
from adapter.linting.set_rules import readable
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.parameters import Parameter
    from adapter.linting.subject import LintedTool, Path, Subject
    from adapter.syntax.limits import Limits

_IN_VALUES = ("enum", "const", "default", "examples")


def _limited(subject: Subject) -> Iterator[tuple[LintedTool, Parameter, Limits, str]]:
    """Yield every parameter, with the limits of the dialect's call syntax and the dialect's name."""
    if subject.dialect is None:
        return
    limits = syntax_for(subject.dialect).limits
    for tool in subject.functions:
        for one in tool.parameters:
            yield tool, one, limits, subject.dialect.name


def _name(subject: Subject) -> Iterator[Found]:
    dialect = subject.dialect
    pattern = None if dialect is None else syntax_for(dialect).limits.names
    for tool in subject.functions if dialect is not None and pattern is not None else ():
        if pattern is not None and dialect is not None and not pattern.fullmatch(tool.name):
            message = f"the dialect {dialect.name!r} cannot write the name of {tool.named}"
            yield Found(
                message, tool.name_path, tool.name, "begin the name with a letter or '_'; the adapter answers 400", tool.name
            )


def _key(subject: Subject) -> Iterator[Found]:
    for tool, one, limits, dialect in _limited(subject):
        if limits.keys is not None and (limits.inner or one.depth == 0) and not limits.keys.fullmatch(one.name):
            message = f"{tool.named}: the dialect {dialect!r} cannot write the name of parameter {one.shown!r}"
            yield Found(message, one.path, one.name, "use letters, digits and '_'", tool.name, at_key=True)


def _type(subject: Subject) -> Iterator[Found]:
    if subject.dialect is None or not (limits := syntax_for(subject.dialect).limits).typed:
        return
    for tool in subject.functions:
        found = [one for one in tool.parameters if _untold(one) and (limits.deep or one.depth == 0)]
        if found:
            names = some_of(repr(one.shown) for one in found)
            message = (
                f"{tool.named}: the dialect {subject.dialect.name!r} writes values without their type, and "
                f"{names} may be a string or not"
            )
            yield Found(message, found[0].path, found[0].schema, "allow one type, or use two parameters", tool.name)


def _untold(one: Parameter) -> bool:
    """Tell if a value may be a string, and something else that reads the same."""
    return "string" in one.types and len(one.types - {"null"}) > 1


def _null(subject: Subject) -> Iterator[Found]:
    for tool, one, limits, dialect in _limited(subject):
        if limits.deep and one.required and "null" in one.types:
            message = f"{tool.named}: the dialect {dialect!r} cannot write null, and {one.shown!r} is required and may be null"
            yield Found(message, one.path, one.schema, "make the parameter optional: leaving it out says the same", tool.name)


def _end(subject: Subject) -> Iterator[Found]:
    for tool, one, limits, dialect in _limited(subject):
        for key in _IN_VALUES if limits.ends is not None else ():
            text = next(
                (text for text in _texts(one.schema.get(key)) if limits.ends is not None and limits.ends.search(text)), None
            )
            if text is not None:
                message = (
                    f"{tool.named}: the value {shown(text, 60)!r} of {one.shown!r} holds text that ends a value "
                    f"in the dialect {dialect!r}"
                )
                yield Found(
                    message,
                    one.at(key),
                    text,
                    "take the tag out of the value, or choose a dialect with quoted values",
                    tool.name,
                )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _markup(subject: Subject) -> Iterator[Found]:
    if subject.dialect is None:
        return
    from adapter.dialects.markup import markup_of
    from adapter.prompt.neutralise import BREAK, neutraliser

    guard, markup = neutraliser(subject.dialect), markup_of(subject.dialect)
    for tool, tools in readable(subject):
        for read in tools:
            for path, text, broken, at_key in _changed(read.wire, guard.tool(read.wire), ()):
                mark = markup.broken_at(text, broken.index(BREAK)) if BREAK in broken else ""
                message = f"{tool.named}: {mark or text!r} is markup of the dialect {subject.dialect.name!r}, or a part of it"
                hint = "the model reads the text with an invisible sign inside: use other words"
                yield Found(message, _in_file(tool, path), text, hint, tool.name, at_key=at_key)
                break  # one for each tool


def _changed(value: Any, changed: Any, path: Path) -> Iterator[tuple[Path, str, str, bool]]:
    """Yield texts and keys that differ between a definition and its neutralised copy: path, text, changed text, is a key."""
    if isinstance(value, str) and value != changed:
        yield path, value, changed, False
    elif isinstance(value, Mapping):
        for (key, inner), (new, other) in zip(value.items(), changed.items(), strict=True):
            if key != new:
                yield (*path, key), key, new, True
            yield from _changed(inner, other, (*path, key))
    elif isinstance(value, list):
        for position, (inner, other) in enumerate(zip(value, changed, strict=True)):
            yield from _changed(inner, other, (*path, position))


def _in_file(tool: LintedTool, path: Path) -> Path:
    """Return a path inside of a definition in Chat Completions form as a path of the caller's value."""
    if path[:2] == ("function", "parameters"):
        return (*tool.schema_path, *path[2:])
    return tool.name_path if path[-1:] == ("name",) else tool.description_path


def _grammar(subject: Subject) -> Iterator[Found]:
    from adapter.enforce.gbnf.answer import has_grammar, no_grammar

    if subject.dialect is None or not has_grammar(subject.dialect):
        return
    for tool, tools in readable(subject):
        if reason := no_grammar(subject.dialect, tools):
            message = f"{tool.named} cannot be held by a grammar: {reason}"
            yield Found(
                message,
                tool.schema_path,
                tool.schema,
                "give the objects named properties, or choose a dialect with quoted keys",
                tool.name,
            )


def _unsaid(subject: Subject) -> Iterator[Found]:
    from adapter.enforce.gbnf.answer import gbnf, no_grammar
    from adapter.enforce.shape import Shape

    for tool, tools in readable(subject) if subject.dialect is not None else ():
        if subject.dialect is None or no_grammar(subject.dialect, tools):
            continue
        if left := list(dict.fromkeys(gbnf(subject.dialect, Shape(tools, forced=True)).unenforced)):
            message = (
                f"{tool.named}: a grammar of the dialect {subject.dialect.name!r} leaves to validation: {', '.join(left[:4])}"
            )
            yield Found(
                message,
                tool.schema_path,
                ", ".join(left),
                'with enforce="grammar" a call may still be invalid here, and is asked for again',
                tool.name,
            )


RULES = (
    Rule("D01", "error", "The dialect cannot write the name of a tool", "behaviour 5.8: answered with 400", _name),
    Rule("D02", "warning", "The dialect cannot write the name of a parameter", "the limits of the call syntax", _key),
    Rule("D03", "warning", "The dialect loses the type of a value", "the limits of the call syntax", _type),
    Rule("D04", "warning", "The dialect cannot write a null that is required", "the limits of the call syntax", _null),
    Rule("D05", "warning", "A value holds text that ends values in the dialect", "the limits of the call syntax", _end),
    Rule("D06", "warning", "A text holds markup of the dialect", "behaviour 4.5: markup in untrusted text", _markup),
    Rule("D07", "warning", "No grammar of the dialect holds the tool", "the grammars of the adapter", _grammar),
    Rule("D08", "info", "The grammar leaves keywords to validation", "the grammars of the adapter", _unsaid, default=False),
)
