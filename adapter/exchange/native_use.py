"""The use of upstream's own tool calling, as its answers taught: for a client and model, for an hour (behaviour 6.11)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from adapter.events import Problem
from adapter.exchange.refused_fields import quote, said
from adapter.prompt.parts import text_of
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from adapter.completion.native.parser import Origin
    from adapter.completion.result import ParsedCompletion
    from adapter.exchange.protocol import Reply, Report
    from adapter.options import Options
    from adapter.tools.choice import ToolChoice
    from adapter.tools.definitions import ToolSet

Scope = Literal["all", "forced", "none"]
_HOUR = 3600.0
_WHICH = {
    "all": "requests with tools",
    "forced": "requests whose tool_choice asks for a call",
    "none": "requests with tool_choice='none'",
}
_REFUSALS = frozenset({400, 422, 501})
# Statuses of many other failures: only words about tools make them a refusal of tools.
_PERHAPS = frozenset({404, 405, 500, 502})
_TOOLS = re.compile(r"\btools?\b|tool[ _-](?:choice|call)|function[ _-]?call|\bfunctions\b", re.IGNORECASE)
_CHOICE = re.compile(r"tool[ _-]choice", re.IGNORECASE)
# Refusals of a request that would be refused in words too.
_ANYWAY = re.compile(
    r"context[ _](?:length|window|size)|maximum (?:context|length)|max_tokens|too (?:long|large|many tokens)|exceeds? the"
    r"|api[ _]key",
    re.IGNORECASE,
)
# Problems of an answer whose text looks like a call that is not read.
_UNREAD = frozenset({"other_dialect", "near_call", "unreadable"})
# Characters of a text that a token stands for, at most: of prose and JSON, tokenizers make tokens of three to five.
_CHARACTERS = 7
# Characters of the messages that count: of a long conversation, servers drop the beginning.
_MOST_SAID = 2000


_NATIVELY = "native='auto': requests go upstream with their tools"
IGNORED = "the tools of a request did not reach the prompt: its tokens are too few for their names and descriptions"
# The last sentence of a refusal, by the option `native`.
NATIVE_ADVICE = {
    "auto": "The request went with its tools; try more retries, or native='never', where enforce= can hold the call.",
    "always": "The request went with its tools; try more retries, or native='auto', which asks again in words.",
}


class NativeUse:
    """Facts about the tool calling of a model's server.

    Args:
        report: Called with a `Problem` for each fact that decides.
        clock: The time in seconds since the epoch.

    Attributes:
        proved: The server has made a call itself.
    """

    __slots__ = ("_asked", "_because", "_clock", "_report", "_until", "proved")

    def __init__(self, report: Report, clock: Callable[[], float]) -> None:
        self._report = report
        self._clock = clock
        self._until: dict[Scope, float] = {}
        self._because: dict[Scope, str] = {}
        self._asked = float("-inf")
        self.proved = False

    @property
    def known(self) -> bool:
        """The server has made a call itself, was asked within the hour if tools reach the prompt, or gets words."""
        now = self._clock()
        return self.proved or now < self._asked + _HOUR or now < self._until.get("all", now)

    def asked(self) -> None:
        """The server was asked if tools reach the prompt."""
        self._asked = self._clock()

    def in_words(self, choice: ToolChoice) -> bool:
        """Return True for a request that goes in words, by what was learnt within the hour."""
        scopes: list[Scope] = ["all"]
        scopes += ["forced"] if choice.forced else ["none"] if choice.mode == "none" else []
        now = self._clock()
        return any(now < self._until.get(scope, now) for scope in scopes)

    def reasons(self, chosen: Iterable[str]) -> tuple[str, ...]:
        """Return the reasons of the choices for a request that went in words: what was learnt, in place of the first choice."""
        now = self._clock()
        learnt = [self._because[scope] for scope, until in self._until.items() if now < until]
        return (*(reason for reason in chosen if not (learnt and reason.startswith(_NATIVELY))), *learnt)

    def learn(self, scope: Scope, reason: str, raw: str = "") -> None:
        """Decide for words, for an hour, and tell."""
        self._until[scope] = self._clock() + _HOUR
        self._because[scope] = message = f"native='auto': {_WHICH[scope]} go in words for an hour, because {reason}"
        self._report(Problem("chosen", message, raw))

    def heard(self, origin: Origin, parsed: ParsedCompletion, *, decides: bool) -> None:
        """Learn from a finished answer where the server's calls come from; without `decides` nothing is decided for words."""
        if origin == "native":
            self.proved = True
        elif origin == "text" and not self.proved and decides:
            raw = parsed.tool_calls[0].raw if parsed.tool_calls else ""
            self.learn("all", "upstream left a call in the text of its answer", raw)
        elif origin == "none" and not self.proved and decides:
            for problem in parsed.problems:
                if problem.kind in _UNREAD:
                    self.learn("all", "upstream left text like a call in its answer", problem.raw)
                    break

    def ignores(self, tools: ToolSet, messages: Iterable[Mapping[str, Any]], usage: Any) -> bool:
        """Learn from the usage of an answer without calls. Returns True where the tools were not in the prompt."""
        ignored = not self.proved and are_ignored(tools, messages, usage)
        if ignored:
            self.learn("all", f"{IGNORED} ({usage['prompt_tokens']} prompt tokens)")
        return ignored

    def refused(self, reply: Reply, choice: ToolChoice) -> None:
        """Learn from a refusal, after the same request in words was answered."""
        only = choice.forced and _CHOICE.search(said(reply.body))
        reason = f"upstream refused one ({reply.status}): {quote(reply.body)}"
        self.learn("forced" if only else "all", reason, reply.body.decode("utf-8", "replace"))


