"""Estimate rates of actions, weighted by inverse propensities, with intervals that allow for users and propensities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

from labelkit._shared.numbers import effective_size, normal_quantile, wilson_interval
from labelkit.curation.natural_labels._user_sums import SIZES_OF_USERS, sums_of_users, variance_of_rate
from labelkit.curation.natural_labels.log_summary import column

if TYPE_CHECKING:
    import pandas as pd

    from labelkit.curation.natural_labels.propensity import Propensities


@dataclass(frozen=True)
class SettledLabels:
    """The table ``labels`` of a connection, and the SQL of a label, of whether it is settled, and of a row's weight."""

    connection: Any
    label: str
    settled: str
    weight: str | None


def rates_of(source: SettledLabels, by: str | None, propensities: Propensities | None) -> pd.DataFrame:
    """Estimate a rate for each value of a column; see ``NaturalLabels.rates``.

    Parameters
    ----------
    source : SettledLabels
    by : str or None
    propensities : Propensities or None

    Notes
    -----
    Impressions of a user are no independent trials: the spread is that of the users' sums (:mod:`._user_sums`), with
    Student's t for as many users as there are. One user shows no spread, and is worth one trial.
    """
    group = "'all'" if by is None else column(by)
    weight = source.weight or "1"
    users = f"""SELECT {group} AS part, "user", count(*) AS n, count(*) FILTER ({source.label} = 1) AS x,
        coalesce(sum({weight}) FILTER ({source.label} = 1), 0) AS s,
        coalesce(sum(power({weight}, 2)) FILTER ({source.label} = 1), 0) AS s2
        FROM labels WHERE {source.settled} GROUP BY ALL"""  # noqa: S608 - names are quoted
    frame: pd.DataFrame = source.connection.execute(
        f"""WITH users AS ({users}),
        rates AS (SELECT part, sum(x) / sum(n) AS p, sum(s) / sum(n) AS r, sum(s2) / sum(n) AS r2
            FROM users GROUP BY part)
        SELECT rates.part, CAST(sum(n) AS BIGINT) AS impressions, CAST(sum(x) AS BIGINT) AS positives,
            any_value(p) AS rate, any_value(r) AS weighted_rate, any_value(r2) AS weighted_squares,
            {sums_of_users("x", "p", name="rate")}, {sums_of_users("s", "r", name="weighted")}, {SIZES_OF_USERS}
        FROM users JOIN rates ON users.part IS NOT DISTINCT FROM rates.part GROUP BY rates.part ORDER BY rates.part"""  # noqa: S608
    ).df()
    frame = frame.set_index("part").rename_axis(by)
    n_users = frame["users"].to_numpy(dtype=np.float64)
    reach = stdtrit(np.maximum(n_users - 1, 1), 0.975)
    spread = variance_of_rate(frame, frame["rate"], frame["rate"], name="rate")
    size = effective_size(frame["rate"], np.nan_to_num(spread), frame["impressions"])
    size = np.where(
        n_users > 1, np.maximum(size * (normal_quantile(0.975) / reach) ** 2, 1), 1
    )  # of one, nothing shows
    frame["low"], frame["high"] = wilson_interval(frame["rate"] * size, size)
    names = ["impressions", "positives", "rate", "low", "high"]
    if propensities is None:
        return frame[names]
    rate = frame["weighted_rate"].to_numpy()
    spread = variance_of_rate(frame, rate, frame["weighted_squares"], name="weighted")
    spread += _spread_of_propensities(source, group, frame, propensities)
    reach = reach * np.sqrt(spread) / np.where((rate > 0) & (n_users > 1), rate, np.nan)
    frame["weighted_low"] = rate * np.exp(-reach)
    frame["weighted_high"] = np.minimum(rate * np.exp(reach), np.maximum(rate, 1))  # no rate is above 1
    return frame[[*names, "weighted_rate", "weighted_low", "weighted_high"]]


def _spread_of_propensities(source: SettledLabels, group: str, frame: pd.DataFrame, propensities: Propensities) -> Any:
    """Compute the variance that estimated propensities bring to each rate."""
    rows = source.connection.execute(
        f"""SELECT {group} AS part, position, sum(1 / propensity) AS s FROM labels
        WHERE {source.settled} AND {source.label} = 1 GROUP BY ALL"""  # noqa: S608 - as above
    ).df()
    by_part = {
        _named(part): dict(zip(rows_of["position"].astype(int), rows_of["s"], strict=True))
        for part, rows_of in rows.groupby("part", dropna=False)
    }
    return np.array(
        [
            propensities.variance_of({k: s / n for k, s in by_part.get(_named(part), {}).items()})
            for part, n in zip(frame.index, frame["impressions"], strict=True)
        ]
    )


def _named(part: Any) -> Any:
    """Return the value of a group, None where it is missing: NaN is not equal to itself."""
    return None if part is None or part != part else part  # noqa: PLR0124 - of NaN
