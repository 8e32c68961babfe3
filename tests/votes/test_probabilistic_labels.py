"""Probabilistic labels: an example without a vote gets no label, a tie gets one only by a policy that was named."""

from __future__ import annotations

import dataclasses
from enum import Enum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st
from sklearn.linear_model import LogisticRegression

import labelkit as lk
from labelkit.exceptions import LabelkitError, LabelSpaceError, MatrixError, ModelError
from labelkit.label_models import MajorityVote
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

LABELS = ProbabilisticLabels(
    pattern_proba=np.array([[0.4, 0.3, 0.3], [0.1, 0.9, 0.0], [0.45, 0.1, 0.45]]),
    pattern_covered=np.array([False, True, True]),
    index=np.array([0, 1, 2, 1]),
    ids=np.array(["a", "b", "c", "d"]),
    class_names=("HAM", "SPAM", "ODD"),
)


def test_an_uncovered_example_and_a_tie_get_no_label():
    assert LABELS.hard().tolist() == [-1, 1, -1, 1]


@pytest.mark.parametrize(("ties", "label"), [("abstain", [-1]), ("first", [0]), ("random", [0, 2])])
def test_a_tie_gets_a_label_by_the_named_policy(ties, label):
    assert LABELS.hard(ties=ties)[2] in label


def test_an_uncovered_example_gets_the_named_default():
    assert LABELS.hard(uncovered=2).tolist() == [2, 1, -1, 1]
    assert LABELS.hard(uncovered=LABELS.class_names[2].lower()).tolist() == [2, 1, -1, 1]
    with pytest.raises(LabelSpaceError, match=r"uncovered=7 is no class.*\nHint: the classes are"):
        LABELS.hard(uncovered=7)


def test_an_unknown_policy_is_refused():
    with pytest.raises(ValueError, match="ties='coin' is not one of 'abstain', 'first', 'random'"):
        LABELS.hard(ties="coin")


def test_random_ties_are_fair_and_repeat_with_their_seed():
    proba = np.full((4000, 2), 0.5)
    drawn = hard_labels(proba, ties="random", random_state=3)
    assert abs(drawn.mean() - 0.5) < 0.05
    assert np.array_equal(drawn, hard_labels(proba, ties="random", random_state=3))
    assert not np.array_equal(drawn, hard_labels(proba, ties="random", random_state=4))


def test_probabilities_that_differ_by_rounding_are_tied():
    assert hard_labels(np.array([[0.1 + 0.2, 0.3, 0.4 - 1e-3]]))[0] == 2
    assert hard_labels(np.array([[0.5, 0.5 + 1e-12]]))[0] == -1


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1))
def test_a_label_is_a_most_probable_class_whatever_the_policy(rows):
    proba = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    for ties in ("abstain", "first", "random"):
        for row, label in zip(proba, hard_labels(proba, ties=ties), strict=True):
            assert label == -1 or row[label] >= row.max() - 1e-9


def test_the_covered_examples_stand_alone():
    assert LABELS.covered.ids.tolist() == ["b", "c", "d"]
    assert LABELS.is_covered.tolist() == [False, True, True, True]


@pytest.mark.parametrize("rows", [slice(1, 3), [2, 0], np.array([False, True, False, True]), 1, slice(0, 0)])
def test_some_of_the_examples_are_picked(rows):
    assert LABELS[rows].ids.tolist() == np.atleast_1d(LABELS.ids[rows]).tolist()
    assert np.array_equal(LABELS[rows].proba, LABELS.proba[rows].reshape(-1, 3))


def test_labels_come_back_from_a_file_as_they_were(tmp_path):
    loaded = ProbabilisticLabels.load(LABELS.save(tmp_path / "labels.parquet"))
    assert np.array_equal(loaded.proba, LABELS.proba)
    assert (loaded.ids.tolist(), loaded.class_names) == (LABELS.ids.tolist(), LABELS.class_names)
    assert np.array_equal(loaded.hard(), LABELS.hard())
    assert pq.read_table(tmp_path / "labels.parquet").column("label").to_pylist() == [None, 1, None, 1]


def test_labels_concatenate_to_the_whole():
    whole = ProbabilisticLabels.concat([LABELS[:2], LABELS[2:]])
    assert np.array_equal(whole.proba, LABELS.proba)
    assert np.array_equal(whole.is_covered, LABELS.is_covered)
    with pytest.raises(MatrixError, match="labels of the same classes are concatenated"):
        ProbabilisticLabels.concat([LABELS, dataclasses.replace(LABELS, class_names=("x", "y", "z"))])


