"""A probe as a generator of requests: identify, ask, choose."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from adapter.errors import ProbeFailed
from adapter.probing.dialect import chosen
from adapter.probing.facts import TITLES
from adapter.probing.identify import identified
from adapter.probing.questions import all_asked
from adapter.probing.result import ProbeResult
from adapter.probing.session import Session
from adapter.probing.settings import fitting
from adapter.probing.thorough import compared
from adapter.probing.wire import shown_url

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.probing.thorough import Score
    from adapter.probing.wire import Ask, Reply


def steps(
    base_url: str, model: str | None, secrets: tuple[str, ...], *, thorough: bool = False
) -> Generator[Ask, Reply, ProbeResult]:
    """Probe a server: yields requests, takes replies.

    Args:
        base_url: The base URL, with its version.
        model: The model's name; None for the only model on offer.
        secrets: Texts that no sentence may hold.
        thorough: True to compare dialects, with further requests.

    Raises:
        ProbeFailed: The server cannot be asked, or there is no model.
    """
    session = Session(base_url.rstrip("/"), model or "", secrets)
    try:
        yield from identified(session)
        yield from all_asked(session)
        scores = (yield from compared(session)) if thorough else []
    except ProbeFailed as error:
        raise ProbeFailed(session.hidden(error.message)) from None
    return _result(session, scores)


def _result(session: Session, scores: list[Score]) -> ProbeResult:
    known = session.identity
    dialect, evidence = chosen(session)
    best = scores[0] if scores else None
    if best is not None and best.right > max((score.right for score in scores if score.dialect == dialect), default=0):
        dialect, evidence = best.dialect, f"{best.right} of {best.asked} short questions were answered right"
    return ProbeResult(
        base_url=shown_url(session.base),
        model=session.model,
        models=known.models,
        server=known.kind,
        server_evidence=session.hidden(known.evidence),
        version=known.version,
        size=known.size.billions if known.size else None,
        context=known.context,
        tokenizer=known.tokenizer,
        dialect=dialect,
        dialect_evidence=evidence,
        facts=tuple(session.facts[name] for name in TITLES),
        settings=fitting(session, dialect),
        notes=(*_notes(session), *(f"Dialect {score.dialect!r}: {score.right} of {score.asked} right." for score in scores)),
        requests=session.budget.requests,
        tokens=session.budget.tokens,
    )


def _notes(session: Session) -> list[str]:
    facts, known, notes = session.facts, session.identity, []
    if known.models and session.model not in known.models:
        near = difflib.get_close_matches(session.model, known.models, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        notes.append(f"The model {session.model!r} is not among those of /models{hint}")
    if facts["tools"].answer == facts["calls"].answer == "yes":
        notes.append("The server reads tool calls itself (asked with a forced call); the adapter is for what it does not do.")
    if session.budget.tokens > session.budget.most_tokens:
        notes.append(f"The server does not keep the token limit: {session.budget.tokens} tokens came.")
    if known.size is None:
        notes.append("The model's size is unknown: below two billion parameters, profile='small' helps.")
    return notes
