"""The training of Snorkel's label model: its moments, its gradient, and what it does with classes of equal prior."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from labelkit.label_models import moment_training
from labelkit.label_models.moment_training import (
    Optimizer,
    aligned_classes,
    first_mu,
    indicators,
    log_posterior,
    loss_of,
    pair_counts,
    pairs_of_rules,
)


@given(st.integers(1, 200), st.integers(1, 5), st.integers(2, 4), st.integers(0, 10_000), st.booleans())
def test_pairs_of_votes_are_counted(n_rows, n_lfs, n_classes, seed, has_function):
    votes = np.random.default_rng(seed).integers(-1, n_classes, (n_rows, n_lfs))
    psi = indicators(votes, n_classes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moment_training, "BLOCK_ROWS", 64)
        if not has_function:
            patch.delattr(np, "bitwise_count", raising=False)
        np.testing.assert_array_equal(pair_counts(votes, n_classes), psi.T @ psi)


def test_pairs_of_many_classes_are_counted():
    votes = np.array([[200, 3], [200, -1], [0, 3]])
    counts = pair_counts(votes, 201)
    assert (counts[200, 200], counts[200, 201 + 3], counts[201 + 3, 0], counts.sum()) == (2, 1, 1, 9)


def test_the_gradient_is_that_of_the_loss():
    draw = np.random.default_rng(1)
    votes, p = draw.integers(-1, 3, (50, 4)), np.array([0.2, 0.3, 0.5])
    moments = (pair_counts(votes, 3) / 50).astype(np.float32)
    start = first_mu(moments, np.full(4, 0.7, np.float32), p)
    loss = loss_of(moments, pairs_of_rules(4, 3), p, start, l2=0.5)
    mu, step = draw.random(start.shape).astype(np.float32), 1e-2
    _, gradient = loss(mu)
    for row, column in [(0, 0), (3, 1), (11, 2)]:
        change = np.zeros_like(mu)
        change[row, column] = step
        slope = (loss(mu + change)[0] - loss(mu - change)[0]) / (2 * step)
        assert slope == pytest.approx(gradient[row, column], rel=1e-2)


def test_a_vote_is_first_as_right_as_its_precision():
    moments = np.diag([0.5, 0.2, 0.1, 0.4]).astype(np.float32)
    first = first_mu(moments, np.array([0.6, 0.8], np.float32), np.array([0.5, 0.5]))
    np.testing.assert_allclose(first, [[0.6, 0], [0, 0.24], [0.16, 0], [0, 0.64]], rtol=1e-6)


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamax"])
def test_each_optimizer_finds_the_bottom(kind):
    optimizer, mu = Optimizer(kind), np.full((2, 2), 3, dtype=np.float32)
    for _ in range(800):
        mu = optimizer.step(mu, 2 * (mu - 1), 0.02)
    np.testing.assert_allclose(mu, 1, atol=0.01)


def test_classes_of_equal_prior_are_exchanged_and_others_are_not():
    right = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.6]], dtype=np.float32)
    turned = right[:, [1, 2, 0]]
    np.testing.assert_array_equal(aligned_classes(turned, np.full(3, 1 / 3)), right)
    np.testing.assert_array_equal(aligned_classes(turned, np.array([0.2, 0.3, 0.5])), turned)


def test_the_posterior_is_that_of_independent_votes():
    mu, p = np.array([[0.6, 0.1], [0.2, 0.5], [0.3, 0.2], [0.1, 0.7]], dtype=np.float32), np.array([0.4, 0.6])
    found = np.exp(log_posterior(np.array([[0, 1], [-1, -1], [1, -1]]), mu, p))
    np.testing.assert_allclose(
        found, [[0.4 * 0.6 * 0.1, 0.6 * 0.1 * 0.7], [0.4, 0.6], [0.4 * 0.2, 0.6 * 0.5]], rtol=1e-6
    )
