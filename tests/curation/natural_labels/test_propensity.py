"""Weights by estimated propensities remove a planted position bias; what has no weight is refused."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import labelkit as lk
from labelkit._shared.numbers import wilson_interval
from labelkit.curation.natural_labels.exposure import gini, rank_correlation
from labelkit.curation.natural_labels.propensity import Propensities
from labelkit.datasets.engagement_log import ITEM_SCORE, SAME_TOPIC
from labelkit.exceptions import AnalysisError
from tests.benchmarks.honesty.heavy_users import estimated
from tests.benchmarks.honesty.logs import log_rows

FEATURES = ["same_topic", "item_score"]
GIVEN = {"impression": "impression", "action": ["like", "comment"], "id": "id", "bots": "100/1h", "keep": FEATURES}


def labelled(n, **options):
    """A log's labels, and the truth of the impressions whose window has passed."""
    log = lk.engagement_log(n, **options)
    natural = lk.natural_labels(log.events, **GIVEN)
    truth = log.impressions.to_pandas().set_index("id")
    return natural, truth.loc[natural.examples("like")["id"].to_pylist()]


@pytest.fixture(scope="module")
def large():
    return labelled(60_000, random_state=5)


def test_the_planted_propensities_are_found(large):
    frame = large[0].propensities.to_pandas()
    planted = 1 / frame.index.to_numpy()
    within = (frame["low"] <= planted) & (planted <= frame["high"])
    assert within.sum() >= 8
    assert frame["propensity"].iloc[0] == 1
    assert large[0].propensities.rarest is None
    assert np.abs(np.log(frame["propensity"] / planted)).max() < 0.5
    assert frame["impressions"].sum() <= large[0].summary.randomised


@pytest.mark.parametrize("by", [None, "same_topic", "position", "randomised"])
def test_weights_remove_the_planted_bias(large, by):
    natural, truth = large
    rates = natural.rates("like", by=by)
    relevance = (
        truth.groupby(by)["like_relevance"].mean() if by else pd.Series([truth["like_relevance"].mean()], ["all"])
    )
    relevance = relevance.reindex(rates.index).to_numpy()
    naive, weighted = (np.abs(rates[name] / relevance - 1).to_numpy() for name in ("rate", "weighted_rate"))
    assert naive.max() > 0.5
    assert weighted.max() < 0.35 if by == "position" else weighted.max() < 0.15
    assert ((rates["weighted_low"] <= relevance) & (relevance <= rates["weighted_high"])).mean() >= 0.8


def test_intervals_hold_the_truth_as_often_as_they_say():
    figures = {line["scenario"].split(", ", 1)[1]: line for line in log_rows(8, 7, 8_000, 0.5)}
    assert figures["weighted rate"]["coverage"] >= 0.75
    assert figures["weighted rate at a position"]["coverage"] >= 0.85
    assert figures["propensity"]["coverage"] >= 0.85
    assert figures["rate as it is"]["coverage"] == 0
    for corrected, biased in (("weighted rate", "rate as it is"), ("model, unbiased rows", "model, no weights")):
        assert abs(figures[corrected]["bias"]) < 0.03
        assert figures[biased]["bias"] < -0.1


def test_a_model_that_learns_from_unbiased_rows_has_the_planted_effects(large):
    natural, _ = large

    def effects(*, unbiased=False, weighted=True):
        rows = natural.examples("like", columns=FEATURES, unbiased=unbiased).to_pandas()
        weight = rows["weight"] if weighted else None
        model = LogisticRegression(C=1e6).fit(rows[FEATURES].astype(float), rows["label"], sample_weight=weight)
        return np.array([*model.intercept_, *model.coef_[0]])

    planted = np.array([-1.0, SAME_TOPIC, ITEM_SCORE])
    naive, weighted, unbiased = (
        np.abs(effects(**options) - planted).max() for options in ({"weighted": False}, {}, {"unbiased": True})
    )
    assert naive > 1
    assert weighted < naive
    assert unbiased < 0.3
    rows = natural.examples("like", unbiased=True).to_pandas()
    assert rows.groupby("id")["weight"].sum().to_numpy() == pytest.approx(1)


