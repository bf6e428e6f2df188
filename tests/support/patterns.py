"""Every regular expression of the package, and a search for texts over which one takes more than linear time.

Run as a program, imports all modules, reads and renders with every dialect, and writes the expressions that were made on the way:
pattern, flags, place, and the methods by which the package used each.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from re import _constants as codes  # the parser of `re` itself, which has no public name
from re import _parser as parser
from typing import TYPE_CHECKING, Any

from tests.support.growth import assert_linear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PROPERTIES = {
    "place": {"type": "string", "pattern": "^[A-Z].*$", "description": "such as 'Oslo', 'Rome' or 'Paris'"},
    "days": {"type": "array", "items": {"type": ["number", "null"]}},
    "more": {"type": "object", "properties": {"a": {"type": "boolean"}, "unit": {"enum": ["m", "km"]}}},
    "form": {"anyOf": [{"type": "string", "format": "date"}, {"$ref": "#/$defs/f"}]},
}
_SCHEMA = {"type": "object", "properties": _PROPERTIES, "required": ["place"], "$defs": {"f": {"type": "integer"}}}
_TOOLS = [
    {"type": "function", "function": {"name": "look_up", "description": "Looks.", "parameters": _SCHEMA}},
    {
        "type": "function",
        "function": {"name": "mcp.a-b", "parameters": {"type": "object", "properties": {"x-y": {}, "a b": {}}}},
    },
]
# Methods by the place at which they may begin: anywhere, or where they are told to.
ANYWHERE = {"search", "finditer", "sub", "subn", "split", "findall"}
METHODS = ("match", "fullmatch", "search")
_SHORT = 250  # characters of a text
_QUICK = 0.0004  # seconds for a text four times as long, from which on growth is looked at
_FIRST_LOOK = 8  # times as long for a text four times as long: growth is looked at
_ENDLESS = 0.003  # seconds for twenty characters
_MANY = 50  # repetitions that count as without end
_PAST = 4  # times the largest bound of a repetition: from there on the bound is a constant of each character
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_CHARS = " \ta1A\"'`\\{}[]()<>|/,;:.=-_+eé▁&!@#%?~*\n\x00"
_NAMED = re.compile(r"\b(\w+)(?:: [^=\n]+)? ?= ?re\.compile\(")
_TAILS = ("\x00", "", "\n\x00")


@dataclass(frozen=True)
class Pattern:
    """A regular expression of the package: its text, flags, first place, and the methods used, as far as they were seen."""

    text: str
    flags: int
    place: str
    used: frozenset[str]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods to try: those seen, else all."""
        seen = {"search" if name in ANYWHERE else name for name in self.used}
        return tuple(name for name in METHODS if not seen or name in seen)


@dataclass(frozen=True)
class Finding:
    """A text over which a pattern takes more than linear time: `head + unit * n + tail`."""

    method: str
    head: str
    unit: str
    tail: str
    told: str


