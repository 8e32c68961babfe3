"""``weights=`` of summarize, evaluate and estimate_prior: gold of a sample with different chances."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError

N = 6_000
RNG = np.random.default_rng(0)
GOLD = (RNG.random(N) < 0.15).astype(int)
HARD = RNG.random(N) < 0.3
"""Examples on which rules err more often, and which people were asked about more often."""
VOTES = np.stack(
    [
        np.where(RNG.random(N) < 0.75, np.where(RNG.random(N) < np.where(HARD, 0.6, 0.97), GOLD, 1 - GOLD), -1)
        for _ in range(4)
    ],
    axis=1,
)
IDS = [f"e{i}" for i in range(N)]
MATRIX = lk.LabelMatrix.of(VOTES, classes=["HAM", "SPAM"], ids=IDS)
WEIGHTS = np.where(HARD, 8.0, 1.0)
MODEL = lk.LabelModel().fit(MATRIX)


def asked(seed, n=300):
    sample = lk.sample(MATRIX, n, method="importance", weights=WEIGHTS, random_state=seed)
    return sample, dict(zip(sample.ids.tolist(), GOLD[sample.positions].tolist(), strict=True))


def test_weighted_estimates_hold_the_truth_where_those_without_weights_do_not():
    truth = lk.summarize(MATRIX, gold=GOLD).frame.precision.to_numpy()
    accuracy = MODEL.evaluate(MATRIX, GOLD).accuracy
    weighted, alike = [], []
    for seed in range(60):
        sample, gold = asked(seed)
        for hits, weights in ((weighted, sample.weights), (alike, None)):
            frame = lk.summarize(MATRIX, gold=gold, weights=weights).frame
            low, high = MODEL.evaluate(MATRIX, gold, weights=weights).accuracy_interval
            hits.append([*(frame.precision_low <= truth) & (truth <= frame.precision_high), low <= accuracy <= high])
    assert np.mean(weighted) > 0.92
    assert np.mean(weighted, axis=0).min() > 0.85
    assert np.mean(alike) < 0.3


def test_the_prior_of_a_weighted_sample_holds_the_share():
    shares = [lk.estimate_prior(asked(seed)[1], MATRIX, weights=asked(seed)[0].weights) for seed in range(40)]
    assert sum(one.low[1] <= GOLD.mean() <= one.high[1] for one in shares) >= 34


def flat(value):
    if isinstance(value, dict):
        return [one for part in value.values() for one in flat(part)]
    return list(value) if isinstance(value, tuple) else [value]


@pytest.mark.parametrize("weight", [1.0, 37.5])
def test_equal_weights_change_nothing(weight):
    gold = np.where(np.arange(N) < 400, GOLD, -1)
    pd.testing.assert_frame_equal(
        lk.summarize(MATRIX, gold=gold, weights=np.full(N, weight)).frame, lk.summarize(MATRIX, gold=gold).frame
    )
    weighted, plain = MODEL.evaluate(MATRIX, gold, weights=np.full(N, weight)), MODEL.evaluate(MATRIX, gold)
    for name, value in plain.to_dict().items():
        for one, other in zip(flat(weighted.to_dict()[name]), flat(value), strict=True):
            assert one == pytest.approx(other), name


def test_counts_are_those_of_rows():
    sample, gold = asked(0)
    weighted = lk.summarize(MATRIX, gold=gold, weights=sample.weights).frame
    plain = lk.summarize(MATRIX, gold=gold).frame
    for name in ("correct", "incorrect", "gold", "votes"):
        assert weighted[name].tolist() == plain[name].tolist()
    evaluation = MODEL.evaluate(MATRIX, gold, weights=sample.weights)
    assert (evaluation.n, evaluation.n_covered) == (300, MODEL.evaluate(MATRIX, gold).n_covered)


def test_gold_that_taught_the_model_is_judged_by_cross_fitting_with_weights_too():
    sample, gold = asked(1)
    taught = lk.LabelModel().fit(MATRIX, gold=gold)
    evaluation = taught.evaluate(MATRIX, gold, weights=sample.weights)
    assert evaluation.n_seen == 300
    assert evaluation.accuracy != taught.evaluate(MATRIX, gold).accuracy


USES = {
    "summarize": lambda gold, weights: lk.summarize(MATRIX, gold=gold, weights=weights),
    "evaluate": lambda gold, weights: MODEL.evaluate(MATRIX, gold, weights=weights),
    "estimate_prior": lambda gold, weights: lk.estimate_prior(gold, MATRIX, weights=weights),
    "certify": lambda gold, weights: MODEL.label(MATRIX).certify(gold, 0.5, weights=weights),
    "prevalence": lambda gold, weights: lk.prevalence(MODEL.label(MATRIX), gold, weights=weights),
}
BAD = {"negative": -1.0, "NaN": np.nan, "infinite": np.inf, "zero": 0.0}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("use", USES)
def test_a_weight_that_is_no_positive_number_is_refused_by_the_name_of_its_row(use, bad):
    sample, gold = asked(2)
    first = sample.ids[0]
    weights = {**sample.weights, first: BAD[bad]}
    if (use, bad) == ("estimate_prior", "zero"):
        assert USES[use](gold, weights).n_gold == 299  # a row of weight 0 does not count
        return
    with pytest.raises(LabelkitError, match=f"gold row '{first}' is .* not a positive number"):
        USES[use](gold, weights)


@pytest.mark.parametrize("use", USES)
def test_weights_that_are_of_other_examples_are_refused(use):
    sample, gold = asked(2)
    with pytest.raises(LabelkitError, match="not examples"):
        USES[use](gold, {f"x{name}": weight for name, weight in sample.weights.items()})
    missing = dict(list(sample.weights.items())[1:])
    with pytest.raises(LabelkitError, match=f"gold row '{sample.ids[0]}' is nan"):
        USES[use](gold, missing)


def test_weights_without_gold_or_examples_are_refused():
    with pytest.raises(LabelkitError, match="there is no gold"):
        lk.summarize(MATRIX, weights=np.ones(N))
    patterns = MATRIX.patterns
    for use in (lk.summarize, MODEL.evaluate):
        with pytest.raises(LabelkitError, match=r"vote patterns know no examples|there is no gold"):
            use(patterns, weights=np.ones(N))
