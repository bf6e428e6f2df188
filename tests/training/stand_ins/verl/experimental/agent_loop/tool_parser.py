"""verl's tool parsers: a registry by name, and one method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable


class FunctionCall(BaseModel):
    """A call."""

    arguments: str
    name: str
    tool_call_id: str | None = None


class ToolParser(ABC):
    """The base of tool parsers."""

    _registry: dict[str, type[ToolParser]] = {}  # noqa: RUF012  # as verl has it

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    @abstractmethod
    async def extract_tool_calls(self, responses_ids: list[int], tools: Any = None) -> tuple[str, list[FunctionCall]]:
        """Return the words and the calls of a response."""

    @classmethod
    def get_tool_parser(cls, name: str, tokenizer: Any) -> ToolParser:
        """Make the parser of a name."""
        if name not in cls._registry:
            raise ValueError(f"Unknown tool parser: {name}")
        return cls._registry[name](tokenizer)

    @classmethod
    def register(cls, name: str) -> Callable[[type[ToolParser]], type[ToolParser]]:
        """Keep a class under a name."""

        def keep(parser: type[ToolParser]) -> type[ToolParser]:
            cls._registry[name] = parser
            return parser

        return keep
