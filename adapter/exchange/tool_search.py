"""Searches of the model's for further tools, answered here: the model is asked again, with the tools found (behaviour 4.12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.errors import InvalidToolCall
from adapter.events import Problem, TextDelta
from adapter.routing.additions import JOINT
from adapter.routing.definition import wrapped_form
from adapter.routing.search import MOST, Round, query_in, searched
from adapter.text.some_of import some_of
from adapter.tools.definitions import read_tools
from adapter.tools.message_tools import together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.exchange.protocol import Report
    from adapter.routing.searching import Search

_NO_MORE = "No further search is made in this turn. Use a tool at hand, or answer without one."
_SHOWN = 200  # characters of a search in its notice


class Searched(NamedTuple):
    """A request after a search.

    Attributes:
        request: The request, with the search, its result and the tools found behind its messages.
        words: The words of the answer beside the search, which are part of the caller's answer.
        calls: Id, name and arguments of each search.
    """

    request: ChatRequest
    words: str
    calls: tuple[tuple[str, str, str], ...]


def is_search(request: ChatRequest, parsed: ParsedCompletion) -> bool:
    """Return True for an answer whose first call is a search."""
    return request.search is not None and bool(parsed.tool_calls) and parsed.tool_calls[0].name == request.search.name


def without_searches(request: ChatRequest, parsed: ParsedCompletion, report: Report) -> ParsedCompletion:
    """Return an answer without the searches behind a call of the caller's, which are reported."""
    name = None if request.search is None else request.search.name
    left = [call for call in parsed.tool_calls if call.name == name]
    for call in left:
        report(search_beside(call.raw))
    return replace(parsed, tool_calls=tuple(call for call in parsed.tool_calls if call.name != name)) if left else parsed


def with_words(
    words: Sequence[str], reasoning: str, parsed: ParsedCompletion, events: Sequence[Event]
) -> tuple[ParsedCompletion, list[Event]]:
    """Return a whole answer and its events with the words and the reasoning of its searches, as a stream has them."""
    parsed = replace(parsed, reasoning=f"{reasoning}{parsed.reasoning or ''}" or None)
    if not words:
        return parsed, [*events]
    before = JOINT.join(words) + (JOINT if parsed.content else "")
    return replace(parsed, content=f"{before}{parsed.content or ''}"), [TextDelta(before), *events]


def spoken(content: str | None, problems: Sequence[Problem]) -> str:
    """Return the words of an answer with a search, without the calls that cannot be read, which are told."""
    words = content or ""
    for problem in problems:
        if problem.kind == "unreadable" and problem.raw:
            words = words.replace(problem.raw, "").strip()
    return words


def search_beside(raw: str) -> Problem:
    """Return the problem of a search beside a call of the caller's."""
    return Problem("searched", "the answer looks for further tools beside a call; the search is left out", raw)


def answered(request: ChatRequest, parsed: ParsedCompletion, report: Report) -> Searched:
    """Answer the searches of an answer that begins with one.

    Args:
        request: The request.
        parsed: The answer.
        report: Told of each search and of calls beside them, which are not made.

    Raises:
        InvalidToolCall: The model goes on searching.
    """
    search: Any = request.search
    if search.made > MOST:
        raise InvalidToolCall(
            f"The model looked for further tools {search.made} times in a single request, and then again. Give the router a "
            "higher limit, or say in the system message which tools there are."
        )
    shown, calls, results = set(search.shown), [], []
    found: list[str] = []
    for call in parsed.tool_calls:
        if call.name != search.name:
            report(Problem("searched", f"the call of {call.name!r} beside a search for tools is not made", call.raw))
            continue
        query = query_in(call.arguments)
        names, result, told = _look(request, search, query, shown)
        asked = repr(query[:_SHOWN]) + ("…" if len(query) > _SHOWN else "")
        report(Problem("searched", f"the model looked for tools by {asked}: the search {told}", call.raw))
        shown.update(names)
        found += names
        calls.append((call.id, call.name, call.arguments))
        results.append(result)
    words = "" if request.body.get("response_format") is not None else spoken(parsed.content, parsed.problems)
    one = Round(words, tuple(calls), tuple(results), tuple(found), parsed.reasoning or "")
    known = search.known._replace(rounds=(*search.known.rounds, one))
    if not search.additions.keep(search.digest, known):
        report(Problem("unstored", "a search for tools is too large to be kept: the next prompt is another one"))
    further = replace(search, shown=frozenset(shown), known=known, made=search.made + 1)
    return Searched(_with(request, further, one), words, one.calls)


def _look(request: ChatRequest, search: Search, query: str, shown: set[str]) -> tuple[tuple[str, ...], str, str]:
    """Look for tools. Returns their names, the result for the model, and the outcome for the notice."""
    if request.choice.allowed is not None:
        able = some_of(map(repr, request.choice.allowed))
        result = f"No search is made. The tools that can be called in this turn are {able}."
        return (), result, "found none, because the 'tool_choice' allows no other tools"
    if search.made >= MOST:
        return (), _NO_MORE, "was one too many"
    names, result = searched(search.router, query, shown)
    return names, result, f"found {some_of(map(repr, names))}" if names else "found none"


def _with(request: ChatRequest, search: Search, one: Round) -> ChatRequest:
    definitions = [wrapped_form(search.router.by_name[name]) for name in one.found]
    more = one.messages(definitions)
    tools = together(request.tools, read_tools(definitions)) if definitions else request.tools
    places = [*(request.place(at) for at in range(len(request.messages))), *("a message of the router's" for _ in more)]
    body = {**request.body, "messages": [*request.messages, *more], **({"n": 1} if "n" in request.body else {})}
    return replace(request, body=body, tools=tools, places=places, search=search)
