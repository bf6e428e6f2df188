"""A tool parser for verl: calls are read in training as they are read when the model is served (behaviour 14.3).

verl finds a parser by its name (`actor_rollout_ref.rollout.multi_turn.format`). A module of yours that calls `register` is
imported by verl's workers where the environment variable `VERL_USE_EXTERNAL_MODULES` names it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Unpack

from adapter.completion.result import parse
from adapter.errors import AdapterError
from adapter.option_keywords import ReadKeywords
from adapter.options import make_options
from adapter.tools.definitions import ToolSet, read_tools
from adapter.training.offsets import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapter.completion.result import ParsedCompletion, ParsedToolCall

_LOG = logging.getLogger("adapter.training")


def register(name: str = "adapter", **options: Unpack[ReadKeywords]) -> type[Any]:
    """Register a tool parser in verl, and return its class.

    Args:
        name: The name, for verl's `multi_turn.format`.
        options: The options for reading a completion. `dialect` is that of the model. `calls_in_thinking` is False unless
            given: a call inside thinking does not run, whatever the dialect allows when it is served.
            `thinking_prefilled=True` for models whose chat template opens the thinking at the end of the prompt.

    Raises:
        AdapterError: verl is not installed, or its tool parsers have another interface.
        DialectError: The dialect is unknown.
        TypeError: An option that does not concern the reading of a whole text.
    """
    chosen: ReadKeywords = {"calls_in_thinking": False, **options}
    parse("", **chosen)  # a wrong option is told now, and not in a worker
    base, function_call = _interface()

    class AdapterToolParser(base):  # type: ignore[misc, valid-type]
        """Reads calls in the dialect that was chosen."""

        async def extract_tool_calls(self, responses_ids: list[int], tools: Any = None) -> tuple[str, list[Any]]:
            """Read the calls of a response. Returns the words beside the calls, and the calls."""
            return await asyncio.to_thread(self._read, list(responses_ids), tools)

        def _read(self, ids: list[int], tools: Any) -> tuple[str, list[Any]]:
            parsed = read_response(ids, self.tokenizer, tools, **chosen)
            for problem in parsed.problems:
                _LOG.info("%s: %s", problem.kind, problem.message)
            return parsed.content or "", [_call(one, function_call) for one in parsed.tool_calls]

    base.register(name)(AdapterToolParser)
    return AdapterToolParser


def _interface() -> tuple[Any, Any]:
    """Return verl's base class of tool parsers, and its class of calls."""
    try:
        from verl.experimental.agent_loop.tool_parser import FunctionCall, ToolParser
    except ImportError as error:
        raise AdapterError(f"verl's tool parsers cannot be imported ({error}): install verl, 0.5 or newer") from error
    if not callable(getattr(ToolParser, "register", None)) or not hasattr(ToolParser, "extract_tool_calls"):
        raise AdapterError("verl.experimental.agent_loop.tool_parser.ToolParser has no register() or no extract_tool_calls()")
    return ToolParser, FunctionCall


def _call(call: ParsedToolCall, function_call: Any) -> Any:
    """Return a call as verl's, with the id that the model wrote itself where verl has a field for it."""
    has_id = "tool_call_id" in getattr(function_call, "model_fields", ()) and call.id in call.raw
    return function_call(name=call.name, arguments=call.arguments, **({"tool_call_id": call.id} if has_id else {}))


def read_response(
    ids: Sequence[int], tokenizer: Any, tools: Iterable[Any] | None = None, **options: Unpack[ReadKeywords]
) -> ParsedCompletion:
    """Read sampled tokens, as the tool parser does. The tokens that end or pad the response are left out.

    Args:
        ids: The tokens of the response.
        tokenizer: The tokenizer, with `decode`.
        tools: The tools: in OpenAI's form, or pydantic objects of that form, as verl has them.
        options: As in `register`.

    Raises:
        BadRequest: The tools are malformed.
        TokenizerError: The tokenizer gives no text.
    """
    chosen: ReadKeywords = {"calls_in_thinking": False, **options}
    make_options(chosen, ReadKeywords)
    ends = {getattr(tokenizer, "eos_token_id", None), getattr(tokenizer, "pad_token_id", None)} - {None}
    last = len(ids)
    while last and ids[last - 1] in ends:
        last -= 1
    text = decoded(list(ids[:last]), tokenizer)
    return parse(text, _tool_set(tools or ()), **chosen)


def _tool_set(tools: Iterable[Any]) -> ToolSet:
    if isinstance(tools, ToolSet):
        return tools
    dumps = [(tool, getattr(tool, "model_dump", None)) for tool in tools]
    return read_tools([dump(exclude_unset=True, exclude_none=True) if callable(dump) else tool for tool, dump in dumps])
