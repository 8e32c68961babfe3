"""Labels are spread where that helps, are left as they are where it harms, and each can say where it came from."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import labelkit as lk
from labelkit.curation.few_labels._rounds import JudgedRows, thresholds_of
from labelkit.curation.few_labels._spread_task import word_dropout
from labelkit.curation.few_labels._teachers import NeighborIndex, propagated, smoothed
from labelkit.curation.step import Curated
from labelkit.exceptions import CorpusError, GoldError, ModelError
from tests.benchmarks.honesty import few_labels

METHODS = ("self_training", "propagation", "spreading", "co_training")
N = 400


def matrix_of(truth, rng, *, covered=0.15, right=0.9, n_lfs=4):
    """Votes on a share of the rows, alike right for all rules."""
    votes = np.where(rng.random((len(truth), n_lfs)) < right, truth[:, None], (truth[:, None] + 1) % 2)
    votes[rng.random(votes.shape) < 0.3] = -1
    votes[rng.random(len(truth)) >= covered] = -1
    return lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"])


def labels_of(matrix):
    return lk.LabelModel().fit(matrix).label(matrix)


@pytest.fixture(scope="module")
def clusters():
    """Two clusters that are the classes, and votes on every seventh row of them."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, N)
    features = rng.normal(size=(N, 5)) + 2.0 * truth[:, None]
    matrix = matrix_of(truth, rng)
    return features, truth, matrix, labels_of(matrix)


