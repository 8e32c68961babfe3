"""The rows of one version of a data set, as one Arrow table, and its columns as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import coded
from labelkit.exceptions import DataSetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME_TYPE: Final = pa.dictionary(pa.int32(), pa.string())
SLICES_TYPE: Final = pa.list_(pa.string())

UNSPLIT: Final = "(none)"
"""Name of the rows of no part, and of those without a label, in counts."""


def rows_schema(n_classes: int) -> pa.Schema:
    """Return the columns of the rows."""
    return pa.schema(
        {
            "place": pa.int64(),
            "split": NAME_TYPE,
            "weight": pa.float64(),
            "slices": SLICES_TYPE,
            "label": NAME_TYPE,
            "covered": pa.bool_(),
            "proba": pa.list_(pa.float64(), n_classes),
        }
    )


def first_rows(
    start: int, label: NDArray[np.int64], covered: NDArray[np.bool_], proba: NDArray[np.float64], classes: Sequence[str]
) -> pa.Table:
    """Return rows of examples that no step was made with: in no part, of weight 1."""
    n = len(label)
    columns = [
        pa.array(np.arange(start, start + n)),
        pa.nulls(n, NAME_TYPE),
        pa.array(np.ones(n)),
        pa.nulls(n, SLICES_TYPE),
        names_column(label, classes),
        pa.array(covered),
        proba_column(proba),
    ]
    return pa.Table.from_arrays(columns, schema=rows_schema(len(classes)))


def names_column(codes: NDArray[Any], names: Sequence[str]) -> pa.DictionaryArray:
    """Return names by their codes; null for -1."""
    indices = pa.array(codes.astype(np.int32), mask=np.asarray(codes < 0))
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names), pa.string()))


def codes_of(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return the code of the name of each row, -1 for null, and the names of rows."""
    codes, names = coded(column)
    return codes, [str(name) for name in names.to_pylist()]


def classes_of(rows: pa.Table, classes: Sequence[str]) -> NDArray[np.int64]:
    """Return the labels of rows as classes; -1 where there is none."""
    codes, names = codes_of(rows.column("label"))
    return np.array([*(classes.index(name) for name in names), -1])[codes]


def proba_column(proba: NDArray[np.float64]) -> pa.FixedSizeListArray:
    """Return probabilities as a column of lists; null where they are NaN."""
    n, k = proba.shape
    lost = np.isnan(proba).any(axis=1)
    values = pa.array(np.ascontiguousarray(proba).reshape(-1))
    if not lost.any():
        return pa.FixedSizeListArray.from_arrays(values, k)
    return (
        pa.FixedSizeListArray.from_arrays(values, k, mask=pa.array(lost))
        if n
        else pa.nulls(0, pa.list_(values.type, k))
    )


def proba_of(column: pa.ChunkedArray, n_classes: int) -> NDArray[np.float64]:
    """Return probabilities as an array, shape (n_rows, n_classes); NaN where there are none."""
    parts = []
    for chunk in column.chunks:
        values = chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, n_classes)
        if chunk.null_count:
            whole = np.full((len(chunk), n_classes), np.nan)
            whole[chunk.is_valid().to_numpy(zero_copy_only=False)] = values
            values = whole
        parts.append(values)
    return np.concatenate(parts) if parts else np.empty((0, n_classes))


def places_of(rows: pa.Table) -> NDArray[np.int64]:
    """Return the position of each row's example."""
    return np.asarray(rows.column("place").to_numpy())


def copies_of(rows: pa.Table, n_examples: int) -> NDArray[np.int64]:
    """Count the rows of each example."""
    return np.bincount(places_of(rows), minlength=n_examples)


def weights_of(rows: pa.Table) -> NDArray[np.float64]:
    """Return the weight of each row."""
    return np.asarray(rows.column("weight").to_numpy())


def in_parts(rows: pa.Table, parts: Sequence[str]) -> NDArray[np.bool_]:
    """Return True for each row of one of the parts."""
    codes, names = codes_of(rows.column("split"))
    chosen = [code for code, name in enumerate(names) if name in parts]
    return np.isin(codes, chosen)


def parts_of(rows: pa.Table) -> list[str]:
    """List the parts that have rows, in the order of their first one."""
    codes, names = codes_of(rows.column("split"))
    sizes = np.bincount(codes + 1, minlength=len(names) + 1)[1:]
    there = np.flatnonzero(sizes)
    return [names[code] for code in sorted(there.tolist(), key=lambda code: int(np.argmax(codes == code)))]


def replaced_column(rows: pa.Table, name: str, values: Any) -> pa.Table:
    """Return rows in which a column has other values."""
    place = rows.schema.get_field_index(name)
    return rows.set_column(place, rows.schema.field(place), values)


def counts_of(rows: pa.Table, n_examples: int, n_made: int) -> dict[str, Any]:
    """Count the rows of each part, class and slice, as they stand in the manifest."""
    split, parts = codes_of(rows.column("split"))
    label, classes = codes_of(rows.column("label"))
    for kind, names in (("class", classes), ("part", parts)):
        if UNSPLIT in names:
            raise DataSetError(
                f"a {kind} is called {UNSPLIT!r}, which stands for the rows without one",
                hint=f"give the {kind} another name",
            )
    return {
        "rows": rows.num_rows,
        "examples": n_examples,
        "made": n_made,
        "distinct": int(np.count_nonzero(copies_of(rows, n_examples))),
        "weight": float(weights_of(rows).sum()),
        "parts": _counted(split, parts),
        "classes": _counted(label, classes),
        "classes_of_parts": {
            part: _counted(label[split == code], classes)
            for code, part in [*enumerate(parts), (-1, UNSPLIT)]
            if (split == code).any()
        },
        "slices": _slices(rows),
    }


def _counted(codes: NDArray[np.int64], names: Sequence[str]) -> dict[str, int]:
    sizes = np.bincount(codes + 1, minlength=len(names) + 1).tolist()
    counted = {name: size for name, size in zip(names, sizes[1:], strict=True) if size}
    return {**counted, UNSPLIT: sizes[0]} if sizes[0] else counted


def _slices(rows: pa.Table) -> Mapping[str, int]:
    column = rows.column("slices")
    if column.null_count == len(column):
        return {}
    counted = pc.value_counts(pc.list_flatten(column).drop_null())
    sizes = {str(one["values"]): int(one["counts"]) for one in counted.to_pylist()}
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))