def test_given_propensities_are_taken_in_the_place_of_estimates(large):
    log = lk.engagement_log(5_000, randomised=0.0)
    none = lk.natural_labels(log.events, **GIVEN)
    assert none.propensities is None
    assert set(none.rows()["weight"].to_pylist()) == {1.0}
    assert "not corrected for position bias" in str(none)
    assert "weighted_rate" not in none.rates()
    with pytest.raises(AnalysisError, match="nothing is known of a position bias"):
        none.examples(unbiased=True)
    given = lk.natural_labels(log.events, propensities={k: 1 / k for k in range(1, 11)}, **GIVEN)
    rows = given.examples("like", columns=["position"]).to_pandas()
    assert (rows["weight"] == np.where(rows["label"] == 1, 1 / (1 / rows["position"]), 1)).all()
    clipped = lk.natural_labels(log.events, propensities={k: 1 / k for k in range(1, 11)}, clip=0.25, **GIVEN)
    assert clipped.rows()["weight"].to_pandas().max() == 4
    short = lk.natural_labels(lk.engagement_log(300, randomised=0.02).events, **GIVEN)
    assert short.propensities is None
    assert "not corrected for position bias: none of the" in str(short)
    few = lk.natural_labels(log.events, propensities={1: 1.0, 2: 0.5}, **GIVEN)
    assert len(few.gold()) == len(given.gold())
    with pytest.raises(AnalysisError, match=r"positives are at position 3, which has no propensity[\s\S]*Hint: "):
        few.rows()


def small(*, liked_at_random, position=(1, 2)):
    """Two positions; at the second, organic impressions are liked, and random ones only if asked for."""
    rows = []
    for number, place in enumerate(position * 20):
        is_random = number < 20
        likes = place == position[0] or not is_random or liked_at_random
        rows += [(f"u{number}", "i", "view", number, place, is_random)]
        rows += [(f"u{number}", "i", "like", number + 0.5, None, None)] * (likes and number % 3 > 0)
    frame = pd.DataFrame(rows, columns=["user", "item", "event", "time", "position", "randomised"])
    frame["time"] = pd.Timestamp("2024-05-01", tz="UTC") + pd.to_timedelta(frame["time"], unit="min")
    return lk.natural_labels(frame, impression="view", action="like", as_of="2024-06-01T00:00Z")


def test_a_propensity_of_zero_is_refused_with_a_remedy():
    assert small(liked_at_random=True).rows().num_rows == 40
    natural = small(liked_at_random=False)
    assert natural.propensities.values.tolist() == [1, 0]
    assert "Position 2 rests on few randomised positives" in str(natural)
    assert (natural.gold() >= 0).all()
    for call in (natural.rows, natural.rates, natural.exposure):
        with pytest.raises(AnalysisError, match=r"position 2 is estimated as 0: none of 10 [\s\S]*clip=0.05"):
            call()
    with pytest.raises(AnalysisError, match=r"are without a position: they have no weight"):
        small(liked_at_random=True, position=(1, None)).rows()


def test_exposure_shows_inequality_and_whether_quality_is_shown(large):
    natural, _ = large
    exposure = natural.exposure("like")
    counts = natural.table(["item"])["item"].to_pandas().value_counts()
    assert exposure.items["impressions"].tolist() == counts.tolist()
    assert exposure.gini == pytest.approx(gini(counts.to_numpy()))
    assert exposure.top_share == pytest.approx(counts.iloc[:5].sum() / counts.sum())
    assert exposure.exploration == pytest.approx(0.1, abs=0.01)
    assert exposure.exploration_positives < exposure.exploration  # a ranker puts on top what people like
    rho, low, high = exposure.correlation
    assert low < 0.1  # popularity was planted without regard to quality
    assert low < rho < high
    assert abs(exposure.gini_halves[0] - exposure.gini_halves[1]) < 0.05
    assert "Gini" in str(exposure)
    with pytest.raises(AnalysisError, match="min_impressions=0"):
        natural.exposure(min_impressions=0)


