"""Compute a derived column for chosen examples, as rules that read it see it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from labelkit.apply.plan._frame import BatchColumns
from labelkit.rules.labeling_function import Column


def derived_values(column: Column, table: pa.Table) -> list[Any]:
    """Return the value of a derived column for each row; None where it is null or its function fails.

    Parameters
    ----------
    column : Column
    table : pyarrow.Table
        The columns of the corpus that it is made of (:func:`labelkit.rules.base_columns.base_columns`).
    """
    values: list[Any] = []
    for batch in table.to_batches():
        values += BatchColumns(batch).values(column)
    return values
