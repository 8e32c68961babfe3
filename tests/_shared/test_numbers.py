"""Effective sizes of weighted rows: how often the intervals that rest on them hold the truth."""

import numpy as np
import pytest

from labelkit._shared.numbers import weighted_size, wilson_interval

REPEATS = 4_000


@pytest.mark.parametrize(
    ("n_heavy", "times", "n_light", "heavy_share", "light_share"),
    [(15, 100, 100, 0.05, 0.4), (40, 50, 50, 0.02, 0.3), (30, 20, 100, 0.05, 0.2)],
)
def test_few_heavy_rows_that_are_alike_are_not_proved_by_light_ones(
    n_heavy: int, times: int, n_light: int, heavy_share: float, light_share: float
) -> None:
    rng = np.random.default_rng(n_heavy)
    heavy, light = rng.binomial(n_heavy, heavy_share, REPEATS), rng.binomial(n_light, light_share, REPEATS)
    weight, square = n_heavy * times + n_light, n_heavy * times**2 + n_light
    counted = heavy * times + light
    truth = (n_heavy * times * heavy_share + n_light * light_share) / weight
    size = weighted_size(weight, square, counted, heavy * times**2 + light)
    low, high = wilson_interval(counted / weight * size, size)
    assert np.mean((low <= truth) & (truth <= high)) >= 0.93  # by the rarer kind of all rows: 0.73, 0.51, 0.78


def test_many_heavy_rows_tell_as_much_as_their_own_variance_says() -> None:
    heavy, light, times = 2_000, 200, 10.0  # 10% of the heavy rows count, and half of the light ones
    weight, square = heavy * times + light, heavy * times**2 + light
    counted, of_square = 200 * times + 100, 200 * times**2 + 100
    share = counted / weight
    seen = (of_square * (1 - share) ** 2 + (square - of_square) * share**2) / weight**2
    size = float(weighted_size(weight, square, counted, of_square))
    assert size == pytest.approx(share * (1 - share) / seen, rel=0.01)


def test_equal_weights_are_so_many_rows() -> None:
    counted = np.arange(31.0)
    assert weighted_size(30 * 7.0, 30 * 49.0, counted * 7, counted * 49) == pytest.approx(np.full(31, 30.0))
