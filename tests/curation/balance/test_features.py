"""Rows that SMOTE makes are marked, rows that Tomek links leave out are missing, and all others are themselves."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import labelkit as lk
from labelkit.exceptions import AnalysisError

RNG = np.random.default_rng(3)
Y = np.repeat(["HAM", "SPAM"], [180, 20])
X = RNG.normal(size=(200, 3)) + (Y == "SPAM")[:, None]


def samplers():
    from imblearn.combine import SMOTEENN
    from imblearn.over_sampling import ADASYN, RandomOverSampler
    from imblearn.under_sampling import ClusterCentroids, RandomUnderSampler

    made = {
        "smote": "smote",
        "tomek": "tomek",
        "smote_tomek": "smote_tomek",
        "enn": SMOTEENN(random_state=0),
        "adasyn": ADASYN(random_state=0),
        "over": RandomOverSampler(random_state=0),
        "under": RandomUnderSampler(random_state=0),
        "centroids": ClusterCentroids(random_state=0),
    }
    return made.items()


@pytest.mark.parametrize(("name", "sampler"), samplers())
def test_rows_are_those_given_or_marked_as_made(name, sampler):
    given = np.vstack([X[:-1], X[0]])  # a row twice
    resampled = lk.resample_features(given, Y, sampler)
    rows, classes = resampled
    kept = ~resampled.is_made
    assert (rows[kept] == given[resampled.positions[kept]]).all()
    assert (classes[kept] == Y[resampled.positions[kept]]).all()
    assert (resampled.positions[resampled.is_made] == -1).all()
    assert resampled.counts_after.sum() == len(rows)
    assert resampled.is_made.any() == (name in {"smote", "smote_tomek", "enn", "adasyn", "centroids"})
    if name != "over":
        assert len(set(resampled.positions[kept])) == kept.sum()


def test_smote_makes_classes_equal_and_keeps_every_row():
    resampled = lk.resample_features(X, Y, "smote")
    assert resampled.counts_after.tolist() == [180, 180]
    assert resampled.counts_made.tolist() == [0, 160]
    assert resampled.sampling_rates == {"HAM": 1.0, "SPAM": 9.0}
    again = lk.resample_features(X, Y, "smote")
    assert (again.X == resampled.X).all()
    assert resampled.step.to_dict()["notes"] == ["160 rows made by smote."]


def test_a_frame_is_matched_by_its_index_and_marked():
    ids = [f"c{i}" for i in range(200)]
    frame = pd.DataFrame(X, columns=["a", "b", "c"], index=ids)
    gold = pd.Series(Y, index=ids)
    gold.iloc[:10] = None
    rows, classes = lk.resample_features(frame.iloc[::-1], gold.to_dict(), "tomek")
    assert list(rows.columns) == ["a", "b", "c"]
    assert len(rows) <= 190
    with pytest.warns(UserWarning, match="was resampled"):
        lk.classification_curves(classes, rows["a"].clip(0, 1))


def test_few_rows_explain_the_neighbours():
    few = np.repeat(["HAM", "SPAM", "EGGS"], [194, 4, 2])
    with pytest.raises(
        AnalysisError, match=r"nearest neighbours \(k_neighbors\).*'EGGS' has 2 rows(.|\n)*k_neighbors=1"
    ):
        lk.resample_features(X, few)
    assert lk.resample_features(X, few, k_neighbors=1).counts_after.tolist() == [194] * 3
    one = np.repeat(["HAM", "SPAM"], [199, 1])
    with pytest.raises(AnalysisError, match=r"1 row(.|\n)*Hint: label more"):
        lk.resample_features(X, one)
    from imblearn.over_sampling import SMOTE

    with pytest.raises(AnalysisError, match="SMOTE cannot resample"):
        lk.resample_features(X, one, SMOTE())


def test_what_is_not_dense_and_finite_is_refused():
    hole = X.copy()
    hole[7, 1] = np.nan
    for features, message in (
        (scipy.sparse.csr_array(X), "sparse"),
        (hole, "features of 7 are not finite"),
        (pd.DataFrame({"text": ["a"] * 200}), "column 'text'"),
        (X[:, 0], "shape"),
    ):
        with pytest.raises(AnalysisError, match=message):
            lk.resample_features(features, Y)
    with pytest.raises(AnalysisError, match="one class"):
        lk.resample_features(X, ["HAM"] * 200)
    with pytest.raises(AnalysisError, match="'smoke' is not one of"):
        lk.resample_features(X, Y, "smoke")
    with pytest.raises(AnalysisError, match="no sampler"):
        lk.resample_features(X, Y, 5)
