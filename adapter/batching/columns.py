"""The columns of read completions: one row for each, of plain values, with the same types in every library of data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import pyarrow as pa


class RowSpan(TypedDict):
    """A stretch of the completion, in code points: `start` of the first, `end` behind the last."""

    start: int
    end: int


class RowCall(TypedDict):
    """One tool call.

    Attributes:
        id: The model's own id, or one that is made of the text: the same text has the same ids in every run.
        name: The tool.
        arguments: JSON text, in the model's own spelling.
        valid: The tool was offered and accepts the arguments.
        span: The place of the call's block in the completion; null where a block has none of its own.
        name_span: The place of the name, or null.
        arguments_span: The place of the arguments, or null.
    """

    id: str
    name: str
    arguments: str
    valid: bool
    span: RowSpan | None
    name_span: RowSpan | None
    arguments_span: RowSpan | None


class RowProblem(TypedDict):
    """One problem: its kind as in `adapter.Problem`, a sentence, the text concerned, and the number of the call or null."""

    kind: str
    message: str
    raw: str
    call: int | None


class ParsedRow(TypedDict):
    """A read completion as one row, with the values of `adapter.ParsedCompletion`.

    Attributes:
        content: The text that is neither reasoning nor a call, or null.
        reasoning: The reasoning, or null.
        calls: The tool calls, in order.
        content_spans: The stretches of the completion that make the content, in order.
        reasoning_spans: The same for the reasoning.
        problems: Repairs, coercions, text that was left out, invalid calls; of a row that cannot be read one of kind `bad_row`.
        finish_reason: `"tool_calls"` in place of `"stop"` if there are calls; otherwise as given.
    """

    content: str | None
    reasoning: str | None
    calls: list[RowCall]
    content_spans: list[RowSpan]
    reasoning_spans: list[RowSpan]
    problems: list[RowProblem]
    finish_reason: str | None


# A type is a name, a list with the type of its items, or a dictionary of fields. Every value may be null.
_SPAN = {"start": "int", "end": "int"}
COLUMNS: dict[str, Any] = {
    "content": "text",
    "reasoning": "text",
    "calls": [
        {
            "id": "text", "name": "text", "arguments": "text", "valid": "bool",
            "span": _SPAN, "name_span": _SPAN, "arguments_span": _SPAN,
        }
    ],
    "content_spans": [_SPAN],
    "reasoning_spans": [_SPAN],
    "problems": [{"kind": "text", "message": "text", "raw": "text", "call": "int"}],
    "finish_reason": "text",
}  # fmt: skip


def arrow_type(kind: Any) -> pa.DataType:
    """Return a type of `COLUMNS` as pyarrow's own."""
    import pyarrow as pa

    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([pa.field(name, arrow_type(inner)) for name, inner in kind.items()])
    return {"text": pa.string(), "int": pa.int64(), "bool": pa.bool_()}[kind]


def arrow_schema(prefix: str = "") -> pa.Schema:
    """Return the columns as a schema of pyarrow (extra `batch`).

    Args:
        prefix: A text in front of each name.
    """
    import pyarrow as pa

    return pa.schema([pa.field(prefix + name, arrow_type(kind)) for name, kind in COLUMNS.items()])


def polars_type(kind: Any) -> Any:
    """Return a type of `COLUMNS` as polars' own."""
    import polars as pl

    if isinstance(kind, list):
        return pl.List(polars_type(kind[0]))
    if isinstance(kind, dict):
        return pl.Struct({name: polars_type(inner) for name, inner in kind.items()})
    return {"text": pl.String(), "int": pl.Int64(), "bool": pl.Boolean()}[kind]


def polars_schema(prefix: str = "") -> dict[str, Any]:
    """Return the columns as a schema of polars: types by name.

    Args:
        prefix: A text in front of each name.
    """
    return {prefix + name: polars_type(kind) for name, kind in COLUMNS.items()}
