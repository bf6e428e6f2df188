"""The flags of the options that shape a request, one table for the commands that show or count a request."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput
from adapter.option_keywords import CHOICES, OptionKeywords, Profile

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from adapter.cli.console import Console
    from adapter.options import Options

_CHAT_TEMPLATE = "make the text of a raw completion, by this chat template: a name, a file or a folder"
# Options that shape the prompt, with their help. The names are those of the library.
PROMPT = {
    "dialect": "name of a dialect, the path of a .jinja file or of a tokenizer_config.json, or auto",
    "server": "what answers",
    "chat_template": _CHAT_TEMPLATE,
    "enforce": "how the answer is made a call",
    "profile": "settings for small models; auto by the model's size",
    "examples": "worked examples: auto for some made of the tools, or a JSON file of messages",
    "reply_tool": "offer a further tool for answers in words",
    "result_role": "role of the messages with tool results",
    "merge_system": "join all system messages at the top",
    "merge_turns": "join neighbouring messages of the same role",
    "media": "images and the like",
    "history": "calls and results that do not pair up",
    "reasoning_field": "the way of past reasoning to the model",
    "thinking_prefilled": "the prompt ends inside the reasoning",
    "tool_choice_after_result": "a tool choice that forces the tool which has just answered",
    "neutralise": "make markup in untrusted text harmless (as by default)",
    "on_bad_tool": "a tool definition that cannot be read",
    "on_builtin": "a tool that only a vendor's own servers run",
}
# Options that shape the rest of a request.
REQUEST = {
    "native": "the server's own tool calling",
    "longest_string": "characters of a string under a constraint (20,000); 0 for no bound",
    "temperature": "the temperature of a request that gives none",
}
# Options that no flag can give: functions, a store and its texts; `upstream` follows from the chat template.
WITHOUT_FLAG = frozenset({"on_event", "store", "replay", "upstream"})
_SHORT = 40  # characters of the words of a flag that stand beside its name
_FLAGS = frozenset({"reply_tool", "merge_system", "merge_turns", "thinking_prefilled", "neutralise"})
_NUMBERS: dict[str, Any] = {"longest_string": int, "temperature": float}
_TEXTS = {"dialect": "NAME", "chat_template": "NAME", "examples": "auto|FILE"}
_WORDS: dict[str, tuple[str | None, ...]] = {**CHOICES, "profile": Profile.__args__}  # type: ignore[attr-defined]
# An option with its value, as messages write it for Python.
_NAMES, _VALUE = "|".join(sorted(OptionKeywords.__annotations__)), r"'[^'\n]*'|\"[^\"\n]*\"|True|False|-?[\w.]+|…"
_SAID = re.compile(rf"\b({_NAMES})=({_VALUE})(?: \(--[a-z-]+ [^\s()]+\))?")


def add_options(group: argparse._ArgumentGroup, options: Iterable[str]) -> None:
    """Add the flags of options. A flag that is not given is left to the library."""
    for name in options:
        flag, help_ = flag_of(name), PROMPT.get(name) or REQUEST[name]
        if name in _FLAGS:
            group.add_argument(flag, action=argparse.BooleanOptionalAction, help=help_)
        elif name in _NUMBERS:
            group.add_argument(flag, metavar="N", type=_NUMBERS[name], help=help_)
        elif name in _TEXTS:
            names = (flag, "--template") if name == "dialect" else (flag,)
            group.add_argument(*names, metavar=_TEXTS[name], help=help_)
        else:
            group.add_argument(flag, **choice(tuple(word for word in _WORDS[name] if word), help_))


def choice(words: tuple[str, ...], help_: str) -> dict[str, Any]:
    """Return the arguments of a flag that takes one of some words; many words stand in its help, which is wrapped."""
    if len(",".join(words)) <= _SHORT:
        return {"choices": words, "help": help_}
    return {"choices": words, "metavar": "WORD", "help": f"{help_}: {', '.join(words)}"}


def given_options(args: argparse.Namespace, names: Iterable[str], console: Console) -> Options:
    """Return the options that the flags give.

    Raises:
        BadInput: A value is not allowed, or a file of examples cannot be read.
    """
    from adapter.options import Options

    given = given_values(args, names, console)
    try:
        return Options(**given)
    except (TypeError, ValueError) as error:
        raise BadInput(" ".join(str(error).split())) from error


def given_values(args: argparse.Namespace, names: Iterable[str], console: Console) -> dict[str, Any]:
    """Return the values of the options that the flags give, by name; with a chat template `upstream` too.

    Raises:
        BadInput: A file of examples cannot be read.
    """
    given = {name: value for name in names if (value := getattr(args, name)) is not None}
    if "chat_template" in given:
        given["upstream"] = "completions"
    if given.get("examples", "auto") != "auto":
        given["examples"] = _examples(given["examples"], console)
    return given


def _examples(name: str, console: Console) -> Any:
    from pathlib import Path

    if name != "-" and not Path(name).exists():
        raise BadInput(f"--examples {name}: use auto, or the path of a JSON file with a list of messages")
    messages = console.read_json(name)
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise BadInput(f"--examples {name}: the file holds no JSON list of messages; or use auto")
    return messages


def flag_of(name: str) -> str:
    """Return the flag of an option."""
    return f"--{name.replace('_', '-')}"


def in_flags(message: str, flags: Container[str]) -> str:
    """Return a message about options with those that have a flag written as flags.

    Args:
        message: The message.
        flags: The flags of the command.
    """

    def written(option: re.Match[str]) -> str:
        flag, value = flag_of(option[1]), option[2].strip("'\"")
        if flag not in flags:
            return option[0]
        if value in {"True", "False"}:
            return flag if value == "True" else f"--no-{flag[2:]}"
        return f"{flag} {value}"

    return _SAID.sub(written, message)
