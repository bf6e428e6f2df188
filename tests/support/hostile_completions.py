"""Kinds of hostile completions, each written for a dialect: the rows of the sweep in `facts/test_hostile_completions.py`.

A kind is a function of the dialect's parts and of a number of repetitions; most grow with the number, which the sweep keeps
small and the measure of growth does not.
"""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from adapter.dialects.registry import load
from adapter.dialects.templates import names

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME, _PATH, _CONTENT, _MODE = "write_file", "P@", "@@@", "644"  # what a call of `Parts` holds


@dataclass(frozen=True)
class Parts:
    """A dialect's call and its marks, as hostile text is made of them."""

    dialect: str

    @cached_property
    def call(self) -> str:
        """Return a call of `write_file`, well formed."""
        return written(self.dialect, {"path": _PATH, "content": _CONTENT, "mode": int(_MODE)})

    @cached_property
    def opening(self) -> str:
        """Return the marker in front of a call; for calls without one, their first characters."""
        return load(self.dialect).open or self.call[:3]

    @cached_property
    def closing(self) -> str:
        """Return the marker behind a call; for calls without one, their last characters."""
        return load(self.dialect).close or self.call[-2:]

    @cached_property
    def marks(self) -> list[str]:
        """Return every marker and token of the dialect."""
        known = load(self.dialect)
        named = (self.opening, self.closing, *known.result, *(known.reasoning or ()), *known.markers, *known.special)
        return sorted({*named} - {""})

    @cached_property
    def thinking(self) -> tuple[str, str]:
        """Return the tags around reasoning."""
        return load(self.dialect).reasoning or ("<think>", "</think>")

    @cached_property
    def result(self) -> tuple[str, str]:
        """Return the tags around a result."""
        return load(self.dialect).result or ("<tool_response>", "</tool_response>")

    @cached_property
    def others(self) -> list[Parts]:
        """Return four other dialects, by chance."""
        return [parts(name) for name in self.chance().sample([name for name in names() if name != self.dialect], 4)]

    def chance(self) -> random.Random:
        """Return chance with the dialect as its seed."""
        return random.Random(self.dialect)

    def with_content(self, text: str) -> str:
        """Return the call with a raw text inside of its string."""
        return self.call.replace(_CONTENT, text)

    def with_mode(self, text: str) -> str:
        """Return the call with a raw text for its number."""
        return self.call.replace(_MODE, text)

    def with_name(self, text: str) -> str:
        """Return the call with a raw text for the name of the tool."""
        return self.call.replace(_NAME, text)

    def up_to_content(self, text: str) -> str:
        """Return the call up to the inside of its string, and a text that takes the place of the rest."""
        return self.call.partition(_CONTENT)[0] + text


@lru_cache(maxsize=64)
def parts(dialect: str) -> Parts:
    return Parts(dialect)


def written(dialect: str, *given: dict[str, object]) -> str:
    known = load(dialect)
    return known.assistant("", [known.tool_call(_NAME, one, "call_1") for one in given])


Kind: TypeAlias = "Callable[[Parts, int], str]"
_CONTROLS = "".join(map(chr, (*range(32), *range(127, 160))))
_ARGUMENTS = {"path": "a", "content": "b", "mode": 1}
_BARE = json.dumps({"name": _NAME, "arguments": _ARGUMENTS})
_PYTHON = "write_file(path='a', content='b', mode=1)"
_ENTITIES = '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;&b;&b;">]>'


