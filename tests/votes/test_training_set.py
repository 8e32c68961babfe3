"""Training sets: rows, soft labels and weights that belong together, whatever the features come in."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import labelkit as lk
from labelkit.exceptions import ModelError

PROBA = np.array([[0.5, 0.5], [0.1, 0.9], [1.0, 0.0], [0.5, 0.5]])
LABELS = lk.ProbabilisticLabels(
    PROBA, np.array([False, True, True, True]), np.arange(4), np.array(["a", "b", "c", "d"]), ("HAM", "SPAM")
)
X = np.arange(8.0).reshape(4, 2)


SPARSE = [
    getattr(sparse, f"{kind}_{form}")
    for kind in ("csr", "csc", "coo", "bsr", "dok", "lil")
    for form in ("array", "matrix")
]


@pytest.mark.parametrize("kind", [np.asarray, *SPARSE, pd.DataFrame, list, pa.array, pa.table])
def test_features_labels_and_weights_are_of_the_same_rows(kind):
    given = {pa.array: X.tolist(), pa.table: pd.DataFrame(X)}.get(kind, X)
    given = pa.Table.from_pandas(given) if kind is pa.table else kind(given)
    if isinstance(given, pd.DataFrame):
        given = given.set_axis(list("abcd")).loc[list("dbca")]
    rows, y_soft, weight = LABELS.training_set(given)
    rows = rows.to_pylist() if isinstance(rows, pa.Array) else rows
    rows = rows.toarray() if sparse.issparse(rows) else np.asarray(rows)
    assert np.array_equal(rows, X[1:])
    assert np.array_equal(y_soft, PROBA[1:])
    assert weight.round(3).tolist() == [0.531, 1.0, 0.0]


def test_all_rows_alike_and_positions_without_features():
    rows, y_soft, weight = LABELS.training_set(rows="all", weight="equal")
    assert (rows.tolist(), weight.tolist()) == ([0, 1, 2, 3], [1.0] * 4)
    assert np.array_equal(y_soft, PROBA)


def test_a_training_set_may_be_written_to_and_labels_stay():
    _, y_soft, weight = LABELS.training_set(X)
    y_soft[:], weight[:] = 0, 0
    assert LABELS.proba.tolist() == PROBA.tolist()
    assert LABELS.training_set(X).y_soft.tolist() == PROBA[1:].tolist()


def test_a_learner_of_hard_labels_gets_each_row_for_every_class():
    there = LABELS.training_set(X)
    row, label, weight = there.by_class()
    assert list(zip(row.tolist(), label.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]
    assert weight.round(3).tolist() == [0.053, 0.478, 1.0]
    model = LogisticRegression().fit(there.X[row], label, sample_weight=weight)
    assert model.predict(X).shape == (4,)


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (X[:3], {}, "X has 3 rows for 4 examples"),
        (pd.DataFrame(X[:2], index=["a", "b"]), {}, "X has no row for the example 'c'"),
        (pd.DataFrame(X, index=["a", "b", "c", "z"]), {}, "z"),
        (None, {"rows": "some"}, "rows='some'"),
        (None, {"weight": "none"}, "weight='none'"),
    ],
)
def test_what_does_not_fit_is_refused(given, options, message):
    with pytest.raises(ModelError, match=message):
        LABELS.training_set(given, **options)
    with pytest.raises(ModelError, match="no rule votes on any example"):
        LABELS[:1].training_set()
