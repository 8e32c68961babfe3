"""Measure how unequally items are shown, and whether what people like is what they are shown (rich get richer).

References
----------
Chaney, Stewart, Engelhardt (2018), How Algorithmic Confounding in Recommendation Systems Increases Homogeneity and
Decreases Utility. https://doi.org/10.1145/3240323.3240370
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import count, decimal, normal_quantile, percent, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.natural_labels.log_summary import LogSummary
from labelkit.curation.natural_labels.rates import SettledLabels
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FEW_POSITIVES: Final = 5.0
"""Positives to expect of an item below which its quality is mostly noise."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Exposure(ShownResult):
    """How unequally items are shown, and how that goes with their quality; made by ``NaturalLabels.exposure``.

    Attributes
    ----------
    action : str
    items : pandas.DataFrame
        By item, most shown first: ``impressions``, ``settled`` (those whose window has passed), ``positives``, and
        ``quality``: the propensity-weighted rate of the action.
    gini, gini_positives : float
        Gini coefficients of impressions and of positives over the items: 0 if all have the same, 1 if one has all.
    top_share, top_share_positives : float
        Share of the most shown hundredth of the items of impressions and of positives.
    gini_halves : tuple of float
        Gini coefficients of impressions in the first and in the second half of the log's time: where the second is
        higher, the rich get richer.
    correlation : tuple of float
        Spearman's correlation of impressions with the quality that the log shows, and its 95% interval. That of the
        quality itself is farther from 0: with fewer than ten positives to expect of most items, often above the
        interval. With fewer than two, items that are seldom shown mostly have none, and so rank low: 0.1 is stated
        where there is no correlation.
    n_correlated : int
        Items with enough impressions for that.
    exploration, exploration_positives : float
        Shares at random positions of impressions and of positives; NaN if the log does not say so.
    """

    action: str
    items: pd.DataFrame
    gini: float
    gini_positives: float
    top_share: float
    top_share_positives: float
    gini_halves: tuple[float, float]
    correlation: tuple[float, float, float]
    n_correlated: int
    exploration: float
    exploration_positives: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the items."""
        values = {name: value for name, value in self.__dict__.items() if name != "items"}
        values = {**values, "gini_halves": list(self.gini_halves), "correlation": list(self.correlation)}
        return {"n_items": len(self.items), **{name: plain_value(value) for name, value in values.items()}}

    def _page(self) -> ResultPage:
        first, second = self.gini_halves
        rho, low, high = (decimal(value) for value in self.correlation)
        rows = [
            ["Gini coefficient", decimal(self.gini), decimal(self.gini_positives)],
            ["of the top 1% of items", percent(self.top_share), percent(self.top_share_positives)],
            ["at random positions", percent(self.exploration), percent(self.exploration_positives)],
        ]
        lead = [
            f"{plural(len(self.items), 'item')}, label {self.action!r}",
            f"impressions and quality: rank correlation {rho} ({low} - {high}), {plural(self.n_correlated, 'item')}",
            f"Gini coefficient of impressions: {decimal(first)} in the first half of the time, {decimal(second)} then",
        ]
        shown = [
            [str(name), count(row["impressions"]), count(row["positives"]), percent(row["quality"])]
            for name, row in self.items.head(FIRST_ROWS).iterrows()
        ]
        tables = [
            ResultTable(rows, ["", "impressions", "positives"], align="<>"),
            ResultTable(shown, ["item", "impressions", "positives", "quality"], align="<>", title="Most shown"),
        ]
        notes = ["Quality is the rate of the action, corrected for position bias if possible."]
        return ResultPage(lead, tables, [*notes, *self._of_noise()])

    def _of_noise(self) -> list[str]:
        """Say so where items are correlated of which few positives are to be expected."""
        settled = np.sort(self.items["settled"].to_numpy())[::-1]
        rate = _share(self.items["positives"].sum(), settled.sum())
        if np.isnan(self.correlation[0]) or settled[self.n_correlated - 1] * rate >= FEW_POSITIVES:
            return []
        why = "noise in their quality makes the correlation weaker than it is, or one where there is none"
        remedy = f"min_impressions={int(np.ceil(FEW_POSITIVES / rate))} leaves them out"
        return [f"Some items have fewer than {FEW_POSITIVES:.0f} positives to expect: {why}; {remedy}."]


def exposure_of(source: SettledLabels, label: str, summary: LogSummary, min_impressions: int) -> Exposure:
    """Measure the exposure of the items of the table ``labels``.

    Parameters
    ----------
    source : SettledLabels
    label : str
    summary : LogSummary
    min_impressions : int
    """
    if min_impressions < 1:
        raise AnalysisError(f"min_impressions={min_impressions!r} is below 1", hint="min_impressions=20")
    items: pd.DataFrame = source.connection.execute(
        f"""WITH middle AS (SELECT min(time) + (max(time) - min(time)) / 2 AS moment FROM labels)
        SELECT item, count(*) AS impressions, count(*) FILTER ({source.settled}) AS settled,
            count(*) FILTER ({source.label} = 1) AS positives,
            sum({source.weight}) FILTER ({source.settled} AND {source.label} = 1) AS weights,
            count(*) FILTER (time < moment) AS before
        FROM labels, middle GROUP BY item ORDER BY impressions DESC, item"""  # noqa: S608 - names are quoted
    ).df()
    items = items.set_index("item")
    n_settled = items["settled"].to_numpy()
    items["quality"] = np.divide(
        np.nan_to_num(items.pop("weights").to_numpy(dtype=np.float64)),
        n_settled,
        out=np.full(len(items), np.nan),
        where=n_settled > 0,
    )
    before = items.pop("before").to_numpy()
    shown, acted = items["impressions"].to_numpy(), items["positives"].to_numpy()
    top = max(1, len(items) // 100)
    enough = n_settled >= min_impressions
    counts = summary.labels[label]
    return Exposure(
        action=label,
        items=items,
        gini=gini(shown),
        gini_positives=gini(acted),
        top_share=_share(shown[:top].sum(), shown.sum()),
        top_share_positives=_share(np.sort(acted)[-top:].sum(), acted.sum()),
        gini_halves=(gini(before), gini(shown - before)),
        correlation=rank_correlation(shown[enough], items["quality"].to_numpy()[enough]),
        n_correlated=int(enough.sum()),
        exploration=summary.exploration,
        exploration_positives=float("nan")
        if summary.randomised is None
        else _share(counts["randomised_positive"], counts["positive"]),
    )


def gini(amounts: NDArray[Any]) -> float:
    """Compute the Gini coefficient of amounts; NaN if there are none.

    >>> gini(np.array([1, 1, 1, 1])), gini(np.array([0, 0, 0, 1]))
    (0.0, 0.75)
    """
    total, n = amounts.sum(), len(amounts)
    if not total:
        return float("nan")
    ranks = np.arange(1, n + 1)
    return float(2 * (ranks @ np.sort(amounts)) / (n * total) - (n + 1) / n)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def rank_correlation(x: NDArray[Any], y: NDArray[Any]) -> tuple[float, float, float]:
    """Compute the rank correlation, with Fisher's interval.

    References
    ----------
    Bonett, Wright (2000), Sample size requirements for estimating Pearson, Kendall and Spearman correlations (the
    standard error). https://doi.org/10.1007/BF02294183
    """
    if len(x) < 5 or len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        return (float("nan"),) * 3
    from scipy.stats import rankdata  # noqa: PLC0415 - slow to import

    rho = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    centre = np.arctanh(np.clip(rho, -0.999999, 0.999999))
    reach = normal_quantile(0.975) * np.sqrt((1 + rho**2 / 2) / (len(x) - 3))
    return rho, float(np.tanh(centre - reach)), float(np.tanh(centre + reach))
