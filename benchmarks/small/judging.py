"""The judgement on kept answers, without a model: right calls, false calls, answers, conversations, with Wilson intervals."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.small.items import Item, items

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HALVES = ("tuning", "reported")
# Marks of calls and of results, which have no place in an answer.
_MARKUP = re.compile(r"</?(?:tool_call|tool_response|tools?|function)|\"arguments\"\s*:")
_Z = 1.96


@dataclass(frozen=True)
class Share:
    """A count out of so many, with the interval in which the true share lies with 95 % confidence (Wilson)."""

    count: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """The lower and the upper end."""
        if not self.of:
            return 0.0, 1.0
        share, square = self.count / self.of, _Z * _Z
        middle = (share + square / (2 * self.of)) / (1 + square / self.of)
        half = _Z * math.sqrt(share * (1 - share) / self.of + square / (4 * self.of * self.of)) / (1 + square / self.of)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.count}/{self.of} ({low:.0%}-{high:.0%})" if self.of else ""


def is_right_call(call: Iterable[str], tool: str, wanted: Mapping[str, str]) -> bool:
    """True for a call of the tool in which every wanted argument holds one of its spellings."""
    name, arguments = call
    try:
        given = json.loads(arguments)
    except ValueError:
        return False
    return name == tool and isinstance(given, dict) and all(_holds(given.get(key), words) for key, words in wanted.items())


def _holds(value: Any, spellings: str) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return any(_number(word) == float(value) for word in spellings.split("|"))
    text = str(value).casefold()
    if (number := _number(text)) is not None and any(_number(word) == number for word in spellings.split("|")):
        return True
    return any(word in text for word in spellings.split("|") if _number(word) is None or not text.isdecimal())


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def is_good_answer(answer: Mapping[str, Any], words: str) -> bool:
    """True for an answer in words, without a call and without markup, that holds one of the words; any words for none."""
    content = str(answer["content"]).casefold()
    if answer["calls"] or not content.strip() or _MARKUP.search(content):
        return False
    return not words or any(word in content for word in words.split("|"))


def is_whole_conversation(answers: list[dict[str, Any]], item: Item) -> bool:
    """True if every turn went right: the right call and a good answer from its result, or an answer in words."""
    left = iter(answers)
    for _, tool, wanted, _, words in item.turns:
        answer = next(left, None)
        if answer is None:
            return False
        if tool:
            if len(answer["calls"]) != 1 or not is_right_call(answer["calls"][0], tool, wanted):
                return False
            answer = next(left, None)
            if answer is None:
                return False
        if not is_good_answer(answer, words):
            return False
    return True


def is_good(item: Item, answers: list[dict[str, Any]]) -> bool:
    """The judgement on the answers to an item; of a remark True for a false call."""
    if item.kind == "question":
        return any(is_right_call(call, item.tool, item.wanted) for call in answers[0]["calls"])
    if item.kind == "remark":
        return bool(answers[0]["calls"])
    return is_good_answer(answers[0], item.words) if item.kind == "result" else is_whole_conversation(answers, item)


def judged(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], dict[str, Share]]:
    """Shares by model, arm and half: of `question` right, of `remark` false, of `result` and `conversation` good."""
    known = {item.name: item for item in items()}
    counts: dict[tuple[str, str, str], dict[str, list[int]]] = {}
    for record in records:
        item = known.get(record["item"])
        if item is None:  # of another version of the texts
            continue
        kinds = counts.setdefault((record["model"], record["arm"], item.half), {})
        count = kinds.setdefault(item.kind, [0, 0])
        count[0] += is_good(item, record["answers"])
        count[1] += 1
    return {key: {kind: Share(*count) for kind, count in kinds.items()} for key, kinds in counts.items()}


def table(records: Iterable[Mapping[str, Any]], half: str) -> list[str]:
    """The shares of a half as lines of a table in Markdown."""
    lines = ["| model | way | right calls | false calls | answers | conversations |", "|---|---|---|---|---|---|"]
    for (model, arm, of_half), shares in judged(records).items():
        if of_half == half:
            cells = [str(shares.get(kind, "")) for kind in ("question", "remark", "result", "conversation")]
            lines.append(f"| {model} | {arm} | {' | '.join(cells)} |")
    return lines
