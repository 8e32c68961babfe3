"""Tails of counts are those of scipy.stats."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from labelkit._shared.distributions import (
    beta_binomial_at_most,
    binomial_above,
    binomial_at_most,
    poisson_above,
)

counts = st.integers(0, 3_000)
shares = st.floats(0, 1)


@given(st.integers(-3, 3_003), counts, shares)
@settings(max_examples=300, deadline=None)
def test_the_tails_of_a_binomial_are_those_of_scipy(k, n, p):
    assert binomial_at_most(k, n, p) == pytest.approx(stats.binom.cdf(k, n, p), rel=1e-9, abs=1e-100)
    assert binomial_above(k, n, p) == pytest.approx(stats.binom.sf(k, n, p), rel=1e-9, abs=1e-100)


@given(st.integers(-3, 300), st.floats(1e-6, 500))
@settings(max_examples=200, deadline=None)
def test_the_tail_of_a_poisson_is_that_of_scipy(k, mean):
    assert poisson_above(k, mean) == pytest.approx(stats.poisson.sf(k, mean), rel=1e-9, abs=1e-100)


@given(st.data(), st.integers(1, 2_000), st.floats(0.5, 5_000), st.floats(0.5, 5_000))
@settings(max_examples=200, deadline=None)
def test_the_tail_of_a_beta_binomial_is_that_of_scipy(data, n, a, b):
    k = data.draw(st.integers(0, n))
    assert beta_binomial_at_most(k, n, a, b) == pytest.approx(stats.betabinom.cdf(k, n, a, b), rel=1e-6, abs=1e-12)


def test_they_take_arrays_and_nan_stays_nan():
    k, n = np.array([0.0, 3.0, np.nan]), np.array([10.0, 3.0, 5.0])
    np.testing.assert_allclose(binomial_at_most(k, n, 0.5), [0.5**10, 1.0, np.nan])
    np.testing.assert_allclose(binomial_above(k, n, [0.5, 0.5, 0.5]), [1 - 0.5**10, 0.0, np.nan])
    assert np.isnan(binomial_at_most(1, 2, np.nan))
    assert np.isnan(poisson_above(-1, np.nan))
