"""Sums and maxima of short rows, and rows by position, are those of NumPy to the last bit; threads change nothing."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as npst

from labelkit._shared import threads
from labelkit._shared.row_operations import TAKEN_ROWS, first_rows, row_maxima, row_sums, take_rows
from labelkit._shared.threads import blocks, in_threads

tables = npst.arrays(
    np.float64, st.tuples(st.integers(0, 20), st.integers(1, 20)), elements=st.floats(-1e9, 1e9, allow_subnormal=False)
)


@given(tables)
def test_sums_and_maxima_are_those_of_numpy(table):
    assert np.array_equal(row_sums(table), table.sum(axis=1))
    assert np.array_equal(row_maxima(table), table.max(axis=1))


@pytest.mark.parametrize("n_rows", [0, 1, TAKEN_ROWS + 1])
def test_rows_are_picked_by_position(n_rows):
    values = np.random.default_rng(0).random((100, 3))
    index = np.random.default_rng(1).integers(0, 100, n_rows)
    assert np.array_equal(take_rows(values, index), values[index])


@given(st.integers(0, 50), st.integers(1, 9))
def test_blocks_cover_the_rows_once(n_rows, step):
    assert [row for block in blocks(n_rows, step) for row in range(n_rows)[block]] == list(range(n_rows))


@pytest.mark.parametrize("n_cores", [1, 4])
def test_results_come_in_the_order_of_the_pieces(monkeypatch, n_cores):
    monkeypatch.setattr(threads, "n_cores", lambda: n_cores)
    names = set()

    def double(number):
        names.add(threading.current_thread().name)
        return 2 * number

    assert in_threads(double, range(100)) == list(range(0, 200, 2))
    assert ("MainThread" in names) == (n_cores == 1)
    assert in_threads(double, []) == []


def test_an_error_in_a_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda number: 1 // number, [1, 0, 2])


def test_the_first_row_of_each_number_is_found():
    numbers = np.array([2, 0, 2, 0, 4])
    assert first_rows(numbers, 6).tolist() == [1, -1, 0, -1, 4, -1]
    assert first_rows(numbers, 5, none=0).tolist() == [1, 0, 0, 0, 4]
    assert first_rows(numbers[:0], 2).tolist() == [-1, -1]
