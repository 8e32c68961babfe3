"""Packed patterns are the same rows, however they are packed."""

import numpy as np
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from labelkit.votes.distinct_rows import Fields, pack, pack_distinct, unpack
from labelkit.votes.outcomes import CODE
from labelkit.votes.packed_patterns import PackedPatterns

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
