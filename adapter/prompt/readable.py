"""The caller's messages in a form that the model and its server can read, before tools and history become text."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.prompt.history import Place, read_turns
from adapter.prompt.inner_keys import without_inner
from adapter.prompt.messy_history import in_order
from adapter.prompt.parts import without_media
from adapter.prompt.past_reasoning import with_field, without_field
from adapter.prompt.replay import with_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.dialects.registry import Dialect
    from adapter.events import Problem
    from adapter.options import Options
    from adapter.prompt.replay import Said


# Roles of messages that are words and no more, and their only fields.
_SPEAKING = frozenset({"system", "developer", "user", "assistant"})
_OF_WORDS = frozenset({"role", "content"})


def are_words(messages: Sequence[Any]) -> bool:
    """Return True for messages of a role and a text each: nothing to check, to put in order, or to leave out."""
    for message in messages:
        if type(message) is not dict or message.keys() != _OF_WORDS:
            return False
        role = message["role"]
        if type(role) is not str or role not in _SPEAKING or type(message["content"]) is not str:
            return False
    return True


def reasoning_name(options: Options, known: str) -> str:
    """Return the name of the field in which past reasoning goes upstream; empty for reasoning that does not go as a field.

    Args:
        options: The option `reasoning_field`.
        known: The name of the field that the server is known to read; empty for an unknown server.
    """
    if options.reasoning_field == "keep":
        return known or REASONING
    return known if options.reasoning_field == "auto" else ""


def readable(
    messages: Any,
    dialect: Dialect,
    options: Options,
    known: str,
    report: Callable[[Problem], object],
    place: Place,
    said: Mapping[str, Said] = MappingProxyType({}),
) -> tuple[Any, Place]:
    """Return the messages as upstream can read them, in order, and their places; media and past reasoning as the options say.

    Args:
        messages: As in a chat request, unchecked. A value that is no list stays, for the later check to refuse.
        dialect: The dialect of the model.
        options: The options `history`, `media` and `reasoning_field`.
        known: The name of the field of reasoning that the server is known to read; empty for an unknown server.
        report: Called with a `Problem` for each part left out, and each way in which the history was mended.
        place: The caller's name of a message, by its position.
        said: Earlier answers whose text is known, by the id of their first call.

    Raises:
        BadRequest: A message is malformed, or the history does not add up; `param` names the place.
    """
    if not messages or not isinstance(messages, Sequence) or isinstance(messages, str):
        return messages, place
    if are_words(messages):
        return [*messages], place
    messages = without_inner(messages, place, report)
    if options.history == "lenient":
        messages, places = in_order(messages, dialect.roles, place, report)
    else:
        read_turns(messages, dialect.roles, place)
        places = [place(position) for position in range(len(messages))]
    messages = [*map(with_field, messages)]
    if options.media == "drop":
        messages = without_media(messages, places, report)
    if said:
        closing = dialect.reasoning[1] if dialect.reasoning else ""
        messages = with_texts(messages, said, closing, drop=options.reasoning_field == "drop")
    if not reasoning_name(options, known):
        messages, places = without_field(messages, places, dialect, report, text=options.reasoning_field != "drop")
    return messages, places.__getitem__
