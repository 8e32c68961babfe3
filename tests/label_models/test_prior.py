"""Class priors from a sample with gold: intervals hold the truth, names align, and models say where theirs is from."""

import warnings

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import GoldError, ModelError
from tests.benchmarks.honesty import prior_worth, priors

NAMES = ["HAM", "SPAM"]
EXPECTED = "the expected labels of rows with a vote, by the votes alone"
VOTES = np.array([[1, 1, -1], [0, -1, 0], [-1, 0, 0], [1, 0, -1], [-1, -1, -1]] * 40)
TRUTH = np.array([1, 0, 0, 0, 0] * 40)


def matrix_of(votes=VOTES, ids=None):
    lfs = tuple(lk.LFInfo(name=f"lf{j}") for j in range(votes.shape[1]))
    ids = np.array([f"row {i}" for i in range(len(votes))], dtype=object) if ids is None else ids
    return lk.LabelMatrix(votes.astype(np.int8), ids=ids, lfs=lfs, class_names=tuple(NAMES))


def test_intervals_hold_the_truth_as_often_as_they_say_and_good_votes_shorten_them():
    rng = np.random.default_rng(1)
    for name, prior, n in (("2 at 87:13", (0.87, 0.13), 50), ("4 uneven", (0.5, 0.3, 0.15, 0.05), 50)):
        rows = {row["scenario"].partition(", ")[2]: row for row in priors.prior_rows(name, prior, n, 60, rng)}
        assert min(row["coverage"] for row in rows.values()) > 0.86, name
        assert np.mean([row["coverage"] for row in rows.values()]) > 0.92, name
        assert max(abs(row["bias"]) for row in rows.values()) < 0.01
        assert rows["good votes"]["width"] < 0.8 * rows[""]["width"]
        assert rows["poor votes"]["width"] < 1.1 * rows[""]["width"]


@pytest.mark.filterwarnings("ignore:no rule votes")  # as it does of one random sample in a thousand
@pytest.mark.parametrize("kind", [*prior_worth.KINDS])
@pytest.mark.parametrize(("prior", "right", "n"), [(0.13, 0.98, 50), (0.03, 0.98, 50), (0.03, 0.9, 200)])
def test_rules_that_gold_finds_faultless_are_not_taken_as_faultless(kind, prior, right, n):
    row = prior_worth.worth_row(kind, prior, right, n, 60, np.random.default_rng(2))
    assert row["coverage"] > 0.88  # 0.95 but for chance: below in 1 of 100 simulations
    assert row["most_worth"] <= prior_worth.ROWS


def test_votes_are_worth_at_most_as_many_rows_as_there_are():
    truth = np.arange(500) % 3 // 2
    estimate = lk.estimate_prior({i: truth[i] for i in range(60)}, truth[:, None], labels=2)
    assert estimate.effective_n.max() <= 500
    share = (truth == 1).mean()
    assert estimate.low[1] < share - 0.02
    assert estimate.high[1] > share + 0.02


def test_gold_by_id_by_position_and_by_name_of_the_class_is_the_same():
    matrix, rows = matrix_of(), np.arange(0, 200, 4)
    by_position = np.full(200, -1)
    by_position[rows] = TRUTH[rows]
    by_id = {f"row {i}": NAMES[TRUTH[i]] for i in rows[::-1]}
    first = lk.estimate_prior(by_position, matrix)
    for gold in (by_id, pd.Series(by_id)):
        other = lk.estimate_prior(gold, matrix)
        assert dict(other) == pytest.approx(dict(first))
    assert first.n_gold == 50
    assert list(first) == NAMES
    assert "an estimate from 50 gold rows and the votes" in str(first)


def test_weights_undo_unequal_chances_whatever_order_they_have():
    gold = {f"row {i}": "SPAM" for i in range(30)} | {f"row {i}": "HAM" for i in range(30, 60)}
    weights = {f"row {i}": 1.0 if i < 30 else 9.0 for i in reversed(range(60))}
    estimate = lk.estimate_prior(gold, weights=weights)
    assert estimate["SPAM"] == pytest.approx(0.1, abs=0.02)
    assert (estimate.effective_n < 60).all()
    without = lk.estimate_prior(gold, weights={name: w * (w < 2) for name, w in weights.items()}, labels=NAMES)
    assert without.counts.tolist() == [0, 30]


def test_all_intervals_together_are_wider_than_each_of_them():
    gold = [0] * 20 + [1] * 20 + [2] * 10
    each, together = lk.estimate_prior(gold), lk.estimate_prior(gold, simultaneous=True)
    assert ((together.high - together.low) > (each.high - each.low)).all()
    assert "all intervals hold together" in str(together)
    two = [0] * 20 + [1] * 20
    assert np.array_equal(lk.estimate_prior(two).low, lk.estimate_prior(two, simultaneous=True).low)


