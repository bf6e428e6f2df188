"""The ladder from words to grammars: what a request says so that the answer is a call.

Which rung is taken depends on what is asked of the answer and on what the server has (`adapter.servers`, the only place).
"""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from adapter.enforce.call_frame import beginning_of
from adapter.enforce.gbnf.answer import gbnf, no_grammar
from adapter.enforce.structural_tag import structural_tag
from adapter.enforce.structured_output import response_format, schema_fields, wants_json
from adapter.events import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.dialects.registry import Dialect
    from adapter.enforce.shape import Shape
    from adapter.servers import Rung, Server


@frozen
class Enforcement:
    """How the answer is made a call.

    Attributes:
        rung: The rung of the ladder.
        body: What the request says besides.
        prefill: How the answer begins, after any thinking.
        bare: Whether a call comes without its tags.
        unenforced: What it does not hold, in one sentence; empty when there is nothing.
    """

    rung: Rung = "prompt"
    body: Mapping[str, Any] = field(default_factory=dict)
    prefill: str = ""
    bare: bool = False
    unenforced: str = ""


def rung_for(wanted: str, server: Server) -> Rung:
    """The rung that the options ask for."""
    return server.rungs[-1] if wanted == "auto" else wanted  # type: ignore[return-value]  # options checked it


def stronger(rung: Rung, server: Server) -> Rung | None:
    """The next rung that the server has."""
    above = server.rungs[server.rungs.index(rung) + 1 :] if rung in server.rungs else ()
    return above[0] if above else None


def enforce(rung: Rung, server: Server, dialect: Dialect, shape: Shape, answer_format: Any) -> Enforcement:
    """What a rung means for one request; a rung that has no hold on this kind of answer is words alone.

    Args:
        rung: The rung.
        server: What the server takes.
        dialect: How calls are written.
        shape: What the answer may be.
        answer_format: The caller's own `response_format` for an answer in words.
    """
    if rung == "grammar":
        why = no_grammar(dialect, shape.tools)
        return _without_grammar(server, dialect, shape, answer_format, why) if why else _grammar(server, dialect, shape)
    always = shape.forced or shape.reply is not None
    if rung == "json_schema" and (always or wants_json(answer_format)):
        body = response_format(shape.tools, None if always else answer_format)
        return Enforcement(rung, schema_fields(server, body), bare=True)
    if rung == "prefill" and shape.forced:
        # A trailing space is a token of its own to most models, which then write none with the next word.
        return Enforcement(rung, prefill=beginning_of(dialect, list(shape.tools.by_name)).rstrip(" "))
    return Enforcement()


def _without_grammar(server: Server, dialect: Dialect, shape: Shape, answer_format: Any, why: str) -> Enforcement:
    """What there is for calls that the grammars here do not describe: they are forced as bare JSON, or asked for."""
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
