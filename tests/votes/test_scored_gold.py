"""Gold and probabilities of classifiers are brought together by the names of classes, against scikit-learn."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, precision_score, recall_score

import labelkit as lk
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.scored_gold import _classes_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
PLACE = np.clip(np.rint(X[:, 0] + RNG.normal(size=300) * 0.5) + 1, 0, 2).astype(int)


@pytest.mark.parametrize("classes", [[-1, 1], [1, 2, 3], [0, 5, 10], [2, 3]])
@pytest.mark.parametrize("container", ["array", "floats", "list", "Series", "mapping", "one column"])
def test_classes_of_scikit_learn_that_are_numbers_are_names(classes, container):
    y = np.array(classes)[np.minimum(PLACE, len(classes) - 1)]
    model = LogisticRegression().fit(X, y)
    proba = model.predict_proba(X)
    gold = {
        "array": y,
        "floats": y.astype(float),
        "list": y.tolist(),
        "Series": pd.Series(y),
        "mapping": dict(enumerate(y.tolist())),
        "one column": pd.DataFrame({"y": y}),
    }[container]
    found = lk.classification_curves(gold, proba, class_names=model.classes_)
    assert found.n_rows == 300
    for name in found.class_names:
        is_it = y == int(name)
        row, labels = found.frame.loc[name], model.predict(X) == int(name)
        assert row["rows"] == is_it.sum()
        assert row["precision"] == pytest.approx(precision_score(is_it, labels))
        assert row["recall"] == pytest.approx(recall_score(is_it, labels))
        column = proba[:, list(model.classes_).index(int(name))]
        assert row["average_precision"] == pytest.approx(average_precision_score(is_it, column))
    of_frame = lk.reliability(gold, pd.DataFrame(proba, columns=model.classes_))
    assert of_frame.log_loss == pytest.approx(log_loss(y, proba))


def test_of_numbers_that_are_names_the_unknown_are_left_out_and_others_refused():
    proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    assert lk.reliability([1, 2, None], proba, class_names=[1, 2]).rows.sum() == 2
    assert lk.reliability([1, 2, -1], proba, class_names=[1, 2]).rows.sum() == 2
    assert lk.reliability(["1", 2, np.nan], proba, class_names=[1, 2]).rows.sum() == 2
    with pytest.raises(GoldError, match="gold holds 0, and the classes are named 1, 2"):
        lk.reliability([0, 1, 2], proba, class_names=[1, 2])


def test_names_of_classes_that_contradict_the_columns_are_refused():
    proba = np.array([[0.9, 0.1], [0.2, 0.8]])
    labels = lk.ProbabilisticLabels(proba, np.ones(2, bool), np.arange(2), np.arange(2), ("HAM", "SPAM"))
    frame = pd.DataFrame(proba, columns=["p_HAM", "p_SPAM"])
    for given in (labels, frame):
        assert lk.reliability(["HAM", "SPAM"], given, class_names=["HAM", "SPAM"]).of == "SPAM"
    with pytest.raises(AnalysisError, match="class_names are of the classes SPAM, HAM, and not of HAM, SPAM"):
        lk.reliability(["HAM", "SPAM"], labels, class_names=["SPAM", "HAM"])
    turned = lk.reliability(["HAM", "SPAM"], frame, class_names=["SPAM", "HAM"])  # the columns say which is which
    assert str(turned) == str(lk.reliability(["HAM", "SPAM"], frame))
    renamed = pd.DataFrame(proba, columns=["no", "yes"])
    assert lk.reliability(["HAM", "SPAM"], renamed, class_names=["HAM", "SPAM"]).of == "SPAM"
    with pytest.raises(AnalysisError, match="class_names are of the classes EGGS, SPAM"):
        lk.reliability(["HAM", "SPAM"], labels, class_names=["EGGS", "SPAM"])


def test_probabilities_that_do_not_sum_to_one_have_no_log_loss():
    scores = np.array([[0.3, 0.1], [0.2, 0.8]])
    with pytest.raises(AnalysisError, match=r"of 1 examples do not sum to 1, the first to 0\.4"):
        lk.reliability([0, 1], scores)
    assert lk.reliability([0, 1], np.array([[0.33, 0.66], [0.5, 0.5]])).log_loss > 0
    assert lk.classification_curves([0, 1], scores).frame.loc["1", "roc_auc"] == 1.0


def test_a_class_named_none_is_one_and_a_missing_value_is_not():
    assert _classes_of(np.array(["None", "x", None, "", float("nan")], dtype=object), 2) == ["None", "x"]


@pytest.mark.parametrize("kind", [pl.from_pandas, pa.Table.from_pandas, lambda frame: frame])
@pytest.mark.parametrize("before", ["", "p_"])
def test_columns_of_any_frame_are_matched_by_the_classes_that_they_name(kind, before):
    rng = np.random.default_rng(0)
    spam = rng.random(200)
    frame = pd.DataFrame({"SPAM": spam, "HAM": 1 - spam}).add_prefix(before)
    truth = np.where(rng.random(200) < spam, "SPAM", "HAM").tolist()
    proba = frame[[f"{before}HAM", f"{before}SPAM"]].to_numpy()
    names = ["HAM", "SPAM"]
    expected = lk.reliability(truth, proba, class_names=names, positive="SPAM").frame
    assert lk.reliability(truth, kind(frame), positive="SPAM").frame.equals(expected)
    weights = lk.class_weights(truth, "focal", proba=kind(frame))
    assert weights.rows == pytest.approx(lk.class_weights(truth, "focal", proba=proba).rows)
    corrected = np.asarray(lk.correct_prior(kind(frame), {"HAM": 0.5, "SPAM": 0.5}, {"HAM": 0.9, "SPAM": 0.1}))
    assert np.allclose(corrected[:, ::-1], lk.correct_prior(proba, [0.5, 0.5], [0.9, 0.1], class_names=names))
