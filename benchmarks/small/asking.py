"""Items asked in an arm, and the answers as they came, line by line in a file, so that a run that was stopped goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import openai
from openai import DefaultHttpxClient, OpenAI

import adapter
from benchmarks.small.items import KINDS, Item, answered, items
from benchmarks.small.judging import is_right_call

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.small.arms import Arm

_MAX_TOKENS = 160
Track = Callable[[Iterable[Item], str], Iterable[Item]]


@dataclass(frozen=True)
class Answer:
    """An answer.

    Attributes:
        calls: Names and arguments of the calls.
        content: The words.
        finish: The reason why the answer ended; the code of an answer that was refused.
        told: Kinds of the problems that were told.
        raw: What the model wrote, request by request.
    """

    calls: tuple[tuple[str, str], ...]
    content: str
    finish: str
    told: tuple[str, ...]
    raw: tuple[str, ...]


class Asker:
    """A client for one arm, which hears what the model really writes.

    Args:
        base_url: The server.
        api_key: Its key.
        model: The model's name.
        server: The kind of the server.
        arm: The way to ask.
        tools: Tools to offer at most.
        timeout: Seconds for an answer.
    """

    def __init__(self, base_url: str, api_key: str, model: str, server: str, arm: Arm, tools: int, timeout: float) -> None:
        self._raw: list[str] = []
        self._told: list[str] = []
        self._model = model
        self._arm = arm
        self._most = tools
        hooks: dict[str, list[Any]] = {"response": [self._hear]}
        http = DefaultHttpxClient(event_hooks=hooks, timeout=timeout)
        self._plain = OpenAI(base_url=base_url, api_key=api_key, http_client=http, max_retries=0, timeout=timeout)
        told = self._told
        chosen = {"server": server, "on_event": lambda problem: told.append(problem.kind)}
        self._client = self._plain if arm.options is None else adapter.wrap(self._plain, **{**chosen, **arm.options})

    def close(self) -> None:
        """Close the client."""
        self._plain.close()

    def _hear(self, response: Any) -> None:
        if "json" in response.headers.get("content-type", ""):
            response.read()
            choices = response.json().get("choices") or [{}]
            self._raw.append(str((choices[0].get("message") or {}).get("content") or ""))

    def ask(self, item: Item) -> list[Answer]:
        """Ask an item. Returns one answer; of a conversation one for each request."""
        return list(self._conversation(item)) if item.turns else [self._one(item, item.messages())]

    def _conversation(self, item: Item) -> Iterator[Answer]:
        """Have a conversation: after a right call comes its result, and after anything else the next words of the user."""
        messages: list[dict[str, Any]] = []
        for number, (text, tool, wanted, result, _) in enumerate(item.turns):
            messages.append({"role": "user", "content": text})
            answer = self._one(item, messages)
            yield answer
            if tool and answer.calls and is_right_call(answer.calls[0], tool, wanted):
                messages += answered(*answer.calls[0], result, f"call_{number}")
                answer = self._one(item, messages)
                yield answer
            messages.append({"role": "assistant", "content": answer.content or "…"})

    def _one(self, item: Item, messages: list[dict[str, Any]]) -> Answer:
        self._raw.clear()
        self._told.clear()
        request: Any = {"model": self._model, "messages": messages, "tools": item.tools(self._most), "temperature": 0}
        request |= {"max_tokens": _MAX_TOKENS, **({"tool_choice": "required"} if self._arm.forced else {})}
        try:
            choice = self._client.chat.completions.create(**request).choices[0]
        except openai.UnprocessableEntityError as error:  # the adapter refused the answer
            return Answer((), "", str(error.code), tuple(self._told), tuple(self._raw))
        made = [call.function for call in choice.message.tool_calls or () if call.type == "function"]
        calls = tuple((function.name, function.arguments) for function in made)
        return Answer(calls, choice.message.content or "", choice.finish_reason, tuple(self._told), tuple(self._raw))


@contextmanager
def asker(*args: Any) -> Iterator[Asker]:
    """An asker that is closed at the end."""
    made = Asker(*args)
    try:
        yield made
    finally:
        made.close()


def kept(path: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The answers in a file, by model, arm and item. A last line that was cut off is passed over."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        found[record["model"], record["arm"], record["item"]] = record
    return found


def run(
    ask: Asker,
    arm: Arm,
    model: str,
    path: Path,
    track: Track,
    first: int | None = None,
    half: str | None = None,
    kinds: Iterable[str] = KINDS,
) -> int:
    """Ask all items of an arm that have no answer in the file yet. Returns how many were asked.

    Args:
        ask: The client.
        arm: The arm.
        model: The model's name, for the file.
        path: The file of kept answers; a line is written as soon as its answer is there.
        track: Draws a progress bar around the items.
        first: Items of each kind, from the first; None for all.
        half: The half that is asked; None for both.
        kinds: The kinds that are asked.
    """
    known = kept(path)
    due = [item for item in items() if item.kind in {*arm.kinds} & {*kinds} and (model, arm.name, item.name) not in known]
    due = [item for item in due if (first is None or item.number < first) and half in (None, item.half)]
    # A server that keeps the prompt before reads tools only once that stand in a row.
    due.sort(key=lambda item: (arm.kinds.index(item.kind), [tool["function"]["name"] for tool in item.tools(6)]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if file.tell() and not path.read_bytes().endswith(b"\n"):
            file.write("\n")  # behind a line that was cut off
        for item in track(due, arm.name):
            begun = time.monotonic()
            answers = [asdict(answer) for answer in ask.ask(item)]
            seconds = round(time.monotonic() - begun, 2)
            record = {"model": model, "arm": arm.name, "item": item.name, "seconds": seconds, "answers": answers}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
    return len(due)
