"""The state of a probe: its budget, its facts, and requests that are sent again without a refused part."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.probing.facts import Fact
from adapter.probing.identity import Identity
from adapter.probing.wire import Ask, Reply
from adapter.servers import SERVERS

if TYPE_CHECKING:
    from adapter.probing.facts import Answer

MOST_REQUESTS = 12
MOST_TOKENS = 200
_MOST_TIMEOUTS = 2
Asking = Generator[Ask, Reply, Reply | None]
# Fields that help the probe and that a server may refuse: taken back for the rest of the probe.
_HELPS = {
    "temperature": re.compile(r"temperature", re.IGNORECASE),
    "chat_template_kwargs": re.compile(r"chat_template_kwargs", re.IGNORECASE),
    "enable_thinking": re.compile(r"enable_thinking", re.IGNORECASE),
    "max_tokens": re.compile(r"max_completion_tokens", re.IGNORECASE),
}
_NO_THINKING: dict[str, dict[str, Any]] = {
    "dashscope": {"enable_thinking": False},
    **{kind: {"chat_template_kwargs": {"enable_thinking": False}} for kind in ("vllm", "sglang", "llama.cpp")},
}


@dataclass(slots=True)
class Budget:
    """Requests and tokens used, and their limits.

    An answer counts with the tokens that its usage tells, or with the limit of its request.
    """

    most_requests: int = MOST_REQUESTS
    most_tokens: int = MOST_TOKENS
    requests: int = 0
    tokens: int = 0

    def covers(self, tokens: int) -> bool:
        """Tell if a further request fits."""
        return self.requests < self.most_requests and self.tokens + tokens <= self.most_tokens

    def spend(self, ask: Ask, reply: Reply) -> None:
        """Count a request and its answer."""
        self.requests += 1
        told = reply.usage("completion_tokens")
        if reply.status == 200 or reply.timed_out:
            self.tokens += ask.tokens if told is None else told


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a request that a server may refuse.

    Attributes:
        name: The name of the question that the part asks.
        words: The words by which an error names the part.
        without: Returns the body without the part.
    """

    name: str
    words: re.Pattern[str]
    without: Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The last reply to a request, and the parts that were refused on the way.

    Attributes:
        reply: The reply; None if the budget did not cover the request.
        refused: Evidence by the name of the part; parts refused for certain.
        unsure: Evidence for parts that were refused together.
    """

    reply: Reply | None
    refused: Mapping[str, str]
    unsure: Mapping[str, str]


@dataclass(slots=True)
class Session:
    """The state of a probe.

    Attributes:
        base: The base URL, without a slash at its end.
        model: The model's name.
        secrets: Texts that no sentence may hold.
        identity: The server and the model as far as known.
        budget: Requests and tokens used.
        facts: Facts by name.
        prompt_tokens: Tokens of the plain prompt, if told.
        left_call: The text of an answer with a call that the server did not parse.
    """

    base: str
    model: str
    secrets: tuple[str, ...] = ()
    identity: Identity = field(default_factory=Identity)
    budget: Budget = field(default_factory=Budget)
    facts: dict[str, Fact] = field(default_factory=dict)
    prompt_tokens: int | None = None
    left_call: str = ""
    timeouts: int = 0
    _dropped: set[str] = field(default_factory=set)

    @property
    def root(self) -> str:
        """The base URL without its version: servers have their own routes beside `/v1`."""
        return re.sub(r"/(?:api/)?v\d+$", "", self.base)

    @property
    def server(self) -> str:
        """The kind of the server, if `adapter.servers` knows the kind; else `generic`."""
        return self.identity.kind if self.identity.kind in SERVERS else "generic"

    def tell(self, name: str, answer: Answer, evidence: str) -> None:
        """Add a fact. Secrets in the evidence are hidden."""
        self.facts[name] = Fact(name, answer, self.hidden(evidence))

    def tell_refused(self, outcome: Outcome) -> None:
        """Add the facts about refused parts."""
        for name, evidence in outcome.refused.items():
            self.tell(name, "no", evidence)
        for name, evidence in outcome.unsure.items():
            self.tell(name, "not told", evidence)

    def hidden(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def chat(self, messages: Sequence[Mapping[str, Any]], tokens: int, **fields: Any) -> dict[str, Any]:
        """Return the body of a chat request."""
        limit = "max_completion_tokens" if "max_tokens" in self._dropped else SERVERS[self.server].limit
        helps = {"temperature": 0, **_NO_THINKING.get(self.identity.kind, {})}
        kept = {name: value for name, value in helps.items() if name not in self._dropped}
        return {"model": self.model, "messages": list(messages), limit: tokens, **kept, **fields}

    def sent(self, body: dict[str, Any], tokens: int) -> Asking:
        """Send a chat request; a refused field that only helps the probe is taken back."""
        while self.budget.covers(tokens) and self.timeouts < _MOST_TIMEOUTS:
            reply = yield from self.asked(Ask("POST", f"{self.base}/chat/completions", body, tokens))
            helps = [name for name, words in _HELPS.items() if name in body and words.search(reply.words)]
            if not reply.refused or not helps:
                return reply
            self._dropped.update(helps)
            limit = body.get("max_tokens") if "max_tokens" in helps else None
            body = {name: value for name, value in body.items() if name not in helps}
            body |= {} if limit is None else {"max_completion_tokens": limit}
        return None

    def asked(self, ask: Ask) -> Generator[Ask, Reply, Reply]:
        """Send any request and count."""
        reply = yield ask
        self.budget.spend(ask, reply)
        self.timeouts = self.timeouts + 1 if reply.timed_out else 0
        return reply

    def tried(self, body: dict[str, Any], tokens: int, parts: Sequence[Part]) -> Generator[Ask, Reply, Outcome]:
        """Send a chat request whose parts may be refused, again without them."""
        refused: dict[str, str] = {}
        unsure: dict[str, str] = {}
        while True:
            reply = yield from self.sent(body, tokens)
            if reply is None or not reply.refused or not parts:
                return Outcome(reply, refused, unsure)
            named = [part for part in parts if part.words.search(reply.words)] or list(parts)
            told = refused if len(named) == 1 else unsure
            for part in named:
                others = "" if len(named) == 1 else f" with {', '.join(other.name for other in named if other is not part)}"
                told[part.name] = f"refused{others} ({reply.status}): {reply.words}"
                body = part.without(body)
            parts = [part for part in parts if part not in named]


def fields_away(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that takes fields out of a body."""
    return lambda body: {name: value for name, value in body.items() if name not in names}
