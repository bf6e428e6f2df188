"""Errors, and the party at fault.

    AdapterError
    ├── BadRequest            the caller's request; 400 before anything reaches upstream
    ├── NotFound              a response that is not in the store; 404
    ├── StoreFailed           the store could not be read or written; 500
    ├── DialectError          a faulty template; the author of the dialect
    └── RefusedAnswer         the model's answer; 502 after the attempts are used up
        ├── InvalidToolCall       a call that its schema refuses, or an unreadable call
        └── ToolCallRequired      a required or named tool choice that was not met

Each becomes an OpenAI-shaped error body through `AdapterError.to_body`, so an SDK sees the body of a native server.
"""

from __future__ import annotations

from typing import Any, ClassVar


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


class DialectError(AdapterError):
    """A dialect's template is missing, unreadable or does not keep the contract."""


class RefusedAnswer(AdapterError):
    """The model's answer was refused by the rules the caller set. Asking again through the SDK's retries is no use."""

    status = 502


class InvalidToolCall(RefusedAnswer):
    """A tool call of an unknown tool, unreadable or against its schema, with `on_invalid="raise"`."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message, param=param, code="invalid_tool_call")


class ToolCallRequired(RefusedAnswer):
    """The tool choice asked for a call and the model made none."""

    def __init__(self, message: str, *, param: str | None = "tool_choice") -> None:
        super().__init__(message, param=param, code="tool_call_required")
