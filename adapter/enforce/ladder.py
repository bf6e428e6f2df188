"""The ladder of constraints, from words to grammars: fields of a request that make the answer a call.

The rung depends on the shape of the answer and on the abilities of the server (`adapter.servers`, the only place for them).
"""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from adapter.enforce.call_frame import beginning_of
from adapter.enforce.gbnf.answer import counts_characters, gbnf, has_grammar, no_grammar
from adapter.enforce.structural_tag import structural_tag
from adapter.enforce.structured_output import response_format, schema_fields, wants_json
from adapter.events import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.dialects.registry import Dialect
    from adapter.enforce.shape import Shape
    from adapter.servers import Rung, Server

_MOST_OF_SERVERS = 2000


@frozen
class Enforcement:
    """The constraint on one answer.

    Attributes:
        rung: The rung of the ladder.
        body: Fields added to the request.
        prefill: Text with which the answer begins, after any thinking.
        bare: True if a call comes as JSON without tags.
        unenforced: Keywords left to validation, in a sentence; empty if the constraint holds every keyword.
    """

    rung: Rung = "prompt"
    body: Mapping[str, Any] = field(default_factory=dict)
    prefill: str = ""
    bare: bool = False
    unenforced: str = ""


def rung_for(wanted: str, server: Server) -> Rung:
    """The rung that the option `enforce` asks for."""
    return (server.auto or server.rungs[-1]) if wanted == "auto" else wanted  # type: ignore[return-value]  # options checked it


def chosen_rung(server_kind: str, server: Server) -> str:
    """Return the rung behind `enforce="auto"` and the reason, in a sentence.

    Args:
        server_kind: The name of the kind of server.
        server: The server's abilities.
    """
    rung = rung_for("auto", server)
    if server_kind == "generic":
        return (
            f"enforce 'auto' = {rung!r}, because the server is 'generic': what it can do is unknown. "
            "Name its kind (server='llama.cpp', …), or ask it: adapter probe"
        )
    some = f", of which not all models have {server.rungs[-1]!r}" if rung != server.rungs[-1] else ""
    return f"enforce 'auto' = {rung!r}, because the server is {server_kind!r}{some}"


def stronger(rung: Rung, server: Server) -> Rung | None:
    """The next rung that all models of the server have."""
    most = server.rungs.index(rung_for("auto", server))
    above = server.rungs[server.rungs.index(rung) + 1 : most + 1] if rung in server.rungs else ()
    return above[0] if above else None


def enforce(rung: Rung, server: Server, dialect: Dialect, shape: Shape, answer_format: Any) -> Enforcement:
    """Apply a rung to one request. A rung that cannot constrain an answer of the shape falls back to words.

    Args:
        rung: The rung.
        server: The server's abilities.
        dialect: The dialect of calls.
        shape: The answers that are allowed.
        answer_format: The caller's own `response_format` for an answer in words.
    """
    if shape.longest and _says_bounds(rung, server, dialect, shape.longest):
        shape = replace(shape, tools=shape.tools.bounded(shape.longest))
    if rung == "grammar":
        why = no_grammar(dialect, shape.tools)
        return _without_grammar(server, dialect, shape, answer_format, why) if why else _grammar(server, dialect, shape)
    always = shape.forced or shape.reply is not None
    if rung == "json_schema" and (always or wants_json(answer_format)):
        body = response_format(shape.tools, None if always else answer_format)
        return Enforcement(rung, schema_fields(server, body), bare=True)
    if rung == "json_object" and server.schema is not None and always:
        body = {"response_format": {"type": "json_object"}}
        return Enforcement(rung, body, bare=True, unenforced="left to validation: JSON mode holds no schema")
    if rung == "prefill" and shape.forced:
        # A trailing space is a token of its own to most models, and the next word then lacks its space.
        return Enforcement(rung, prefill=beginning_of(dialect, list(shape.tools.by_name)).rstrip(" "))
    return Enforcement()


def _says_bounds(rung: str, server: Server, dialect: Dialect, longest: int) -> bool:
    """Return True where a constraint can say how long a string may be.

    Raw values, and strings that end at a token or a tag, are held by automata, which cannot count. Servers that make the
    grammar themselves repeat a character at most 2000 times.
    """
    if rung == "grammar" and (not has_grammar(dialect) or server.grammar != "gbnf"):
        rung = "json_schema" if not has_grammar(dialect) else "structural_tag"
    if rung == "grammar":
        return counts_characters(dialect)
    return server.bounds and longest <= _MOST_OF_SERVERS and (rung == "json_schema" or counts_characters(dialect))


def _without_grammar(server: Server, dialect: Dialect, shape: Shape, answer_format: Any, why: str) -> Enforcement:
    """Constrain calls that no grammar describes: bare JSON by schema if possible, else words."""
    lower = enforce("json_schema", server, dialect, shape, answer_format)
    left = f"{why}: calls are bare JSON" if lower.bare else f"{why}: they are asked for in words"
    return replace(lower, rung="grammar", unenforced=left)


def _grammar(server: Server, dialect: Dialect, shape: Shape) -> Enforcement:
    if server.grammar == "gbnf":
        grammar = gbnf(dialect, shape)
        return Enforcement("grammar", {"grammar": grammar.text()}, unenforced=_told(grammar.unenforced))
    tag = structural_tag(dialect, shape)
    body: dict[str, Any] = {"response_format": tag.form}
    if server.grammar == "structured_outputs":
        body = {"structured_outputs": {"structural_tag": json.dumps(tag.form)}}
    return Enforcement("grammar", body, unenforced=_told(tag.unenforced))


def _told(unenforced: Iterable[str]) -> str:
    left = ", ".join(dict.fromkeys(unenforced))
    return f"left to validation, because a grammar cannot say it: {left}" if left else ""
