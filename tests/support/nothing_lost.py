"""The law "nothing lost", as a check of one completion that was read (behaviour 1.13).

    lost(text, parsed, dialect) -> the words of the text that became nothing, untold

Words are runs of letters and digits; brackets, quotes and commas are spelling, which a dialect may read in several ways. A word
has become something if it stands in the content, in the reasoning, or in the name, the id or the arguments of a call, decoded or as
JSON (where `\\n` before a word is no letter of it); a word of the dialect's markup is recognised wherever it stands. A completion in which a call is invalid, or of which
a problem says that text was not read, has told of its loss, and so has one of which a slip was mended. `inserted` words were no
markup before, so in tagged dialects only an invalid call or an unread block may lose them.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adapter.dialects.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapter.completion.result import ParsedCompletion

TAGGED = frozenset({"parameters", "addressed", "arg_key", "elements"})
MENDED = frozenset({"repaired", "markup", "coerced"})
_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"\bto=[\w.*:/-]*(?=<\|message\|>\s*<atem:)")  # of a message with calls, which name their tools
_ID = re.compile(r'"(?:tool_call_|call_)?id"\s*:\s*"[^"]*"')  # calls get ids of their own


@lru_cache(maxsize=64)
def markup(name: str) -> frozenset[str]:
    """Return the words of a dialect's markup: of its markers and tokens, and of a call without arguments."""
    dialect = load(name)
    literals = (dialect.open, dialect.close, *dialect.special, *dialect.result, *dialect.markers, *(dialect.reasoning or ()))
    values: tuple[Any, ...] = ("z", 1, 0.5, True, None, [], {})
    calls = dialect.assistant("", [dialect.tool_call("x", {"y": value}) for value in values])
    found = {word for literal in (*literals, *dialect.form.values(), calls) for word in _WORD.findall(literal.casefold())}
    return frozenset(found) - {"x", "y", "z"} | set("1234567")  # calls may be numbered


def _strings(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value: keys, strings, and other values as JSON and as Python write them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    else:
        yield value if isinstance(value, str) else f"{json.dumps(value)}"


def _shown(parsed: ParsedCompletion) -> Iterator[str]:
    """Yield all texts that were handed out."""
    yield from filter(None, (parsed.content, parsed.reasoning))
    for call in parsed.tool_calls:
        yield f"{call.name} {call.id}"
        try:
            yield " ".join(_strings(json.loads(call.arguments)))
        except ValueError:
            yield call.arguments
        yield call.arguments


def _is_markup(word: str, known: frozenset[str]) -> bool:
    """Tell if a word is known, or two known words without the space between them."""
    return word in known or any(word.startswith(first) and word[len(first) :] in known for first in known)


def told(parsed: ParsedCompletion, kinds: Iterable[str] = ()) -> bool:
    """Tell if a problem of another kind than these says that text was left out, or a call is invalid."""
    left_out = any(problem.kind not in set(kinds) for problem in parsed.problems)
    return left_out or any(not call.valid for call in parsed.tool_calls)


def lost(text: str, parsed: ParsedCompletion, name: str, inserted: Iterable[str] = ()) -> list[str]:
    """Return the words of a completion that became nothing, untold.

    Args:
        text: The completion.
        parsed: The result of reading it.
        name: The dialect.
        inserted: Words that are part of no markup, put between tags.
    """
    shown = "\n".join(_shown(parsed))
    if told(parsed, MENDED):
        return []
    gone = [word for word in inserted if word not in shown] if load(name).syntax in TAGGED else []
    if gone or told(parsed):
        return gone
    shown, known = shown.casefold(), markup(name)
    words = _WORD.findall(_ID.sub("", _ADDRESS.sub("to", text)).casefold())
    left = [word for word in words if not _is_markup(word, known) and word not in shown and word[1:] not in shown]
    if left and text.casefold().endswith(left[-1]) and any(word.startswith(left[-1]) for word in known):
        left.pop()  # the text ends in a tag
    return left
