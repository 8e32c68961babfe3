"""Rows that are made when they are asked for are those of the array, however they are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from labelkit._shared import computed_rows
from labelkit._shared.computed_rows import StackedRows, TakenRows, pieces_of, stacked


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(computed_rows, "PIECE_CELLS", 9)


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
    for row in (10, -11):
        with pytest.raises(IndexError, match=f"there is no row {row}: there are 10"):
            TakenRows(VALUES, np.arange(10))[row]
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
    monkeypatch.setattr(computed_rows, "KEPT_CELLS", 59)
    assert isinstance(stacked([VALUES, VALUES]), StackedRows)
    monkeypatch.undo()
    assert isinstance(stacked([VALUES, TakenRows(VALUES, np.arange(2))]), StackedRows)
