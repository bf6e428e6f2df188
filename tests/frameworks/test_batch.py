"""Data frames: the columns of `adapter.batch` in pyarrow, pandas, polars, duckdb and datasets; Parquet, and the page of batches."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow")
import datasets  # noqa: E402
import duckdb  # noqa: E402
import pandas as pd  # noqa: E402
import polars as pl  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

import adapter  # noqa: E402
from adapter.batching.columns import COLUMNS  # noqa: E402
from adapter.cli import run  # noqa: E402
from tests.frameworks.support import CALL  # noqa: E402
from tests.house.pages import blocks  # noqa: E402

TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {}}}}}
]
TEXTS = [f"Hi. {CALL}", None, "words \ud800", "", f"<think>So.</think>{CALL}{CALL}", "é\U0001f600\x00", "<tool_call>" * 9]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "batch.md"
read = adapter.batch(TOOLS)
ROWS: list[Any] = read(TEXTS)
PLAIN = [text for text in TEXTS if text is None or text.isprintable() or "\x00" in text]


def rows_of(table: Any) -> list[Any]:
    return [{name: row[name] for name in COLUMNS} for row in table.to_pylist()]


def plain(value: Any) -> Any:
    """A value of any library as Python's own."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else None if isinstance(value, float) else value


EXPECTED = read(PLAIN)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda texts: pa.table({"text": texts, "n": range(len(texts))}), id="a table"),
        pytest.param(lambda texts: pa.RecordBatch.from_pydict({"text": texts}), id="a record batch"),
        pytest.param(lambda texts: pa.table({"text": pa.chunked_array([texts[:2], texts[2:]])}), id="chunks"),
    ],
)
def test_arrow(make: Any) -> None:
    batch = make(PLAIN)
    found = read(batch)
    assert type(found) is type(batch)
    assert rows_of(found) == EXPECTED
    assert found.select(list(COLUMNS)).schema.equals(read.arrow_schema())
    assert read(batch.slice(0, 0)).schema == found.schema, "the types do not depend on the rows"


def test_an_array_becomes_structs() -> None:
    for array in (pa.array(PLAIN), pa.chunked_array([PLAIN])):
        assert read(array).to_pylist() == EXPECTED


def test_pandas() -> None:
    frame = pd.DataFrame({"text": TEXTS, "n": range(len(TEXTS))}, index=range(5, 5 + len(TEXTS)), dtype=object)
    found = read(frame)
    assert list(found.index) == list(frame.index)
    assert [{name: row[name] for name in COLUMNS} for row in found.to_dict("records")] == ROWS
    assert list(read(frame["text"]).columns) == list(COLUMNS)
    assert [row["kind"] for row in read(pd.DataFrame({"text": ["a", float("nan"), pd.NA]}))["problems"].iloc[2]] == ["bad_row"]
    assert list(read(frame.iloc[:0]).columns) == ["text", "n", *COLUMNS]


def test_polars() -> None:
    frame = pl.DataFrame({"text": PLAIN})
    assert [{name: row[name] for name in COLUMNS} for row in read(frame).to_dicts()] == EXPECTED
    schema = {"text": pl.String(), **read.polars_schema()}
    assert read(frame).schema == read(frame.clear()).schema == pl.Schema(schema)
    assert frame.lazy().map_batches(read, schema=pl.Schema(schema)).collect().equals(read(frame))
    struct = pl.Struct(read.polars_schema())
    assert frame.select(pl.col("text").map_batches(read, return_dtype=struct))["text"].to_list() == EXPECTED


def test_datasets() -> None:
    rows = datasets.Dataset.from_dict({"text": ["no call"] * 3 + PLAIN})
    features = datasets.Features({**rows.features, **datasets.Features.from_arrow_schema(read.arrow_schema())})
    found = rows.map(read, batched=True, batch_size=2, features=features)
    assert [{name: row[name] for name in COLUMNS} for row in found][3:] == EXPECTED


def test_tools_in_a_column() -> None:
    own = adapter.batch(tools_column="tools")
    table = pa.table({"text": [CALL] * 3, "tools": [json.dumps(TOOLS), "[]", None]})
    assert [row["calls"][0]["valid"] for row in own(table).to_pylist()] == [True, True, True]
    frame = pd.DataFrame({"text": [CALL], "tools": [TOOLS]})
    assert own(frame)["calls"][0][0]["valid"]


@pytest.mark.parametrize("workers", [pytest.param("1", id="one process"), pytest.param("2", id="two processes")])
def test_parquet_is_read_by_all(tmp_path: Path, workers: str) -> None:
    """Rows with bad ones among them, in several parts, by pandas, polars, duckdb and pyarrow."""
    texts = [TEXTS[place % len(TEXTS)] for place in range(5_000)]
    with (tmp_path / "in.jsonl").open("w") as out:
        out.writelines(json.dumps({"id": place, "text": text}) + "\n" for place, text in enumerate(texts))
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    path = tmp_path / "out.parquet"
    words = ["parse", "--jsonl", str(tmp_path / "in.jsonl"), "--tools", str(tmp_path / "tools.json"), "--out", str(path)]
    err = io.StringIO()
    status = run([*words, "--workers", workers, "--keep", "id"], io.StringIO(), err, io.StringIO())
    assert status == 1, err.getvalue()
    expected = [{"row": place, "id": str(place), **ROWS[place % len(TEXTS)]} for place in range(5_000)]
    assert pq.read_table(path).to_pylist() == expected
    assert pl.read_parquet(path).to_dicts() == expected
    assert [plain(row) for row in pd.read_parquet(path).to_dict("records")] == expected
    shown = duckdb.sql(f"select count(*), sum(len(calls)), count(distinct row) from '{path}'").fetchall()  # noqa: S608
    assert shown == [(5_000, sum(len(row["calls"]) for row in expected), 5_000)]
    named = duckdb.sql(f"select calls[1].name, content_spans[1].end from '{path}' where row = 0").fetchall()  # noqa: S608
    assert named == [("get_weather", 3)]


def test_the_page_of_batches_runs() -> None:
    """The blocks of other libraries, which the tests of the documents cannot run."""
    names: dict[str, Any] = {}
    ran = [block for block in blocks(PAGE.read_text(encoding="utf-8")) if block.language in {"python", "py"}]
    for block in ran:
        if "ray" not in block.text:
            exec(compile(block.text, PAGE, "exec"), names)  # noqa: S102  # that is the test
    assert "lazy" in names
    assert names["lazy"].collect()["parsed_content"].to_list() == ["Let me see."]
    assert names["rows"]["parsed_calls"][1] == []
