"""Sums and maxima of short rows, and rows by position, are those of NumPy to the last bit; threads change nothing."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from labelkit import _rows, _threads
from labelkit._rows import TAKEN_ROWS, StackedRows, TakenRows, pieces_of, row_maxima, row_sums, stacked, take_rows
from labelkit._threads import blocks, in_threads

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
    monkeypatch.setattr(_threads, "n_cores", lambda: n_cores)
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


# Rows that are made when they are asked for ---------------------------------------------------------------------------


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(_rows, "PIECE_CELLS", 9)


VALUES = np.random.default_rng(0).random((10, 3))


INDICES = [
    *(3, -1, np.int64(4), slice(2, 7), slice(None, None, -2), slice(20, 30), [4, 4, 0], [2, 3, 4], np.array([9, -10])),
    *(np.arange(10) % 2 == 0, np.zeros(0, dtype=int), np.array([[0, 1], [2, 3]]), None, (2, 1), (slice(None), 1)),
]


@pytest.mark.parametrize("rows", INDICES)
@pytest.mark.parametrize("stack", [False, True])
def test_rows_that_are_made_are_indexed_as_an_array(small_pieces, rows, stack):
    made = TakenRows(VALUES, np.arange(10))
    made = (
        StackedRows([TakenRows(VALUES, np.arange(4)), VALUES[4:9], TakenRows(VALUES, np.array([9]))]) if stack else made
    )
    assert np.array_equal(made[rows], VALUES[rows])
    assert [row.tolist() for row in made] == VALUES.tolist()
    assert np.array_equal(np.asarray(made), VALUES)
    assert np.concatenate([part for _, part in pieces_of(made)]).tolist() == VALUES.tolist()
    assert (len(made), made.shape, made.ndim) == (10, (10, 3), 2)


def test_rows_that_are_made_say_what_is_out_of_range():
    with pytest.raises(IndexError):
        TakenRows(VALUES, np.arange(10))[10]
    with pytest.raises(IndexError, match=r"rows\[:10, 1\]"):
        TakenRows(VALUES, np.arange(10))[[0, 1], [0, 1]]


@given(st.lists(st.integers(0, 9), max_size=30), st.lists(st.integers(0, 29), max_size=30))
def test_rows_of_a_stack_may_be_taken_in_any_order_again_and_again(first, second):
    made = StackedRows([VALUES[:3], TakenRows(VALUES, np.arange(3, 10))])
    taken = made.taken(np.array(first, dtype=np.int64))
    assert np.array_equal(np.asarray(taken), VALUES[first])
    second = [place for place in second if place < len(first)]
    assert np.array_equal(np.asarray(taken.taken(np.array(second, dtype=np.int64))), VALUES[first][second])


def test_an_array_of_rows_that_are_made_is_a_copy():
    made = TakenRows(VALUES, np.arange(10))
    assert np.asarray(made, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="always a copy"):
        made.__array__(copy=False)
    assert "10 rows of 3 numbers" in repr(made)


def test_arrays_are_stacked_as_arrays_if_they_are_not_too_large(monkeypatch):
    assert isinstance(stacked([VALUES, VALUES]), np.ndarray)
    monkeypatch.setattr(_rows, "KEPT_CELLS", 59)
    assert isinstance(stacked([VALUES, VALUES]), StackedRows)
    monkeypatch.undo()
    assert isinstance(stacked([VALUES, TakenRows(VALUES, np.arange(2))]), StackedRows)
