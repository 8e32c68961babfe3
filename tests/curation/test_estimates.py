"""Estimates from samples: weighted by the design, with intervals that hold what they promise."""

from enum import Enum
from types import MappingProxyType

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.curation.sampling.variance import design_variance, expected_errors, variance_of_alike
from labelkit.exceptions import AnalysisError
from tests.benchmarks.honesty.clusters import Clustered, estimates
from tests.benchmarks.honesty.samples import DESIGNS, Pool, covered, pools

TRUTH = np.random.default_rng(0).random(500) < 0.3


def test_a_share_by_hand():
    sample = lk.Sample(
        method="stratified",
        ids=np.array(["a", "b", "c", "d", "e"], dtype=object),
        positions=np.arange(5),
        probabilities=np.array([0.1, 0.1, 0.1, 0.5, 0.5]),
        n_population=34,
        strata=np.array(["x", "x", "x", "y", "y"], dtype=object),
    )
    answers = {"a": "SPAM", "b": "HAM", "c": "HAM", "d": "SPAM", "e": "SPAM"}
    shares = sample.estimate(answers)
    assert shares.frame.estimate["SPAM"] == pytest.approx((10 + 2 + 2) / 34)
    assert shares.frame.estimate["HAM"] == pytest.approx(20 / 34)
    counted = sample.estimate({name: label == "SPAM" for name, label in answers.items()}, total=True)
    assert counted.value == pytest.approx(14)
    assert counted.interval == pytest.approx(34 * shares.frame.loc["SPAM", ["low", "high"]].to_numpy(float))
    totals = sample.estimate({name: 3 * (label == "SPAM") for name, label in answers.items()}, total=True)
    assert totals.value == pytest.approx(42)
    half = (totals.interval[1] - totals.interval[0]) / 2
    # within x: 3 / 2 * 0.9 * (10 - 10 / 3)^2 + ..., within y no spread; t of 3 degrees of freedom
    variance = 1.5 * 0.9 * ((10 - 10 / 3) ** 2 + 2 * (10 / 3) ** 2)
    assert half == pytest.approx(3 * 3.1824463 * variance**0.5)


def test_the_variance_of_a_simple_random_sample_is_the_formula_of_the_books():
    rng = np.random.default_rng(0)
    y = rng.random(40)
    variance, freedom = design_variance(y / 40, np.full(40, 0.25))
    assert freedom == 39
    assert variance == pytest.approx(0.75 * y.var(ddof=1) / 40)


def test_doubt_of_the_variance_is_spread_over_strata_and_counts_against_their_rows():
    strata = np.repeat([0, 1], [8, 4])
    error = np.array([1.0, -1.0] * 4 + [0.0] * 4)
    doubted, expected = np.where(strata == 0, 0.25, 0.5), np.full(12, 3.0)
    seen, freedom = design_variance(error, np.full(12, 0.25), strata)
    assert (seen, freedom) == (pytest.approx(0.75 * 8 * 8 / 7), 10)
    variance, _ = design_variance(error, np.full(12, 0.25), strata, expected=expected, doubted=doubted)
    assert variance == pytest.approx((8 * seen + 2 * 0.75 * 24) / 10 + 2 / 6 * 0.75 * 12)
    expected[8:] = 0  # rows without a part in the estimate show nothing of it
    variance, _ = design_variance(error, np.full(12, 0.25), strata, expected=expected, doubted=doubted)
    assert variance == pytest.approx((8 * seen + 2 * 0.75 * 24) / 10)
    few, _ = design_variance(error, np.full(12, 0.25), strata, expected=expected, doubted=doubted, evidence=2)
    assert few == pytest.approx((2 * seen + 2 * 0.75 * 24) / 4)


