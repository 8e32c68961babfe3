"""Arrays go to Arrow and back as by Arrow's own conversions, which import pandas first."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from labelkit._shared.arrow_arrays import arrow_array, no_rows, numpy_array, text_array

KINDS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "?"]

VIEWS = {
    "whole": lambda values: values,
    "every second": lambda values: values[::2],
    "from the second on": lambda values: values[1:],
    "a column of rows": lambda values: np.stack([values, values], axis=1)[:, 0],
    "backwards": lambda values: values[::-1],
    "not to be written to": lambda values: np.frombuffer(values.tobytes(), values.dtype),
}


@given(st.data(), st.sampled_from(KINDS), st.integers(0, 20), st.sampled_from([*VIEWS]), st.booleans())
def test_arrays_become_what_arrow_makes_of_them_and_come_back(data, kind, n, view, is_masked):
    values = VIEWS[view](data.draw(arrays(kind, n)))
    mask = data.draw(arrays(np.bool_, len(values))) if is_masked else None
    array = arrow_array(values, mask=mask)
    array.validate(full=True)
    expected = pa.array(values, mask=mask)
    assert array.type == expected.type
    assert array.is_valid().equals(expected.is_valid())
    np.testing.assert_array_equal(array.drop_null().to_numpy(False), expected.drop_null().to_numpy(False))
    for some in (array, array[1:], array[3:9], pa.chunked_array([array[2:], array]), pa.chunked_array([], array.type)):
        back, wanted = numpy_array(some), some.to_numpy(zero_copy_only=False)
        assert back.dtype == wanted.dtype
        np.testing.assert_array_equal(back, wanted)


@pytest.mark.parametrize("values", [["a\0b", "", "日本"], [1.5, 2.5], [b"x"], [np.datetime64("2024-01-01", "us")]])
def test_other_arrays_are_left_to_arrow(values):
    array = arrow_array(np.array(values))
    assert array.to_pylist() == [value.item() if isinstance(value, np.generic) else value for value in values]
    assert numpy_array(array).tolist() == np.array(values).tolist()


def test_texts_and_tables_without_rows():
    texts = ["HAM", "", "日本", "a\0b"]
    assert text_array(texts).equals(pa.array(texts))
    assert text_array([]).equals(pa.array([], pa.string()))
    schema = pa.schema([("id", pa.int64()), ("rules", pa.list_(pa.dictionary(pa.int16(), pa.string())))])
    assert no_rows(schema).equals(schema.empty_table())


def test_numbers_need_no_pandas():
    code = (
        "import sys, numpy as np, pyarrow as pa; from labelkit._shared.arrow_arrays import *\n"
        "for values in (np.arange(3), np.array([True, False]), np.array([0.5])):\n"
        "    numpy_array(pa.chunked_array([arrow_array(values)])); arrow_array(values, mask=values > 0)\n"
        "text_array(['a']); no_rows(pa.schema([('a', pa.string())])); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
