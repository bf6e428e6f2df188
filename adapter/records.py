"""Records of exchanges: a request to upstream, the answer, and the choices that were made (behaviour 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.events import Problem

# Members of the caller's request that a record as JSON keeps: those that a case for an evaluation is made of.
_ASKED = ("messages", "input", "instructions", "system", "tools", "tool_choice", "parallel_tool_calls")
VERSION = 1  # of a record as JSON
Outcome = Literal[
    "answered",  # the answer stands, or is handed on
    "asked_again",  # the answer was at fault, and the model was asked again
    "continued",  # a further request goes on from the answer: after the thinking, or without a field that was refused
    "refused",  # the answer was at fault, and the caller got an error
    "error",  # upstream answered with an error
    "broken",  # the connection broke off, or the caller went away
]


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A tool call in an answer.

    Attributes:
        name: The tool.
        arguments: JSON text.
        valid: The tool was offered and accepts the arguments; None for a call in upstream's own form, unchecked.
    """

    name: str
    arguments: str
    valid: bool | None = None


class Unread(Protocol):
    """The bytes of a request and of its answer, not yet read (`adapter.exchange.unread`)."""

    def members(self, name: str) -> Mapping[str, Any]:
        """Return the members of a record that are read together with one of them."""

    def weight(self) -> int:
        """Return the size in bytes, about, of the bytes and of the values that they are read into."""

    def quotes(self, key: bytes) -> bool:
        """Return True where the text of the answer holds a key."""


class _Late:
    """A record some of whose members are read when somebody first asks for one."""

    __slots__ = ("_unread",)

    if not TYPE_CHECKING:  # a type checker is to see the members alone

        def __getattr__(self, name: str) -> Any:
            """Read a member that was not read yet."""
            if name not in type(self).__dataclass_fields__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            for one, value in self._unread.members(name).items():
                object.__setattr__(self, one, value)
            return object.__getattribute__(self, name)


@dataclass(frozen=True, slots=True)
class ExchangeRecord(_Late):
    """One request to upstream, and the answer. Headers, keys and addresses are never in a record.

    Attributes:
        exchange: The id of the caller's request; all its requests to upstream share the id.
        number: The number of the request among those for the caller's request, from 1.
        endpoint: The end of the URL's path: `/chat/completions`, `/completions`; `/models` or `/props` for a question about
            the model's size.
        model: The model's name in the caller's request.
        request: The JSON body sent; a copy.
        stream: The answer was asked for in pieces.
        status: The HTTP status; None without an answer.
        raw: The answer's body as upstream sent it, decoded from UTF-8: at most the first 1 MiB.
        completions: The text that the model wrote, by choice. Text that begins the answer (a prefill) stands in the request.
        reasoning: The reasoning that upstream sent in a field of its own, of the first choice.
        finish_reason: Upstream's word, of the first choice; empty without one.
        response_id: The id of the answer; empty without one.
        response_model: The model that answered, as upstream names it; empty where upstream does not.
        calls: The calls in the answer, of all choices.
        problems: The problems told since the request before: those of this request and of its answer.
        usage: Upstream's count of tokens, or None.
        started: The time of sending, in seconds since the epoch.
        first: Seconds until the first bytes of the answer; None without an answer.
        seconds: Seconds until the end of the answer.
        dialect: The name of the dialect.
        rung: The rung of the ladder by which the answer was made a call: `"prompt"`, `"json_schema"`, … ; `"native"` for a
            request that goes upstream with its tools; empty for a request without tools.
        reasons: The reasons of the choices that were left to the adapter: dialect, rung, chat template, profile.
        outcome: The fate of the answer; see `Outcome`.
        error: The error, in a sentence; empty without one.
        asked: The JSON body of the caller's request, in the form of the caller's API.
    """

    exchange: str
    number: int
    endpoint: str
    model: str
    request: Mapping[str, Any]
    stream: bool
    status: int | None
    raw: str
    completions: tuple[str, ...]
    reasoning: str
    finish_reason: str
    response_id: str
    response_model: str
    calls: tuple[RecordedCall, ...]
    problems: tuple[Problem, ...]
    usage: Mapping[str, Any] | None
    started: float
    first: float | None
    seconds: float
    dialect: str
    rung: str
    reasons: tuple[str, ...]
    outcome: Outcome
    error: str
    asked: Mapping[str, Any] | None = None

    @classmethod
    def late(cls, known: Mapping[str, Any], unread: Unread) -> ExchangeRecord:
        """Return a record of members that are known, and others that are read when somebody asks for one."""
        made = object.__new__(cls)
        put = object.__setattr__
        for name, value in known.items():
            put(made, name, value)
        put(made, "_unread", unread)
        return made

    @property
    def unread(self) -> Unread | None:
        """The bytes of a record that is read late; None for a record whose members were given."""
        try:
            found: Unread = object.__getattribute__(self, "_unread")
        except AttributeError:
            return None
        return found

    @property
    def completion(self) -> str:
        """The text that the model wrote; of several choices the first."""
        return self.completions[0] if self.completions else ""

    @property
    def prompt(self) -> str:
        """The text sent: the prompt of a raw completion, or the messages, each under its role."""
        prompt = self.request.get("prompt")
        if isinstance(prompt, str):
            return prompt
        messages = self.request.get("messages")
        return "\n\n".join(map(_shown, messages)) if isinstance(messages, list) else ""

    def __str__(self) -> str:
        """Return the record as a text for people: the prompt, the completion, and a line about both."""
        problems = "".join(f"\n{problem.kind}: {problem.message}" for problem in self.problems)
        said = [*self.completions] or [self.raw]
        answers = "".join(f"\n── the model wrote ──\n{text}" for text in said)
        return f"{self.summary()}\n── the model read ──\n{self.prompt}{answers}{problems}"

    def summary(self) -> str:
        """Return one line: the outcome, the calls, the time, the tokens, the choices."""
        parts = [f"{self.endpoint} {self.model}".strip(), f"request {self.number}", self.outcome]
        parts += [f"status {self.status}"] if self.status not in {None, 200} else []
        parts += [f"calls {', '.join(call.name for call in self.calls)}"] if self.calls else []
        parts += [f"{self.seconds:.2f} s", *tokens_in(self.usage)]
        parts += [" ".join(filter(None, (self.dialect, self.rung)))] if self.dialect else []
        parts += [self.error] if self.error else []
        return ", ".join(parts)