def test_rows_are_expected_to_err_as_those_of_about_their_weight_where_these_differ():
    values = np.tile([1.0, 0.0, 0.0, 0.0], 25)
    assert expected_errors(np.full(100, 0.01), values, 0.25) == pytest.approx(0.25 * 0.75)
    weight = np.repeat([1.0, 2.0, 3.0, 4.0], 25)
    alike = expected_errors(weight[np.argsort(np.arange(100) % 4, kind="stable")], values, 0.25)
    assert alike == pytest.approx(0.25 * 0.75)  # all classes have the same share
    share = weight[:25].sum() / weight.sum()
    apart = expected_errors(weight, (weight == 1).astype(float), share)
    chance = 3 / 100  # chi squared of a class of ones beside three of zeros is 100
    shares = np.where(weight == 1, 1 - chance, 0) + chance * share
    assert apart == pytest.approx(shares * (1 - share) ** 2 + (1 - shares) * share**2)
    assert expected_errors(np.where(weight == 4, 0, weight), values, 0.25)[weight == 4].max() == 0


NARROW = {
    "almost pure strata": Pool.of_strata([50, 30, 15, 5], [0.001, 0.01, 0.1, 0.6]),
    "many strata": pools()["20 strata"],
}


@pytest.mark.parametrize("pool", NARROW)
@pytest.mark.parametrize("design", ["stratified, Neyman", "importance"])
def test_intervals_are_no_wider_than_the_design_needs(design, pool):
    """Of 250 samples, 95% hold: fewer than 91% or more than 98.8% are seen once in 500."""
    assert 0.91 < covered(NARROW[pool], design, 200, 250).mean() < 0.988


@pytest.mark.parametrize("design", DESIGNS)
def test_intervals_hold_the_truth_as_often_as_they_say(design):
    """120 samples in each of four settings: 95% hold; fewer than 92% or more than 98% of 480 are seen once in 300."""
    hits = [hit for share in (0.1, 0.4) for n in (60, 200) for hit in covered(Pool.of(share, 2_000), design, n, 120)]
    assert 0.92 < np.mean(hits) < 0.98


def test_the_precision_of_a_rule_is_estimated_over_its_votes():
    rng = np.random.default_rng(1)
    gold, votes = rng.integers(0, 2, 3_000), rng.integers(-1, 2, 3_000)
    sample = lk.sample(["a"] * 3_000, 600, method="stratified", by=votes, allocation="equal")
    estimate = sample.estimate(gold == votes, where=votes >= 0)
    low, high = estimate.interval
    assert low < (gold == votes)[votes >= 0].mean() < high
    assert estimate.frame.rows.iloc[0] == 400
    by_class = sample.estimate(gold == votes, by=np.array(["none", "HAM", "SPAM"])[votes + 1])
    assert list(by_class.frame.index) == ["HAM", "SPAM", "none"]


def test_rows_without_an_answer_are_left_out_and_counted():
    sample = lk.sample(["a"] * 500, 100)
    answers = [value if i < 60 else None for i, value in enumerate(TRUTH[sample.positions])]
    estimate = sample.estimate(answers)
    assert estimate.n_unanswered == 40
    assert estimate.frame.rows.iloc[0] == 60
    few = sample.estimate(TRUTH[sample.positions][:100])
    assert estimate.interval[1] - estimate.interval[0] > few.interval[1] - few.interval[0]
    assert "40 rows of the sample are not answered" in str(estimate)
    one = sample.estimate([*TRUTH[sample.positions][:99], None])
    assert "1 row of the sample is not answered." in str(one)
    alike = lk.sample(["a"] * 500, 60)
    width = np.diff(alike.estimate(np.arange(60) < 20).interval)
    part = sample.estimate([i < 20 if i < 60 else None for i in range(100)])
    assert np.diff(part.interval) == pytest.approx(width)


def test_the_first_rows_of_a_sample_are_a_random_part_of_it():
    rising = np.arange(2_000) / 2_000
    hits = 0
    for seed in range(100):
        sample = lk.sample(["a"] * 2_000, 200, random_state=seed)
        low, high = sample.estimate([*rising[sample.positions[:60]], *[None] * 140]).interval
        hits += low <= rising.mean() <= high
    assert hits >= 88


