"""Vote tables are made in blocks and in threads, and neither changes a number of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse

import labelkit as lk
from labelkit._shared import threads
from labelkit.label_models import MODELS, _cells, _overlaps
from labelkit.label_models._canonical_order import arrange
from labelkit.label_models._cells import cells_of
from labelkit.label_models._overlaps import shared_examples
from labelkit.label_models._posterior import BLOCK_CELLS, by_blocks
from labelkit.label_models._vote_table import class_votes, read_votes

votes = npst.arrays(np.int8, st.tuples(st.integers(1, 25), st.integers(1, 7)), elements=st.integers(-1, 3))


@pytest.fixture
def few_cells(monkeypatch):
    """Blocks of a few patterns, and threads on any machine."""
    monkeypatch.setattr(threads, "n_cores", lambda: 3)
    monkeypatch.setattr(_cells, "BLOCK_CELLS", 2_000)
    monkeypatch.setattr(_overlaps, "BLOCK_CELLS", 2_000)


@pytest.fixture(scope="module")
def patterns():
    """Votes of forty rules on some thousand examples, hardly two alike."""
    rng = np.random.default_rng(0)
    made = np.where(rng.random((3_000, 40)) < 0.15, rng.integers(0, 3, 40), -1)
    return lk.LabelMatrix.of(made, names=[f"lf{j}" for j in range(40)], classes=3).patterns


@given(votes, st.randoms())
def test_votes_are_listed_by_pattern_and_labeling_function(array, random):
    outcomes = np.unique(array, axis=0)
    order = np.array(random.sample(range(array.shape[1]), array.shape[1]))
    for by_pattern in (False, True):
        cells = cells_of(outcomes, order, 4, by_pattern=by_pattern)
        rows = np.arange(len(outcomes)) if cells.rows is None else cells.rows
        lists = [[j * 4 + vote for j, vote in enumerate(row) if vote >= 0] for row in outcomes[rows][:, order].tolist()]
        assert [part.tolist() for part in np.split(cells.codes, cells.indptr[1:-1])] == lists
        if by_pattern:
            assert outcomes[rows][:, order].tolist() == sorted(outcomes[:, order].tolist())


@given(array=votes, random=st.randoms())
def test_a_table_is_the_same_however_the_labeling_functions_and_examples_were_given(array, random):
    n, m = array.shape
    names = [f"lf{j}" for j in range(m)]
    shuffled, moved = random.sample(range(m), m), random.sample(range(n), n)
    one = lk.LabelMatrix.of(array, names=names, classes=4)
    other = lk.LabelMatrix.of(array[moved][:, shuffled], names=[names[j] for j in shuffled], classes=4)
    tables = [arrange(read_votes(one), np.arange(m)), arrange(read_votes(other), np.argsort(shuffled))]
    first, second = (arranged.table for arranged in tables)
    assert np.array_equal(first.hits.toarray(), second.hits.toarray())
    assert np.array_equal(first.counts, second.counts)
    assert (first.codes.tolist(), first.lfs) == (second.codes.tolist(), second.lfs)


def test_patterns_may_stay_where_they_are(patterns, few_cells):
    order = np.array(sorted(range(40), key=lambda j: patterns.names[j]))
    arranged, stayed = (arrange(read_votes(patterns), order, by_pattern=by_pattern) for by_pattern in (True, False))
    assert np.array_equal(stayed.place, np.arange(len(patterns)))
    assert not np.array_equal(arranged.place, stayed.place)
    assert np.array_equal(arranged.table.hits[arranged.place].toarray(), stayed.table.hits.toarray())
    assert np.array_equal(arranged.table.counts[arranged.place], stayed.table.counts)
    rows = slice(100, 300)
    assert np.array_equal(stayed.table.rows(rows).toarray(), stayed.table.hits.toarray()[rows])


@pytest.mark.parametrize("name", list(MODELS))
def test_fitting_and_predicting_at_once_gives_the_same_bits(name, patterns):
    few = lk.LabelMatrix.of(patterns.votes[::4], names=patterns.names, classes=3).patterns
    at_once = MODELS[name]()
    proba = at_once.fit_predict_pattern_proba(few)
    assert np.array_equal(proba, MODELS[name]().fit(few).predict_pattern_proba(few))
    assert np.array_equal(proba, at_once.predict_pattern_proba(few))


def test_votes_by_class_are_the_same_for_few_classes_and_for_many(monkeypatch):
    rng = np.random.default_rng(0)
    hits = sparse.csr_array(rng.random((50, 12)) < 0.4).astype(float)
    to_class = sparse.csr_array((rng.random(12), (np.arange(12), rng.integers(0, 5, 12))), shape=(12, 5))
    dense = class_votes(hits, to_class)
    monkeypatch.setattr("labelkit.label_models._vote_table.FEW_CLASSES", 1)
    assert np.array_equal(class_votes(hits, to_class), dense)


@pytest.mark.parametrize("most", [3, 2**26])
def test_shared_examples_are_counted_exactly_in_threads(patterns, few_cells, most):
    table = arrange(read_votes(patterns), np.arange(40)).table
    counts = np.random.default_rng(0).integers(1, most, table.n_patterns).astype(float)
    some = type(table)(table.hits[:500], table.lf, table.label, counts[:500], table.lfs, table.class_names)
    hits = some.hits.toarray()
    assert np.array_equal(shared_examples(some).toarray(), hits.T @ (counts[:500, None] * hits))


def test_blocks_of_rows_are_put_together_in_order():
    n_rows = 3 * BLOCK_CELLS
    found = by_blocks(lambda rows: np.arange(rows.start, rows.stop, dtype=float)[:, None], slice(5, n_rows), 1)
    assert np.array_equal(found[:, 0], np.arange(5, n_rows))
