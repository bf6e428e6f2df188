"""Texts that the model reads as the result of a call, or in its place: of a fixed form, without tracebacks (behaviour 11.5)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable

REFUSED = "Error: {name} was not run: the user refused the call."
UNCONFIRMED = "Error: {name} was not run: it changes something, and nobody is there to confirm the call."
WRITTEN_BEFORE = (
    "Error: {name} was not run: the same call did not come to an end before and may have taken effect, so it is not repeated."
)
FORBIDDEN = "Error: {name} was not run: no tool may be called now. Answer in words."
DRY_RUN = "{name} was not run: this is a dry run."
OVER = "Error: {name} was not run: the time of the run is over."
NOT_REACHED = "Error: {name} was not run: the run was interrupted before."
INTERRUPTED = "Error: the run was interrupted while {name} was running."
MAYBE_WRITTEN = " The call may have taken effect all the same."
REPEATED = "\n[The same call had the same result before. Calling again will not help: answer with what is known.]"
_MOST_QUOTED = 200  # characters of a text of the model that are quoted


def unknown(name: str, known: Iterable[str]) -> str:
    """Return the reply to a call of an unknown tool."""
    return f"Error: there is no tool {quoted(name)}. The tools are: {', '.join(known) or 'none'}."


def invalid(name: str, faults: Iterable[str]) -> str:
    """Return the reply to a call with invalid arguments."""
    return f"Error: {name} was not run: its arguments are not valid. {'; '.join(faults)}."


def unreadable(arguments: str) -> str:
    """Return the fault of arguments that are no JSON object."""
    return f"they must be a JSON object, and are {quoted(arguments)}"


def quoted(text: str) -> str:
    """Return the beginning of a text of the model, in quotes."""
    return repr(text if len(text) <= _MOST_QUOTED else f"{text[: _MOST_QUOTED - 1]}…")


def failed(name: str, error: BaseException) -> str:
    """Return the reply to a call whose function raised: the words of a `ToolError`, of other exceptions the type alone.

    The text of an exception may hold addresses, keys and rows of others, so the caller's record has the text and the model does
    not.
    """
    if isinstance(error, ToolError):
        return f"Error: {error.message}"
    return f"Error: {name} failed ({type(error).__name__})."


def timed_out(name: str, seconds: float, fallback: str) -> str:
    """Return the reply to a call that was not over in time."""
    return f"Error: {name} did not end within {seconds:g} s. {fallback}"


def as_text(value: Any) -> str:
    """Return a result as text: a text as it is, anything else as JSON.

    Raises:
        ValueError: The value has no JSON form.
    """
    if not isinstance(value, str):
        from pydantic_core import PydanticSerializationError, to_json

        try:
            return to_json(value).decode()
        except PydanticSerializationError as error:
            try:
                return json.dumps(value)  # a name of a file that is no UTF-8, for one, which JSON's escapes can hold
            except (TypeError, ValueError, RecursionError):
                raise error from None
    return sendable(value)


def sendable(text: str) -> str:
    """Return a text as UTF-8 can hold it: half a surrogate pair is a question mark."""
    return str(text) if text.isascii() else text.encode("utf-8", "replace").decode()


def cut(text: str, most: int) -> str:
    """Return at most so many characters of a text, with a note if the text was longer."""
    return text if len(text) <= most else f"{text[:most]}\n[Cut: these are the first {most:,} of {len(text):,} characters.]"
