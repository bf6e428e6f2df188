"""The checks of the values of options."""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from adapter.option_keywords import CHOICES
from adapter.servers import server_for


def check(options: Any) -> None:
    """Check the values of options. Raises ValueError or TypeError, with the name, the value and the likely fix."""
    for name, allowed in CHOICES.items():
        value = getattr(options, name)
        if value not in allowed:
            raise ValueError(f"{name}={value!r}: {_near(value, allowed)}use one of {', '.join(map(repr, allowed))}")
    for name in _FLAGS:
        if not isinstance(getattr(options, name), bool) and not (name in _MAYBE and getattr(options, name) is None):
            raise TypeError(f"{name}={getattr(options, name)!r}: use True or False")
    _check_upstream(options)
    _check_enforce(options)
    check_native(options)
    _check_numbers(options)
    if options.store is not None and not all(callable(getattr(options.store, name, None)) for name in ("get", "put", "delete")):
        raise TypeError(f"store={options.store!r}: use adapter.MemoryStore(), adapter.SqliteStore(path), or None")
    for name in ("on_event", "on_exchange", "new_id"):
        value = getattr(options, name)
        if value is not None and not callable(value):
            raise TypeError(f"{name}={value!r}: use a function")
        if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(getattr(value, "__call__", None)):  # noqa: B004
            raise TypeError(f"{name}={value!r}: use a plain function, since nobody awaits an async one")
    _check_shown(options)


def _check_shown(options: Any) -> None:
    dialect, examples = options.dialect, options.examples
    if isinstance(dialect, os.PathLike):
        raise TypeError(f"dialect={dialect!r}: give a path as a text, {os.fspath(dialect)!r}")
    if isinstance(dialect, bool | int | float | list | tuple | Mapping) or dialect is None:
        raise TypeError(
            f"dialect={dialect!r}: use a name, the path of a .jinja file or of a tokenizer_config.json, 'auto', or a Dialect"
        )
    if isinstance(examples, str) and examples != "auto":
        raise ValueError(f"examples={examples!r}: use 'auto', or a list of messages")
    if examples is None or isinstance(examples, str):
        return
    if not isinstance(examples, list | tuple) or not all(isinstance(message, Mapping) for message in examples):
        raise TypeError(f"examples={examples!r}: use 'auto', or a list of messages")


def _near(value: Any, allowed: tuple[str | None, ...]) -> str:
    """Return a question about the likeliest of the allowed words; empty for a value that is like none."""
    import difflib

    words = {re.sub(r"[\W_]", "", word.lower()): word for word in allowed if word}
    near = difflib.get_close_matches(re.sub(r"[\W_]", "", value.lower()), words, n=1) if isinstance(value, str) else []
    return f"did you mean {words[near[0]]!r}? Or " if near else ""


def _check_numbers(options: Any) -> None:
    retries: Any = options.retries
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise ValueError(f"retries={options.retries!r}: use a whole number from 0 up")
    longest: Any = options.longest_string
    if isinstance(longest, bool) or not isinstance(longest, int) or not 0 <= longest <= _LONGEST:
        raise ValueError(f"longest_string={longest!r}: use a whole number of characters up to {_LONGEST:,}, or 0 for no bound")
    most: Any = options.max_response_bytes
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ValueError(f"max_response_bytes={most!r}: use a whole number of bytes from 1 up; 268,435,456 is the default")
    warmth: Any = options.temperature
    if warmth is not None and (isinstance(warmth, bool) or not isinstance(warmth, int | float) or not 0 <= warmth <= _HOTTEST):
        raise ValueError(f"temperature={warmth!r}: use a number from 0 to {_HOTTEST}, or None for the server's own")
    patience: Any = options.alive_after
    if patience is not None and (isinstance(patience, bool) or not isinstance(patience, int | float) or not patience > 0):
        raise ValueError(f"alive_after={patience!r}: use a number of seconds, or None")


def _check_upstream(options: Any) -> None:
    if options.chat_template is not None and not isinstance(options.chat_template, str):
        raise TypeError(f"chat_template={options.chat_template!r}: use a name or a path, as a string")
    if options.upstream == "completions" and not options.chat_template:
        raise ValueError("upstream='completions' needs a chat_template: a name, a file, a folder, or 'auto'")
    if options.upstream == "chat" and options.chat_template is not None:
        raise ValueError(
            f"chat_template={options.chat_template!r}: with upstream='chat' the server has the template; "
            "use upstream='completions'"
        )


def _check_enforce(options: Any) -> None:
    rungs = server_for(options.server, options.upstream).rungs
    if options.server != "generic" and options.enforce not in {"auto", *rungs}:
        raise ValueError(f"enforce={options.enforce!r}: server {options.server!r} has {', '.join(map(repr, rungs))}")
    if options.server == "generic" and options.enforce == "grammar":
        raise ValueError("enforce='grammar' needs to know whose: give server='llama.cpp', 'vllm' or 'sglang'")
    try:
        json.dumps(options.examples, default=_as_dict)
    except TypeError as error:
        raise TypeError(f"examples={options.examples!r}: {error}; messages are made of what JSON has") from None


def check_native(options: Any) -> None:
    """Refuse options that shape requests in words only, where no request goes in words."""
    if options.native != "always":
        return
    if options.upstream == "completions":
        raise ValueError("native='always': /v1/completions takes no tools; use upstream='chat', or native='never'")
    if options.profile is not None:
        raise ValueError(
            f"native='always': profile={options.profile!r} shapes requests in words, and none is sent; leave profile out, or "
            "use native='auto'"
        )
    for name in _OF_WORDS:
        value = getattr(options, name)
        if value not in (None, False, "prompt"):
            raise ValueError(
                f"native='always': {name}={value!r} shapes requests in words, and none is sent; leave {name} out, or use "
                "native='auto'"
            )


def _as_dict(value: Any) -> Any:
    """Convert a mapping of any type to a dict, for JSON."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"object of type {type(value).__name__} is not JSON serializable")


_OF_WORDS = ("enforce", "examples", "reply_tool", "result_role")
_HOTTEST = 2  # as OpenAI has it
_LONGEST = 1_000_000
_FLAGS = (
    "coerce",
    "recover",
    "thinking_prefilled",
    "calls_in_thinking",
    "reply_tool",
    "neutralise",
    "merge_system",
    "merge_turns",
    "replay",
)
_MAYBE = ("calls_in_thinking",)  # None: as the dialect says
