"""Who answers: the first requests of a probe, and clear words where no model server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapter.errors import ProbeFailed
from adapter.probing.identity import ROUTES, by_fingerprint, by_host, by_models, by_route
from adapter.probing.wire import Ask, Reply, shown_url

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.probing.session import Session

_FORBIDDEN = frozenset({401, 403})
_MOST_NAMED = 10


def identified(session: Session) -> Generator[Ask, Reply, None]:
    """Ask who answers, with two requests at most."""
    reply = yield from session.asked(Ask("GET", f"{session.base}/models"))
    _check(session, reply)
    known = by_models(by_host(session.base), reply, session.model)
    if not session.model:
        session.model = _only(known.models, session)
        known = by_models(by_host(session.base), reply, session.model)
    session.identity = known
    yield from _details(session)


def identified_by_answer(session: Session, answer: Reply) -> Generator[Ask, Reply, None]:
    """Take the mark in the answer to a chat request; a kind that becomes known has a further route."""
    known = session.identity
    session.identity = by_fingerprint(known, answer)
    if session.identity.kind != known.kind:
        yield from _details(session)


def _details(session: Session) -> Generator[Ask, Reply, None]:
    """Ask the kind's own route about the model."""
    known = session.identity
    if known.kind not in ROUTES:
        return
    path, _ = ROUTES[known.kind]
    url = f"{session.base}{path[1:]}" if path.startswith("~") else f"{session.root}{path}"
    ask = Ask("POST", url, {"model": session.model}) if known.kind == "ollama" else Ask("GET", url)
    reply = yield from session.asked(ask)
    if reply.ok:
        session.identity = by_route(known, reply.json)


def _check(session: Session, reply: Reply) -> None:
    """Refuse an answer to the first request that is none of a model server."""
    address = shown_url(session.base)
    if reply.fault:
        raise ProbeFailed(f"{address}: no answer ({reply.fault}); is the server running, and are host and port right?")
    if reply.status in _FORBIDDEN:
        given = "the key was refused" if session.secrets else "a key is needed"
        raise ProbeFailed(
            f"{address}: {given} ({reply.status}): {reply.words or 'no reason'}; "
            "give --api-key-env VAR, the variable that holds the key (in Python: OpenAI(api_key=…))"
        )
    if reply.is_page or (reply.status == 404 and not urlsplit(session.base).path):
        hint = "" if session.root != session.base else f"; did you mean {address}/v1?"
        kind = "a web page" if reply.is_page else "nothing (404)"
        raise ProbeFailed(f"{address}/models: {kind} and no API of a model server{hint}")
    if not reply.ok and not session.model:
        raise ProbeFailed(
            f"{address}/models: the server answered {reply.status} ({reply.words or 'no JSON'}) and names no model; "
            "give --model"
        )


def _only(models: tuple[str, ...], session: Session) -> str:
    if not models:
        raise ProbeFailed(f"{shown_url(session.base)}/models: no model is on offer; load a model, or give --model")
    if len(models) > 1:
        named = ", ".join(models[:_MOST_NAMED]) + (
            f" and {len(models) - _MOST_NAMED} more" if len(models) > _MOST_NAMED else ""
        )
        raise ProbeFailed(f"{shown_url(session.base)} has {len(models)} models: choose with --model: {named}")
    return models[0]