def refuses_tools(reply: Reply) -> bool:
    """Return True for a reply that may refuse a request because of its tools: the same in words may be answered."""
    text = said(reply.body)
    if reply.status in _PERHAPS:
        return _TOOLS.search(text) is not None
    return reply.status in _REFUSALS and _ANYWAY.search(text) is None


def are_ignored(tools: ToolSet, messages: Iterable[Mapping[str, Any]], usage: Any) -> bool:
    """Return True where the tools cannot have been in the prompt: it has far fewer tokens than its words would have.

    Args:
        tools: The tools of the request.
        messages: The messages of the request.
        usage: The usage of the answer.
    """
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    if type(tokens) is not int or tokens <= 0:
        return False
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    most = (tokens + (cached if type(cached) is int else 0)) * _CHARACTERS
    shown = sum(_length(word) for tool in tools for word in _words(tool.wire.get("function", {})))
    return most < shown + min(
        _MOST_SAID, sum(_length(text_of(message.get("content"))) for message in messages if _is_shown(message))
    )


def _is_shown(message: Mapping[str, Any]) -> bool:
    """Return True for a message that every chat template shows in full: of the assistant's, some drop thoughts."""
    return message.get("role") != "assistant"


def _length(text: str) -> int:
    return len(" ".join(text.split()))


def _words(value: Any) -> Iterator[str]:
    """Yield the words of a definition that every chat template shows: names and descriptions."""
    waiting = [value]
    while waiting:
        found: Any = waiting.pop()
        if isinstance(found, dict):
            yield from (found[key] for key in ("name", "description") if isinstance(found.get(key), str))
            properties = found.get("properties")
            if isinstance(properties, dict):
                yield from (name for name in properties if isinstance(name, str))
                waiting += properties.values()
            waiting.append(found.get("parameters"))


def native_choice(options: Options) -> list[str]:
    """Return the sentence on the use of native tool calling by `"auto"`; none where the option says what happens."""
    if options.native != "auto":
        return []
    if options.upstream == "completions":
        return ["native='auto': requests go in words, as /v1/completions takes no tools"]
    held = {"enforce": options.enforce, "examples": options.examples, "reply_tool": options.reply_tool}
    only = [name for name, value in held.items() if value not in (None, False, "prompt")]
    told = f"{_NATIVELY}, as long as that gives calls"
    only = [f"{name}=" for name in only]
    return [f"{told}; {some_of(only, ' and ')} {'holds' if len(only) == 1 else 'hold'} for requests in words" if only else told]
