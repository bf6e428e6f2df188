"""The tokens of the parts of a completion, and loss masks (behaviour 14.1)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from adapter.completion.places import Span
from adapter.errors import TokenizerError
from adapter.text.some_of import some_of
from adapter.training.offsets import Tokens, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.completion.result import ParsedCompletion, ParsedToolCall

Part = Literal["all", "calls", "names", "arguments", "values", "content", "reasoning"]
Straddles = Literal["in", "out", "error"]


class Straddling(NamedTuple):
    """A token with text on both sides of a border.

    Attributes:
        token: The index of the token.
        part: The part on one side: a word of `Part`.
        inside: The token's text that belongs to the part.
        text: All of the token's text.
    """

    token: int
    part: Part
    inside: str
    text: str


@dataclass(frozen=True, slots=True)
class CallTokens:
    """The tokens of a call. Each range is (start, end) in token indices; None where the part has no place in the text.

    Attributes:
        call: The block of the call, with its markup; several calls may share a block.
        name: The name.
        arguments: The arguments.
        values: The value of each argument, by name, for arguments that stand in the text as JSON.
    """

    call: Span | None
    name: Span | None
    arguments: Span | None
    values: dict[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenSpans:
    """The tokens of the parts of a completion.

    Attributes:
        tokens: The text in tokens.
        calls: The tokens of each call, in order.
        content: The ranges of the content, in token indices.
        reasoning: The ranges of the reasoning.
        straddling: The tokens with text on both sides of a border, by part.
    """

    tokens: Tokens
    calls: tuple[CallTokens, ...]
    content: tuple[Span, ...]
    reasoning: tuple[Span, ...]
    straddling: tuple[Straddling, ...]

    def ranges(self, part: Part) -> list[Span]:
        """Return the token ranges of a part, each once.

        Raises:
            ValueError: No such part.
        """
        if part not in get_args(Part):
            raise ValueError(f"no part {part!r}; there are {', '.join(get_args(Part))}")
        if part == "values":
            return [span for call in self.calls for span in call.values.values()]
        of_calls = {"calls": "call", "names": "name", "arguments": "arguments"}
        if part in of_calls:
            found = [getattr(call, of_calls[part]) for call in self.calls]
            return list(dict.fromkeys(span for span in found if span is not None))
        return [Span(0, len(self.tokens))] if part == "all" else list(self.content if part == "content" else self.reasoning)

    def mask(self, *parts: Part) -> list[int]:
        """Return 1 for each token of the named parts, 0 for others; without names for all tokens of the completion.

        Raises:
            ValueError: No such part.
        """
        mask = [0] * len(self.tokens)
        for part in parts or ("all",):
            for start, end in self.ranges(part):
                mask[start:end] = [1] * (end - start)
        return mask

    def labels(self, *parts: Part, ignore: int = -100) -> list[int]:
        """Return the ids of the tokens of the named parts, and `ignore` for others.

        Raises:
            TokenizerError: The ids are unknown, as the tokens came from a function that gives places only.
            ValueError: No such part.
        """
        if self.tokens.ids is None:
            raise TokenizerError("the ids of the tokens are unknown: the tokenizer gave offsets only; use mask()")
        return [one if kept else ignore for one, kept in zip(self.tokens.ids, self.mask(*parts), strict=True)]


def token_spans(parsed: ParsedCompletion, tokenizer: Any, *, straddling: Straddles = "in") -> TokenSpans:
    """Find the tokens of the calls, content and reasoning of a completion.

    Args:
        parsed: A completion that `adapter.parse` has read.
        tokenizer: As in `tokenize`; or the `Tokens` of this completion, as `decode` gives them for sampled tokens.
        straddling: Tokens with text on both sides of a border belong to the part (`"in"`), do not (`"out"`), or are an error.

    Raises:
        TokenizerError: The tokens are not those of the completion, or one straddles a border under `straddling="error"`.
        TypeError: `parsed` is no parsed completion.
        ValueError: `parsed` has no text, or `straddling` is another word.
    """
    if straddling not in get_args(Straddles):
        raise ValueError(f"straddling={straddling!r}: use {', '.join(map(repr, get_args(Straddles)))}")
    text = getattr(parsed, "text", ...)
    if text is ...:
        raise TypeError(f"token_spans() takes the result of adapter.parse, not {type(parsed).__name__} {str(parsed)[:60]!r}")
    if text is None:
        raise ValueError("the completion was not read by adapter.parse: its text and the places of its parts are unknown")
    tokens = tokenizer if isinstance(tokenizer, Tokens) else tokenize(text, tokenizer)
    if tokens.text != text:
        raise TokenizerError(f"the tokens are of another text: {tokens.text[:60]!r}, not {text[:60]!r}")
    borders = _Borders(tokens, outside=straddling == "out")
    found = TokenSpans(
        tokens,
        tuple(borders.call(call) for call in parsed.tool_calls),
        borders.all_of(parsed.content_spans, "content"),
        borders.all_of(parsed.reasoning_spans, "reasoning"),
        tuple(dict.fromkeys(borders.straddling)),
    )
    if straddling == "error" and found.straddling:
        said = some_of(f"token {one.token} {one.text!r} ({one.part}: {one.inside!r})" for one in found.straddling)
        raise TokenizerError(f"tokens stand on both sides of a border: {said}")
    return found


class _Borders:
    """Spans of the text as ranges of tokens."""

    def __init__(self, tokens: Tokens, *, outside: bool) -> None:
        self._tokens = tokens
        self._starts = [span.start for span in tokens.offsets]
        self._ends = [span.end for span in tokens.offsets]
        self._outside = outside
        self.straddling: list[Straddling] = []

    def call(self, call: ParsedToolCall) -> CallTokens:
        """Return the ranges of a call."""
        values = {name: self.one(span, "values") for name, span in call.value_spans.items()}
        parts = ((call.span, "calls"), (call.name_span, "names"), (call.arguments_span, "arguments"))
        whole, name, arguments = (None if span is None else self.one(span, part) for span, part in parts)  # type: ignore[arg-type]
        return CallTokens(whole, name, arguments, values)

    def all_of(self, spans: Iterable[Span], part: Part) -> tuple[Span, ...]:
        """Return the ranges of several spans."""
        return tuple(self.one(span, part) for span in spans)

    def one(self, span: Span, part: Part) -> Span:
        """Return the range of a span: from the first to the last token with text in it; empty for none."""
        first, last = bisect_right(self._ends, span.start), bisect_left(self._starts, span.end)
        if last <= first:
            return Span(first, first)
        inner = range(first, last)
        before = [*takewhile(lambda number: self._crosses(number, span), inner)]
        behind = [*takewhile(lambda number: self._crosses(number, span), reversed(inner[len(before) :]))]
        for number in (*before, *reversed(behind)):
            start, end = self._tokens.offsets[number]
            text = self._tokens.text
            inside = text[max(start, span.start) : min(end, span.end)]
            self.straddling.append(Straddling(number, part, inside, text[start:end]))
        if not self._outside:
            return Span(first, last)
        return Span(first + len(before), last - len(behind))

    def _crosses(self, number: int, span: Span) -> bool:
        start, end = self._tokens.offsets[number]
        return start < end and (start < span.start or end > span.end)