@pytest.mark.parametrize("matrix", [None, VOTES])
def test_a_class_without_gold_has_a_small_prior_and_its_upper_bound(matrix):
    gold = np.where(np.arange(200) % 4 == 0, 0, -1)
    estimate = lk.estimate_prior(gold, matrix, labels=2)
    assert 0 < estimate["1"] < 0.02
    assert (estimate.low[1], estimate.high[0]) == (0, 1)
    assert estimate.high[1] == pytest.approx(0.071, abs=0.001)
    labels = lk.LabelModel(class_prior=estimate).fit(VOTES).label(VOTES)
    assert np.isfinite(labels.proba).all()


@pytest.mark.parametrize(
    "model",
    [lk.LabelModel, lk.MajorityVote, lk.DawidSkene, lk.OneCoin, lk.IBCC, lk.TripletModel, lk.MetalModel],
)
def test_every_model_takes_an_estimate_and_says_where_its_prior_is_from(model, tmp_path):
    matrix = matrix_of()
    estimate = lk.estimate_prior({f"row {i}": int(TRUTH[i]) for i in range(50)}, matrix)
    fitted = model(class_prior=estimate).fit(matrix)
    assert fitted.prior_source_ == fitted.label(matrix).prior_source == "an estimate from 50 gold rows and the votes"
    assert np.allclose(fitted.class_prior_, list(estimate.values()))
    loaded = lk.load_model(fitted.save(tmp_path / "model"))
    assert loaded.prior_source_ == fitted.prior_source_
    assert np.array_equal(loaded.predict_proba(matrix), fitted.predict_proba(matrix))
    assert model(class_prior={"SPAM": 0.2}).fit(matrix).prior_source_ == "a statement of the user"


def test_a_model_without_a_given_prior_says_so():
    matrix = matrix_of()
    assert lk.MajorityVote().fit(matrix).prior_source_ == "no knowledge: it is even"
    assert lk.LabelModel().fit(np.where(VOTES == 1, -1, VOTES)).prior_source_ == EXPECTED
    with_gold = lk.LabelModel().fit(np.where(VOTES == 1, -1, VOTES), gold=np.where(np.arange(200) < 50, TRUTH, -1))
    assert with_gold.prior_source_ == "the gold that the model was fitted with"
    assert with_gold.class_prior_[1] == pytest.approx(0.2, abs=0.05)


def crowd(rng, n=300):
    """Votes of six members who see every example, three of four rightly."""
    truth = (rng.random(n) < 0.7).astype(int)
    return np.where(rng.random((n, 6)) < 0.75, truth[:, None], 1 - truth[:, None]), truth


@pytest.mark.parametrize("model", [*lk.label_models.MODELS.values()])
@pytest.mark.parametrize("kind", ["rules", "crowd"])
@pytest.mark.parametrize("gold", ["none", "even", "uneven"])
def test_the_source_of_a_prior_is_what_it_was_taken_from(model, kind, gold):
    rng = np.random.default_rng(3)
    votes, truth = (VOTES, TRUTH) if kind == "rules" else crowd(rng)
    rows = np.concatenate([np.flatnonzero(truth == 0)[:20], np.flatnonzero(truth == 1)[: 24 if gold == "even" else 2]])
    given = np.full(len(votes), -1)
    given[rows] = truth[rows]
    fitted = model().fit(votes, gold=None if gold == "none" else given)
    without = model().fit(votes)
    source, prior = fitted.prior_source_, fitted.class_prior_
    is_even = bool(np.ptp(prior) == 0)
    if source == "no knowledge: it is even":
        assert is_even
    elif source in {"the votes alone", EXPECTED}:
        assert np.allclose(prior, without.class_prior_)
    elif source.startswith("even, as far as"):
        assert (gold, is_even, source) == ("even", True, "even, as far as 44 gold rows can tell")
    else:
        assert "gold" in source
        assert gold != "none"
        assert not np.allclose(prior, without.class_prior_)
        assert not is_even
    labels = fitted.label(votes)
    assert (labels.prior_source, labels.learned_from_gold) == (source, fitted.learned_from_gold_)
    assert fitted.learned_from_gold_ == (gold != "none" and fitted.learns_from_gold)


def test_labels_remember_that_gold_taught_their_model_whatever_their_prior_is(tmp_path):
    gold = {f"row {i}": int(TRUTH[i]) for i in range(50)}
    labels = lk.LabelModel(class_prior={"SPAM": 0.2}).fit(matrix_of(), gold=gold).label(matrix_of())
    assert labels.prior_source == "a statement of the user"
    assert lk.ProbabilisticLabels.load(labels.save(tmp_path / "labels.parquet")).learned_from_gold
    assert lk.ProbabilisticLabels.concat([labels]).learned_from_gold
    with pytest.warns(UserWarning, match="the model of these labels was fitted with gold"):
        labels.certify(gold, max_error=0.5)


