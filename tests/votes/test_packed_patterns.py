"""Packed patterns are the same rows, however they are packed."""

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from labelkit.votes.distinct_rows import Fields, pack, pack_distinct, unpack
from labelkit.votes.outcomes import CODE
from labelkit.votes.packed_patterns import PackedPatterns, merge_tables, with_few

ROWS = arrays(np.int16, st.tuples(st.integers(1, 20), st.integers(1, 6)), elements=st.integers(-2, 700))


@given(ROWS, st.integers(700, 40_000))
def test_keys_are_packed_for_other_fields_and_tightly_without_a_change_of_the_rows(rows, high):
    n_columns = rows.shape[1]
    wide = Fields(np.full(n_columns, -2), np.full(n_columns, high), np.zeros(n_columns, dtype=np.bool_))
    keys, _ = pack_distinct(rows, wide)
    distinct_rows = unpack(keys, wide, CODE)
    counts = np.arange(1, keys.shape[1] + 1)
    patterns = PackedPatterns(keys, wide, counts, None)
    tight = patterns.tightly()
    assert tight.fields == Fields.of(distinct_rows)
    assert np.array_equal(unpack(tight.keys, tight.fields, CODE), distinct_rows)
    assert np.array_equal(tight.counts, counts)
    assert tight.packed(tight.fields) is tight.keys
    assert np.array_equal(tight.packed(wide), keys)
    assert np.array_equal(patterns.packed(tight.fields), pack(distinct_rows, tight.fields))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 70), st.integers(1, 3), st.integers(0, 40), st.integers(0, 40))
def test_a_few_patterns_are_merged_into_many_as_tables_are(seed, n_lfs, n_classes, n_many, n_few):
    rng = np.random.default_rng(seed)
    base = rng.integers(-1, n_classes, (30, n_lfs))
    base[rng.random(base.shape) < 0.5] = -1  # keys whose bytes are zeros
    with_gold = rng.random(2) < 0.7

    def table(n, *, gold):
        rows = np.unique(base[rng.integers(0, len(base), n)], axis=0)
        fields = Fields.of(rows)
        counts = rng.integers(1, 9, len(rows))
        return PackedPatterns(pack(rows, fields), fields, counts, rng.integers(0, 3, (len(rows), 2)) if gold else None)

    many, few = table(n_many, gold=with_gold[0]), table(n_few, gold=with_gold[1])
    before = many.counts.copy()
    merged, expected = with_few(many, few), merge_tables([many, few])[0]
    assert merged.fields == expected.fields
    assert np.array_equal(merged.keys, expected.keys)
    assert np.array_equal(merged.counts, expected.counts)
    assert (merged.gold is None) == (expected.gold is None)
    assert merged.gold is None or np.array_equal(merged.gold, expected.gold)
    assert np.array_equal(many.counts, before)
