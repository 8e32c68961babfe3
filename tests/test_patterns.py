"""Distinct rows and their counts are exact, however many columns and values there are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from labelkit.lf import LFInfo
from labelkit.matrix import LabelMatrix, VotePatterns
from labelkit.patterns import distinct, key_words

rows = npst.arrays(
    st.sampled_from([np.int8, np.int16, np.int64]),
    st.tuples(st.integers(0, 30), st.integers(0, 6)),
    elements=st.integers(-2, 3),
)


@given(rows)
def test_the_distinct_rows_are_those_of_a_counter_in_lexicographic_order(array):
    found = distinct(array)
    counter = Counter(map(tuple, array.tolist()))
    assert list(map(tuple, found.values.tolist())) == sorted(counter)
    assert found.counts.tolist() == [counter[row] for row in sorted(counter)]
    assert np.array_equal(found.values[found.index], array)
    assert (found.values.dtype, found.counts.dtype, found.index.dtype) == (array.dtype, np.int64, np.int64)


@given(rows, st.integers(0, 30))
def test_patterns_of_parts_merge_to_those_of_the_whole(array, cut):
    infos = tuple(LFInfo(f"lf{j}") for j in range(array.shape[1]))
    names = ("a", "b", "c", "d")

    def patterns(part):
        found = distinct(part)
        gold = np.zeros((len(found.counts), 4), np.int64)
        np.add.at(gold, (found.index, np.arange(len(part)) % 4 if part is array else part_gold[id(part)]), 1)
        return VotePatterns(found.values, found.counts, infos, names, gold)

    parts = [array[:cut], array[cut:]]
    every = np.arange(len(array)) % 4
    part_gold = {id(parts[0]): every[:cut], id(parts[1]): every[cut:]}
    merged, whole = VotePatterns.merge(map(patterns, parts)), patterns(array)
    assert np.array_equal(merged.outcomes, whole.outcomes)
    assert np.array_equal(merged.counts, whole.counts)
    assert np.array_equal(merged.gold, whole.gold)


def test_rows_of_many_wide_columns_are_told_apart_exactly():
    rng = np.random.default_rng(0)
    array = rng.integers(-1, 200, size=(500, 60)).astype(np.int16)
    twin = array.copy()
    twin[:, -1] += 1  # differs in the last column alone
    found = distinct(np.concatenate([array, twin, array]))
    assert len(found.counts) == 1000
    assert sorted(found.counts.tolist()) == [1] * 500 + [2] * 500
    assert len(key_words(array)) > 1


def test_a_thousand_columns_are_no_trouble():
    array = np.full((3, 1000), -1, np.int8)
    array[1, 999] = 0
    assert distinct(array).counts.tolist() == [2, 1]


def test_weights_stand_for_examples():
    assert distinct(np.array([[1], [0], [1]]), np.array([10, 5, 1])).counts.tolist() == [5, 11]


def test_patterns_of_other_rules_do_not_merge():
    one = LabelMatrix.of(np.zeros((1, 1), int), names=["a"]).patterns
    other = LabelMatrix.of(np.zeros((1, 1), int), names=["b"]).patterns
    with pytest.raises(ValueError, match="other rules or classes cannot be merged"):
        VotePatterns.merge([one, other])
    with pytest.raises(ValueError, match="nothing to merge"):
        VotePatterns.merge([])
