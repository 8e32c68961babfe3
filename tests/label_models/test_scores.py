"""In every regime of LabelModel, the contributions of an example's votes and prior sum to its scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from labelkit.label_models import LabelModel
from labelkit.label_models._canonical_order import arrange
from labelkit.label_models._posterior import softmax
from labelkit.label_models._vote_table import read_votes
from labelkit.label_models.default._confusions import CrowdScores, design_effect
from labelkit.label_models.default._gold_correction import CorrectedScores, Correction
from labelkit.label_models.default._vote_counts import VoteCountScores
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.lf_info import LFInfo


@st.composite
def tables(draw):
    """A vote table of random votes, and a generator of random parameters."""
    n, m, k = draw(st.integers(1, 20)), draw(st.integers(1, 7)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    votes = np.where(rng.random((n, m)) < draw(st.sampled_from([0.1, 0.5, 0.9])), -1, rng.integers(0, k, (n, m)))
    return arrange(read_votes(votes, k), np.arange(m)).table, rng


def vote_count_scores(table, rng, *, known_prior, confused):
    k, independence = table.n_classes, rng.uniform(0.1, 1.0, table.n_columns)
    return VoteCountScores(
        table=table,
        vote_weights=independence * (rng.random(table.n_columns) < 0.7),
        log_confusion=np.log(rng.uniform(0.01, 1.0, (table.n_columns, k))) if confused else None,
        slopes=rng.uniform(0.1, 3.0, k),
        tau=float(rng.uniform(0.3, 2.0)),
        log_prior=rng.normal(size=k) * known_prior,
    )


def crowd_scores(table, rng, *, has_rules):
    in_crowd = rng.random(table.n_columns) < 0.6 if has_rules else np.ones(table.n_columns, dtype=bool)
    independence = rng.uniform(0.1, 1.0, table.n_columns)
    return CrowdScores(
        table=table,
        log_confusion=np.log(rng.uniform(0.01, 1.0, (table.n_columns, table.n_classes))) * in_crowd[:, None],
        crowd_votes=independence * in_crowd,
        log_prior=np.log(rng.dirichlet(np.ones(table.n_classes))),
        log_odds_ratio=rng.uniform(0.0, 3.0, table.n_columns) * ~in_crowd if has_rules else None,
        other_votes=independence * ~in_crowd,
    )


def corrected_by_gold(scores, rng):
    table = scores.table
    correction = Correction(
        rng.normal(size=2) / 3, float(rng.normal()), rng.normal(size=table.n_classes), rng.normal(size=table.n_columns)
    )
    independence, log_ratio = rng.uniform(0.1, 1.0, table.n_columns), rng.normal(size=table.n_classes)
    return CorrectedScores(
        table=table, before=scores, correction=correction, independence=independence, log_ratio=log_ratio
    )


REGIMES = {
    "votes counted": lambda table, rng: vote_count_scores(table, rng, known_prior=False, confused=False),
    "votes counted, prior known": lambda table, rng: vote_count_scores(table, rng, known_prior=True, confused=False),
    "votes counted beside confusions": lambda table, rng: vote_count_scores(
        table, rng, known_prior=False, confused=True
    ),
    "votes counted beside confusions, prior known": lambda table, rng: vote_count_scores(
        table, rng, known_prior=True, confused=True
    ),
    "crowd": lambda table, rng: crowd_scores(table, rng, has_rules=False),
    "crowd beside rules": lambda table, rng: crowd_scores(table, rng, has_rules=True),
}


def summed(table, contributions):
    total = contributions.prior.copy()
    np.add.at(total, table.pattern_of_vote, contributions.votes)
    return total


@pytest.mark.parametrize("with_gold", [False, True], ids=["no gold", "gold"])
@pytest.mark.parametrize("regime", REGIMES)
@given(case=tables())
@settings(max_examples=40, deadline=None)
def test_contributions_sum_to_the_scores_whatever_the_parameters(regime, with_gold, case):
    table, rng = case
    scores = REGIMES[regime](table, rng)
    scores = corrected_by_gold(scores, rng) if with_gold else scores
    whole = scores.scores(slice(0, table.n_patterns))
    assert scores.contributions().votes.shape == (table.hits.nnz, table.n_classes)
    np.testing.assert_allclose(summed(table, scores.contributions()), whole, rtol=0, atol=1e-9)
    middle = slice(table.n_patterns // 3, table.n_patterns)
    np.testing.assert_allclose(scores.scores(middle), whole[middle], rtol=0, atol=1e-12)


def matrix_of(regime, seed=0, n=600, k=3):
    """Votes on which LabelModel chooses a regime."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, k, n)
    n_crowd, n_rules, density = {"rules": (0, 9, 1), "mixed": (1, 12, 0.3), "crowd": (6, 0, 0.8), "both": (5, 4, 1)}[
        regime
    ]
    columns, lfs = [], []
    for j in range(n_crowd):
        votes = np.where(rng.random(n) < 0.7, gold, rng.integers(0, k, n))
        columns.append(np.where(rng.random(n) < density, votes, -1))
        lfs.append(LFInfo(f"member{j}"))
    for j in range(n_rules):
        fires = rng.random(n) < np.where(gold == j % k, 0.6, 0.1)
        columns.append(np.where(fires, j % k, -1))
        lfs.append(LFInfo(f"rule{j}", labels=(j % k,), precision=0.9 if j == 1 else None, group="a" if j < 3 else None))
    votes = LabelMatrix.of(np.column_stack(columns), classes=k)
    return replace(votes, lfs=tuple(lfs)), gold


@pytest.mark.parametrize("n_gold", [0, 80])
@pytest.mark.parametrize("class_prior", [None, [0.2, 0.3, 0.5]])
@pytest.mark.parametrize(
    ("regime", "crowd", "confused"),
    [("rules", False, False), ("mixed", False, True), ("crowd", True, True), ("both", True, True)],
)
def test_a_fitted_model_explains_its_probabilities_in_every_regime(regime, crowd, confused, class_prior, n_gold):
    matrix, truth = matrix_of(regime)
    gold = np.where(np.arange(len(truth)) < n_gold, truth, -1)
    half = matrix[:400]
    model = LabelModel(class_prior=class_prior).fit(half, gold=gold[:400])
    assert (model.crowd_, bool(model.confused_.any())) == (crowd, confused)
    explanation = model.explain(matrix, matrix.ids)
    total = explanation.prior + explanation.contributions.sum(axis=1)
    np.testing.assert_allclose(total, explanation.log_odds, rtol=0, atol=1e-9)
    np.testing.assert_allclose(explanation.proba, model.predict_proba(matrix), rtol=0, atol=1e-9)


@given(st.lists(st.floats(0, 1_000), min_size=2, max_size=10))
def test_the_divisor_leaves_one_vote_as_it_is_and_grows_slower_than_the_votes(n_votes):
    n = np.sort(np.array(n_votes))
    assert (design_effect(n[n <= 1]) == 1).all()
    assert (np.diff(design_effect(n)) >= 0).all()
    assert (design_effect(n) <= np.maximum(n, 1) + 1e-12).all()


def test_softmax_of_scores_is_the_posterior():
    matrix, _ = matrix_of("both")
    model = LabelModel().fit(matrix)
    table = arrange(read_votes(matrix), model.lf_order_).table
    rows = slice(0, table.n_patterns)
    assert np.array_equal(softmax(model._scores(table).scores(rows)), model._posterior(table)(rows))