def recorded() -> list[Pattern]:
    """All regular expressions of the package, from a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.patterns"],
        capture_output=True, text=True, timeout=600, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [Pattern(text, flags, place, frozenset(used)) for text, flags, place, used in json.loads(done.stdout)]


def finding(pattern: str, flags: int = 0, methods: Sequence[str] = METHODS) -> Finding | None:
    """The first text found over which the pattern is not linear; None if none was found."""
    compiled = re.compile(pattern, flags)
    tree = parser.parse(pattern, flags)
    short = max(_SHORT // 4, _PAST * _bound(tree))
    for head, unit, tail in _attacks(tree):
        for method in methods:
            call: Callable[[str], object] = getattr(compiled, method)
            told = _superlinear(call, head, unit, tail, short)
            if told:
                return Finding(method, head, unit, tail, told)
    return None


def _bound(tree: Any) -> int:
    """The largest number of characters that a bounded repetition goes over; 0 without one."""
    largest = 0
    for kind, value in tree:
        if kind in _REPEATS:
            inner = max(_bound(value[2]), 1)
            largest = max(largest, inner if value[1] is codes.MAXREPEAT else inner * int(value[1]))
        else:
            largest = max([largest, *map(_bound, _inner(kind, value))])
    return largest


def _superlinear(call: Callable[[str], object], head: str, unit: str, tail: str, short: int) -> str:
    """The measure of growth from `short` characters on that does not fit; empty for linear time.

    Below the largest bound of a repetition a text ends before the bound is met, and costs less for each character.
    """

    def text(size: int) -> str:
        return head + unit * max(size // len(unit), 1) + tail

    for few in (14, 20):
        least = _least(call, text(few), _ENDLESS)
        if least > _ENDLESS:
            return f"{least:.4f} s for {few} characters"
    long = _least(call, text(4 * _SHORT), _QUICK)
    if long < _QUICK or long < _FIRST_LOOK * _least(call, text(_SHORT), 0):
        return ""

    def prepare(size: int) -> Callable[[], object]:
        prepared = text(size)
        return lambda: call(prepared)

    try:
        assert_linear(prepare, short, exponent=1.6)
    except AssertionError as error:
        return str(error)
    return ""


def _least(call: Callable[[str], object], text: str, enough: float) -> float:
    """Seconds of processor time of a run, the least of five; the first that is quick enough decides."""
    least = float("inf")
    for _ in range(5):
        begun = time.process_time()
        call(text)
        least = min(least, time.process_time() - begun)
        if least < enough:
            break
    return least


def _attacks(tree: Any) -> Iterator[tuple[str, str, str]]:
    """Heads, units and tails of texts: each repetition without end is made long, and then cannot go on."""
    seen = set()
    for before, body in _repetitions(tree, ""):
        for unit in _units(body):
            for head in dict.fromkeys((before, "")):
                for tail in _TAILS:
                    attack = (head, unit, tail)
                    if attack not in seen:
                        seen.add(attack)
                        yield attack


def _repetitions(tree: Any, before: str) -> Iterator[tuple[str, Any]]:
    """The shortest text before each repetition without end, and the body of the repetition."""
    for kind, value in tree:
        if kind in _REPEATS:
            if value[1] is codes.MAXREPEAT or value[1] > _MANY:
                yield before, value[2]
            yield from _repetitions(value[2], before)
        else:
            for inner in _inner(kind, value):
                yield from _repetitions(inner, before)
        before += _one(kind, value, 0)


def _inner(kind: Any, value: Any) -> list[Any]:
    if kind is codes.SUBPATTERN:
        return [value[3]]
    if kind is codes.BRANCH:
        return list(value[1])
    if kind is codes.ATOMIC_GROUP:
        return [value]
    return [value[1]] if kind in {codes.ASSERT, codes.ASSERT_NOT} else []


def _units(body: Any) -> list[str]:
    """Texts that a repetition goes over, each once or with its own repetitions twice."""
    found = (_sample(body, choice, repeats) for choice in range(6) for repeats in (1, 2))
    return list(islice(dict.fromkeys(unit for unit in found if unit), 6))


def _sample(tree: Any, choice: int, repeats: int = 0) -> str:
    return "".join(_one(kind, value, choice, repeats) for kind, value in tree)


def _one(kind: Any, value: Any, choice: int, repeats: int = 0) -> str:
    """A text that a part of a pattern matches, the shortest or with repetitions."""
    if kind is codes.LITERAL:
        return chr(value)
    if kind is codes.NOT_LITERAL:
        return next(char for char in "ax " if ord(char) != value)
    if kind is codes.ANY:
        return "a\"'"[choice % 3]
    if kind is codes.IN:
        chars = _in_class(value)
        return chars[choice % len(chars)]
    if kind in _REPEATS:
        return _sample(value[2], choice, repeats) * int(max(value[0], min(repeats, value[1])))
    if kind in {codes.ASSERT, codes.ASSERT_NOT}:
        return ""
    inner = _inner(kind, value)
    return _sample(inner[choice % len(inner)], choice, repeats) if inner else ""


def _in_class(items: Any) -> list[str]:
    """Characters of a class, of several kinds."""
    test = re.compile(_class_text(items))
    found = [char for char in _CHARS if test.match(char)]
    kinds: list[Callable[[str], bool]] = [
        str.isspace,
        str.isalpha,
        lambda char: not char.isalnum() and not char.isspace(),
        str.isdigit,
    ]
    picked = [char for kind in kinds for char in list(filter(kind, found))[:2]]
    return (
        picked
        or [chr(value if kind is codes.LITERAL else value[0]) for kind, value in items if kind in {codes.LITERAL, codes.RANGE}][
            :1
        ]
        or ["a"]
    )


def _class_text(items: Any) -> str:
    names = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}
    text = ""
    for kind, value in items:
        if kind is codes.NEGATE:
            text = "^" + text
        elif kind is codes.LITERAL:
            text += f"\\U{value:08x}"
        elif kind is codes.RANGE:
            text += f"\\U{value[0]:08x}-\\U{value[1]:08x}"
        elif kind is codes.CATEGORY:
            name = str(value).removeprefix("CATEGORY_")
            letter = names[name.removeprefix("NOT_").removeprefix("UNI_").removeprefix("NOT_")]
            text += "\\" + (letter.upper() if "NOT_" in name else letter)
    return f"[{text}]"


class _Seen:
    """A compiled pattern that notes the methods asked of it."""

    def __init__(self, real: Any, used: set[str]) -> None:
        self._real = real
        self._used = used

    def __getattr__(self, name: str) -> Any:
        if name in ANYWHERE or name in METHODS:
            self._used.add(name)
        return getattr(self._real, name)


def _record() -> list[tuple[str, int, str, list[str]]]:
    """Note the patterns that the package makes, from now on, and use the package."""
    found: dict[tuple[Any, int], tuple[str, set[str]]] = {}
    real = re._compile  # type: ignore[attr-defined]

    def noted(pattern: Any, flags: int) -> Any:
        if isinstance(pattern, _Seen):
            return pattern
        compiled = real(pattern, flags)
        frame: Any = sys._getframe(1)
        while frame.f_code.co_filename.endswith(("/re/__init__.py", "functools.py")):
            frame = frame.f_back
        _, package, name = frame.f_code.co_filename.partition("/adapter/")
        if not package or "site-packages" in frame.f_code.co_filename:
            return compiled
        place = f"{name}:{frame.f_lineno}"
        return _Seen(compiled, found.setdefault((compiled.pattern, compiled.flags), (place, set()))[1])

    vars(re)["_compile"] = noted
    _use_the_package()
    told = _used_by_name()
    return [
        (text if isinstance(text, str) else text.decode("latin-1"), flags, place, sorted({*used, *told.get(place, ())}))
        for (text, flags), (place, used) in found.items()
    ]


def _use_the_package() -> None:
    """Import every module; read and render with every dialect, whole and in pieces."""
    import importlib
    import pkgutil

    import adapter

    for module in pkgutil.walk_packages(adapter.__path__, "adapter."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ImportError:
                continue  # an optional package
    from adapter.dialects.registry import load
    from adapter.dialects.templates import names

    for name in names():
        adapter.render([{"role": "user", "content": "say <|x|> </tool_call>"}], _TOOLS, dialect=name)
        adapter.lint(_TOOLS, name, every=True)
        for number, text in enumerate(_completions(load(name))):
            adapter.parse(text, _TOOLS, dialect=name)
            reader = adapter.CompletionParser(_TOOLS, dialect=name)
            for place in range(0, len(text), 7 if number < 3 else 200):
                reader.feed(text[place : place + (7 if number < 3 else 200)])
            reader.close()


def _completions(dialect: Any) -> Iterator[str]:
    """A call as the dialect writes it, whole, doubled, cut, misspelt, without its marker, and behind words."""
    call = dialect.tool_call("look_up", {"place": 'Oslo "x"\n', "days": [1, 2.5, None], "more": {"a": True}})
    yield from (call, f"Well.\n{call}\n{call} So.", call[: len(call) * 2 // 3], call[: len(call) // 3])
    yield from (call.replace('"', "'"), call.replace('"', ""), call.replace(">", " >"), call.replace("true", "True,"))
    yield from (
        call.removeprefix(dialect.open),
        f"```json\n{call}\n```",
        f"<think>a</think>{call}",
        "look_up(place='Oslo', days=[1])",
    )
    yield '{"name": "look_up", "arguments": {"place": "Oslo",}}'
    yield "a word " * 600 + call


def _used_by_name() -> dict[str, set[str]]:
    """Methods asked of the patterns that have a name in the source, by the place of the pattern."""
    import adapter

    found: dict[str, set[str]] = {}
    root = Path(adapter.__file__).parent
    sources = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*.py")}
    everything = "\n".join(sources.values())
    for file, source in sources.items():
        for made in _NAMED.finditer(source):
            line = source.count("\n", 0, made.end()) + 1
            # A member of an object is asked as a member elsewhere; its bare name is another variable there.
            asked = re.findall(rf"\b{made[1]}\.(\w+)\b", source if made[1].startswith("_") or made[1].islower() else everything)
            asked += re.findall(rf"\.{made[1]}\.(\w+)\b", everything) if made[1].islower() else []
            found[f"{file}:{line}"] = set(asked) & {*METHODS, *ANYWHERE}
    return found


if __name__ == "__main__":
    json.dump(_record(), sys.stdout)
