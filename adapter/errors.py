"""Errors, and the party at fault.

    AdapterError
    ├── BadRequest            the caller's request; 400 before anything reaches upstream
    ├── NotFound              a response that is not in the store; 404
    ├── StoreFailed           the store could not be read or written; 500
    │   └── StoreUnavailable      the server of the store is away; 503
    ├── DialectError          a faulty template; the author of the dialect
    ├── TokenizerError        a tokenizer that cannot be read, or a server that does not count
    ├── ToolError             a tool of the caller's, in words for the model
    ├── ProbeFailed           a server that `probe` cannot ask, or a file that is not a probe's
    ├── UpstreamFailed        upstream cannot be reached, or its answer broke off; 502
    │   ├── UpstreamTooLarge      upstream's answer is larger than `max_response_bytes`; 502
    │   └── UpstreamSilent        upstream did not answer in time; 504
    └── RefusedAnswer         the model's answer; 422 after the attempts are used up
        ├── InvalidToolCall       a call that its schema refuses, or an unreadable call
        └── ToolCallRequired      a required or named tool choice that was not met

Each becomes an OpenAI-shaped error body through `AdapterError.to_body`, so an SDK sees the body of a native server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Bytes of an answer, and faults, in the body of an error.
_MOST_BYTES = 4096
_MOST_PROBLEMS = 32


class AdapterError(Exception):
    """Base of every error raised here.

    Args:
        message: The fault, its place, the value, and the likely fix.
        param: The place in the request, in OpenAI's notation: `tools[0].function.parameters`.
        code: OpenAI's machine-readable word for the fault, or None.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code

    def to_body(self) -> dict[str, Any]:
        """The wire form: `{"error": {"message", "type", "param", "code"}}`."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


class BadRequest(AdapterError):
    """The request is wrong and was not sent upstream."""

    status = 400
    type = "invalid_request_error"


class NotFound(AdapterError):
    """The requested object does not exist."""

    status = 404
    type = "invalid_request_error"


class StoreFailed(AdapterError):
    """The caller's store failed to read or write."""


class StoreUnavailable(StoreFailed):
    """The server of the caller's store cannot be reached, or refuses."""

    status = 503


class DialectError(AdapterError):
    """A dialect's template is missing, unreadable or does not keep the contract."""


class TokenizerError(AdapterError):
    """A tokenizer cannot be read, or a server does not count tokens."""


class ProbeFailed(AdapterError):
    """A server cannot be probed, or a file of settings cannot be read or written."""


class ToolError(AdapterError):
    """A tool cannot do as asked, in words for the model: a function of `run_tools` raises the error itself.

    Of any other exception the model reads the type alone.
    """


class UpstreamFailed(AdapterError):
    """Upstream cannot be reached, or its answer broke off."""

    status = 502


class UpstreamSilent(UpstreamFailed):
    """Upstream did not answer in time."""

    status = 504


class UpstreamTooLarge(UpstreamFailed):
    """Upstream's answer, or one event of the answer, is larger than the caller allows.

    Args:
        part: The part that is too large, for the message.
        most: Bytes that the part may have.
    """

    def __init__(self, part: str, most: int) -> None:
        super().__init__(
            f"{part} is larger than {most:,} bytes, and was read no further. Upstream repeats itself or is no model server; "
            "for answers of this size raise max_response_bytes.",
            code="upstream_too_large",
        )


class RefusedAnswer(AdapterError):
    """The model's answer was refused by the rules the caller set. Asking again through a client's retries is no use.

    Clients repeat a 502 in spite of `x-should-retry: false` (AI SDK, LangChain JS) and leave a 422 alone.

    Attributes:
        completion: The beginning of the answer, as the model wrote the answer, at most 4 KB of UTF-8.
        problems: The faults of the answer, as `{"kind", "message"}`.
    """

    status = 422
    completion: str | None = None
    problems: Sequence[Mapping[str, str]] = ()

    def with_evidence(self, completion: str, problems: Iterable[tuple[str, str]]) -> Self:
        """Keep the answer for the error's body.

        Args:
            completion: The answer, as the model wrote the answer.
            problems: The kind and the message of each fault.
        """
        self.completion = completion.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")
        self.problems = [{"kind": kind, "message": message} for kind, message in problems][:_MOST_PROBLEMS]
        return self

    def to_body(self) -> dict[str, Any]:
        """Return the wire form, with `completion` and `problems` in the error if the answer is known."""
        body = super().to_body()
        if self.completion is not None:
            body["error"] |= {"completion": self.completion, "problems": list(self.problems)}
        return body


class InvalidToolCall(RefusedAnswer):
    """A tool call of an unknown tool, unreadable or against its schema, with `on_invalid="raise"`."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message, param=param, code="invalid_tool_call")


class ToolCallRequired(RefusedAnswer):
    """The tool choice asked for a call and the model made none."""

    def __init__(self, message: str, *, param: str | None = "tool_choice") -> None:
        super().__init__(message, param=param, code="tool_call_required")


# Causes of causes that are looked at: frameworks wrap errors of their clients.
_MOST_CAUSES = 8
_BY_CODE: Mapping[str, type[InvalidToolCall | ToolCallRequired]] = {
    "invalid_tool_call": InvalidToolCall,
    "tool_call_required": ToolCallRequired,
}


def refusal_of(error: object) -> InvalidToolCall | ToolCallRequired | None:
    """Return the refusal behind an error: one way to catch refused answers, whole and streamed, of any client.

    Args:
        error: An exception of a client (of openai's `UnprocessableEntityError` or, in a stream, `APIError`), or of a framework
            with such a cause; or an error body as a dictionary.

    Returns:
        `InvalidToolCall` or `ToolCallRequired`, with message, `param`, `completion` and `problems`; None for any other error.
    """
    for _ in range(_MOST_CAUSES):
        if error is None or isinstance(error, InvalidToolCall | ToolCallRequired):
            return error
        found = _refusal_in(error if isinstance(error, Mapping) else getattr(error, "body", None))
        if found is not None or not isinstance(error, BaseException):
            return found
        error = error.__cause__ or error.__context__
    return None


def _refusal_in(body: object) -> InvalidToolCall | ToolCallRequired | None:
    """Return the refusal that an error body tells; None for any other body."""
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    code = body.get("code") if isinstance(body, Mapping) else None
    kind = _BY_CODE.get(code) if isinstance(code, str) else None
    if kind is None or not isinstance(body, Mapping):
        return None
    param, completion, problems = body.get("param"), body.get("completion"), body.get("problems")
    refusal = kind(str(body.get("message") or code), param=param if isinstance(param, str) else None)
    refusal.completion = completion if isinstance(completion, str) else None
    refusal.problems = [problem for problem in problems if isinstance(problem, Mapping)] if isinstance(problems, list) else ()
    return refusal


def option(name: str, value: str) -> str:
    """Return an option with its value as Python and `adapter.toml` write them, and as flag of the commands and the gateway."""
    return f"{name}={value!r} (--{name.replace('_', '-')} {value})"