def test_labels_are_frames_of_pandas_and_polars():
    frame = LABELS.to_pandas()
    assert list(frame.columns) == ["label", "covered", "p_HAM", "p_SPAM", "p_ODD"]
    assert frame.loc["b", "p_SPAM"] == 0.9
    assert isinstance(LABELS.to_polars(), pl.DataFrame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_names": ("a", "b")}, "probabilities of 3 classes, but 2 class names"),
        ({"pattern_covered": np.array([True])}, "do not fit together: 3 patterns"),
        ({"ids": np.array(["a"])}, r"patterns of \(4,\) examples, ids of \(1,\)"),
        ({"index": np.array([0, 1, 2, 3])}, "goes beyond the 3 patterns"),
        ({"index": np.array([0, 1, 2, -1])}, "goes beyond the 3 patterns"),
        ({"pattern_proba": np.ones((3, 3))}, "do not sum to 1"),
        ({"pattern_proba": np.full((3, 3), np.nan)}, "do not sum to 1"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    with pytest.raises(MatrixError, match=message):
        dataclasses.replace(LABELS, **change)


def test_labels_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        LABELS.pattern_proba[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        LABELS.proba[LABELS.proba < 0.5] = 0


@pytest.mark.parametrize(
    "use",
    [
        lambda frame: frame.assign(label=LABELS),
        lambda frame: frame.__setitem__("label", LABELS),
        lambda frame: pd.DataFrame({"label": LABELS}),
        lambda frame: frame.iloc[np.argsort(LABELS)],
        lambda frame: frame.iloc[LABELS.covered],
        lambda frame: frame.loc[LABELS.covered],
        lambda frame: frame[LABELS.covered],
        lambda frame: LogisticRegression().fit(frame, LABELS),
        lambda _: pd.Series(LABELS),
        lambda _: np.asarray(LABELS),
    ],
)
def test_labels_are_no_column_of_labels(use):
    """Each row of the column held all labels, as an object; and labels were no mask, but a key of a column."""
    with pytest.raises(LabelkitError, match=r"labels are no array.*\nHint: frame\[labels\.is_covered\]"):
        use(pd.DataFrame({"n": range(4)}))


VOTES, NAMES = np.zeros((4, 1), dtype=int), LABELS.class_names


@pytest.mark.parametrize(
    "use",
    [
        lambda frame: lk.sample(frame, 2, method="stratified", by=LABELS),
        lambda _: lk.next_to_label(LabelMatrix.of(VOTES, ids=list("abcd"), classes=[*NAMES]), LABELS, texts=LABELS),
        lambda _: lk.open_corpus(LABELS),
        lambda _: lk.prevalence(LABELS, [0, 1, 1, 2], by=LABELS),
    ],
)
def test_labels_are_no_list_of_values(use):
    """They can be iterated over, as pandas needs it to refuse them as a column."""
    with pytest.raises(LabelkitError, match=r"holds no values|is not a corpus"):
        use(pd.DataFrame({"n": range(4)}))


def test_labels_show_their_shares():
    assert repr(LABELS) == "ProbabilisticLabels(4 examples: HAM 0.0%, SPAM 50.0%, ODD 0.0%, no label 50.0%)"
    assert "no label" in LABELS._repr_html_()
    assert "0 examples" in repr(LABELS[:0])


@pytest.mark.parametrize("cells", [3, 6, 10**9])
@pytest.mark.parametrize("ids", [["a", "b", "c", "d"], [None, None, "c", "d"], [4, 3, 2, 1]])
def test_labels_are_written_and_read_whatever_their_ids_are(tmp_path, monkeypatch, cells, ids):
    monkeypatch.setattr("labelkit.votes.probabilistic_labels.SAVED_CELLS", cells)
    labels = dataclasses.replace(LABELS, ids=np.array(ids, dtype=object))
    again = ProbabilisticLabels.load(labels.save(tmp_path / "labels.parquet"))
    assert again.ids.tolist() == ids
    assert np.array_equal(again.proba, labels.proba)
    assert again.hard().tolist() == labels.hard().tolist()
    assert ProbabilisticLabels.load(again.save(tmp_path / "again.parquet")).to_arrow().equals(again.to_arrow())
    assert len(ProbabilisticLabels.load(labels[:0].save(tmp_path / "none.parquet"))) == 0


@pytest.mark.parametrize("what", ["proba", "to_arrow", "load"])
def test_labels_that_do_not_fit_say_so_beforehand(tmp_path, monkeypatch, what):
    path = LABELS.save(tmp_path / "labels.parquet")
    monkeypatch.setattr("labelkit._shared.memory.LITTLE", 0)
    monkeypatch.setattr("labelkit._shared.memory.free_memory", lambda: 10.0)
    ask = {
        "proba": lambda: LABELS.proba,
        "to_arrow": LABELS[:2].to_arrow,
        "load": lambda: ProbabilisticLabels.load(path),
    }
    LABELS.__dict__.pop("proba", None)
    with pytest.raises(ModelError, match=r"takes 0\.0 GB, and 0\.0 GB are free \[LK\d{3}\]\nHint: "):
        ask[what]()


def test_a_mask_is_matched_as_that_of_a_matrix():
    some = pd.DataFrame([[0, 0], [1, 1], [1, -1], [-1, -1]], columns=["a", "b"], index=["w", "x", "y", "z"])
    matrix = LabelMatrix.of(some)
    labels = MajorityVote().fit(matrix).label(matrix)
    mask = pd.Series({"z": True, "y": False, "x": True, "w": False})
    for whole in (matrix, labels):
        assert whole[mask].frame_index.labels.tolist() == ["x", "z"]
        for wrong in (mask.to_numpy()[:3], lambda: 1, "a text of no rule" if whole is labels else 1.5):
            with pytest.raises(MatrixError, match=r"chooses no rows|has 3 values for 4 examples"):
                whole[wrong]


def test_ids_in_brackets_are_told_how_they_choose_rows():
    """The part of a split is an array of ids; the hint spoke of names of rules."""
    matrix = LabelMatrix.of([[0, 1], [1, -1], [0, 0]], ids=["a", "b", "c"])
    labels = MajorityVote().fit(matrix).label(matrix)
    ids = np.array(["c", "a"])
    for whole in (matrix, labels):
        for wrong in (ids, ids.astype(object), ids.tolist(), "c"):
            with pytest.raises(MatrixError, match=r"pandas\.Index\(ids\) in the brackets"):
                whole[wrong]
        assert whole[pd.Index(ids)].ids.tolist() == ["c", "a"]
    with pytest.raises(MatrixError, match="there are lf0, lf1"):
        matrix[["z"]]


def test_ids_of_labels_that_are_put_together_are_those_of_matrices():
    """Positions go on, numbers stay numbers, and no example is in two parts."""
    parts = [
        LabelMatrix.of(np.array([[0, 1], [1, 1]]), classes=["a", "b"], ids=ids) for ids in (None, ["x", "y"], [7, 8])
    ]
    model = MajorityVote().fit(parts[0])
    labels = [model.label(part) for part in parts]
    for chosen in ([0, 0], [1, 2], [2, 1]):
        whole = LabelMatrix.concat([parts[i] for i in chosen])
        assert ProbabilisticLabels.concat([labels[i] for i in chosen]).ids.tolist() == whole.ids.tolist()
    for put_together, some in ((LabelMatrix.concat, parts), (ProbabilisticLabels.concat, labels)):
        with pytest.raises(MatrixError, match="the example 'y' is in several parts"):
            put_together([some[1], some[2], some[1][1:]])


def test_a_probability_below_0_is_refused():
    with pytest.raises(MatrixError, match="or one is below 0"):
        ProbabilisticLabels(np.array([[1.5, -0.5]]), np.ones(1, bool), np.zeros(1, int), np.arange(1), ("a", "b"))


@pytest.mark.parametrize(
    "other", [1, 0.5, np.int8(1), "SPAM", Enum("Label", "HAM SPAM").SPAM, [0, 1], np.array([0, 1, 1]), "labels"]
)
def test_labels_are_not_compared_as_an_array(other):
    """``np.mean(labels == 1)`` was 0.0, whatever the labels."""
    votes = LabelMatrix.of([[0, -1], [1, 1], [-1, 1]])
    labels, again = (MajorityVote().fit(votes).label(votes) for _ in range(2))
    other = again if isinstance(other, str) and other == "labels" else other
    for compared in (lambda: labels == other, lambda: other == labels, lambda: labels != other):
        with pytest.raises(LabelkitError, match="labels are no array"):
            compared()
    assert (labels.hard() == 1).tolist() == [False, True, True]
    assert labels == labels  # noqa: PLR0124 - what a container asks of its elements
    assert labels in [None, labels]
    assert len({labels, again}) == 2
    assert labels != object()
