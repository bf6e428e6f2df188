"""Random conversations for one dialect: tools with random schemas, and turns with everything that breaks a format."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.dialects.registry import load
from adapter.tools.definitions import ToolSet, read_tools
from benchmarks.round_trip.sayable import can_be_said, limits_of

if TYPE_CHECKING:
    from adapter.dialects.registry import Dialect

# Pieces of values: halves and wholes of the spelling of JSON, XML, Python, Markdown and of special tokens.
_PIECES = (
    "<", ">", "</", '"', "'", "\\", "\n", "\r\n", " ", "x", "é🦊", "{", "}", "[", "]", "(", ")", ",", ":",
    "=", "|", "null",
    "True", "007", "```", "\x00", "\u2028", "東京", "</p>", "&amp;", "\t", "a b", "<b>", "<think>",
    "</think>", "<|im_end|>", "%s",
    "{{x}}", "\\n", "e\u0301", "\u202e", "---", "# h\n", "]]>", "<!--", "\u200d", "1e400", "-0", "\\u0041", "\ufeff",
)  # fmt: skip
# Pieces of content: what people write, with nothing that is markup of a dialect.
_WORDS = (
    "Let me see", "Sure", "I will look", "Zürich", "東京", "🙂", "“quoted”", "it's", '"x"', "a < b && c > d", '{"a": 1}',
    "[1, 2]", "f(x=1)", "`code`", "**bold**", "\n", "\n\n", "  ", "\t", "- item", "1.", "<b>bold</b>",
    "</p>", "&lt;", "50%", "\\", "\\n",
    "```json\n{\"a\": 1}\n```", "\n```python\nf(x)\n```\n", "```\nx\n```", "e\u0301", "\u200d", "null",
    "C:\\tmp", "—", "…",
    ".", "!", "?", "{{x}}", "}", "]", ">", "<", "|",
)  # fmt: skip
_NUMBERS = (-0.0, 1e308, 5e-324, 1.0, 0, 2**53 + 1, -1e22, 1e16, 0.1, -(2**70))
_KEYS, _NAMES = "abcXYZ019_-.$é東 ", "abzABZ09_.:/-"
_TYPES = ("string", "integer", "number", "boolean", "null", "array", "object")
_DECLARED = ("string", "string", "string", *_TYPES, None, ["string", "null"], ["integer", "string"], ["number", "null"])
_SETS = 100  # sets of tools of one dialect


class Said(NamedTuple):
    """A turn of the assistant.

    Attributes:
        content: The words; empty for none.
        reasoning: The reasoning; empty for none.
        calls: Names and arguments.
    """

    content: str
    reasoning: str
    calls: list[tuple[str, dict[str, Any]]]

    def message(self, turn: int) -> dict[str, Any]:
        """Return the turn as a message of a chat request."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.calls:
            message["tool_calls"] = [
                {"id": call_id(turn, place), "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
                for place, (name, arguments) in enumerate(self.calls)
            ]
        return message


def call_id(turn: int, place: int) -> str:
    """Return the id of a call."""
    return f"call_{turn}_{place}"


class Conversation(NamedTuple):
    """A conversation.

    Attributes:
        messages: As in a chat request.
        tools: The tools offered.
        turns: The turns of the assistant in it.
    """

    messages: list[dict[str, Any]]
    tools: ToolSet
    turns: list[Said]


class Maker:
    """Makes the random conversations of one dialect.

    Args:
        name: The name of the dialect.
        seed: The seed: the same conversations for the same seed.
    """

    def __init__(self, name: str, seed: int) -> None:
        self._dialect = load(name)
        self._limits = limits_of(name)
        self._chance = random.Random(f"{name} {seed}")
        self._tags = _tags(self._dialect)
        self._sets = [self._tools() for _ in range(_SETS)]

    def conversation(self) -> Conversation:
        """Return the next conversation: a question, and up to three turns with results between."""
        chance = self._chance
        declared, tools = chance.choice(self._sets)
        messages: list[dict[str, Any]] = [{"role": "user", "content": self._text()}]
        turns: list[Said] = []
        for number in range(chance.randint(1, 3)):
            turn = self._turn(declared)
            messages.append(turn.message(number))
            turns.append(turn)
            if not turn.calls:
                break
            results = [
                {"role": "tool", "tool_call_id": call_id(number, n), "content": self._text()} for n in range(len(turn.calls))
            ]
            messages += chance.sample(results, len(results))
        return Conversation(messages, tools, turns)

    def _turn(self, declared: dict[str, dict[str, Any]]) -> Said:
        chance = self._chance
        names = chance.choices(list(declared), k=chance.choice((1, 1, 1, 2, 3))) if chance.random() < 0.85 else []
        calls = [(name, self._arguments(declared[name])) for name in names]
        content = self._words() if not calls or chance.random() < 0.5 else ""
        reasoning = self._words().strip() if self._dialect.reasoning and chance.random() < 0.4 else ""
        return Said(content, reasoning, calls)

    def _words(self) -> str:
        """Return content that says something: white space and quotes alone are no words."""
        words = ""
        while not re.search(r"\w", words):
            words = " ".join(self._chance.choices(_WORDS, k=self._chance.randint(1, 6)))
        return words

    def _text(self) -> str:
        chance = self._chance
        if chance.random() < 0.1:
            return ""
        if chance.random() < 0.3:
            return self._words()
        pieces = [
            chance.choice(self._tags if self._tags and chance.random() < 0.3 else _PIECES) for _ in range(chance.randint(1, 6))
        ]
        return "".join(pieces)

    def _tools(self) -> tuple[dict[str, dict[str, Any]], ToolSet]:
        """Return the types of parameters by tool and name, and the tools."""
        chance, limits = self._chance, self._limits
        declared: dict[str, dict[str, Any]] = {}
        for _ in range(chance.randint(1, 3)):
            keys = [self._matching(_KEYS, 9, limits.keys) for _ in range(chance.randint(0, 4))]
            declared[self._matching(_NAMES, 20, limits.names)] = {key: chance.choice(_DECLARED) for key in keys}
        return declared, read_tools([_tool(name, kinds) for name, kinds in declared.items()])

    def _matching(self, characters: str, most: int, pattern: re.Pattern[str] | None) -> str:
        while True:
            found = "".join(self._chance.choices(characters, k=self._chance.randint(1, most)))
            if pattern is None or pattern.fullmatch(found):
                return found

    def _arguments(self, kinds: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, kind in kinds.items():
            if self._chance.random() < 0.85:
                value = self._sayable(kind)
                found |= {} if value is ... or self._holds_a_parameter(value, kinds) else {key: value}
        return found

    def _holds_a_parameter(self, value: Any, kinds: dict[str, Any]) -> bool:
        """Tell if raw text holds a declared name as a tag, which begins a value behind a closing tag (behaviour 1.14)."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return self._limits.ends is not None and any(f"<{key}>" in text for key in kinds)

    def _sayable(self, kind: Any) -> Any:
        """Return a value of the declared type that the syntax can say, or `...` where none is found."""
        said = kind if isinstance(kind, list) else [kind or ("string" if self._limits.typed else "")]
        for _ in range(100):
            value = self._value(self._chance.choice(said))
            if can_be_said(value, kind, self._limits):
                return value
        return ...

    def _value(self, kind: str, depth: int = 2) -> Any:
        chance = self._chance
        kind = kind or chance.choice(_TYPES if depth else _TYPES[:5])
        if kind == "string":
            return self._text()
        if kind == "integer":
            return chance.choice((chance.randint(-9, 9), chance.randint(-(2**70), 2**70)))
        if kind == "number":
            return chance.choice(
                (chance.choice(_NUMBERS), chance.randint(-9, 9), chance.random() * 10.0 ** chance.randint(-20, 20))
            )
        if kind == "array":
            return [self._value("", depth - 1) for _ in range(chance.randint(0, 3))]
        if kind == "object":
            return {self._text(): self._value("", depth - 1) for _ in range(chance.randint(0, 3))}
        return None if kind == "null" else chance.random() < 0.5


def _tags(dialect: Dialect) -> list[str]:
    """Return the dialect's own markup, whole and in parts, for values."""
    markup = dialect.assistant("", [dialect.tool_call("f", {"k": "v"}), dialect.tool_call("g", {"n": 1})])
    pairs = (*(dialect.reasoning or ()), *dialect.result, *(dialect.answer or ()))
    found = [
        *re.findall(r"</?[^<>\n]+>|\[/?[A-Z_]+\]", markup),
        dialect.open,
        dialect.close,
        *dialect.special,
        *dialect.form.values(),
        *pairs,
    ]
    return list(dict.fromkeys(filter(None, found)))


def _tool(name: str, kinds: dict[str, Any]) -> dict[str, Any]:
    properties = {key: {} if kind is None else {"type": kind} for key, kind in kinds.items()}
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}