def test_labels_that_depend_on_the_prior_are_named():
    matrix = matrix_of()
    narrow = lk.estimate_prior({f"row {i}": int(TRUTH[i]) for i in range(200)})
    wide = lk.estimate_prior([1, 0, 0], labels=NAMES)
    model = lk.LabelModel()
    flips = wide.flips(model, matrix)
    assert flips.n_flipped >= narrow.flips(model, matrix).n_flipped
    assert flips.n_flipped > 0
    assert set(flips.flipped) == {"HAM low", "HAM high"}
    ends = wide.at_ends()["HAM high"]
    moved = model.set_params(class_prior=ends).fit(matrix).label(matrix).hard()
    base = model.set_params(class_prior=wide).fit(matrix).label(matrix).hard()
    assert flips.flipped["HAM high"].tolist() == np.flatnonzero(moved != base).tolist()
    assert flips.share == flips.n_flipped / 160
    assert f"{flips.n_flipped} of 160 labeled examples" in str(flips)
    with pytest.raises(ModelError, match="QuorumVote takes no class prior"):
        wide.flips(lk.QuorumVote(), matrix)


def test_a_prior_that_contradicts_the_votes_gives_probabilities_all_the_same():
    votes = np.ones((50, 3), dtype=int)
    for prior in (0.001, 0.999):
        proba = lk.LabelModel(class_prior=[1 - prior, prior]).fit(votes).predict_proba(votes)
        assert np.isfinite(proba).all()
        assert np.allclose(proba.sum(axis=1), 1)


def test_gold_of_covered_examples_alone_is_doubted():
    votes = np.where(np.arange(400)[:, None] % 2 == 0, np.tile([1, 0, -1], (400, 1)), -1)
    gold = {i: i % 4 // 2 for i in range(0, 120, 2)}
    with pytest.warns(UserWarning, match=r"no rule votes on 50.0% of the examples, and on 0 of the 60 with gold"):
        lk.estimate_prior(gold, votes, labels=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.estimate_prior({i: i % 2 for i in range(60)}, votes, labels=2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"gold": None, "matrix": VOTES}, "votes alone do not tell how frequent a class is"),
        ({"gold": [-1, -1]}, "no example has gold"),
        ({"gold": [0, 1], "weights": [0, 0]}, "no example has gold, and a positive weight"),
        ({"gold": [0, 1], "weights": [1, -2]}, "the weight of the gold row 1 is -2"),
        ({"gold": [0, 1], "weights": [1, np.nan]}, "the weight of the gold row 1 is nan"),
        ({"gold": {"a": 0, "b": 1}, "weights": {"a": 1.0}}, "the weight of the gold row 'b' is nan"),
        ({"gold": [0, 1], "weights": ["x", "y"]}, "weights are not numbers"),
        ({"gold": [0, 1], "weights": [1.0]}, "weights has 1 value for 2 examples"),
        ({"gold": [0, 1], "matrix": VOTES}, "gold has 2 labels for 200 examples"),
        ({"gold": {"nobody": 1}, "matrix": matrix_of()}, "nobody"),
        ({"gold": [0, 5], "labels": NAMES}, "gold holds class 5"),
        ({"gold": {0: 1}, "matrix": lk.VotePatterns(VOTES[:2], np.array([3, 4]), (), ())}, "know no examples"),
    ],
)
def test_what_tells_no_prior_is_refused(given, message):
    with pytest.raises(GoldError, match=message):
        lk.estimate_prior(given.pop("gold"), given.pop("matrix", None), **given)


def test_the_confidence_is_a_share():
    with pytest.raises(ModelError, match="confidence=95"):
        lk.estimate_prior([0, 1], confidence=95)


def test_the_classes_that_are_given_beside_votes_are_those_of_the_estimate():
    gold = np.where(TRUTH == 1, "SPAM", "HAM")[:50]
    by_name = lk.estimate_prior(dict(enumerate(gold)), VOTES, labels=NAMES)
    of_matrix = lk.estimate_prior(dict(enumerate(gold)), lk.LabelMatrix.of(VOTES, classes=NAMES))
    assert dict(by_name) == pytest.approx(dict(of_matrix))
    assert list(by_name) == NAMES
    for given in (NAMES, 2):
        assert list(lk.estimate_prior(TRUTH, matrix_of(), labels=given)) == NAMES
    with pytest.raises(ModelError, match="labels are of the classes SPAM, HAM, and not of HAM, SPAM in this order"):
        lk.estimate_prior(TRUTH, matrix_of(), labels=NAMES[::-1])


@pytest.mark.parametrize("gold", [[0, 1, 2, None] * 5, pd.Series([0, 1, 2, None] * 5, dtype="Int64").astype(object)])
def test_gold_of_numbers_with_gaps_names_as_many_classes_as_the_highest(gold):
    found = lk.estimate_prior(gold)
    assert list(found) == ["0", "1", "2"]
    assert found.counts.tolist() == [5, 5, 5]
