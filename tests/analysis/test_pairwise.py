"""Rules that say the same: against the definition written out slowly, and on the edges."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from labelkit.analysis.pairwise import count_pairs, near_duplicate_rules
from labelkit.exceptions import AnalysisError
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import FAULT, Fault


@st.composite
def outcomes(draw):
    """A matrix of classes, abstains and faults."""
    n, m, k = draw(st.integers(1, 12)), draw(st.integers(1, 5)), draw(st.integers(1, 20))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    cells = rng.integers(-draw(st.integers(2, 12)), k, size=(n, m))
    return np.where(cells == -2, FAULT, np.maximum(cells, -1)), k


def matrix_of(cells, k):
    names = [f"rule{j}" for j in range(cells.shape[1])]
    faults = [
        Fault(row=int(i), lf=names[j], id=int(i), error="ValueError", message="")
        for i, j in np.argwhere(cells == FAULT)
    ]
    whole = LabelMatrix.of(np.maximum(cells, -1), names=names, classes=k)
    return LabelMatrix(whole.votes, whole.lfs, whole.class_names, whole.ids, tuple(faults))


@given(outcomes())
@settings(max_examples=60, deadline=None)
def test_counts_of_pairs_are_the_definition_whether_votes_are_few_or_many(case):
    cells, k = case
    pairs = count_pairs(matrix_of(cells, k).patterns)
    for a in range(cells.shape[1]):
        for b in range(cells.shape[1]):
            one, other = cells[:, a], cells[:, b]
            both = (one >= 0) & (other >= 0)
            ran = ((one != FAULT) & (other != FAULT)).sum()
            assert pairs.both[a, b] == both.sum()
            assert pairs.alike[a, b] == (both & (one == other)).sum()
            assert pairs.first[a, b] == ((one >= 0) & (other != FAULT)).sum()
            assert pairs.ran[a, b] == ran or (ran == 0 and np.isnan(pairs.ran[a, b]))


@given(outcomes(), st.floats(0, 0.99))
@settings(max_examples=60, deadline=None)
def test_near_duplicates_are_the_definition_written_out(case, threshold):
    cells, k = case
    matrix = matrix_of(cells, k)
    found = {(r["first"], r["second"]): r for r in near_duplicate_rules(matrix, threshold=threshold).to_dict("records")}
    expected = {}
    for a in range(cells.shape[1]):
        for b in range(cells.shape[1]):
            ran = (cells[:, a] != FAULT) & (cells[:, b] != FAULT)
            one, other = cells[ran, a], cells[ran, b]
            alike = ((one == other) & (one >= 0)).sum()
            either, own = ((one >= 0) | (other >= 0)).sum(), (one >= 0).sum()
            pair = (f"rule{a}", f"rule{b}")
            if either and alike / either > threshold:
                if a < b:
                    expected[pair] = ("duplicate", alike, either)
            elif a != b and own and alike / own > threshold:
                expected[pair] = ("contained", alike, own)
    assert {pair: (r["relation"], r["alike"], r["votes"]) for pair, r in found.items()} == expected
    for row in found.values():
        assert row["agreement"] == pytest.approx(row["alike"] / row["votes"])
        assert row["low"] <= row["agreement"] <= row["high"] + 1e-12


def test_rules_that_never_vote_are_no_copies_of_each_other():
    assert near_duplicate_rules([[-1, -1, 0]]).empty


def test_rules_that_vote_on_the_same_rows_for_other_classes_are_no_copies():
    assert near_duplicate_rules([[0, 1]] * 50).empty


def test_a_threshold_of_one_or_more_is_refused():
    with pytest.raises(AnalysisError, match="threshold=1"):
        near_duplicate_rules([[0, 0]], threshold=1)


def test_vote_patterns_give_the_same_pairs():
    matrix = LabelMatrix.of([[0, 0, -1], [1, 1, 1], [-1, 0, -1]])
    assert near_duplicate_rules(matrix, threshold=0.5).equals(near_duplicate_rules(matrix.patterns, threshold=0.5))
