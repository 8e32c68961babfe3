"""Intervals of rates where a few users have most of the impressions: how often they hold the mean over users.

python -m tests.benchmarks.honesty.heavy_users --repeats 300
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from labelkit.curation.natural_labels.propensity import given_propensities
from labelkit.curation.natural_labels.rates import SettledLabels, rates_of
from tests.benchmarks.honesty.table import interval_row, main

USERS = ((20, 50), (50, 20), (200, 50), (1_000, 10))
"""Users, and about how many impressions one has."""
RATES = (0.05, 0.3)
ALIKE = (0.0, 0.05, 0.3)
"""Correlations of two impressions of a user."""
SIZES = ("even", "uneven", "heavy")
PROPENSITIES = (1.0, 0.5, 0.25)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate logs of all shapes; a row for each kind of sizes and correlation."""
    rng = np.random.default_rng(random_state)
    return [line for sizes in SIZES for alike in ALIKE for line in log_rows(sizes, alike, repeats, rng)]


def log_rows(sizes: str, alike: float, repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Simulate the logs of one kind, for each number of users and each rate."""
    frames = []
    for n_users, n_each in USERS:
        for rate in RATES:
            frame = estimated(repeats, n_users, n_each, rate, alike, sizes, rng)
            frames.append(frame.assign(truth=rate, seen=rate * np.mean(PROPENSITIES)))
    all_of = pd.concat(frames)
    name = f"{sizes} users, alike by {alike:g}"
    n = float(all_of["impressions"].mean())
    yield interval_row(f"{name}: rate", n, np.nan, *(all_of[c] for c in ("seen", "rate", "low", "high")))
    columns = ("truth", "weighted_rate", "weighted_low", "weighted_high")
    yield interval_row(f"{name}: weighted", n, np.nan, *(all_of[c] for c in columns))


def estimated(
    repeats: int, n_users: int, n_each: int, rate: float, alike: float, sizes: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Estimate the rate of each of many logs, as parts of one table."""
    shape = (repeats, n_users)
    shown = {
        "even": np.full(shape, n_each),
        "uneven": np.ceil(rng.lognormal(np.log(n_each), 1.0, shape)),
        "heavy": np.minimum(np.ceil(rng.pareto(1.2, shape) * 0.3 * n_each + 1), 50 * n_each),
    }[sizes].astype(int)
    likes = rng.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1), shape) if alike else np.full(shape, rate)
    user = np.repeat(np.arange(shown.size), shown.ravel())
    position = rng.integers(0, len(PROPENSITIES), len(user))
    acted = rng.random(len(user)) < likes.ravel()[user] * np.array(PROPENSITIES)[position]
    connection = duckdb.connect()
    connection.register(
        "labels",
        pd.DataFrame(
            {
                "log": user // n_users,
                "user": user,
                "position": position + 1,
                "propensity": np.array(PROPENSITIES)[position],
                "acted": acted.astype(np.int8),
            }
        ),
    )
    given = given_propensities({k + 1: value for k, value in enumerate(PROPENSITIES)}, None)
    return rates_of(SettledLabels(connection, "acted", "TRUE", "1 / propensity"), "log", given)


if __name__ == "__main__":
    main(rows)
