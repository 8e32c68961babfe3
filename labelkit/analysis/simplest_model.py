"""Choose the simplest model that no more complex one surely beats.

Each model, from the simplest on, is tested against all that come after it: is any of these right more often than
chance would make the best of so many? The first that is not rejected is chosen. A test looks at the largest of the
paired differences, in standard errors, beside what it is when each example's differences get a random sign; its null
hypothesis is that none of the others is better. Since the order of the tests is fixed, and the first test that does not
reject ends them, no further correction is needed: of all models that none after them excels, the first is rejected
first, and that in at most 5% of comparisons (signs are exact for two models, approximate for more).

>>> right = np.array([[1, 1, 1], [1, 1, 1], [0, 0, 1], [0, 1, 1]] * 3, dtype=float)
>>> simplest_unbeaten(right, np.arange(12), np.random.default_rng(0))
1
>>> simplest_unbeaten(right[:4], np.arange(4), np.random.default_rng(0))
0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

FALSE_VERDICTS: Final = 0.05
"""Share of comparisons in which a model is passed over though no more complex one is better."""

DRAWS: Final = 2_000
"""Draws of signs for a test."""


def simplest_unbeaten(credit: NDArray[np.float64], unit: NDArray[np.int64], rng: Generator) -> int:
    """Return the place of the first model that no later one surely beats.

    Parameters
    ----------
    credit : ndarray of shape (n_examples, n_models)
        1 where a model is right, 0 where it is wrong, a part for a tie; from the simplest model to the most complex.
    unit : ndarray of int64, shape (n_examples,)
        Examples that are copies of each other have one number, and one sign.
    rng : Generator

    References
    ----------
    Westfall, Krishen (2001), Optimally weighted, fixed sequence and gatekeeper multiple testing procedures.
    https://doi.org/10.1016/S0378-3758(01)00077-5 (no correction where the order is fixed)

    Hansen (2005), A test for superior predictive ability. https://doi.org/10.1198/073500105000000063 (the largest
    difference, in standard errors)

    Romano (1989), Bootstrap and randomization tests of some nonparametric hypotheses.
    https://doi.org/10.1214/aos/1176347007 (random signs)
    """
    last = credit.shape[1] - 1
    sums = np.stack([np.bincount(unit, weights=of_model).astype(np.float64) for of_model in credit.T], axis=1)
    return next((i for i in range(last) if _chance(sums[:, i + 1 :] - sums[:, [i]], rng) > FALSE_VERDICTS), last)


def _chance(gains: NDArray[np.float64], rng: Generator) -> float:
    """Return the p-value that none of the columns is above 0 in the mean."""
    gains, times = np.unique(gains.round(9), axis=0, return_counts=True)
    spread = np.sqrt(times @ gains**2)
    scaled = gains[:, spread > 0] / spread[spread > 0]
    if not scaled.size:
        return 1.0
    signs = 2 * rng.binomial(times, 0.5, size=(DRAWS, len(times))) - times
    as_large = (signs @ scaled).max(axis=1) >= (times @ scaled).max() - 1e-9
    return float((1 + as_large.sum()) / (1 + DRAWS))
