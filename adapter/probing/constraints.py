"""Questions with an answer that only a constraint can give: a schema or grammar whose single text is a made-up word."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from adapter.enforce.structured_output import schema_fields
from adapter.probing.session import Part, fields_away
from adapter.probing.wire import shown
from adapter.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from adapter.probing.session import Session
    from adapter.probing.wire import Ask, Reply

_HELLO = [{"role": "user", "content": "Say hello, or answer in JSON."}]  # some servers demand the word JSON
_WORDS = {"json_schema": "kumquat-7", "grammar": "loquat-8", "structural_tags": "quince-9"}
_SCHEMA_TOKENS = 28
_GRAMMAR_TOKENS = 14
_SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string", "enum": [_WORDS["json_schema"]]}},
    "required": ["word"],
    "additionalProperties": False,
}
_FORMAT = {"type": "json_schema", "json_schema": {"name": "word", "strict": True, "schema": _SCHEMA}}
_TAG = {"type": "structural_tag", "format": {"type": "const_string", "value": _WORDS["structural_tags"]}}
_LEAST = 6  # characters of the forced text that prove the constraint, where the answer was cut

_GRAMMARS: dict[str, Mapping[str, Any]] = {
    "vllm": {"structured_outputs": {"structural_tag": json.dumps(_TAG)}},
    "sglang": {"response_format": _TAG},
    "tabbyapi": {"grammar_string": f'start: "{_WORDS["grammar"]}"'},
    "fireworks": {"response_format": {"type": "grammar", "grammar": f'root ::= "{_WORDS["grammar"]}"'}},
}
_GBNF = {"grammar": f'root ::= "{_WORDS["grammar"]}"'}
# A server of an unknown kind is asked in the words of several at once: each has a made-up word of its own.
_SEVERAL = {**_GBNF, **_GRAMMARS["vllm"]}
_PARTS = {
    "grammar": Part("grammar", re.compile(r"grammar(?!.*structured)", re.IGNORECASE), fields_away("grammar")),
    "structural_tags": Part(
        "structural_tags", re.compile(r"structured_outputs|structural", re.IGNORECASE), fields_away("structured_outputs")
    ),
}


def json_schema(session: Session) -> Generator[Ask, Reply, None]:
    """Ask for an answer by a schema with a single value."""
    body = session.chat(_HELLO, _SCHEMA_TOKENS, **schema_fields(SERVERS[session.server], _FORMAT))
    reply = yield from session.sent(body, _SCHEMA_TOKENS)
    if reply is not None:
        wanted = json.dumps({"word": _WORDS["json_schema"]}, separators=(",", ":"))
        _tell(session, "json_schema", reply, re.sub(r"\s", "", reply.text), wanted)


def json_object(session: Session) -> Generator[Ask, Reply, None]:
    """Ask for JSON without a schema, where a schema is not enforced."""
    if session.facts["json_schema"].answer == "yes":
        session.tell("json_object", "not asked", "a JSON schema is enforced, which is more")
        return
    reply = yield from session.sent(
        session.chat(_HELLO, _GRAMMAR_TOKENS, response_format={"type": "json_object"}), _GRAMMAR_TOKENS
    )
    if reply is None:
        return
    begins = reply.text.lstrip()[:1]
    if not reply.ok:
        _tell(session, "json_object", reply, "", "{")
    elif begins != "{":
        _tell(session, "json_object", reply, begins, "{")
    else:
        session.tell("json_object", "not told", "accepted, and the answer is JSON; the model may have chosen so itself")


def grammar(session: Session) -> Generator[Ask, Reply, None]:
    """Ask for an answer by a grammar or a structural tag with a single text."""
    kind = session.identity.kind
    fields = _GRAMMARS.get(kind) or (_GBNF if kind in {"llama.cpp", "llamafile", "koboldcpp"} else _SEVERAL)
    names = (
        ["structural_tags"] if kind in {"vllm", "sglang"} else ["grammar", *(["structural_tags"] if fields is _SEVERAL else [])]
    )
    if kind in SERVERS and fields is _SEVERAL:
        for name in names:
            session.tell(name, "not asked", f"{kind} is not known to have any")
        return
    for name in {"grammar", "structural_tags"} - set(names):
        session.tell(name, "not asked", f"{kind} has grammars of another form")
    parts = [_PARTS[name] for name in names] if fields is _SEVERAL else []
    outcome = yield from session.tried(session.chat(_HELLO, _GRAMMAR_TOKENS, **fields), _GRAMMAR_TOKENS, parts)
    for name, evidence in {**outcome.unsure, **outcome.refused}.items():
        session.tell(name, "no", evidence)
    for name in names:
        if outcome.reply is not None and name not in session.facts:
            _tell(session, name, outcome.reply, outcome.reply.text.strip(), _WORDS[name])


def _tell(session: Session, name: str, reply: Reply, text: str, wanted: str) -> None:
    """Tell if a text is the only text that a constraint allows."""
    if reply.refused:
        session.tell(name, "no", f"refused ({reply.status}): {reply.words}")
    elif not reply.ok:
        session.tell(name, "not told", f"no answer ({reply.status}): {reply.words}")
    elif text == wanted or (len(text) >= _LEAST and wanted.startswith(text)):
        session.tell(name, "yes", f"the answer {shown(text)!r} is the only text allowed")
    elif reply.is_thinking:
        session.tell(name, "not told", "the answer was cut inside the reasoning")
    elif not text:
        session.tell(name, "not told", "the answer is empty")
    else:
        session.tell(name, "no", f"accepted and ignored: the answer is {shown(reply.text)!r}")