def test_a_stratum_without_answers_is_warned_of():
    sample = lk.sample(["a"] * 300, 60, method="stratified", by=["web"] * 200 + ["mail"] * 100)
    answers = {name: True for name, stratum in zip(sample.ids.tolist(), sample.strata, strict=True) if stratum == "web"}
    with pytest.warns(UserWarning, match="no row of the stratum 'mail' is answered"):
        sample.estimate(answers)


def test_answers_come_by_id_in_order_or_for_the_whole_population():
    ids = [f"e{i}" for i in range(500)]
    sample = lk.sample(pd.DataFrame({"id": ids}), 80, id="id")
    expected = sample.estimate(TRUTH[sample.positions]).frame
    for values in (
        TRUTH,
        dict(zip(ids, TRUTH, strict=True)),
        pd.Series(TRUTH, index=ids).sample(frac=1, random_state=0),
    ):
        pd.testing.assert_frame_equal(sample.estimate(values).frame, expected)


def test_means_of_numbers_have_intervals_of_t():
    values = np.random.default_rng(0).normal(10, 2, 5_000)
    hits = 0
    for seed in range(200):
        low, high = lk.sample(["a"] * 5_000, 30, random_state=seed).estimate(values).interval
        hits += low <= values.mean() <= high
    assert hits >= 180


def test_no_answer_of_a_kind_has_an_interval_too():
    estimate = lk.sample(["a"] * 5_000, 100).estimate(np.zeros(5_000, dtype=bool))
    assert estimate.value == 0
    assert 0.03 < estimate.interval[1] < 0.05


def test_a_count_of_what_the_sample_does_not_hold_is_not_known_to_be_zero():
    sample = lk.sample(["a"] * 5_000, 100)
    share, count = (sample.estimate(np.zeros(100, dtype=bool), total=total) for total in (False, True))
    assert count.value == 0
    assert count.interval == pytest.approx(5_000 * np.array(share.interval))
    weighted = lk.sample(["a"] * 5_000, 100, method="weighted", weights=np.arange(1, 5_001))
    low, high = weighted.estimate(np.zeros(100, dtype=bool), total=True).interval
    assert low == 0
    assert high > 100
    everything = lk.sample(["a"] * 50, 50).estimate(np.arange(50) < 7, total=True)
    assert everything.interval == pytest.approx((7, 7))


