"""Distinct rows and their counts are exact, however many columns and values there are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as npst

from labelkit.votes.distinct_rows import (
    BLOCK_ROWS,
    RANGE_ROWS,
    Fields,
    distinct,
    merge_packed,
    pack,
    pack_distinct,
    unpack,
)
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.vote_patterns import VotePatterns

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
    assert Fields.of(array).n_words > 1


wide = npst.arrays(
    st.sampled_from([np.int16, np.int64]),
    st.tuples(st.integers(0, 30), st.integers(0, 9)),
    elements=st.one_of(st.integers(-2, 2), st.integers(-30_000, 30_000)),
)


@given(st.one_of(rows, wide))
def test_keys_sort_as_rows_do_and_give_them_back(array):
    fields = Fields.of(array)
    keys = pack(array, fields)
    assert keys.shape == (fields.n_words, len(array))
    assert np.array_equal(unpack(keys, fields, array.dtype), array)
    as_tuples = list(zip(*keys.tolist(), strict=True))
    assert sorted(range(len(array)), key=as_tuples.__getitem__) == sorted(
        range(len(array)), key=array.tolist().__getitem__
    )


@given(rows, st.randoms())
def test_keys_may_hold_the_columns_in_another_order(array, random):
    order = np.array(random.sample(range(array.shape[1]), array.shape[1]), dtype=np.int64)
    fields = Fields.of(array)[order]
    assert np.array_equal(pack(array, fields, order), pack(array[:, order], Fields.of(array[:, order])))


@given(rows, rows)
def test_fields_of_two_tables_together_hold_the_values_of_both(one, other):
    n_columns = min(one.shape[1], other.shape[1])
    one, other = one[:, :n_columns].astype(np.int64), other[:, :n_columns].astype(np.int64)
    together = Fields.of(one) | Fields.of(other)
    for array in (one, other):
        assert np.array_equal(unpack(pack(array, together), together, np.int64), array)
    if len(one) and len(other):
        assert together == Fields.of(np.concatenate([one, other]))
    assert Fields.read(together.table) == together


def test_an_abstain_and_one_class_take_a_bit_and_a_fault_makes_it_two():
    votes = np.array([[-1] * 60, [97] * 60], dtype=np.int8)
    assert [slot.bits for slot in Fields.of(votes).slots] == [1] * 60
    assert Fields.of(votes).n_words == 1
    faulty = Fields.of(np.array([[-2] * 60, [-1] * 60, [1] * 60], dtype=np.int8))
    assert ({slot.bits for slot in faulty.slots}, faulty.n_words) == ({2}, 2)
    assert Fields.of(np.array([[5, -1], [5, 0]])).slots[0].bits == 0  # one value tells nothing


@given(st.lists(rows.map(lambda array: array[:, :2]), min_size=1, max_size=5))
def test_sorted_keys_of_parts_merge_to_those_of_the_whole(parts):
    n_columns = min(part.shape[1] for part in parts)
    parts = [part[:, :n_columns].astype(np.int64) for part in parts]
    whole = np.concatenate(parts)
    fields = Fields.of(whole)
    found = [pack_distinct(part, fields) for part in parts]
    keys, places = merge_packed([own for own, _ in found], fields)
    assert np.array_equal(unpack(keys, fields, np.int64), distinct(whole).values)
    for part, (_, index), place in zip(parts, found, places, strict=True):
        assert np.array_equal(unpack(keys[:, place[index]], fields, np.int64), part)


@pytest.mark.parametrize("n_words", [1, 3])
def test_many_rows_are_merged_a_range_at_a_time(n_words):
    rng = np.random.default_rng(0)
    array = rng.integers(-1, 3, size=(600_000, 9)).astype(np.int8)
    array = np.tile(array, n_words * 2)[:, : 9 if n_words == 1 else 50]
    found = distinct(array)
    assert len(array) > 2 * RANGE_ROWS > BLOCK_ROWS
    assert np.array_equal(found.values[found.index], array)
    assert np.array_equal(found.counts, np.bincount(found.index))
    assert len(found.values) == len(np.unique((array[:, :9].astype(int) + 1) @ 4 ** np.arange(9)))
    assert np.array_equal(np.lexsort(found.values.T[::-1]), np.arange(len(found.values)))


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
