"""Batches of every kind that libraries of data frames hand to a function: their columns out, and the new columns in.

A library is known by the class of the batch, and imported only because the batch is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from adapter.batching.columns import COLUMNS, arrow_schema, arrow_type, polars_schema

if TYPE_CHECKING:
    from adapter.batching.columns import ParsedRow


def library_of(batch: Any) -> str:
    """Return the name of the library that a batch is of: `pyarrow`, `pandas`, `polars`; empty for Python's own and others."""
    name = type(batch).__module__.partition(".")[0]
    return name if name in {"pyarrow", "pandas", "polars"} else ""


def has_columns(batch: Any) -> bool:
    """Tell if a batch has columns with names; otherwise the batch is one column."""
    return isinstance(batch, Mapping) or hasattr(batch, "columns")


def names_of(batch: Any) -> list[str]:
    """Return the names of the columns."""
    if isinstance(batch, Mapping):
        return list(batch)
    return list(batch.schema.names if library_of(batch) == "pyarrow" else batch.columns)


def values_of(batch: Any, name: str | None) -> Sequence[Any]:
    """Return the values of a column as Python's own; of the batch itself, where that is one column, for None.

    Raises:
        TypeError: One value stands where a column should, or values without an order.
    """
    column = batch if name is None else batch.column(name) if library_of(batch) == "pyarrow" else batch[name]
    if isinstance(column, str | bytes | Mapping | AbstractSet) or not isinstance(column, Iterable):
        told = "a batch is a list or a frame of completions" if name is None else f"column {name!r} is a list of values"
        raise TypeError(f"{told}, but this is one {type(column).__name__}")
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            return getattr(column, method)()  # type: ignore[no-any-return]
    return list(column)


def with_rows(batch: Any, rows: list[ParsedRow], prefix: str) -> Any:
    """Return a batch of the same library with the columns of the rows behind its own.

    Args:
        batch: The batch. One column becomes one column of structs.
        rows: A row for each value.
        prefix: A text in front of each name.
    """
    library = library_of(batch)
    if not has_columns(batch):
        return _one_column(batch, library, rows, prefix)
    if library == "pyarrow":
        return _arrow_table(batch, rows, prefix)
    columns = _columns(rows, prefix)
    if library == "polars":
        import polars as pl

        kinds = polars_schema(prefix)
        return batch.with_columns(*(pl.Series(name, values, dtype=kinds[name]) for name, values in columns.items()))
    if library == "pandas":
        import pandas as pd

        return batch.assign(**{name: pd.Series(values, index=batch.index, dtype=object) for name, values in columns.items()})
    if any(type(values).__module__ == "numpy" for values in batch.values()):  # a library of arrays takes no lists of its own
        columns = {name: _object_array(values) for name, values in columns.items()}
    return {**batch, **columns}


def arrow_rows(rows: Sequence[Mapping[str, Any]], prefix: str = "") -> Any:
    """Return rows as a table of pyarrow; other members than the columns are left out."""
    import pyarrow as pa

    schema = arrow_schema(prefix)
    return pa.table([pa.array([row[name] for row in rows], arrow_type(kind)) for name, kind in COLUMNS.items()], schema=schema)


def _columns(rows: Iterable[Any], prefix: str) -> dict[str, list[Any]]:
    listed = list(rows)
    return {prefix + name: [row[name] for row in listed] for name in COLUMNS}


def _one_column(batch: Any, library: str, rows: list[ParsedRow], prefix: str) -> Any:
    named: list[dict[str, Any]] = [{prefix + name: value for name, value in row.items()} for row in rows]
    if library == "polars":
        import polars as pl

        return pl.Series(batch.name, named, dtype=pl.Struct(polars_schema(prefix)))
    if library == "pyarrow":
        import pyarrow as pa

        return pa.array(named, arrow_type({prefix + name: kind for name, kind in COLUMNS.items()}))
    if library == "pandas":
        import pandas as pd

        return pd.DataFrame(named, index=batch.index, columns=[prefix + name for name in COLUMNS], dtype=object)
    return named


def _arrow_table(batch: Any, rows: list[ParsedRow], prefix: str) -> Any:
    """Return a table, or a record batch, with the columns of the rows."""
    import pyarrow as pa

    made = arrow_rows(rows, prefix)
    taken = set(made.schema.names)
    kept = [index for index, name in enumerate(batch.schema.names) if name not in taken]
    columns = [*(batch.column(index) for index in kept), *made.columns]
    schema = pa.schema([*(batch.schema.field(index) for index in kept), *made.schema])
    if isinstance(batch, pa.RecordBatch):
        columns = [one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one for one in columns]
        return pa.RecordBatch.from_arrays([_flat(one) for one in columns], schema=schema)
    return pa.table(columns, schema=schema.with_metadata(batch.schema.metadata))


def _flat(column: Any) -> Any:
    """Return a column as one array."""
    return column.chunk(0) if hasattr(column, "num_chunks") else column


def _object_array(values: list[Any]) -> Any:
    import numpy as np

    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