def test_items_that_are_shown_because_they_are_liked_show_in_the_correlation():
    rng = np.random.default_rng(0)
    quality = np.linspace(0.05, 0.6, 40)
    items = np.repeat(np.arange(40), (400 * quality).astype(int))
    liked = rng.random(len(items)) < quality[items]
    seconds = np.arange(len(items))
    names = np.array([f"u{i}" for i in seconds])
    log = {
        "user": np.concatenate([names, names[liked]]),
        "item": np.concatenate([items, items[liked]]),
        "event": ["view"] * len(items) + ["like"] * int(liked.sum()),
        "time": 1_714_557_600 + np.concatenate([seconds, seconds[liked]]),
    }
    exposure = lk.natural_labels(log, impression="view", action="like", as_of="2025-01-01T00:00Z").exposure()
    assert exposure.correlation[1] > 0.5
    assert np.isnan(exposure.exploration)
    assert exposure.to_dict()["exploration"] is None


def test_items_of_which_few_positives_are_to_expect_are_said_to_make_a_correlation():
    """All items are equally good: those that are seldom shown have no positive, and rank low."""
    rng = np.random.default_rng(0)
    items = np.repeat(np.arange(400), np.exp(rng.normal(4, 1.2, 400)).astype(int) + 1)
    liked = rng.random(len(items)) < 0.02
    names = np.array([f"u{i}" for i in range(len(items))])
    log = {
        "user": np.concatenate([names, names[liked]]),
        "item": np.concatenate([items, items[liked]]),
        "event": ["view"] * len(items) + ["like"] * int(liked.sum()),
        "time": 1_714_557_600 + np.concatenate([np.arange(len(items)), np.flatnonzero(liked)]),
    }
    natural = lk.natural_labels(log, impression="view", action="like", as_of="2025-01-01T00:00Z")
    exposure = natural.exposure()
    assert exposure.correlation[1] > 0
    (least,) = map(int, re.findall(r"fewer than 5 positives .* min_impressions=(\d+) leaves them out", str(exposure)))
    fewer = natural.exposure(min_impressions=least)
    assert fewer.n_correlated < exposure.n_correlated
    assert fewer.correlation[1] < 0 < fewer.correlation[2]
    assert "positives to expect" not in str(fewer)


def test_gini_is_zero_for_equals_and_one_for_one_of_many():
    assert gini(np.full(1_000, 7)) == pytest.approx(0)
    assert gini(np.array([0] * 999 + [5])) == pytest.approx(0.999)
    assert np.isnan(gini(np.zeros(3)))


@pytest.mark.parametrize("names", [[0.0, 1.0], ["x", "y"]])
def test_the_interval_of_a_missing_group_allows_for_the_propensities_too(names):
    rng = np.random.default_rng(0)
    shown = pd.DataFrame({"user": [f"u{i}" for i in range(3_000)], "item": "song", "event": "view"})
    shown = shown.assign(time=1_700_000_000 + np.arange(3_000), position=rng.integers(1, 4, 3_000))
    shown = shown.assign(randomised=rng.random(3_000) < 0.5, group=[names[0], names[1], None] * 1_000)
    acted = shown[rng.random(3_000) < 0.5 / shown["position"]].assign(event="like", time=lambda rows: rows["time"] + 1)
    log = pd.concat([shown, acted], ignore_index=True)

    def intervals(log):
        labels = lk.natural_labels(log, impression="view", action="like", keep=["group"], as_of="2030-01-01T00:00:00Z")
        return labels.rates(by="group")[["weighted_low", "weighted_high"]].to_numpy()

    third = log["group"].fillna(2.0 if names[0] == 0 else "z")
    assert intervals(log) == pytest.approx(intervals(log.assign(group=third)))