@pytest.fixture(scope="module")
def messages():
    """Texts of words of their class and of both, with votes on some; the corpus has ids."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, N)
    words = [[f"ham{i}" for i in range(30)], [f"spam{i}" for i in range(30)]]
    both = [f"word{i}" for i in range(60)]
    texts = [" ".join([*rng.choice(words[one], 4), *rng.choice(both, 6)]) for one in truth]
    matrix = matrix_of(truth, rng, covered=0.3)
    ids = np.array([f"m{i}" for i in range(N)], dtype=object)
    named = lk.LabelMatrix.of(matrix.votes, classes=["HAM", "SPAM"], ids=ids)
    frame = pd.DataFrame({"text": texts, "id": ids}).set_index("id")
    return frame, truth, named, labels_of(named)


# Helps or harms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_labels_that_are_spread_are_right_where_content_tells_the_classes(method, clusters):
    features, truth, matrix, labels = clusters
    gold = np.where(np.arange(N) % 2, truth, -1)
    spread = lk.spread_labels(features, labels, method=method, votes=matrix, gold=gold, share=1.0)
    assert len(spread) > 0.25 * (~labels.is_covered).sum()
    assert (spread.labels.hard()[spread.positions] == truth[spread.positions]).mean() > 0.95
    assert spread.evidence.judged_by == "gold"
    assert spread.evidence.gain > 0
    assert spread.evidence.accuracy_low < (truth == spread.labels.hard())[spread.positions].mean()


@pytest.mark.parametrize("method", METHODS)
def test_no_label_that_there_was_changes(method, clusters):
    features, _, matrix, labels = clusters
    spread = lk.spread_labels(
        features, labels, method=method, votes=matrix, gold=np.where(np.arange(N) % 2, clusters[1], -1)
    )
    covered = labels.is_covered
    assert np.array_equal(spread.labels.proba[covered], labels.proba[covered])
    assert not covered[spread.positions].any()
    rest = np.setdiff1d(np.flatnonzero(~covered), spread.positions)
    assert not spread.labels.is_covered[rest].any()
    assert (spread.labels.hard()[rest] == -1).all()
    assert np.array_equal(spread.labels.proba[rest], labels.proba[rest])


@pytest.mark.parametrize("method", METHODS)
def test_labels_are_returned_as_they_were_where_spreading_harms(method):
    """Rows without a vote are of the other class than rows like them that have one: gold shows it, labels cannot."""
    rng = np.random.default_rng(3)
    side = rng.integers(0, 2, N)
    covered = rng.random(N) < 0.3
    truth = np.where(covered, side, 1 - side)
    votes = np.where(rng.random((N, 4)) < 0.9, truth[:, None], 1 - truth[:, None])
    votes[~covered] = -1
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"])
    labels, features = labels_of(matrix), rng.normal(size=(N, 3)) + 1.5 * side[:, None]
    gold = np.where(rng.random(N) < 0.5, truth, -1)
    spread = lk.spread_labels(features, labels, method=method, votes=matrix, gold=gold)
    assert spread.labels is labels
    assert not spread.is_changed
    assert len(spread.frame) == 0
    assert spread.evidence.accuracy < 0.5
    assert "unchanged" in spread.reason
    assert spread.step.before == spread.step.after
    by_labels = lk.spread_labels(features, labels, method=method, votes=matrix)
    assert by_labels.evidence.judged_by == "hidden labels"
    assert "Only gold can" in str(by_labels)


def test_by_gold_harm_is_stopped_and_gain_is_taken_in_most_draws():
    """Over made-up sets of both kinds, the labels are changed where the end model gains on all other rows."""
    harmed, helped = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        side, covered = rng.integers(0, 2, 600), rng.random(600) < 0.05
        covered[:20] = True
        for is_harm in (True, False):
            truth = np.where(covered | (not is_harm), side, 1 - side)
            labels = one_hot(np.where(covered, truth, -1), 0.9)
            gold = np.where(rng.random(600) < 0.3, truth, -1)
            features = rng.normal(size=(600, 10)) + 0.7 * side[:, None]
            spread = lk.spread_labels(features, labels, method="self_training", gold=gold, share=0.9)
            (harmed if is_harm else helped).append(spread.is_changed)
    assert sum(harmed) == 0
    assert sum(helped) >= 8


def test_over_made_up_sets_gains_are_taken_and_harm_is_not():
    """A short run of the simulation in the benchmarks."""
    runs = few_labels.spread_rows(4, np.random.default_rng(1), ("spreading",), (few_labels.GOLD,))
    like, other, without = list(runs)
    assert like["right"] >= 0.75
    assert not any(line["wrong"] for line in (like, other, without))
    assert other["right"] == without["right"] == 0


def one_hot(hard, sure, n_classes=2):
    """Labels of two classes of which the most probable one is given, -1 for uncovered rows."""
    proba = np.full((n_classes + 1, n_classes), (1 - sure) / (n_classes - 1))
    proba[np.arange(n_classes), np.arange(n_classes)] = sure
    proba[-1] = 1 / n_classes
    names = tuple("ABCDEFG"[:n_classes])
    covered = np.arange(n_classes + 1) < n_classes
    return lk.ProbabilisticLabels(proba, covered, np.where(hard < 0, n_classes, hard), np.arange(len(hard)), names)


def test_features_that_tell_nothing_label_nothing_at_high_confidence():
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, N)
    labels = labels_of(matrix_of(truth, rng, covered=0.5))
    for method in ("propagation", "spreading"):
        spread = lk.spread_labels(rng.normal(size=(N, 4)), labels, method=method, confidence=0.99)
        assert not spread.is_changed
        assert "enough confidence" in spread.reason or "do not help" in spread.reason


def test_the_program_of_the_page_spreads_labels_that_are_right():
    page = Path(__file__).parents[3] / "docs" / "how_to" / "more_labels.md"
    scope = {}
    exec(compile(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)[0], str(page), "exec"), scope)
    spread, truth = scope["spread"], scope["comments"]["spam"].to_numpy()
    assert spread.evidence.is_proved
    assert (spread.labels.hard()[spread.positions] == truth[spread.positions]).mean() > 0.9


# The methods ----------------------------------------------------------------------------------------------------------


def test_the_iterations_are_those_of_scikit_learn():
    from sklearn.semi_supervised import LabelPropagation, LabelSpreading

    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 120)
    features = rng.normal(size=(120, 2)) + 3 * truth[:, None]
    edges = NeighborIndex(features, 6).edges()
    hard = np.where(rng.random(120) < 0.2, truth, -1)
    given = np.where(hard[:, None] >= 0, np.eye(3)[hard], 0.0)
    kernel = {"kernel": lambda a, b: edges.toarray(), "max_iter": 500, "tol": 1e-9}
    theirs = LabelPropagation(**kernel).fit(features, hard).label_distributions_
    ours = propagated(edges, given, np.flatnonzero(hard >= 0))
    reached = theirs.max(axis=1) > 0.01
    ours = ours / np.maximum(ours.sum(axis=1, keepdims=True), 1e-12)
    assert np.abs(ours - theirs)[reached].max() < 0.02
    theirs = LabelSpreading(alpha=0.8, **kernel).fit(features, hard).label_distributions_
    ours = smoothed(edges, given, 0.8)
    ours = ours / np.maximum(ours.sum(axis=1, keepdims=True), 1e-12)
    assert np.abs(ours - theirs).max() < 0.02


def test_a_row_that_no_label_reaches_gets_none():
    features = np.concatenate([np.random.default_rng(0).normal(size=(60, 2)), 1e4 + np.arange(40).reshape(20, 2)])
    hard = np.where(np.arange(80) < 30, (features[:, 0] > 0).astype(int), -1)
    gold = np.where(np.arange(80) % 2, (features[:, 0] > 0).astype(int), -1)
    spread = lk.spread_labels(
        features, one_hot(hard, 0.95), method="propagation", neighbors=4, confidence=0.51, share=1.0, gold=gold
    )
    assert not (spread.positions >= 60).any()


def test_each_class_is_labeled_up_to_the_same_share():
    rng = np.random.default_rng(6)
    first = rng.random(1_000) < 0.9
    top = np.where(first, 0.9 + 0.1 * rng.random(1_000), 0.6 + 0.2 * rng.random(1_000))
    proba = np.where(first[:, None], np.stack([top, 1 - top], 1), np.stack([1 - top, top], 1))
    least = thresholds_of(proba, 0.25, 0.5)
    accepted = top >= least[proba.argmax(axis=1)]
    assert accepted[first].mean() == pytest.approx(0.25, abs=0.01)
    assert accepted[~first].mean() == pytest.approx(0.25, abs=0.02)


def test_co_training_teaches_less_by_a_rule_that_content_contradicts():
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 2, 1_500)
    features = rng.normal(size=(1_500, 4)) + 1.5 * truth[:, None]
    votes = np.stack([np.where(rng.random(1_500) < right, truth, 1 - truth) for right in (0.8, 0.8, 0.55)], axis=1)
    votes[rng.random(votes.shape) < 0.3] = -1
    votes[rng.random(1_500) < 0.4] = -1
    matrix = lk.LabelMatrix.of(votes, names=["a", "b", "content"], classes=["HAM", "SPAM"])
    half = np.where(np.arange(1_500) % 2, truth, -1)
    spread = lk.spread_labels(features, labels_of(matrix), method="co_training", votes=matrix, gold=half)
    assert spread.evidence.losses[1] < spread.evidence.losses[0]


def test_labels_are_kept_only_where_variants_of_the_text_agree(messages):
    frame, truth, _, labels = messages
    options = {"gold": pd.Series(truth, frame.index)[::2], "share": 1.0, "method": "spreading", "confidence": 0.5}
    loose = lk.spread_labels(frame, labels, **options)
    strict = lk.spread_labels(frame, labels, perturbations=5, **options)
    assert 0 < len(strict) < len(loose)
    assert set(strict.positions) <= set(loose.positions)
    right = [(one.labels.hard()[one.positions] == truth[one.positions]).mean() for one in (loose, strict)]
    assert right[1] >= right[0]


def test_word_dropout_leaves_a_word_and_is_a_share():
    rng = np.random.default_rng(0)
    varied = word_dropout(["one", "", " ".join(["w"] * 10_000)], 0.2, rng)
    assert varied[:2] == ["one", ""]
    assert 0.78 < len(varied[2].split()) / 10_000 < 0.82


# Rows, names and numbers ----------------------------------------------------------------------------------------------


def test_texts_are_matched_by_name_and_give_the_same_in_any_order(messages):
    frame, truth, _, labels = messages
    gold = dict(zip(frame.index[::2], truth[::2].tolist(), strict=True))
    spread = lk.spread_labels(frame, labels, gold=gold)
    mixed = lk.spread_labels(frame.sample(frac=1, random_state=0), labels, gold=gold)
    assert spread.is_changed
    assert spread.ids.tolist() == mixed.ids.tolist() == labels.ids[spread.positions].tolist()
    by_features = lk.spread_labels(lk.read_features(frame), labels, gold=gold)
    assert by_features.ids.tolist() == spread.ids.tolist()
    assert (spread.labels.hard()[spread.positions] == truth[spread.positions]).mean() > 0.8


def test_a_result_says_where_each_label_came_from(messages):
    frame, truth, _, labels = messages
    options = {"method": "self_training", "gold": pd.Series(truth, frame.index)[::2], "random_state": 5}
    spread = lk.spread_labels(frame, labels, **options)
    table = spread.frame
    assert table.columns.tolist() == ["id", "position", "label", "confidence", "labeled_by", "round"]
    assert set(table["labeled_by"]) == {"self_training"}
    assert set(table["round"]) <= {1, 2, 3}
    assert table["round"].max() <= spread.evidence.chosen
    assert np.allclose(table["confidence"], spread.confidence)
    assert isinstance(spread, Curated)
    rows = spread.rows()
    assert rows.column_names == ["id", "label", "proba"]
    assert rows.num_rows == spread.step.after["labeled"] - (spread.labels.covered.hard() < 0).sum()
    assert set(rows["label"].to_pylist()) == {"HAM", "SPAM"}
    assert np.allclose([sum(one) for one in rows["proba"].to_pylist()], 1)
    assert spread.step.seed == 5
    assert spread.step.after["labeled"] - spread.step.before["labeled"] == len(spread)
    document = json.loads(json.dumps(spread.to_dict()))
    assert document["evidence"]["judged_by"] == "gold"
    assert document["step"]["parameters"]["method"] == "self_training"
    assert "round 1" in str(spread)
    again = lk.spread_labels(frame, labels, **options)
    assert np.array_equal(again.labels.proba, spread.labels.proba)


def test_rows_beyond_the_sample_are_labeled_too(clusters):
    features, truth, _, _ = clusters
    hard = np.where(np.arange(N) < 60, truth, -1)
    for method in ("self_training", "spreading"):
        gold = np.where(np.arange(N) % 3 == 0, truth, -1)
        spread = lk.spread_labels(features, one_hot(hard, 0.8), method=method, max_rows=40, gold=gold, share=1.0)
        assert len(spread) > 80
        assert spread.positions.max() > 300
        assert (spread.labels.hard()[spread.positions] == truth[spread.positions]).mean() > 0.95


def test_sparse_and_dense_features_and_several_classes():
    rng = np.random.default_rng(8)
    truth = rng.integers(0, 3, 300)
    features = sparse.csr_array(np.maximum(rng.normal(size=(300, 9)) + 3 * np.eye(3)[truth].repeat(3, axis=1), 0))
    labels = one_hot(np.where(np.arange(300) < 100, truth, -1), 0.8, n_classes=3)
    for given in (features, features.toarray()):
        for method in METHODS[:3]:
            spread = lk.spread_labels(
                given, labels, method=method, gold=np.where(np.arange(300) % 2, truth, -1), share=1.0, confidence=0.4
            )
            assert (spread.labels.hard()[spread.positions] == truth[spread.positions]).mean() > 0.9 or not len(spread)


# Bad input ------------------------------------------------------------------------------------------------------------


def test_there_is_nothing_to_do_where_every_example_has_a_label(clusters):
    features, truth, _, _ = clusters
    labels = one_hot(truth, 0.9)
    spread = lk.spread_labels(features, labels)
    assert spread.labels is labels
    assert spread.evidence is None
    assert "every example has one" in spread.reason
    assert "every example has one" in str(spread)


def test_rows_without_words_are_left_alone(messages):
    frame, _, _, labels = messages
    blank = frame.assign(text=np.where(labels.is_covered, frame["text"], None))
    spread = lk.spread_labels(blank, labels)
    assert not spread.is_changed
    assert "have no words" in spread.reason


@pytest.mark.parametrize("n", [0, 3])
def test_too_few_labels_are_refused(n, clusters):
    features, truth, _, _ = clusters
    with pytest.raises(ModelError, match=rf"(?s){n} examples? with a label.*at least 10"):
        lk.spread_labels(features, one_hot(np.where(np.arange(N) < n, truth, -1), 0.9))
    with pytest.raises(ModelError, match="too few"):
        lk.spread_labels(features[:3], one_hot(np.array([0, 1, -1]), 0.9))


def test_labels_of_one_class_and_ties_teach_nothing(clusters):
    features, *_ = clusters
    with pytest.raises(ModelError, match=r"(?s)all 50 examples to learn from are labeled 'B'.*other classes"):
        lk.spread_labels(features, one_hot(np.where(np.arange(N) < 50, 1, -1), 0.9))
    with pytest.raises(ModelError, match="no tie"):
        lk.spread_labels(features, one_hot(np.where(np.arange(N) < 50, np.arange(N) % 2, -1), 0.5))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "luck"}, ModelError, r"(?s)no method 'luck'.*'spreading'"),
        ({"method": "co_training"}, ModelError, r"(?s)needs the votes.*votes="),
        ({"method": "co_training", "votes": np.zeros((3, 2), int)}, ModelError, "3 examples"),
        ({"confidence": 2}, ModelError, "confidence=2"),
        ({"share": 0}, ModelError, "share=0"),
        ({"rounds": 0}, ModelError, "rounds=0"),
        ({"rounds": 2.5}, ModelError, "whole number"),
        ({"neighbors": 0}, ModelError, "neighbors=0"),
        ({"max_rows": 3}, ModelError, "max_rows=3"),
        ({"perturbations": -1}, ModelError, "perturbations=-1"),
        ({"perturbations": 2}, ModelError, r"(?s)only features.*give the corpus"),
        ({"gold": [0, 1]}, GoldError, "gold"),
        ({"gold": {0: 0, 1: 1}}, ModelError, "gold of 2 examples"),
        ({"gold": {"no such": 1}}, GoldError, "no such"),
    ],
)
def test_what_cannot_be_done_is_refused(options, error, message, clusters):
    features, _, _, labels = clusters
    with pytest.raises(error, match=message):
        lk.spread_labels(features, labels, **options)


def test_gold_of_every_labeled_example_leaves_none_to_learn_from(clusters):
    features, truth, _, labels = clusters
    with pytest.raises(ModelError, match="none is left to learn from"):
        lk.spread_labels(features, labels, gold=np.where(labels.is_covered, truth, -1))


def test_gold_of_every_other_example_leaves_none_to_spread_to(clusters):
    features, truth, _, labels = clusters
    with pytest.raises(ModelError, match="none is left to spread labels to"):
        lk.spread_labels(features, labels, gold=np.where(labels.is_covered, -1, truth))


def test_features_that_do_not_fit_are_refused(clusters, messages):
    features, _, _, labels = clusters
    with pytest.raises(ModelError, match=r"399 rows.*400 examples"):
        lk.spread_labels(features[1:], labels)
    broken = features.copy()
    broken[7, 2] = np.nan
    with pytest.raises(ModelError, match=r"example 7 hold NaN"):
        lk.spread_labels(broken, labels)
    frame, _, _, named = messages
    with pytest.raises((ModelError, CorpusError), match=r"m0|examples"):
        lk.spread_labels(frame.set_index(np.array([f"x{i}" for i in range(N)])), named)
    with pytest.raises(CorpusError, match="body"):
        lk.spread_labels(frame, named, column="body")
    with pytest.raises(ModelError, match="an object of type ndarray"):
        lk.spread_labels(features, labels.proba)


def judged(gains, weight=None):
    """Rows whose log-loss is 0 at first, and lower by the gains of each round; shape of gains (n_rows, n_rounds)."""
    loss = np.column_stack([np.zeros(len(gains)), -gains])
    return JudgedRows(loss, loss * 0, loss * 0, loss * 0, np.ones(len(loss)) if weight is None else weight)


@pytest.mark.parametrize("n_rows", [10, 40])
def test_a_gain_by_chance_is_seldom_proved_by_the_best_of_several_rounds(n_rows):
    """At most 2.5%; by 1.96 standard errors, 10 and 7%: more than 18 of 400 are seen once in 90."""
    rng, proved = np.random.default_rng(0), 0
    for _ in range(400):
        gains = 0.9 * rng.standard_t(4, (n_rows, 1)) + 0.45 * rng.standard_t(4, (n_rows, 5))
        rows = judged(gains)
        proved += rows.gain(int(rows.losses.argmin()))[1] > 0
    assert proved <= 18


def test_the_interval_of_a_gain_is_that_of_t_and_a_single_row_has_none():
    gains = np.array([[0.1], [0.3], [0.2], [0.5]])
    mean, low, high = judged(gains).gain(1)
    error = gains.std(ddof=1) / 2
    assert (mean, low, high) == pytest.approx((0.275, 0.275 - 3.1824463 * error, 0.275 + 3.1824463 * error))
    assert np.isnan(judged(gains, np.array([1.0, 0, 0, 0])).gain(1)[1:]).all()
    assert np.isnan(judged(gains[:1]).gain(1)[1:]).all()
