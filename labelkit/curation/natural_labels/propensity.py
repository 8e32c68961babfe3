r"""Estimate with what chance each position is examined, from impressions at random positions, and bound the weights.

In the position-based model, ``P(action at k) = theta_k P(action | examined)``. Where positions were drawn at random,
the second factor is the same at all positions on average, so that the rates of action are as the ``theta_k`` are; they
are given relative to the first position. Their variance is that of sums over users (the delta method), whose
impressions are alike.

References
----------
Joachims, Swaminathan, Schnabel (2017), Unbiased Learning-to-Rank with Biased Feedback.
https://doi.org/10.1145/3018661.3018699
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import decimal, normal_quantile, wilson_interval
from labelkit.curation.natural_labels._user_sums import SIZES_OF_USERS, sums_of_users, variance_of_rate
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


FEW: Final = 10
"""Positives at random positions with fewer than which a propensity is uncertain by a third and more."""


@dataclass(frozen=True, eq=False)
class Propensities:
    """The chance that a position is examined, relative to the first one.

    Attributes
    ----------
    positions : ndarray of int64, shape (n_positions,)
    values : ndarray of float64, shape (n_positions,)
    errors : ndarray of float64, shape (n_positions,)
        Standard errors of the logarithms of the rates; 0 of values that were given.
    impressions, positives : ndarray of int64, shape (n_positions,)
        At random positions; 0 of values that were given.
    clip : float or None
        Values below it count as this.
    """

    positions: NDArray[np.int64]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    impressions: NDArray[np.int64]
    positives: NDArray[np.int64]
    clip: float | None

    @property
    def used(self) -> NDArray[np.float64]:
        """The values by which weights are computed: not below ``clip``."""
        return self.values if self.clip is None else np.maximum(self.values, self.clip)

    @property
    def rarest(self) -> int | None:
        """The position with the fewest positives, if these are fewer than :data:`FEW`; None if they were given."""
        place = int(self.positives.argmin())
        return int(self.positions[place]) if self.impressions.any() and self.positives[place] < FEW else None

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each position, with 95% intervals.

        Where no impression was acted on, the upper end is that of Wilson's interval of the rate there.
        """
        import pandas as pd  # noqa: PLC0415 - only for who asks

        spread = normal_quantile(0.975) * np.where(self.positions == self.positions[0], 0, self._error_of_ratio)
        reached = np.where(self.values > 0, self.values, self._most_of_none)
        ends = {"low": self.values * np.exp(-spread), "high": reached * np.exp(spread)}
        counts = {"impressions": self.impressions, "positives": self.positives}
        return pd.DataFrame(
            {"propensity": self.values, **ends, **counts}, index=pd.Index(self.positions, name="position")
        )

    @property
    def _error_of_ratio(self) -> NDArray[np.float64]:
        return np.asarray(np.hypot(self.errors, self.errors[0]))

    @property
    def _most_of_none(self) -> NDArray[np.float64]:
        """The upper ends of propensities of which no impression was acted on, if the first one is known."""
        first = self.positives[0] / max(self.impressions[0], 1)
        return np.asarray(wilson_interval(0, self.impressions)[1] / (first or np.nan))

    def variance_of(self, parts: Mapping[int, float]) -> float:
        """Compute the variance that the propensities bring to a rate, which is the sum of parts of its positions."""
        part = np.array([parts.get(position, 0.0) for position in self.positions.tolist()])
        part[0] = 0.0  # a constant
        return float((part**2) @ self.errors**2 + part.sum() ** 2 * self.errors[0] ** 2)


def given_propensities(given: Any, clip: float | None) -> Propensities:
    """Take propensities over from a mapping or Series of positions.

    Raises
    ------
    AnalysisError
        If one is not above 0, or a position is no whole number.
    """
    pairs = list(given.items()) if hasattr(given, "items") else []
    try:
        positions = np.array([int(place) for place, _ in pairs], dtype=np.int64)
        values = np.array([float(value) for _, value in pairs])
    except (TypeError, ValueError):
        positions, values = np.empty(0, dtype=np.int64), np.empty(0)
    if not len(positions):
        raise AnalysisError(
            f"propensities={given!r:.80} are not a number for each position",
            hint="propensities={1: 1.0, 2: 0.5, 3: 0.3}",
        )
    wrong = ~(values > 0) | ~np.isfinite(values)
    if wrong.any():
        place = positions[wrong][0]
        raise AnalysisError(
            f"the propensity of position {place} is {values[wrong][0]:g}: a weight is its inverse, and has no value",
            hint="give what was logged, above 0; a position that nobody can see belongs to no impression",
        )
    order = np.argsort(positions)
    nothing = np.zeros(len(values), dtype=np.int64)
    return Propensities(positions[order], values[order], np.zeros(len(values)), nothing, nothing, clip)


