"""Distinct values are numbered as the rows have them, whatever the dictionaries of a column hold."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from labelkit._shared.arrow_arrays import coded, nan_to_null, without_dictionary
from labelkit._shared.exact_values import column_series

INDEX_TYPES = [kind() for kind in (pa.int8, pa.uint8, pa.int16, pa.uint16, pa.int32, pa.uint32, pa.int64, pa.uint64)]
VALUES = pa.array(["unused", "b", None, "a", "b"])
"""A dictionary with a value of no row, null, and a value twice."""


def dictionary(places, values=VALUES, index=None):
    return pa.DictionaryArray.from_arrays(pa.array(places, index or pa.uint32()), values)


def decoded(column):
    codes, values = coded(column)
    assert codes.dtype == np.int64
    assert sorted(set(codes.tolist()) - {-1}) == list(range(len(values)))
    assert len(set(values.to_pylist())) == len(values)
    return [*values.to_pylist(), None], np.array([*values.to_pylist(), None], dtype=object)[codes].tolist()


@pytest.mark.parametrize("index", INDEX_TYPES, ids=str)
def test_indices_of_any_type_and_every_kind_of_null(index):
    column = dictionary([3, None, 1, 2, 4, 1], index=index)
    for given in (column, pa.chunked_array([column]), pa.chunked_array([column[:2], column[2:]])):
        values, rows = decoded(given)
        assert rows == ["a", None, "b", None, "b", "b"]
        assert values == ["b", "a", None]
        assert without_dictionary(given).to_pylist() == rows
        assert column_series(given).astype(object).where(column_series(given).notna(), None).tolist() == rows


def test_chunks_with_dictionaries_of_their_own():
    chunks = [dictionary([1, None, 0], pa.array(["x", "y"])), dictionary([0, 1], pa.array(["y", "z"]))]
    column = pa.chunked_array([*chunks, dictionary([], pa.array([], pa.string())), chunks[0]])
    assert decoded(column)[1] == ["y", None, "x", "y", "z", "y", None, "x"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([], pa.string()),
        pa.chunked_array([], pa.string()),
        pa.chunked_array([], pa.dictionary(pa.uint8(), pa.string())),
        dictionary([]),
        dictionary([], pa.array([], pa.string())),
    ],
)
def test_no_rows_have_no_values(column):
    codes, values = coded(column)
    assert codes.tolist() == values.to_pylist() == without_dictionary(column).to_pylist() == []


@pytest.mark.parametrize("column", [pa.nulls(2), pa.array([None, None], pa.string()), dictionary([None, 2])])
def test_nulls_alone_have_no_values(column):
    codes, values = coded(column)
    assert codes.tolist() == [-1, -1]
    assert values.to_pylist() == []


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_texts_of_any_type(kind):
    assert decoded(dictionary([3, 2, None, 1], VALUES.cast(kind)))[1] == ["a", None, None, "b"]
    assert decoded(pa.array(["b", None, "b"], pa.string()).cast(kind))[1] == ["b", None, "b"]


def test_nan_is_no_value():
    floats = pa.array([1.5, float("nan"), None])
    assert nan_to_null(floats).to_pylist() == [1.5, None, None]
    assert decoded(floats)[1] == decoded(dictionary([0, 1, 2], floats))[1] == [1.5, None, None]
    assert nan_to_null(pa.array([1])).to_pylist() == [1]


def test_categories_of_pandas_and_polars():
    pl = pytest.importorskip("polars")
    rows = ["b", None, "a", "b"]
    category = pd.Categorical(rows, categories=["unused", "a", "b"])
    assert decoded(pa.array(category)) == (["a", "b", None], rows)
    for kind in (pl.Categorical, pl.Enum(["unused", "a", "b"])):
        assert decoded(pl.Series(rows, dtype=kind).to_arrow())[1] == rows
