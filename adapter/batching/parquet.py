"""Rows as files of Parquet (extra `batch`), and such files joined to one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.batching.frames import arrow_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_GROUP = 20_000  # rows of a row group of Parquet, held in memory while the output is joined


def parquet(rows: list[dict[str, Any]], keep: Iterable[str]) -> bytes:
    """Return rows as a file of Parquet; members that are kept become text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = arrow_rows(rows)
    for name in reversed(tuple(keep)):
        table = table.add_column(0, name, pa.array([_as_text(row[name]) for row in rows], pa.string()))
    table = table.add_column(0, "row", pa.array([row["row"] for row in rows], pa.int64()))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _as_text(value: Any) -> str | None:
    text = value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
    return None if text is None else text.encode("utf-8", "replace").decode()


def join_parquet(paths: Iterable[Path], target: Path) -> None:
    """Join files of Parquet to one, some rows at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for tables in _groups(paths):
            table = pa.concat_tables(tables)
            writer = writer or pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=_GROUP)
    finally:
        if writer is not None:
            writer.close()


def _groups(paths: Iterable[Path]) -> Iterator[list[Any]]:
    """Yield tables that make a row group together."""
    import pyarrow.parquet as pq

    found: list[Any] = []
    rows = 0
    for path in paths:
        found.append(pq.read_table(path))
        rows += found[-1].num_rows
        if rows >= _GROUP:
            yield found
            found, rows = [], 0
    if found:
        yield found