def as_object(record: ExchangeRecord) -> dict[str, Any]:
    """Return a record as an object of JSON: a line of the file that `adapter serve --record` writes."""
    asked = record.asked if record.number == 1 else None  # the same for all requests of an exchange
    return {
        "version": VERSION,
        "exchange": record.exchange,
        "number": record.number,
        "started": record.started,
        "endpoint": record.endpoint,
        "model": record.model,
        "request": record.request,
        "prompt": record.prompt,
        "stream": record.stream,
        "status": record.status,
        "raw": record.raw,
        "completions": record.completions,
        "reasoning": record.reasoning,
        "finish_reason": record.finish_reason,
        "calls": [{"name": call.name, "arguments": call.arguments, "valid": call.valid} for call in record.calls],
        "problems": [{"kind": one.kind, "message": one.message, "raw": one.raw, "tool": one.tool} for one in record.problems],
        "usage": record.usage,
        "outcome": record.outcome,
        "error": record.error,
        "dialect": record.dialect,
        "rung": record.rung,
        "reasons": record.reasons,
        "first": record.first,
        "seconds": record.seconds,
        **({"asked": {name: asked[name] for name in _ASKED if name in asked}} if asked else {}),
    }


def tokens_in(usage: Mapping[str, Any] | None) -> list[str]:
    """Return the count of tokens as words; an empty list for an unknown count."""
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")] if usage else []
    return [f"{counts[0]} + {counts[1]} tokens"] if counts and all(isinstance(count, int) for count in counts) else []


def _shown(message: Any) -> str:
    """Return a message as text under its role; parts other than text by their type."""
    if not isinstance(message, dict):
        return repr(message)
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(map(_part, content))
    thought = message.get("reasoning_content")
    calls = message.get("tool_calls")
    texts = (f"[reasoning] {thought}" if thought else "", str(content or ""), f"[calls] {calls}" if calls else "")
    return f"── {message.get('role')} ──\n" + "\n".join(filter(None, texts))


def _part(part: Any) -> str:
    kind = part.get("type") if isinstance(part, dict) else type(part).__name__
    return str(part.get("text", "")) if kind == "text" else f"[{kind}]"
