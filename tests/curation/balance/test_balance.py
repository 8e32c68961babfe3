"""Rows of balanced training sets: which, how often, what is said of them."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.linear_model import LogisticRegression, SGDClassifier

import labelkit as lk
from labelkit.curation.step import Curated
from labelkit.exceptions import AnalysisError

RARE = np.repeat(["HAM", "SPAM"], [950, 50])


def labels_of(names=("HAM", "SPAM")):
    proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    index = np.repeat([0, 1, 2], [90, 10, 5])
    ids = np.array([f"c{i}" for i in range(105)], dtype=object)
    return lk.ProbabilisticLabels(proba, np.array([True, True, False]), index, ids, tuple(names))


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    wanted=st.integers(1, 60),
    seed=st.integers(0, 5),
)
@pytest.mark.filterwarnings("ignore:.*learned by heart")
def test_each_class_has_as_many_rows_as_wanted_and_rows_stand_alike_often(counts, wanted, seed):
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    balanced = lk.balance(classes, wanted, method="both", random_state=seed)
    assert balanced.counts_after.tolist() == [wanted] * len(counts)
    assert (np.bincount(balanced.classes) == wanted).all()
    assert (classes[balanced.positions] == balanced.classes).all()
    for c, n in enumerate(counts):
        times = np.bincount(balanced.positions, minlength=len(classes))[classes == c]
        assert times.max() - times.min() <= 1
        assert balanced.weights[balanced.classes == c].sum() == pytest.approx(n)


@pytest.mark.parametrize(
    ("to", "method", "after"),
    [
        ("equal", "under", [50, 50]),
        ("equal", "over", [950, 950]),
        ("equal", "both", [500, 500]),
        (40, "under", [40, 40]),
        ({"SPAM": 40}, "under", [950, 40]),
        ({"HAM": 5e2, "SPAM": 5e2}, "both", [500, 500]),
        ({"HAM": 0.8, "SPAM": 0.2}, "under", [200, 50]),
        ({"HAM": 0.5, "SPAM": 0.5}, "over", [950, 950]),
        ({"HAM": 0.5, "SPAM": 0.5}, "both", [500, 500]),
        ({"HAM": 0, "SPAM": 50}, "under", [0, 50]),
    ],
)
def test_numbers_and_shares_of_each_method(to, method, after):
    assert lk.balance(RARE, to, method=method).counts_after.tolist() == after


@pytest.mark.parametrize(
    ("to", "method", "message", "hint"),
    [
        ({"SPAM": 60, "HAM": 60}, "under", "60 rows of 'SPAM' are wanted, there are 50", "method='both'"),
        ({"SPAM": 60, "HAM": 60}, "over", "60 rows of 'HAM' are wanted, there are 950", "method='both'"),
        ({"SPAN": 50}, "under", "the class 'SPAN', which there is not", "did you mean 'SPAM'"),
        ({"SPAM": 0.5}, "under", "leave out 'HAM'", "sum to 1"),
        ({"SPAM": 0.5, "HAM": 0.6}, "under", "sum to 1.1", "sum to 1"),
        ({"SPAM": float("nan")}, "under", "no numbers", "by class"),
        ({"SPAM": 0.5, "HAM": 7}, "under", "mixes", "one of them"),
        ("even", "under", "neither 'equal'", "5_000"),
        (True, "under", "neither 'equal'", "5_000"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_remedy(to, method, message, hint):
    with pytest.raises(AnalysisError) as caught:
        lk.balance(RARE, to, method=method)
    assert message in str(caught.value)
    assert hint in str(caught.value)


def test_other_bad_input_is_refused():
    with pytest.raises(AnalysisError, match="method='down'"):
        lk.balance(RARE, method="down")
    with pytest.raises(AnalysisError, match="none of the 3 rows has a class"):
        lk.balance([-1, -1, -1], class_names=["HAM", "SPAM"])
    with pytest.raises(AnalysisError, match="random_state=-1"):
        lk.balance(RARE, random_state=-1)
    with pytest.raises(AnalysisError, match="2 ids for 3 labels"):
        lk.balance([0, 1, 1], ids=["a", "b"])
    with pytest.raises(AnalysisError, match="no row is of the class 'X'"):
        lk.balance(["A", "B"], {"X": 5, "A": 1, "B": 1}, class_names=["A", "B", "X"], method="both")


def test_a_class_of_one_row_and_one_of_none_are_warned_of():
    with pytest.warns(UserWarning, match="1 row of 'SPAM' would stand 99 times"):
        balanced = lk.balance(["HAM"] * 99 + ["SPAM"], method="over")
    assert "1 row of 'SPAM', each 99 times." in balanced.step.notes
    with pytest.warns(UserWarning, match="no row is of the class 'X'"):
        balanced = lk.balance(["A", "A", "B"], class_names=["A", "B", "X"])
    assert balanced.counts_after.tolist() == [1, 1, 0]
    assert balanced.sampling_rates == {"A": 0.5, "B": 1.0}


def test_labels_gold_by_id_series_and_a_column_of_a_corpus_are_taken(tmp_path):
    labels = labels_of()
    balanced = lk.balance(labels)
    assert balanced.counts_before.tolist() == [90, 10]
    assert balanced.step.notes == ("5 rows without a class are left out.",)
    assert set(balanced.ids) <= set(labels.ids)
    names = np.array(["HAM", "SPAM", None], dtype=object)[labels.hard()]
    frame = pd.DataFrame({"id": labels.ids, "label": names})
    frame.to_parquet(tmp_path / "labels.parquet")
    series = frame.set_index("id")["label"]
    others = [
        lk.balance(series),
        lk.balance(series.to_dict()),
        lk.balance(names, ids=labels.ids),
        lk.balance(tmp_path / "labels.parquet", column="label", id="id"),
        lk.balance(labels.hard(), class_names=["HAM", "SPAM"], ids=labels.ids),
    ]
    for other in others:
        assert other.ids.tolist() == balanced.ids.tolist()
        assert other.class_names == balanced.class_names


def test_it_is_curated_and_its_rows_name_each_row_as_often_as_it_was_drawn():
    balanced = lk.balance(labels_of(), method="over")
    assert isinstance(balanced, Curated)
    table = balanced.rows()
    assert table.column_names == ["id", "label"]
    assert table.num_rows == 180
    assert table.column("label").value_counts().to_pylist()[0]["counts"] == 90
    assert balanced.step.to_dict()["after"] == {"rows": 180, "HAM": 90, "SPAM": 90}
    assert balanced.to_dict()["rates"] == {"HAM": 1.0, "SPAM": 9.0}


def test_the_draw_does_not_go_with_data_of_the_same_seed():
    noise = np.random.default_rng(0).random(10_000)
    taken = lk.balance(np.repeat([0, 1], [9_000, 1_000])).positions
    assert noise[taken[taken < 9_000]].mean() == pytest.approx(0.5, abs=0.04)
    first, second = (lk.balance(RARE, random_state=seed).positions for seed in (0, 0))
    assert (first == second).all()
    assert (lk.balance(RARE, random_state=1).positions != first).any()


def test_features_are_taken_by_name_and_marked():
    labels = labels_of()
    frame = pd.DataFrame({"x": np.arange(105.0)}, index=pd.Index(labels.ids))
    balanced = lk.balance(labels)
    taken = balanced.take(frame.sample(frac=1, random_state=0))
    assert taken["x"].tolist() == balanced.positions.tolist()
    assert balanced.take(list(range(105))) == balanced.positions.tolist()


def test_resampled_evaluation_data_is_warned_of():
    balanced = lk.balance(RARE)
    proba = np.full(1_000, 0.3)
    frame = pd.DataFrame({"label": RARE, "p": proba})
    taken = balanced.take(frame)
    with pytest.warns(UserWarning, match="was resampled: precision"):
        lk.classification_curves(taken["label"], taken["p"], class_names=["HAM", "SPAM"])
    with pytest.warns(UserWarning, match="was resampled"):
        lk.reliability(taken["label"].to_numpy(), taken["p"], class_names=["HAM", "SPAM"])
    weights = pd.Series(balanced.weights, index=taken.index)
    lk.classification_curves(taken["label"], taken["p"], class_names=["HAM", "SPAM"], weights=weights)
    more = lk.balance(RARE, method="over").take(frame)
    with pytest.warns(UserWarning, match="repeats rows"):
        lk.classification_curves(more["label"], more["p"], class_names=["HAM", "SPAM"])


def test_evaluation_rows_that_were_trained_on_or_repeat_are_warned_of():
    ids = np.array([f"c{i}" for i in range(1_000)])
    balanced = lk.balance(RARE[:900].tolist() + ["SPAM"] * 10, ids=[f"c{i}" for i in range(910)])
    balanced.check_evaluation(ids[910:])
    for rows in (balanced.ids[:3], balanced, {balanced.ids[0]: "HAM"}, pd.Series("HAM", index=balanced.ids)):
        with pytest.warns(UserWarning, match="trained on"):
            balanced.check_evaluation(rows)
    with pytest.warns(UserWarning, match="repeats rows"):
        balanced.check_evaluation(["new", "new"])


def test_class_weights_by_hand():
    assert lk.class_weights(RARE).array == pytest.approx([1000 / 1900, 10])
    assert lk.class_weights(RARE)["spam"] == pytest.approx(10)
    beta = 0.99
    effective = np.array([(1 - beta) / (1 - beta**950), (1 - beta) / (1 - beta**50)])
    found = lk.class_weights(RARE, "effective_number", beta=beta)
    assert found.array[1] / found.array[0] == pytest.approx(effective[1] / effective[0])
    cost = lk.class_weights(RARE, "cost", costs={"SPAM": {"HAM": 10}})
    assert cost.array[1] / cost.array[0] == pytest.approx(10)
    proba = np.where(RARE == "SPAM", 0.1, 0.2)  # of SPAM
    focal = lk.class_weights(RARE, "focal", gamma=2, proba=proba)
    assert focal.array[1] / focal.array[0] == pytest.approx(0.9**2 / 0.2**2)
    for weights in (found, cost, focal):
        assert weights.rows.mean() == pytest.approx(1)
    labels = lk.class_weights(labels_of(), "focal")
    assert labels.rows[-1] == 0
    assert labels.array[1] / labels.array[0] == pytest.approx(4)


@pytest.mark.parametrize(
    "options", [{}, {"method": "focal"}, {"method": "cost", "costs": {"SPAM": {"HAM": 9}, "HAM": {"SPAM": 1}}}]
)
def test_class_names_say_the_order_of_the_weights_of_labels_too(options):
    labels = labels_of()
    given, turned = (lk.class_weights(labels, class_names=names, **options) for names in (None, ["SPAM", "HAM"]))
    assert turned.class_names == ("SPAM", "HAM")
    assert turned.array.tolist() == given.array[::-1].tolist()
    assert turned.rows.tolist() == given.rows.tolist()
    assert dict(turned) == dict(given)
    with pytest.raises(AnalysisError, match="class_names are of the classes HAM, EGGS"):
        lk.class_weights(labels, class_names=["HAM", "EGGS"])


def test_three_classes_in_another_order_keep_their_rows():
    votes = lk.LabelMatrix.of([[0], [0], [0], [1], [-1], [2], [2]], classes=["A", "B", "C"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    balanced = lk.balance(labels, {"A": 3, "B": 1, "C": 0}, class_names=["C", "A", "B"])
    assert balanced.counts_before.tolist() == [2, 3, 1]
    assert balanced.positions.tolist() == [0, 1, 2, 3]
    assert balanced.rows().column("label").to_pylist() == ["A", "A", "A", "B"]
    with pytest.raises(AnalysisError, match="ids= are of labels without names"):
        lk.balance(labels, ids=list("abcdefg"))


def test_class_weights_refuse_what_is_out_of_range():
    for options, message in (
        ({"method": "even"}, "not one of"),
        ({"beta": 0.9}, "method='effective_number'"),
        ({"method": "effective_number", "beta": 1.0}, "beta=1.0"),
        ({"method": "focal", "gamma": -1}, "gamma=-1"),
        ({"method": "focal"}, "probabilities of a model"),
        ({"method": "focal", "proba": np.full(1_000, np.nan)}, "the probability of the class of 0 is nan"),
        ({"method": "cost"}, "needs costs="),
        ({"method": "cost", "costs": {"SPAM": {"HAM": -1}}}, "negative"),
    ):
        with pytest.raises(AnalysisError, match=message):
            lk.class_weights(RARE, **options)
    with pytest.warns(UserWarning, match="no row is of the class 'X'"):
        assert lk.class_weights(["A", "B"], class_names=["A", "B", "X"])["X"] == 0


def test_focal_weights_find_probabilities_by_the_names_of_rows_and_classes():
    rng = np.random.default_rng(0)
    ids = [f"e{i}" for i in range(200)]
    labels = pd.Series(rng.choice(["HAM", "SPAM"], 200), index=ids)
    proba = pd.DataFrame({"HAM": rng.random(200)}, index=ids).assign(SPAM=lambda frame: 1 - frame["HAM"])
    of_class = np.where(labels == "HAM", proba["HAM"], proba["SPAM"])
    expected = (1 - of_class) ** 2 / ((1 - of_class) ** 2).mean()
    for form in (proba, proba.to_numpy(), proba.iloc[::-1], proba[["SPAM", "HAM"]], proba.add_prefix("p_")):
        assert lk.class_weights(labels, "focal", proba=form).rows == pytest.approx(expected)
    with pytest.raises(AnalysisError, match="probabilities are of the classes A, B"):
        lk.class_weights(labels, "focal", proba=proba.set_axis(["A", "B"], axis=1))
    with pytest.raises(AnalysisError, match="probability of the class of"):
        lk.class_weights(labels, "focal", proba=proba.iloc[:-1])


@pytest.mark.parametrize("classes", [(1, 2), (-1, 1), (1, 2, 3), (3, 7)])
def test_numbers_are_names_where_classes_are_named_by_other_numbers(classes):
    rng = np.random.default_rng(0)
    y = rng.choice(classes, 300, p=[0.7, *[0.3 / (len(classes) - 1)] * (len(classes) - 1)])
    x = rng.normal(size=(300, 2)) + y[:, None]
    balanced = lk.balance(y, class_names=classes)
    counts = np.bincount(np.searchsorted(classes, y))
    assert balanced.counts_before.tolist() == counts.tolist()
    assert np.unique(y[balanced.positions], return_counts=True)[1].tolist() == [counts.min()] * len(classes)
    model = lk.TwoPhaseClassifier(SGDClassifier(loss="log_loss", random_state=0)).fit(x, y)
    assert model.balanced_.counts_before.tolist() == counts.tolist()
    proba = LogisticRegression().fit(x, y).predict_proba(x)
    of_class = proba[np.arange(300), np.searchsorted(classes, y)]
    weights = lk.class_weights(y, "focal", proba=proba, class_names=classes).rows
    assert weights == pytest.approx((1 - of_class) ** 2 / ((1 - of_class) ** 2).mean())
    curves = lk.classification_curves(y, proba, class_names=classes, positive=str(classes[-1])).frame
    assert curves["rows"].tolist() == [counts[-1]]


def test_columns_that_bear_the_names_of_classes_are_theirs_in_any_order():
    balanced = lk.balance(np.repeat(["HAM", "SPAM"], [900, 100]))
    proba = pd.DataFrame({"HAM": [0.5, 0.9], "SPAM": [0.5, 0.1]})
    expected = pd.DataFrame(balanced.correct(proba.to_numpy()), columns=["HAM", "SPAM"])
    assert expected["SPAM"].tolist() == pytest.approx([0.1, 0.1 / 8.2])
    for form in (proba, proba[["SPAM", "HAM"]], proba.add_prefix("p_")[["p_SPAM", "p_HAM"]]):
        corrected = balanced.correct(form)
        assert corrected.columns.tolist() == form.columns.tolist()
        assert corrected.rename(columns=lambda name: name.removeprefix("p_"))[["HAM", "SPAM"]].equals(expected)
    with pytest.raises(AnalysisError, match="columns of proba are SPAM, HAM, and class_names HAM, SPAM"):
        lk.correct_prior(proba[["SPAM", "HAM"]], [0.5, 0.5], [0.9, 0.1], class_names=["HAM", "SPAM"])
    gold, sure = ["HAM", "SPAM", "SPAM", "HAM"] * 50, pd.DataFrame({"HAM": [0.9, 0.2, 0.1, 0.8] * 50})
    sure["SPAM"] = 1 - sure["HAM"]
    for form in (sure, sure[["SPAM", "HAM"]]):
        curves = lk.classification_curves(gold, form, class_names=["HAM", "SPAM"], positive="SPAM").frame
        assert curves["auc" if "auc" in curves else "roc_auc"].tolist() == [1]


@pytest.mark.parametrize("name", ["None", "nan", "<NA>", "NaT"])
def test_a_text_that_may_be_a_class_or_none_is_refused_and_a_name_is_a_name(name):
    labels = pd.Series([name, "x", "x", None, float("nan")], dtype=object)
    with pytest.raises(
        lk.LabelkitError, match=re.escape(f"the text {name!r}, which may be the name of a class")
    ) as error:
        lk.balance(labels)
    assert f"class_names=[..., {name!r}]" in error.value.hint
    balanced = lk.balance(labels, class_names=[name, "x"])
    assert balanced.counts_before.tolist() == [1, 2]


@pytest.mark.parametrize("none", [None, float("nan"), pd.NA, pd.NaT, "", -1])
def test_a_missing_value_is_no_class(none):
    balanced = lk.balance(pd.Series([none, "x", "x"], dtype=object))
    assert (balanced.class_names, balanced.counts_before.tolist()) == (("x",), [2])


def test_percent_are_no_rows():
    labels = ["HAM"] * 60 + ["SPAM"] * 40
    with pytest.raises(AnalysisError, match="holds percent") as error:
        lk.balance(labels, to={"HAM": 50.0, "SPAM": 50.0})
    assert "{'HAM': 0.5, 'SPAM': 0.5}" in error.value.hint
    assert len(lk.balance(labels, to={"HAM": 20, "SPAM": 80}, method="both")) == 100


@pytest.mark.parametrize("form", ["column", "Int64", "arrow", "list"])
def test_classes_of_large_numbers_beside_gaps_are_told_apart(form):
    """Floats of pandas would make one class of them."""
    values = [2**53 + 1, 2**53, None, 2**53]
    made = {
        "Int64": pd.Series(pd.array(values, dtype="Int64")),
        "arrow": pd.Series(pa.array(values), dtype=pd.ArrowDtype(pa.int64())),
        "list": values,
        "column": pa.table({"topic": values}),
    }
    weights = lk.class_weights(made[form], column="topic" if form == "column" else None)
    assert dict(zip(weights.class_names, weights.counts.tolist(), strict=True)) == {str(2**53): 2, str(2**53 + 1): 1}
    assert weights.rows.tolist() == [1.5, 0.75, 0.0, 0.75]


@pytest.mark.parametrize(
    "kind",
    [
        list,
        np.array,
        pd.Series,
        lambda y: [*y, None],
        lambda y: np.array(y, dtype=float),
        lambda y: list(map(str, y)),
        lambda y: pd.Series(y, dtype=float).astype(str),
    ],
)
def test_signs_are_no_single_class(kind):
    """-1 stands for none, so that all rows that were left had one class."""
    labels = kind([-1] * 9 + [1])
    for function in (lk.balance, lk.class_weights):
        with pytest.raises(AnalysisError, match="hold -1 and 1 alone"):
            function(labels)
    assert lk.balance(labels, class_names=["-1", "1"]).counts_before.tolist() == [9, 1]
    assert lk.class_weights([-1, 0, 1, 1]).counts.tolist() == [1, 2]


def test_a_class_is_named_once_and_names_are_no_text():
    for function in (lk.balance, lk.class_weights):
        with pytest.raises(AnalysisError, match="class_names names the class 'a' twice"):
            function(["a", "b"], class_names=["a", "b", "a"])
        with pytest.raises(AnalysisError, match="class_names='ab' is one text"):
            function(["a", "b"], class_names="ab")
    with pytest.raises(AnalysisError, match="to names the class 'a' twice"):
        lk.balance(["a", "b", "a"], {"a": 1, "A": 2, "b": 1})
    with pytest.raises(AnalysisError, match="trained_prior names the class 'a' twice"):
        lk.correct_prior([[0.2, 0.8]], {"a": 0.5, "b": 0.5, "A": 0.3}, [0.5, 0.5], class_names=["a", "b"])


def test_a_frame_without_the_name_of_its_column_of_classes_is_told_how_to_name_it():
    frame = pd.DataFrame({"text": ["a", "b", "c"], "label": ["HAM", "SPAM", "HAM"]})
    with pytest.raises(AnalysisError, match=r"labels= is a frame with 2 columns.*LK327\]\nHint: .*column='label'"):
        lk.balance(frame, "label")
    assert len(lk.balance(frame, column="label")) == 2
