"""A certificate keeps labels whose error an audit proves to be below a level, and is seldom wrong."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

import labelkit as lk
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.audit._sequences import delta_shares
from tests.benchmarks.honesty.audits import RANK, SHAPES, N, audited, audits, labels_of

pytestmark = pytest.mark.filterwarnings("ignore:.*LK347")  # audits in which no label is wrong: -1 and 1 alone


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [100, 400])
def test_the_bound_is_broken_in_at_most_a_twentieth_of_the_audits(shape, n):
    repeats = 200
    n_broken = sum(error > 0.03 for _, error in audits(shape, n, 0.03, repeats, 1))
    assert n_broken <= stats.binom.ppf(0.999, repeats, 0.05)


@st.composite
def audited_labels(draw):
    """Labels of few or many probabilities, the answers on some of them, and their error."""
    n = draw(st.integers(2, 3_000))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    distinct = draw(st.sampled_from([1, 3, 40, n]))
    doubt = rng.integers(0, distinct, n) / distinct
    wrong = rng.random(n) < draw(st.floats(0, 0.4)) * doubt ** draw(st.integers(0, 6))
    return labels_of(1 - 0.4 * doubt), audited(wrong, n - draw(st.integers(0, n - 1)), rng), float(wrong.mean())


CONFIDENCES = st.sampled_from([0.01, 0.5, 0.8, 0.81, 0.9, 0.95, 0.99]) | st.floats(0.01, 0.999)


@given(
    audit=audited_labels(),
    times=st.lists(st.floats(0.1, 4), min_size=8, max_size=8),
    confidence=CONFIDENCES,
    guarantee=st.sampled_from(["bound", "expected"]),
)
@settings(deadline=None, max_examples=150)
def test_a_looser_level_keeps_what_a_stricter_one_does(audit, times, confidence, guarantee):
    labels, gold, error = audit
    levels = sorted(min(0.999, max(error, 0.005) * one) for one in times)
    kept = [labels.certify(gold, level, confidence, guarantee=guarantee).kept for level in levels]
    assert not any((strict & ~loose).any() for strict, loose in itertools.pairwise(kept))


@given(audit=audited_labels(), times=st.floats(0.1, 4), confidences=st.lists(CONFIDENCES, min_size=4, max_size=4))
@settings(deadline=None, max_examples=100)
def test_a_lower_confidence_keeps_what_a_higher_one_does(audit, times, confidences):
    labels, gold, error = audit
    level = min(0.999, max(error, 0.005) * times)
    kept = [labels.certify(gold, level, confidence).kept for confidence in sorted(confidences, reverse=True)]
    assert not any((strict & ~loose).any() for strict, loose in itertools.pairwise(kept))


def test_labels_that_are_proved_at_a_level_are_proved_at_looser_ones():
    wrong = np.random.default_rng(0).random(N) < np.where(RANK > 0.2, 0.02, 0.08)
    for seed in range(10):
        gold = audited(wrong, 600, seed)
        n_kept = [labels_of(0.55 + 0.45 * RANK).certify(gold, level).n_kept for level in np.arange(0.02, 0.1, 0.002)]
        assert n_kept == sorted(n_kept)
        assert n_kept[-1] == N


@pytest.mark.parametrize("delta", [0.9, 0.2, 0.05, 0.001])
@pytest.mark.parametrize("n_audit", [1, 99, 600, 5_000])
def test_whatever_a_share_of_the_chance_admits_it_admits_at_a_higher_level(n_audit, delta):
    levels = np.concatenate([np.geomspace(1e-4, 0.5, 300), 1 - np.geomspace(0.5, 1e-3, 50)[1:]])
    shares = np.zeros((len(levels), 30))
    for row, level in zip(shares, levels, strict=True):
        parts = delta_shares(n_audit, level, delta)
        row[: len(parts)] = parts
    np.testing.assert_allclose(shares.sum(axis=1), min(delta, 0.2))
    for n in {n_audit, -(-n_audit // 2), -(-n_audit // 7)}:
        n_wrong = np.unique(np.geomspace(1, n, 60).astype(int) - 1)[:, None]
        chance = stats.binom.cdf(n_wrong, n, levels)
        for share in shares.T:
            admitted = chance <= share
            assert not (admitted[:, :-1] & ~admitted[:, 1:]).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_expected_error_is_at_most_the_level(shape):
    labels, errors = labels_of(0.5 + 0.5 * RANK), []
    for seed in range(200):
        wrong = np.random.default_rng([2, seed]).random(N) < SHAPES[shape]
        gold = audited(wrong, 300, seed)
        kept = labels.certify(gold, guarantee="expected").kept & (gold < 0)
        errors.append(wrong[kept].mean() if kept.any() else 0.0)
    assert np.mean(errors) <= 0.03 + 3 * np.std(errors) / math.sqrt(len(errors))


def test_the_largest_set_that_is_proved_is_kept():
    wrong = (RANK < 0.4) & (np.arange(N) % 3 == 0)  # a third of the less sure ones, none of the others
    certificate = labels_of(0.5 + 0.5 * RANK).certify(audited(wrong, 1_000, 0))
    assert 0.55 < certificate.kept.mean() < 0.65
    assert certificate.kept.tolist() == (certificate.threshold <= 0.5 + 0.5 * RANK).tolist()
    assert certificate.n_kept == len(certificate.labels) == certificate.kept.sum()
    assert certificate.error_bound <= 0.03
    assert wrong[certificate.kept].mean() <= 0.03
    assert "at most 3.0% of them are wrong, 95% sure; 1,000 labels were checked" in certificate.statement
    assert certificate.error_bound < 0.029
    assert "at most 3.0%" in str(certificate).splitlines()[-1]
    more = labels_of(0.5 + 0.5 * RANK).certify(audited(wrong, 1_000, 0), guarantee="expected")
    assert more.n_kept >= certificate.n_kept
    assert math.isnan(more.confidence)
    assert "on average" in more.statement


@pytest.mark.parametrize("expected", [0.0, 0.01, 0.02])
def test_an_audit_that_goes_as_planned_proves_all_labels(expected):
    plan = lk.audit_plan(0.03, expected_error=expected)
    wrong = np.random.default_rng(0).permutation(np.arange(plan.n) < plan.allowed)
    for n_wrong, keeps_all in ((plan.allowed, True), (plan.allowed + 1, False)):
        answers = np.where(wrong, 0, 1)
        if n_wrong > plan.allowed:
            answers[np.flatnonzero(answers)[0]] = 0
        assert labels_of(0.6 + 0.4 * np.arange(plan.n) / plan.n).certify(answers).kept.all() == keeps_all


def test_good_labels_are_all_kept_and_the_bound_is_clopper_and_pearsons():
    wrong = np.zeros(N, bool)
    certificate = labels_of(np.full(N, 0.9)).certify(audited(wrong, 99, 0))
    assert certificate.kept.all()
    assert certificate.error_bound == pytest.approx(1 - 0.05 ** (1 / 99))
    few = labels_of(np.full(N, 0.9)).certify(audited(wrong, 98, 0))
    assert few.n_kept == 0
    assert "no audit of fewer than 99 rows can" in few.statement
    assert few.to_dict()["threshold"] is None
    bad = labels_of(np.full(N, 0.9)).certify(audited(RANK < 0.5, 500, 0))
    assert "by estimate 45.6% of all are: the labels are not that good" in bad.statement


def failed(n, n_wrong, n_labels=100_000, **options):
    """The end of what a certificate says that proves nothing."""
    answers = np.full(n_labels, -1)
    answers[:n] = np.where(np.arange(n) < n_wrong, 0, 1)
    certificate = labels_of(np.full(n_labels, 0.9)).certify(answers, **options)
    assert not certificate.certified
    return certificate.statement.split("; ")[1:]


def test_a_failed_certificate_tells_an_audit_that_is_too_small_from_labels_that_are_not_that_good():
    more = lk.audit_plan(0.03, expected_error=10 / 508).n
    few = ["by estimate 2.0% of all are: too few labels were checked"]
    assert failed(508, 10) == [*few, "about 2,300 more, as an audit of their own, may prove it"]
    assert 2_200 < more <= 2_300
    assert failed(508, 20)[0] == "by estimate 3.9% of all are: the labels are not that good"
    assert failed(30, 1) == ["no audit of fewer than 99 rows can"]  # which may have been chance
    assert failed(30, 1, n_labels=90) == ["no audit of fewer than 99 rows can, and there are 90 labels"]
    assert failed(30, 9)[0] == "by estimate 30.0% of all are: the labels are not that good"
    near = "by estimate 3.0% of all are: this corpus has too few labels to prove it"
    assert failed(33_350, 1_000)[0] == near


@pytest.mark.parametrize(
    ("n_labels", "n", "n_wrong", "level", "why"),
    [
        (1_557, 200, 39, 0.2, "by estimate 19.5% of all are: this corpus has too few labels to prove it"),
        (1_514, 70, 6, 0.1, "by estimate 8.6% of all are: this corpus has too few labels to prove it"),
        (1_557, 200, 39, 0.1, "by estimate 19.5% of all are: the labels are not that good"),
    ],
)
def test_a_failed_certificate_asks_for_no_more_rows_than_there_are(n_labels, n, n_wrong, level, why):
    reason, remedy = failed(n, n_wrong, n_labels, max_error=level)
    assert reason == why
    left = n_labels - n
    proposed = float(re.fullmatch(rf"an audit of the {left:,} that were not checked may prove (.*)%", remedy)[1]) / 100
    assert level < proposed < n_wrong / n + 0.1
    assert lk.audit_plan(proposed, expected_error=n_wrong / n).n <= left
    assert proposed - 0.001 <= level or lk.audit_plan(proposed - 0.001, expected_error=n_wrong / n).n > left


def test_a_failed_certificate_of_an_audit_of_all_labels_proposes_none():
    assert failed(508, 10, 508) == ["by estimate 2.0% of all are: this corpus has too few labels to prove it"]
    assert failed(508, 20, 508) == ["by estimate 3.9% of all are: the labels are not that good"]
    exactly = lk.audit_plan(0.03, expected_error=10 / 508).n
    more = f"about {exactly:,} more, as an audit of their own, may prove it"
    assert failed(508, 10, 508 + exactly)[1] == more
    assert "too few labels to prove it" in failed(508, 10, 507 + exactly)[0]


def test_an_audit_of_as_many_more_as_a_failed_certificate_says_mostly_proves_the_level():
    more = lk.audit_plan(0.03, expected_error=10 / 508).n
    rng = np.random.default_rng(0)
    labels = labels_of(np.full(more, 0.9))
    proved = [labels.certify(np.where(rng.random(more) < 10 / 508, 0, 1)).certified for _ in range(100)]
    assert np.mean(proved) > 0.7


def test_a_certificate_of_an_average_says_which_rows_it_lacks():
    options = {"guarantee": "expected"}
    audit = np.full(1_000, -1)
    audit[:32] = 1
    labels = labels_of(np.full(1_000, 0.9))
    few = labels.certify(audit, **options)
    assert few.statement.endswith("no audit of fewer than 33 rows can")
    audit[:33] = 1
    assert labels.certify(audit, **options).certified
    audit[:50], audit[0] = 1, 0
    more = labels.certify(audit, **options).statement
    assert more.endswith("too few labels were checked; about 97 more, as an audit of their own, may prove it")
    audit[:100], audit[:2] = 1, 0
    assert labels.certify(audit, **options).certified  # 2% of them, too


def test_what_has_no_label_is_neither_audited_nor_kept():
    labels = labels_of(np.where(RANK < 0.2, 0.5, 0.9), uncovered=range(9_000, N))
    gold = audited(np.where(RANK < 0.2, True, RANK >= 0.9), 500, 0)  # wrong where there is no label
    certificate = labels.certify(gold)
    assert certificate.n_labels == certificate.n_kept == 7_000
    assert certificate.n_audit == (gold[2_000:9_000] >= 0).sum()
    assert certificate.n_audit_wrong == 0
    with pytest.raises(GoldError, match="no gold is of an example that has a label"):
        labels.certify({9_500: 1, 10: 1})


def test_gold_is_matched_by_id_and_ties_of_probability_stay_together():
    labels = labels_of(np.where(RANK < 0.5, 0.7, 0.9))
    gold = audited(RANK < 0.25, 600, 0)
    certificate = labels.certify({int(i): gold[i] for i in np.flatnonzero(gold >= 0)[::-1]})
    assert certificate.threshold == pytest.approx(0.9)
    assert certificate.n_kept == N // 2


@pytest.mark.filterwarnings("ignore:.*thinned at random")
@pytest.mark.parametrize("guarantee", ["bound", "expected"])
def test_a_certificate_with_weights_does_not_depend_on_the_order_of_rows(guarantee):
    rng = np.random.default_rng(0)
    n = 600
    right = rng.random(n) < 0.97
    sure = np.round(rng.uniform(0.6, 1, n), 2)  # with ties
    weights = rng.choice([1.0, 1.5, 4.0], n)

    def certified(order):
        gold = np.where(np.arange(n) % 2 == 0, right, -1)[order]
        options = {"guarantee": guarantee, "weights": weights[order], "random_state": 3}
        found = labels_of(sure[order]).certify(gold, 0.1, **options)
        return found.n_audit, found.n_audit_wrong, found.threshold, found.n_kept, found.n_kept_wrong

    expected = certified(np.arange(n))
    for seed in range(10):
        assert certified(np.random.default_rng(seed).permutation(n)) == expected


def test_rows_that_were_drawn_with_other_chances_are_thinned():
    wrong, n_broken, repeats = np.random.default_rng(0).random(N) < np.where(RANK < 0.5, 0.1, 0.0), 0, 150
    labels, chance = labels_of(np.full(N, 0.9)), np.where(RANK < 0.5, 0.01, 0.05)  # all have an error of 5%
    for seed in range(repeats):
        rng = np.random.default_rng([3, seed])
        gold = np.where(rng.random(N) < chance, np.where(wrong, 0, 1), -1)
        with pytest.warns(UserWarning, match="thinned at random to equal chances"):
            n_broken += labels.certify(gold, weights=1 / chance, random_state=seed).kept.any()
    assert n_broken <= stats.binom.ppf(0.999, repeats, 0.05)
    assert labels.certify(audited(np.zeros(N, bool), 200, 0), weights=np.full(N, 7.0)).n_audit == 200


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_that_is_none_is_refused_with_the_row(weight):
    weights = np.ones(N)
    weights[7] = weight
    with pytest.raises(AnalysisError, match=r"(?s)gold row 7 is .* not a positive number.*1 / the probability"):
        labels_of(np.full(N, 0.9)).certify({7: 1, 8: 1}, weights=weights)


def test_labels_of_a_model_that_gold_taught_are_warned_of():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 500)
    votes = np.where(rng.random((500, 4)) < 0.2, 1 - truth[:, None], truth[:, None])
    labels = lk.LabelModel().fit(votes, gold=truth).label(votes)
    with pytest.warns(UserWarning, match="must be others"):
        labels.certify(truth, 0.2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_error": 5}, r"max_error=0.05"),
        ({"confidence": 0}, "confidence=0"),
        ({"guarantee": "sure"}, "'bound', 'expected'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        labels_of(np.full(10, 0.9)).certify(np.ones(10, int), **options)
