"""Gold of other examples is told by votes that agree with each other and not with it; fair gold is left alone."""

import warnings

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.analysis.counts import weighted_gold
from labelkit.votes.gold import GoldCounts
from labelkit.votes.unrelated_gold import unrelated_gold, unrelated_to_labels
from tests.benchmarks.honesty.scenarios import SCENARIOS


def world(rng, n, *, precision=(0.75, 0.9), coverage=(0.1, 0.6), n_lfs=10, shares=(0.5, 0.5), seen=1.0):
    """Draw classes, and votes of what rules see, which is the class with a probability, and another one else."""
    n_classes = len(shares)
    truth = rng.choice(n_classes, size=n, p=shares)
    other = (truth + rng.integers(1, n_classes, n)) % n_classes
    shown = np.where(rng.random(n) < seen, truth, other)
    right = rng.random((n, n_lfs)) < rng.uniform(*precision, n_lfs)
    votes = np.where(right, shown[:, None], (shown[:, None] + rng.integers(1, n_classes, (n, n_lfs))) % n_classes)
    return np.where(rng.random((n, n_lfs)) < rng.uniform(*coverage, n_lfs), votes, -1), truth


def found(votes, gold, n_classes=2):
    return unrelated_gold(votes, GoldCounts.of_examples(np.arange(len(gold)), gold, n_classes), n_classes)


def half_shuffled(rng, truth):
    gold, rows = truth.copy(), rng.permutation(len(truth))[: len(truth) // 2]
    gold[rows] = truth[rng.permutation(rows)]
    return gold


def rate(n_worlds, n, spoil=None, *, surely=False, **options):
    """Return the share of worlds whose gold is suspected, or surely of other examples."""
    rng, n_classes = np.random.default_rng(0), len(options.get("shares", (0, 0)))
    n_found = 0
    for _ in range(n_worlds):
        votes, truth = world(rng, n, **options)
        sign = found(votes, truth if spoil is None else spoil(rng, truth), n_classes)
        n_found += sign is not None and (sign.is_of_others or not surely)
    return n_found / n_worlds


def shuffled(rng, truth):
    return rng.permutation(truth)


def test_the_shares_are_counted_over_examples_whose_votes_name_one_class():
    votes = np.array([[0, 0, 0], [1, 1, 1], [0, 1, -1], [-1, -1, -1]] * 50)
    gold = np.array([0, 0, 1, 1, 1, 1, 0, 0] * 25)
    sign = found(votes, gold)
    assert (sign.n_examples, sign.agreed, sign.by_chance, sign.is_of_others) == (100, 0.5, 0.5, False)
    assert sign.expected == pytest.approx(1, abs=0.03)
    assert found(votes, np.array([0, 1, 1, 1] * 50)) is None


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.25, 0.25, 0.25, 0.25)])
def test_shuffled_gold_of_a_hundred_labels_is_found(shares):
    assert rate(200, 100, shuffled, shares=shares) >= 0.95


def shifted(rng, truth):
    return np.roll(truth, 1)


@pytest.mark.parametrize("spoil", [shuffled, shifted])
def test_gold_of_other_examples_is_surely_so_by_many_labels(spoil):
    assert rate(60, 2_000, spoil, surely=True) >= 0.75
    assert rate(60, 1_000, spoil, surely=True, shares=(0.25, 0.25, 0.25, 0.25)) >= 0.9
    assert rate(60, 2_000, half_shuffled, surely=True) == 0


ERR_TOGETHER = {
    "55%": {"seen": 0.55},
    "55 to 60%": {"seen": 0.575},
    "45%": {"seen": 0.45},
    "60%, and a little by themselves": {"seen": 0.6, "precision": (0.7, 0.9)},
    "35% of four classes": {"seen": 0.35, "shares": (0.25, 0.25, 0.25, 0.25)},
    "62%, one class more frequent": {"seen": 0.62, "shares": (0.8, 0.2)},
}


@pytest.mark.parametrize("name", ERR_TOGETHER)
def test_gold_beside_rules_that_all_err_together_is_not_said_to_be_of_others(name):
    options = {"precision": (0.97, 1.0)} | ERR_TOGETHER[name]
    for n in (50, 100, 300, 1_000, 2_000):
        assert rate(100, n, surely=True, **options) <= 0.03  # 1% at most: more than 3 of 100 in 2% of tests


def test_shuffled_gold_beside_weak_rules_is_found_by_many_labels():
    assert rate(30, 5_000, shuffled, precision=(0.55, 0.6)) >= 0.9
    assert rate(100, 100, shuffled, precision=(0.55, 0.6)) < 0.4


def test_gold_that_is_right_on_half_of_the_rows_goes_with_the_votes():
    assert rate(100, 100, half_shuffled) <= 0.02
    assert rate(50, 1_000, half_shuffled) == 0


