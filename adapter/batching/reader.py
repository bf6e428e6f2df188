"""`adapter.batch` and `adapter.parse_many`: many completions as rows."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Unpack

from adapter.batching.columns import COLUMNS, arrow_schema, polars_schema
from adapter.batching.frames import has_columns, names_of, values_of, with_rows
from adapter.batching.rows import BatchKeywords, RowReader
from adapter.dialects.registry import Dialect
from adapter.text.some_of import some_names
from adapter.tools.definitions import ToolSet, read_tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from adapter.batching.columns import ParsedRow


class BatchReader:
    """A function from a batch of completions to the same batch with the columns of what was read; see `adapter.batch`.

    A reader can be pickled, and used by several threads at once.
    """

    def __init__(
        self, tools: Any, *, text_column: str, tools_column: str | None, finish_reason: str | None,
        finish_reason_column: str | None, prefix: str, options: Mapping[str, Any],
    ) -> None:  # fmt: skip
        _check_words(
            text_column=text_column, tools_column=tools_column or "", finish_reason=finish_reason or "",
            finish_reason_column=finish_reason_column or "", prefix=prefix,
        )  # fmt: skip
        given = options.get("dialect")
        if isinstance(given, Dialect):
            raise TypeError(
                f"dialect={given.name!r} as a Dialect cannot be sent to other processes; give its name, or the path of its file"
            )
        # Checks of schemas are functions, which no process can send: the definitions travel.
        self._given = [dict(tool.wire) for tool in tools] if isinstance(tools, ToolSet) else deepcopy(list(tools or ()))
        self._tools = read_tools(self._given)
        self._text_column, self._tools_column = text_column, tools_column
        self._finish_reason, self._finish_reason_column = finish_reason, finish_reason_column
        self._prefix, self._options = prefix, dict(options)
        RowReader(self._tools, self._options)

    def __call__(self, batch: Any) -> Any:
        """Read a batch.

        Args:
            batch: A table or record batch of pyarrow, a data frame of pandas or polars, or a dictionary of columns (lists or
                arrays of numpy); or one column: a list, a series or an array of strings.

        Returns:
            The batch with the columns of `adapter.batch`, in the same library. One column becomes a column of structs: a list
            of dictionaries, a series of structs, a struct array; of a series of pandas a data frame.

        Raises:
            ValueError: The batch lacks a column that the reader was told of.
        """
        if not has_columns(batch):
            return with_rows(batch, list(self._rows(values_of(batch, None))), self._prefix)
        self._check_columns(names_of(batch))
        texts = values_of(batch, self._text_column)
        reasons = None if self._finish_reason_column is None else values_of(batch, self._finish_reason_column)
        tools = None if self._tools_column is None else values_of(batch, self._tools_column)
        return with_rows(batch, list(self._rows(texts, reasons, tools)), self._prefix)

    def _rows(
        self, texts: Iterable[Any], reasons: Iterable[Any] | None = None, tools: Iterable[Any] | None = None
    ) -> Iterator[ParsedRow]:
        read = RowReader(self._tools, self._options).row
        if reasons is None and tools is None:
            return (read(text, self._finish_reason) for text in texts)
        return _by_row(read, texts, self._finish_reason, reasons, tools)

    def _check_columns(self, given: list[Any]) -> None:
        names = [name for name in given if isinstance(name, str)]
        for name in (self._text_column, self._tools_column, self._finish_reason_column):
            if name is not None and name not in names:
                raise ValueError(f"the batch has no column {name!r}; use {some_names([*map(str, given)], name, ' or ')}")
            if names.count(name or "") > 1:
                raise ValueError(f"the batch has {names.count(name or '')} columns {name!r}; rename all but one")
        taken = [name for name in names if name.startswith(self._prefix) and name.removeprefix(self._prefix) in COLUMNS]
        if taken:
            raise ValueError(f"the batch has a column {taken[0]!r} already; give another prefix, as prefix='parsed_'")

    def arrow_schema(self) -> pa.Schema:
        """Return the new columns as a schema of pyarrow."""
        return arrow_schema(self._prefix)

    def polars_schema(self) -> dict[str, Any]:
        """Return the new columns as a schema of polars."""
        return polars_schema(self._prefix)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs."""
        return {name: value for name, value in self.__dict__.items() if name != "_tools"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read the tools anew."""
        self.__dict__ |= {**state, "_tools": read_tools(state["_given"])}


def batch(
    tools: Iterable[Mapping[str, Any]] | ToolSet | None = (),
    *,
    text_column: str = "text",
    tools_column: str | None = None,
    finish_reason: str | None = "stop",
    finish_reason_column: str | None = None,
    prefix: str = "",
    **options: Unpack[BatchKeywords],
) -> BatchReader:
    """Make a function that reads batches of completions, for data frames and data sets.

    The function can be pickled: `Dataset.map_batches` of Ray Data, `Dataset.map(batched=True)` of Hugging Face, `map_batches`
    of polars, `multiprocessing` and the like take the function as it is. A row never raises: a text that is missing, tools
    that are none, a hostile text have their problem in their own row. Nothing is random: the same rows give the same columns.

    Args:
        tools: The tools offered, for all rows, as in a chat request.
        text_column: Name of the column with the completions.
        tools_column: Name of a column with the tools of each row, as a list or as JSON text, in place of `tools`. Tools with
            the same content are read once.
        finish_reason: The word of upstream for all rows; `"length"` for cut texts.
        finish_reason_column: Name of a column with the word of each row, in its place.
        prefix: A text in front of the names of the new columns: `content`, `reasoning`, `calls`, `content_spans`,
            `reasoning_spans`, `problems` and `finish_reason`; `adapter.ParsedRow` has their values.
        options: The options of `adapter.batching.rows.BatchKeywords`; `adapter.Options` documents them.

    Raises:
        BadRequest: A chat request may not hold these tools.
        DialectError: No such dialect.
        TypeError: An option that does not concern the reading of rows.
    """
    return BatchReader(
        tools, text_column=text_column, tools_column=tools_column, finish_reason=finish_reason,
        finish_reason_column=finish_reason_column, prefix=prefix, options=options,
    )  # fmt: skip


def parse_many(
    texts: Iterable[str | None],
    tools: Iterable[Mapping[str, Any]] | ToolSet | None = (),
    *,
    tools_of_rows: Iterable[Any] | None = None,
    finish_reason: str | None = "stop",
    finish_reasons: Iterable[str | None] | None = None,
    **options: Unpack[BatchKeywords],
) -> Iterator[ParsedRow]:
    """Read completions one after the other, as plain rows; a row never raises.

    Args:
        texts: The completions; read as the rows are asked for, so that any number of them fits into memory.
        tools: The tools offered, for all rows, as in a chat request.
        tools_of_rows: The tools of each row, as a list or as JSON text, in place of `tools`.
        finish_reason: The word of upstream for all rows.
        finish_reasons: The word of each row, in its place.
        options: The options of `adapter.batching.rows.BatchKeywords`; `adapter.Options` documents them.

    Returns:
        A row for each text, in order.

    Raises:
        BadRequest: A chat request may not hold these tools.
        DialectError: No such dialect.
        TypeError: An option that does not concern the reading of rows.
        ValueError: Raised by the rows: `tools_of_rows` or `finish_reasons` are not as many as the texts.
    """
    _check_words(finish_reason=finish_reason or "")
    if isinstance(texts, str | bytes):
        raise TypeError(f"texts is a list of completions, but this is one {type(texts).__name__}; adapter.parse reads one")
    read = RowReader(read_tools(tools if tools is None or isinstance(tools, ToolSet) else list(tools)), options).row
    if tools_of_rows is None and finish_reasons is None:
        return (read(text, finish_reason) for text in texts)
    return _by_row(read, texts, finish_reason, finish_reasons, tools_of_rows)


def _check_words(**given: Any) -> None:
    """Check values that are names or words for all rows."""
    for name, value in given.items():
        if not isinstance(value, str):
            raise TypeError(f"{name}={value!r}: give a text")


def _by_row(read: Any, texts: Any, reason: str | None, reasons: Any, tools: Any) -> Iterator[ParsedRow]:
    if reasons is None:
        return (read(text, reason, own) for text, own in zip(texts, tools, strict=True))
    if tools is None:
        return (read(text, said) for text, said in zip(texts, reasons, strict=True))
    return (read(text, said, own) for text, said, own in zip(texts, reasons, tools, strict=True))
