"""Estimate how much a rate of actions varies, where the impressions of a user are alike.

The variance is that of the users' sums. It is too small where a few users have most of the impressions, as in most
logs, and happen to act as often as all do: nothing shows then how far apart such users can be, and the many with few
impressions tell. So it is smoothed by the variance of :data:`~labelkit._shared.numbers.DOUBTED_ROWS` users whose rates
are as far apart as those of all users, each counted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelkit._shared.numbers import DOUBTED_ROWS, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray


def sums_of_users(total: str, rate: str, *, name: str) -> str:
    """Return SQL of the sums that :func:`variance_of_rate` takes, over rows of users with ``n`` impressions each.

    Parameters
    ----------
    total, rate : str
        SQL of the sum of a user's actions, and of the rate of all users together.
    name : str
        With which the columns begin.
    """
    apart = f"{total} - n * {rate}"
    return f"""sum(power({apart}, 2)) AS {name}_square, sum(power({apart}, 4)) AS {name}_fourth,
        sum(power({total} / n - {rate}, 2)) AS {name}_between"""


SIZES_OF_USERS = "count(*) AS users, sum(1 / n) AS inverse_sizes, sum(power(n, 2)) AS square_sizes, sum(n) AS shown"
"""SQL of the sums that :func:`variance_of_rate` takes beside those of :func:`sums_of_users`."""


def variance_of_rate(
    columns: Mapping[str, ArrayLike] | pd.DataFrame, rate: ArrayLike, squares: ArrayLike, *, name: str
) -> NDArray[np.float64]:
    """Estimate the variance of rates; NaN of one user, who shows none.

    Parameters
    ----------
    columns : mapping of str to array-like of shape (n_rates,), or DataFrame
        Those of :func:`sums_of_users` and :data:`SIZES_OF_USERS`.
    rate, squares : array-like of shape (n_rates,)
        Means of an impression's action, 0 or its weight, and of its square.
    name : str

    Notes
    -----
    With n_u impressions and the rate r_u of each of k users, m impressions, the rate r, and the variance v of one, the
    variance of the users' rates is (DerSimonian and Laird 1986, each user of the same weight)
    ``t = (sum (r_u - r)^2 - v sum 1/n_u) / (k - sum 1/n_u)``, in [0, r (1 - r)]. It makes r vary by
    ``v / m + t (sum n_u^2 / m^2 - 1 / m)``. The users' sums are as much evidence as users of equal weight, by their
    fourth moment (Satterthwaite 1946).

    References
    ----------
    DerSimonian, Laird (1986), Meta-analysis in clinical trials. https://doi.org/10.1016/0197-2456(86)90046-2
    Satterthwaite (1946), An approximate distribution of estimates of variance components.
    https://doi.org/10.2307/3002019

    Examples
    --------
    >>> alike = {"users": 2, "shown": 20, "inverse_sizes": 0.2, "square_sizes": 200}
    >>> sums = {"rate_square": 8.0, "rate_fourth": 32.0, "rate_between": 0.08}  # 3 and 7 of ten
    >>> variance_of_rate({**alike, **sums}, 0.5, 0.5, name="rate").round(3).tolist()
    0.04
    """
    square, fourth, between = (
        np.asarray(columns[f"{name}_{part}"], np.float64) for part in ("square", "fourth", "between")
    )
    users, shown, inverse, sizes = (
        np.asarray(columns[part], np.float64) for part in ("users", "shown", "inverse_sizes", "square_sizes")
    )
    r = np.asarray(rate, np.float64)
    v = np.maximum(np.asarray(squares, np.float64) - r**2, 0.0)
    several = np.where(users > 1, users, np.nan)
    seen = square / shown**2 * several / (several - 1)
    apart = np.clip(ratio(between - v * inverse, users - inverse), 0.0, np.maximum(r * (1 - r), 0.0))
    alike = v / shown + apart * (sizes / shown**2 - 1 / shown)
    evidence = ratio(square**2, fourth)
    return np.asarray((evidence * seen + DOUBTED_ROWS * np.maximum(seen, alike)) / (evidence + DOUBTED_ROWS))
