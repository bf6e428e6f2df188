"""T: the descriptions of tools."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING

from adapter.linting.finding import Found, Rule
from adapter.linting.near import meant_by
from adapter.linting.parameters import MOST_READ
from adapter.linting.words import content_words, count_sentences, count_words, parts_of, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.subject import LintedTool, Subject

_FEWEST_WORDS, _MOST_CHARACTERS, _FEWEST_SENTENCES = 4, 1024, 2
_MOST_COMPARED = 300  # tools of a set that are compared with one another
_ALIKE = 0.8  # of the words of two descriptions
_WHEN = re.compile(r"\b(?:use (?:this|it|when|for|to)|when(?:ever)? (?:you|the user|a user|to)|useful (?:for|when|to)|"
    r"call this|"
                   r"if (?:you|the user)|intended for|should be used|for (?:cases|situations))\b", re.IGNORECASE)  # fmt: skip
_LIMITS = re.compile(r"\b(?:only|not|never|cannot|can't|does(?:n't| not)|without|limit(?:ed|s)?|at most|maximum|up to|"
    r"except|must|"
                     r"requires?|before|unless|instead)\b", re.IGNORECASE)  # fmt: skip
_RESULT = re.compile(
    r"\b(?:returns?|returned|returning|outputs?|results?|responds?|response|yields?|gives?|produces?)\b", re.IGNORECASE
)


def _described(subject: Subject) -> Iterator[LintedTool]:
    return (tool for tool in subject.functions if tool.description.strip())


def _without(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        if not tool.description.strip() and not any(
            meant_by(str(key), ("description",), ()) for key in tool.item if key != "description"
        ):
            hint = "say in three or four sentences what the tool does, when to use it, and what it returns"
            yield Found(
                f"{tool.named} has no description",
                tool.description_path,
                tool.item.get("description", tool.name),
                hint,
                tool.name,
            )


def _few_words(subject: Subject) -> Iterator[Found]:
    for tool in _described(subject):
        if (count := count_words(tool.description)) < _FEWEST_WORDS:
            message = f"the description of {tool.named} has {count} word{'' if count == 1 else 's'}"
            yield Found(
                message, tool.description_path, tool.description, "say what the tool does, and when to use it", tool.name
            )


def _repeats(subject: Subject) -> Iterator[Found]:
    for tool in _described(subject):
        said = content_words(tool.description)
        if count_words(tool.description) >= _FEWEST_WORDS and said and said <= {stem(part) for part in parts_of(tool.name)}:
            message = f"the description of {tool.named} says no more than its name"
            yield Found(
                message,
                tool.description_path,
                tool.description,
                "say what the name cannot: when to use it, its limits, its result",
                tool.name,
            )


def _same(subject: Subject) -> Iterator[Found]:
    first: dict[str, LintedTool] = {}
    for tool in _described(subject):
        key = " ".join(tool.description.lower().split())
        other = first.setdefault(key, tool)
        if other is not tool and other.name != tool.name:
            message = f"{tool.named} has the same description as {other.named}"
            yield Found(
                message,
                tool.description_path,
                tool.description,
                "say in each when to use this one and not the other",
                tool.name,
            )


def _alike(subject: Subject) -> Iterator[Found]:
    tools = list(itertools.islice(_described(subject), _MOST_COMPARED))
    known = Counter(sentence for tool in tools for sentence in set(_sentences(tool.description)))
    words = [content_words(" ".join(each for each in _sentences(tool.description) if known[each] == 1)) for tool in tools]
    for (one, its), (other, others) in itertools.combinations(zip(tools, words, strict=True), 2):
        if one.description == other.description or min(len(its), len(others)) < _FEWEST_WORDS:
            continue
        apart = (its - others, others - its)
        named = [{stem(part) for part in parts_of(tool.name)} for tool in (one, other)]
        if len(its & others) < _ALIKE * len(its | others) or all(apart) or named[0] == named[1]:
            continue
        if any(words & (named[0] | named[1]) for words in apart):
            continue
        message = f"{other.named} and {one.named} have descriptions alike, and nothing says which one is meant"
        hint = "say in each when to use this one and not the other, or make one tool of both"
        yield Found(message, other.description_path, other.description, hint, other.name)


def _sentences(text: str) -> list[str]:
    """Return the sentences of a description; those that several tools share say nothing of either."""
    return [sentence.strip() for sentence in re.split(r"(?<=[.!?:])\s+|\n+", text) if sentence.strip()]


def _long(subject: Subject) -> Iterator[Found]:
    hint = f"stay below {_MOST_CHARACTERS:,}: a system message holds general rules better"
    for tool in _described(subject):
        if (length := len(str(tool.item.get("description")))) > _MOST_CHARACTERS:
            message = f"the description of {tool.named} has {length:,} characters{_unread(length)}"
            yield Found(message, tool.description_path, tool.description, hint, tool.name)
    for tool, parameter in ((owner, one) for owner in subject.functions for one in owner.parameters):
        if (length := len(str(parameter.schema.get("description") or ""))) > MOST_READ:
            message = f"{tool.named}: the description of {parameter.shown!r} has {length:,} characters{_unread(length)}"
            yield Found(message, parameter.at("description"), parameter.description, hint, tool.name)


def _unread(length: int) -> str:
    return f", and the rules have read the first {MOST_READ:,}" if length > MOST_READ else ""


def _few_sentences(subject: Subject) -> Iterator[Found]:
    for tool in _described(subject):
        if count_sentences(tool.description) < _FEWEST_SENTENCES:
            yield Found(
                f"the description of {tool.named} is one sentence",
                tool.description_path,
                tool.description,
                "add when to use the tool, and what it returns",
                tool.name,
            )


def _lacking(pattern: re.Pattern[str], lacks: str, hint: str, subject: Subject) -> Iterator[Found]:
    for tool in _described(subject):
        if not pattern.search(tool.description):
            yield Found(f"the description of {tool.named} {lacks}", tool.description_path, tool.description, hint, tool.name)


def _no_when(subject: Subject) -> Iterator[Found]:
    return _lacking(_WHEN, "does not say when to use the tool", "add a sentence: use this when …; do not use it for …", subject)


def _no_limits(subject: Subject) -> Iterator[Found]:
    return _lacking(_LIMITS, "names no limits", "say what the tool cannot do, and what has to be known before", subject)


def _no_result(subject: Subject) -> Iterator[Found]:
    return _lacking(_RESULT, "does not say what comes back", "say what the tool returns", subject)


RULES = (
    Rule(
        "T01",
        "error",
        "A tool has no description",
        "the guides of OpenAI, Google, Anthropic and Together; arXiv 2602.18914",
        _without,
    ),
    Rule("T02", "warning", "A description has under 4 words", "mcplint; the guides ask for 3 to 4 sentences", _few_words),
    Rule("T03", "warning", "A description repeats the name", "arXiv 2602.18914: 73 % of servers repeat tool names", _repeats),
    Rule("T04", "warning", "Two tools have the same description", "agent-friend; arXiv 2602.18914", _same),
    Rule("T05", "warning", "Two tools are described alike, and nothing tells them apart", "mcplint; OpenAI's guide", _alike),
    Rule(
        "T06",
        "warning",
        "A description has over 1,024 characters",
        "arXiv 2602.14878: longer is not always better",
        _long,
    ),
    Rule(
        "T07",
        "info",
        "A description is a single sentence",
        "Anthropic and Together: 3 to 4 sentences",
        _few_sentences,
        default=False,
    ),
    Rule(
        "T08",
        "info",
        "A description does not say when to use the tool",
        "Anthropic; arXiv 2602.14878: full descriptions +5.85 points",
        _no_when,
        default=False,
    ),
    Rule("T09", "info", "A description names no limits", "Anthropic; arXiv 2602.14878", _no_limits, default=False),
    Rule("T10", "info", "A description does not say what comes back", "Anthropic; arXiv 2602.14878", _no_result, default=False),
)