def test_counts_of_a_part_have_intervals_that_hold():
    """Of 300 samples, 95% hold; fewer than 91% are seen once in 700."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), [2_000, 1_000, 500, 250, 200, 50])
    rare, part = rng.random(4_000) < np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.9])[group], group % 2 == 0
    hits = 0
    for seed in range(300):
        sample = lk.sample(["a"] * 4_000, 120, method="stratified", by=group, allocation="equal", random_state=seed)
        low, high = sample.estimate(rare, where=part, total=True).interval
        hits += low <= (rare & part).sum() <= high
    assert hits > 0.91 * 300


def test_totals_by_a_weighted_reservoir_have_intervals_that_hold():
    """Fewer than 91% of 300 are seen once in 700; as of rows that balance each other, the first three held 28 to 82%."""
    rng = np.random.default_rng(0)
    size = rng.lognormal(0, 0.7, 2_000)
    truths = {
        "as the weights": size * (rng.random(2_000) < 0.95),
        "numbers": rng.normal(3.0, 1.0, 2_000),
        "frequent": rng.random(2_000) < 0.9,
        "third": rng.random(2_000) < 0.3,
    }
    held = dict.fromkeys(truths, 0)
    for seed in range(300):
        sample = lk.sample(["a"] * 2_000, 100, method="reservoir", weights=size, random_state=seed)
        assert sample.is_independent
        for name, values in truths.items():
            low, high = sample.estimate(values, total=True).interval
            held[name] += low <= values.sum() <= high
    assert min(held.values()) > 0.91 * 300
    assert not lk.sample(["a"] * 2_000, 100, method="reservoir").is_independent


def test_a_count_of_few_rows_of_unequal_weight_is_no_symmetric_interval():
    """Four or five rare rows are expected in a sample: 92.5% hold; by t, 86% did."""
    rng = np.random.default_rng(1)
    size, rare = rng.lognormal(0, 0.7, 5_000), np.arange(5_000) < 150
    held = []
    for seed in range(400):
        sample = lk.sample(["a"] * 5_000, 150, method="weighted", weights=size, random_state=seed)
        low, high = sample.estimate(rare, total=True).interval
        assert low >= 0
        held.append(low <= 150 <= high)
    assert np.mean(held) > 0.9


def test_a_mean_of_a_single_row_has_no_interval():
    sample = lk.sample(["a"] * 500, 20)
    means = sample.estimate(np.arange(20.0), by=["alone"] + ["others"] * 19)
    assert means.frame.loc["alone", ["low", "high"]].isna().all()
    assert means.frame.loc["others", "low"] < 10 < means.frame.loc["others", "high"]
    assert str(means).splitlines()[2].split() == ["alone", "0.000", "–", "1"]
    thread = np.repeat(np.arange(50), 10)
    of_threads = lk.sample(["a"] * 500, 4, method="cluster", by=thread)
    values = of_threads.estimate(np.arange(500.0), by=thread)
    assert values.frame[["low", "high"]].isna().all(axis=None)
    whole = lk.sample(["a"] * 3, 3).estimate(np.array([1.0, 2.0, 3.0]), by=["x", "y", "y"])
    assert whole.frame.loc["x", ["low", "high"]].tolist() == [whole.frame.loc["x", "estimate"]] * 2


ALIKE = {
    "5%, 25 of 10": Clustered(0.05, 0.3, 25, 10),
    "2%, 12 of 40": Clustered(0.02, 0.3, 12, 40),
    "3%, 30 of uneven sizes": Clustered(0.03, 0.5, 30, 15, uneven=True),
    "96%, 10 of 30": Clustered(0.96, 0.4, 10, 30),
}


@pytest.mark.parametrize("name", ALIKE)
def test_rare_classes_of_clusters_that_are_alike_have_intervals_that_hold(name):
    truth, _, low, high = estimates(ALIKE[name], 150)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.91  # 0.77 to 0.85 by the variance between clusters alone


def test_counts_of_rare_classes_of_clusters_that_are_alike_have_intervals_that_hold():
    truth, _, low, high = estimates(ALIKE["3%, 30 of uneven sizes"], 150, total=True)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.91


def test_clusters_that_are_not_alike_cost_little_where_many_hold_the_class():
    truth, _, low, high = estimates(Clustered(0.2, 0.0, 50, 10), 150)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.91
    assert (high - low).mean() < 1.06 * 2 * 1.96 * (0.2 * 0.8 / 500) ** 0.5


def test_the_fewer_clusters_hold_the_rarer_value_the_more_are_their_rows_taken_for_alike():
    cluster, weight, chances = np.repeat(np.arange(10), 4), np.full(40, 1 / 40), np.full(40, 0.5)
    for holding, part in [(0, 1), (1, 1 / 2), (2, 1 / 5), (5, 1 / 26), (9, 1 / 2)]:
        found = variance_of_alike(weight, (cluster < holding).astype(float), holding / 10, chances, cluster)
        assert found == pytest.approx((holding / 10 * (1 - holding / 10) * 0.5 * 10 * 0.1**2, part, 9))
    uneven = variance_of_alike(np.array([0.5, 0.25, 0.25]), np.array([1.0, 0, 0]), 0.5, np.zeros(3), np.arange(3))
    assert uneven == pytest.approx((0.25 * 0.375, 1 / 2, 1 / 0.375 - 1))


def test_clusters_whose_answers_are_all_alike_count_as_a_row_each():
    """Each cluster is of one kind, a tenth of them of the other one: 10 of 200 often hold none of these."""
    rng, cluster, hits = np.random.default_rng(0), np.repeat(np.arange(200), 20), []
    for seed in range(200):
        truth = (rng.random(200) < 0.1)[cluster]
        sample = lk.sample(["a"] * 4_000, 10, method="cluster", by=cluster, random_state=seed)
        estimate = sample.estimate(truth)
        if estimate.value == 0:
            assert estimate.frame.effective_rows.iloc[0] == pytest.approx(10 / 0.95)
        low, high = estimate.interval
        hits.append(low <= truth.mean() <= high)
    assert np.mean(hits) > 0.9


def test_a_series_without_an_index_of_its_own_is_in_order_also_where_ids_are_numbers():
    sample = lk.sample(["a"] * 500, 80)
    expected = sample.estimate(TRUTH[sample.positions]).frame
    pd.testing.assert_frame_equal(sample.estimate(pd.Series(TRUTH[sample.positions])).frame, expected)
    pd.testing.assert_frame_equal(sample.estimate(pd.Series(TRUTH)).frame, expected)
    named = lk.sample(pd.DataFrame({"id": [f"e{i}" for i in range(500)]}), 80, id="id")
    pd.testing.assert_frame_equal(named.estimate(pd.Series(TRUTH)).frame, expected)


WRONG = {
    "other ids": ({"x1": True}, {}, "none of which is of the sample"),
    "too few": ([True], {}, "1 value for a sample of 50"),
    "no answers": ([None] * 50, {}, "no row of the sample has a value"),
    "lists": ([[1]] * 50, {}, "neither numbers nor names"),
    "a wild confidence": ([True] * 50, {"confidence": 95}, "confidence=95"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_answer_is_refused(case):
    values, options, message = WRONG[case]
    with pytest.raises(AnalysisError, match=message):
        lk.sample(["a"] * 500, 50).estimate(values, **options)


def test_a_single_value_is_asked_of_a_single_estimate():
    with pytest.raises(AnalysisError, match="there are 2 estimates"):
        lk.sample(["a"] * 500, 50).estimate(["HAM"] * 25 + ["SPAM"] * 25).value  # noqa: B018 - the property raises


@pytest.mark.parametrize("n_drawn", [60, 200])
def test_rows_of_clusters_without_an_answer_are_a_random_part_too(n_drawn):
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(200), rng.integers(5, 16, 200))
    right = rng.random(len(cluster)) < rng.beta(4, 2, 200)[cluster]
    held = []
    for seed in range(60):
        drawn = lk.sample(
            {"id": np.arange(len(cluster)), "c": cluster}, n_drawn, method="cluster", by="c", id="id", random_state=seed
        )
        answers = np.where(rng.random(len(drawn)) < 0.5, right[drawn.positions], None)
        total, share = drawn.estimate(answers, total=True), drawn.estimate(answers)
        assert share.interval[1] - share.interval[0] > 0.02
        held.append(
            [
                total.interval[0] <= right.sum() <= total.interval[1],
                share.interval[0] <= right.mean() <= share.interval[1],
            ]
        )
    assert np.mean(held, axis=0).min() > 0.85


def test_values_with_the_index_of_nothing_are_refused_beside_texts_of_its_numbers():
    corpus = pd.DataFrame({"id": ["2", "0", "1", "x"], "text": list("abcd")})
    drawn = (lk.sample(corpus, n=3, id="id", random_state=seed) for seed in range(1_000))
    sample = next(one for one in drawn if one.ids.tolist() == ["2", "0", "1"])
    known = pd.Series([1.0, 2.0, 4.0], index=pd.Index([0, 1, 2], name="key"))
    with pytest.raises(AnalysisError, match="in another order"):
        sample.estimate(known)
    assert sample.estimate(known.rename(index=str)).frame.equals(sample.estimate(known.to_numpy()[[2, 0, 1]]).frame)


@pytest.mark.parametrize("kind", ["list", "frame", "arrow", "table", "polars", "mapping", "categorical"])
def test_values_and_groups_come_in_any_container(kind):
    sample = lk.sample([f"text {i}" for i in range(30)], 6)
    given = ["SPAM", None, "HAM", "SPAM", "", "HAM"]
    series = pd.Series(given, index=sample.ids)
    made = {
        "list": given,
        "frame": series.to_frame("label"),
        "arrow": pa.array(given),
        "table": pa.table({"label": given}),
        "polars": pl.Series(given),
        "mapping": MappingProxyType(series.to_dict()),
        "categorical": series.astype("category"),
    }[kind]
    assert sample.estimate(made).frame["estimate"].to_dict() == {"HAM": 0.5, "SPAM": 0.5}
    by = [True, True, True, False, False, None]
    grouped = sample.estimate([1, 2, 3, 4, 5, 6], by=by).frame["estimate"].to_dict()
    assert grouped == {"(missing)": 6.0, "False": 4.5, "True": 2.0}


@pytest.mark.parametrize("where", [["True", "False"] * 3, [1, -1] * 3, [[1], [0]] * 3])
def test_a_part_that_is_not_said_by_true_and_false_is_refused(where):
    """The text "False" and the vote -1 counted as True."""
    sample = lk.sample([f"text {i}" for i in range(30)], 6)
    with pytest.raises(AnalysisError, match="where holds"):
        sample.estimate([True, False] * 3, where=where)


def test_a_part_may_have_gaps_which_are_not_of_it():
    sample = lk.sample([f"text {i}" for i in range(30)], 6)
    nullable = pd.array([True, None, True, False, True, None], dtype="boolean")
    for where in (nullable, pa.array([True, None, True, False, True, None]), [1, np.nan, 1.0, 0, np.True_, pd.NA]):
        assert sample.estimate([True, True, False, True, False, True], where=where).value == pytest.approx(1 / 3)


def test_groups_are_named_by_enum_members():
    sample = lk.sample([f"text {i}" for i in range(30)], 4)
    topic = Enum("Topic", ["NEWS", "SPORT"])
    groups = [topic.NEWS, topic.SPORT] * 2
    assert sample.estimate([1.0, 2.0, 1.0, 4.0], by=groups).frame["estimate"].to_dict() == {"NEWS": 1.0, "SPORT": 3.0}


@pytest.mark.parametrize("ids", [None, [f"c{i}" for i in range(20)]])
def test_a_sample_of_all_examples_does_not_guess_the_order_of_what_has_no_names(ids):
    """Of the whole frame, one of them was read in the order of the corpus, the other in that of the sample."""
    frame = pd.DataFrame({"id": ids or range(20), "y": [True, False] * 10, "part": ["a"] * 10 + ["b"] * 10})
    sample = lk.sample(frame, 20, id=None if ids is None else "id")
    with pytest.raises(AnalysisError, match="the index 0, 1, 2"):
        sample.estimate(frame["y"], by=dict(zip(sample.ids, frame["part"], strict=True)))
    named = frame.set_index("id")
    assert sample.estimate(named["y"].to_dict(), by=named["part"].to_dict()).frame["estimate"].tolist() == [0.5, 0.5]


def test_an_infinite_value_and_several_columns_are_refused():
    sample = lk.sample([f"text {i}" for i in range(30)], 2)
    with pytest.raises(AnalysisError, match="infinite"):
        sample.estimate([1.0, float("inf")])
    with pytest.raises(AnalysisError, match=r"2 columns, \['a', 'b'\]"):
        sample.estimate(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))


@pytest.mark.parametrize(
    "index",
    [
        pd.MultiIndex.from_product([["a", "b"], range(10)]),
        pd.Index(np.arange(20) * 0.5),
        pd.date_range("2026-01-01", periods=20),
        pd.CategoricalIndex([f"c{i}" for i in range(20)]),
    ],
)
def test_values_with_the_index_of_the_frame_that_was_sampled_are_matched(index):
    frame = pd.DataFrame({"text": [f"text {i}" for i in range(20)], "y": np.arange(20.0)}, index=index)
    sample = lk.sample(frame, 5)
    assert sample.estimate(frame["y"].sample(frac=1, random_state=1)).value == sample.positions.mean()