FAIR = {
    "good": {},
    "of four classes": {"shares": (0.25, 0.25, 0.25, 0.25)},
    "weak": {"precision": (0.55, 0.6)},
    "weak, and vote often": {"precision": (0.55, 0.6), "coverage": (0.5, 1.0)},
    "of a rare class": {"shares": (0.97, 0.03)},
    "seldom vote": {"coverage": (0.005, 0.05)},
    "one rule": {"n_lfs": 1, "precision": (0.55, 0.9), "coverage": (0.3, 1.0)},
    "err together": {"seen": 0.85, "precision": (0.8, 0.95)},
}


@pytest.mark.parametrize("name", FAIR)
def test_fair_gold_hardly_ever_gives_an_alarm(name):
    alarms = sum(rate(n_worlds, n, **FAIR[name]) for n, n_worlds in [(20, 50), (50, 60), (150, 60), (500, 30)])
    assert alarms == 0
    assert rate(5, 5_000, **FAIR[name]) == 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_rules_that_err_together_give_no_alarm_where_some_are_of_use(name):
    alarms = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        alarms += found(*SCENARIOS[name]([100, 150, 300][seed % 3], rng)) is not None
    assert alarms == 0


def test_gold_of_one_class_none_and_few_labels_are_no_evidence():
    votes, truth = world(np.random.default_rng(0), 300)
    assert found(votes, np.zeros(300, dtype=np.int64)) is None
    assert found(votes, np.full(300, -1)) is None
    assert found(np.full_like(votes, -1), truth) is None
    few = np.where(np.arange(300) < 20, np.random.default_rng(1).permutation(truth), -1)
    assert found(votes, few) is None


def test_useless_rules_that_do_not_agree_with_each_other_are_not_evidence_against_gold():
    rng = np.random.default_rng(0)
    votes, truth = rng.integers(-1, 2, (1_000, 10)), rng.integers(0, 2, 1_000)
    assert found(votes, truth) is None


def test_classes_in_another_order_are_an_association():
    rng = np.random.default_rng(0)
    votes, truth = world(rng, 300, shares=(1 / 3, 1 / 3, 1 / 3))
    swapped = np.array([0, 2, 1])[truth]  # right on a third, as by chance
    assert found(votes, swapped, 3) is None
    matrix = lk.LabelMatrix.of(votes, classes=["a", "b", "c"])
    with pytest.warns(UserWarning, match="LK341") as caught:
        lk.summarize(matrix, gold=swapped)
    assert not any(code in str(one.message) for one in caught for code in ("LK344", "LK346"))


def test_labels_that_are_sure_show_gold_of_others_and_unsure_ones_do_not():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    sure, unsure = (np.where(np.eye(2)[truth] == 1, p, 1 - p) for p in (0.95, 0.55))
    other = rng.permutation(truth)
    sign = unrelated_to_labels(sure, other)
    assert sign.n_examples == 200
    assert sign.agreed == (truth == other).mean()
    assert sign.expected == pytest.approx(0.95)
    assert unrelated_to_labels(unsure, other) is None
    assert unrelated_to_labels(sure, truth) is None
    assert unrelated_to_labels(sure, np.where(rng.random(200) < 0.25, 1 - truth, truth)) is None


def test_of_very_many_patterns_some_are_looked_at():
    rng = np.random.default_rng(0)
    votes = np.repeat(rng.integers(0, 2, (200_000, 1)), 20, axis=1)
    sign = unrelated_gold(votes, GoldCounts(np.arange(200_000), rng.integers(0, 2, 200_000), np.full(200_000, 1.0)), 2)
    assert 50_000 < sign.n_examples <= 2_000_000 / 22


def labels_of(votes):
    return lk.LabelModel().fit(votes).label(votes)


WHOEVER = [
    ("summarize", lambda votes, gold: lk.summarize(votes, gold=gold)),
    ("fit", lambda votes, gold: lk.LabelModel().fit(votes, gold=gold)),
    ("score", lambda votes, gold: lk.MajorityVote().fit(votes).evaluate(votes, gold)),
    ("compare", lambda votes, gold: lk.compare(votes, ["MajorityVote"], gold=gold)),
    ("suspicious", lambda votes, gold: lk.suspicious_gold(votes, gold, labels_of(votes))),
    ("certify", lambda votes, gold: labels_of(votes).certify(gold, 0.5)),
    ("prevalence", lambda votes, gold: lk.prevalence(labels_of(votes), gold)),
    ("weighted", lambda votes, gold: weighted_gold(votes, gold, np.ones(len(gold)))),
    ("diff", lambda votes, gold: lk.diff(votes, votes, gold=gold)),
]