def estimated_propensities(connection: Any, positive: str, mature: str, clip: float | None) -> Propensities:
    """Estimate the propensities from the randomised impressions of the table ``labelled``.

    Parameters
    ----------
    connection : DuckDBPyConnection
    positive, mature : str
        SQL of whether an impression was acted on, and whether that is known.
    clip : float or None

    Raises
    ------
    AnalysisError
        If no impression is at a random position, or none at the first position was acted on.
    """
    users = f"""SELECT "user", position, count(*) AS n, count(*) FILTER ({positive}) AS x FROM labelled
        WHERE randomised AND position IS NOT NULL AND {mature} GROUP BY "user", position"""  # noqa: S608 - from here
    columns = connection.execute(
        f"""WITH users AS ({users}), rates AS (SELECT position, sum(x) / sum(n) AS p FROM users GROUP BY 1)
        SELECT position, CAST(sum(x) AS BIGINT) AS acted, {sums_of_users("x", "p", name="rate")}, {SIZES_OF_USERS}
        FROM users JOIN rates USING (position) GROUP BY position ORDER BY position"""  # noqa: S608 - as above
    ).fetchnumpy()
    positions, shown, acted = (columns[name] for name in ("position", "shown", "acted"))
    if not len(positions):
        raise AnalysisError(
            "no impression at a random position is old enough to be known, so that propensities cannot be estimated",
            hint="propensities={1: 1.0, 2: 0.5, ...}, or position=None for labels without weights",
        )
    if not acted[0]:
        raise AnalysisError(
            f"none of the {int(shown[0]):,} randomised impressions at position {positions[0]}, to which the others are "
            "compared, was acted on",
            hint="a longer log, or propensities={1: 1.0, 2: 0.5, ...}",
        )
    rates = np.asarray(acted, np.float64) / shown
    variance = variance_of_rate(columns, rates, rates, name="rate")
    errors = np.divide(np.sqrt(variance), rates, out=np.zeros(len(rates)), where=acted > 0)
    return Propensities(
        positions.astype(np.int64),
        rates / rates[0],
        np.nan_to_num(errors, nan=1.0),  # one user shows none
        shown.astype(np.int64),
        acted.astype(np.int64),
        clip,
    )


def check_weights(propensities: Propensities, acted: Mapping[int | None, int]) -> None:
    """Raise AnalysisError if a positive has no weight.

    Parameters
    ----------
    propensities : Propensities
    acted : mapping of int or None to int
        Positives by position.
    """
    used = dict(zip(propensities.positions.tolist(), propensities.used.tolist(), strict=True))
    for place, n in acted.items():
        if place is None or place not in used:
            where = "without a position" if place is None else f"at position {place}, which has no propensity"
            raise AnalysisError(
                f"{n:,} positives are {where}: they have no weight",
                hint="propensities= with a value for each position; or show a share of impressions there at random",
            )
        if not used[place] > 0:
            row = propensities.positions.tolist().index(place)
            raise AnalysisError(
                f"the propensity of position {place} is estimated as 0: none of {propensities.impressions[row]:,} "
                f"randomised impressions there was acted on, and {n:,} others were",
                hint="clip=0.05 gives no positive a weight above 20; more randomised traffic tells the propensity",
            )


def checked_clip(clip: Any) -> float | None:
    """Return the least propensity that is used.

    Raises
    ------
    AnalysisError
        If it is not above 0, or above 1.
    """
    if clip is None:
        return None
    if isinstance(clip, bool) or not isinstance(clip, int | float) or not 0 < clip <= 1:
        raise AnalysisError(f"clip={clip!r} is not above 0 and at most 1", hint="clip=0.05 gives no weight above 20")
    return float(clip)


def propensity_rows(propensities: Propensities) -> list[list[str]]:
    """Lay the propensities out for people."""
    frame = propensities.to_pandas()
    return [
        [
            str(place),
            decimal(row["propensity"]),
            f"{row['low']:.3f} - {row['high']:.3f}" if row["impressions"] else "given",
            f"{int(row['impressions']):,}",
            f"{int(row['positives']):,}",
        ]
        for place, row in frame.head(20).iterrows()
    ]
