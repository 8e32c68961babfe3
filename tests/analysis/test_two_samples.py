"""Comparisons of two samples: chance alone gives a small p-value as seldom as it says, however unlike the sizes are."""

import itertools

import numpy as np
import pytest
from scipy import stats

from labelkit.analysis.two_samples import p_of_distribution, p_of_share


@pytest.mark.parametrize("expected", [6, 11, 30])
def test_a_share_of_a_small_sample_beside_a_large_one_is_seldom_sure_by_chance(expected):
    n, large = 1_000, 1_000_000
    share = expected / n
    before = np.array([share * large, (1 - share) * large])
    counts = np.arange(4 * expected + 20)
    p = np.array([p_of_share(before, np.array([k, n - k], dtype=float)) for k in counts])
    chance = stats.binom.pmf(counts, n, share)
    for level in (0.05, 0.01, 0.001, 0.05 / 200, 0.05 / 1000):
        assert chance[p <= level].sum() <= level


def test_a_rare_class_of_a_small_sample_beside_a_large_one_is_seldom_sure_by_chance():
    n, large, expected = 1_000, 1_000_000, 6
    shares = np.array([1 - 2 * expected / n, expected / n, expected / n])
    chance, p = [], []
    for one, other in itertools.combinations_with_replacement(range(24), 2):
        after = np.array([n - one - other, one, other], dtype=float)
        chance.append(stats.multinomial.pmf(after, n, shares) * (1 if one == other else 2))
        p.append(p_of_distribution(shares * large, after))
    for level in (0.05, 0.01, 0.001, 0.05 / 200):
        assert np.array(chance)[np.array(p) <= level].sum() <= level


@pytest.mark.parametrize(
    ("before", "after"),
    [([300, 500, 200], [330, 450, 220]), ([3000, 5000, 2000], [100, 180, 95]), ([20, 30, 25, 40], [30, 20, 25, 35])],
)
def test_classes_of_which_no_count_is_skewed_are_compared_by_chi_square(before, after):
    known = stats.chi2_contingency([before, after], correction=False).pvalue
    assert p_of_distribution(np.array(before, float), np.array(after, float)) == pytest.approx(known)


def test_a_rare_class_is_tested_exactly_beside_the_others():
    before, after = [50_000, 49_000, 1_000], [510, 460, 30]
    others = stats.chi2_contingency([before[:2], after[:2]], correction=False).pvalue
    rare = stats.fisher_exact([[1_000, 99_000], [30, 970]]).pvalue
    assert p_of_distribution(np.array(before, float), np.array(after, float)) == pytest.approx(2 * min(others, rare))