@pytest.mark.parametrize(("name", "call"), WHOEVER, ids=[name for name, _ in WHOEVER])
def test_whoever_takes_gold_beside_votes_warns(name, call):
    votes, truth = world(np.random.default_rng(3), 300)
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"])
    other = np.random.default_rng(4).permutation(truth)
    with pytest.warns(UserWarning, match=r"(votes|labels) agree with \d.* matched by position \[LK346\]. Hint: "):
        call(matrix, other)
    with pytest.warns(UserWarning, match=r"matched by name \[LK346\]"):
        call(matrix, dict(enumerate(other.tolist())) if name != "weighted" else pd.Series(other, index=matrix.ids))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(matrix, truth)


def test_what_is_claimed_is_what_the_labels_show():
    votes, truth = world(np.random.default_rng(3), 4_000)
    other = np.random.default_rng(4).permutation(truth)
    with pytest.warns(UserWarning, match=r"as many as if gold belonged to other examples .* \[LK344\]\. Hint: a frame"):
        lk.summarize(votes, gold=other)
    few = np.where(np.arange(4_000) < 300, other, -1)
    either = r"about as many as by chance .* \[LK346\]\. Hint: either all rules err together on these examples, "
    with pytest.warns(UserWarning, match=either):
        lk.summarize(votes, gold=few)


def test_gold_of_a_frame_in_another_order_beside_examples_with_names_is_told():
    rng = np.random.default_rng(0)
    votes, truth = world(rng, 150)
    order = rng.permutation(150)
    names = [f"t{row}" for row in range(150)]
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"], ids=names)
    sorted_again = pd.Series(truth[order])  # with the index that pandas makes
    with pytest.warns(UserWarning, match=r"It was matched by position \[LK346\].*a dict by id") as caught:
        wrong = lk.summarize(matrix, gold=sorted_again)
    assert "a frame that was sorted" in str(caught[0].message)
    right = lk.summarize(matrix, gold=pd.Series(truth[order], index=np.array(names)[order]))
    assert str(right) == str(lk.summarize(matrix, gold=truth))
    assert str(right) != str(wrong)


def of_a_poor_slice(seed):
    """Draw 80 gold labels of a tenth of the examples, where all rules err together on half, and 20 of the others."""
    rng = np.random.default_rng(seed)
    truth, poor = rng.integers(0, 2, 5_000), rng.random(5_000) < 0.1
    shown = np.where(poor & (rng.random(5_000) < 0.5), 1 - truth, truth)
    votes = np.where(rng.random((5_000, 8)) < 0.85, shown[:, None], 1 - shown[:, None])
    votes = np.where(rng.random((5_000, 8)) < 0.4, votes, -1)
    gold, weights = np.full(5_000, -1), np.ones(5_000)
    for rows, n in ((np.flatnonzero(poor), 80), (np.flatnonzero(~poor), 20)):
        drawn = rng.permutation(rows)[:n]
        gold[drawn], weights[drawn] = truth[drawn], len(rows) / n
    return lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"]), gold, weights


WEIGHTED = [
    ("evaluate", lambda votes, gold, weights: lk.MajorityVote().fit(votes).evaluate(votes, gold, weights=weights)),
    ("summarize", lambda votes, gold, weights: lk.summarize(votes, gold=gold, weights=weights)),
    ("prevalence", lambda votes, gold, weights: lk.prevalence(labels_of(votes), gold, weights=weights)),
    ("certify", lambda votes, gold, weights: labels_of(votes).certify(gold, 0.5, weights=weights)),
    ("reliability", lambda votes, gold, weights: lk.reliability(gold, labels_of(votes), weights=weights)),
    (
        "slices",
        lambda votes, gold, weights: lk.summarize_slices(
            lk.LabelMatrix.of(votes.votes[:, :2], names=["a", "b"], classes=2), labels_of(votes), gold, weights=weights
        ),
    ),
]


@pytest.mark.parametrize(("name", "call"), WEIGHTED, ids=[name for name, _ in WEIGHTED])
def test_gold_of_a_sample_that_favours_a_poor_slice_is_judged_by_its_weights(name, call):
    n_without = 0
    for seed in range(6):
        votes, gold, weights = of_a_poor_slice(seed)
        assert not unrelated(call, votes, gold, weights)
        n_without += unrelated(call, votes, gold, np.full(5_000, 3.0))
    assert n_without  # as gold of a sample whose rows were drawn alike, it is a sign
    votes, truth = world(np.random.default_rng(3), 300)
    other = np.random.default_rng(4).permutation(truth)
    assert unrelated(call, lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"]), other, np.full(300, 3.0))


def unrelated(call, *given):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*given)
    return any(code in str(one.message) for one in caught for code in ("LK344", "LK346"))
