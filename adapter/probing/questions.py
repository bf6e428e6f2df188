"""The table of questions: the facts that each tells, in the order of asking.

A question is a generator function of the session. A question that the budget does not cover, or that was stopped by answers
that did not come, leaves its facts to `rest`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from adapter.probing import constraints, features, plain
from adapter.probing.facts import TITLES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from adapter.probing.session import Session
    from adapter.probing.wire import Ask, Reply


class Question(NamedTuple):
    """A question and the facts that the question tells.

    Attributes:
        ask: Sends the requests and tells the facts.
        names: The names of the facts.
    """

    ask: Callable[[Session], Generator[Ask, Reply, None]]
    names: tuple[str, ...]


QUESTIONS = (
    Question(plain.plain, ("stop",)),
    Question(plain.tools, ("tools", "calls", "required")),
    Question(constraints.json_schema, ("json_schema",)),
    Question(constraints.grammar, ("grammar", "structural_tags")),
    Question(features.prefill, ("prefill",)),
    Question(features.history, ("developer", "reasoning_content", "logprobs")),
    Question(features.stream, ("stream_options", "n")),
    Question(features.images, ("images",)),
    Question(constraints.json_object, ("json_object",)),
)


def all_asked(session: Session) -> Generator[Ask, Reply, None]:
    """Ask all questions that the budget covers; each fact has an answer afterwards."""
    for question in QUESTIONS:
        before = session.budget.requests
        yield from question.ask(session)
        for name in question.names:
            if name not in session.facts:
                asked = session.budget.requests > before
                session.tell(name, "not told" if asked else "not asked", _why(session, asked=asked))
    session.facts = {name: session.facts[name] for name in TITLES}


def _why(session: Session, *, asked: bool) -> str:
    if session.timeouts:
        return "the server did not answer in time"
    return "nothing in the answers tells" if asked else "the limit of requests or tokens was reached"
