"""A data set as a list of rows."""

from __future__ import annotations

from typing import Any


class Dataset(list[dict[str, Any]]):
    """Rows with the same columns."""

    @classmethod
    def from_list(cls, rows: list[dict[str, Any]]) -> Dataset:
        """Make a data set."""
        assert all(row.keys() == rows[0].keys() for row in rows)
        return cls(rows)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return list(self[0])