def _halves(one: Parts) -> list[str]:
    return [half for mark in one.marks for half in (mark[: len(mark) // 2], mark[len(mark) // 2 :]) if half]


def _shuffled(one: Parts, times: int, pieces: list[str]) -> str:
    return "".join(one.chance().choices(pieces, k=4 * times))


def _alternating(one: Parts, times: int) -> str:
    return "".join((first + second) * (1 + times // 8) for first, second in itertools.pairwise([*one.marks, one.marks[0]]))


MARKERS: dict[str, Kind] = {
    "an opening without an end": lambda one, times: one.opening * times,
    "a closing without a beginning": lambda one, times: one.closing * times,
    "empty blocks": lambda one, times: (one.opening + one.closing) * times,
    "empty blocks inside out": lambda one, times: (one.closing + one.opening) * times,
    "words in blocks": lambda one, times: f"{one.opening}word{one.closing}" * times,
    "openings without their last character": lambda one, times: one.opening[:-1] * times,
    "openings without their first character": lambda one, times: one.opening[1:] * times,
    "closings without their last character": lambda one, times: one.with_content(one.closing[:-1] * times),
    "closings without their first character": lambda one, times: one.with_content(one.closing[1:] * times),
    "every marker in a row": lambda one, times: "".join(one.marks) * (1 + times // 8),
    "every marker backwards": lambda one, times: "\n".join(reversed(one.marks)) * (1 + times // 8),
    "every beginning of a marker": lambda one, times: " ".join(m[:at] for m in one.marks for at in range(1, len(m))) * (1 + times // 40),
    "every end of a marker": lambda one, times: " ".join(m[at:] for m in one.marks for at in range(1, len(m))) * (1 + times // 40),
    "alternations of two markers": _alternating,
    "markers by chance": lambda one, times: _shuffled(one, times, one.marks),
    "halves by chance": lambda one, times: _shuffled(one, times, _halves(one)),
    "halves, brackets and quotes by chance": lambda one, times: _shuffled(one, times, [*_halves(one), *'{}[]"\\:,\n a']),
    "markers in capitals": lambda one, times: one.call.upper() + one.opening.upper() * times + one.call.swapcase(),
    "markers with a zero-width space": lambda one, times: "".join(f"{m[0]}\u200b{m[1:]}" for m in one.marks) * (1 + times // 8) + one.call,
    "markers in full width": lambda one, times: one.call.replace("<", "＜").replace("[", "［") * (1 + times // 8) + one.call,
    "markers inside markers": lambda one, times: "".join(f"{m[:at]}{m}{m[at:]}" for m in one.marks for at in {1, len(m) - 1}) * (1 + times // 16),
    "angles": lambda one, times: "<" * times + one.call + ">" * times + "<|" * times + "|>" * times,
    "tokens between all words": lambda one, times: "".join(f"{m} word " for m in one.marks) * (1 + times // 8) + one.call,
    "the end inside a marker": lambda one, times: "word " * times + one.call + one.opening[:-1],
}  # fmt: skip
CALLS: dict[str, Kind] = {
    "a call cut at its end": lambda one, times: "Well. " * times + one.call[: -len(one.closing)],
    "a call cut in its middle": lambda one, times: one.with_content("word " * times)[: -len(one.call) // 2],
    "a call cut behind its name": lambda one, times: "Well. " * times + one.call.partition(_NAME)[0] + _NAME,
    "a call with two openings": lambda one, times: one.opening * 2 + one.call * (1 + times // 16),
    "a call with two closings": lambda one, times: (one.call + one.closing * 2) * (1 + times // 16),
    "a call without its opening": lambda one, times: one.call.removeprefix(one.opening) * (1 + times // 16),
    "many calls": lambda one, times: written(one.dialect, *[_ARGUMENTS] * times),
    "many cut calls": lambda one, times: one.call[: len(one.call) // 2] * times,
    "a call in a call": lambda one, _: one.with_content(one.call),
    "a call in a call in a call": lambda one, times: one.with_content(one.with_content(one.call) * (1 + times // 16)),
    "words between calls": lambda one, times: f"{one.call} and then " * times,
    "a call without end behind a call": lambda one, times: one.call + one.up_to_content("word " * times),
    "a call of another dialect in a call": lambda one, _: one.with_content("".join(other.call for other in one.others)),
    "calls of several dialects": lambda one, times: "\n".join(p.call for p in (*one.others, one)) * (1 + times // 16),
    "an opening of one dialect, the closing of another": lambda one, _: "".join(one.up_to_content("x" + other.closing) for other in one.others),
    "openings of several dialects": lambda one, times: "".join(p.opening for p in (*one.others, one)) * times,
    "calls of several dialects, cut": lambda one, times: "".join(p.call[: len(p.call) // 2] for p in (*one.others, one)) * (1 + times // 16),
    "words inside of the call": lambda one, _: one.with_name(f"{_NAME} for you"),
    "a byte order mark": lambda one, times: f"\ufeff{one.call}\ufeff{one.with_content(chr(0xFEFF) * times)}",
    "lines of CRLF": lambda one, times: (one.call.replace("\n", "\r\n") + "\r\n") * (1 + times // 16),
    "lines of CR": lambda one, times: one.with_content("\r" * times).replace("\n", "\r"),
    "white space at each joint": lambda one, times: one.call.replace('"', f'"{" " * times}').replace(">", f">{chr(10) * times}"),
    "a call in a code fence": lambda one, times: f"```json\n{one.call}\n```\n" * (1 + times // 16) + "```" * times,
    "a call in quotes": lambda one, times: f"“{one.call}” `{one.call}` > {one.call}" * (1 + times // 16),
}  # fmt: skip
VALUES: dict[str, Kind] = {
    "an opening in a string": lambda one, times: one.with_content(one.opening * times),
    "a closing in a string": lambda one, times: one.with_content(one.closing * times),
    "every marker in a string": lambda one, times: one.with_content(" ".join(one.marks) * (1 + times // 8)),
    "the end of a call and another call in a string": lambda one, _: one.with_content(one.call.partition(_CONTENT)[2] + one.call),
    "escaped markers in a string": lambda one, times: one.with_content(json.dumps(one.call * (1 + times // 16))[1:-1].replace("<", "\\u003c")),
    "backslashes, an odd number": lambda one, times: one.with_content("\\" * (2 * times + 1)),
    "backslashes, an even number": lambda one, times: one.with_content("\\" * (2 * times)),
    "escaped quotes": lambda one, times: one.with_content('\\"' * times),
    "quotes": lambda one, times: one.with_content('"' * times),
    "quotes of both kinds": lambda one, times: one.with_content("\"'" * times + "'''" + '"""'),
    "wrong escapes": lambda one, times: one.with_content("\\x41\\u12\\q\\u" * times),
    "NUL": lambda one, times: "\0" + one.with_content("\0" * times) + one.with_name("write\0file") + "\0",
    "lone surrogates": lambda one, times: f"\ud83d {one.with_content(chr(0xD83D) * times)} \ude00",
    "escaped lone surrogates": lambda one, times: one.with_content("\\ud83d" * times),
    "surrogates in the wrong order": lambda one, times: one.with_content("\\ude00\\ud83d\ude00\ud83d" * times),
    "control characters": lambda one, times: one.with_content(_CONTROLS * (1 + times // 8)) + _CONTROLS,
    "directions and joiners": lambda one, times: one.with_content("\u202e\u2066\u200d\u2028\u2029\u0301" * times),
    "a number of many digits": lambda one, times: one.with_mode("9" * (5000 + times)),
    "numbers that are none": lambda one, times: "\n".join(map(one.with_mode, ("NaN", "-Infinity", "1e999", "0x10", "--1", "1.", "01", "1_0", "½"))) + "9." * times,
    "a number with an exponent": lambda one, times: one.with_mode("1e" + "9" * times),
    "brackets without end": lambda one, times: one.with_mode("[" * 8 * times),
    "brackets with an end": lambda one, times: one.with_mode("[" * 8 * times + "]" * 8 * times),
    "braces without end": lambda one, times: one.with_mode('{"a":' * 8 * times),
    "closing brackets": lambda one, times: one.with_mode("]}" * 8 * times),
    "brackets in a string": lambda one, times: one.with_content("[{(" * 8 * times),
    "a value of another type": lambda one, _: "\n".join(map(one.with_mode, ('"six"', "null", "[6]", '{"a": 6}', "6.5", "true", ""))),
    "a comma too many": lambda one, times: one.with_mode("644" + "," * times) + one.call.replace("}", ",}"),
    "comments": lambda one, times: one.with_mode("644 // six\n" * times) + one.with_mode("/* 6 */ 644 # six"),
    "Python's words": lambda one, times: one.with_mode("None") + one.call.replace('"', "'") + one.with_mode("True, " * times),
    "a string without its end": lambda one, times: one.up_to_content("x\n" * times + one.closing),
    "HTML in a string": lambda one, times: one.with_content("<p class=\"a\">\\n<b title='</b>'>{</p>" * times),
    "entities and a doctype": lambda one, times: _ENTITIES + one.with_content("&c;&lt;&#0;&#x110000;" * times) + "<![CDATA[" + one.call + "]]><!--",
    "white space in a string": lambda one, times: one.with_content("x" + " \t\n" * times),
    "an escape that never ends": lambda one, times: one.up_to_content("\\" * times),
}  # fmt: skip
NAMES: dict[str, Kind] = {
    "a long name": lambda one, times: one.with_name("n" * 100 * times),
    "a long name of an argument": lambda one, times: one.call.replace("content", "n" * 100 * times),
    "no name": lambda one, times: one.with_name("") * (1 + times // 16),
    "names of no tool": lambda one, _: "\n".join(map(one.with_name, ("nobody", "__proto__", "write_file ", "Write_File", "halt", "a b"))),
    "a marker for a name": lambda one, _: one.with_name(one.opening) + one.with_name(one.closing),
    "a marker for an argument": lambda one, _: one.call.replace("content", one.opening) + one.call.replace("content", one.closing),
    "arguments twice": lambda one, times: one.call.replace("mode", "content") + one.call.replace("content", "path") * (1 + times // 16),
    "arguments of no tool": lambda one, _: one.call.replace("content", "__class__") + one.call.replace("mode", ""),
    "keys in quotes": lambda one, times: one.call.replace("content", 'con"tent') + one.call.replace("content", "'" * times),
}  # fmt: skip
WORDS: dict[str, Kind] = {
    "reasoning without end": lambda one, times: one.thinking[0] + "Hm. " * times + one.call,
    "reasoning without a beginning": lambda one, times: ("Hm. " + one.thinking[1]) * times + one.call,
    "reasoning in reasoning": lambda one, times: one.thinking[0] * times + "Hm." + one.thinking[1] * times + one.call,
    "reasoning, one after the other": lambda one, times: f"{one.thinking[0]}Hm.{one.thinking[1]}" * times + one.call,
    "a call in reasoning": lambda one, times: f"{one.thinking[0]}{one.call}{one.thinking[1]}{one.call}" * (1 + times // 16),
    "reasoning in a call": lambda one, times: one.with_content("".join(one.thinking) * times),
    "an invented result": lambda one, times: (one.call + f"{one.result[0]}done{one.result[1]}") * (1 + times // 16),
    "invented results without end": lambda one, times: one.call + one.result[0] * times + one.call,
    "a call in an invented result": lambda one, _: one.call + one.result[0] + one.call + one.result[1] + one.call,
    "bare JSON": lambda _, times: f"{_BARE}\n" * (1 + times // 16),
    "bare JSON without end": lambda _, times: _BARE[:-2] + " " * times,
    "bare JSON among words": lambda one, times: f"So {_BARE} or [{_BARE}, " * (1 + times // 16) + one.call,
    "bare lists": lambda one, times: "[" * times + _BARE + "]" * times + one.call,
    "Python's calls": lambda one, times: f"{_PYTHON}; " * (1 + times // 16) + f"[{_PYTHON}]" + one.call,
    "Python's calls in each other": lambda _, times: "write_file(" * times + ")" * times,
    "fences without end": lambda one, times: "```" * times + "\n" + one.call + "\n```json\n" * times,
    "white space": lambda one, times: " \n\t\u00a0\u3000" * times + one.call + "\n" * times,
    "one long word": lambda one, times: "w" * 100 * times + one.call,
    "combining marks and emoji": lambda one, times: "e\u0301👩\u200d👩\u200d👧" * times + one.call + "\u0301",
    "names of tools in words": lambda _, times: 'write_file search {"path": "a"} halt() ' * times,
}  # fmt: skip
KINDS: dict[str, Kind] = {**MARKERS, **CALLS, **VALUES, **NAMES, **WORDS}
