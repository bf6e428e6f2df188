"""Values of a run: calls and their outcomes, events, the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Outcome = Literal["finished", "failed", "timed_out", "refused", "invalid", "unknown", "interrupted", "not_run"]
Stopped = Literal["answered", "max_turns", "loop", "out_of_time", "dry_run", "interrupted"]
EventKind = Literal[
    "asking", "text", "reasoning", "waiting", "started", "finished", "failed", "timed_out", "refused", "invalid", "unknown",
    "interrupted", "not_run", "cut", "repeated", "note", "stopped",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for, checked and not yet run: the argument of `confirm`.

    Attributes:
        id: Id of the call in the history.
        name: Name of the tool.
        arguments: Arguments as the model wrote them, decoded.
        writes: The tool changes something.
        progress: Progress text of the tool, with the arguments filled in.
        description: Description of the tool.
    """

    id: str
    name: str
    arguments: Mapping[str, Any]
    writes: bool = False
    progress: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call of a run, with its outcome.

    Attributes:
        id: Id of the call in the history.
        name: Name that the model wrote.
        arguments: Arguments as the model wrote them, JSON text.
        outcome: `"finished"`: the function returned. `"failed"`: the function raised, or its result cannot be shown.
            `"timed_out"`: past its limit. `"refused"`: not confirmed, or a repetition of a call that may have written.
            `"invalid"`: the arguments break the schema. `"unknown"`: no tool has the name. `"interrupted"`: the run broke off
            while the function ran. `"not_run"`: the run broke off before the call, or `dry_run`.
        reply: Text of the tool result in the history, as the model reads the result.
        result: Value that the function returned; None for every other outcome.
        text: The result as text, in full where `reply` was cut.
        error: Exception that the function raised.
        turn: Number of the model's answer that holds the call, from 1.
        seconds: Duration of the function; 0.0 if the function did not run.
        writes: The tool changes something.
        abandoned: The function was still running when its record was made, and cannot be stopped.
    """

    id: str
    name: str
    arguments: str
    outcome: Outcome
    reply: str
    result: Any = None
    text: str = ""
    error: BaseException | None = None
    turn: int = 1
    seconds: float = 0.0
    writes: bool = False
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class RunEvent:
    """A step of a run, for `on_event`.

    Attributes:
        kind: `"asking"`: the model is asked. `"text"`, `"reasoning"`: a delta of a streamed answer. `"waiting"`: `confirm` is
            asked. `"started"`: a function starts. The outcomes of `CallRecord`: a call has ended. `"cut"`: a result was
            shortened for the model. `"repeated"`: the same calls had the same results before. `"note"`: a choice of the runner.
            `"stopped"`: the run is over.
        message: Sentence for people; the progress text of the tool for `"waiting"` and `"started"`; the delta for `"text"`.
        turn: Number of the model's answer, from 1.
        call: The call, if the step concerns a known tool with valid arguments.
        record: The record of a call that has ended.
    """

    kind: EventKind
    message: str
    turn: int
    call: ToolCall | None = None
    record: CallRecord | None = None


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Tokens of all answers of a run, as the server counts them.

    Attributes:
        prompt: Tokens of the prompts.
        completion: Tokens of the completions.
        reported: Answers that came with counts.
    """

    prompt: int = 0
    completion: int = 0
    reported: int = 0

    @property
    def total(self) -> int:
        """Tokens of prompts and completions."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run.

    Attributes:
        answer: The final answer in words; None if the run ended before the model answered.
        stopped: Reason of the end. `"answered"`; `"max_turns"`; `"loop"`: the same calls had the same results again and again;
            `"out_of_time"`: past `total_timeout`; `"dry_run"`; `"interrupted"`: an exception, which has the result (`run_of`).
        messages: The conversation with all answers and results, ready for the next request: every call has a result.
        calls: The calls in the order of the history.
        turns: Number of answers of the model.
        tokens: Tokens of all answers.
        seconds: Duration of the run.
        model_seconds: Duration of the model's answers.
        finish_reason: `finish_reason` of the last answer.
        error: The client's exception that ended the run `"out_of_time"`.
    """

    answer: str | None
    stopped: Stopped
    messages: Sequence[dict[str, Any]]
    calls: Sequence[CallRecord] = ()
    turns: int = 0
    tokens: TokenUse = field(default_factory=TokenUse)
    seconds: float = 0.0
    model_seconds: float = 0.0
    finish_reason: str | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """A result in two forms.

    Attributes:
        text: The result for the model.
        value: The result for the caller.
        unseen: A sentence on parts of the result that the model does not see; empty for none.
    """

    text: str
    value: Any
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a function's run.

    Attributes:
        value: Value returned.
        error: Exception raised.
        timed_out: The function was not over in time.
        abandoned: The function is still running.
    """

    value: Any = None
    error: BaseException | None = None
    timed_out: bool = False
    abandoned: bool = False
