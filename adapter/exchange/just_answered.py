"""The calls that have just got their results, and answers that say nothing but what those said (behaviour 5.10)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.exchange.retry_policy import Fault
from adapter.grounding.answers import tells_nothing
from adapter.grounding.conversation import ConversationText
from adapter.grounding.judge import LONGEST_BARE
from adapter.prompt.history import canonical
from adapter.prompt.parts import text_of
from adapter.text.json_spans import loads
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from adapter.prompt.history import Settled

_FENCED = re.compile(r"```\w*+(.*)```", re.DOTALL)
_SPACE = re.compile(r"\s*+")
# Characters of an answer that is held against the results; a stream holds so many.
SHORT = 200
_DECODER = json.JSONDecoder()
_RESULTS = ("tool", "function")
_SAYING = ("user", "system", "developer")


class JustAnswered:
    """The calls of the last turn, with their results.

    Args:
        settled: The calls; none that may be made again.
        messages: The conversation.
        invented: Optional arguments of a call, as `(name, arguments)`, that occur nowhere in the conversation.

    Attributes:
        shown: Placeholders of the worked examples that the model was shown.
    """

    __slots__ = ("_invented", "_messages", "_settled", "shown")

    def __init__(self, settled: Sequence[Settled], messages: Any, invented: Callable[[str, str], Collection[str]]) -> None:
        self._settled = settled
        self._messages = messages
        self._invented = invented
        self.shown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self._settled)

    def repeats(self, calls: Iterable[tuple[str, str]]) -> Fault | None:
        """Return the fault of calls, as `(name, arguments)`, that were made just before and have results, or None."""
        if not self._settled:
            return None
        calls = [*calls]
        made = {(one.name, one.arguments) for one in self._settled}
        again = [name for name, arguments in calls if (name, canonical(arguments)) in made]
        if again:
            listed = some_of(map(repr, again), " and ")
            return Fault("repeated", f"{listed} was called just before with the same arguments, and has its result")
        again = [name for name, arguments in calls if any(self._says_nothing(one, name, arguments) for one in self._settled)]
        if not again:
            return None
        listed = some_of(map(repr, again), " and ")
        return Fault("repeated", f"{listed} was called just before, and no argument says more than that call and its result")

    def _says_nothing(self, one: Settled, name: str, arguments: str) -> bool:
        """Return True for a call whose arguments stand in a call made before or in its result, or were invented."""
        given, made, told = _object(arguments), _object(one.arguments), _object(text_of(one.result))
        if name != one.name or not given or not made.keys() <= given.keys():
            return False
        new = [key for key, value in given.items() if not any(_has(known, key, value) for known in (made, told))]
        return not new or set(new) <= set(self._invented(name, arguments))

    def is_given_back(self, content: str) -> bool:
        """Return True for an answer of nothing but JSON, where nobody spoke of JSON: a result, or a call in plain text."""
        if not self._settled or len(content) > LONGEST_BARE:
            return False
        fenced = _FENCED.fullmatch(content.strip())
        if not _is_json((fenced[1] if fenced else content).strip()):
            return False
        return not self._said("json", _SAYING)

    def tells_nothing(self, content: str) -> bool:
        """Return True for a short answer without a value of the results, though they have values that nobody said before."""
        if not self._settled or len(content) > SHORT:
            return False
        before = [message for message in self._messages if message.get("role") not in _RESULTS]
        return tells_nothing(content, (text_of(one.result) for one in self._settled), ConversationText.of(before))

    def copied(self, content: str) -> str:
        """Return the placeholder of a worked example that a short answer holds and nobody said; else an empty text."""
        short = content.casefold() if self._settled and len(content) <= SHORT else ""
        return next((value for value in self.shown if value.casefold() in short and not self._said(value.casefold())), "")

    def _said(self, text: str, roles: Collection[str] = ()) -> bool:
        """Return True for a text in a message, of some roles or of any."""
        messages = (message for message in self._messages if not roles or message.get("role") in roles)
        return any(text in text_of(message.get("content")).casefold() for message in messages)


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, Mapping) else {}


def _has(known: Mapping[str, Any], key: str, value: Any) -> bool:
    return key in known and canonical([known[key]]) == canonical([value])


def _is_json(text: str) -> bool:
    """Return True for objects and arrays in JSON, one or more, and nothing else."""
    place = 0
    while place < len(text):
        if text[place] not in "{[":
            return False
        try:
            _, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return False
        found = _SPACE.match(text, place)
        place = found.end() if found else place
    return place > 0
