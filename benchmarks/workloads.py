"""The completions that are read: texts and calls from fixed seeds, the same in every process.

Only the standard library is imported here, so that a peer's own environment makes the same workloads. How a completion is
written in a dialect is `writing.py`'s business, and such a completion goes to a peer through the pipe; two forms that the peers
make for themselves are written here.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Call = tuple[str, dict[str, Any]]
Kind = Literal["one", "many", "text"]

_PROSE = (
    "First the parser needs a small change: what has not been sent yet stays in a buffer, and a value such as x < 3, "
    "a <b>bold</b> word or a brace { in the text is plain text and no tag. Then the tests are run again, one by one. "
)
_LINE = (
    "def step_{n}(state: State, text: str = {q}a \\t tab{q}) -> int:\n"
    "    # what may still become a tag is seen again with the next piece\n"
    "    if state.depth > {n} and text[{n}:] != {q}<end>{q}:\n"
    "        return len(text) + {n} * state.table[{q}k{n}{q}]\n"
    "    return 0\n\n"
)
_WORDS = ["harbour", "meadow", "lantern", "granite", "orchard", "ferry", "copper", "willow", "summit", "canvas"]


def _tool(name: str, description: str, required: list[str], **properties: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {key: {"type": kind, "description": f"The {key}"} for key, kind in properties.items()},
        "required": required,
    }
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


TOOLS = [
    _tool(
        "write_file",
        "Write text to a file.",
        ["path", "content"],
        path="string",
        content="string",
        mode="integer",
        force="boolean",
    ),
    _tool(
        "get_weather", "The weather at a place.", ["location"], location="string", unit="string", days="integer", note="string"
    ),
]


@dataclass(frozen=True)
class Completion:
    """What a model wrote, and what must come of it.

    Attributes:
        head: What stands before the calls; it is read before the clock starts.
        tail: The part that is timed: the calls, or all of a text without calls.
        text: The content.
        calls: Names and arguments.
        tokens: Special tokens, each a delta of its own.
    """

    head: str
    tail: str
    text: str
    calls: tuple[Call, ...] = ()
    tokens: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        """The whole completion."""
        return self.head + self.tail


@dataclass(frozen=True)
class Load:
    """A workload by its name, the same in this process and in a peer's.

    Attributes:
        kind: `one` call with `size` characters of arguments, `many`: `size` small calls, `text` of `size` characters.
        size: How much of it.
        form: The dialect it is written in; `hermes` and `qwen3-coder` are the peers' too.
    """

    kind: Kind
    size: int
    form: str = "hermes"

    @property
    def label(self) -> str:
        """Its name in a table."""
        amount = f"{self.size // 1024} KB" if self.size >= 1024 else str(self.size)
        return {"one": f"one call, {amount}", "many": f"{self.size} call" + "s" * (self.size > 1), "text": f"text, {amount}"}[
            self.kind
        ]


def prose(size: int) -> str:
    """Text for a reader, with a `<` here and there that opens nothing."""
    return (_PROSE * (size // len(_PROSE) + 1))[: size - 2] + ":\n"


def source(size: int) -> str:
    """A source file: quotes, backslashes, newlines and angle brackets, as an argument of a coding agent's call holds them."""
    quote = '"'
    unit = "".join(_LINE.format(n=n, q=quote) for n in range(40))
    return (unit * (size // len(unit) + 1))[:size]


def big_arguments(size: int) -> dict[str, Any]:
    """Arguments whose JSON has about so many characters."""
    growth = len(json.dumps(source(8192))) / 8192
    return {"path": "src/module.py", "content": source(max(1, int((size - 80) / growth))), "mode": 420, "force": True}


def small_arguments(number: int) -> dict[str, Any]:
    """Arguments of about 200 characters."""
    rng = random.Random(number)
    note = 'a "quoted" word, a \\ backslash, a newline\n and é; ' + " ".join(rng.choices(_WORDS, k=8))
    return {"location": f"Town number {number}, Some Country", "unit": "celsius", "days": number % 7 + 1, "note": note}


def calls_of(load: Load) -> tuple[Call, ...]:
    """The calls that a load makes."""
    if load.kind == "one":
        return (("write_file", big_arguments(load.size)),)
    return tuple(("get_weather", small_arguments(number)) for number in range(load.size)) if load.kind == "many" else ()


def _hermes(name: str, arguments: dict[str, Any]) -> str:
    return "<tool_call>\n" + json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False) + "\n</tool_call>"


def _coder(name: str, arguments: dict[str, Any]) -> str:
    shown = {key: value if isinstance(value, str) else json.dumps(value) for key, value in arguments.items()}
    inner = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in shown.items())
    return f"<tool_call>\n<function={name}>\n{inner}</function>\n</tool_call>"


_FORMS: dict[str, Callable[[str, dict[str, Any]], str]] = {"hermes": _hermes, "qwen3-coder": _coder}


def completion(load: Load) -> Completion:
    """The completion of a load in one of the peers' forms, after 2 KB of text."""
    if load.kind == "text":
        return Completion("", prose(load.size), prose(load.size))
    calls, text = calls_of(load), prose(2048)
    return Completion(text, "\n".join(_FORMS[load.form](*call) for call in calls), text, calls)


def deltas(text: str, mean: int = 4, seed: int = 7, tokens: Sequence[str] = ()) -> list[str]:
    """Cut a text into pieces of 1 to 2 * mean - 1 characters, as tokens come; special tokens are pieces of their own."""
    rng = random.Random(seed)
    pieces: list[str] = []
    for part in re.split(f"({'|'.join(map(re.escape, tokens))})", text) if tokens else [text]:
        position = 0
        while position < len(part):
            step = len(part) if part in tokens else rng.randint(1, 2 * mean - 1)
            pieces.append(part[position : position + step])
            position += step
    return pieces