def views(rates, n, groups):
    """A log of users who each see ``n`` items and like a share of them."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(len(rates)), n)
    seen = pd.Timestamp("2024-05-01", tz="UTC") + pd.to_timedelta(np.arange(len(user)) * 2, unit="min")
    shown = pd.DataFrame({"user": user, "item": np.arange(len(user)), "time": seen, "event": "view"})
    shown["group"] = np.asarray(groups)[user]
    liked = shown[rng.random(len(user)) < np.asarray(rates)[user]]
    return pd.concat([shown, liked.assign(event="like", time=liked["time"] + pd.Timedelta("1s"))]).sort_values("time")


def rates_of_groups(log):
    end = log["time"].max() + pd.Timedelta(days=30)
    natural = lk.natural_labels(log, impression="view", action="like", keep=["group"], as_of=end, position=None)
    return natural.rates("like", by="group")


def test_a_rate_of_one_user_is_worth_one_trial():
    rates = rates_of_groups(views([0.5], 400, ["a"]))
    assert rates.loc["a", "impressions"] == 400
    low, high = wilson_interval(rates.loc["a", "rate"], 1)
    assert (rates.loc["a", "low"], rates.loc["a", "high"]) == pytest.approx((float(low), float(high)))


@pytest.mark.parametrize("n_users", [2, 4])
def test_rates_of_few_users_are_no_surer_than_they_are(n_users):
    n_groups = 150
    rates = np.random.default_rng(1).beta(2, 2, n_groups * n_users)
    found = rates_of_groups(views(rates, 20, np.repeat(np.arange(n_groups), n_users)))
    assert ((found["low"] <= 0.5) & (found["high"] >= 0.5)).mean() >= 0.9


@pytest.mark.parametrize(("sizes", "alike"), [("heavy", 0.3), ("heavy", 0.05), ("even", 0.3), ("even", 0.0)])
def test_intervals_of_rates_hold_the_truth_where_few_users_have_most_impressions(sizes, alike):
    rates = estimated(200, 50, 20, 0.3, alike, sizes, np.random.default_rng(4))
    assert (
        (rates["low"] <= 0.175) & (rates["high"] >= 0.175)
    ).mean() >= 0.9  # 83 and 87% by the sums of heavy users alone
    weighted = (rates["weighted_low"] <= 0.3) & (rates["weighted_high"] >= 0.3)
    assert weighted.mean() >= 0.9
    assert (rates["weighted_high"] <= np.maximum(rates["weighted_rate"], 1)).all()


def test_users_of_equal_weight_have_the_interval_of_their_sums():
    rates = estimated(1, 200, 50, 0.3, 0.3, "even", np.random.default_rng(4)).iloc[0]
    of_one = estimated(1, 10_000, 1, 0.3, 0.0, "even", np.random.default_rng(4)).iloc[0]
    low, high = wilson_interval(of_one["positives"], of_one["impressions"])
    assert (of_one["low"], of_one["high"]) == pytest.approx((low, high), abs=2e-4)
    assert rates["high"] - rates["low"] == pytest.approx(2 * 1.97 * np.sqrt(0.3 * 0.21 * 0.34 / 200), rel=0.15)


def test_a_position_without_a_positive_is_not_surely_never_seen():
    acted, shown = np.array([20, 0]), np.array([100, 40])
    frame = Propensities(np.array([1, 2]), np.array([1.0, 0.0]), np.array([0.2, 0.0]), shown, acted, 0.05).to_pandas()
    assert frame.loc[2, "low"] == 0
    assert frame.loc[2, "high"] == pytest.approx(wilson_interval(0, 40)[1] / 0.2 * np.exp(1.96 * 0.2), rel=1e-3)


def test_the_interval_of_a_rank_correlation_holds_strong_ones():
    rng, truth = np.random.default_rng(2), 6 / np.pi * np.arcsin(0.95 / 2)
    ends = []
    for _ in range(800):
        x = rng.normal(size=30)
        ends.append(rank_correlation(x, 0.95 * x + np.sqrt(1 - 0.95**2) * rng.normal(size=30))[1:])
    low, high = np.array(ends).T
    assert ((low <= truth) & (truth <= high)).mean() >= 0.925  # 90% by the variance of no correlation
